"""Draw how far the irrelevant weights move, over each of what decides Adam's memory."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulations.studies.memory.experiment import Experiment
from simulations.studies.memory.rows import Row, settles
from simulations.studies.memory.runs import MEMBERS, NO_MEMORY
from simulations.studies.memory.settings import Memory
from simulations.study.problems import FIGURE_4_7, PROBLEMS
from theory.common.figure import BLACK, GREEN, PINK, VERMILION, WIDTH_INCHES, house_style
from theory.common.plurals import counted

_HEIGHT_INCHES = 4.9
_LOOK: Final = {NO_MEMORY: (VERMILION, "D"), "RMSProp": (PINK, "^"), "Adam": (GREEN, "s")}
_LABELS: Final = {
    "eps": "ε",
    "samples": "inputs in a minibatch",
    "learning_rate": "learning rate",
}


def draw(settings: Memory, experiment: Experiment) -> Figure:
    """Return the figure: a row of panels for each problem."""
    with house_style():
        figure = Figure(figsize=(WIDTH_INCHES, _HEIGHT_INCHES), layout="constrained")
        grid = figure.subplots(len(PROBLEMS), 1 + len(_LABELS))
        for row, problem in zip(grid, PROBLEMS, strict=True):
            betas = [r for r in experiment.rows["betas of Adam"] if r.problem == problem]
            _over_betas(row[0], settings, betas)
            row[0].set_ylabel(f"{problem}\n\nβ₁")
            found = {name: experiment.rows[name] for name in _LABELS}
            top = 1.12 * max(
                r.movement[2] for rows in found.values() for r in rows if r.problem == problem
            )
            for axes, (quantity, label) in zip(row[1:], _LABELS.items(), strict=True):
                rows = [r for r in found[quantity] if r.problem == problem]
                _over(axes, rows, quantity, label)
                axes.set_ylim(0, top)
                if problem == FIGURE_4_7:
                    axes.axhline(
                        experiment.closed_form[1],
                        color=BLACK,
                        linestyle=(0, (1, 1.5)),
                        label="signGD, closed form",
                    )
        grid[0, 1].set_ylabel("‖Δw̃ irrelevant‖ / ‖w̃*‖")
        grid[1, 1].set_ylabel("‖Δw̃ irrelevant‖ / ‖w̃*‖")
        handles, labels = grid[0, 1].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
        figure.suptitle(
            f"Medians over {counted(settings.seeds, 'seed')}; bands from the lower to the upper "
            "quartile",
            fontsize=8,
        )
    return figure


def _over_betas(axes: Axes, settings: Memory, rows: Sequence[Row]) -> None:
    """Draw the median as a shade and a number; a dash where the rule does not learn the task."""
    shape = (len(settings.beta1), len(settings.beta2))
    median = np.full(shape, np.nan)
    for row in rows:
        if settles(row):
            place = settings.beta1.index(row.at["beta1"]), settings.beta2.index(row.at["beta2"])
            median[place] = row.movement[1]
    greatest = np.nanmax(median)
    axes.imshow(median, cmap="cividis", vmin=0, vmax=greatest, aspect="auto", origin="lower")
    for (i, j), value in np.ndenumerate(median):
        colour = "white" if value < greatest / 2 else BLACK
        text = "–" if np.isnan(value) else f"{value:.2f}"
        axes.text(j, i, text, ha="center", va="center", fontsize=5.5, color=colour)
    axes.set_xticks(range(shape[1]), [f"{x:g}" for x in settings.beta2], fontsize=5.5)
    axes.set_yticks(range(shape[0]), [f"{x:g}" for x in settings.beta1])
    axes.set_xlabel("β₂ of Adam, ε = 0")


def _over(axes: Axes, rows: Sequence[Row], quantity: str, label: str) -> None:
    for member in MEMBERS:
        of_member = sorted((r.at[quantity], *r.movement) for r in rows if r.member == member)
        x, low, middle, high = np.array(of_member).T
        colour, marker = _LOOK[member]
        style: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 3.5}
        axes.plot(x, middle, **style, label=_name(member))
        axes.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
    positive = all(r.at[quantity] > 0 for r in rows)
    axes.set_xscale("log" if positive else "symlog")
    axes.set_xlabel(label)


def _name(member: str) -> str:
    return "Adam, β₁ = β₂ = 0" if member == NO_MEMORY else f"{member}, default β"
