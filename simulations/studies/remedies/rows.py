"""What the sweep found of each remedy, in quartiles over the seeds, and the ridge solution."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from simulations.engine.outcome import risk_of_zero
from simulations.engine.risk import adversarial_risk, standard_risk
from simulations.studies.remedies.ridge import ridge_error
from simulations.studies.remedies.runs import NONE, RIDGE, Case
from simulations.studies.remedies.settings import Remedies
from simulations.study.problems import (
    PROBLEMS,
    epsilon,
    gd_limit_risk,
    greatest_in_space,
    runs_of,
)
from simulations.study.quartiles import Quartiles, quartiles
from simulations.study.rounding import Columns, Pair, distance

Gaps: TypeAlias = dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]
"""Excess in adversarial risk over GD's limit without a remedy, of runs and of their twins, by
problem and rule."""
_SPREAD: Final = ("closed", "adversarial_ratio", "standard_risk", "distance_to_ridge")


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
        rounding: how far rounding moves each of the four, by name.

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
    rounding: dict[str, float]


def rows_of(settings: Remedies, points: Iterable[Pair]) -> list[Row]:
    """Return a row for each remedy of the sweep, and then those of the ridge solution.

    Args:
        settings: that the sweep was computed with.
        points: what the sweep varies, with the columns of all seeds and of their twins there.

    """
    found = [
        (at["problem"], at["rule"], Case.of(at["remedy"]), (values, twins))
        for at, values, twins in points
    ]
    gaps = {
        (problem, rule): (values["gap"], twins["gap"])
        for problem, rule, case, (values, twins) in found
        if case.remedy == NONE
    }
    return [*(_row(*point, gaps) for point in found), *ridge_rows(settings, gaps)]


def _row(
    problem: str,
    rule: str,
    case: Case,
    measured: tuple[Columns, Columns],
    gaps: Gaps,
) -> Row:
    values, twins = (
        {"closed": 1 - columns["gap"] / gap, **columns}
        for columns, gap in zip(measured, gaps[problem, rule], strict=True)
    )
    return Row(
        *(problem, rule, *case),
        closed=quartiles(values["closed"]),
        adversarial_ratio=quartiles(values["adversarial_ratio"]),
        standard_risk=quartiles(values["standard_risk"]),
        distance_to_ridge=quartiles(values["distance_to_ridge"]),
        greatest_weight=float(np.nanmax(values["greatest_weight"], initial=0)),
        n=int(np.isfinite(values["gap"]).sum()),
        rounding={name: distance(values[name], twins[name]) for name in _SPREAD},
    )


def ridge_rows(settings: Remedies, gaps: Gaps) -> Iterator[Row]:
    """Yield the closed forms: the ridge solution, measured against signGD's gap."""
    for problem in PROBLEMS:
        runs = runs_of(problem, settings)
        of_gd, of_zero = gd_limit_risk(runs), risk_of_zero(runs)
        for strength in settings.l2_penalty:
            e = ridge_error(runs.sigma_tilde_sq, runs.w_star_tilde, strength)
            variances = runs.sigma_tilde_sq[None]
            risk = adversarial_risk(variances, e, runs.w_star_tilde, epsilon())
            closed, twins = (1 - (risk - of_gd) / gap for gap in gaps[problem, "signGD"])
            yield Row(
                *(problem, "GD", RIDGE, strength),
                closed=quartiles(closed),
                adversarial_ratio=quartiles(risk / of_gd),
                standard_risk=quartiles(standard_risk(variances, e) / of_zero),
                distance_to_ridge=(0.0, 0.0, 0.0),
                greatest_weight=float(greatest_in_space(e + runs.w_star_tilde).max()),
                n=len(runs),
                rounding={**dict.fromkeys(_SPREAD, 0.0), "closed": distance(closed, twins)},
            )
