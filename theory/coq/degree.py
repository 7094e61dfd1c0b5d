"""Degrees of formulas: what linear arithmetic is told, and what it does not know."""

from collections.abc import Sequence

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean


def degree(expr: sp.Basic) -> float:
    """Degree of an expression once signs, absolute values and cases are split.

    A sign has degree 0 as it is a constant in each case; a quotient by something that is not a
    number, a root, π and a floor have the degree ∞: linear arithmetic does not know them.
    """
    match expr:
        case sp.Rational():
            return 0
        case sp.Symbol():
            return 1
        case sp.Mul():
            return sum(map(degree, expr.args))
        case sp.Pow(args=(base, sp.Integer() as exponent)) if exponent > 0:
            return degree(base) * int(exponent)
        case sp.sign():
            return 0 if degree(expr.args[0]) <= 1 else float("inf")
        case sp.Add() | sp.Abs() | sp.Min() | sp.Max():
            return _greatest(expr.args)
        case sp.Piecewise():
            linear = all(is_linear(c) for _, c in expr.args)
            return _greatest([v for v, _ in expr.args]) if linear else float("inf")
    return float("inf")


def _greatest(exprs: Sequence[sp.Basic]) -> float:
    return max(map(degree, exprs), default=0)


def is_linear(formula: Boolean) -> bool:
    """Whether every relation in a formula is linear in its symbols, with rational coefficients."""
    if isinstance(formula, Relational):
        return bool(degree(formula.lhs) <= 1 and degree(formula.rhs) <= 1)
    return all(map(is_linear, formula.args))
