"""How this package's figures look, and how they are written."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from theory.artefacts import write_whole

if TYPE_CHECKING:
    from torch import Tensor

WIDTH_INCHES = 7.2
"""The width of a page's text."""
GREATEST_HEIGHT_INCHES = 9.5
"""The height of a page's text."""
# Of a footnote's letters, on average; a few more fit.
_LETTERS_PER_INCH = 19

# Okabe and Ito's palette; told apart by dashes and markers too.
_LOOKS: dict[str, dict[str, Any]] = {
    "SGD": {"color": "#0072B2", "linestyle": "-", "marker": "o"},
    "Adam": {"color": "#009E73", "linestyle": (0, (5, 1.5, 1, 1.5)), "marker": "s"},
    "RMSProp": {"color": "#CC79A7", "linestyle": (0, (1, 1)), "marker": "^"},
    "SignSGD": {"color": "#D55E00", "linestyle": (0, (5, 1.5)), "marker": "D"},
}
_OTHER_LOOKS: tuple[dict[str, Any], ...] = (
    {"color": "#56B4E9", "linestyle": (0, (8, 2)), "marker": "v"},
    {"color": "#E69F00", "linestyle": (0, (3, 1, 1, 1, 1, 1)), "marker": "P"},
    {"color": "#000000", "linestyle": (0, (2, 2)), "marker": "X"},
)
_RC = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8.5,
    "legend.fontsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.3,
    "hatch.linewidth": 0.5,
    "pdf.fonttype": 42,
}
_DPI = 300


@contextmanager
def house_style() -> Iterator[None]:
    """Sizes of text and lines while a figure is drawn or written."""
    with mpl.rc_context(_RC):
        yield


def looks(titles: Sequence[str]) -> Mapping[str, dict[str, Any]]:
    """Return colour, dashes and marker of each optimizer; PyTorch spells RMSProp RMSprop."""
    known = {name.lower(): look for name, look in _LOOKS.items()}
    others = [title for title in titles if title.lower() not in known]
    return {
        title: known.get(title.lower()) or _OTHER_LOOKS[others.index(title) % len(_OTHER_LOOKS)]
        for title in titles
    }


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
        lines = textwrap.fill(text, int(width * _LETTERS_PER_INCH))
        figure.supxlabel(lines, fontsize=7, color="0.35")


def write_figure(figure: Figure, path: Path) -> tuple[Path, Path]:
    """Write ``path`` with the endings .png and .pdf, each whole; return their paths.

    Raises:
        UserError: the folder cannot be made or written.

    """
    png, pdf = path.with_name(path.name + ".png"), path.with_name(path.name + ".pdf")
    with house_style():
        write_whole(png, lambda part: figure.savefig(part, dpi=_DPI))
        write_whole(pdf, lambda part: figure.savefig(part, metadata={"CreationDate": None}))
    return png, pdf
