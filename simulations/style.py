"""How this package's figures are written; how they look is :mod:`theory.style`'s."""

from pathlib import Path
from typing import Final, NamedTuple

from matplotlib.figure import Figure

from theory import style
from theory.style import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PINK,
    SKY,
    VERMILION,
    WIDTH_INCHES,
    YELLOW,
    house_style,
)

__all__ = [
    "BLACK",
    "BLUE",
    "GREEN",
    "ORANGE",
    "PINK",
    "SKY",
    "VERMILION",
    "WIDTH_INCHES",
    "YELLOW",
    "Written",
    "house_style",
    "write_figure",
]

_DPI: Final = 200


class Written(NamedTuple):
    """The files of a figure."""

    png: Path
    svg: Path


def write_figure(figure: Figure, path: Path, title: str) -> Written:
    """Write ``path`` with the endings .png and .svg, as :func:`theory.style.write_figure` does.

    Raises:
        UserError: the folder cannot be made or written.

    """
    png, svg = style.write_figure(figure, path, title, ("png", "svg"), dpi=_DPI)
    return Written(png, svg)
