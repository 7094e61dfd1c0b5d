"""The phase of signGD before T, in x = |a| and y = |b|: which steps move ẽ2, and how many do.

The normalised map commutes with (a, c) → (−a, −c) and with b → −b, and while |a| ≥ 1 no step
changes the sign of a. So until T = min{t ≥ 0 : |A(t)| < σ̃0²η}, that is, |a| < 1, the sizes x and y
follow a map of their own, and c moves along sign a or rests. Statements about "the count at T" are
statements about that map, stopped at T, with counters.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

import sympy as sp

from theory.logic.arguments import always
from theory.logic.evidence import Argument, Obligation
from theory.logic.prove import settle
from theory.logic.statements import Boolean, Statement, equal
from theory.model.dynamics import NormalisedState, normalised_step

_THIRD = sp.Rational(1, 3)

FoldedStep = tuple[sp.Expr, sp.Expr, sp.Expr]


def folded_step(x: sp.Expr, y: sp.Expr, r: sp.Expr) -> FoldedStep:
    """One step in x = |a| ≥ 1 and y = |b|, and how far c moves in the direction of sign a.

    For x > y only x moves, by 1. For x < y, x moves by 1/3, y by r and c by 1. At a tie x = y they
    move by 2/3, r/2 and 1/2. What holds of :func:`theory.model.dynamics.normalised_step` is
    ``FOLDING``.
    """

    def cases(long: sp.Expr, tie: sp.Expr, short: sp.Expr) -> sp.Expr:
        return sp.Piecewise((long, x > y), (tie, sp.Eq(x, y)), (short, True))

    x_move, y_move = cases(sp.Integer(1), 2 * _THIRD, _THIRD), cases(sp.Integer(0), r / 2, r)
    return x - x_move, sp.Abs(y - y_move), cases(sp.Integer(0), sp.Rational(1, 2), sp.Integer(1))


class Phase(NamedTuple):
    """State symbols of the stopped map.

    Attributes:
        x: |a|.
        y: |b|.
        t: iterations so far, at most T.
        n: how many of them had |A| ≤ |B|: the count.
        m: how many of them had |A| = |B|.
        w: how far c has moved along sign a(0); in ẽ2 this is (√6/3)ηw.

    """

    x: sp.Symbol
    y: sp.Symbol
    t: sp.Symbol
    n: sp.Symbol
    m: sp.Symbol
    w: sp.Symbol


_t, _n, _m = sp.symbols("t n m", integer=True)
STATE = Phase(
    x=sp.Symbol("x", real=True),
    y=sp.Symbol("y", nonnegative=True),
    t=_t,
    n=_n,
    m=_m,
    w=sp.Symbol("w", real=True),
)
X0, Y0 = sp.symbols("x_0 y_0", nonnegative=True)
"""|a(0)| and |b(0)|."""
R = sp.Symbol("r", positive=True)
"""σ̃1²/σ̃0²."""
OUTSIDE, INSIDE = STATE.x >= 1, STATE.x < 1
"""Before T, and from T on."""


def stopped_step(state: Phase, r: sp.Expr) -> Mapping[sp.Symbol, sp.Expr]:
    """One step of the folded map with its counters while x ≥ 1; nothing moves afterwards."""
    x, y, t, n, m, w = state
    x_next, y_next, drift = folded_step(x, y, r)

    def going(image: sp.Expr, rest: sp.Expr) -> sp.Expr:
        return sp.Piecewise((image, x >= 1), (rest, True))

    def tally(condition: Boolean) -> sp.Expr:
        return sp.Piecewise((1, sp.And(x >= 1, condition)), (0, True))

    return {
        x: going(x_next, x),
        y: going(y_next, y),
        t: t + tally(sp.true),
        n: n + tally(x <= y),
        m: m + tally(sp.Eq(x, y)),
        w: w + going(drift, sp.Integer(0)),
    }


@cache
def _step() -> Mapping[sp.Symbol, sp.Expr]:
    return MappingProxyType(stopped_step(STATE, R))


def _folding() -> Statement:
    a, b, c = sp.symbols("a b c", real=True)
    after = normalised_step(NormalisedState(a, b, c), R)
    x, y, drift = folded_step(sp.Abs(a), sp.Abs(b), R)
    return Statement(
        sp.And(
            equal(sp.Abs(after.a), x),
            equal(sp.Abs(after.b), y),
            equal(sp.sign(a) * (after.c - c), drift),
            sp.sign(a) * after.a >= 0,
        ),
        (sp.Abs(a) >= 1,),
    )


FOLDING = _folding()
"""While |a| ≥ 1: |a| and |b| follow the folded map, c moves along sign a, which does not change."""


def until_T(region: Boolean, *given: Boolean, invariant: Boolean | None = None) -> Argument:
    """Assert that every state of the stopped map from a start as ``given`` is in ``region``.

    ``given`` is about ``X0``, ``Y0`` and ``R``. What is to hold at T is written as
    ``sp.Implies(INSIDE, …)``: T is finite by Proposition 4.D.3, and nothing moves after it.

    Args:
        region: a condition on ``STATE``, ``X0``, ``Y0`` and ``R``.
        given: conditions on start and ratio.
        invariant: what the induction shows; without it, ``region``.

    """
    x, y, *counters = STATE
    at_start = (sp.Eq(x, X0), sp.Eq(y, Y0), *(sp.Eq(counter, 0) for counter in counters))
    argument = always(_step(), region, *given, *at_start, invariant=invariant)
    folding = Obligation("|a|, |b| and c follow the folded map until T", FOLDING, settle)
    return Argument(
        argument.formula,
        (folding, *argument.sufficient),
        rule="the folded map until T, and induction over t",
    )
