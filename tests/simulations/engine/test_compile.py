import jax
import numpy as np
import pytest
import sympy as sp

from simulations.engine.compile import compile_arrays, compile_formula, dct_matrix
from theory.model import dct
from theory.model.dynamics import NormalisedState, normalised_step
from theory.model.limit import closed_form
from theory.model.orbit import Start
from theory.model.risk import adversarial_risk

UNIT_ROUNDOFF = 2.0**-53


@pytest.mark.parametrize(
    "formula",
    [
        lambda x, y: sp.sign(x - y) + sp.Abs(x * y),
        lambda x, y: sp.Min(x, y, sp.Rational(1, 3)) - sp.Max(y, -2),
        lambda x, y: sp.Piecewise((x, x > y), (y**2, sp.And(x >= -1, sp.Not(y > 2))), (-1, True)),
        lambda x, y: sp.sqrt(x**2 + 2) * sp.exp(-y) + sp.pi,
        lambda x, y: sp.Piecewise((x, sp.ITE(x > y, x > 0, y < 2)), (y, True)),
        lambda x, y: sp.floor(x / 2 - y) - 2 * sp.ceiling(y * x),
    ],
    ids=["sign-abs", "min-max", "piecewise", "transcendental", "if-then-else", "floor-ceiling"],
)
def test_compiled_formula_is_the_formula_evaluated(formula):
    x, y = np.array([[-2.0, -0.5, 0.0, 0.25, 3.0], [1.0, -0.5, 0.0, -4.0, 2.5]])
    compiled = jax.jit(compile_formula(formula))(x, y)
    exact = [float(formula(sp.Rational(a), sp.Rational(b))) for a, b in zip(x, y, strict=True)]
    # At most six rounded operations, each on numbers at most 2^7 in size.
    tolerance = 6 * 2**7 * UNIT_ROUNDOFF
    np.testing.assert_allclose(compiled, exact, rtol=0, atol=tolerance)
    assert np.abs(compiled - (np.array(exact) + 1e-12)).min() > tolerance


def test_tuple_of_formulas():
    step = compile_formula(lambda a, b, c, r: normalised_step(NormalisedState(a, b, c), r))
    a, b, c = step(5.0, 1.0, 0.5, 0.25)
    # Three thirds are subtracted, each rounded, as are the differences: at most 6 roundings.
    assert abs(a - 4) <= 6 * 5 * UNIT_ROUNDOFF < abs(a - 4.001)
    assert (b, c) == (1, 0.5)


def test_single_precision_is_kept():
    compiled = compile_formula(adversarial_risk)
    assert compiled(np.float32(2), np.float32(1)).dtype == np.float32


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (lambda x: sp.gamma(x) + 1, "gamma"),
        (lambda x: sp.Matrix([x]), "scalar"),
        (lambda x: x + sp.Symbol("k"), "'k'"),
        (lambda x: (x, sp.Function("f")(x)), "f"),
    ],
)
def test_unsupported_formula_is_rejected(formula, message):
    with pytest.raises(ValueError, match=message):
        compile_formula(formula)


@pytest.mark.parametrize("thirds_of_r", [(1, 30), (100, 101), (101, 300), (300, 2000)], ids=str)
def test_array_code_in_jax_is_the_array_code_in_numpy(thirds_of_r):
    """The closed form of signGD on integers, where both are exact, in each of its regimes of r."""
    rng = np.random.default_rng(0)
    a, b = rng.integers(-20_000, 20_000, (2, 2000))
    start = Start(a, b, rng.integers(*thirds_of_r, 2000), np.full(2000, 100))
    compiled = compile_arrays(closed_form)
    expected = jax.tree.leaves(closed_form(start))
    for ours, theirs in zip(jax.tree.leaves(compiled(start)), expected, strict=True):
        assert ours.dtype == np.int64
        np.testing.assert_array_equal(ours, theirs)
    shifted = jax.tree.leaves(compiled(start._replace(a=a + 1)))
    assert not all((x == y).all() for x, y in zip(shifted, expected, strict=True))


def test_array_code_that_needs_values_is_rejected():
    with pytest.raises(jax.errors.TracerBoolConversionError):
        compile_arrays(lambda x: x if x > 0 else -x)(np.array(1.0))
    with pytest.raises(ValueError, match=r"numpy.busday_count has no JAX form"):
        compile_arrays(lambda x: np.busday_count(x, x))(np.ones(3))


@pytest.mark.parametrize("d", [1, 2, 3, 4, 7])
def test_dct_matrix_entries_are_nearest_to_exact_ones(d):
    exact = dct.dct_matrix(d)
    for (k, j), entry in np.ndenumerate(dct_matrix(d)):
        # Entries are at most 1, where neighbouring numbers are 2u apart below.
        assert abs(sp.Rational(entry) - exact[k, j]).evalf(40) <= UNIT_ROUNDOFF / 2
        assert abs(sp.Rational(entry + 2**-50) - exact[k, j]).evalf(40) > UNIT_ROUNDOFF / 2
    assert not dct_matrix(d).flags.writeable


def test_dct_matrix_is_orthogonal_to_rounding():
    d = 7
    C = dct_matrix(d)
    # Each entry of CCᵀ sums d products of rounded entries: an error of at most (d + 2)u in ‖·‖ = 1.
    assert np.abs(C @ C.T - np.eye(d)).max() <= (d + 2) * UNIT_ROUNDOFF
    assert np.abs(C @ C - np.eye(d)).max() > (d + 2) * UNIT_ROUNDOFF


def test_dct_matrix_rejects_empty():
    with pytest.raises(ValueError, match="positive integer, got 0"):
        dct_matrix(0)
