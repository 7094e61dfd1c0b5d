"""Draw and write this package's figures; how they look is :mod:`theory.common.figure`'s."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from theory.common import figure as style
from theory.common.figure import GREATEST_HEIGHT_INCHES, WIDTH_INCHES, in_legend, looks

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "GREATEST_HEIGHT_INCHES",
    "WIDTH_INCHES",
    "footnote",
    "footnote_inches",
    "frame",
    "house_style",
    "in_legend",
    "legend",
    "looks",
    "row_label",
    "show",
    "wrapped",
    "write_figure",
]

# Of a footnote's letters, on average; a few more fit.
_LETTERS_PER_INCH = 17
_FOOTNOTE_POINTS = 7
_LINE_INCHES = 1.3 * _FOOTNOTE_POINTS / 72
_MARGIN_INCHES = 0.1
_ROW_LETTERS = 16  # beside a row of images
# Of a legend: a key with what is left and right of it, and letters, on average; a few more fit.
_KEY_INCHES = 0.6
_LEGEND_LETTERS_PER_INCH = 16
_LEGEND_LINE_INCHES = 0.16


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
    axes.set_ylabel(
        "\n".join(wrapped(line, _ROW_LETTERS, 4) for line in text.splitlines()),
        rotation=0,
        ha="right",
        va="center",
    )


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
    """Return lines of a text, each line of which may be broken, but not at an equals sign."""
    letters = int(width * _LETTERS_PER_INCH)
    whole = text.replace(" = ", "\u00a0=\u00a0").splitlines()
    return [line for part in whole for line in textwrap.wrap(part, letters)]


def wrapped(text: str, letters: int, lines: int = 3) -> str:
    """Return a name in lines of so many letters, the last one cut where there are too many."""
    found = textwrap.wrap(text, letters) or [""]
    if len(found) > lines:
        found = [*found[: lines - 1], f"{found[lines - 1][: letters - 1]}…"]
    return "\n".join(found)


def legend(figure: Figure, handles: Sequence[Artist], labels: Sequence[str]) -> None:
    """Draw a legend above everything, with as many columns as fit beside each other.

    The figure becomes higher by the lines that it has beyond one.
    """
    width = figure.bbox.width / figure.figure.dpi
    letters = int((width - _KEY_INCHES) * _LEGEND_LETTERS_PER_INCH)
    texts = [wrapped(in_legend(text), letters) for text in labels]
    columns = max(1, len(texts))
    while columns > 1 and _legend_inches(texts, columns) > width:
        columns -= 1
    figure.legend(list(handles), texts, loc="outside upper center", ncols=columns, frameon=False)
    rows = -(-len(texts) // columns)
    lines = max(
        (sum(1 + t.count("\n") for t in texts[i : i + rows]) for i in range(0, len(texts), rows)),
        default=1,
    )
    figure.set_figheight(figure.get_figheight() + _LEGEND_LINE_INCHES * (lines - 1))


def _legend_inches(texts: Sequence[str], columns: int) -> float:
    """Return the width of a legend, which fills its columns one after the other."""
    rows = -(-len(texts) // columns)
    widest = [
        max(len(line) for text in texts[i : i + rows] for line in text.splitlines())
        for i in range(0, len(texts), rows)
    ]
    return sum(_KEY_INCHES + letters / _LEGEND_LETTERS_PER_INCH for letters in widest)


def write_figure(figure: Figure, path: Path, title: str = "") -> list[Path]:
    """Write ``path`` as PNG, PDF and SVG, as :func:`theory.common.figure.write_figure` does.

    Without a title the file's name is said.

    Raises:
        UserError: the folder cannot be made or written.

    """
    title = title or path.name.replace("_", " ")
    return style.write_figure(figure, path, title, ("png", "pdf", "svg"))
