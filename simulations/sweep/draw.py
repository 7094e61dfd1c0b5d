"""Draw a sweep of one or two parameters: lines with a band of quartiles, dots, or heat maps."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any, Final, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter

from simulations.sweep.grid import Axis
from simulations.sweep.rules import RATE, RULE, OwnRule
from simulations.sweep.summary import Summary, shown
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

_SHOWN: Final = {
    "ratio": "Rₐ / Rₐ of GD's limit",
    "standard_risk": "standard risk",
    "movement": "‖Δw̃‖ at irrelevant frequencies",
}
_LABELS: Final = {
    "d": "dimension d",
    "learning_rate": "learning rate η",
    "beta1": "β₁",
    "beta2": "β₂",
    "beta3": "β₃",
    "eps": "ε in the rule's quotient",
    "epsilon": "radius ε of the attack",
    "iterations": "updates",
    "samples_per_step": "inputs in a minibatch (0: population)",
    "irrelevant": "number of irrelevant frequencies",
    "irrelevant_share": "share of irrelevant frequencies",
    "energy": "variance at irrelevant frequencies",
    "exponent": "exponent of the spectrum",
    "sigma0_sq": "variance σ̃₀²",
    "start_scale": "scale of initial weights",
    "target_scale": "scale of true weights",
    "l2_penalty": "ℓ2 penalty λ",
    "weight_decay": "weight decay λ",
}
# Seven of Okabe and Ito's colours; an eighth line and on have another dash and marker besides.
_COLOURS: Final = (BLUE, VERMILION, GREEN, ORANGE, PINK, SKY, BLACK)
_DASHES: Final = ("-", (0, (4, 1.5)), (0, (1, 1.2)))
_MARKERS: Final = "os^Dv<>ph*X"
# How points that have not learnt the task are marked.
_HOLLOW: Final[dict[str, Any]] = {"linestyle": "none", "markerfacecolor": "white"}
_HOLLOW_IS: Final = "; hollow: the task is not learnt"
_CROSS: Final[dict[str, Any]] = {
    "linestyle": "none",
    "marker": "x",
    "markersize": 3,
    "color": BLACK,
    "path_effects": [withStroke(linewidth=2, foreground="white")],
}
_HEIGHT_INCHES: Final = 2.9
_LINE_OF_A_LEGEND_INCHES: Final = 0.17
_LEGEND_COLUMNS: Final = 5
_MOST_TICKS: Final = 6
LEAST_OF_GREATEST: Final = 1e-12
"""Standard risks below this part of the greatest one are rounding, and drawn there."""
TIMES_THE_REST: Final = 10.0
"""Values above this many times the greatest upper quartile of the points that are no worse than
zero weights are drawn there: a run that diverges would hide all others."""
_WIDE: Final = 20.0
_FEWEST_FOR_LINES: Final = 2
# Of a line of the title, which is as wide as the figure.
_TITLE_CHARACTERS: Final = 128


def draw(summary: Summary) -> Figure | None:
    """Return the figure, or None if not one or two parameters are swept.

    Three panels: the adversarial risk over that of GD's limit, the standard risk, and the movement
    at the irrelevant frequencies.
    """
    axes = [axis for axis in summary.axes if len(axis) >= _FEWEST_FOR_LINES]
    texts = [axis for axis in axes if isinstance(axis.values[0], str)]
    numbers = [axis for axis in axes if axis not in texts]
    with house_style():
        match (len(texts), len(numbers)):
            case (0, 1) | (1, 1):
                return _lines(summary, numbers[0].name, _series(summary, *numbers, *texts))
            case (1, 0):
                own = _series_of_own_rates(summary, texts[0])
                return _lines(summary, RATE, own) if own else _dots(summary, texts[0])
            case (0, 2) | (2, 0):
                return _heat_maps(summary, *axes)
    return None


def _panels(height: float, **options: Any) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained")
    return figure, figure.subplots(1, len(_SHOWN), **options).tolist()


class _Series(NamedTuple):
    """A line: what it is of, and the points of the summary on it, from left to right.

    Attributes:
        of: name of the parameter that tells lines apart; nothing, if there is one line.
        name: of the line.
        x: places, shape (n,).
        points: numbers of the points there, shape (n,).

    """

    of: str
    name: str
    x: np.ndarray
    points: np.ndarray


def _series(summary: Summary, across: Axis, by: Axis | None = None) -> list[_Series]:
    x = summary.values(across.name)
    if by is None:
        order = np.argsort(x)
        return [_Series("", "", x[order], order)]
    found = []
    for value in by.values:
        here = np.flatnonzero(summary.values(by.name) == value)
        points = here[np.argsort(x[here])]
        found.append(_Series(by.name, _text(by.name, value), x[points], points))
    return found


def _series_of_own_rates(summary: Summary, rules: Axis) -> list[_Series]:
    """Return a line for each rule over its own learning rates; none if they are no lines.

    They are where rules are what is swept, each with a rate of its own, and some with several.
    """
    if rules.name != RULE:
        return []
    lines: dict[str, list[tuple[float, int]]] = {}
    for point, text in enumerate(map(str, summary.values(rules.name).tolist())):
        rule = OwnRule.of(text)
        rates = dict(rule.own)
        if RATE not in rates:
            return []
        rest = OwnRule(rule.name, tuple(x for x in rule.own if x[0] != RATE))
        lines.setdefault(_text(RULE, str(rest)), []).append((rates[RATE], point))
    if max(map(len, lines.values())) < _FEWEST_FOR_LINES:
        return []
    return [
        _Series(RULE, name, *(np.array(column) for column in zip(*sorted(of), strict=True)))
        for name, of in lines.items()
    ]


def _lines(summary: Summary, across: str, series: Sequence[_Series]) -> Figure:
    legend_lines = 1 + -(-len(series) // _LEGEND_COLUMNS) if series[0].of else 0
    figure, panels = _panels(_HEIGHT_INCHES + legend_lines * _LINE_OF_A_LEGEND_INCHES)
    for axes, (quantity, label) in zip(panels, _SHOWN.items(), strict=True):
        drawable = _drawable(summary, quantity)
        for place, line in enumerate(series):
            low, middle, high = drawable[:, line.points]
            style = _style(place)
            axes.plot(line.x, middle, **style, label=line.name)
            unlearnt = summary.unlearnt[line.points]
            if unlearnt.any():
                axes.plot(line.x[unlearnt], middle[unlearnt], **style | _HOLLOW)
            # Many bands over one another hide the medians.
            axes.fill_between(
                line.x,
                low,
                high,
                color=style["color"],
                alpha=min(0.2, 0.8 / len(series)),
                linewidth=0,
            )
        _number_axis(axes, across, np.unique(np.concatenate([line.x for line in series])))
        _quantity_axis(axes, quantity, summary)
        axes.set_title(label)
    bands = "; bands from the lower to the upper quartile"
    _note(figure, summary, f"{bands}{_if_any(summary.unlearnt, _HOLLOW_IS)}")
    if series[0].of:
        figure.legend(
            *panels[0].get_legend_handles_labels(),
            loc="outside lower center",
            ncols=_LEGEND_COLUMNS,
            frameon=False,
            title=_label(series[0].of),
            title_fontsize=7.5,
        )
    return figure


def _style(place: int) -> dict[str, Any]:
    return {
        "color": _COLOURS[place % len(_COLOURS)],
        "linestyle": _DASHES[place // len(_COLOURS) % len(_DASHES)],
        "marker": _MARKERS[place % len(_MARKERS)],
        "markersize": 3.5,
    }


def _dots(summary: Summary, axis: Axis) -> Figure:
    figure, panels = _panels(1.3 + 0.19 * len(axis), sharey=True)
    places = np.arange(len(axis))
    for axes, (quantity, label) in zip(panels, _SHOWN.items(), strict=True):
        low, middle, high = _drawable(summary, quantity)
        axes.hlines(places, low, high, color=BLUE, linewidth=3, alpha=0.35)
        style: dict[str, Any] = {
            "marker": "o",
            "markersize": 3.5,
            "linestyle": "none",
            "color": BLUE,
        }
        axes.plot(middle, places, **style)
        if summary.unlearnt.any():
            axes.plot(middle[summary.unlearnt], places[summary.unlearnt], **style | _HOLLOW)
        _quantity_axis(axes, quantity, summary, upright=False)
        axes.set_xlabel(label)
    panels[0].set_yticks(places, [_text(axis.name, value) for value in axis.values])
    panels[0].set_ylabel(_label(axis.name))
    panels[0].invert_yaxis()
    bars = "; bars from the lower to the upper quartile"
    _note(figure, summary, f"{bars}{_if_any(summary.unlearnt, _HOLLOW_IS)}")
    return figure


def _heat_maps(summary: Summary, down: Axis, across: Axis) -> Figure:
    """Draw medians, a cell for each point; grey without a finite run, crossed if not learnt."""
    figure, panels = _panels(_HEIGHT_INCHES + 0.5, sharey=True)
    for axes, (quantity, label) in zip(panels, _SHOWN.items(), strict=True):
        median = _drawable(summary, quantity)[1].reshape(len(down), len(across))
        norm, colours = _colours(quantity, median)
        image = axes.imshow(
            median,
            norm=norm,
            cmap=colormaps[colours].with_extremes(bad="0.8"),
            aspect="auto",
            origin="lower",
        )
        y, x = np.nonzero(summary.unlearnt.reshape(median.shape))
        axes.plot(x, y, **_CROSS)
        axes.set_title(label)
        ticks, texts = _ticks(across)
        rotation = 45 if max(map(len, texts)) > 4 and len(texts) > 4 else 0
        axes.set_xticks(ticks, texts, rotation=rotation)
        axes.set_xlabel(_label(across.name))
        bar = figure.colorbar(image, ax=axes, location="bottom", aspect=22, pad=0.03)
        bar.ax.tick_params(labelsize=6.5)
        if isinstance(norm, LogNorm):
            _plain_ticks(bar, *bar.mappable.get_clim())
    panels[0].set_yticks(*_ticks(down))
    panels[0].set_ylabel(_label(down.name))
    grey = _if_any(summary.finite == 0, "; grey where no run stayed finite")
    _note(figure, summary, f"{grey}{_if_any(summary.unlearnt, '; × where the task is not learnt')}")
    return figure


def _note(figure: Figure, summary: Summary, what_is_drawn: str) -> None:
    above = [summary.quartiles[name] > _ceiling(summary, name) for name in _SHOWN]
    cut_off = _if_any(np.array(above), f"; cut off at {TIMES_THE_REST:g} times the rest")
    risks = summary.quartiles["standard_risk"]
    below = _if_any(
        risks < _drawable(summary, "standard_risk"),
        f"; standard risks below {LEAST_OF_GREATEST:g} of the greatest are drawn there",
    )
    text = f"Medians over {counted(summary.seeds, 'seed')}{what_is_drawn}{cut_off}{below}"
    figure.suptitle(fill(text, _TITLE_CHARACTERS), fontsize=8)


def _if_any(points: np.ndarray, text: str) -> str:
    return text if points.any() else ""


def _plain_ticks(bar: Any, least: float, greatest: float) -> None:
    """Label a logarithmic colour bar with plain numbers, if it has no more than a decade or so."""
    if greatest > _WIDE * least:
        return
    places = np.geomspace(least, greatest, 5)
    bar.set_ticks(places, labels=[f"{place:.3g}" for place in places])
    bar.minorticks_off()


def _colours(quantity: str, values: np.ndarray) -> tuple[Normalize, str]:
    """Return the scale of a heat map: that of the ratio is logarithmic and symmetric about 1."""
    finite = values[np.isfinite(values)]
    positive = finite[finite > 0]
    if quantity == "ratio" and len(positive):
        # White is as robust as GD's limit. A spread of rounding is not to look like one.
        reach = max(positive.max(), 1 / positive.min(), 1.03)
        return LogNorm(1 / reach, reach), "PuOr"
    if quantity == "standard_risk" and len(positive):
        return LogNorm(positive.min(), max(positive.max(), positive.min() * 1.03)), "cividis"
    return Normalize(0, finite.max(initial=0.0) or 1.0), "cividis"


def _ticks(axis: Axis) -> tuple[list[int], list[str]]:
    """Return places and labels of some cells; of all, if they are few or names."""
    few = isinstance(axis.values[0], str) or len(axis) <= 2 * _MOST_TICKS
    step = 1 if few else -(-len(axis) // _MOST_TICKS)
    places = list(range(0, len(axis), step))
    return places, [_text(axis.name, axis.values[place]) for place in places]


def _text(name: str, value: Any) -> str:
    return shown(name, value, digits=3)


def _label(name: str) -> str:
    return _LABELS.get(name, name)


def _drawable(summary: Summary, quantity: str) -> np.ndarray:
    """Return quartiles as they are drawn, shape (3, P): with a ceiling.

    Standard risks have a floor too, under which they are rounding.
    """
    values = np.minimum(summary.quartiles[quantity], _ceiling(summary, quantity))
    if quantity != "standard_risk" or not np.isfinite(values).any():
        return values
    return np.maximum(values, LEAST_OF_GREATEST * np.nanmax(values))


def _ceiling(summary: Summary, quantity: str) -> float:
    beats_zero_weights = summary.median("standard_share") <= 1
    upper = summary.quartiles[quantity][2, beats_zero_weights]
    greatest = upper[np.isfinite(upper)].max(initial=0.0)
    return float(TIMES_THE_REST * greatest) if greatest > 0 else np.inf


def _number_axis(axes: Axes, name: str, places: np.ndarray) -> None:
    values = np.asarray(places, float)
    positive = values[values > 0]
    scale = _scale(values)
    if scale == "symlog":
        axes.set_xscale("symlog", linthresh=positive.min(), linscale=0.5)
    else:
        axes.set_xscale(scale)
    if scale != "linear" and len(places) <= _MOST_TICKS:
        axes.set_xticks(values, [_text(name, place) for place in places])
        axes.minorticks_off()
    axes.set_xlabel(_label(name))


def _scale(values: np.ndarray) -> str:
    """Return the kind of axis on which values lie most evenly."""
    ordered = np.sort(values)
    positive = ordered[ordered > 0]
    if ordered[0] < 0 or not len(positive) or positive[-1] < 10 * positive[0]:
        return "linear"
    gaps, ratios = np.diff(positive), np.diff(np.log(positive))
    if len(positive) > 2 and gaps.std() / gaps.mean() <= ratios.std() / ratios.mean():
        return "linear"
    return "log" if ordered[0] > 0 else "symlog"


def _quantity_axis(axes: Axes, quantity: str, summary: Summary, *, upright: bool = True) -> None:
    """Scale the axis of a quantity, and mark the ratio 1."""
    values = _drawable(summary, quantity)
    positive = values[np.isfinite(values) & (values > 0)]
    wide = len(positive) > 0 and positive.max() > _WIDE * positive.min()
    which = axes.yaxis if upright else axes.xaxis
    if quantity != "movement" and wide:
        (axes.set_yscale if upright else axes.set_xscale)("log")
        return
    which.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.4g}"))
    if quantity == "ratio":
        mark = axes.axhline if upright else axes.axvline
        mark(1, color=BLACK, linewidth=0.7, linestyle=(0, (3, 2)), zorder=0)
        get, set_ = (axes.get_ylim, axes.set_ylim) if upright else (axes.get_xlim, axes.set_xlim)
        low, high = get()
        # Rounding is not to look like a spread.
        set_(min(low, 0.97), max(high, 1.03))
    elif quantity == "movement" and upright:
        axes.set_ylim(bottom=0)


def caption(summary: Summary) -> str:
    """Return what the figure shows, for those who hear it."""
    axes = [axis for axis in summary.axes if len(axis) > 1]
    swept = [axis.name for axis in axes]
    if len(axes) == 1 and _series_of_own_rates(summary, axes[0]):
        swept = ["the learning rates of each rule"]
    return (
        "Adversarial risk over that of GD's limit, standard risk, and movement at the irrelevant "
        f"frequencies, against {' and '.join(swept)}; medians over {counted(summary.seeds, 'seed')}"
    )
