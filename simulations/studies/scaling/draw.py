"""Draw how the ratio is spread, for each rule."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from simulations.studies.scaling.settings import BASELINE, Scaling
from theory.common.figure import BLACK, BLUE, ORANGE, SKY, VERMILION, WIDTH_INCHES, house_style

_COLUMNS: Final = 4
_PANEL_INCHES: Final = 1.6
_OF_STEPS: Final = ((SKY, "o"), (ORANGE, "s"), (VERMILION, "^"), (BLACK, "D"), (BLUE, "v"))


def draw_bands(rows: Sequence[dict[str, Any]], which: str, label: str) -> Figure:
    """Return a panel for each rule: quantiles of the ratio against ``which``.

    Args:
        rows: of :func:`simulations.studies.scaling.report.rows_of`, of one sweep.
        which: ``d`` or ``irrelevant``.
        label: of the horizontal axis.

    """
    rules = [rule for rule in dict.fromkeys(row["rule"] for row in rows) if rule != BASELINE]
    with house_style():
        figure, panels = _panels(rules, _COLUMNS)
        for axes, rule in zip(panels, rules, strict=True):
            shown = [row for row in rows if row["rule"] == rule and row["quantiles"][0] is not None]
            x = [row[which] for row in shown]
            if shown:
                _band(axes, x, np.array([row["quantiles"] for row in shown]).T)
            axes.set_xscale("log")
            places = sorted({row[which] for row in rows})
            axes.set_xticks(places, [f"{place}" for place in places])
            _ratio_axis(axes, rule)
        _say_what_is_drawn(figure, "bands: the middle half and the middle 90 % of converged runs")
        figure.supxlabel(label, fontsize=8)
        figure.supylabel("adversarial risk of the rule / of GD", fontsize=8)
    return figure


def draw_energies(settings: Scaling, rows: Sequence[dict[str, Any]]) -> Figure:
    """Return a panel for each rule: the ratio against the energy, a line for each time."""
    rules = [rule for rule in settings.energy_rules if rule != BASELINE]
    positive = [energy for energy in settings.energies if energy > 0]
    with house_style():
        figure, panels = _panels(rules, 2, height=2.6)
        for axes, rule in zip(panels, rules, strict=True):
            for steps, (colour, marker) in zip(settings.energy_steps, _OF_STEPS, strict=False):
                shown = [
                    row
                    for row in rows
                    if (row["rule"], row["steps"]) == (rule, steps)
                    and row["quantiles"][0] is not None
                ]
                if shown:
                    x = [row["energy"] for row in shown]
                    low, middle, high = np.array([row["quantiles"] for row in shown]).T[[1, 2, 3]]
                    axes.plot(
                        x, middle, color=colour, marker=marker, markersize=4, label=f"{steps:,}"
                    )
                    axes.fill_between(x, low, high, color=colour, alpha=0.25, linewidth=0)
            if positive:
                axes.set_xscale("symlog", linthresh=min(positive), linscale=0.5)
            _ratio_axis(axes, rule)
        if panels[0].get_legend_handles_labels()[0]:
            panels[0].legend(frameon=False, title="updates", title_fontsize=7.5)
        _say_what_is_drawn(figure, "bands: the middle half of converged runs")
        figure.supxlabel("variance at the irrelevant frequencies / σ̃₀²", fontsize=8)
        figure.supylabel("adversarial risk of the rule / of GD", fontsize=8)
    return figure


def _say_what_is_drawn(figure: Figure, bands: str) -> None:
    figure.suptitle(f"Medians; {bands}", fontsize=8)


def _panels(
    names: Sequence[str], columns: int, height: float = _PANEL_INCHES
) -> tuple[Figure, list[Axes]]:
    count = max(1, len(names))
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    size = (WIDTH_INCHES, 0.6 + height * rows)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, squeeze=False).ravel().tolist()
    for axes in grid[len(names) :]:
        axes.set_axis_off()
    for axes in grid[max(0, len(names) - columns) : len(names)]:
        axes.tick_params(labelbottom=True)
    return figure, grid[: len(names)]


def _band(axes: Axes, x: Sequence[float], quantiles: np.ndarray) -> None:
    """Draw 5, 25, 50, 75 and 95 %, shape (5, places)."""
    for (low, high), alpha in (((0, 4), 0.2), ((1, 3), 0.35)):
        axes.fill_between(x, quantiles[low], quantiles[high], color=BLUE, alpha=alpha, linewidth=0)
    axes.plot(x, quantiles[2], color=BLUE, marker="o", markersize=3)


def _ratio_axis(axes: Axes, title: str) -> None:
    axes.axhline(1, color=BLACK, linewidth=0.7, linestyle=(0, (3, 2)))
    low, high = axes.get_ylim()
    # Rounding is not to look like a spread.
    axes.set_ylim(min(low, 0.97), max(high, 1.03))
    axes.set_title(title)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:.4g}"))
    axes.xaxis.set_minor_locator(NullLocator())
