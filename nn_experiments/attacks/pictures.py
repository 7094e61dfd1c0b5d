"""Pictures of perturbed images (Figures 4.18 to 4.20); each function draws one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from nn_experiments.data.images import Images
from nn_experiments.style import (
    GREATEST_HEIGHT_INCHES,
    WIDTH_INCHES,
    footnote,
    footnote_inches,
    frame,
    house_style,
    row_label,
    show,
)

_LABELS_INCHES = 1.0  # left of the rows
_GAP_INCHES = 0.08
_CAPTION_INCHES = 0.15
_CAPTION_POINTS = 6.5
_FEWEST_COLUMNS = 4  # fewer images are drawn as large as so many
_LEAST_WIDTH_INCHES = 4.0  # so that a note does not become a column
_SHARE_IN_SCALE = 0.99  # of the pixels that change; the others are drawn black or white


@dataclass(frozen=True)
class Attacked:
    """What an attack on one network made of N images.

    Attributes:
        pixels: shape (N, channels, height, width), 0 to 1, on the CPU: the adversarial example
            where one was found, else the image.
        taken_for: for each image the class that the network takes its adversarial example for;
            None where none was found.

    """

    pixels: Tensor
    taken_for: Sequence[int | None]


@dataclass(frozen=True)
class _Row:
    """Images beside a label, each perhaps with a few words below it."""

    label: str
    pixels: Tensor
    captions: Sequence[str] = ()
    is_framed: bool = False


def draw_noisy(images: Images, noisy: Mapping[str, Tensor], note: str = "") -> Figure:
    """Draw images, with their classes, above what noise makes of them (Figure 4.18).

    Args:
        images: the clean ones, a column each, on the CPU; without any, the note is all.
        noisy: by a row's label, the noisy images in the clean ones' shape, 0 to 1.
        note: what the noise is.

    """
    rows = [_originals(images), *(_Row(label, pixels) for label, pixels in noisy.items())]
    return _drawn(rows, note)


def draw_attacked(images: Images, attacked: Mapping[str, Attacked], note: str = "") -> Figure:
    """Draw images, what attacks make of them, and below that the change (Figures 4.19 and 4.20).

    Below each attacked image stands the class that the network takes it for, or that it stands. All
    changes are drawn on one scale, as 0.5 + k · change, cut off at 0 and 1, with k in the row's
    label.

    Args:
        images: the clean ones, a column each, on the CPU; without any, the note is all.
        attacked: by a row's label, what an attack made of them.
        note: what the attack is.

    """
    clean = images.floats()
    changes = {label: found.pixels - clean for label, found in attacked.items()}
    factor = magnification(list(changes.values()))
    rows = [_originals(images)]
    for label, found in attacked.items():
        change = 0.5 + factor * changes[label]
        rows.append(_Row(label, found.pixels, [_became(k) for k in found.taken_for]))
        rows.append(_Row(f"change\n× {factor:g}", change, is_framed=True))
    return _drawn(rows, note)


def magnification(changes: Sequence[Tensor]) -> float:
    """Return the greatest factor of two digits by which 99 % of all changes stay within ±0.5.

    Pixels that do not change do not count; 1, if none does. All would give one strong pixel the say
    over whether the others can be seen.
    """
    sizes = np.concatenate([np.zeros(0), *(change.abs().numpy().ravel() for change in changes)])
    changed = sizes[sizes > 0]
    if not changed.size:
        return 1.0
    most = 0.5 / float(np.quantile(changed, _SHARE_IN_SCALE, method="higher"))
    unit = 10.0 ** (math.floor(math.log10(most)) - 1)
    return math.floor(most / unit) * unit


def _became(taken_for: int | None) -> str:
    return "stands" if taken_for is None else f"taken for {taken_for}"


def _originals(images: Images) -> _Row:
    classes = [f"class {label}" for label in images.labels.tolist()]
    return _Row("original", images.floats(), classes)


def _drawn(rows: Sequence[_Row], note: str) -> Figure:
    n = len(rows[0].pixels)
    size = (WIDTH_INCHES - _LABELS_INCHES) / max(n, _FEWEST_COLUMNS)
    width = min(WIDTH_INCHES, max(_LEAST_WIDTH_INCHES, _LABELS_INCHES + size * n))
    heights = [size + _GAP_INCHES + _CAPTION_INCHES * bool(row.captions) for row in rows if n]
    height = min(GREATEST_HEIGHT_INCHES, sum(heights) + footnote_inches(note, width))
    with house_style():
        figure = Figure(figsize=(width, height), layout="constrained")
        if n:
            grid = figure.subplots(len(rows), n, squeeze=False)
            for panels, row in zip(grid, rows, strict=True):
                for axes, image in zip(panels, row.pixels, strict=True):
                    show(axes, image)
                    if row.is_framed:
                        frame(axes)
                for axes, text in zip(panels, row.captions, strict=False):
                    axes.set_xlabel(text, fontsize=_CAPTION_POINTS, labelpad=1.5)
                row_label(panels[0], row.label)
        footnote(figure, note)
    return figure
