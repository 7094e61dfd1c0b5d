"""Relations between constants, decided by interval arithmetic with outward rounding.

An enclosure of left − right that excludes 0 decides a strict or non-strict relation either way. One
that contains 0 decides nothing: equality of constants is the identity back end's business.
"""

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
    return limited(NAME, timeout, lambda: _settle(statement.conclusion))


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


def enclose(expr: sp.Expr) -> Any:
    """Enclose a constant in an interval of type ``mpmath.iv.mpf``.

    Raises:
        ValueError: the constant has a construct that is not supported, a denominator that may be
            zero, or a radicand that may be negative.

    """
    iv = mpmath.iv
    iv.dps = _DIGITS
    match expr:
        case sp.Rational():
            return iv.mpf(int(expr.p)) / iv.mpf(int(expr.q))
        case sp.Add():
            return reduce(lambda x, y: x + y, map(enclose, expr.args))
        case sp.Mul():
            return reduce(lambda x, y: x * y, map(enclose, expr.args))
        case sp.Pow(args=(base, sp.Integer() as exponent)):
            return _power(enclose(base), int(exponent))
        case sp.Pow(args=(base, sp.Rational(q=2) as exponent)):
            return _power(iv.sqrt(enclose(base)), int(exponent.p))
        case sp.Abs():
            return abs(enclose(expr.args[0]))
    if expr is sp.pi:
        return iv.pi
    raise ValueError(f"the constant {expr} has a construct that is not supported")


def _power(base: Any, exponent: int) -> Any:
    if exponent < 0 and 0 in base:
        raise ValueError("the enclosure of a denominator contains 0")
    return base**exponent
