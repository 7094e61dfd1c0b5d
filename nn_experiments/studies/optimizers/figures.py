"""Figure 4.1 in the thesis's layout, the verdicts as a forest plot, and Lipschitz bounds by layer.

Colours are Okabe and Ito's; optimizers, and outcomes, are told apart by shape too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nn_experiments.evidence.intervals import ONE_DISAGREEMENT, Interval, mean
from nn_experiments.evidence.outcomes import Outcome
from nn_experiments.evidence.store import CLEAN, KINDS, Kind, Measure, Measurements
from nn_experiments.plurals import either
from nn_experiments.specs import OptimizerSpec, Preset
from nn_experiments.studies.optimizers import thesis_tables as published
from nn_experiments.studies.optimizers.predictions import IRRELEVANT, LN_RATIO, POINTS, Verdict
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
_OUTCOMES: dict[Outcome, tuple[str, str]] = {
    Outcome.SUPPORTED: (BLUE, "o"),
    Outcome.CONTRADICTED: (VERMILION, "X"),
    Outcome.INCONCLUSIVE: ("#7F7F7F", "D"),
}
_MARGIN_COLOUR = "#DDEBD9"
_ROW_LETTERS = 56  # of what a row of the forest plot is about
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


def _measure(preset: Preset, kind: Kind) -> Measure | None:
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
    measure: Measure,
    clean: Measure,
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


def forest(verdicts: Sequence[Verdict], *, only_primary: bool = False) -> Figure:
    """Return the effects with their intervals, a row each; what was not run is left out.

    One panel for each unit. Shaded: the margin that a prediction of similarity or of a small cost
    was held against. A hollow diamond is the published effect; a dagger stands where the rules of
    the verdict were changed after the results.
    """
    shown = [v for v in verdicts if v.effect is not None and (v.is_primary or not only_primary)]
    units = [unit for unit in (POINTS, LN_RATIO) if any(v.unit == unit for v in shown)]
    by_unit = [[v for v in shown if v.unit == unit] for unit in units] or [[]]
    # Rows of text, and what the axes of a panel take beside them.
    heights = [0.45 + 0.165 * _lines(rows) for rows in by_unit]
    with house_style():
        figure = Figure(figsize=(WIDTH_INCHES, sum(heights) + 0.6), layout="constrained")
        panels = np.ravel(figure.subplots(len(by_unit), 1, height_ratios=heights))
        for axes, rows in zip(panels, by_unit, strict=True):
            _draw_forest(axes, rows)
        handles: list[Artist] = [
            Line2D([], [], linestyle="", marker=marker, color=colour, label=str(outcome))
            for outcome, (colour, marker) in _OUTCOMES.items()
        ]
        if any(v.published is not None for v in shown):
            handles.append(
                Line2D([], [], linestyle="", marker="d", mfc="none", mec="black", label="published")
            )
        if any(v.margin is not None for v in shown):
            handles.append(Patch(color=_MARGIN_COLOUR, label="within the margin"))
        figure.legend(handles=handles, loc="outside upper center", ncols=5, frameon=False)
        is_any_pale = any(not v.is_primary for v in shown)
        pale = " Pale: shown, not counted." if is_any_pale else ""
        changed = (
            " †: the rules were changed after the results." if any(v.changed for v in shown) else ""
        )
        footnote(figure, f"{_what_bars_are(shown)}{pale}{changed}{_other_reading(shown)}")
    return figure


def _other_reading(shown: Sequence[Verdict]) -> str:
    """Say what published ratios of bounds would be if Table 4.1 showed logarithms."""
    found = [v for v in shown if v.published_otherwise is not None]
    if not found:
        return ""
    told = ", ".join(f"{v.comparison} {v.published_otherwise:+.2f}" for v in found)
    return (
        "\nPublished bounds are taken as products. If Table 4.1 shows their logarithms, "
        f"the published ratios are: {told}."
    )


def _what_bars_are(shown: Sequence[Verdict]) -> str:
    confidences = {f"{v.effect.confidence:.0%}" for v in shown if v.effect is not None}
    over = "trainings and images"
    if any(v.unit == LN_RATIO for v in shown):
        over += " (bounds: over trainings)"
    return f"Bars: {' or '.join(sorted(confidences))} intervals over {over}, one at a time."


def _lines(rows: Sequence[Verdict]) -> int:
    return sum(len(_row_text(r).splitlines()) for r in rows) + len({r.prediction for r in rows})


def _row_text(row: Verdict) -> str:
    mark = " †" if row.changed else ""
    measure = f"{measure_text(row.measure)}{mark}"
    is_short = len(f"{row.comparison}, {measure}") <= _ROW_LETTERS
    return f"{wrapped(row.comparison, _ROW_LETTERS)},{' ' if is_short else chr(10)}{measure}"


def _draw_forest(axes: Axes, rows: Sequence[Verdict]) -> None:
    axes.axvline(0, color="black", linewidth=0.6, zorder=1)
    y, prediction = 0.0, None
    labels: list[tuple[float, str, bool]] = []
    for row in rows:
        if row.prediction != prediction:
            prediction = row.prediction
            labels.append((y, prediction, True))
            y += 1
        name = _row_text(row)
        y += name.count("\n") / 2
        labels.append((y, name, False))
        _draw_effect(axes, row, y)
        y += 1 + name.count("\n") / 2
    _shade_margins(axes, rows, [at for at, _, is_heading in labels if not is_heading])
    axes.set_ylim(max(y, 1) - 0.4, -0.6)
    axes.set_yticks([at for at, _, _ in labels], [text for _, text, _ in labels])
    for text, (_, _, is_heading) in zip(axes.get_yticklabels(), labels, strict=True):
        text.set_fontweight("bold" if is_heading else "normal")
        text.set_fontsize(7 if is_heading else 6.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"effect ({rows[0].unit})" if rows else "nothing was run")


def _shade_margins(axes: Axes, rows: Sequence[Verdict], places: Sequence[float]) -> None:
    """Shade what the margins allow; a cost may be as far below 0 as it likes."""
    margins = [row.margin for row in rows if row.margin is not None]
    if not margins:
        return
    left, right = axes.get_xlim()
    left, right = min(left, -1.2 * max(margins)), max(right, 1.2 * max(margins))
    for row, y in zip(rows, places, strict=True):
        if row.margin is not None:
            start = left if row.prediction == IRRELEVANT else -row.margin
            axes.fill_betweenx(
                [y - 0.45, y + 0.45], start, row.margin, color=_MARGIN_COLOUR, lw=0, zorder=0
            )
    axes.set_xlim(left, right)


def _draw_effect(axes: Axes, row: Verdict, y: float) -> None:
    if row.effect is None:
        return
    colour, marker = _OUTCOMES[row.outcome]
    style: dict[str, Any] = {"color": colour, "alpha": 1.0 if row.is_primary else 0.55}
    bars = None
    if np.isfinite(row.effect.low):
        bars = [[row.effect.estimate - row.effect.low], [row.effect.high - row.effect.estimate]]
    axes.errorbar(
        row.effect.estimate, y, xerr=bars, marker=marker, ms=4, capsize=1.5, zorder=3, **style
    )
    if row.published is not None:
        axes.plot(row.published, y, marker="d", ms=4, mfc="none", mec="black", mew=0.7, zorder=4)


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
