"""Relations between constants, decided by interval arithmetic with outward rounding.

An enclosure of left − right that excludes 0 decides a strict or non-strict relation either way. One
that contains 0 decides nothing: equality of constants is the identity back end's business.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

import mpmath
import sympy as sp

from theory.findings import Disproof, Finding, Proof, Unsettled
from theory.prove.deadline import limited
from theory.statements import Boolean, Statement

NAME = "enclosure"
_DIGITS = 60


def settle(statement: Statement, timeout: float = 10.0) -> Finding:
    """Decide a relation, or a conjunction of relations, without free symbols or hypotheses."""
    if statement.symbols or statement.hypotheses:
        return Unsettled(NAME, "the statement has symbols or hypotheses")
    return limited(NAME, timeout, _settle, statement.conclusion)


def _settle(conclusion: Boolean) -> Finding:
    relations = conclusion.args if isinstance(conclusion, sp.And) else (conclusion,)
    enclosures = {}
    for relation in relations:
        if not isinstance(relation, sp.core.relational.Relational):
            return Unsettled(NAME, f"expected a relation between constants, got {relation}")
        try:
            difference = enclose(relation.lhs - relation.rhs)
        except ValueError as error:
            return Unsettled(NAME, str(error))
        if not (difference.a > 0 or difference.b < 0):
            return Unsettled(NAME, f"the enclosure of {relation} contains 0")
        enclosures[str(relation)] = str(difference)
        if not relation.func(1 if difference.a > 0 else -1, 0):
            return Disproof(NAME, {"left - right": enclosures})
    return Proof(NAME, {"left - right": enclosures})


def enclose(expr: sp.Expr, at: Mapping[sp.Symbol, Fraction | int] | None = None) -> Any:
    """Enclose a constant, or a term at exact numbers, in an interval of type ``mpmath.iv.mpf``.

    Raises:
        ValueError: the term has a construct that is not supported, a denominator that may be zero,
            a radicand that may be negative, or a sign that the enclosure does not tell.

    """
    iv = mpmath.iv
    iv.dps = _DIGITS
    inside: Callable[[sp.Expr], Any] = lambda part: enclose(part, at)  # noqa: E731
    match expr:
        case sp.Rational():
            return iv.mpf(int(expr.p)) / iv.mpf(int(expr.q))
        case sp.Symbol() if at is not None and expr in at:
            return iv.mpf(at[expr].numerator) / iv.mpf(at[expr].denominator)
        case sp.Add():
            return reduce(lambda x, y: x + y, map(inside, expr.args))
        case sp.Mul():
            return reduce(lambda x, y: x * y, map(inside, expr.args))
        case sp.Pow(args=(base, sp.Integer() as exponent)):
            return _power(inside(base), int(exponent))
        case sp.Pow(args=(base, sp.Rational(q=2) as exponent)):
            return _power(iv.sqrt(inside(base)), int(exponent.p))
        case sp.Pow(args=(base, exponent)):
            return iv.exp(iv.log(_positive(inside(base))) * inside(exponent))
        case sp.Abs():
            return abs(inside(expr.args[0]))
        case sp.sign():
            return iv.mpf(_sign(inside(expr.args[0])))
        case sp.Piecewise():
            return _first_case(expr, at)
    if expr in (sp.pi, sp.E):
        return iv.pi if expr is sp.pi else iv.e
    if type(expr) in _FUNCTIONS:
        return _FUNCTIONS[type(expr)](*map(inside, expr.args))
    raise ValueError(f"the constant {expr} has a construct that is not supported")


_FUNCTIONS: dict[type, Callable[[Any], Any]] = {
    sp.exp: mpmath.iv.exp,
    sp.sin: mpmath.iv.sin,
    sp.cos: mpmath.iv.cos,
    sp.log: lambda x: mpmath.iv.log(_positive(x)),
}


def truth(formula: Boolean, at: Mapping[sp.Symbol, Fraction | int]) -> bool | None:
    """Whether a formula certainly holds (or does not) at exact numbers; None if intervals overlap.

    Raises:
        ValueError: a term has no enclosure, or the formula has a construct that is not supported.

    """
    match formula:
        case sp.logic.boolalg.BooleanAtom():
            return bool(formula)
        case sp.And() | sp.Or():
            parts = [truth(part, at) for part in formula.args]
            decisive = isinstance(formula, sp.Or)
            return decisive if decisive in parts else None if None in parts else not decisive
        case sp.Not():
            part = truth(formula.args[0], at)
            return None if part is None else not part
        case sp.Implies():
            return truth(sp.Or(sp.Not(formula.args[0]), formula.args[1]), at)
        case sp.Equivalent():
            values = {truth(part, at) for part in formula.args}
            return None if None in values else len(values) == 1
        case sp.core.relational.Relational():
            difference = enclose(formula.lhs - formula.rhs, at)
            if difference.a == difference.b == 0:
                return bool(formula.func(0, 0))
            if not (difference.a > 0 or difference.b < 0):
                return None
            return bool(formula.func(1 if difference.a > 0 else -1, 0))
    raise ValueError(f"the formula {formula} has a construct that is not supported")


def _first_case(expr: sp.Piecewise, at: Mapping[sp.Symbol, Fraction | int] | None) -> Any:
    for value, condition in expr.args:
        holds = truth(condition, at or {})
        if holds is None:
            raise ValueError(f"the enclosures do not tell which case of {expr} applies")
        if holds:
            return enclose(value, at)
    raise ValueError(f"no case of {expr} applies")


def _sign(x: Any) -> int:
    if x.a == x.b == 0:
        return 0
    if not (x.a > 0 or x.b < 0):
        raise ValueError("the enclosure does not tell a sign")
    return 1 if x.a > 0 else -1


def _positive(x: Any) -> Any:
    if not x.a > 0:
        raise ValueError("the enclosure of a positive number contains 0")
    return x


def _power(base: Any, exponent: int) -> Any:
    if exponent < 0 and 0 in base:
        raise ValueError("the enclosure of a denominator contains 0")
    return base**exponent
