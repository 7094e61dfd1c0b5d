"""The figures about frequencies; each function draws one, and :func:`write_figure` writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from nn_experiments.frequency.dct import dct2
from nn_experiments.frequency.energy import diagonal
from nn_experiments.frequency.filters import Kind, by_frequency, by_magnitude
from nn_experiments.style import (
    GREATEST_HEIGHT_INCHES,
    WIDTH_INCHES,
    footnote,
    footnote_inches,
    frame,
    house_style,
    in_legend,
    legend,
    looks,
    row_label,
    show,
    wrapped,
    write_figure,
)
from theory.common.figure import BLUE

__all__ = [
    "draw_bands",
    "draw_energy",
    "draw_filtered",
    "draw_observation_one",
    "draw_observation_two",
    "write_figure",
]

_COLOURS = "viridis"
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
# Amplitudes below this part of the greatest are drawn as if they were it: rounding of exact zeros.
_LEAST_AMPLITUDE = 1e-6
_STAR: dict[str, Any] = {"linestyle": "none", "marker": "*", "markersize": 7}
_ROW_LETTERS = 24  # of a data set's name beside its spectrum
_INSIDE_LETTERS = 24  # of an optimizer's name in a legend inside the axes
# Percentage points between optimizers, so that their bars do not hide each other.
_ASIDE = 1.0
_TITLES: dict[Kind, str] = {
    "magnitude": "basis vectors of low magnitude removed",
    "frequency": "basis vectors of high frequency removed",
}


def draw_energy(amplitudes: Mapping[str, Tensor]) -> Figure:
    """Draw how spectral energy is distributed, one row per data set (Figures 4.2 and 4.10).

    Panels: the average amplitude of each basis, that of the diagonal ones, and both in log scale.

    Args:
        amplitudes: by the data set's name, what
            :func:`nn_experiments.frequency.energy.average_amplitude` returns, of shape
            (channels, height, width); channels are averaged.

    """
    with house_style():
        height = min(GREATEST_HEIGHT_INCHES, 0.35 + 1.75 * len(amplitudes))
        figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained")
        rows = figure.subplots(len(amplitudes), 4, squeeze=False, width_ratios=(1.15, 1, 1.15, 1))
        for row, (name, amplitude) in zip(rows, amplitudes.items(), strict=True):
            mean = amplitude.detach().cpu().double().mean(0)
            for axes, log in ((row[0], False), (row[2], True)):
                _heat_map(axes, mean, log=log)
            for axes, log in ((row[1], False), (row[3], True)):
                _diagonal(axes, mean, log=log)
            row[0].annotate(
                wrapped(name, _ROW_LETTERS),
                (-0.4, 0.5),
                xycoords="axes fraction",
                rotation=90,
                va="center",
                ha="right",
                fontsize=8.5,
            )
        for axes, title in zip(
            rows[0],
            ("average amplitude", "diagonal (i, i)", "average, log scale", "diagonal, log"),
            strict=True,
        ):
            axes.set_title(title)
    return figure


def _heat_map(axes: Axes, amplitude: Tensor, *, log: bool) -> None:
    values = amplitude.numpy()
    norm = None
    if log:
        greatest = float(values.max()) or 1.0
        values = np.maximum(values, greatest * _LEAST_AMPLITUDE)
        norm = LogNorm(float(values.min()), greatest)
    drawn = axes.imshow(values, cmap=_COLOURS, norm=norm, interpolation="nearest")
    axes.spines[:].set_visible(False)
    axes.set(xlabel="frequency j", ylabel="frequency i")
    axes.figure.colorbar(drawn, ax=axes, fraction=0.046, pad=0.03).outline.set_visible(False)


def _diagonal(axes: Axes, amplitude: Tensor, *, log: bool) -> None:
    values = diagonal(amplitude).numpy()
    axes.plot(values, color=BLUE)
    axes.set_xlabel("frequency i")
    if log and values.any():
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_box_aspect(1)


def draw_filtered(image: Tensor, thresholds: Sequence[int] = (10, 30, 50, 70, 90)) -> Figure:
    """Draw an image and what the two filters make of it (Figures 4.4 and 4.11 to 4.16).

    a) the image and its spectrum's magnitudes, linear and in log scale; b) for each filter the
    filtered images, what they differ by, all on one scale, and the masks, in which black is
    removed and, in images of three channels, a colour says in which ones a basis is kept.

    Args:
        image: shape (channels, height, width), uint8, or floating point with values 0 to 1.
        thresholds: percentages of the bases that are removed, one column each.

    """
    x = _floats(image).double().cpu()
    by_kind: dict[Kind, list[tuple[Tensor, Tensor]]] = {
        "magnitude": [by_magnitude(x, percent) for percent in thresholds],
        "frequency": [by_frequency(x, percent) for percent in thresholds],
    }
    greatest = max(float((y - x).abs().max()) for row in by_kind.values() for y, _ in row)
    with house_style():
        figure = Figure(figsize=(WIDTH_INCHES, GREATEST_HEIGHT_INCHES), layout="constrained")
        halves = figure.add_gridspec(2, 1, height_ratios=(1.25, 6))
        _draw_original(figure.add_subfigure(halves[0]).subplots(1, 3), x)
        bottom = figure.add_subfigure(halves[1])
        grid = bottom.subplots(6, len(thresholds), squeeze=False)
        for rows, (kind, filtered) in zip((grid[:3], grid[3:]), by_kind.items(), strict=True):
            _draw_filter(rows, x, filtered, greatest)
            row_label(rows[0][0], f"by {kind}")
            row_label(rows[1][0], f"difference,\ngrey = 0,\nwhite = {greatest:.2g}")
            row_label(rows[2][0], "mask,\nblack =\nremoved")
        for axes, percent in zip(grid[0], thresholds, strict=True):
            axes.set_title(f"{percent} %")
        bottom.suptitle("b) filtered: percentage of DCT basis vectors removed", fontsize=8.5)
    return figure


def _draw_original(panels: Sequence[Axes], x: Tensor) -> None:
    magnitude = dct2(x).abs().mean(0)
    show(panels[0], x)
    panels[0].set_title("a) image x")
    for axes, log, title in ((panels[1], False, "|x̃|"), (panels[2], True, "|x̃|, log scale")):
        _heat_map(axes, magnitude, log=log)
        axes.set_title(title)


def _draw_filter(
    rows: np.ndarray,
    x: Tensor,
    filtered: Sequence[tuple[Tensor, Tensor]],
    greatest: float,
) -> None:
    for image_axes, difference_axes, mask_axes, (y, kept) in zip(*rows, filtered, strict=True):
        show(image_axes, y)
        show(difference_axes, 0.5 + (y - x) / (2 * greatest or 1))
        removed = float((y - x).norm() / x.norm()) if x.any() else 0.0
        difference_axes.set_xlabel(f"‖y − x‖ = {100 * removed:.2g} % of ‖x‖", fontsize=6.5)
        show(mask_axes, kept.expand(x.shape).double())
        frame(mask_axes)


def draw_bands(masks: Tensor, noises: Tensor, note: str = "") -> Figure:
    """Draw the bands of the spectrum and an example of the noise in each (Figure 4.5).

    Args:
        masks: shape (bands, height, width), bool.
        noises: shape (bands, channels, height, width), one noise per band; all on one scale.
        note: how large the noise is.

    """
    bands = len(masks)
    greatest = float(noises.abs().max()) or 1.0
    across = min(bands, 10)
    with house_style():
        size = (WIDTH_INCHES - 0.6) / across
        strips = -(-bands // across)
        height = strips * (2 * size + 0.45) + footnote_inches(note, WIDTH_INCHES) * bool(note)
        figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained")
        grid = figure.subplots(2 * strips, across, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for band, (mask, noise) in enumerate(zip(masks, noises, strict=True)):
            strip, column = divmod(band, across)
            top, bottom = grid[2 * strip, column], grid[2 * strip + 1, column]
            show(top, mask[None].double())
            show(bottom, 0.5 + noise / (2 * greatest))
            top.set_axis_on()
            bottom.set_axis_on()
            frame(top)
            top.set_title(f"Δx⁽{str(band).translate(_RAISED)}⁾")
        for strip in range(strips):
            row_label(grid[2 * strip, 0], "band")
            row_label(grid[2 * strip + 1, 0], "noise")
        footnote(figure, note)
    return figure


def draw_observation_one(
    original: Mapping[str, Sequence[float]],
    filtered: Mapping[str, Mapping[tuple[Kind, int], Sequence[float]]],
    note: str = "",
) -> Figure:
    """Draw accuracy on the original test set against the threshold of training (Figure 4.3).

    Points are means over the seeds and bars their standard errors; stars are trainings on the
    original images.

    Args:
        original: by optimizer, the accuracies of its seeds, 0 to 1, without a filter.
        filtered: by optimizer, filter and threshold in percent, the accuracies of its seeds; what
            is missing is not drawn, but something must be there.
        note: what the figure was made from, such as numbers of images and seeds.

    """
    drawn = {kind for runs in filtered.values() for kind, _ in runs}
    kinds = [kind for kind in _TITLES if kind in drawn]
    with house_style():
        figure = Figure(figsize=(WIDTH_INCHES, 2.9), layout="constrained")
        panels = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
        for letter, axes, kind in zip("ab", panels, kinds, strict=False):
            for i, (title, look) in enumerate(looks(list(filtered)).items()):
                aside = _ASIDE * (i - (len(filtered) - 1) / 2)
                runs = {p: run for (k, p), run in sorted(filtered[title].items()) if k == kind}
                _error_bars(axes, runs, aside, look, in_legend(title))
                unfiltered = {0: original.get(title, ())}
                _error_bars(axes, unfiltered, aside, {**look, **_STAR}, None)
            part = f"{letter}) " if len(kinds) > 1 else ""
            axes.set_title(f"{part}{_TITLES[kind]}", loc="left")
            axes.set_xlabel("basis vectors removed from training images (%)")
        panels[0].set_ylabel("accuracy on original test images (%)")
        handles, labels = panels[0].get_legend_handles_labels()
        star = Line2D([], [], color="0.3", **_STAR)
        legend(figure, [*handles, star], [*labels, "original training images"])
        footnote(figure, note)
    return figure


def _error_bars(
    axes: Axes,
    samples: Mapping[int, Sequence[float]],
    aside: float,
    look: Mapping[str, Any],
    label: str | None,
) -> None:
    points = {x: 100 * np.asarray(seeds, np.float64) for x, seeds in samples.items() if len(seeds)}
    axes.errorbar(
        [x + aside for x in points],
        [float(sample.mean()) for sample in points.values()],
        yerr=[float(_standard_error(sample)) for sample in points.values()],
        label=label,
        capsize=2,
        **{"markersize": 3.5, **look},
    )


def _standard_error(sample: np.ndarray) -> np.ndarray:
    """Of the mean over the first axis; zero, so that nothing is drawn, for a single one."""
    if len(sample) == 1:
        return np.zeros(sample.shape[1:])
    return np.asarray(sample.std(0, ddof=1) / np.sqrt(len(sample)))


def draw_observation_two(drops: Mapping[str, np.ndarray], note: str = "") -> Figure:
    """Draw the drop in accuracy under noise in each band (Figures 4.6 and 4.17).

    Lines are means over the seeds and bands their standard errors.

    Args:
        drops: by optimizer, (4.5) as fractions of the images, shape (seeds, bands).
        note: what the figure was made from, such as numbers of images and seeds.

    """
    with house_style():
        figure = Figure(figsize=(WIDTH_INCHES / 2 + 0.4, 2.9), layout="constrained")
        axes = figure.subplots()
        axes.axhline(0, color="0.7", linewidth=0.7, zorder=0)
        for title, look in looks(list(drops)).items():
            points = 100 * np.asarray(drops[title], np.float64)
            bands, mean, error = range(points.shape[1]), points.mean(0), _standard_error(points)
            axes.fill_between(
                bands, mean - error, mean + error, color=look["color"], alpha=0.25, linewidth=0
            )
            label = wrapped(in_legend(title), _INSIDE_LETTERS)
            axes.plot(bands, mean, label=label, markersize=3.5, **look)
        axes.set(
            xlabel="band of the noise (0: lowest frequencies)",
            ylabel="drop in accuracy (points)",
            xticks=range(max(np.shape(d)[1] for d in drops.values())),
        )
        axes.legend(frameon=False)
        footnote(figure, note)
    return figure


def _floats(image: Tensor) -> Tensor:
    return image.float() / 255 if image.dtype == torch.uint8 else image
