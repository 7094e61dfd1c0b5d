"""The bound on rounding: against exact arithmetic, and against exact arithmetic of another rate."""

from fractions import Fraction

import numpy as np
import pytest

from simulations.engine.rounding import UNIT_ROUNDOFF, rounding_after
from simulations.engine.rules import update_rule
from simulations.engine.runs import Runs
from simulations.engine.train import train

W0, W_STAR = (Fraction(3, 7), Fraction(-5, 3), Fraction(2, 9)), (Fraction(1, 3), Fraction(4, 7), 0)
VARIANCES = (Fraction(1, 2), Fraction(1, 3), Fraction(1, 5))


def exact(updates, eta):
    """ẽ(t) = (1 − ησ̃²)ᵗ ẽ(0), of the numbers that the simulation begins with."""
    e0 = [Fraction(float(a)) - Fraction(float(b)) for a, b in zip(W0, W_STAR, strict=True)]
    factors = [1 - Fraction(eta) * Fraction(float(v)) for v in VARIANCES]
    return np.array([float(f**updates * e) for f, e in zip(factors, e0, strict=True)])


@pytest.mark.parametrize("updates", [1, 20, 300])
def test_training_is_exact_but_for_what_it_allows(updates):
    as_rows = (np.array([[float(x) for x in w]]) for w in (W_STAR, W0))
    runs = Runs(np.array([float(v) for v in VARIANCES]), *as_rows, seeds=(0,))
    size = float(np.linalg.norm(runs.w0_tilde - runs.w_star_tilde))
    found = train(runs, update_rule("GD", 0.01), iterations=updates, device="cpu").e_tilde[0, -1]
    bound = rounding_after(updates, size)
    assert np.abs(found - exact(updates, 0.01)).max() <= bound
    assert np.abs(found - exact(updates, 0.01 * (1 + 1e-11))).max() > bound
    assert rounding_after(np.array([0, updates]), size).tolist() == [
        16 * UNIT_ROUNDOFF * size,
        bound,
    ]
