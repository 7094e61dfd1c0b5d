"""Which numbers a spec takes: each numeric field says so in its type, and all are checked alike."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Any, TypeAlias, get_args, get_origin, get_type_hints

_MOST = 2**31 - 1  # what sizes and loops of every library here hold


@dataclass(frozen=True)
class Range:
    """The numbers from ``least`` to ``most``; all are finite.

    Attributes:
        least: the smallest.
        most: the largest.
        is_open: whether ``least`` itself is left out, and what is above it is meant.

    """

    least: float = 0
    most: float = _MOST
    is_open: bool = False

    def holds(self, value: float) -> bool:
        """Say whether a number is in the range; nan and infinities are in none."""
        above = value > self.least if self.is_open else value >= self.least
        return math.isfinite(value) and above and value <= self.most

    def text(self, got: float) -> str:
        """Return what is expected in words, given a number outside: ``"1 or more"``.

        The largest number that any range has is told only to one that is beyond it.
        """
        if math.isinf(self.least):
            return "a finite number"
        is_general = self.most >= _MOST and not self.most < got < math.inf
        if self.is_open:
            return f"a number > {self.least:g}" + ("" if is_general else f", at most {self.most:g}")
        if is_general:
            return f"{self.least:g} or more"
        return f"{self.least:g} to {self.most:.10g}"


Count: TypeAlias = Annotated[int, Range(1)]
Natural: TypeAlias = Annotated[int, Range(0)]
Seed: TypeAlias = Annotated[int, Range(0)]
Percentage: TypeAlias = Annotated[int, Range(1, 99)]
Positive: TypeAlias = Annotated[float, Range(0, math.inf, is_open=True)]
Points: TypeAlias = Annotated[float, Range(0, 100, is_open=True)]


def require_in_range(spec: Any) -> None:
    """Check every number of a spec, also those in tuples, and in dictionaries of options.

    Raises:
        ValueError: one is out of its range; the field, the range and the number are named.

    """
    hints = get_type_hints(type(spec), include_extras=True)
    for field in fields(spec):
        for value, allowed in _numbers(getattr(spec, field.name), hints[field.name]):
            if not allowed.holds(value):
                raise ValueError(f"{field.name}: expected {allowed.text(value)}, got {value}")


_FINITE = Range(-math.inf, math.inf)


def _numbers(value: Any, hint: Any) -> Iterator[tuple[float, Range]]:
    """Yield the numbers in a value, each with the range that its type names."""
    if isinstance(value, dict):
        floats = (number for number in value.values() if isinstance(number, float))
        yield from ((number, _FINITE) for number in floats)
    elif isinstance(value, tuple):
        for item in value:
            yield from _numbers(item, get_args(hint)[0])
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value, _range(hint)


def _range(hint: Any) -> Range:
    """Return the range in a type such as ``Count``, or ``Count | None``."""
    if get_origin(hint) is Annotated:
        return next(part for part in get_args(hint) if isinstance(part, Range))
    return next(_range(part) for part in get_args(hint) if get_origin(part) is Annotated)
