"""How long a grid of training runs will take, told before it is begun, from a few updates of each.

The points of a block that share a program take α + βT seconds for T updates. Both are measured by
training such points of each program, those with the most updates, for one and for a few hundred.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import jax
import numpy as np

from simulations.sweep.blocks import Plan
from simulations.sweep.grid import Points
from simulations.sweep.training import program
from theory.errors import UserError

_UPDATES: Final = 256
_REPEATS: Final = 2
_ITERATIONS: Final = "iterations"
_MOST_TOLD: Final = 3


@dataclass
class _Work:
    """What is to be done with one program.

    Attributes:
        points: those that are trained together, of the blocks whose points have the most updates.
        calls: how often some are.
        updates: of all points together.

    """

    points: Points
    calls: int = 0
    updates: int = 0

    def seconds(self, train: Callable[[Points], Any]) -> float:
        """Return about how long it will take, once the program is compiled."""
        most = max(2, min(_UPDATES, int(self.points.fixed[_ITERATIONS])))
        short, long = (_seconds_of(train, self.points, updates) for updates in (1, most))
        each = max(0.0, long - short) / (most - 1)
        return self.calls * max(0.0, short - each) + self.updates * each / len(self.points)


def require_time(
    plan: Plan, blocks: Sequence[int], seconds: float, devices: Sequence[jax.Device]
) -> None:
    """Check that blocks will be computed in the time there is; nothing is written.

    Args:
        plan: of a grid of training runs.
        blocks: those that are to be computed.
        seconds: that all may take, with this check and what it compiles.
        devices: where they are computed, a block at a time on each.

    Raises:
        UserError: they would take longer; the estimate is named.

    """
    began = time.monotonic()
    told: dict[str, float] = {}
    work = _work(plan, blocks)
    for name, of_program in work.items():
        with jax.default_device(devices[0]):
            told[name] = of_program.seconds(plan.computation) / len(devices)
        if time.monotonic() - began > seconds:
            break
    passed = time.monotonic() - began
    foretold = passed + sum(told.values())
    if foretold > seconds:
        rows = sum(stop - first for first, stop in map(plan.span, blocks))
        slowest = sorted(told, key=lambda name: -told[name])[:_MOST_TOLD]
        longest = "; ".join(f"{name}: {told[name]:.3g} s" for name in slowest)
        raise UserError(
            f"expected a sweep of at most {seconds:g} s, got {rows} points that take "
            f"{'about' if len(told) == len(work) else 'more than'} {foretold:.3g} s, "
            f"{passed:.3g} s of them for compiling and for this estimate. The longest are "
            f"{longest}. Take fewer points or updates, or allow more time; nothing was begun."
        )


def _work(plan: Plan, blocks: Sequence[int]) -> dict[str, _Work]:
    """Return what is to be done with each program, by what it is for."""
    names, found = program(plan.sweep), dict[str, _Work]()
    swept = {axis.name for axis in plan.sweep.axes}

    def take_note(points: Points) -> dict[str, np.ndarray]:
        # A schedule that ends with the run is compiled for its length.
        free = _ITERATIONS if points.fixed["schedule"] == "constant" else None
        told = (f"{n} = {points.fixed[n]}" for n in names if n in swept and n != free)
        work = found.setdefault(", ".join(told) or "all", _Work(points))
        work.calls += 1
        work.updates += len(points) * int(points.fixed[_ITERATIONS])
        work.points = max(work.points, points, key=lambda some: int(some.fixed[_ITERATIONS]))
        return {"seen": np.ones(len(points), bool)}

    for block in blocks:
        plan.points(block).groupwise(names, take_note)
    return found


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
