"""Which digits hold: what becomes of the same run from starts that rounding cannot tell apart.

Another processor, or another version of a library, adds in another order and rounds differently. A
run's *twin* starts 10⁴ units in the last place higher, as much as 10⁴ updates may round by. How far
the two end apart says which digits are the run's own and which rounding decided.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from simulations.questions.quartiles import quartiles

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


def distance(values: np.ndarray, twins: np.ndarray) -> float:
    """Return how far quartiles move if each run moves no farther than its twin is away.

    Quantiles rise with each of their numbers, so that they are farthest away where all runs move
    up, or all down. Infinite if one of a pair is finite and the other is not.
    """
    finite = np.isfinite(values)
    if (finite != np.isfinite(twins)).any():
        return np.inf
    there = values[finite]
    apart = np.abs(there - twins[finite])
    low, middle, high = (np.array(quartiles(there + s * apart)) for s in (-1, 0, 1))
    return float(np.nan_to_num(np.maximum(high - middle, middle - low)).max())
