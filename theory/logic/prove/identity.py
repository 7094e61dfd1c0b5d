"""Exact identities: a difference is brought to a normal form that is literally zero.

Numbers are algebraic (√2, √3, √6, …) and never floating point. Both sides must have a value
wherever the symbols' assumptions allow: (x² − 1)/(x − 1) = x + 1 is no identity. Every proof is
checked by a second route, which shares nothing with sympy's algebra and its evaluation: both sides
are enclosed in intervals at points drawn from the assumptions.
"""

import random
from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import sympy as sp

from theory.logic.constants import sign_of, tamed
from theory.logic.findings import Finding, Proof, Unsettled
from theory.logic.prove.deadline import limited
from theory.logic.prove.enclosure import enclose, ever_closer
from theory.logic.statements import Statement

NAME = "identity"
_DIGITS = 50
_POINTS, _TRIES = 3, 30  # at which the sides must be equal; that are drawn, as some have no value


def _canonical_signs(expr: sp.Expr) -> sp.Expr:
    """Give equal arguments of ``sign`` and ``Abs`` equal form, up to a positive factor."""
    expr = expr.replace(sp.sign, lambda x: sp.sign(sp.factor(sp.expand(x))))
    return expr.replace(sp.Abs, lambda x: sp.Abs(sp.factor(sp.expand(x))))


_TOTAL = (
    sp.Rational,
    sp.NumberSymbol,
    sp.Symbol,
    sp.Add,
    sp.Mul,
    sp.Abs,
    sp.sign,
    sp.Min,
    sp.Max,
    sp.floor,
    sp.ceiling,
    sp.exp,
    sp.sin,
    sp.cos,
    sp.functions.elementary.piecewise.ExprCondPair,
    sp.logic.boolalg.Boolean,
)
"""Constructs with a value for all real arguments."""

_NORMAL_FORMS: dict[str, Callable[[sp.Expr], sp.Expr]] = {
    "expansion": sp.expand,
    "canonical signs": lambda e: sp.expand(_canonical_signs(e)),
    "common denominator": lambda e: sp.expand(sp.numer(sp.together(sp.radsimp(e)))),
    "exponentials": lambda e: sp.expand(sp.powsimp(sp.expand(e.rewrite(sp.exp)))),
    "trigonometry": lambda e: sp.trigsimp(sp.expand_trig(sp.expand(e))),
    "simplification": sp.simplify,
}


def normal_form_to_zero(expr: sp.Expr) -> str | None:
    """Name of the first normal form in which ``expr`` is literally 0, or None."""
    return next((name for name in _NORMAL_FORMS if _is_zero(expr, name)), None)


def _is_zero(expr: sp.Expr, name: str) -> bool:
    """Whether a normal form is literally 0; where sympy fails at it, it shows nothing.

    Simplification of nested distinctions of cases, for one, may end in any kind of error.
    """
    try:
        return bool(_NORMAL_FORMS[name](expr) == 0)
    except Exception:
        return False


def settle(statement: Statement, timeout: float = 10.0) -> Finding:
    """Prove an equation, or a conjunction of equations, as an identity.

    Hypotheses are not used, so what is proved is stronger than the statement.
    """
    if not isinstance(statement.conclusion, sp.Eq | sp.And | sp.logic.boolalg.BooleanTrue):
        return _no_equation()
    return limited(NAME, timeout, _settle, statement)


def _no_equation() -> Finding:
    return Unsettled(NAME, "the conclusion is not an equation")


def _settle(statement: Statement) -> Finding:
    conclusion = statement.conclusion
    if conclusion == sp.true:
        return Proof(NAME, {"normal_forms": ["evaluation"]})
    equations = conclusion.args if isinstance(conclusion, sp.And) else (conclusion,)
    used = []
    for equation in equations:
        if not isinstance(equation, sp.Eq):
            return _no_equation()
        doubtful = [x for x in sp.preorder_traversal(equation) if not _has_value(x)]
        if doubtful:
            return Unsettled(NAME, f"{doubtful[0]} is not known to have an exact real value")
        opaque: dict[sp.Basic, sp.Dummy] = {}
        difference = tamed(equation.lhs, opaque) - tamed(equation.rhs, opaque)
        form = normal_form_to_zero(difference)
        if form is None:
            return Unsettled(NAME, f"no normal form of {equation.lhs - equation.rhs} is zero")
        if not _are_equal_at_points(equation):
            return Unsettled(
                NAME, f"the sides of {equation} were not found equal at {_POINTS} points"
            )
        used.append(form)
    route = f"{_DIGITS} digits at {_POINTS} points, by intervals"
    return Proof(NAME, {"normal_forms": used, "second_route": route})


def _has_value(expr: sp.Basic) -> bool:
    """Whether an expression is defined wherever its arguments are, as the assumptions tell."""
    match expr:
        case sp.Pow(args=(base, exponent)):
            if exponent.is_integer:
                return _is_so(exponent, "nonnegative") or _is_so(base, "nonzero")
            has_root = _is_so(base, "nonnegative") and _is_so(exponent, "positive")
            return has_root or _is_so(base, "positive")
        case sp.Piecewise():
            return expr.args[-1].cond == sp.true
        case sp.gamma():
            return _is_so(expr.args[0], "positive")
    return isinstance(expr, _TOTAL) and not isinstance(expr, sp.Float)


_SIGNS = {"positive": (1,), "nonnegative": (0, 1), "nonzero": (-1, 1)}


def _is_so(expr: sp.Expr, fact: str) -> bool:
    """Whether a term has a sign wherever its symbols have values; of a constant, by arithmetic."""
    if not expr.free_symbols:
        return sign_of(expr) in _SIGNS[fact]
    known = tamed(expr, {})
    return known.is_zero is False if fact == "nonzero" else bool(getattr(known, f"is_{fact}"))


def _are_equal_at_points(equation: sp.Eq) -> bool:
    """Whether both sides have the same value, to some digits, at each of a few points."""
    rng, equal = random.Random(0), 0
    symbols = sorted(equation.free_symbols, key=str)
    for _ in range(_TRIES):
        point = {s: _random_value(s, rng) for s in symbols}
        try:
            left, right = (_value_at(side, point) for side in equation.args)
        except ValueError:  # the intervals do not tell a value there
            continue
        size = 1 + max(abs(left.a), abs(left.b))
        if not abs(left - right).b < size / mpmath.iv.mpf(10) ** _DIGITS:
            return False
        equal += 1
        if equal == _POINTS:
            return True
    return False


def _value_at(side: sp.Expr, point: Mapping[sp.Symbol, sp.Rational]) -> Any:
    """Enclose a side at a point, with as many digits as its integer parts and signs need."""
    return next(ever_closer(lambda digits: enclose(side, point, digits)))


def _random_value(symbol: sp.Symbol, rng: random.Random) -> sp.Expr:
    """Return a rational (or integer) that the symbol's assumptions admit."""
    while True:
        number = sp.Integer(rng.randint(-20, 20))
        if not symbol.is_integer:
            number += sp.Rational(rng.randint(1, 100), 101)
        facts = ("positive", "negative", "nonnegative", "nonpositive", "nonzero", "even", "odd")
        if all(getattr(symbol, f"is_{f}") in (None, getattr(number, f"is_{f}")) for f in facts):
            return number
