"""Draw the partitions R (Figure 4.8) and P (Figure 4.9), with sample orbits and limits."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from simulations.studies.partitions.experiment import LIMITS, SUBPARTS, Picture, deepest
from theory.common.figure import (
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
from theory.model.orbit import Array

# Transient parts are pale; stationary ones have the strong colours.
_COLOURS: Final[Mapping[str, str]] = {
    "R11": "#EDEDED",
    "R12": "#D6D6D6",
    "R21": "#FBF3B9",
    "R23": YELLOW,
    "R22": SKY,
    "R31": VERMILION,
    "R32": ORANGE,
    "R33": GREEN,
    "R34": PINK,
    "P1": "#EDEDED",
    "P2": "#FBF3B9",
    "P3": SKY,
    "P4": ORANGE,
    "P5": GREEN,
    "P6": PINK,
}
_OF_LIMITS: Final = {"R22": SKY, "R31": VERMILION, "R34": PINK}
_LIMIT_NAMES: Final = {
    "R22": "long steps, in R22",
    "R31": "long steps, between R31 and R12",
    "R34": "short steps, in R34",
}


def draw_r(pictures: list[Picture]) -> Figure:
    """Return the figure of R: a row for each ratio; its parts with orbits, and the limits."""
    with house_style():
        figure = Figure(figsize=(WIDTH_INCHES, 0.8 + 3.2 * len(pictures)), layout="constrained")
        panels = figure.subplots(len(pictures), 2, squeeze=False, sharex=True, sharey=True)
        for (left, right), picture, letters in zip(
            panels, pictures, ("ab", "cd", "ef", "gh"), strict=False
        ):
            _parts(left, picture)
            for name, orbit in picture.orbits.items():
                if name not in _OF_LIMITS:
                    _orbit(left, orbit)
            _limits(right, picture)
            left.set_title(f"({letters[0]}) parts, r = {picture.ratio}")
            right.set_title(f"({letters[1]}) where orbits end, r = {picture.ratio}")
            left.set_ylabel("B / (σ̃₀²η)")
        for axes in panels[-1]:
            axes.set_xlabel("A / (σ̃₀²η)")
        handles = [Patch(color=_OF_LIMITS[name], label=_LIMIT_NAMES[name]) for name in LIMITS]
        if any((picture.parts > 1).any() for picture in pictures):
            handles += [
                Patch(facecolor="white", edgecolor=BLACK, hatch=hatch, label=f"in {count} parts")
                for count, hatch in (("two", _HATCHES[0]), ("three", _HATCHES[1]))
            ]
        figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    return figure


def draw_p(pictures: list[Picture]) -> Figure:
    """Return the figure of P: a column for each ratio; its parts with orbits, and the count."""
    with house_style():
        figure = Figure(figsize=(WIDTH_INCHES, 5.2), layout="constrained")
        panels = figure.subplots(2, len(pictures), squeeze=False, sharex=True, sharey=True)
        greatest = max(int(picture.found.short_steps.max()) for picture in pictures)
        for (top, bottom), picture, letter in zip(panels.T, pictures, "abcd", strict=False):
            _parts(top, picture, above=8)
            _subparts(top, picture)
            top.axline((0, 0), slope=1, color=BLACK, linestyle=":", linewidth=0.9)
            for name, orbit in picture.orbits.items():
                if name not in SUBPARTS:
                    _orbit(top, np.abs(orbit))
            top.set_title(f"({letter}) r = {picture.ratio}")
            counts = picture.found.short_steps.reshape(picture.limit.shape)
            mesh = bottom.pcolormesh(
                picture.a, picture.b, counts, vmin=0, vmax=greatest, cmap="viridis", rasterized=True
            )
            bottom.set_xlabel("|A(0)| / (σ̃₀²η)")
        for axes in panels[:, 0]:
            axes.set_ylabel("|B(0)| / (σ̃₀²η)")
        bar = figure.colorbar(mesh, ax=list(panels[1]), pad=0.02)
        bar.set_label("|Δw̃₂| / (√6/3 η), the count")
    return figure


_HATCHES: Final = ("////", "xxxx")


def _parts(axes: Axes, picture: Picture, above: int = 0) -> None:
    """Colour the parts, mixed where they overlap, with hatches there and where there is none.

    Names stand ``above`` points above the midst of the parts, where rings of orbits are.
    """
    names = [name for name in picture.inside if name not in SUBPARTS]
    colours = np.array([to_rgb(_COLOURS[name]) for name in names])
    inside = np.array([picture.inside[name] for name in names], float)
    several = np.maximum(picture.parts, 1)[..., None]
    image = np.einsum("pij,pc->ijc", inside, colours) / several + (picture.parts == 0)[..., None]
    axes.imshow(
        np.clip(image, 0, 1),
        extent=_extent(picture),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
    )
    for count, hatch in enumerate(("....", None, *_HATCHES)):
        if hatch and (picture.parts == count).any():
            levels = [count - 0.5, count + 0.5]
            hatched = axes.contourf(
                picture.a, picture.b, picture.parts, levels=levels, colors="none", hatches=[hatch]
            )
            hatched.set_rasterized(count == 0)  # each dot is a long path
    for name in names:
        if picture.inside[name].any():
            _label(axes, picture, name, picture.inside[name], above)
    if (picture.parts == 0).any():
        _label(axes, picture, "in no part", picture.parts == 0)


def _extent(picture: Picture) -> tuple[float, float, float, float]:
    """Left, right, bottom and top edge of the picture; coordinates are in the midst of cells."""
    half_a, half_b = (np.diff(x)[0] / 2 for x in (picture.a, picture.b))
    a, b = picture.a, picture.b
    return a[0] - half_a, a[-1] + half_a, b[0] - half_b, b[-1] + half_b


def _label(axes: Axes, picture: Picture, text: str, inside: Array, above: int = 0) -> None:
    """Write a part's name in its midst, on the right and above if it is on all sides."""
    quarter = inside & (picture.a > 0) & (picture.b[:, None] > 0)
    row, column = deepest(quarter if quarter.any() else inside)
    axes.annotate(
        text,
        (picture.a[column], picture.b[row]),
        xytext=(0, above),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=7,
        bbox={"boxstyle": "round,pad=0.1", "facecolor": "white", "alpha": 0.75, "linewidth": 0},
    )


def _subparts(axes: Axes, picture: Picture) -> None:
    for name in SUBPARTS:
        inside = picture.inside[name]
        if inside.any():
            axes.contour(picture.a, picture.b, inside, levels=[0.5], colors=[BLACK], linewidths=0.7)
            _label(axes, picture, name, inside)


def _orbit(axes: Axes, orbit: Array) -> None:
    """Draw an orbit from a ring to the two crosses of its limit cycle."""
    a, b = orbit.T
    axes.plot(a, b, color=BLUE, linewidth=0.7, marker=".", markersize=2.5, alpha=0.8)
    axes.plot(a[:1], b[:1], color=BLUE, marker="o", markersize=4, markerfacecolor="white")
    axes.plot(a[-2:], b[-2:], color=BLACK, linestyle="none", marker="x", markersize=4.5)


def _limits(axes: Axes, picture: Picture) -> None:
    """Colour each start by the kind of its limit cycle, paler where |b| stays larger there."""
    colours = np.array([to_rgb(_OF_LIMITS[name]) for name in LIMITS])[picture.limit]
    paleness = 0.7 * picture.size_of_b[..., None] / picture.size_of_b.max()
    axes.imshow(
        colours + paleness * (1 - colours),
        extent=_extent(picture),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
    )
