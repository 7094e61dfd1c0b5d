"""How this package's figures look, and how they are written."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure

from theory.artefacts import write_whole

WIDTH_INCHES: Final = 7.2
"""The width of a page's text."""

# Okabe and Ito's palette, which colour-blind readers tell apart.
BLACK: Final = "#000000"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
YELLOW: Final = "#F0E442"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
PINK: Final = "#CC79A7"

_RC = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "legend.fontsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.3,
    "hatch.linewidth": 0.6,
    "svg.hashsalt": "simulations",  # the same figure twice is the same file
}
_DPI = {"png": 200, "svg": 130}  # of an SVG, its pixel images


class Written(NamedTuple):
    """The files of a figure."""

    png: Path
    svg: Path


@contextmanager
def house_style() -> Iterator[None]:
    """Sizes of text and lines while a figure is drawn or written."""
    with mpl.rc_context(_RC):
        yield


def write_figure(figure: Figure, path: Path, title: str) -> Written:
    """Write ``path`` with the endings .png and .svg, each whole; return their paths.

    The layout is computed once, and is the same in both. The title is not drawn: programs that read
    figures aloud say it.

    Raises:
        UserError: the folder cannot be made or written.

    """
    files = Written(*(path.with_name(f"{path.name}.{kind}") for kind in Written._fields))
    metadata = {"png": {"Title": title}, "svg": {"Title": title, "Date": None}}
    with house_style():
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        for kind, file in files._asdict().items():
            save = partial(figure.savefig, dpi=_DPI[kind], metadata=metadata[kind])
            write_whole(file, save)
    return files
