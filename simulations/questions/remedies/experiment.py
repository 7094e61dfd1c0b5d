"""signGD, RMSProp and Adam with each remedy, from the same starts, against GD's limit."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from simulations.evidence import Check, judged
from simulations.explore.rules import Polynomial, update_rule
from simulations.explore.spectrum import Runs
from simulations.explore.train import Outcome, train
from simulations.questions.answer import Progress
from simulations.questions.problems import (
    PROBLEMS,
    epsilon,
    gd_limit_risk,
    greatest_in_space,
    late_times,
    problem_of,
    risk_of_zero,
    runs_of,
)
from simulations.questions.quartiles import Quartiles, quartiles
from simulations.questions.remedies.ridge import penalised_gd_error, ridge_error
from simulations.questions.remedies.settings import Remedies
from simulations.questions.sweeps import Columns, combinations
from simulations.simulate import adversarial_risk, standard_risk
from simulations.sweep.blocks import Column, Computation
from simulations.sweep.grid import Parameter, Points, Sweep, sweep_of
from simulations.sweep.run import run_sweep
from simulations.sweep.store import read_columns

RULES: Final = ("signGD", "RMSProp", "Adam")
NONE, ZERO_START, DECAYING = "none", "zero start", "decaying rate"
PENALTY, PENALTY_DECAYING = "l2 penalty", "l2 penalty + decaying rate"
WEIGHT_DECAY, WEIGHT_DECAY_DECAYING = "weight decay", "weight decay + decaying rate"
_PENALISED: Final = (PENALTY, PENALTY_DECAYING)
_DECAYED: Final = (WEIGHT_DECAY, WEIGHT_DECAY_DECAYING)
_WITH_DECAYING_RATE: Final = (DECAYING, PENALTY_DECAYING, WEIGHT_DECAY_DECAYING)
REMEDIES: Final = (NONE, ZERO_START, DECAYING, *_PENALISED, *_DECAYED)
RIDGE: Final = "ridge solution"
"""The limit of GD with an l2 penalty or weight decay, by its closed form."""
AFFORDABLE: Final = 0.01
"""Of the standard risk of the weights 0: a remedy that leaves more has not learnt the task."""
_UNIT_ROUNDOFF: Final = 2.0**-53

_PARAMETERS: Final = (
    Parameter("problem", str, ",".join(PROBLEMS), PROBLEMS),
    Parameter("rule", str, ",".join(RULES), RULES),
    # A remedy, and its strength if it has one: each value in words.
    Parameter("remedy", str),
    Parameter("learning_rate", float),
    Parameter("iterations", int),
    Parameter("start", float),
    Parameter("d", int),
    Parameter("alpha", float),
    Parameter("device", str),
)
_COLUMNS: Final = (
    Column("gap", np.float64),
    Column("adversarial_ratio", np.float64),
    Column("standard_risk", np.float64),
    Column("distance_to_ridge", np.float64),
    Column("greatest_weight", np.float64),
)


class Case(NamedTuple):
    """A remedy and the λ of its penalty or decay, 0 if it has neither."""

    remedy: str
    strength: float = 0.0

    def __str__(self) -> str:
        return f"{self.remedy}: {self.strength!r}"

    @classmethod
    def of(cls, text: str) -> "Case":
        """Return the case that ``str`` gives as ``text``."""
        remedy, _, strength = text.partition(": ")
        return cls(remedy, float(strength))


def sweep_for(settings: Remedies) -> Sweep:
    """Return what is computed: each remedy, of both problems, all rules and all seeds."""
    cases = [
        *map(Case, (NONE, ZERO_START, DECAYING)),
        *(Case(remedy, x) for remedy in _PENALISED for x in settings.l2_penalty),
        *(Case(remedy, x) for remedy in _DECAYED for x in settings.weight_decay),
    ]
    names = ("learning_rate", "iterations", "start", "d", "alpha")
    fixed = [*(f"{n}={getattr(settings, n)!r}" for n in names), f"device={settings.device}"]
    options = [f"remedy={','.join(map(str, cases))}", *fixed]
    return sweep_of(_PARAMETERS, options=options, seeds=settings.seeds)


def measured(points: Points) -> dict[str, np.ndarray]:
    """Train from each point's start, and average risks over the last tenth of training.

    Returns:
        Arrays of shape (n,): ``gap``, the adversarial risk less that of GD's limit from the same
        start without a remedy, and ``adversarial_ratio``, over it; ``standard_risk``, over that of
        the weights 0; ``distance_to_ridge``, max |w̃ − ridge solution| at the end (NaN without a
        penalty); ``greatest_weight``, the greatest |w| of a coordinate in space at the end.

    """
    names = [p.name for p in _PARAMETERS if p.name != "remedy"]
    return points.groupwise(names, _of_one_rule)


def _of_one_rule(points: Points) -> dict[str, np.ndarray]:
    cases = [Case.of(text) for text in points["remedy"]]
    decaying = np.array([case.remedy in _WITH_DECAYING_RATE for case in cases])
    found = {column.name: np.empty(len(points)) for column in _COLUMNS}
    for group in (np.flatnonzero(~decaying), np.flatnonzero(decaying)):
        if len(group):
            seeds = points["seed"][group].tolist()
            values = _of_one_schedule(points.fixed, [cases[i] for i in group], seeds)
            for name, x in values.items():
                found[name][group] = x
    return found


def _of_one_schedule(
    at: Mapping[str, Any], cases: list[Case], seeds: list[int]
) -> dict[str, np.ndarray]:
    without = problem_of(at["problem"], at["d"], at["alpha"], at["start"]).runs(seeds)
    outcome = _trained(at, cases, without)
    of_gd = gd_limit_risk(without)
    risk = outcome.adversarial_risk(epsilon()).mean(axis=1)
    return {
        "gap": risk - of_gd,
        "adversarial_ratio": risk / of_gd,
        "standard_risk": outcome.standard_risk().mean(axis=1) / risk_of_zero(without),
        "distance_to_ridge": _distance_to_ridge(cases, outcome),
        "greatest_weight": greatest_in_space(outcome.w_tilde[:, -1]),
    }


def _trained(at: Mapping[str, Any], cases: list[Case], runs: Runs) -> Outcome:
    """Train all cases at once; they have one schedule, at a rate that decays to 0 or stays."""
    zero, decaying = (
        np.array([case.remedy in names for case in cases])
        for names in ((ZERO_START,), _WITH_DECAYING_RATE)
    )
    iterations, decays = at["iterations"], bool(decaying.all())
    rules = [
        update_rule(
            at["rule"],
            at["learning_rate"],
            l2_penalty=case.strength if case.remedy in _PENALISED else 0.0,
            weight_decay=case.strength if case.remedy in _DECAYED else 0.0,
            schedule=Polynomial(iterations) if decays else None,
        )
        for case in cases
    ]
    return train(
        replace(runs, w0_tilde=np.where(zero[:, None], 0.0, runs.w0_tilde)),
        rules,
        iterations=iterations,
        record_at=() if decays else late_times(iterations),
        device=at["device"],
    )


def _distance_to_ridge(cases: list[Case], outcome: Outcome) -> np.ndarray:
    runs, distance = outcome.runs, np.full(len(cases), np.nan)
    for case in {case for case in cases if case.remedy in _PENALISED}:
        of_case = [i for i, other in enumerate(cases) if other == case]
        ridge = ridge_error(runs.sigma_tilde_sq, runs.w_star_tilde[of_case], case.strength)
        distance[of_case] = np.abs(outcome.e_tilde[of_case, -1] - ridge).max(axis=1)
    return distance


COMPUTATION: Final = Computation("remedies", measured, _COLUMNS)


class Row(NamedTuple):
    """One rule with one remedy, over its seeds.

    Attributes:
        problem: its name.
        rule: one of :data:`RULES`.
        remedy: one of :data:`REMEDIES`.
        strength: λ of penalty or decay, else 0.
        closed: part of the rule's gap to GD that the remedy closes, 1 − gap/(gap without remedy):
            lower quartile, median and upper quartile, as the others. Above 1 it is more robust
            than GD's limit.
        adversarial_ratio: adversarial risk over that of GD's limit without a remedy.
        standard_risk: over that of the weights 0.
        distance_to_ridge: of the weights at the end; NaN without a penalty.
        greatest_weight: in space, at the end, of all seeds.
        n: seeds that stayed finite.

    """

    problem: str
    rule: str
    remedy: str
    strength: float
    closed: Quartiles
    adversarial_ratio: Quartiles
    standard_risk: Quartiles
    distance_to_ridge: Quartiles
    greatest_weight: float
    n: int


class Experiment(NamedTuple):
    """What was found: the rows, and what had to hold."""

    rows: list[Row]
    checks: dict[str, Check]


def run_experiment(settings: Remedies, folder: Path, progress: Progress) -> Experiment:
    """Compute, or go on with, all sweeps in ``folder``; ``progress`` is told of points done.

    Raises:
        UserError: the folder holds sweeps of other settings or of other code, or cannot be
            written.

    """
    sweep = sweep_for(settings)
    run_sweep(
        replace(COMPUTATION, most_rows=-(-sweep.rows // (len(PROBLEMS) * len(RULES)))),
        sweep,
        folder,
        device=settings.device,
        progress=progress,
    )
    points = [
        (at["problem"], at["rule"], Case.of(at["remedy"]), values)
        for at, values in combinations(sweep, read_columns(folder))
    ]
    gaps = {
        (problem, rule): values["gap"]
        for problem, rule, case, values in points
        if case.remedy == NONE
    }
    rows = [_row(*point, gaps) for point in points]
    rows += ridge_rows(settings, gaps)
    return Experiment(rows, checks_of(settings, rows))


def _row(
    problem: str,
    rule: str,
    case: Case,
    values: Columns,
    gaps: dict[tuple[str, str], np.ndarray],
) -> Row:
    return Row(
        *(problem, rule, *case),
        closed=quartiles(1 - values["gap"] / gaps[problem, rule]),
        adversarial_ratio=quartiles(values["adversarial_ratio"]),
        standard_risk=quartiles(values["standard_risk"]),
        distance_to_ridge=quartiles(values["distance_to_ridge"]),
        greatest_weight=float(np.nanmax(values["greatest_weight"], initial=0)),
        n=int(np.isfinite(values["gap"]).sum()),
    )


def ridge_rows(settings: Remedies, gaps: dict[tuple[str, str], np.ndarray]) -> Iterator[Row]:
    """Yield the closed forms: the ridge solution, measured against signGD's gap."""
    for problem in PROBLEMS:
        runs = runs_of(problem, settings)
        of_gd, of_zero = gd_limit_risk(runs), risk_of_zero(runs)
        for strength in settings.l2_penalty:
            e = ridge_error(runs.sigma_tilde_sq, runs.w_star_tilde, strength)
            variances = runs.sigma_tilde_sq[None]
            risk = adversarial_risk(variances, e, runs.w_star_tilde, epsilon())
            yield Row(
                *(problem, "GD", RIDGE, strength),
                closed=quartiles(1 - (risk - of_gd) / gaps[problem, "signGD"]),
                adversarial_ratio=quartiles(risk / of_gd),
                standard_risk=quartiles(standard_risk(variances, e) / of_zero),
                distance_to_ridge=(0.0, 0.0, 0.0),
                greatest_weight=float(greatest_in_space(e + runs.w_star_tilde).max()),
                n=len(runs),
            )


def checks_of(settings: Remedies, rows: list[Row]) -> dict[str, Check]:
    """Return what had to hold, and whether it did."""
    return {
        "penalised_gd_closed_form": penalised_gd(settings),
        "weights_bounded_by_weight_decay": bounded_by_weight_decay(settings, rows),
    }


def penalised_gd(settings: Remedies) -> Check:
    """GD with an l2 penalty, and with weight decay, against the closed form.

    A step rounds each of some ten terms of size at most ‖ẽ‖ + ‖w̃‖, and no stable step amplifies
    what was, so that after t of them the error is at most 16(t + 1)u(‖ẽ(0)‖ + 2‖w̃*‖).
    """
    rate, worst, iterations = 1.0, 0.0, settings.iterations
    for problem in PROBLEMS:
        runs = runs_of(problem, settings)
        w_star, w0 = (np.linalg.norm(x, axis=1).max() for x in (runs.w_star_tilde, runs.w0_tilde))
        bound = 16 * (iterations + 1) * _UNIT_ROUNDOFF * (w0 + 3 * w_star)
        for strength in (settings.l2_penalty[0], settings.l2_penalty[-1]):
            exact = penalised_gd_error(
                *(runs.sigma_tilde_sq, runs.w_star_tilde, runs.w0_tilde),
                *(strength, rate, iterations),
            )
            for rule in (
                update_rule("GD", rate, l2_penalty=strength),
                update_rule("GD", rate, weight_decay=strength),
            ):
                end = train(runs, rule, iterations=iterations, device=settings.device)
                worst = max(worst, float(np.abs(end.e_tilde[:, -1] - exact).max() / bound))
    return judged(
        worst <= 1,
        "GD with an l2 penalty, or with weight decay, is where (4.12) takes it towards the ridge "
        "solution, but for rounding",
        f"{worst:.2g} of the bound on rounding at most, over {4 * len(PROBLEMS)} cases of "
        f"{settings.seeds} seeds, {iterations} updates",
        of_simulator=True,
    )


def bounded_by_weight_decay(settings: Remedies, rows: list[Row]) -> Check:
    """SignGD with weight decay λ against the cube |w_j| ≤ 1/λ that it may not leave.

    A step takes w to (1 − ηλ)w − ηs with |s_j| ≤ 1, so what |w_j| exceeds 1/λ by shrinks by the
    factor 1 − ηλ: after t steps of a constant rate |w_j| ≤ 1/λ + (1 − ηλ)ᵗ|w_j(0)|.
    """
    worst = 0.0
    for row in rows:
        if row.rule == "signGD" and row.remedy == WEIGHT_DECAY:
            first = float(greatest_in_space(runs_of(row.problem, settings).w0_tilde).max())
            left = (1 - settings.learning_rate * row.strength) ** settings.iterations
            worst = max(worst, row.greatest_weight / (1 / row.strength + left * first))
    return judged(
        worst <= 1,
        "signGD with weight decay λ ends with |w_j| ≤ 1/λ + (1 − ηλ)ᵗ max|w_j(0)|",
        f"{worst:.3g} of the bound at most",
        of_simulator=True,
    )
