"""The verdicts as a forest plot: outcomes are told apart by shape and by Okabe-Ito colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nn_experiments.evidence.findings import Verdict
from nn_experiments.evidence.outcomes import Outcome, Rule
from nn_experiments.study import LN_RATIO, POINTS
from nn_experiments.style import WIDTH_INCHES, footnote, house_style, wrapped
from theory.common.figure import BLUE, VERMILION

_OUTCOMES: dict[Outcome, tuple[str, str]] = {
    Outcome.SUPPORTED: (BLUE, "o"),
    Outcome.CONTRADICTED: (VERMILION, "X"),
    Outcome.INCONCLUSIVE: ("#7F7F7F", "D"),
}
_MARGIN_COLOUR = "#DDEBD9"
_ROW_LETTERS = 56  # of what a row of the forest plot is about


def forest(
    verdicts: Sequence[Verdict],
    rules: Mapping[str, Rule],
    *,
    only_primary: bool = False,
    measure_text: Callable[[str], str] = str,
    more: Callable[[Sequence[Verdict]], str] = lambda _: "",
) -> Figure:
    """Return the effects with their intervals, a row each; what was not run is left out.

    One panel for each unit. Shaded: the margin that a prediction of similarity or of a small cost
    was held against. A hollow diamond is the published effect; a dagger stands where the rules of
    the verdict were changed after the results.

    Args:
        verdicts: on all comparisons.
        rules: what each prediction's intervals were held against.
        only_primary: whether only what counts is shown.
        measure_text: returns a measure as it is to be read.
        more: returns what else the footnote says of what is shown.

    """
    shown = [v for v in verdicts if v.effect is not None and (v.is_primary or not only_primary)]
    units = sorted({v.unit for v in shown}, key=lambda unit: (unit != POINTS, unit))
    by_unit = [[v for v in shown if v.unit == unit] for unit in units] or [[]]
    # Rows of text, and what the axes of a panel take beside them.
    heights = [0.45 + 0.165 * _lines(rows, measure_text) for rows in by_unit]
    with house_style():
        figure = Figure(figsize=(WIDTH_INCHES, sum(heights) + 0.6), layout="constrained")
        panels = np.ravel(figure.subplots(len(by_unit), 1, height_ratios=heights))
        for axes, rows in zip(panels, by_unit, strict=True):
            _draw_forest(axes, rows, rules, measure_text)
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
        footnote(figure, f"{_what_bars_are(shown)}{pale}{changed}{more(shown)}")
    return figure


def _what_bars_are(shown: Sequence[Verdict]) -> str:
    confidences = {f"{v.effect.confidence:.0%}" for v in shown if v.effect is not None}
    over = "trainings and images"
    if any(v.unit == LN_RATIO for v in shown):
        over += " (bounds: over trainings)"
    return f"Bars: {' or '.join(sorted(confidences))} intervals over {over}, one at a time."


def _lines(rows: Sequence[Verdict], measure_text: Callable[[str], str]) -> int:
    return sum(len(_row_text(r, measure_text).splitlines()) for r in rows) + len(
        {r.prediction for r in rows}
    )


def _row_text(row: Verdict, measure_text: Callable[[str], str]) -> str:
    mark = " †" if row.changed else ""
    measure = f"{measure_text(row.measure)}{mark}"
    is_short = len(f"{row.comparison}, {measure}") <= _ROW_LETTERS
    return f"{wrapped(row.comparison, _ROW_LETTERS)},{' ' if is_short else chr(10)}{measure}"


def _draw_forest(
    axes: Axes,
    rows: Sequence[Verdict],
    rules: Mapping[str, Rule],
    measure_text: Callable[[str], str],
) -> None:
    axes.axvline(0, color="black", linewidth=0.6, zorder=1)
    y, prediction = 0.0, None
    labels: list[tuple[float, str, bool]] = []
    for row in rows:
        if row.prediction != prediction:
            prediction = row.prediction
            labels.append((y, prediction, True))
            y += 1
        name = _row_text(row, measure_text)
        y += name.count("\n") / 2
        labels.append((y, name, False))
        _draw_effect(axes, row, y)
        y += 1 + name.count("\n") / 2
    places = [at for at, _, is_heading in labels if not is_heading]
    _shade_margins(axes, rows, rules, places)
    axes.set_ylim(max(y, 1) - 0.4, -0.6)
    axes.set_yticks([at for at, _, _ in labels], [text for _, text, _ in labels])
    for text, (_, _, is_heading) in zip(axes.get_yticklabels(), labels, strict=True):
        text.set_fontweight("bold" if is_heading else "normal")
        text.set_fontsize(7 if is_heading else 6.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"effect ({rows[0].unit})" if rows else "nothing was run")


def _shade_margins(
    axes: Axes,
    rows: Sequence[Verdict],
    rules: Mapping[str, Rule],
    places: Sequence[float],
) -> None:
    """Shade what the margins allow; a cost may be as far below 0 as it likes."""
    margins = [row.margin for row in rows if row.margin is not None]
    if not margins:
        return
    left, right = axes.get_xlim()
    left, right = min(left, -1.2 * max(margins)), max(right, 1.2 * max(margins))
    for row, y in zip(rows, places, strict=True):
        if row.margin is not None:
            low, high = rules[row.prediction].allowed()
            ends = max(left, low), min(right, high)
            axes.fill_betweenx([y - 0.45, y + 0.45], *ends, color=_MARGIN_COLOUR, lw=0, zorder=0)
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
