"""How far verdicts on few trainings can be trusted where these are not as intervals take them.

Intervals over trainings take the seeds of an optimizer as draws of a nearly normal quantity, and
those of two optimizers as independent (:mod:`~nn_experiments.evidence.intervals`). Here is how they
do where either is wrong, for a given number of seeds.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from scipy import special

_NODES = 48
"""Of each variable that is integrated over; twice as many move a result by less than 0.001."""


def unseen(chance: float, seeds: int) -> float:
    """Return how often no training of some shows a failure that each has with a chance.

    Then its spread is not seen either, and similarity is supported falsely where the failure makes
    the means differ by more than the margin, as far as images are many.
    """
    return (1 - chance) ** seeds


@cache
def coverage_if_correlated(seeds: int, correlation: float, confidence: float) -> float:
    """Return how often Welch's interval over trainings holds the truth where seeds are correlated.

    Let x_s, y_s be normal with variance 1 and correlation ρ, for n seeds s. With u, v =
    (x ± y)/√2, which are independent with variances 1 ± ρ, the sums of squares about the means are

        S_xx, S_yy = (S_uu + S_vv)/2 ± S_uv,   S_uv = r √(S_uu S_vv),

    where S_uu/(1 + ρ) and S_vv/(1 − ρ) are χ² with n − 1 degrees of freedom and r, the sample
    correlation, is cos θ with density sin^(n−3) θ (±1 of two seeds), all independent, also of
    D = x̄ − ȳ, whose variance is 2(1 − ρ)/n. Given the sums, D lies in its interval with probability
    F(t(ν)² V / Var D), F being the distribution function of χ² with one degree of freedom, by
    Welch's V = (S_xx + S_yy)/(n(n − 1)) and ν = (n − 1)(S_xx + S_yy)²/(S_xx² + S_yy²). The mean of
    that is taken by the midpoint rule, over quantiles s²(3 − 2s) of both χ² and over θ.

    Args:
        seeds: n of each of both, 2 or more.
        correlation: ρ, above −1 and below 1.
        confidence: of the interval.

    """
    s = (np.arange(_NODES) + 0.5) / _NODES
    quantiles, weights = s * s * (3 - 2 * s), 6 * s * (1 - s) / _NODES
    weights /= weights.sum()
    squares = special.chdtri(seeds - 1, 1 - quantiles)
    cosines, theirs = _cosines(seeds)
    uu = (1 + correlation) * squares[:, None, None]
    vv = (1 - correlation) * squares[None, :, None]
    uv = cosines * np.sqrt(uu * vv)
    total = uu + vv
    freedom = (seeds - 1) * total**2 / (2 * ((total / 2) ** 2 + uv**2))
    scaled = total / (seeds - 1) / (2 * (1 - correlation))
    inside = special.chdtr(1, special.stdtrit(freedom, (1 + confidence) / 2) ** 2 * scaled)
    return float(np.einsum("ijk,i,j,k", inside, weights, weights, theirs))


def _cosines(seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return values of a sample correlation, shape (M,), and their weights."""
    if seeds == 2:
        return np.array([-1.0, 1.0]), np.array([0.5, 0.5])
    angles = math.pi * (np.arange(_NODES) + 0.5) / _NODES
    weights = np.sin(angles) ** (seeds - 3)
    return np.cos(angles), weights / weights.sum()
