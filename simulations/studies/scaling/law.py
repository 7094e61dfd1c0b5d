"""Power laws of medians and of their spread, with intervals by the bootstrap."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

FEWEST_RUNS: Final = 8
"""Runs below which no quantile is told: the range of n runs holds the median of all with
probability 1 − 2^(1 − n), 99 % for 8 of them and 0 for one."""
FEWEST_PLACES: Final = 3
"""Through two places there is a line whatever is there."""
_RESAMPLES: Final = 1000
_MOST_ERRORS_OFF: Final = 3.0
_LINES: Final = ("median", "spread")


class Line(NamedTuple):
    """A straight line through points, by least squares.

    Attributes:
        slope: change when x is multiplied by e.
        low: lower end of the 95 % interval of the slope.
        high: upper end.
        off: greatest distance of a point from the line.
        off_in_errors: the greatest distance in standard errors of that point.

    """

    slope: float
    low: float
    high: float
    off: float
    off_in_errors: float

    @property
    def fits(self) -> bool:
        """Whether no point is more than three of its standard errors off."""
        return self.off_in_errors <= _MOST_ERRORS_OFF


class Law(NamedTuple):
    """How the log ratio changes with log x; conjectures, where lines fit.

    Attributes:
        median: of its median.
        spread: of the log of its interquartile range, whose slope is an exponent.
        places: number of values of x.
        runs: number of runs.

    """

    median: Line
    spread: Line
    places: int
    runs: int

    def as_json(self) -> dict[str, Any]:
        """Return the law for a file, as :func:`law_of` reads it."""
        return self._asdict() | {name: getattr(self, name)._asdict() for name in _LINES}


def law_of(fields: dict[str, Any]) -> Law:
    """Return the law that a file has."""
    return Law(**(fields | {name: Line(**fields[name]) for name in _LINES}))


def fitted(x: Sequence[float], ratios: Sequence[np.ndarray], seed: int = 0) -> Law | None:
    """Fit both lines by least squares; None if too few places have enough runs or all are 1.

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
    return Law(
        median=_line(at, middle, again[0]),
        spread=_line(at, spread, again[1]),
        places=len(used),
        runs=sum(len(y) for _, y in used),
    )


def _line(at: np.ndarray, points: np.ndarray, again: np.ndarray) -> Line:
    """Return the line through points (places,), judged by resampled ones (places, resamples)."""
    slope, intercept = np.polyfit(at, points, 1)
    low, high = np.quantile(np.polyfit(at, again, 1)[0], [0.025, 0.975])
    distance = np.abs(points - intercept - slope * at)
    return Line(
        slope=float(slope),
        low=float(low),
        high=float(high),
        off=float(distance.max()),
        off_in_errors=float((distance / again.std(axis=1)).max()),
    )


def _summary(samples: np.ndarray) -> np.ndarray:
    """Return medians and logs of interquartile ranges of samples (S, n); shape (2, S).

    A resample may have no range by chance.
    """
    low, middle, high = np.quantile(samples, [0.25, 0.5, 0.75], axis=1)
    return np.stack([middle, np.log(np.maximum(high - low, np.finfo(float).tiny))])
