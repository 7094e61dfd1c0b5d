"""Exact identities: a difference is brought to a normal form that is literally zero.

Numbers are algebraic (√2, √3, √6, …) and never floating point. Both sides must have a value
wherever the symbols' assumptions allow: (x² − 1)/(x − 1) = x + 1 is no identity. Every proof is
checked by a second route: the difference is evaluated to 50 digits at points drawn from the
assumptions.
"""

import random
from collections.abc import Callable

import sympy as sp

from theory.findings import Finding, Proof, Unsettled
from theory.prove.deadline import limited
from theory.statements import Statement

NAME = "identity"
_DIGITS = 50


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
        difference = equation.lhs - equation.rhs
        form = normal_form_to_zero(difference)
        if form is None:
            return Unsettled(NAME, f"no normal form of {difference} is zero")
        if not _vanishes_numerically(difference):
            return Unsettled(NAME, f"{difference} has a zero normal form and a value that is not")
        used.append(form)
    return Proof(NAME, {"normal_forms": used, "second_route": f"{_DIGITS} digits at 3 points"})


def _has_value(expr: sp.Basic) -> bool:
    """Whether an expression is defined wherever its arguments are, as the assumptions tell."""
    match expr:
        case sp.Pow(args=(base, exponent)):
            if exponent.is_integer:
                return bool(exponent.is_nonnegative) or base.is_zero is False
            return bool(base.is_positive or (base.is_nonnegative and exponent.is_positive))
        case sp.Piecewise():
            return expr.args[-1].cond == sp.true
        case sp.gamma():
            return bool(expr.args[0].is_positive)
    return isinstance(expr, _TOTAL) and not isinstance(expr, sp.Float)


def _vanishes_numerically(expr: sp.Expr) -> bool:
    rng = random.Random(0)
    for _ in range(3):
        point = {s: _random_value(s, rng) for s in expr.free_symbols}
        if not abs(expr.evalf(_DIGITS, subs=point)) < sp.Float(10) ** (10 - _DIGITS):
            return False
    return True


def _random_value(symbol: sp.Symbol, rng: random.Random) -> sp.Expr:
    """Return a rational (or integer) that the symbol's assumptions admit."""
    while True:
        number = sp.Integer(rng.randint(-20, 20))
        if not symbol.is_integer:
            number += sp.Rational(rng.randint(1, 100), 101)
        facts = ("positive", "negative", "nonnegative", "nonpositive", "nonzero", "even", "odd")
        if all(getattr(symbol, f"is_{f}") in (None, getattr(number, f"is_{f}")) for f in facts):
            return number
