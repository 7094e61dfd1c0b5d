"""Masks that remove part of a d × d spectrum (appendix 4.C), as conditions on one DCT basis (i, j).

Percentages: ``p`` lies strictly between 0 and 100. ``s`` is p percent of the n = d² bases,
s = np/100, a real number.
"""

from collections.abc import Callable
from typing import TypeAlias

import sympy as sp

from theory.logic.statements import Boolean

Index: TypeAlias = sp.Expr | int


def kept_by_magnitude(magnitude: sp.Expr, threshold: sp.Expr) -> Boolean:
    """M_nrg = 1: the magnitude exceeds the threshold."""
    return magnitude > threshold


def kept_as_printed(i: Index, j: Index, d: Index, p: sp.Expr | int) -> Boolean:
    """M_freq = 1 as printed: i² + j² > (p/100)√2 d."""
    return sp.sympify(i) ** 2 + sp.sympify(j) ** 2 > sp.sympify(p) / 100 * sp.sqrt(2) * d


def kept_by_distance(i: Index, j: Index, d: Index, p: sp.Expr | int) -> Boolean:
    """A low pass by distance: √(i² + j²) ≤ (1 − p/100)√2 d, in squares."""
    return sp.sympify(i) ** 2 + sp.sympify(j) ** 2 <= 2 * ((1 - sp.sympify(p) / 100) * d) ** 2


def removed(kept: Callable[[int, int], Boolean], d: int) -> sp.Expr:
    """How many of the d × d bases are not kept."""
    one, zero = sp.Integer(1), sp.Integer(0)
    bases = ((i, j) for i in range(d) for j in range(d))
    return sum((sp.Piecewise((zero, kept(i, j)), (one, True)) for i, j in bases), zero)


def removed_below_percentile(s: sp.Expr, ties: sp.Expr | int = 0) -> sp.Expr:
    """How many of n values do not exceed their p-th percentile by the nearest rank.

    That percentile is the ⌈s⌉-th smallest value; ``ties`` values after it equal it.
    """
    return sp.ceiling(s) + ties


def removed_below_interpolated_percentile(n: sp.Expr, p: sp.Expr) -> sp.Expr:
    """How many of n distinct values do not exceed their p-th percentile by interpolation.

    That percentile lies at the position h = (n − 1)p/100, counted from 0: at or above the ⌊h⌋-th
    value, and below the next.
    """
    return sp.floor((n - 1) * p / 100) + 1


def removed_above_percentile(n: sp.Expr, s: sp.Expr, ties: sp.Expr | int = 0) -> sp.Expr:
    """How many of n values exceed their (100 − p)-th percentile by the nearest rank.

    That percentile is the ⌈n − s⌉-th smallest value; ``ties`` values after it equal it.
    """
    return n - sp.ceiling(n - s) - ties
