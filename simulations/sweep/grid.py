"""What is swept: named axes, fixed settings and seeds; and the points of a stretch of the grid."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

Scalar: TypeAlias = int | float | str
Values: TypeAlias = tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | range

SEED: Final = "seed"
"""Name of the axis of seeds, which is the last: neighbouring points differ in their seeds."""


@dataclass(frozen=True)
class Parameter:
    """What a point may differ in, or what may be fixed for all points.

    Attributes:
        name: how it is called in files, options and columns.
        kind: ``int``, ``float`` or ``str``.
        default: what holds where nothing else is said, in notation; None if something must be said.
        choices: the names there are, if the kind is ``str`` and not every name will do.
        optional: whether it is left out of the sweep where nothing is said.

    """

    name: str
    kind: type[int] | type[float] | type[str]
    default: Scalar | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False


@dataclass(frozen=True)
class Axis:
    """The values that one parameter takes.

    Attributes:
        name: of the parameter.
        values: all int, all float or all str; finite, distinct.

    """

    name: str
    values: Values

    def __len__(self) -> int:
        return len(self.values)

    def at(self, positions: np.ndarray) -> np.ndarray:
        """Return the values at positions counted from 0: int64, float64 or text, same shape."""
        if isinstance(self.values, range):
            return self.values.start + self.values.step * positions
        return self._listed[positions]

    @cached_property
    def _listed(self) -> np.ndarray:
        return np.asarray(self.values)

    def as_json(self) -> dict[str, Any]:
        """Return name and values; those of a range by its ends, both included."""
        values = self.values
        if isinstance(values, range):
            return {"name": self.name, "first": values[0], "last": values[-1], "step": values.step}
        return {"name": self.name, "values": list(values)}


@dataclass(frozen=True)
class Points:
    """Some points of a grid, in the order of their rows.

    Attributes:
        rows: their numbers in the grid, counted from 0, shape (n,).
        swept: the value of each swept parameter, and of ``seed`` if there are seeds, shape (n,).
        fixed: the value of each other parameter.

    """

    rows: np.ndarray
    swept: Mapping[str, np.ndarray]
    fixed: Mapping[str, Scalar]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> np.ndarray:
        """Return the values of a parameter, swept or fixed, shape (n,)."""
        if name in self.swept:
            return self.swept[name]
        return np.full(len(self), self.fixed[name])

    def groupwise(
        self, names: Sequence[str], function: Callable[["Points"], Mapping[str, ArrayLike]]
    ) -> dict[str, np.ndarray]:
        """Call ``function`` on the points of each combination of values of some parameters.

        For what cannot differ within one array program, as a dimension or an update rule. In the
        points that ``function`` gets, ``names`` are fixed.

        Args:
            names: of parameters, swept or fixed.
            function: returns arrays with one row for each point it gets.

        Returns:
            The arrays put together, in the order of these points.

        Raises:
            ValueError: the arrays of two groups differ in names, dtype or length of a row.

        """
        groups = list(self._groups([name for name in names if name in self.swept]))
        parts = [_arrays(function(self._fixed_at(group, names))) for group in groups]
        kinds = [{n: (part.dtype, part.shape[1:]) for n, part in p.items()} for p in parts]
        differing = [kind for kind in kinds if kind != kinds[0]]
        if differing:
            raise ValueError(
                f"expected alike columns of all groups, got {kinds[0]}, {differing[0]}"
            )
        order = np.argsort(np.concatenate(groups))
        return {name: np.concatenate([part[name] for part in parts])[order] for name in parts[0]}

    def _groups(self, names: Sequence[str]) -> Iterator[np.ndarray]:
        """Yield the positions of the points that agree in ``names``, in a fixed order."""
        if not names:
            yield np.arange(len(self))
            return
        codes = np.stack([np.unique(self.swept[n], return_inverse=True)[1] for n in names])
        _, group_of = np.unique(codes, axis=1, return_inverse=True)
        for group in range(group_of.max() + 1):
            yield np.flatnonzero(group_of == group)

    def _fixed_at(self, group: np.ndarray, names: Sequence[str]) -> "Points":
        taken = {name: values[group] for name, values in self.swept.items() if name not in names}
        first = {n: self.swept[n][group[0]].item() for n in names if n in self.swept}
        return Points(self.rows[group], taken, {**self.fixed, **first})


@dataclass(frozen=True)
class Sweep:
    """All combinations of the values of some axes and seeds, under fixed settings.

    Made by :func:`simulations.sweep.notation.sweep_of`, which checks it. The last axis varies
    fastest from row to row.

    Attributes:
        axes: what is swept, in the order in which the parameters are declared.
        fixed: name and value of each other parameter.
        seeds: the seeds that every combination is computed with; empty if nothing is random.

    """

    axes: tuple[Axis, ...]
    fixed: tuple[tuple[str, Scalar], ...] = ()
    seeds: range = range(0)

    @property
    def all_axes(self) -> tuple[Axis, ...]:
        """The axes, and that of the seeds if there are any."""
        return (*self.axes, Axis(SEED, self.seeds)) if self.seeds else self.axes

    @property
    def rows(self) -> int:
        """How many points there are; exact, however many."""
        return math.prod(len(axis) for axis in self.all_axes)

    def points(self, first: int, stop: int) -> Points:
        """Return the points of rows ``first``, …, ``stop`` − 1."""
        rows = np.arange(first, stop, dtype=np.int64)
        shape = [len(axis) for axis in self.all_axes]
        positions = np.unravel_index(rows, shape) if shape else ()
        swept = {
            axis.name: axis.at(places)
            for axis, places in zip(self.all_axes, positions, strict=True)
        }
        return Points(rows, swept, dict(self.fixed))

    def as_json(self) -> dict[str, Any]:
        """Return what the sweep is, for a file; numbers keep all their bits."""
        return {
            "axes": [axis.as_json() for axis in self.all_axes],
            "fixed": dict(self.fixed),
        }


def _arrays(columns: Mapping[str, ArrayLike]) -> dict[str, np.ndarray]:
    return {name: np.asarray(values) for name, values in columns.items()}
