"""Draw what each remedy closes of the gap to GD against what it costs."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from simulations.engine.outcome import LEARNT
from simulations.studies.remedies.experiment import Experiment
from simulations.studies.remedies.rows import Row
from simulations.studies.remedies.runs import (
    DECAYING,
    NONE,
    PENALTY,
    PENALTY_DECAYING,
    REMEDIES,
    RIDGE,
    RULES,
    WEIGHT_DECAY,
    WEIGHT_DECAY_DECAYING,
    ZERO_START,
)
from simulations.studies.remedies.settings import Remedies
from simulations.study.problems import PROBLEMS
from theory.common.figure import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PINK,
    SKY,
    VERMILION,
    WIDTH_INCHES,
    house_style,
)
from theory.common.plurals import counted

_HEIGHT_INCHES = 5.4
_LOOK: Final[dict[str, dict[str, Any]]] = {
    NONE: {"color": BLACK, "marker": "x"},
    ZERO_START: {"color": GREEN, "marker": "*", "markersize": 7},
    DECAYING: {"color": PINK, "marker": "D"},
    PENALTY: {"color": BLUE, "marker": "o"},
    PENALTY_DECAYING: {"color": SKY, "marker": "o", "markerfacecolor": "none"},
    WEIGHT_DECAY: {"color": VERMILION, "marker": "s"},
    WEIGHT_DECAY_DECAYING: {"color": ORANGE, "marker": "s", "markerfacecolor": "none"},
    RIDGE: {"color": BLACK, "linestyle": (0, (1, 1.5))},
}
# Costs below are drawn here: nobody minds them, and some are rounding.
_LEAST_COST: Final = 1e-8
# What is far below 0, or above all that learn the task, would hide the rest.
_LEAST_CLOSED: Final = -0.5


def draw(settings: Remedies, experiment: Experiment) -> Figure:
    """Return the figure: a row for each problem, a column for each rule."""
    with house_style():
        figure = Figure(figsize=(WIDTH_INCHES, _HEIGHT_INCHES), layout="constrained")
        grid = figure.subplots(len(PROBLEMS), len(RULES), sharex=True, sharey="row")
        for row, problem in zip(grid, PROBLEMS, strict=True):
            for axes, rule in zip(row, RULES, strict=True):
                rows = [r for r in experiment.rows if r.problem == problem]
                for remedy in REMEDIES:
                    found = [r for r in rows if (r.rule, r.remedy) == (rule, remedy)]
                    _with_quartiles(axes, found, _LOOK[remedy])
                if rule == "signGD":
                    _closed_form(axes, [r for r in rows if r.remedy == RIDGE])
                axes.set_title(f"{rule}, {problem}")
                axes.axhline(1, color=BLACK, linewidth=0.5)
                axes.axhline(0, color=BLACK, linewidth=0.5)
                axes.set_xscale("log")
            row[0].set_ylim(_LEAST_CLOSED, 1.15 * _greatest_affordable(experiment, problem))
            row[0].set_ylabel("part of the gap to GD closed")
        for axes in grid[-1]:
            axes.set_xlabel("R_s / R_s(0)")
        keys = [Line2D([], [], **_style(look), label=name) for name, look in _LOOK.items()]
        figure.legend(handles=keys, loc="outside lower center", ncols=4, frameon=False)
        figure.suptitle(
            f"Medians and quartiles over {counted(settings.seeds, 'seed')}; λ grows along a "
            "line, and what does not learn the task is cut off",
            fontsize=8,
        )
    return figure


def _greatest_affordable(experiment: Experiment, problem: str) -> float:
    rows = [row for row in experiment.rows if row.problem == problem]
    return max([1.0, *(r.closed[1] for r in rows if r.standard_risk[1] < LEARNT)])


def _style(look: dict[str, Any]) -> dict[str, Any]:
    return {"linewidth": 1, "markersize": 4, **look}


def _with_quartiles(axes: Axes, rows: Sequence[Row], look: dict[str, Any]) -> None:
    ordered = sorted(rows, key=lambda row: row.strength)
    cost = np.maximum([row.standard_risk[1] for row in ordered], _LEAST_COST)
    low, middle, high = np.array([row.closed for row in ordered]).T
    axes.plot(cost, middle, **_style(look))
    axes.vlines(cost, low, high, color=look["color"], linewidth=1.5, alpha=0.4)


def _closed_form(axes: Axes, rows: Sequence[Row]) -> None:
    ordered = sorted(rows, key=lambda row: row.strength)
    cost = [max(row.standard_risk[1], _LEAST_COST) for row in ordered]
    axes.plot(cost, [row.closed[1] for row in ordered], **_style(_LOOK[RIDGE]))
