"""What risks are held against."""

from dataclasses import replace

import numpy as np

from simulations.engine.outcome import risk_of_zero
from simulations.engine.spectrum import Irrelevant, PowerLaw, Regression


def test_risk_of_zero():
    """½ Σ σ̃² w̃*², of one spectrum and of one for each run."""
    runs = Regression(PowerLaw(4, 1.0, 0.01), Irrelevant.highest(2, 4)).runs(range(2))
    own = replace(runs, sigma_tilde_sq=np.array([[0.0, 2.0, 0.0, 0.0], [6.0, 0.0, 0.0, 0.0]]))
    w = runs.w_star_tilde
    expected = 0.005 * w[:, 0] ** 2 + 0.0025 * w[:, 1] ** 2
    np.testing.assert_allclose(risk_of_zero(runs), expected, rtol=1e-14)
    np.testing.assert_allclose(risk_of_zero(own), [w[0, 1] ** 2, 3 * w[1, 0] ** 2], rtol=1e-14)
