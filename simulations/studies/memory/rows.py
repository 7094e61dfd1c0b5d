"""What a sweep found at each combination of numbers, in quartiles over the seeds."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from simulations.engine.outcome import LEARNT
from simulations.studies.memory.runs import COLUMNS
from simulations.study.quartiles import Quartiles, quartiles
from simulations.study.rounding import distance, pairs
from simulations.study.sweeps import Columns, combinations
from simulations.sweep.grid import Sweep


class Row(NamedTuple):
    """One combination of numbers, over its seeds.

    Attributes:
        problem: its name.
        member: one of :data:`MEMBERS`.
        at: the numbers that the sweep varies.
        movement: lower quartile, median and upper quartile, as the others.
        standard_risk: over that of the weights 0.
        adversarial_ratio: over GD's limit.
        n: seeds, without those whose runs did not stay finite.
        failed: seeds whose runs did not.
        rounding: how far rounding moves each of the three, by name.

    """

    problem: str
    member: str
    at: dict[str, float]
    movement: Quartiles
    standard_risk: Quartiles
    adversarial_ratio: Quartiles
    n: int
    failed: int
    rounding: dict[str, float]


def settles(row: Row) -> bool:
    """Whether the rule learns the task, by the median of the standard risk."""
    return row.standard_risk[1] < LEARNT


def rows_of(sweep: Sweep, columns: Columns) -> Iterator[Row]:
    """Yield a row for each combination."""
    fixed: dict[str, Any] = dict(sweep.fixed)
    for at, values, twins in pairs(combinations(sweep, columns)):
        n = int(np.isfinite(values["movement"]).sum())
        problem, member = (at.pop(name, fixed.get(name)) for name in ("problem", "member"))
        spread = {column.name: quartiles(values[column.name]) for column in COLUMNS}
        rounding = {c.name: distance(values[c.name], twins[c.name]) for c in COLUMNS}
        failed = len(sweep.seeds) - n
        yield Row(problem, member, at, **spread, n=n, failed=failed, rounding=rounding)
