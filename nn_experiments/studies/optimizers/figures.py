"""Figure 4.1 in the thesis's layout, and Lipschitz bounds by layer.

Colours are Okabe and Ito's; optimizers are told apart by shape too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nn_experiments.evidence.findings import Verdict
from nn_experiments.evidence.intervals import ONE_DISAGREEMENT, Interval, mean
from nn_experiments.plurals import either
from nn_experiments.specs import OptimizerSpec
from nn_experiments.studies.optimizers import thesis_tables as published
from nn_experiments.studies.optimizers.measurements import (
    CLEAN,
    KINDS,
    Kind,
    Measurements,
    MeasureName,
)
from nn_experiments.studies.optimizers.preset import Preset
from nn_experiments.studies.optimizers.table_4_1 import perturbed_measures
from nn_experiments.studies.optimizers.tables import NORM_SYMBOLS, Compared, measure_text, name_of
from nn_experiments.style import (
    WIDTH_INCHES,
    footnote,
    house_style,
    in_legend,
    legend,
    looks,
    wrapped,
)
from theory.common.figure import BLACK, BLUE, GREEN, ORANGE, PINK, SKY, VERMILION

_COLOURS = (BLUE, VERMILION, GREEN, PINK, ORANGE, SKY, BLACK)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_HATCHES = ("", "////", "....", "xxxx", "----", "++++", "oooo")
_BAR_LETTERS = 24  # of a layer's name below its bars
_PANELS: dict[Kind, str] = {
    "gaussian": "Gaussian noise",
    "l2": "ℓ2-bounded attack",
    "linf": "ℓ∞-bounded attack",
}


@dataclass(frozen=True)
class _Point:
    """An optimizer in a panel of Figure 4.1, in percent."""

    perturbed: Interval
    standard: Interval


def figure_4_1(compared: Sequence[Compared]) -> Figure:
    """Return Figure 4.1: standard accuracy against accuracy under each kind of perturbation.

    A colour for each data set and a shape for each optimizer; bars are intervals over trainings and
    test images. Hollow markers are the published values, where they are known.
    """
    with house_style():
        figure = Figure(figsize=(WIDTH_INCHES, 3.2), layout="constrained")
        panels = dict(zip(KINDS, figure.subplots(1, 3, sharey=True), strict=True))
        titles = list(dict.fromkeys(o.title for preset, _ in compared for o in preset.optimizers))
        for (preset, measurements), colour in zip(compared, _cycle(_COLOURS), strict=False):
            for optimizer in preset.optimizers:
                marker = _MARKERS[titles.index(optimizer.title) % len(_MARKERS)]
                for kind, axes in panels.items():
                    _draw_point(axes, kind, preset, measurements, optimizer, colour, marker)
        for kind, axes in panels.items():
            _label_panel(axes, kind, compared)
        panels["gaussian"].set_ylabel("standard accuracy (%)")
        keys = _legend(compared, titles)
        legend(figure, list(keys.values()), list(keys))
        confidence = compared[0][0].margins.confidence if compared else 0.95
        sizes = "; ".join(_sample(preset, measurements) for preset, measurements in compared)
        footnote(
            figure,
            f"Bars: {confidence:.0%} intervals of each accuracy by itself, over trainings and "
            f"images. {sizes}.",
        )
    return figure


def _sample(preset: Preset, measurements: Measurements) -> str:
    """Say how many trainings and test images are behind a comparison's numbers."""
    runs = [
        run for optimizer in preset.optimizers for run in measurements.finished(optimizer.title)
    ]
    seeds = sorted({len(measurements.finished(o.title)) for o in preset.optimizers})
    clean = sorted({len(run.correct[CLEAN]) for run in runs if CLEAN in run.correct})
    noisy, attacked = (
        sorted({len(c) for run in runs for m, c in run.correct.items() if m.startswith(kinds)})
        for kinds in (("gaussian/",), ("l2/", "linf/"))
    )
    parts = [f"{name_of(preset)}: {either(seeds, 'seed')}"]
    parts += [either(clean, "test image")] if clean else []
    seen = noisy if noisy != clean else []
    parts += [f"{' or '.join(f'{n:,}' for n in seen)} with noise"] if seen else []
    parts += [f"{' or '.join(f'{n:,}' for n in attacked)} attacked"] if attacked else []
    return ", ".join(parts)


def _cycle(values: Sequence[str]) -> list[str]:
    return list(values) * 10


def _measure(preset: Preset, kind: Kind) -> MeasureName | None:
    measures, _ = perturbed_measures(preset)
    found = [m for m in measures if m.removeprefix("top5/").startswith(f"{kind}/")]
    return found[0] if found else None


def _draw_point(
    axes: Axes,
    kind: Kind,
    preset: Preset,
    measurements: Measurements,
    optimizer: OptimizerSpec,
    colour: str,
    marker: str,
) -> None:
    measure = _measure(preset, kind)
    if measure is None:
        return
    clean = f"top5/{CLEAN}" if measure.startswith("top5/") else CLEAN
    x, y = (published.accuracy(preset, optimizer, m) for m in (measure, clean))
    if x is not None and y is not None:
        axes.plot(x, y, marker=marker, ms=5.5, mfc="none", mec=colour, mew=1, zorder=2)
    ours = _point(preset, measurements, optimizer, measure, clean)
    if ours is not None:
        axes.errorbar(
            ours.perturbed.estimate,
            ours.standard.estimate,
            xerr=_bars(ours.perturbed),
            yerr=_bars(ours.standard),
            marker=marker,
            ms=5,
            mec="white",
            mew=0.4,
            color=colour,
            elinewidth=0.8,
            capsize=1.5,
            zorder=3,
        )


def _point(
    preset: Preset,
    measurements: Measurements,
    optimizer: OptimizerSpec,
    measure: MeasureName,
    clean: MeasureName,
) -> _Point | None:
    found = [measurements.correct(optimizer.title, m) for m in (measure, clean)]
    if found[0] is None or found[1] is None:
        return None
    confidence = preset.margins.confidence
    perturbed, standard = (
        mean(values, confidence, added_square=ONE_DISAGREEMENT).scaled(100)
        for values in found
        if values is not None
    )
    return _Point(perturbed, standard)


def _bars(interval: Interval) -> list[list[float]] | None:
    """Return how far bars reach, inside [0, 100] %; none if the spread is unknown."""
    low, high = max(interval.low, 0.0), min(interval.high, 100.0)
    if not np.isfinite(interval.low):
        return None
    return [[interval.estimate - low], [high - interval.estimate]]


def _label_panel(axes: Axes, kind: Kind, compared: Sequence[Compared]) -> None:
    axes.set_title(_PANELS[kind], loc="left")
    label = "accuracy under perturbation (%)"
    if len(compared) == 1 and (measure := _measure(compared[0][0], kind)) is not None:
        label = f"accuracy, {measure_text(measure.removeprefix('top5/'))} (%)"
    axes.set_xlabel(label)
    axes.margins(0.12)
    axes.grid(color="#E5E5E5", linewidth=0.5)
    axes.set_axisbelow(True)
    if not axes.has_data():
        axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center", fontsize=7.5)


def _legend(compared: Sequence[Compared], titles: Sequence[str]) -> dict[str, Line2D]:
    keys = {
        title: Line2D([], [], linestyle="", marker=_MARKERS[i % len(_MARKERS)], color="#404040")
        for i, title in enumerate(titles)
    }
    for (preset, _), colour in zip(compared, _cycle(_COLOURS), strict=False):
        # A data set may be called as an optimizer is.
        name = f"{name_of(preset)}{' (images)' * (name_of(preset) in titles)}"
        keys[name] = Line2D([], [], linestyle="-", linewidth=4, color=colour)
    is_shown = any(
        published.accuracy(preset, optimizer, CLEAN) is not None
        for preset, _ in compared
        for optimizer in preset.optimizers
    )
    if is_shown:
        keys["published (hollow)"] = Line2D(
            [], [], linestyle="", marker="o", mfc="none", mec="#404040"
        )
    return keys


def lipschitz_by_layer(preset: Preset, measurements: Measurements, norm: str = "l2") -> Figure:
    """Return bounds on each layer and their product, as bars on a logarithmic axis.

    Bars are geometric means over seeds, lines reach from the least to the greatest seed.
    """
    found = {o.title: measurements.lipschitz(o.title, norm) for o in preset.optimizers}
    bars: dict[str, dict[str, list[float]]] = {}
    for title, bounds in found.items():
        for bound in bounds:
            for layer, value in (*bound.layers, ("product", bound.product)):
                bars.setdefault(layer, {}).setdefault(title, []).append(value)
    with house_style():
        figure = Figure(figsize=(WIDTH_INCHES, 3.4), layout="constrained")
        axes = figure.subplots()
        for i, (title, look) in enumerate(looks(list(found)).items()):
            _draw_bars(axes, bars, title, look["color"], i, len(found))
        axes.set_xticks(range(len(bars)), [wrapped(name, _BAR_LETTERS) for name in bars])
        if len(bars) > 8:
            axes.tick_params(axis="x", labelrotation=60)
        axes.set_ylabel(f"bound on the {NORM_SYMBOLS.get(norm, norm)} norm (log scale)")
        if bars:
            axes.set_yscale("log")
            axes.axhline(1, color="black", linewidth=0.6)
            axes.axvline(len(bars) - 1.5, color="#7F7F7F", linewidth=0.6, linestyle=":")
            spread = "bars: geometric means over seeds; lines: least and greatest seed"
            footnote(figure, f"{_sample(preset, measurements).partition(',')[0]}; {spread}.")
            legend(figure, *axes.get_legend_handles_labels())
        else:
            axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center")
    return figure


def _draw_bars(
    axes: Axes, bars: dict[str, dict[str, list[float]]], title: str, colour: str, i: int, n: int
) -> None:
    places, heights, below, above = [], [], [], []
    for place, by_title in enumerate(bars.values()):
        if title in by_title:
            values = by_title[title]
            height = float(np.exp(np.mean(np.log(values))))
            places.append(place + (i - (n - 1) / 2) * 0.8 / n)
            heights.append(height)
            below.append(height - min(values))
            above.append(max(values) - height)
    if places:
        # Rounding can put a mean of equal numbers above them all.
        axes.bar(
            places,
            heights,
            width=0.7 / n,
            yerr=np.maximum([below, above], 0),
            color=colour,
            hatch=_HATCHES[i % len(_HATCHES)],
            edgecolor="white",
            linewidth=0.3,
            error_kw={"elinewidth": 0.8, "capsize": 1.5},
            label=in_legend(title),
        )


def other_reading(shown: Sequence[Verdict]) -> str:
    """Say what published ratios of bounds would be if Table 4.1 showed logarithms."""
    found = [v for v in shown if v.published_otherwise is not None]
    if not found:
        return ""
    told = ", ".join(f"{v.comparison} {v.published_otherwise:+.2f}" for v in found)
    return (
        "\nPublished bounds are taken as products. If Table 4.1 shows their logarithms, "
        f"the published ratios are: {told}."
    )
