"""Closed form against simulation, start by start, all the way into the limit cycle."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from simulations.engine.population import run_signgd
from simulations.study.lattice import (
    UNIT,
    as_floats,
    closed_forms,
    float_can_tell,
    rounding_error,
)
from theory.model.limit import ClosedForm
from theory.model.orbit import Array, Start

_STARTS_TOGETHER: Final = 1000

COUNTS: Final = (
    *("starts", "steps", "float_cannot_tell"),
    *("T_differs", "movement_differs", "limit_differs"),
)


def compare(
    start: Start, c0: Array, device: str = "auto", progress: Callable[[int], None] | None = None
) -> dict[str, int]:
    """Simulate signGD from each start into its limit cycle; count where the closed form differs.

    Args:
        start: starts of :mod:`simulations.study.lattice`, shape (N,).
        c0: c at the start, multiples of 2⁻²⁰, shape (N,).
        device: where to simulate: ``auto``, ``cpu`` or ``gpu``.
        progress: called with the number of starts just done.

    Returns:
        ``starts``; ``steps``, of all starts together; ``float_cannot_tell``, starts at which
        float64 might take another sign than exact arithmetic, which count no further; and of the
        others those at which T (``T_differs``), Δw̃2 (``movement_differs``) or the state at the end,
        on the limit cycle (``limit_differs``), is not that of the closed form.

    """
    found, groups = closed_forms(start, device), _groups(start)
    counts = dict.fromkeys(COUNTS, 0)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        parts = pool.map(lambda group: _compare(group, start, found, c0, device), groups)
        for part in parts:
            counts = {name: counts[name] + part[name] for name in COUNTS}
            if progress is not None:
                progress(part["starts"])
    return counts


def steps_to_the_limit(start: Start) -> int:
    """Return a number of steps after which each orbit is on its limit cycle.

    See :mod:`theory.model.limit`.

    Before T a step takes at least 1/3 off |a|; then come at most three; and then each step takes r
    off |b| until the orbit is on the cycle.
    """
    a, b, r = as_floats(start)
    return int(np.ceil(3 * np.abs(a).max() + (np.abs(b) / r).max())) + 6


def _groups(start: Start) -> list[Array]:
    """Indices of starts with one ratio r, in groups of similar |b|, as |b| makes orbits long."""
    order = np.lexsort((np.abs(start.b), start.r))
    cuts = np.flatnonzero(np.diff(start.r[order])) + 1
    return [
        group
        for ratio in np.split(order, cuts)
        for group in np.array_split(ratio, -(-len(ratio) // _STARTS_TOGETHER))
    ]


def _compare(
    group: Array, start: Start, found: ClosedForm, c0: Array, device: str
) -> dict[str, int]:
    part = Start(*(x[group] for x in start))
    a, b, r = as_floats(part)
    steps = steps_to_the_limit(part)
    runs = run_signgd(a, b, c0[group], float(r[0]), steps, device=device)
    first, second = found.cycle
    on_first = (steps - first.t[group]) % 2 == 0
    end_a, end_b, end_c = (
        np.where(on_first, x[group], y[group]) for x, y in zip(first[1:], second[1:], strict=True)
    )
    error = rounding_error(part, steps)
    elsewhere = (
        (np.abs(runs.a - end_a / (3 * UNIT)) > error)
        | (np.abs(runs.b - end_b / (3 * UNIT)) > error)
        | (runs.c != c0[group] + end_c)
    )
    told = float_can_tell(part, steps)
    differs = (found.at_T.t[group] != runs.T, runs.delta_c != found.at_T.c[group], elsewhere)
    numbers = (len(group), len(group) * steps, int((~told).sum()))
    return dict(zip(COUNTS, (*numbers, *(int((told & x).sum()) for x in differs)), strict=True))
