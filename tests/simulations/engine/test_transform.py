import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sympy import primefactors
from sympy.ntheory import multiplicity

from simulations.engine.compile import compile_formula, dct_matrix
from simulations.engine.transform import FAST, IDENTITY, dense
from theory.model.dct import dct_entry

SIZES = (1, 2, 3, 4, 5, 12)
UNIT_ROUNDOFF = 2.0**-53
rng = np.random.default_rng
dct, idct = map(jax.jit, FAST)


def rounding(d):
    """Bound on ‖error‖/(u‖x‖) of the fast transform, or of its inverse.

    A transform is a product of unitary stages, so errors of stages add up. A stage of p-point
    transforms multiplies by matrices whose 2-norm is √p, and their entries have modulus 1: rounding
    p products and p − 1 sums, with rounded entries, is at most √p(p + 3) u of the norm. Twiddle
    factors between the stages cost a complex product of a rounded factor, √2·2 + 2 < 6. The phases
    cost one more, their rounded scale 2.
    """
    factors = [p for p in primefactors(d) for _ in range(multiplicity(p, d))]
    return 8 + sum(p**0.5 * (p + 3) + 6 for p in factors)


def error(got, exact):
    return np.linalg.norm(np.asarray(got) - exact, axis=-1).max()


@pytest.mark.parametrize("d", SIZES)
def test_against_the_exact_matrix(d):
    x = rng(d).standard_normal((5, d))
    C = dct_matrix(d)
    # The product with C rounds by (d + 1)√d u‖x‖ itself.
    tolerance = (rounding(d) + (d + 1) * d**0.5) * UNIT_ROUNDOFF * np.linalg.norm(x, axis=-1).max()
    assert error(dct(jnp.array(x)), x @ C.T) <= tolerance
    assert error(idct(jnp.array(x)), x @ C) <= tolerance
    if d > 1:
        wrong_scale = x @ C.T * np.where(np.arange(d) == 0, 1, 1 + 1e-12)
        assert error(dct(jnp.array(x)), wrong_scale) > tolerance
    if d > 2:
        assert error(idct(jnp.array(x)), x @ C.T) > tolerance


@pytest.mark.parametrize("d", [7, 96, 1024, 4096])
def test_inverse_undoes_and_norms_stay(d):
    x = rng(d).standard_normal(d)
    norm = np.linalg.norm(x)
    tolerance = 2 * rounding(d) * UNIT_ROUNDOFF * norm
    assert error(idct(dct(jnp.array(x))), x) <= tolerance
    assert error(dct(idct(jnp.array(x))), x) <= tolerance
    # numpy's norm of d numbers rounds by at most d/2 + 2 times u.
    slack = tolerance + (d + 4) * UNIT_ROUNDOFF * norm
    assert abs(np.linalg.norm(dct(jnp.array(x))) - norm) <= slack
    assert error(idct(dct(jnp.array(x))), x * (1 + 1e-10)) > tolerance


@pytest.mark.parametrize("d", [1024, 4096])
def test_one_harmonic_is_one_frequency(d):
    """Cᵀ maps the unit vector of frequency k to row k of C, here by the theory's formula."""
    k = d // 3
    row = np.asarray(compile_formula(dct_entry)(float(k), np.arange(d, dtype=float), d))
    # The argument of the cosine, at most πk, is rounded four times before the cosine is.
    tolerance = (rounding(d) + (4 * np.pi * k + 3) * 2**0.5) * UNIT_ROUNDOFF
    assert error(idct(jnp.zeros(d).at[k].set(1)), row) <= tolerance
    assert error(idct(jnp.zeros(d).at[k + 1].set(1)), row) > tolerance


def test_single_precision_stays_single():
    x = rng(0).standard_normal((2, 12)).astype(np.float32)
    with jax.enable_x64(False):
        got = np.asarray(dct(jnp.array(x))), np.asarray(idct(jnp.array(x)))
    tolerance = (rounding(12) + 13 * 12**0.5) * 2.0**-24 * np.linalg.norm(x, axis=-1).max()
    for y, matrix in zip(got, (dct_matrix(12).T, dct_matrix(12)), strict=True):
        assert y.dtype == np.float32
        assert error(y, x.astype(float) @ matrix) <= tolerance


def test_leading_axes_and_batches():
    x = jnp.array(rng(1).standard_normal((2, 3, 5)))
    # The same stages in another order of instructions.
    tolerance = 2 * rounding(5) * UNIT_ROUNDOFF * float(jnp.linalg.norm(x))
    for transform in (dct, idct):
        rows = [[transform(row) for row in block] for block in x]
        assert transform(x).shape == x.shape
        assert error(transform(x), np.array(rows)) <= tolerance
        assert error(jax.jit(jax.vmap(jax.vmap(transform)))(x), np.array(rows)) <= tolerance
        assert error(transform(x), np.array(rows)[::-1]) > tolerance


@pytest.mark.parametrize("d", [1, 2, 5, 12])
def test_dense_is_the_exact_matrix(d):
    eye = jnp.eye(d)
    # An argument below 2π is off by 4u of itself, the cosine and the scale by as much as 3u.
    tolerance = (8 * np.pi + 6) * UNIT_ROUNDOFF
    assert np.abs(dense(d).forward(eye) - dct_matrix(d).T).max() <= tolerance
    assert np.abs(dense(d).inverse(eye) - dct_matrix(d)).max() <= tolerance
    if d > 2:
        assert np.abs(dense(d).forward(eye) - dct_matrix(d)).max() > tolerance


def test_dense_is_found_again():
    assert dense(6) is dense(6)


def test_identity():
    x = jnp.arange(3.0)
    assert IDENTITY.forward(x) is x
    assert IDENTITY.inverse(x) is x
