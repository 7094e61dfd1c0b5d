"""What a grid of training runs will take, told before it is begun, from a few updates of some.

A program that is compiled once trains the points of many blocks: c seconds to compile it, and
α + βnu for u updates of n numbers (of a point's d each) in a call. These are measured of programs
one after another, until a few seconds have passed: first of that which is needed first, as what
is compiled is kept, then of the longest of each rule. Of many points only some are trained. What
was not measured is taken to cost what the measured ones nearest in d do.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import jax
import numpy as np

from simulations.sweep.blocks import Plan
from simulations.sweep.grid import Axis, Points
from simulations.sweep.parameters import POPULATION
from simulations.sweep.rules import RATE, RULE, OwnRule
from simulations.sweep.training import SAMPLES, STEPS_PER_LAUNCH, program
from theory.common.errors import UserError

# Numbers, and points, that are trained at once; more take longer in proportion.
_NUMBERS: Final = 2**18
_POINTS: Final = 2**14
# Updates, and updates of numbers: a tenth of a second or so; a second of minibatches.
_UPDATES: Final = 256
_COORDINATES: Final = 2**22
_COORDINATES_OF_MINIBATCHES: Final = 2**23
_REPEATS: Final = 2
# After so many seconds nothing is repeated, once it was.
_LONG: Final = 1.0
# A minibatch is drawn at each update, which takes so many times what an update takes.
_DRAWING: Final = 8
# Drawing is compiled too, which takes so many times what the rest takes.
_COMPILING_DRAWING: Final = 3
_ITERATIONS: Final = "iterations"
_MOST_TOLD: Final = 3
# Of the time, below which that of compiling is not told.
_LITTLE: Final = 0.1
_UNITS: Final = ((365 * 86400, "years"), (86400, "days"), (3600, "hours"), (60, "minutes"))
# Calls of programs; of more blocks some stand for all.
_MOST_CALLS: Final = 2**20


@dataclass(frozen=True)
class Estimate:
    """What the blocks that are left will take, once this is known.

    Attributes:
        points: how many there are in these blocks.
        running: seconds that computing them takes, by what a program is for.
        compiling: seconds that compiling takes, alike, without what measuring has compiled.
        programs: how many are compiled.
        measured: how many of them were measured; the cost of others is taken from theirs.
        passed: seconds that measuring took, with what was compiled.

    """

    points: int
    running: Mapping[str, float]
    compiling: Mapping[str, float]
    programs: int
    measured: int
    passed: float

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds that all takes, by what a program is for."""
        return {name: took + self.compiling[name] for name, took in self.running.items()}

    def words(self, of: str = "") -> str:
        """Return the time in words, ``of`` whom it is, and how much of it was measured."""
        total, compiling = sum(self.seconds.values()), sum(self.compiling.values())
        told = []
        if compiling >= max(1.0, _LITTLE * total):
            told.append(f"{duration(compiling)} of it compiling")
        if self.measured < self.programs:
            told.append(f"{self.measured:,} of {self.programs:,} programs measured")
        return f"about {duration(total)}{of}" + (f" ({'; '.join(told)})" if told else "")


def duration(seconds: float) -> str:
    """Return a number of seconds as people read it."""
    unit, name = next(((u, n) for u, n in _UNITS if seconds >= 2 * u), (1, "seconds"))
    number = f"{max(1.0, seconds / unit):,.0f}"
    return f"{number} {name.removesuffix('s') if number == '1' else name}"


def estimated(
    plan: Plan,
    blocks: Sequence[int],
    devices: Sequence[jax.Device],
    within: float,
    *,
    here: bool = True,
) -> Estimate:
    """Foretell what blocks will take; nothing is written.

    Args:
        plan: of a grid of training runs.
        blocks: those that are to be computed, in the order in which they will be.
        devices: where they are computed, a block at a time on each.
        within: seconds after which no further program is measured.
        here: whether this process will compute them, and need not compile again.

    """
    began = time.monotonic()
    some = blocks[:: -(-len(blocks) * _programs_of_a_block(plan) // _MOST_CALLS) or 1]
    work = list(_work(plan, some))
    costs: dict[int, tuple[_Work, _Cost]] = {}
    for each in _in_order(work):
        if each.program not in costs:
            with jax.default_device(devices[0]):
                costs[each.program] = each, each.cost(plan)
            if time.monotonic() - began > within:
                break
    kept = here and len(devices) == 1
    compiled = {cost.compiled for _, cost in costs.values() if kept and cost.compiled is not None}
    running, compiling = {}, {}
    for each in work:
        cost = _cost_of(each, costs)
        new = each.shapes - compiled
        compiled |= new
        running[each.name] = cost.running(each) * len(blocks) / len(some) / len(devices)
        # Each device compiles what it needs, all at once.
        abreast = min(1.0, each.calls / len(each.shapes) / len(devices))
        compiling[each.name] = cost.compiling * len(new) * abreast
    passed = time.monotonic() - began
    programs = len({each.program for each in work})
    return Estimate(points_in(plan, blocks), running, compiling, programs, len(costs), passed)


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
            f"about {foretold:.3g} s, {sum(estimate.compiling.values()):.3g} s of them for "
            f"compiling and {estimate.passed:.3g} s for this estimate ({estimate.measured:,} of "
            f"{estimate.programs:,} programs measured). The longest are {longest}. Take fewer "
            "points or updates, or allow more time; nothing was begun."
        )


class _Shape(NamedTuple):
    """What a program is compiled for besides: how many runs, and minibatches that are drawn."""

    program: int
    runs: int
    drawn: int


@dataclass(frozen=True)
class _Cost:
    """What a program takes.

    Attributes:
        call: seconds of a call of it, besides its updates.
        number: seconds of an update of a number, without drawing minibatches.
        compiling: seconds, once for each shape.
        compiled: the shape that measuring has compiled, if it is one that is needed.

    """

    call: float
    number: float
    compiling: float
    compiled: _Shape | None = None

    def running(self, work: "_Work") -> float:
        """Return the seconds that some work takes, once compiled."""
        return work.calls * self.call + work.size * self.number


@dataclass(frozen=True)
class _Work:
    """What is to be done with one program for one rule.

    Attributes:
        name: what it is for.
        program: number of the program; rules that differ in their numbers alone share it.
        kind: of rule.
        minibatches: whether they are drawn.
        shapes: for which the program is compiled.
        calls: how often some of its points are trained.
        points: how many in all these calls.
        updates: of all points together.
        first: row of the first point of the call whose points have the most updates.
        stop: the row after its last.
        d: number of frequencies.

    """

    name: str
    program: int
    kind: str
    minibatches: bool
    shapes: frozenset[_Shape]
    calls: int
    points: int
    updates: int
    first: int
    stop: int
    d: int

    @property
    def size(self) -> int:
        """Updates of numbers, those with minibatches counted as often as they take longer."""
        return self.updates * self.d * (_DRAWING if self.minibatches else 1)

    @property
    def parts(self) -> int:
        """How many times as long compiling takes as without minibatches."""
        return _COMPILING_DRAWING if self.minibatches else 1

    def cost(self, plan: Plan) -> _Cost:
        """Measure what the program takes."""
        points = self._some(plan)
        n, numbers = len(points), len(points) * self.d
        longest = int(points.fixed[_ITERATIONS])
        if self.minibatches:
            # As many as are drawn at once, as the program is compiled for their number.
            fitting = max(1, _COORDINATES_OF_MINIBATCHES // numbers)
            most = min(STEPS_PER_LAUNCH, longest, fitting)
            compiling, took = _seconds_of(plan.computation, points, most)
            compiled = _Shape(self.program, n, _drawn(most))
            return _Cost(0.0, took / (most * numbers * _DRAWING), compiling, self._needed(compiled))
        most = max(2, min(_UPDATES, longest, _COORDINATES // numbers))
        compiling, short = _seconds_of(plan.computation, points, 1)
        _, long = _seconds_of(plan.computation, points, most)
        each = max(0.0, long - short) / (most - 1)
        # Where only some points of a call are trained, the rest of it takes its share.
        share = max(1.0, self.points / n / self.calls)
        compiled = _Shape(self.program, n, 0)
        call = max(0.0, short - each) * share
        return _Cost(call, each / numbers, compiling, self._needed(compiled))

    def _needed(self, shape: _Shape) -> _Shape | None:
        return shape if shape in self.shapes else None

    def _some(self, plan: Plan) -> Points:
        """Return points of the call, all if they are not many, with what its program fixes."""
        stop = min(self.stop, self.first + max(1, min(_POINTS, _NUMBERS // self.d)))
        found = []

        def take(points: Points) -> dict[str, np.ndarray]:
            found.append(points)
            return {"seen": np.ones(len(points), bool)}

        plan.sweep.points(self.first, stop).groupwise(program(plan.sweep), take)
        return found[0]


def _in_order(work: Sequence[_Work]) -> Iterator[_Work]:
    """Yield what is measured first: what is needed first, then the longest of each kind of rule."""
    yield from work[:1]
    seen = {(each.kind, each.minibatches): 1 for each in work[:1]}
    ranked = []
    for each in sorted(work, key=lambda each: -each.size):
        kind = each.kind, each.minibatches
        seen[kind] = seen.get(kind, 0) + 1
        # Of others first: that of the first is known.
        ranked.append((seen[kind], each.kind == work[0].kind, each))
    for _, _, each in sorted(ranked, key=lambda entry: entry[:2]):
        yield each


def _cost_of(work: _Work, costs: Mapping[int, tuple[_Work, _Cost]]) -> _Cost:
    """Return the cost of a program: as measured, or the mean of measured ones that are nearest."""
    if work.program in costs:
        return costs[work.program][1]
    measured = list(costs.values())
    alike = [pair for pair in measured if pair[0].minibatches == work.minibatches] or measured
    nearest = min(_apart(work, other) for other, _ in alike)
    found = [cost for other, cost in alike if _apart(work, other) == nearest]
    return _Cost(
        float(np.mean([cost.call for cost in found])),
        float(np.mean([cost.number for cost in found])),
        float(np.mean([cost.compiling / other.parts for other, cost in alike])) * work.parts,
    )


def _apart(one: _Work, other: _Work) -> float:
    return abs(math.log(one.d / other.d))


def _drawn(iterations: int) -> int:
    """Return how many minibatches are drawn at once, a power of two where few are needed."""
    return int(min(STEPS_PER_LAUNCH, 1 << (iterations - 1).bit_length()))


def _work(plan: Plan, blocks: Sequence[int]) -> Iterator[_Work]:
    """Yield what is to be done with each program, in the order in which it is needed.

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
    minibatches = np.ones(len(of), bool)
    if SAMPLES in program(plan.sweep):
        minibatches = at[SAMPLES] != POPULATION
    # A schedule that ends with the run is compiled for its length.
    alike = [
        np.where(at["schedule"] == "constant", 0, p) if axis.name == _ITERATIONS else p
        for axis, p in zip(axes, positions, strict=True)
    ]
    codes = np.ravel_multi_index(alike, shape) if shape else np.zeros_like(of)
    firsts = {axis.name: _first_alike(axis) for axis in axes}
    alike = [firsts[axis.name][p] for axis, p in zip(axes, alike, strict=True)]
    programs = np.ravel_multi_index(alike, shape) if shape else np.zeros_like(of)
    for here in _together(codes):
        longest = here[iterations[here].argmax()]
        sizes = stop[here] - first[here]
        number, draws = int(programs[longest]), bool(minibatches[longest])
        lengths = iterations[here] if draws else np.zeros_like(here)
        pairs = set(zip(sizes.tolist(), lengths.tolist(), strict=True))
        yield _Work(
            _name(axes, at, longest),
            number,
            OwnRule.of(str(at[RULE][longest])).name,
            draws,
            frozenset(_Shape(number, n, _drawn(t) if draws else 0) for n, t in pairs),
            len(here),
            int(sizes.sum()),
            int((sizes.astype(float) * iterations[here]).sum()),
            int(first[longest]),
            int(stop[longest]),
            int(at["d"][longest]),
        )


def _together(codes: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the places of each code, in the order in which codes first appear."""
    order = np.argsort(codes, kind="stable")
    places = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    yield from sorted(places, key=lambda of: int(of[0]))


def _first_alike(axis: Axis) -> np.ndarray:
    """Return for each value of an axis the first whose program it has, shape (values,).

    A program is not compiled for the numbers of its rule, but for which of them there are.
    """
    if axis.name != RULE:
        return np.arange(len(axis))
    found: dict[Any, int] = {}
    keys = []
    for place, text in enumerate(map(str, axis.values)):
        rule = OwnRule.of(text)
        key = rule.name, *(name for name, _ in rule.own if name != RATE)
        keys.append(found.setdefault(key, place))
    return np.array(keys)


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


def _seconds_of(
    train: Callable[[Points], Any], points: Points, updates: int
) -> tuple[float, float]:
    """Return how long compiling takes, and the least time that updates of some points take."""
    as_long = {"schedule_steps": points.fixed[_ITERATIONS], **points.fixed}
    some = replace(points, fixed={**as_long, _ITERATIONS: updates})
    took: list[float] = []
    while len(took) < 2 or (len(took) <= _REPEATS and sum(took) < _LONG):
        began = time.monotonic()
        train(some)
        took.append(time.monotonic() - began)
    least = min(took[1:])
    return max(0.0, took[0] - least), least
