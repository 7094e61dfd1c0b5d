"""How this package's figures are drawn and written; how they look is :mod:`theory.style`'s."""

from __future__ import annotations

import textwrap
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from theory import style
from theory.style import GREATEST_HEIGHT_INCHES, WIDTH_INCHES, looks

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "GREATEST_HEIGHT_INCHES",
    "WIDTH_INCHES",
    "footnote",
    "footnote_inches",
    "frame",
    "house_style",
    "looks",
    "row_label",
    "show",
    "write_figure",
]

# Of a footnote's letters, on average; a few more fit.
_LETTERS_PER_INCH = 19
_FOOTNOTE_POINTS = 7
_LINE_INCHES = 1.3 * _FOOTNOTE_POINTS / 72
_MARGIN_INCHES = 0.1


def house_style() -> AbstractContextManager[None]:
    """Sizes of text and lines while a figure is drawn; titles are above the middle of images."""
    return style.house_style(titles="center")


def show(axes: Axes, image: Tensor) -> None:
    """Draw an image of shape (channels, height, width), 0 to 1, without ticks and spines.

    Values outside are cut off; images of other than one or three channels are averaged.
    """
    pixels = image.detach().cpu().double().clamp(0, 1)
    if pixels.shape[0] == 3:
        axes.imshow(pixels.movedim(0, -1).numpy(), interpolation="nearest")
    else:
        grey = pixels.mean(0).numpy()
        axes.imshow(grey, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def frame(axes: Axes) -> None:
    """Draw a thin frame, for images that may be white at the edge."""
    axes.spines[:].set_visible(True)
    axes.spines[:].set(color="0.6", linewidth=0.5)


def row_label(axes: Axes, text: str) -> None:
    """Write a text to the left of a row of images."""
    axes.set_ylabel(text, rotation=0, ha="right", va="center")


def footnote(figure: Figure | SubFigure, text: str) -> None:
    """Write a text below everything, in as many lines as the width asks for; nothing, if empty."""
    if text:
        width = figure.bbox.width / figure.figure.dpi
        lines = "\n".join(_footnote_lines(text, width))
        figure.supxlabel(lines, fontsize=_FOOTNOTE_POINTS, color="0.35")


def footnote_inches(text: str, width: float) -> float:
    """Return the height of a footnote, with its margin, in a figure of a width in inches."""
    return _MARGIN_INCHES + _LINE_INCHES * len(_footnote_lines(text, width))


def _footnote_lines(text: str, width: float) -> list[str]:
    return textwrap.wrap(text, int(width * _LETTERS_PER_INCH))


def write_figure(figure: Figure, path: Path, title: str = "") -> list[Path]:
    """Write ``path`` as PNG, PDF and SVG, as :func:`theory.style.write_figure` does.

    Without a title the file's name is said.

    Raises:
        UserError: the folder cannot be made or written.

    """
    title = title or path.name.replace("_", " ")
    return style.write_figure(figure, path, title, ("png", "pdf", "svg"))
