"""The partitions R and P of section 4.D.2 as predicates, in normalised variables.

With a = A/(σ̃0²η), b = B/(σ̃0²η) and r = σ̃1²/σ̃0² the definitions lose σ̃0² and η. The unions over
integers k in R32 and R33 ask whether a multiple of r lies within some distance of b; counting the
integers in an open interval by floor and ceiling removes k.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import sympy as sp

from theory.logic.statements import Boolean

Predicate: TypeAlias = Callable[[sp.Expr, sp.Expr, sp.Expr], Boolean]
_THIRD = sp.Rational(1, 3)
_kept = lru_cache(maxsize=64)
"""Claims ask of the same few points in which regions they are."""


def _integers_between(low: sp.Expr, high: sp.Expr) -> sp.Expr:
    """How many integers lie in the open interval (low, high), for low < high."""
    return sp.ceiling(high) - sp.floor(low) - 1


def _near_even_multiple(b: sp.Expr, r: sp.Expr, distance: sp.Expr) -> Boolean:
    """|b + kr| < distance for some even k ≠ 0."""
    low, high = (-b - distance) / (2 * r), (-b + distance) / (2 * r)
    zero_inside = sp.Piecewise((1, sp.And(low < 0, high > 0)), (0, True))
    return sp.And(distance > 0, _integers_between(low, high) - zero_inside >= 1)


def _near_odd_multiple(b: sp.Expr, r: sp.Expr, distance: sp.Expr) -> Boolean:
    """|b + kr| < distance for some odd k."""
    half = sp.Rational(1, 2)
    low, high = (-b - distance) / (2 * r) - half, (-b + distance) / (2 * r) - half
    return sp.And(distance > 0, _integers_between(low, high) >= 1)


@_kept
def in_R1(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R1: 2/3 < |a| < 1."""
    return sp.And(sp.Abs(a) > 2 * _THIRD, sp.Abs(a) < 1)


@_kept
def in_R2(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R2: 1/3 < |a| < 2/3."""
    return sp.And(sp.Abs(a) > _THIRD, sp.Abs(a) < 2 * _THIRD)


@_kept
def in_R3(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R3: |a| < 1/3."""
    return sp.Abs(a) < _THIRD


@_kept
def in_R11(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R11: in R1, |a| < |b|."""
    return sp.And(in_R1(a, b, r), sp.Abs(a) < sp.Abs(b))


@_kept
def in_R12(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R12: in R1, |a| > |b|."""
    return sp.And(in_R1(a, b, r), sp.Abs(a) > sp.Abs(b))


@_kept
def in_R21(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R21: in R2, |a| < |b|."""
    return sp.And(in_R2(a, b, r), sp.Abs(a) < sp.Abs(b))


@_kept
def in_R22(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R22: in R2, |a|, |a + 1| and |a − 1| all exceed |b|."""
    return sp.And(in_R2(a, b, r), *(sp.Abs(x) > sp.Abs(b) for x in (a, a + 1, a - 1)))


@_kept
def in_R23(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R23: in R2, |a| > |b|, and |a + 1| < |b| or |a − 1| < |b|."""
    crosses = sp.Or(sp.Abs(a + 1) < sp.Abs(b), sp.Abs(a - 1) < sp.Abs(b))
    return sp.And(in_R2(a, b, r), sp.Abs(a) > sp.Abs(b), crosses)


@_kept
def in_R31(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R31: in R3, |a| > |b|."""
    return sp.And(in_R3(a, b, r), sp.Abs(a) > sp.Abs(b))


@_kept
def in_R32(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R32: in R3, |a| > |b + kr| for some even k ≠ 0."""
    return sp.And(in_R3(a, b, r), _near_even_multiple(b, r, sp.Abs(a)))


@_kept
def in_R33(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R33: in R3, |a| + |b + kr| < 1/3 for some odd k."""
    return sp.And(in_R3(a, b, r), _near_odd_multiple(b, r, _THIRD - sp.Abs(a)))


@_kept
def in_R34(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R34: in R3 and in none of R31, R32, R33."""
    elsewhere = (in_R31(a, b, r), in_R32(a, b, r), in_R33(a, b, r))
    return sp.And(in_R3(a, b, r), *map(sp.Not, elsewhere))


@_kept
def in_R32_by(a: sp.Expr, b: sp.Expr, r: sp.Expr, k: sp.Expr) -> Boolean:
    """In R32 by the even number ``k`` ≠ 0, as its definition reads."""
    return sp.And(in_R3(a, b, r), sp.Ne(k, 0), sp.Abs(a) > sp.Abs(b + k * r))


@_kept
def in_R33_by(a: sp.Expr, b: sp.Expr, r: sp.Expr, k: sp.Expr) -> Boolean:
    """In R33 by the odd number ``k``, as its definition reads."""
    return sp.And(in_R3(a, b, r), sp.Abs(a) + sp.Abs(b + k * r) < _THIRD)


@_kept
def in_transient(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R_t: R11, R12, R21 or R23."""
    return sp.Or(*(region(a, b, r) for region in (in_R11, in_R12, in_R21, in_R23)))


@_kept
def in_stationary(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """R_s: R22 or one of R31 to R34, which make up R3 by the definition of R34."""
    return sp.Or(in_R22(a, b, r), in_R3(a, b, r))


@_kept
def in_P1(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """P1: |a| < 1."""
    return sp.Abs(a) < 1


@_kept
def in_P2(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """P2: |a| > 1 and |b| < 1."""
    return sp.And(sp.Abs(a) > 1, sp.Abs(b) < 1)


@_kept
def in_P3(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """P3, for r > 1/3: 1 < |a| < (|b| + 3r − 1)/(3r), here multiplied by 3r > 0."""
    return sp.And(r > _THIRD, sp.Abs(a) > 1, 3 * r * sp.Abs(a) < sp.Abs(b) + 3 * r - 1)


@_kept
def in_P31(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """P31: in P3, |a| + 1 > |b|."""
    return sp.And(in_P3(a, b, r), sp.Abs(a) + 1 > sp.Abs(b))


@_kept
def in_P4(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """P4, for r > 1/3: 1 < |b| < 3r|a| − (3r − 1)."""
    return sp.And(r > _THIRD, sp.Abs(b) > 1, sp.Abs(b) < 3 * r * sp.Abs(a) - (3 * r - 1))


@_kept
def in_P41(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """P41: in P4, |b| < |a| < 2."""
    return sp.And(in_P4(a, b, r), sp.Abs(b) < sp.Abs(a), sp.Abs(a) < 2)


@_kept
def in_P42(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """P42: in P4, |a| > |b|, and 2 < |a| < (|b| + 3r − 1)/(3r) + 1, here multiplied by 3r > 0."""
    within_reach = 3 * r * (sp.Abs(a) - 1) < sp.Abs(b) + 3 * r - 1
    return sp.And(in_P4(a, b, r), sp.Abs(a) > sp.Abs(b), sp.Abs(a) > 2, within_reach)


@_kept
def in_P5(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """P5, for r < 1/3: 1 < |a| < |b|."""
    return sp.And(r < _THIRD, sp.Abs(a) > 1, sp.Abs(a) < sp.Abs(b))


@_kept
def in_P6(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """P6, for r < 1/3: 1 < |b| < |a|."""
    return sp.And(r < _THIRD, sp.Abs(b) > 1, sp.Abs(b) < sp.Abs(a))


R_PARTITION: dict[str, Predicate] = {
    "R11": in_R11,
    "R12": in_R12,
    "R21": in_R21,
    "R22": in_R22,
    "R23": in_R23,
    "R31": in_R31,
    "R32": in_R32,
    "R33": in_R33,
    "R34": in_R34,
}
"""The nine subpartitions of |a| < 1."""

P_PARTITION: dict[str, Predicate] = {
    "P1": in_P1,
    "P2": in_P2,
    "P3": in_P3,
    "P4": in_P4,
    "P5": in_P5,
    "P6": in_P6,
}
"""The six partitions of starts; P3 and P4 for r > 1/3, P5 and P6 for r < 1/3."""
