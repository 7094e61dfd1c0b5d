"""Which digits hold: what becomes of the same run from starts that rounding cannot tell apart.

Another processor, or another version of a library, adds in another order and rounds differently. A
run's *twin* starts 10⁴ units in the last place higher, as much as 10⁴ updates may round by. How far
the two end apart says which digits are the run's own and which rounding decided.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np

from simulations.engine.runs import Runs

ULPS: Final = "ulps"
"""The parameter of a sweep by which twins differ: units in the last place."""
TWINS: Final = (0, 10_000)
TOLD: Final = (
    "Each run is run twice, the second time from a start higher by 10⁴ units in the last place: "
    "digits that this decides, and another processor may decide otherwise, are left out."
)
"""What a report says of its digits."""

Columns = dict[str, np.ndarray]


class Pair(NamedTuple):
    """The runs of one combination, and their twins.

    Attributes:
        at: what the sweep varies.
        values: the columns of all seeds.
        twins: those of their twins.

    """

    at: dict[str, Any]
    values: Columns
    twins: Columns


def moved(runs: Runs, ulps: int) -> Runs:
    """Return runs whose weights start that many units in the last place higher.

    Only at frequencies with energy, as gradients depend on no others. A unit is that of the
    greatest of |w̃|, |w̃*| and |ẽ|, so that weights that start at 0 move too.
    """
    w, w_star = np.abs(runs.w0_tilde), np.abs(runs.w_star_tilde)
    unit = np.spacing(np.maximum(np.maximum(w, w_star), np.abs(runs.w0_tilde - runs.w_star_tilde)))
    return replace(
        runs, w0_tilde=runs.w0_tilde + ulps * np.where(runs.sigma_tilde_sq > 0, unit, 0.0)
    )


def pairs(points: Iterable[tuple[dict[str, Any], Columns]]) -> Iterator[Pair]:
    """Yield the combinations of a sweep over :data:`TWINS`, each with its twins, in their order.

    Args:
        points: what the sweep varies, and the columns there.

    """
    found = [(at.pop(ULPS), at, values) for at, values in points]
    twins = {tuple(at.items()): values for ulps, at, values in found if ulps}
    for ulps, at, values in found:
        if not ulps:
            yield Pair(at, values, twins[tuple(at.items())])


def distance(
    values: np.ndarray, twins: np.ndarray, levels: Sequence[float] = (0.25, 0.5, 0.75)
) -> float:
    """Return how far quantiles move if each run moves no farther than its twin is away.

    Quantiles rise with each of their numbers, so that they are farthest away where all runs move
    up, or all down. Infinite if one of a pair is finite and the other is not.

    Args:
        values: of the runs, shape (n,).
        twins: of their twins, shape (n,).
        levels: of the quantiles, of which that which moves farthest counts.

    """
    finite = np.isfinite(values)
    if (finite != np.isfinite(twins)).any():
        return np.inf
    there = values[finite]
    if not len(there):
        return 0.0
    apart = np.abs(there - twins[finite])
    low, middle, high = (np.quantile(there + s * apart, levels) for s in (-1, 0, 1))
    return float(np.maximum(high - middle, middle - low).max())
