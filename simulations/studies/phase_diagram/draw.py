"""Draw the phase diagrams."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from simulations.studies.phase_diagram.experiment import Diagram, Experiment
from simulations.studies.phase_diagram.outcomes import Outcome, movement_in_the_limit
from simulations.studies.phase_diagram.settings import PhaseDiagram
from theory.common.figure import BLACK, BLUE, VERMILION, WIDTH_INCHES, house_style
from theory.model.limit import A_and_B
from theory.model.orbit import Array
from theory.published import figure_4_7

_HEIGHT_INCHES = 6.4
# Orange below 1, signGD more robust; purple above, GD more robust: told apart by every eye.
_DIVERGING = "PuOr"


def draw(settings: PhaseDiagram, experiment: Experiment) -> Figure:
    """Return the figure: the ratio in three diagrams, and where risk and condition differ."""
    plane, line, results = experiment
    with house_style():
        figure = Figure(figsize=(WIDTH_INCHES, _HEIGHT_INCHES), layout="constrained")
        (top_left, top_right), (left, right) = figure.subplots(2, 2)
        _over_r_and_q(top_left, plane, plane.found[0])
        top_left.set_title("(a) w̃₂(0) = 0")
        _published_point(top_left)
        _over_r_and_q(top_right, plane, plane.found[1], 2 * settings.w2)
        top_right.set_title(f"(b) towards 0 from w̃₂(0) = {settings.w2:g}‖w̃*‖")
        _over_w2_and_q(left, line, settings)
        left.set_title(f"(c) r = {settings.r:g}")
        _over_sizes(right, results["sizes"])
        right.set_title("(d) starts too coarse for the condition")
    return figure


def _image(axes: Axes, diagram: Diagram, found: Outcome, label: str) -> None:
    """Draw the ratio with a colour bar; white is 1."""
    ratio = found.ratio.reshape(len(diagram.y), len(diagram.x))
    reach = max(ratio.max() - 1, 1 - ratio.min())
    mesh = axes.pcolormesh(
        diagram.x,
        diagram.y,
        ratio,
        norm=TwoSlopeNorm(1.0, 1 - reach, 1 + reach),
        cmap=_DIVERGING,
        shading="nearest",
        rasterized=True,
    )
    bar = axes.figure.colorbar(mesh, ax=axes, pad=0.02, aspect=30)
    bar.set_label(label)
    axes.set_yscale("log")
    axes.set_ylabel("q = |B(0)| / |A(0)|")
    axes.yaxis.set_major_formatter(FuncFormatter("{:g}".format))


def _over_r_and_q(axes: Axes, diagram: Diagram, found: Outcome, level: float | None = None) -> None:
    _image(axes, diagram, found, "Rₐ(signGD) / Rₐ(GD)")
    axes.set_xscale("log")
    axes.set_xlabel("r = σ̃₁² / σ̃₀²")
    axes.xaxis.set_major_formatter(FuncFormatter("{:g}".format))
    ridge = np.maximum(1, 3 * diagram.x)
    shown = ridge <= diagram.y[-1]
    axes.plot(diagram.x[shown], ridge[shown], color=BLACK, linestyle=(0, (1, 1.5)), linewidth=1)
    if level is not None:
        _boundary(axes, diagram, level)


def _boundary(axes: Axes, diagram: Diagram, level: float) -> None:
    """Draw where |Δw̃2| is 2|w̃2(0)| as η → 0; nothing, if that is nowhere."""
    r, q = np.meshgrid(diagram.x, diagram.y)
    movement = movement_in_the_limit(r, q)
    if movement.min() < level < movement.max():
        axes.contour(r, q, movement, levels=[level], colors=[BLACK], linewidths=1.2)


def _over_w2_and_q(axes: Axes, diagram: Diagram, settings: PhaseDiagram) -> None:
    _image(axes, diagram, diagram.found[0], "Rₐ(signGD) / Rₐ(GD)")
    axes.set_xlabel("w̃₂(0) / ‖w̃*‖, positive where signGD moves it towards 0")
    half = movement_in_the_limit(np.full_like(diagram.y, settings.r), diagram.y) / 2
    axes.plot(half, diagram.y, color=BLACK, linewidth=1.2)
    axes.axvline(0, color=BLACK, linewidth=1.2)
    for side, text in (("left", "GD more robust"), ("right", "signGD more robust")):
        x = {"left": 0.03, "right": 0.97}[side]
        axes.text(x, 0.04, text, transform=axes.transAxes, fontsize=7.5, ha=side)


def _published_point(axes: Axes) -> None:
    """Mark Figure 4.7, if its point lies in the diagram."""
    problem = figure_4_7().problem
    A, B = A_and_B(problem, problem.e0_tilde)
    r = float(problem.sigma_tilde_sq[1] / problem.sigma_tilde_sq[0])
    q = abs(float(B / A))
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    if left < r < right and bottom < q < top:
        axes.plot([r], [q], marker="*", color=BLACK, markersize=8, linestyle="none")
        axes.annotate("Figure 4.7", (r, q), xytext=(4, -9), textcoords="offset points", fontsize=7)


def _over_sizes(axes: Axes, sizes: list[dict[str, Any]]) -> None:
    x = [at["size"] for at in sizes]
    for which, name, colour, marker in (
        ("random w2", "random w̃₂(0)", BLUE, "o"),
        ("w2 = 0", "w̃₂(0) = 0", VERMILION, "s"),
    ):
        rows = [at[which] for at in sizes]
        undecided = [1 - row["decided_by_bounds"] / row["starts"] for row in rows]
        mismatches = [row["mismatches"] / row["starts"] for row in rows]
        style: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 4}
        axes.plot(x, _positive(undecided), **style, linestyle="--", label=f"η too large, {name}")
        axes.plot(x, _positive(mismatches), **style, label=f"condition ≠ risks, {name}")
    axes.set(xscale="log", yscale="log", xlabel="|A(0)| / (σ̃₀²η)", ylabel="share of the starts")
    axes.set_ylim(1e-2 / sizes[0]["w2 = 0"]["starts"], 2)  # the legend is below what can be seen
    axes.legend(frameon=False, loc="lower left")


def _positive(shares: list[float]) -> Array:
    """Zeros have no place on a logarithmic axis."""
    return np.array([share if share > 0 else np.nan for share in shares])
