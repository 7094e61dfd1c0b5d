"""Relations between constants, decided by interval arithmetic with outward rounding.

An enclosure of left − right that excludes 0 decides a strict or non-strict relation either way. One
that contains 0 is sought again with more digits, and decides nothing in the end: equality of
constants is the identity back end's business. Terms are walked as they are written; nothing of
sympy's is asked that evaluates a number.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from functools import reduce
from typing import Any

import mpmath
import sympy as sp

from theory.logic.findings import Disproof, Finding, Proof, Unsettled
from theory.logic.prove.deadline import limited
from theory.logic.statements import Boolean, Statement

NAME = "enclosure"
_DIGITS = (60, 240, 960, 3840)
_MOST_BITS = 20_000  # of an integer part


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
            difference = _apart_from_zero(relation)
        except ValueError as error:
            return Unsettled(NAME, str(error))
        enclosures[str(relation)] = str(difference)
        if not relation.func(1 if difference.a > 0 else -1, 0):
            return Disproof(NAME, {"left - right": enclosures})
    return Proof(NAME, {"left - right": enclosures})


def _apart_from_zero(relation: Any) -> Any:
    for difference in ever_closer(lambda digits: _difference(relation, {}, digits)):
        if difference.a > 0 or difference.b < 0:
            return difference
    raise ValueError(f"the enclosure of {relation} contains 0")


def ever_closer(enclosed: Callable[[int], Any]) -> Iterator[Any]:
    """Intervals with more and more digits; those that lack a value for want of digits are left out.

    Raises:
        ValueError: not even the most digits give a value.

    """
    for digits in _DIGITS:
        try:
            yield enclosed(digits)
        except ValueError:
            if digits == _DIGITS[-1]:
                raise


def sign(constant: sp.Expr) -> int | None:
    """Return −1 or 1 if that is certainly the sign of a constant; None if it is 0 or unknown."""
    try:
        for value in ever_closer(lambda digits: enclose(constant, digits=digits)):
            if value.a > 0 or value.b < 0:
                return 1 if value.a > 0 else -1
    except ValueError:
        pass
    return None


def floor(constant: sp.Expr) -> int | None:
    """Return the integer part of a constant; None if the intervals do not tell it."""
    try:
        return next(ever_closer(lambda digits: _integer_part(enclose(constant, digits=digits))))
    except ValueError:
        pass
    return None


def enclose(
    expr: sp.Expr, at: Mapping[sp.Symbol, Fraction | int] | None = None, digits: int = _DIGITS[0]
) -> Any:
    """Enclose a constant, or a term at exact numbers, in an interval of type ``mpmath.iv.mpf``.

    Raises:
        ValueError: the term has a construct that is not supported, a denominator that may be zero,
            a radicand that may be negative, or a sign or an integer part that the enclosure does
            not tell.

    """
    mpmath.iv.dps = digits
    return _enclose(expr, at or {})


def _enclose(expr: sp.Expr, at: Mapping[sp.Symbol, Fraction | int]) -> Any:  # noqa: PLR0912
    iv = mpmath.iv
    inside: Callable[[sp.Expr], Any] = lambda part: _enclose(part, at)  # noqa: E731
    match expr:
        case sp.Rational():
            return iv.mpf(int(expr.p)) / iv.mpf(int(expr.q))
        case sp.Symbol() if expr in at:
            return iv.mpf(at[expr].numerator) / iv.mpf(at[expr].denominator)
        case sp.Add():
            return reduce(lambda x, y: x + y, map(inside, expr.args))
        case sp.Mul():
            return reduce(lambda x, y: x * y, map(inside, expr.args))
        case sp.Pow(args=(base, sp.Integer() as exponent)):
            return _power(inside(base), int(exponent))
        case sp.Pow(args=(base, sp.Rational(q=2) as exponent)):
            return _power(iv.sqrt(_not_negative(inside(base))), int(exponent.p))
        case sp.Pow(args=(base, exponent)):
            return _general_power(inside(base), inside(exponent))
        case sp.Abs():
            return abs(inside(expr.args[0]))
        case sp.sign():
            return iv.mpf(_sign(inside(expr.args[0])))
        case sp.Min() | sp.Max():
            return _extreme(isinstance(expr, sp.Max), [inside(part) for part in expr.args])
        case sp.floor() | sp.ceiling():
            up = isinstance(expr, sp.ceiling)
            whole = _integer_part(-inside(expr.args[0]) if up else inside(expr.args[0]))
            return iv.mpf(-whole if up else whole)
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
    sp.gamma: lambda x: mpmath.iv.gamma(_positive(x)),
    sp.log: lambda x: mpmath.iv.log(_positive(x)),
}


def truth(formula: Boolean, at: Mapping[sp.Symbol, Fraction | int]) -> bool | None:
    """Whether a formula certainly holds (or does not) at exact numbers; None if intervals overlap.

    Raises:
        ValueError: a term has no enclosure, or the formula has a construct that is not supported.

    """
    mpmath.iv.dps = _DIGITS[0]
    return _truth(formula, at)


def _truth(formula: Boolean, at: Mapping[sp.Symbol, Fraction | int]) -> bool | None:
    match formula:
        case sp.logic.boolalg.BooleanAtom():
            return bool(formula)
        case sp.And() | sp.Or():
            parts = [_truth(part, at) for part in formula.args]
            decisive = isinstance(formula, sp.Or)
            return decisive if decisive in parts else None if None in parts else not decisive
        case sp.Not():
            part = _truth(formula.args[0], at)
            return None if part is None else not part
        case sp.Implies():
            return _truth(sp.Or(sp.Not(formula.args[0]), formula.args[1]), at)
        case sp.Equivalent():
            values = {_truth(part, at) for part in formula.args}
            return None if None in values else len(values) == 1
        case sp.core.relational.Relational():
            difference = _enclose(formula.lhs, at) - _enclose(formula.rhs, at)
            if difference.a == difference.b == 0:
                return bool(formula.func(0, 0))
            if not (difference.a > 0 or difference.b < 0):
                return None
            return bool(formula.func(1 if difference.a > 0 else -1, 0))
    raise ValueError(f"the formula {formula} has a construct that is not supported")


def _difference(relation: Any, at: Mapping[sp.Symbol, Fraction | int], digits: int) -> Any:
    """Enclose left − right, each side by itself: sympy's difference might evaluate something."""
    return enclose(relation.lhs, at, digits) - enclose(relation.rhs, at, digits)


def _first_case(expr: sp.Piecewise, at: Mapping[sp.Symbol, Fraction | int]) -> Any:
    for value, condition in expr.args:
        holds = _truth(condition, at)
        if holds is None:
            raise ValueError(f"the enclosures do not tell which case of {expr} applies")
        if holds:
            return _enclose(value, at)
    raise ValueError(f"no case of {expr} applies")


def _sign(x: Any) -> int:
    if x.a == x.b == 0:
        return 0
    if not (x.a > 0 or x.b < 0):
        raise ValueError("the enclosure does not tell a sign")
    return 1 if x.a > 0 else -1


def _integer_part(x: Any) -> int:
    """The floor of every number in an interval, if all have the same."""
    ends = []
    for sign_, mantissa, exponent, _ in x._mpi_:  # exact: ±mantissa · 2^exponent
        if (not mantissa and exponent) or exponent > _MOST_BITS:
            raise ValueError("the enclosure of an integer part is not finite, or too large")
        signed = -int(mantissa) if sign_ else int(mantissa)
        ends.append(signed << exponent if exponent >= 0 else signed >> -exponent)
    if ends[0] != ends[1]:
        raise ValueError("the enclosure does not tell an integer part")
    return ends[0]


def _extreme(largest: bool, parts: list[Any]) -> Any:
    """Enclose the largest, or the smallest, of numbers by the extremes of their bounds."""
    pick = max if largest else min
    low, high = pick(x.a for x in parts), pick(x.b for x in parts)
    return mpmath.iv.mpf([low, high])


def _not_negative(x: Any) -> Any:
    if not x.a >= 0:
        raise ValueError("the enclosure of a radicand contains negative numbers")
    return x


def _positive(x: Any) -> Any:
    if not x.a > 0:
        raise ValueError("the enclosure of a positive number contains 0")
    return x


def _general_power(base: Any, exponent: Any) -> Any:
    if exponent.a == exponent.b and _integer_part(exponent) == exponent.a:
        return _power(base, _integer_part(exponent))
    return mpmath.iv.exp(mpmath.iv.log(_positive(base)) * exponent)


def _power(base: Any, exponent: int) -> Any:
    if exponent < 0 and 0 in base:
        raise ValueError("the enclosure of a denominator contains 0")
    return base**exponent
