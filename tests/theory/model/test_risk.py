from itertools import product

import mpmath
import numpy as np
import pytest
import sympy as sp

from theory.model.risk import (
    adversarial_risk,
    dual_norm,
    gaussian_expectation,
    moment_generating_function,
    residual_variance,
    standard_risk,
    worst_case_loss,
)

VARIANCES = [sp.Integer(1), sp.Rational(1, 9), sp.Integer(7), sp.Rational(1, 10**6)]
RADII = [sp.Integer(0), sp.Rational(1, 3), sp.sqrt(2), sp.Integer(50)]


def quadrature(f, variance):
    """E f(Z), Z ~ N(0, variance), at 40 digits; ±14 deviations leave out less than 10⁻⁴⁰."""
    with mpmath.workdps(40):
        deviation = mpmath.sqrt(mpmath.mpf(variance.p) / variance.q)

        def integrand(x):
            return f(x * deviation) * mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)

        return mpmath.quad(integrand, [-14, -7, -3, 0, 3, 7, 14])


def distance(expr, f, variance):
    """Relative distance of a closed form from the quadrature."""
    with mpmath.workdps(40):
        expected = quadrature(f, variance)
        return abs(mpmath.mpf(sp.N(expr, 50)) - expected) / abs(expected)


# The rule is exact to the working precision of 40 digits; ten are left for its cancellation and
# for the tails.
TOLERANCE = mpmath.mpf(10) ** -30


@pytest.mark.parametrize(("variance", "rho"), list(product(VARIANCES, RADII)))
def test_closed_forms_agree_with_quadrature(variance, rho):
    assert distance(standard_risk(variance), lambda z: z * z / 2, variance) < TOLERANCE

    def worst(z):
        return (abs(z) + radius) ** 2 / 2

    with mpmath.workdps(50):
        radius = mpmath.mpf(sp.N(rho, 60))
    assert distance(adversarial_risk(variance, rho), worst, variance) < TOLERANCE


@pytest.mark.parametrize("variance", VARIANCES[1:])
def test_deviation_in_the_place_of_variance_is_noticed(variance):
    wrong = standard_risk(sp.sqrt(variance))
    assert distance(wrong, lambda z: z * z / 2, variance) > TOLERANCE
    wrong = adversarial_risk(sp.sqrt(variance), sp.Integer(1))
    assert distance(wrong, lambda z: (abs(z) + 1) ** 2 / 2, variance) > TOLERANCE


def test_a_wrong_constant_in_the_middle_term_is_noticed():
    nearly = 1 + sp.sqrt(2 / sp.pi) * (1 + sp.Rational(1, 10**25))
    assert distance(nearly, lambda z: (abs(z) + 1) ** 2 / 2, sp.Integer(1)) > TOLERANCE


@pytest.mark.parametrize("k", [sp.Integer(-1), sp.Rational(1, 3), sp.sqrt(2)])
def test_the_moment_generating_function_agrees_with_quadrature(k):
    with mpmath.workdps(50):
        rate = mpmath.mpf(sp.N(k, 60))
    found = moment_generating_function(k)
    assert distance(found, lambda z: mpmath.exp(rate * z), sp.Integer(1)) < TOLERANCE
    nearly = moment_generating_function(k * (1 + sp.Rational(1, 10**25)))
    assert distance(nearly, lambda z: mpmath.exp(rate * z), sp.Integer(1)) > TOLERANCE


@pytest.mark.parametrize("variance", [*VARIANCES, sp.Integer(0), sp.Symbol("v", nonnegative=True)])
def test_without_perturbation_the_risks_agree(variance):
    assert sp.simplify(adversarial_risk(variance, sp.Integer(0)) - standard_risk(variance)) == 0


@pytest.mark.parametrize("rho", RADII)
def test_at_variance_zero(rho):
    assert standard_risk(sp.Integer(0)) == 0
    assert sp.expand(adversarial_risk(sp.Integer(0), rho) - rho**2 / 2) == 0


def test_variance_and_radius_may_bear_the_names_used_inside():
    v, rho, s, z = sp.symbols("v rho s z", nonnegative=True)
    swapped = adversarial_risk(rho, v)
    assert sp.expand(swapped - adversarial_risk(s, z).subs({s: rho, z: v})) == 0


@pytest.mark.parametrize("name", ["s", "z", "v"])
def test_other_symbols_of_the_integrand_stay(name):
    factor, z = sp.Symbol(name, positive=True), sp.Symbol("z", real=True)
    assert gaussian_expectation(factor * z**2, z, sp.Integer(4)) == 4 * factor


def test_moments():
    z = sp.Symbol("z", real=True)
    v = sp.Symbol("v", positive=True)
    assert [gaussian_expectation(z**k, z, v) for k in range(7)] == [
        1,
        0,
        v,
        0,
        3 * v**2,
        0,
        15 * v**3,
    ]


W = [sp.Rational(3, 5), sp.Integer(-2), sp.Rational(1, 7)]
VERTICES = {
    1: [s * unit for s in (1, -1) for unit in np.eye(3)],
    sp.oo: [np.array(signs) for signs in product((1, -1), repeat=3)],
}


@pytest.mark.parametrize("p", [1, 2, sp.oo])
@pytest.mark.parametrize("z", [0.0, 0.3, -1.7])
def test_worst_case_by_brute_force(p, z):
    """The worst loss over many perturbations is the closed form, and none exceeds it.

    For p = 1 and ∞ a convex loss is largest at a vertex of the ball. For p = 2, of all directions
    within angle δ of the best one the loss falls short by O(δ²).
    """
    w, epsilon = np.array(W, float), 0.8
    rho = epsilon * float(dual_norm(W, p))
    closed = float(worst_case_loss(sp.Float(z), sp.Float(rho)))
    if p == 2:
        rng = np.random.default_rng(0)
        directions = rng.normal(size=(20_000, 3))
        directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        best = np.sign(z or 1) * w / np.linalg.norm(w)
        directions = np.vstack([directions, best])
    else:
        directions = np.array(VERTICES[p], float)
    inside = directions * np.random.default_rng(1).uniform(size=(len(directions), 1))
    losses = (z + epsilon * np.vstack([directions, inside]) @ w) ** 2 / 2
    # Six rounded operations.
    assert losses.max() == pytest.approx(closed, rel=6 * 2.0**-53, abs=0)
    for other in {1, 2, sp.oo} - {p}:
        wrong = float(worst_case_loss(sp.Float(z), sp.Float(epsilon * float(dual_norm(W, other)))))
        assert losses.max() != pytest.approx(wrong, rel=6 * 2.0**-53, abs=0)


@pytest.mark.parametrize("p", [0, 3, "2", None, -1])
def test_bad_norm(p):
    with pytest.raises(ValueError, match="p: expected 1, 2 or oo, got"):
        dual_norm(W, p)


def test_residual_variance_by_its_covariance():
    """Var⟨X, e⟩ = eᵀ diag(s) e."""
    s, e = sp.symbols("s0:3", nonnegative=True), sp.symbols("e0:3", real=True)
    quadratic = (sp.Matrix([e]) * sp.diag(*s) * sp.Matrix(e))[0]
    assert sp.expand(residual_variance(s, e) - quadratic) == 0
    with pytest.raises(ValueError, match="shorter"):
        residual_variance(s, e[:2])
