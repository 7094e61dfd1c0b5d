"""Quartiles over seeds, as numbers, in tables and in words."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

Quartiles: TypeAlias = tuple[float, float, float]
"""Lower quartile, median and upper quartile."""


def quartiles(values: Sequence[float] | np.ndarray) -> Quartiles:
    """Return the quartiles of the values that are not NaN; NaN if none is."""
    there = np.asarray(values)[~np.isnan(values)]
    if not len(there):
        return (np.nan, np.nan, np.nan)
    low, middle, high = np.quantile(there, (0.25, 0.5, 0.75))
    return float(low), float(middle), float(high)


def cells(values: Quartiles) -> tuple[str, str]:
    """Return the median and the quartiles as two cells of a table."""
    low, middle, high = values
    return f"{middle:.4g}", f"{low:.4g} to {high:.4g}"


def words(values: Quartiles) -> str:
    """Return the median, and the quartiles in brackets."""
    low, middle, high = values
    return f"{middle:.3f} [{low:.3f}, {high:.3f}]"
