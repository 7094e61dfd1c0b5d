"""How the project's figures look, and how they are written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter, ScalarFormatter

from theory.common.files import write_whole

Kind: TypeAlias = Literal["png", "pdf", "svg"]

WIDTH_INCHES: Final = 7.2
"""The width of a page's text."""
GREATEST_HEIGHT_INCHES: Final = 9.5
"""The height of a page's text."""

# Okabe and Ito's palette, which colour-blind readers tell apart.
BLACK: Final = "#000000"
ORANGE: Final = "#E69F00"
SKY: Final = "#56B4E9"
GREEN: Final = "#009E73"
YELLOW: Final = "#F0E442"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
PINK: Final = "#CC79A7"

# Of update rules; GD and SGD stand for each other, as do signGD and SignSGD. Told apart by dashes
# and markers too.
_GD: Final = {"color": BLUE, "linestyle": "-", "marker": "o"}
_ADAM: Final = {"color": GREEN, "linestyle": (0, (5, 1.5, 1, 1.5)), "marker": "s"}
_RMSPROP: Final = {"color": PINK, "linestyle": (0, (1, 1)), "marker": "^"}
_SIGNGD: Final = {"color": VERMILION, "linestyle": (0, (5, 1.5)), "marker": "D"}
_LOOKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "gd": _GD,
    "sgd": _GD,
    "adam": _ADAM,
    "rmsprop": _RMSPROP,
    "signgd": _SIGNGD,
    "signsgd": _SIGNGD,
}
_OTHER_LOOKS: Final[tuple[Mapping[str, Any], ...]] = (
    {"color": SKY, "linestyle": (0, (8, 2)), "marker": "v"},
    {"color": ORANGE, "linestyle": (0, (3, 1, 1, 1, 1, 1)), "marker": "P"},
    {"color": BLACK, "linestyle": (0, (2, 2)), "marker": "X"},
)
_RC: Final = {
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8.5,
    "legend.fontsize": 7.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.3,
    "hatch.linewidth": 0.6,
    "pdf.fonttype": 42,  # text that can be searched and copied
    "svg.hashsalt": "theory-first-verifier",  # the same figure twice is the same file
}
_ZERO_WIDTH: Final = "\u200b"
_DPI_OF_SVG: Final = 150
"""Pixels an inch, at most, of what an SVG has as pixels: pages hold it, and screens show it."""
# What a file would otherwise say of when it was written: the same figure twice is the same file.
_UNDATED: Final[Mapping[Kind, Mapping[str, None]]] = {
    "png": {},
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
}


@contextmanager
def house_style(titles: Literal["left", "center"] = "left") -> Iterator[None]:
    """Matplotlib's defaults, with sizes of our own, while a figure is drawn or written.

    Whatever a user's ``matplotlibrc`` or the code around it sets, the same figure is the same file.

    Args:
        titles: where panels have theirs.

    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({**_RC, "axes.titlelocation": titles})
        yield


def in_legend(text: str) -> str:
    """Return a label so that a legend shows it: matplotlib hides those that begin with "_"."""
    return f"{_ZERO_WIDTH}{text}" if text.startswith("_") else text


def _as_written(figure: Figure) -> None:
    """Have no text of a figure read as mathematics, but for numbers that matplotlib writes itself.

    Labels and titles hold what people call their things: "cost $5 & $6_x" is no formula.
    """
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            for is_minor in (False, True):
                formatter = axis.get_minor_formatter() if is_minor else axis.get_major_formatter()
                if isinstance(formatter, ScalarFormatter | LogFormatter):
                    for label in axis.get_ticklabels(minor=is_minor):
                        label.set_parse_math(True)
            axis.get_offset_text().set_parse_math(True)


def looks(titles: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return colour, dashes and marker of each update rule; some spell RMSProp RMSprop.

    Those that the theory does not speak of have looks of their own, as far as there are any: after
    three they are repeated.
    """
    others = [title for title in titles if title.lower() not in _LOOKS]
    return {
        title: dict(
            _LOOKS.get(title.lower()) or _OTHER_LOOKS[others.index(title) % len(_OTHER_LOOKS)]
        )
        for title in titles
    }


def write_figure(
    figure: Figure, path: Path, title: str, kinds: Sequence[Kind], *, dpi: int = 300
) -> list[Path]:
    """Write ``path`` with the ending of each kind, each file whole; return their paths.

    The layout is computed once, and is the same in all. The title is not drawn: programs that read
    figures aloud say it.

    Args:
        figure: what is written.
        path: without an ending; a dot in it is part of the name.
        title: what the figure shows, in words.
        kinds: endings.
        dpi: pixels an inch of a PNG, and of what a PDF has as pixels; an SVG has 150 at most.

    Raises:
        UserError: the folder cannot be made or written.

    """
    files = [path.with_name(f"{path.name}.{kind}") for kind in kinds]
    with house_style():
        _as_written(figure)
        figure.draw_without_rendering()
        # Any engine, the one that does nothing too, would have each file drawn twice.
        figure.set_layout_engine(None)
        for kind, file in zip(kinds, files, strict=True):
            metadata = {"Title": title, **_UNDATED[kind]}
            pixels = min(dpi, _DPI_OF_SVG) if kind == "svg" else dpi
            write_whole(file, partial(figure.savefig, dpi=pixels, metadata=metadata))
    return files
