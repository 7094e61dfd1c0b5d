"""Training runs at the points of a grid: all that share a compiled program advance together."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np

from simulations.engine.limit import gd_limit
from simulations.engine.outcome import Outcome, risk_of_zero
from simulations.engine.risk import adversarial_risk
from simulations.engine.rules import Rule
from simulations.engine.spectrum import Runs, Variances
from simulations.engine.train import train
from simulations.sweep.blocks import MOST_ROWS, Column, Computation
from simulations.sweep.checked import Grid
from simulations.sweep.grid import Axis, Points, Sweep
from simulations.sweep.parameters import POPULATION, PROBLEM
from simulations.sweep.point import problem_of, rule_of

COLUMNS: Final = (
    Column("standard_risk", np.float64),
    Column("standard_share", np.float64),
    Column("adversarial_risk", np.float64),
    Column("ratio", np.float64),
    Column("movement", np.float64),
    Column("weights_norm", np.float64),
    Column("failed_at", np.int64),
)
"""Of the last iteration, NaN where a run did not stay finite: standard and adversarial population
risk (4.9), the former also over that of zero weights, and the latter over that of the limit of
population GD from the same start; ‖w̃ − w̃(0)‖ at the irrelevant frequencies; ‖w‖; and the number of
updates after which the weights were first not finite, 0 if they always were."""

RADIUS: Final = "epsilon"
SAMPLES: Final = "samples_per_step"
# Compiled programs differ in these, and in whether gradients are the population's.
_PROGRAM: Final = ("rule", "d", "schedule", "schedule_steps", "power", "iterations")
_ARRAYS_PER_RUN: Final = 24
# Updates of coordinates in a block, which is what a kill loses: some ten seconds of a CPU's core.
_UPDATES_PER_BLOCK: Final = 2**29
_MOST_FILES: Final = 2**12


def computation(grid: Grid, device: str = "auto") -> Computation:
    """Return what is computed at each point of a grid: the columns :data:`COLUMNS`.

    Args:
        grid: whose points they are.
        device: ``auto``, ``cpu`` or ``gpu``.

    """
    names = program(grid.sweep)
    return Computation(
        "training runs",
        partial(trained, program=names, spectra=grid.spectra, device=device),
        COLUMNS,
        working_bytes=_ARRAYS_PER_RUN * np.dtype(np.float64).itemsize * greatest(grid.sweep, "d"),
        most_rows=_rows_of_a_block(grid.sweep, names),
        work=_updates,
    )


def _updates(points: Points) -> float:
    """Return how many updates of numbers there are at some points."""
    return float((points["d"].astype(float) * points["iterations"]).sum())


def program(sweep: Sweep) -> tuple[str, ...]:
    """Return the parameters that are the same in all points that are trained together."""
    return (*_PROGRAM, SAMPLES) if POPULATION in _values(sweep, SAMPLES) else _PROGRAM


def greatest(sweep: Sweep, name: str) -> int:
    """Return the greatest value of a parameter in a sweep."""
    values = _values(sweep, name)
    return int(max(values[0], values[-1]) if isinstance(values, range) else max(values))


def _values(sweep: Sweep, name: str) -> Sequence[Any]:
    fixed = (Axis(n, (x,)) for n, x in sweep.fixed)  # type: ignore[arg-type]  # of one kind
    return next(axis.values for axis in (*sweep.axes, *fixed) if axis.name == name)


def _rows_of_a_block(sweep: Sweep, program: Sequence[str]) -> int:
    """Return a number of rows that holds whole programs, or divides one, so that few are compiled.

    A program is compiled again for another number of runs.
    """
    group = math.prod(len(axis) for axis in sweep.all_axes if axis.name not in program)
    updates = greatest(sweep, "d") * greatest(sweep, "iterations")
    most = min(MOST_ROWS, max(1, _UPDATES_PER_BLOCK // updates))
    if group <= most:
        return group * -(-sweep.rows // (group * _MOST_FILES))
    divisors = (n for n in range(most, most // 2, -1) if group % n == 0)
    return next(divisors, most)


def trained(
    points: Points, program: Sequence[str], spectra: Mapping[str, Variances], device: str
) -> dict[str, np.ndarray]:
    """Train a run for each point; each column of :data:`COLUMNS` has shape (n,).

    Args:
        points: of a grid.
        program: the parameters that :func:`program` says.
        spectra: those that are given by their numbers.
        device: ``auto``, ``cpu`` or ``gpu``.

    """
    return points.groupwise(program, partial(_of_one_program, spectra=spectra, device=device))


def _of_one_program(
    points: Points, spectra: Mapping[str, Variances], device: str
) -> dict[str, np.ndarray]:
    # Points that differ in the attack's radius alone are one run.
    groups = list(_alike(points, [name for name in points.swept if name != RADIUS]))
    ats = [_point(points, group[0]) for group in groups]
    runs, irrelevant = _runs(points, groups, spectra)
    numbers = _samples(ats)
    outcome = train(
        runs,
        _rules(points, ats),
        iterations=ats[0]["iterations"],
        samples_per_step=numbers,
        device=device,
    )
    run_of = np.empty(len(points), np.int64)
    for run, group in enumerate(groups):
        run_of[group] = run
    return _measured(outcome, irrelevant, run_of, points[RADIUS])


def _alike(points: Points, names: Sequence[str]) -> Iterator[np.ndarray]:
    """Yield the positions of the points that agree in swept parameters, in a fixed order."""
    codes = np.stack([np.unique(points.swept[name], return_inverse=True)[1] for name in names])
    order = np.lexsort(codes[::-1])
    changes = (np.diff(codes[:, order], axis=1) != 0).any(axis=0)
    yield from np.split(order, np.flatnonzero(changes) + 1)


def _point(points: Points, position: int) -> dict[str, Any]:
    return {**points.fixed, **{name: of[position].item() for name, of in points.swept.items()}}


def _rules(points: Points, ats: Sequence[Mapping[str, Any]]) -> Rule | list[Rule]:
    """Return one rule for all runs where none of its numbers is swept, or else one for each."""
    first = rule_of(ats[0])
    return [rule_of(at) for at in ats] if set(first.numbers) & set(points.swept) else first


def _samples(ats: Sequence[Mapping[str, Any]]) -> int | list[int] | None:
    numbers = [at[SAMPLES] for at in ats]
    if len(set(numbers)) > 1:
        return numbers
    return None if numbers[0] == POPULATION else int(numbers[0])


def _runs(
    points: Points, groups: Sequence[np.ndarray], spectra: Mapping[str, Variances]
) -> tuple[Runs, np.ndarray]:
    """Return a run for each group of points, and whether a frequency is irrelevant, (S, d)."""
    firsts = np.array([group[0] for group in groups])
    seeds = points["seed"][firsts]
    swept = {name: of[firsts] for name, of in points.swept.items()}
    chosen = Points(points.rows[firsts], swept, points.fixed)
    d: Any = points.fixed["d"]
    variances, w_star, w0 = (np.empty((len(firsts), d)) for _ in range(3))
    irrelevant = np.zeros((len(firsts), d), bool)
    names = [name for name in swept if name in PROBLEM]
    together = _alike(chosen, names) if names else [np.arange(len(chosen))]
    for group in together:
        problem = problem_of(_point(chosen, group[0]), spectra)
        found = problem.runs(seeds[group].tolist())
        variances[group] = found.sigma_tilde_sq
        w_star[group], w0[group] = found.w_star_tilde, found.w0_tilde
        irrelevant[group[:, None], list(problem.irrelevant.frequencies)] = True
    return Runs(variances, w_star, w0, tuple(seeds.tolist())), irrelevant


def _measured(
    outcome: Outcome, irrelevant: np.ndarray, run_of: np.ndarray, radii: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the columns of each point, given the run of each and the radius of its attack."""
    runs, e_tilde = outcome.runs, outcome.e_tilde[:, -1]
    limit = gd_limit(runs)
    moved = np.where(irrelevant, outcome.w_tilde[:, -1] - runs.w0_tilde, 0.0)
    failed_at = np.zeros(len(runs), np.int64)
    for failure in outcome.failures:
        failed_at[failure.run] = failure.iteration
        moved[failure.run] = np.nan
    adversarial, of_limit = np.empty((2, len(run_of)))
    # Weights may be finite where their squares are not.
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        for radius in np.unique(radii):
            here = np.flatnonzero(radii == radius)
            of_run = run_of[here]
            for risks, errors in ((adversarial, e_tilde), (of_limit, limit)):
                risks[here] = adversarial_risk(
                    runs.sigma_tilde_sq[of_run], errors[of_run], runs.w_star_tilde[of_run], radius
                )
        standard = outcome.standard_risk()[:, -1]
        return {
            "standard_risk": standard[run_of],
            "standard_share": (standard / risk_of_zero(runs))[run_of],
            "adversarial_risk": adversarial,
            "ratio": adversarial / of_limit,
            "movement": np.linalg.norm(moved, axis=1)[run_of],
            "weights_norm": np.linalg.norm(outcome.w_tilde[:, -1], axis=1)[run_of],
            "failed_at": failed_at[run_of],
        }
