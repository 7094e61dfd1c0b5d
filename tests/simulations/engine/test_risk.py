import numpy as np
import pytest
import sympy as sp

from simulations.engine.risk import adversarial_risk, standard_risk
from theory.model import risk

SPECTRUM = (0.01, 0.0025, 0.0)
W_STAR = np.array([5.0, 10.0, 0.0])
UNIT_ROUNDOFF = 2.0**-53


def test_risks_against_the_exact_form():
    w, w_star = sp.Matrix([sp.Rational(7, 2), -1, sp.sqrt(2)]), sp.Matrix([5, 10, 0])
    spectrum = [sp.Rational(1, 100), sp.Rational(1, 400), sp.Integer(0)]
    variance = risk.residual_variance(spectrum, w - w_star)
    exact = [
        risk.standard_risk(variance),
        risk.adversarial_risk(variance, sp.sqrt(2) * risk.dual_norm(list(w), 2)),
    ]
    e = np.array(w - w_star, float)[:, 0]
    found = [standard_risk(SPECTRUM, e), adversarial_risk(SPECTRUM, e, W_STAR, 2**0.5)]
    # Sums of at most ten nonnegative terms: 30 roundings of relative size u, doubled by squares.
    tolerance = 60 * UNIT_ROUNDOFF
    np.testing.assert_allclose(found, [float(x) for x in exact], rtol=tolerance)
    assert abs(standard_risk(np.sqrt(SPECTRUM), e) / float(exact[0]) - 1) > tolerance


def test_adversarial_risk_without_perturbation_is_the_standard_risk():
    e = np.random.default_rng(0).normal(size=(4, 5, 3))
    standard = standard_risk(SPECTRUM, e)
    assert standard.shape == (4, 5)
    np.testing.assert_array_equal(adversarial_risk(SPECTRUM, e, W_STAR, 0), standard)
    assert (adversarial_risk(SPECTRUM, e, W_STAR, 0.1) > standard).all()


def test_risk_of_the_robust_minimizer():
    assert standard_risk(SPECTRUM, np.zeros(3)) == 0
    assert adversarial_risk(SPECTRUM, np.zeros(3), W_STAR, 2.0) == pytest.approx(250)
