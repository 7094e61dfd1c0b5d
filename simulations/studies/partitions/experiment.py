"""The parts that contain each start, and the limit that it reaches.

Starts are those of :mod:`simulations.study.lattice`. None lies on an edge between parts of R:
where |a| = k/3, |b| = |a|, |b| = 1 − |a|, |b + kr| = |a| or |a| + |b + kr| = 1/3, an odd number of
units 1/(3·UNIT) would be an even one. So float64 tells the predicates as exact numbers do.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import numpy as np
import sympy as sp

from simulations.engine.compile import compile_formula
from simulations.engine.device import computing
from simulations.studies.partitions.settings import Partitions, as_ratio
from simulations.study.agreement import COUNTS, compare
from simulations.study.lattice import UNIT, as_floats, closed_forms, nearest_starts
from theory.common.progress import Progress
from theory.model.dynamics import NormalisedState, normalised_step
from theory.model.limit import ClosedForm
from theory.model.orbit import Array, Start
from theory.model.regions import P_PARTITION, R_PARTITION, Predicate, in_P31, in_P41, in_P42

SUBPARTS: Mapping[str, Predicate] = {"P31": in_P31, "P41": in_P41, "P42": in_P42}
"""The subpartitions of P3 and P4."""

_ORBIT_STEPS = 40
LIMITS = ("R22", "R31", "R34")
"""The parts of R that hold a point of a limit cycle: long steps in R22; long steps to and fro
between R31 and R12; short steps in R34."""


class Picture(NamedTuple):
    """A P × P grid of starts at one ratio, a along the rows.

    Attributes:
        ratio: σ̃1²/σ̃0² as asked for; the starts have the nearest even multiple of 1/(3·UNIT).
        a: normalised A of each column, shape (P,).
        b: normalised B of each row, shape (P,).
        start: the starts, row by row, shape (P²,).
        inside: for each part, which starts it contains, shape (P, P).
        found: the closed form from each start.
        limit: index into LIMITS, shape (P, P).
        size_of_b: the greater |b| of the limit cycle, shape (P, P).
        orbits: sample orbits, one from the midst of each part, shape (steps + 1, 2) each.

    """

    ratio: str
    a: Array
    b: Array
    start: Start
    inside: dict[str, Array]
    found: ClosedForm
    limit: Array
    size_of_b: Array
    orbits: dict[str, Array]

    @property
    def parts(self) -> Array:
        """How many parts contain each start, shape (P, P)."""
        return sum(
            (x.astype(int) for name, x in self.inside.items() if name not in SUBPARTS),
            start=np.zeros_like(self.limit),
        )


def picture_of_r(settings: Partitions, ratio: str) -> Picture:
    """Return the partition R at a ratio, over |a| < 1 and |b| up to the reach."""
    a = _middles(-1.0, 1.0, settings.points)
    b = _middles(-settings.reach_of_r, settings.reach_of_r, settings.points)
    return _picture(ratio, a, b, R_PARTITION)


def picture_of_p(settings: Partitions, ratio: str) -> Picture:
    """Return the partition P at a ratio, with its subpartitions, over a, b > 0."""
    axis = _middles(0.0, settings.reach_of_p, settings.points)
    return _picture(ratio, axis, axis, {**P_PARTITION, **SUBPARTS})


def _middles(low: float, high: float, points: int) -> Array:
    edges = np.linspace(low, high, points + 1)
    return (edges[:-1] + edges[1:]) / 2


def _picture(ratio: str, a: Array, b: Array, parts: Mapping[str, Predicate]) -> Picture:
    shape = (len(b), len(a))
    grid_a, grid_b = (x.ravel() for x in np.meshgrid(a, b))
    start = nearest_starts(grid_a, grid_b, np.full(grid_a.shape, float(as_ratio("ratio", ratio))))
    inside = {k: x.reshape(shape) for k, x in membership(parts, *as_floats(start)).items()}
    found = closed_forms(start, "cpu")
    middles = {k: deepest(x) for k, x in inside.items() if x.any()}
    flat = {k: np.ravel_multi_index(at, shape) for k, at in middles.items()}
    orbits = {k: orbit(*(x[i] for x in as_floats(start))) for k, i in flat.items()}
    size_of_b = np.maximum(*(np.abs(state.b) for state in found.cycle)) / (3 * UNIT)
    limit = limits(start, found).reshape(shape)
    return Picture(ratio, a, b, start, inside, found, limit, size_of_b.reshape(shape), orbits)


def membership(parts: Mapping[str, Predicate], a: Array, b: Array, r: Array) -> dict[str, Array]:
    """Return which of N states each part contains, by its predicate; shape (N,) each."""
    with computing("cpu"):
        values = _indicators(tuple(parts.values()))(a, b, r)
    return {name: np.asarray(x) == 1 for name, x in zip(parts, values, strict=True)}


@lru_cache(maxsize=4)
def _indicators(predicates: tuple[Predicate, ...]) -> Callable[..., Any]:
    def indicators(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> tuple[sp.Expr, ...]:
        return tuple(sp.Piecewise((1, inside(a, b, r)), (0, True)) for inside in predicates)

    return jax.jit(compile_formula(indicators))


def limits(start: Start, found: ClosedForm) -> Array:
    """Return the index in LIMITS of the part that holds a point of each limit cycle, shape (N,).

    Raises:
        ArithmeticError: a cycle has a point in none of them, or in two.

    """
    _, _, r = as_floats(start)
    ends = [membership(R_PARTITION, s.a / (3 * UNIT), s.b / (3 * UNIT), r) for s in found.cycle]
    held = np.array([ends[0][name] | ends[1][name] for name in LIMITS])
    if not (held.sum(axis=0) == 1).all():
        raise ArithmeticError("a limit cycle is in none of R22, R31 and R34, or in two of them")
    return held.argmax(axis=0)


def orbit(a: float, b: float, r: float) -> Array:
    """Return (a, b) at iterations 0 to 40 of population signGD, shape (41, 2)."""
    path = [(a, b)]
    with computing("cpu"):
        for _ in range(_ORBIT_STEPS):
            after_a, after_b = _step(*path[-1], r)
            path.append((float(after_a), float(after_b)))
    return np.array(path)


@jax.jit
def _step(a: jax.Array, b: jax.Array, r: jax.Array) -> tuple[jax.Array, ...]:
    return _compiled_step(a, b, 0.0 * a, r)[:2]


_compiled_step = compile_formula(lambda a, b, c, r: normalised_step(NormalisedState(a, b, c), r))


def deepest(inside: Array) -> tuple[int, int]:
    """Return a point of a part, not empty, that is as far as any from its edge, in grid steps."""
    while True:
        padded = np.pad(inside, 1)
        inner = inside & padded[2:, 1:-1] & padded[:-2, 1:-1]
        inner &= padded[1:-1, 2:] & padded[1:-1, :-2]
        if not inner.any():
            row, column = np.argwhere(inside)[0]
            return int(row), int(column)
        inside = inner


class Experiment(NamedTuple):
    """The pictures, and the numbers that go into ``summary.json``."""

    of_r: list[Picture]
    of_p: list[Picture]
    results: dict[str, Any]


def run_experiment(settings: Partitions, progress: Progress) -> Experiment:
    """Compute everything; ``progress`` is called with the pictures done and their total."""
    total = len(settings.ratios_of_r) + len(settings.ratios_of_p)
    simulated = dict.fromkeys(COUNTS, 0)
    of_r: list[Picture] = []
    of_p: list[Picture] = []
    for pictures, ratios, make in (
        (of_r, settings.ratios_of_r, picture_of_r),
        (of_p, settings.ratios_of_p, picture_of_p),
    ):
        for ratio in ratios:
            pictures.append(make(settings, ratio))
            start = pictures[-1].start
            counts = compare(start, np.zeros(len(start.a)), "cpu")
            simulated = {name: simulated[name] + counts[name] for name in COUNTS}
            progress(len(of_r) + len(of_p), total)
    results = {
        "simulation": simulated,
        "R": {x.ratio: {**shares(x), **fates(x)} for x in of_r},
        "P": {x.ratio: {**shares(x), **counted(x)} for x in of_p},
    }
    return Experiment(of_r, of_p, results)


def shares(picture: Picture) -> dict[str, Any]:
    """Return the share of the picture in each part, in each overlap, and in no part."""
    names = [name for name in picture.inside if name not in SUBPARTS]
    stack = np.array([picture.inside[name].ravel() for name in names])
    several = stack.sum(axis=0) > 1
    patterns, counts = np.unique(stack[:, several], axis=1, return_counts=True)
    overlaps = {
        " and ".join(name for name, is_in in zip(names, pattern, strict=True) if is_in): n
        for pattern, n in zip(patterns.T, counts, strict=True)
    }
    size = stack.shape[1]
    return {
        "starts": size,
        "share_of_part": {name: float(x.mean()) for name, x in picture.inside.items()},
        "share_of_overlap": {name: int(n) / size for name, n in overlaps.items()},
        "share_in_no_part": float((stack.sum(axis=0) == 0).mean()),
    }


def fates(picture: Picture) -> dict[str, Any]:
    """Return, for each part of R, how many of its starts end in each of LIMITS, and after what.

    ``odd`` counts those that reach the cycle after an odd number of steps.
    """
    ends = {
        name: {limit: int((x & (picture.limit == i)).sum()) for i, limit in enumerate(LIMITS)}
        for name, x in picture.inside.items()
    }
    odd = picture.found.cycle[0].t.reshape(picture.limit.shape) % 2 == 1
    return {
        "ends": ends,
        "odd": {name: int((x & odd).sum()) for name, x in picture.inside.items()},
        "greatest_drift_of_c": int(np.abs(picture.found.cycle[0].c - picture.found.at_T.c).max()),
    }


def counted(picture: Picture) -> dict[str, Any]:
    """Return, for each part of P, its starts, and at how many the count is 0, and is T."""
    count = picture.found.short_steps.reshape(picture.limit.shape)
    T = picture.found.at_T.t.reshape(picture.limit.shape)
    return {
        "counts": {
            name: {
                "starts": int(x.sum()),
                "count_is_0": int((x & (count == 0)).sum()),
                "count_is_T": int((x & (count == T)).sum()),
            }
            for name, x in picture.inside.items()
        }
    }
