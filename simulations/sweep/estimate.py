"""What a grid of training runs will take, told before it is begun, from a few updates of each.

The points of a block that share a program take α + βT seconds for T updates. Both are measured by
training such points of each program, those with the most updates, for one and for a few; of many
points some, as time grows with their number. Programs with the most work come first.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import jax
import numpy as np

from simulations.sweep.blocks import Plan
from simulations.sweep.grid import Axis, Points
from simulations.sweep.training import program
from theory.errors import UserError

# Numbers that are trained at once; more take longer in proportion.
_NUMBERS: Final = 2**18
# Updates, and updates of coordinates: a tenth of a second or so.
_UPDATES: Final = 256
_COORDINATES: Final = 2**22
_REPEATS: Final = 2
_ITERATIONS: Final = "iterations"
_MOST_TOLD: Final = 3
_UNITS: Final = ((365 * 86400, "years"), (86400, "days"), (3600, "hours"), (60, "minutes"))
# Calls of programs; of more blocks some stand for all.
_MOST_CALLS: Final = 2**20


@dataclass(frozen=True)
class Estimate:
    """What the blocks that are left will take.

    Attributes:
        points: how many there are in these blocks.
        seconds: that computing them takes, by what a program is for, of those measured.
        whole: whether all programs were measured.
        passed: seconds that measuring took, with what was compiled.

    """

    points: int
    seconds: dict[str, float]
    whole: bool
    passed: float

    def words(self) -> str:
        """Return the time in words."""
        return f"{'about' if self.whole else 'more than'} {duration(sum(self.seconds.values()))}"


def duration(seconds: float) -> str:
    """Return a number of seconds as people read it."""
    unit, name = next(((u, n) for u, n in _UNITS if seconds >= 2 * u), (1, "seconds"))
    number = f"{max(1.0, seconds / unit):,.0f}"
    return f"{number} {name.removesuffix('s') if number == '1' else name}"


def estimated(
    plan: Plan, blocks: Sequence[int], devices: Sequence[jax.Device], within: float
) -> Estimate:
    """Foretell what blocks will take; nothing is written.

    Args:
        plan: of a grid of training runs.
        blocks: those that are to be computed, in ascending order.
        devices: where they are computed, a block at a time on each.
        within: seconds after which no further program is measured.

    """
    began = time.monotonic()
    told: dict[str, float] = {}
    some = blocks[:: -(-len(blocks) * _programs_of_a_block(plan) // _MOST_CALLS) or 1]
    work = sorted(_work(plan, some), key=lambda each: -each.updates * each.d)
    for each in work:
        with jax.default_device(devices[0]):
            alone = each.seconds(plan)
        told[each.name] = alone * len(blocks) / len(some) / len(devices)
        if time.monotonic() - began > within:
            break
    passed = time.monotonic() - began
    return Estimate(points_in(plan, blocks), told, len(told) == len(work), passed)


def points_in(plan: Plan, blocks: Sequence[int]) -> int:
    """Return how many points some blocks have, which are in ascending order."""
    if not len(blocks):
        return 0
    _, stop = plan.span(blocks[-1])
    return (len(blocks) - 1) * plan.rows_per_block + stop - blocks[-1] * plan.rows_per_block


def require_time(estimate: Estimate, seconds: float) -> None:
    """Check that blocks will be computed in the time there is.

    Args:
        estimate: of them.
        seconds: that all may take, with the estimate and what it compiled.

    Raises:
        UserError: they would take longer; the estimate is named.

    """
    told = estimate.seconds
    foretold = estimate.passed + sum(told.values())
    if foretold > seconds:
        slowest = sorted(told, key=lambda name: -told[name])[:_MOST_TOLD]
        longest = "; ".join(f"{name}: {told[name]:.3g} s" for name in slowest)
        raise UserError(
            f"expected a sweep of at most {seconds:g} s, got {estimate.points} points that take "
            f"{'about' if estimate.whole else 'more than'} {foretold:.3g} s, "
            f"{estimate.passed:.3g} s of them for compiling and for this estimate. The longest are "
            f"{longest}. Take fewer points or updates, or allow more time; nothing was begun."
        )


@dataclass(frozen=True)
class _Work:
    """What is to be done with one program.

    Attributes:
        name: what the program is for.
        calls: how often some of its points are trained.
        points: how many in all these calls.
        updates: of all points together.
        first: row of the first point of the call whose points have the most updates.
        stop: the row after its last.
        d: number of frequencies.

    """

    name: str
    calls: int
    points: int
    updates: int
    first: int
    stop: int
    d: int

    def seconds(self, plan: Plan) -> float:
        """Return about how long it will take, once the program is compiled."""
        points = self._some(plan)
        n, numbers = len(points), len(points) * self.d
        longest = int(points.fixed[_ITERATIONS])
        most = max(2, min(_UPDATES, longest, _COORDINATES // numbers))
        short, long = (_seconds_of(plan.computation, points, updates) for updates in (1, most))
        each = max(0.0, long - short) / (most - 1)
        # Where only some points of a call are trained, the rest of it takes its share.
        calls = max(self.calls, self.points / n)
        return calls * max(0.0, short - each) + self.updates * each / n

    def _some(self, plan: Plan) -> Points:
        """Return points of the call, all if they are not many, with what its program fixes."""
        stop = min(self.stop, self.first + max(1, _NUMBERS // self.d))
        found = []

        def take(points: Points) -> dict[str, np.ndarray]:
            found.append(points)
            return {"seen": np.ones(len(points), bool)}

        plan.sweep.points(self.first, stop).groupwise(program(plan.sweep), take)
        return found[0]


def _work(plan: Plan, blocks: Sequence[int]) -> Iterator[_Work]:
    """Yield what is to be done with each program.

    Programs are the first axes of a grid, so that each one's points are a stretch of its rows.
    """
    if not len(blocks):
        return
    axes = _axes_of_programs(plan)
    shape = [len(axis) for axis in axes]
    first, stop, of = _calls(plan, blocks, plan.sweep.rows // math.prod(shape))
    positions = np.unravel_index(of, shape) if shape else ()
    at = {axis.name: axis.at(p) for axis, p in zip(axes, positions, strict=True)}
    at |= {n: np.full(len(of), x) for n, x in plan.sweep.fixed if n not in at}
    iterations = at[_ITERATIONS].astype(np.int64)
    # A schedule that ends with the run is compiled for its length.
    alike = [
        np.where(at["schedule"] == "constant", 0, p) if axis.name == _ITERATIONS else p
        for axis, p in zip(axes, positions, strict=True)
    ]
    codes = np.ravel_multi_index(alike, shape) if shape else np.zeros_like(of)
    for code in dict.fromkeys(codes.tolist()):
        here = np.flatnonzero(codes == code)
        longest = here[iterations[here].argmax()]
        sizes = stop[here] - first[here]
        yield _Work(
            _name(axes, at, longest),
            len(here),
            int(sizes.sum()),
            int((sizes.astype(float) * iterations[here]).sum()),
            int(first[longest]),
            int(stop[longest]),
            int(at["d"][longest]),
        )


def _axes_of_programs(plan: Plan) -> list[Axis]:
    names = program(plan.sweep)
    return [axis for axis in plan.sweep.axes if axis.name in names]


def _programs_of_a_block(plan: Plan) -> int:
    programs = math.prod(len(axis) for axis in _axes_of_programs(plan))
    return -(-plan.rows_per_block * programs // plan.sweep.rows)


def _name(axes: Sequence[Axis], at: dict[str, np.ndarray], place: int) -> str:
    free = _ITERATIONS if at["schedule"][place] == "constant" else None
    told = (f"{axis.name} = {at[axis.name][place]}" for axis in axes if axis.name != free)
    return ", ".join(told) or "all"


def _calls(
    plan: Plan, blocks: Sequence[int], length: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the first row, the row after the last, and the program of each call of each block.

    Args:
        plan: of the blocks.
        blocks: their numbers.
        length: of the stretch of rows that one program has.

    """
    begin = np.asarray(blocks, np.int64) * plan.rows_per_block
    end = np.minimum(begin + plan.rows_per_block, plan.sweep.rows)
    lowest, highest = begin // length, (end - 1) // length
    numbers = highest - lowest + 1
    block = np.repeat(np.arange(len(begin)), numbers)
    within = np.arange(len(block)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    of = lowest[block] + within
    return np.maximum(begin[block], of * length), np.minimum(end[block], (of + 1) * length), of


def _seconds_of(train: Callable[[Points], Any], points: Points, updates: int) -> float:
    """Return the least time that so many updates of some points take, once compiled."""
    as_long = {"schedule_steps": points.fixed[_ITERATIONS], **points.fixed}
    some = replace(points, fixed={**as_long, _ITERATIONS: updates})
    train(some)
    took = []
    for _ in range(_REPEATS):
        began = time.monotonic()
        train(some)
        took.append(time.monotonic() - began)
    return min(took)
