"""Quartiles over seeds, as numbers, in tables and in words."""

import math
from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np

Quartiles: TypeAlias = tuple[float, float, float]
"""Lower quartile, median and upper quartile."""
ROUNDING_DECIDES: Final = "rounding decides"
_SMALL: Final = 0.01
_DRAWS: Final = 4


def quartiles(values: Sequence[float] | np.ndarray) -> Quartiles:
    """Return the quartiles of the values that are not NaN; NaN if none is."""
    there = np.asarray(values)[~np.isnan(values)]
    if not len(there):
        return (np.nan, np.nan, np.nan)
    low, middle, high = np.quantile(there, (0.25, 0.5, 0.75))
    return float(low), float(middle), float(high)


def cells(values: Quartiles, rounding: float = 0.0) -> tuple[str, str]:
    """Return the median and the quartiles as two cells of a table.

    Args:
        values: the three.
        rounding: how far rounding moves them; digits that it decides are left out.

    """
    low, middle, high = (held(x, rounding) for x in values)
    return middle, low if low == high == ROUNDING_DECIDES else f"{low} to {high}"


def words(values: Quartiles, rounding: float = 0.0) -> str:
    """Return the median, and the quartiles in brackets; digits that rounding decides are left out.

    Args:
        values: the three.
        rounding: how far rounding moves them.

    """
    low, middle, high = (fixed(x, rounding, 3) for x in values)
    if _digits(values[1], rounding, 4) < 1 and ROUNDING_DECIDES in (low, middle, high):
        return f"({ROUNDING_DECIDES})"
    return f"{middle} [{low}, {high}]"


def fixed(value: float, rounding: float, places: int) -> str:
    """Return a number with those of its decimal places that hold, at most so many.

    Args:
        value: the number.
        rounding: how far rounding moves it.
        places: of a number that rounding does not move.

    """
    holding = _places(rounding, places)
    if holding < 0 or (holding < places and _digits(value, rounding, 400) < 1):
        return ROUNDING_DECIDES
    return f"{value:.{holding}f}"


def held(value: float, rounding: float, digits: int = 4) -> str:
    """Return the significant digits of a number that hold, at most so many.

    A unit of the last one is four times what rounding moves the number by, or more: what a twin
    moved by is one draw, and another processor's may be some times as large. Where none holds, a
    small number is said to be below a power of ten.

    Args:
        value: the number.
        rounding: how far rounding moves it.
        digits: of a number that rounding does not move.

    """
    holding = _digits(value, rounding, digits)
    if holding >= 1:
        return f"{value:.{holding}g}"
    bound = abs(value) + _DRAWS * rounding
    return f"below {_power_above(bound):.0e}" if bound < _SMALL else ROUNDING_DECIDES


def _digits(value: float, rounding: float, most: int) -> int:
    """Return how many significant digits of a number hold, at most ``most``."""
    if not np.isfinite(value) or rounding == 0:
        return most
    if value == 0 or not np.isfinite(rounding):
        return 0
    return min(most, math.floor(math.log10(abs(value))) + 1 + _places(rounding, 400))


def _places(rounding: float, most: int) -> int:
    """Return how many decimal places hold, at most ``most``; negative where not even units do."""
    if not rounding > 0:
        return most
    return min(most, math.floor(-math.log10(_DRAWS * rounding))) if np.isfinite(rounding) else -1


def _power_above(value: float) -> float:
    return float(f"1e{math.floor(math.log10(value)) + 1}")
