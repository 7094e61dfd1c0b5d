"""Draw Figure 4.7: (a) the errors, (b) the risks, with the phases and the theory's predictions."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulations.studies.figure_4_7.experiment import Experiment, Theory
from theory.common import figure as style
from theory.common.figure import WIDTH_INCHES, house_style, looks

_STYLES = {
    name: {"color": look["color"], "linestyle": look["linestyle"]}
    for name, look in looks(("GD", "signGD", "Adam", "RMSProp")).items()
}
_PHASES = ("#E3F1E1", "#ECE4F2")
_SUBSCRIPTS = "₀₁₂"
# Standard risks below this part of the greatest one, or of 1 if that is less, are rounding: ẽ0 and
# ẽ1 are differences of spatial coordinates.
_LEAST_STANDARD_RISK = 1e-12
# Of a diverging run; near the largest float the ticks of a logarithmic axis overflow.
_GREATEST_DRAWN = 1e100
# Of an axis's height.
_HEIGHT_OF_A_TEXT = 0.07
_HEIGHT_INCHES = 4.9
NAME = "figure_4_7"
TITLE = "Errors and risks of GD, signGD, Adam and RMSProp over the iterations"


def draw(experiment: Experiment, theory: Theory) -> Figure:
    """Return the figure; its width is that of a page's text, 7.2 inches.

    Lines are means over the seeds, bands reach from the least to the greatest seed, and phases are
    split at T of population signGD where it is known.
    """
    with house_style():
        figure = Figure(figsize=(WIDTH_INCHES, _HEIGHT_INCHES), layout="constrained")
        grid = figure.add_gridspec(6, 2)
        left = [figure.add_subplot(grid[2 * i : 2 * i + 2, 0]) for i in range(3)]
        right = [figure.add_subplot(grid[3 * i : 3 * i + 3, 1]) for i in range(2)]
        for axes in (*left, *right):
            _iteration_axis(axes, experiment, is_last=axes in (left[-1], right[-1]))
            _phases(axes, experiment, theory)
        _draw_errors(left, experiment)
        _draw_risks(right, experiment, theory)
        _label_phases(left[0], experiment, theory)
        figure.legend(
            *left[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False
        )
    return figure


def write_figure(figure: Figure, folder: Path) -> list[Path]:
    """Write ``figure_4_7.png``, ``.pdf`` and ``.svg``, each whole; return their paths.

    Raises:
        UserError: the folder cannot be made or written.

    """
    return style.write_figure(figure, folder / NAME, TITLE, ("png", "pdf", "svg"))


def _iteration_axis(axes: Axes, experiment: Experiment, *, is_last: bool) -> None:
    axes.set_xscale("log")
    axes.set_xlim(1, max(experiment.settings.iterations, 2))
    if is_last:
        axes.set_xlabel("iteration t (log scale)")
    else:
        axes.tick_params(which="both", labelbottom=False)


def _phases(axes: Axes, experiment: Experiment, theory: Theory) -> None:
    if theory.orbit is None:
        return
    split, end = max(theory.orbit.T, 1), experiment.settings.iterations
    axes.axvspan(1, min(split, end), color=_PHASES[0], linewidth=0, zorder=0)
    if split < end:
        axes.axvspan(split, end, color=_PHASES[1], linewidth=0, zorder=0)


def _label_phases(axes: Axes, experiment: Experiment, theory: Theory) -> None:
    """Write T where the background changes; in a corner if the run ends before."""
    if theory.orbit is None:
        return
    T = theory.orbit.T
    text_style: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7.5}
    if experiment.settings.iterations >= T:
        at = ("data", "axes fraction")
        axes.annotate(f"T = {T}", (max(T, 1), 1), xycoords=at, xytext=(3, -9), **text_style)
    else:
        text = f"T = {T}, after the end" if T < 10**12 else f"T ≈ {T:.2e}, after the end"
        axes.annotate(text, (0, 0), xycoords="axes fraction", xytext=(3, 4), **text_style)


def _draw_errors(panels: list[Axes], experiment: Experiment) -> None:
    for i, axes in enumerate(panels):
        for name in _survivors(experiment):
            _line(axes, experiment, name, np.abs(experiment.runs[name].e_tilde[:, :, i]))
        axes.set_ylabel(f"|ẽ{_SUBSCRIPTS[i]}|")
        axes.set_ylim(bottom=0)
        _note_what_is_not_drawn(axes)
    panels[0].set_title("(a) error along each frequency", loc="left")
    panels[2].text(
        0.02, 0.9, "irrelevant frequency", transform=panels[2].transAxes, fontsize=7.5, va="top"
    )


def _draw_risks(panels: list[Axes], experiment: Experiment, theory: Theory) -> None:
    standard, adversarial = panels
    for name in _survivors(experiment):
        _line(standard, experiment, name, experiment.standard_risk[name])
        _line(adversarial, experiment, name, experiment.adversarial_risk[name])
    _standard_risk_axis(standard)
    standard.set_title("(b) population risks", loc="left")
    radius = experiment.settings.epsilon.replace("sqrt(2)", "√2")
    adversarial.set_ylabel(f"adversarial risk, ε = {radius}")
    _note_what_is_not_drawn(adversarial)
    limits = {
        name: limit.mean
        for name, limit in (("GD", theory.gd), ("signGD", theory.signgd))
        if limit is not None and limit.mean.adversarial <= _GREATEST_DRAWN
    }
    _draw_levels(standard, {n: float(r.standard) for n, r in limits.items() if r.standard != 0})
    _draw_levels(adversarial, {n: float(r.adversarial) for n, r in limits.items()}, write=True)


def _standard_risk_axis(axes: Axes) -> None:
    """Logarithmic, down to where rounding begins; linear where there is no positive risk."""
    greatest = np.nanmax(_drawn(axes), initial=0.0)
    if greatest > 0:
        axes.set_yscale("log")
        axes.set_ylim(bottom=min(1.0, greatest) * _LEAST_STANDARD_RISK)
        axes.set_ylabel("standard risk (log scale)")
    else:
        axes.set_ylim(0, 1)
        axes.set_ylabel("standard risk")
        _note_what_is_not_drawn(axes)


def _drawn(axes: Axes) -> np.ndarray:
    """Heights of all lines; NaN where they are too large to be drawn."""
    return np.array([y for line in axes.lines for y in np.asarray(line.get_ydata(), float)])


def _note_what_is_not_drawn(axes: Axes) -> None:
    """Say why a panel looks empty: what is in it is zero, or too large."""
    heights = _drawn(axes)
    if heights.size and (np.isnan(heights).all() or not heights.any()):
        text = f"above {_GREATEST_DRAWN:g}" if np.isnan(heights).all() else "zero throughout"
        axes.text(0.5, 0.6, text, transform=axes.transAxes, ha="center", fontsize=7.5)


def _draw_levels(axes: Axes, levels: dict[str, float], *, write: bool = False) -> None:
    """Draw the limits as horizontal lines; texts of two near ones stand side by side."""
    for name, level in levels.items():
        axes.axhline(level, color=_STYLES[name]["color"], linewidth=0.7, zorder=1)
    to_axes = axes.transScale + axes.transLimits
    heights = [to_axes.transform((1, level))[1] for level in levels.values()]
    are_near = len(heights) == 2 and abs(heights[0] - heights[1]) < _HEIGHT_OF_A_TEXT
    for i, (name, level) in enumerate(levels.items()):
        text = f"population limit, exact: {_short(level)}" if write else "population limit, exact"
        _annotate_level(axes, text, 0.52 if i and are_near else 0.02, level, _STYLES[name]["color"])


def _short(level: float) -> str:
    return f"{level:.2f}" if level == 0 or 0.1 <= level < 1e6 else f"{level:.3g}"


def _annotate_level(axes: Axes, text: str, x: float, level: float, colour: str) -> None:
    axes.annotate(
        text,
        (x, level),
        xycoords=("axes fraction", "data"),
        xytext=(0, 2),
        textcoords="offset points",
        fontsize=7,
        color=colour,
    )


def _survivors(experiment: Experiment) -> list[str]:
    failures = experiment.failures
    return [name for name in experiment.settings.optimizers if name not in failures]


def _line(axes: Axes, experiment: Experiment, name: str, values: np.ndarray) -> None:
    t = experiment.iterations
    shown = t >= 1
    values = np.asarray(values, np.float64)
    values = np.where(values <= _GREATEST_DRAWN, values, np.nan)
    look, colour = _STYLES[name], _STYLES[name]["color"]
    low, mean, high = (reduce(values, axis=0)[shown] for reduce in (np.min, np.mean, np.max))
    axes.fill_between(t[shown], low, high, color=colour, alpha=0.25, linewidth=0)
    if shown.sum() == 1:  # a point makes no line
        look = {**look, "marker": "o", "markersize": 4, "clip_on": False}
    axes.plot(t[shown], mean, label=name, **look)
