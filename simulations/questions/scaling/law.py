"""A power law through medians, with an interval by the bootstrap."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

FEWEST_RUNS: Final = 8
"""Runs below which no quantile is told: the range of n runs holds the median of all with
probability 1 − 2^(1 − n), 99 % for 8 of them and 0 for one."""
FEWEST_PLACES: Final = 3
"""Through two places there is a line whatever is there."""
_RESAMPLES: Final = 1000


class Law(NamedTuple):
    """median of log ratio = intercept + slope·log x; a conjecture.

    Attributes:
        intercept: at x = 1.
        slope: change of the log ratio when x is multiplied by e.
        low: lower end of the 95 % interval of the slope.
        high: upper end.
        spread_slope: exponent p of the interquartile range of the log ratio, as xᵖ.
        spread_low: lower end of its 95 % interval.
        spread_high: upper end.
        off: greatest distance of a median from the law.
        off_in_errors: the greatest distance in standard errors of that median.
        places: number of values of x.
        runs: number of runs.

    """

    intercept: float
    slope: float
    low: float
    high: float
    spread_slope: float
    spread_low: float
    spread_high: float
    off: float
    off_in_errors: float
    places: int
    runs: int


def fitted(x: Sequence[float], ratios: Sequence[np.ndarray], seed: int = 0) -> Law | None:
    """Fit the law by least squares; None if too few places have enough runs or all are 1.

    Runs are resampled at each place apart; the interval holds the middle 95 % of the slopes.

    Args:
        x: dimensions, or numbers of irrelevant frequencies, > 0.
        ratios: ratios > 0 at each, shape (n,), n may differ.
        seed: of the bootstrap.

    """
    used = [
        (np.log(place), np.log(values))
        for place, values in zip(x, ratios, strict=True)
        if len(values) >= FEWEST_RUNS
    ]
    # Rules that only move along relevant frequencies differ from GD by rounding.
    if len(used) < FEWEST_PLACES or all(np.ptp(y) < 1e-6 for _, y in used):
        return None
    rng = np.random.default_rng(seed)
    at = np.array([place for place, _ in used])
    middle, spread = np.stack([_summary(y[None])[:, 0] for _, y in used], axis=1)
    again = np.stack(
        [_summary(rng.choice(y, (_RESAMPLES, len(y)))) for _, y in used], axis=1
    )  # shape (2, places, resamples)
    slope, intercept = np.polyfit(at, middle, 1)
    slopes, spread_slopes = (np.polyfit(at, part, 1)[0] for part in again)
    distance = np.abs(middle - intercept - slope * at)
    errors = again[0].std(axis=1)
    low, high = _middle_95(slopes)
    spread_low, spread_high = _middle_95(spread_slopes)
    return Law(
        intercept=float(intercept),
        slope=float(slope),
        low=low,
        high=high,
        spread_slope=float(np.polyfit(at, spread, 1)[0]),
        spread_low=spread_low,
        spread_high=spread_high,
        off=float(distance.max()),
        off_in_errors=float((distance / errors).max()),
        places=len(used),
        runs=sum(len(y) for _, y in used),
    )


def _summary(samples: np.ndarray) -> np.ndarray:
    """Return medians and logs of interquartile ranges of samples (S, n); shape (2, S).

    A resample may have no range by chance.
    """
    low, middle, high = np.quantile(samples, [0.25, 0.5, 0.75], axis=1)
    return np.stack([middle, np.log(np.maximum(high - low, np.finfo(float).tiny))])


def _middle_95(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
