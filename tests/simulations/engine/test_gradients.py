# ruff: noqa: F722, F821  (shapes in jaxtyping's annotations are not Python expressions)
from dataclasses import dataclass
from functools import partial
from math import comb, prod

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
import sympy as sp
from beartype import beartype
from jaxtyping import Array, Float64, jaxtyped

from simulations.engine.compile import dct_matrix
from simulations.engine.gradients import (
    ExactLawMinibatch,
    Population,
    ResponseDraw,
    SampledMinibatch,
    norm_and_direction,
)
from tests.simulations.engine.in_space import simulate
from theory.model.minibatch import gradient_response

SPECTRUM = (1.0, 0.5, 0.25)
FIGURE_SPECTRUM = (0.01, 0.0025, 0.0)
N = 4
DRAWS = 2**19
BLOCKS = 128
UNIT_ROUNDOFF = 2.0**-53


@dataclass(frozen=True)
class OneDegreeTooFew(ExactLawMinibatch):
    """Draws χ²_{n−1} where the law has χ²_n."""

    def draw(self, key):
        return ExactLawMinibatch(self.sigma_tilde_sq, self.n - 1).draw(key)


@dataclass(frozen=True)
class IndependentRoot(ExactLawMinibatch):
    """Draws the root χ_n apart from χ²_n, where the law has the root of the same draw."""

    def draw(self, key):
        right = super().draw(key)
        other = super().draw(jax.random.fold_in(key, 1))
        return ResponseDraw(right.q, right.g * jnp.sqrt(other.q / right.q))


ORACLES = {
    "population": Population(SPECTRUM),
    "sampled": SampledMinibatch(SPECTRUM, N),
    "exact law": ExactLawMinibatch(SPECTRUM, N),
}
TWINS = [OneDegreeTooFew(SPECTRUM, N), IndependentRoot(SPECTRUM, N)]
twins = pytest.mark.parametrize("twin", TWINS, ids=lambda twin: type(twin).__name__)


def gradient_draws(oracle, e, draws, seed=0):
    """Independent one-step gradients, shape (draws, d)."""
    keys = jax.random.split(jax.random.key(seed), draws)
    return np.array(jax.jit(jax.vmap(lambda key: oracle.gradient(e, oracle.draw(key))))(keys))


# Shapes and dtypes


@jaxtyped(typechecker=beartype)
def checked_gradient(oracle: object, e: Float64[Array, " d"], draw: object) -> Float64[Array, " d"]:
    return oracle.gradient(e, draw)


@jaxtyped(typechecker=beartype)
def checked_inputs(oracle: SampledMinibatch, key: object) -> Float64[Array, "{oracle.n} 3"]:
    return oracle.draw(key)


@jaxtyped(typechecker=beartype)
def checked_response(
    oracle: ExactLawMinibatch, key: object
) -> tuple[Float64[Array, ""], Float64[Array, "{oracle.numbers_per_draw-1}"]]:
    return tuple(oracle.draw(key))


@pytest.mark.parametrize("oracle", ORACLES.values(), ids=ORACLES)
def test_shapes(oracle):
    with jax.debug_nans(True):
        checked_gradient(oracle, jnp.arange(3.0), oracle.draw(jax.random.key(0)))


def test_shapes_of_draws():
    checked_inputs(ORACLES["sampled"], jax.random.key(0))
    checked_response(ORACLES["exact law"], jax.random.key(0))


@pytest.mark.parametrize("oracle", ORACLES.values(), ids=ORACLES)
def test_numbers_per_draw(oracle):
    leaves = jax.tree.leaves(oracle.draw(jax.random.key(0)))
    assert oracle.numbers_per_draw == sum(leaf.size for leaf in leaves)


def test_random_numbers_only_where_there_is_variance():
    assert ExactLawMinibatch(FIGURE_SPECTRUM, 10).draw(jax.random.key(0)).g.shape == (2,)


@pytest.mark.parametrize("oracle", ORACLES.values(), ids=ORACLES)
def test_single_precision(oracle):
    with jax.enable_x64(False):
        gradient = oracle.gradient(jnp.ones(3), oracle.draw(jax.random.key(0)))
    assert gradient.dtype == np.float32


# Population


def test_population_gradient_is_sigma_times_e():
    e = np.array([0.3, -2.0, 1.1])
    C = dct_matrix(3)
    exact = C.T @ np.diag(SPECTRUM) @ C @ e
    # Both sides round two products with C: 2(d + 1)√d u‖e‖ each, as σ̃² ≤ 1.
    tolerance = 4 * 4 * 3**0.5 * UNIT_ROUNDOFF * np.linalg.norm(e)
    gradient = Population(SPECTRUM).gradient(jnp.array(e), ())
    np.testing.assert_allclose(gradient, exact, rtol=0, atol=tolerance)
    assert np.abs(C @ np.diag(SPECTRUM) @ C.T @ e - exact).max() > tolerance


# Array primitives


@pytest.mark.parametrize("scale", [1.0, 1e-300, 1e300])
def test_norm_and_direction_against_the_exact_form(scale):
    v = np.array([3.0, -2.0, 6.0]) * scale
    norm, direction = norm_and_direction(jnp.array(v))
    exact = sp.sqrt(sum(sp.Rational(x) ** 2 for x in v))
    # Quotient, square, two sums, root, product: at most 8 roundings of relative size u.
    assert abs(sp.Rational(float(norm)) / exact - 1).evalf(30) <= 8 * UNIT_ROUNDOFF
    for x, y in zip(v, np.array(direction), strict=True):
        assert abs(sp.Rational(y) * exact / sp.Rational(x) - 1).evalf(30) <= 8 * UNIT_ROUNDOFF
    assert abs(sp.Rational(float(norm) * (1 + 1e-12)) / exact - 1).evalf(30) > 8 * UNIT_ROUNDOFF


def test_a_norm_that_is_not_scaled_would_vanish():
    v = jnp.array([3e-200, 4e-200])
    assert jnp.sqrt(jnp.sum(v * v)) == 0
    np.testing.assert_allclose(norm_and_direction(v)[0], 5e-200, rtol=8 * UNIT_ROUNDOFF)


def test_norm_and_direction_of_zero_are_zero():
    with jax.debug_nans(True):
        norm, direction = norm_and_direction(jnp.zeros(2))
    assert norm == 0
    assert (np.array(direction) == 0).all()


def test_nan_is_not_hidden():
    norm, direction = norm_and_direction(jnp.array([jnp.nan, 1.0]))
    assert np.isnan(norm)
    assert np.isnan(direction[0])


# The exact law


def test_response_coordinate_is_compiled_from_theory():
    oracle = ORACLES["exact law"]
    e, draw = jnp.array([1.0, -0.5, 2.0]), oracle.draw(jax.random.key(3))
    root = np.sqrt(SPECTRUM)[:, None] * dct_matrix(3)
    v = root @ e
    norm = np.linalg.norm(v)
    u = v / norm
    orthogonal = np.array(draw.g) - (draw.g @ u) * u
    response = [
        float(gradient_response(*(sp.Float(float(x)) for x in (norm, N, draw.q, *coordinate))))
        for coordinate in zip(u, orthogonal, strict=True)
    ]
    # Some 40 roundings of numbers no larger than 50.
    tolerance = 40 * 50 * UNIT_ROUNDOFF
    gradient = oracle.gradient(e, draw)
    np.testing.assert_allclose(gradient, response @ root, rtol=0, atol=tolerance)
    assert np.abs(gradient - np.array(response) @ root * (1 + 1e-11)).max() > tolerance


@pytest.mark.parametrize("oracle", ORACLES.values(), ids=ORACLES)
def test_gradient_at_zero_error_is_zero(oracle):
    with jax.debug_nans(True):
        gradient = oracle.gradient(jnp.zeros(3), oracle.draw(jax.random.key(0)))
    assert (np.array(gradient) == 0).all()


def test_gradient_is_zero_where_only_irrelevant_frequencies_err():
    oracle = ExactLawMinibatch((1.0, 0.0, 0.0), N)
    # Row 0 of C has equal entries x, so that x · 1 + x · 0 + x · (−1) is exactly 0.
    gradient = oracle.gradient(jnp.array([1.0, 0.0, -1.0]), oracle.draw(jax.random.key(0)))
    assert (np.array(gradient) == 0).all()


def test_gradient_is_homogeneous_below_the_square_root_of_the_smallest_number():
    oracle = ORACLES["exact law"]
    e, draw = jnp.array([1.0, -0.5, 2.0]), oracle.draw(jax.random.key(1))
    scale = 2.0**-900
    # Scaling by a power of two commutes with every rounding.
    np.testing.assert_array_equal(
        oracle.gradient(scale * e, draw), scale * oracle.gradient(e, draw)
    )


# Agreement of the two minibatch oracles in law, by moments


E = jnp.array([1.0, -0.5, 2.0])
MOMENTS = [(i, j, k) for i in range(5) for j in range(5) for k in range(5) if 1 <= i + j + k <= 4]


def exact_moment(i, j, k):
    """E[αⁱβʲγᵏ] for v of unit norm: α = q/n along u, β = √q h/n and γ = √q h'/n orthogonal to it.

    For q ~ χ²_n, E[qᵐ] = n(n + 2)…(n + 2m − 2); for h standard normal, E[hʲ] = (j − 1)!! if j is
    even.
    """
    if j % 2 or k % 2:
        return 0.0
    power = i + (j + k) // 2
    of_q = prod(N + 2 * m for m in range(power))
    of_h = prod(range(j - 1, 0, -2)) * prod(range(k - 1, 0, -2))
    return of_q * of_h / N ** (i + j + k)


def responses(oracle):
    """Coordinates of Sv/‖v‖ along u and two directions orthogonal to it, shape (DRAWS, 3)."""
    root = np.sqrt(SPECTRUM)[:, None] * dct_matrix(3)
    v = root @ E
    basis = np.linalg.qr(np.column_stack([v, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))[0]
    basis[:, 0] *= np.sign(basis[:, 0] @ v)
    response = np.linalg.solve(root.T, gradient_draws(oracle, E, DRAWS).T)
    return response.T @ basis / np.linalg.norm(v)


def deviations(oracle):
    """For each moment |median of means − exact value| in units of the bound below.

    The draws are cut into BLOCKS blocks of m. By Chebyshev a block's mean is further than 2s/√m
    from the exact value with probability at most 1/4, where s² = E[x²] − E[x]² is exact, from
    moments up to the eighth. The median is further only if half of the blocks are, which has
    probability at most P(Binomial(BLOCKS, 1/4) ≥ BLOCKS/2). No normal approximation is made.
    """
    along, across, across_too = (
        np.cumprod([np.ones(DRAWS), *4 * [x]], axis=0) for x in responses(oracle).T
    )
    found = []
    for i, j, k in MOMENTS:
        products = along[i] * across[j] * across_too[k]
        median = np.median(products.reshape(BLOCKS, -1).mean(axis=1))
        variance = exact_moment(2 * i, 2 * j, 2 * k) - exact_moment(i, j, k) ** 2
        bound = 2 * np.sqrt(variance * BLOCKS / DRAWS)
        found.append(abs(median - exact_moment(i, j, k)) / bound)
    return np.array(found)


def test_false_alarms_of_the_moment_test_are_rare():
    one = sum(comb(BLOCKS, m) * 3 ** (BLOCKS - m) for m in range(BLOCKS // 2, BLOCKS + 1))
    assert 2 * len(MOMENTS) * one / 4**BLOCKS < 1e-6


@pytest.mark.parametrize("name", ["sampled", "exact law"])
def test_gradient_moments_up_to_the_fourth_order(name):
    assert deviations(ORACLES[name]).max() < 1


@twins
def test_gradient_moments_tell_wrong_laws_apart(twin):
    assert deviations(twin).max() > 2


# Agreement in law, by two-sample tests

# Nine comparisons of the true law are made below, so false alarms stay under 1e-6.
SIGNIFICANCE = 1e-7


def smallest_p_value(x, y):
    return min(
        scipy.stats.ks_2samp(a, b, method="asymp").pvalue for a, b in zip(x.T, y.T, strict=True)
    )


@pytest.fixture(scope="module")
def sampled_gradients():
    return gradient_draws(ORACLES["sampled"], E, 2**16, seed=1)


def test_gradients_have_one_distribution(sampled_gradients):
    ours = gradient_draws(ORACLES["exact law"], E, 2**16, seed=2)
    assert smallest_p_value(ours, sampled_gradients) > SIGNIFICANCE


def test_gradients_of_wrong_degrees_are_told_apart(sampled_gradients):
    ours = gradient_draws(TWINS[0], E, 2**16, seed=2)
    assert smallest_p_value(ours, sampled_gradients) < SIGNIFICANCE


def test_gradients_of_independent_roots_are_told_apart(sampled_gradients):
    """The marginals along u and across are right; their products are not."""
    ours = gradient_draws(TWINS[1], E, 2**16, seed=2)
    assert smallest_p_value(ours, sampled_gradients) < SIGNIFICANCE


# A learning rate so large that the noise of a step is of the size of the error.
train = partial(
    simulate,
    e0_tilde=[3.0, -2.0, 1.0],
    learning_rate=0.6,
    iterations=100,
    optimizers=["GD", "signGD"],
)


def final_errors(oracle, seeds):
    return {name: np.abs(of.e_tilde[:, -1]) for name, of in train(oracle, seeds=seeds).items()}


@pytest.fixture(scope="module")
def sampled_errors():
    return final_errors(ORACLES["sampled"], seeds=range(2000))


def smallest_over_optimizers(errors, others):
    return min(smallest_p_value(e, others[name]) for name, e in errors.items())


def test_final_weights_have_one_distribution(sampled_errors):
    ours = final_errors(ORACLES["exact law"], seeds=range(5000, 7000))
    assert smallest_over_optimizers(ours, sampled_errors) > SIGNIFICANCE


@twins
def test_final_weights_of_wrong_laws_are_told_apart(twin, sampled_errors):
    ours = final_errors(twin, seeds=range(5000, 7000))
    assert smallest_over_optimizers(ours, sampled_errors) < SIGNIFICANCE


# Arguments


@pytest.mark.parametrize("oracle", [SampledMinibatch, ExactLawMinibatch])
def test_a_minibatch_has_a_sample_and_no_more_than_can_be_counted(oracle):
    for n in (0, 2**53 + 1):
        with pytest.raises(ValueError, match=f"from 1 to 9007199254740992 samples, got {n}"):
            oracle(SPECTRUM, n)
    assert oracle(SPECTRUM, 2**53).n == 2**53


@pytest.mark.parametrize("spectrum", [(-1.0, 1.0), (float("nan"), 1.0), (0.0, 0.0), ()])
def test_impossible_spectra(spectrum):
    with pytest.raises(ValueError, match="sigma_tilde_sq: expected"):
        Population(spectrum)


def test_equal_oracles_share_compiled_code():
    assert hash(ExactLawMinibatch((1, 2), 3)) == hash(ExactLawMinibatch((1.0, 2.0), 3))
    assert ExactLawMinibatch((1, 2), 3) == ExactLawMinibatch([1.0, 2.0], 3)
