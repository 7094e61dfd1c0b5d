"""signGD, RMSProp and Adam with each remedy: what is trained at each point of the sweep."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np

from simulations.engine.outcome import Outcome, risk_of_zero
from simulations.engine.rules import Polynomial, update_rule
from simulations.engine.runs import Runs
from simulations.engine.train import train
from simulations.studies.remedies.ridge import ridge_error
from simulations.studies.remedies.settings import Remedies
from simulations.study import problems
from simulations.study.problems import (
    PROBLEMS,
    alike_everywhere,
    epsilon,
    gd_limit_risk,
    greatest_in_space,
    late_times,
    runs_at,
)
from simulations.study.rounding import TWINS, ULPS, moved
from simulations.sweep.blocks import Column, Computation
from simulations.sweep.grid import Parameter, Points, Sweep
from simulations.sweep.notation import sweep_over

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

SWEEP: Final = "remedies"
PARAMETERS: Final = (
    *problems.PARAMETERS,
    Parameter("rule", str, ",".join(RULES), RULES),
    # A remedy, and its strength if it has one: each value in words.
    Parameter("remedy", str),
    Parameter("learning_rate", float),
    Parameter("iterations", int),
)
COLUMNS: Final = tuple(
    Column(name, np.float64)
    for name in (
        *("gap", "adversarial_ratio", "standard_risk"),
        *("distance_to_ridge", "greatest_weight"),
    )
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
    """Return what is computed: each remedy, of both problems, all rules and seeds, and twins."""
    cases = (
        *map(Case, (NONE, ZERO_START, DECAYING)),
        *(Case(remedy, x) for remedy in _PENALISED for x in settings.l2_penalty),
        *(Case(remedy, x) for remedy in _DECAYED for x in settings.weight_decay),
    )
    values = {
        **alike_everywhere(settings),
        ULPS: TWINS,
        "remedy": cases,
        "learning_rate": settings.learning_rate,
        "iterations": settings.iterations,
    }
    return sweep_over(PARAMETERS, values, settings.seeds)


def measured(points: Points) -> dict[str, np.ndarray]:
    """Train from each point's start, and average risks over the last tenth of training.

    Returns:
        Arrays of shape (n,): ``gap``, the adversarial risk less that of GD's limit from the same
        start without a remedy, and ``adversarial_ratio``, over it; ``standard_risk``, over that of
        the weights 0; ``distance_to_ridge``, max |w̃ − ridge solution| at the end (NaN without a
        penalty); ``greatest_weight``, the greatest |w| of a coordinate in space at the end.

    """
    names = [p.name for p in PARAMETERS if p.name != "remedy"]
    return points.groupwise(names, _of_one_program)


def _of_one_program(points: Points) -> dict[str, np.ndarray]:
    cases = [Case.of(text) for text in points["remedy"]]
    decaying = np.array([case.remedy in _WITH_DECAYING_RATE for case in cases])
    found = {column.name: np.empty(len(points)) for column in COLUMNS}
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
    without = runs_at(at, seeds)
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
    start = replace(runs, w0_tilde=np.where(zero[:, None], 0.0, runs.w0_tilde))
    return train(
        moved(start, at[ULPS]),
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


def computation(sweep: Sweep) -> Computation:
    """Return what is computed at the points of the sweep, in blocks of one rule without twins."""
    rows = -(-sweep.rows // (len(PROBLEMS) * len(TWINS) * len(RULES)))
    return Computation(SWEEP, measured, COLUMNS, most_rows=rows)
