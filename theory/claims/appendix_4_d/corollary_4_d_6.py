"""Corollary 4.D.6: when A starts to oscillate, and how far its signs are out of balance.

Normalised: a = A/(σ̃0²η), b = B/(σ̃0²η), r = σ̃1²/σ̃0². A tie is |A| = |B| ≠ 0. In the
formulas "generic" means that no tie occurs and that 3A/(σ̃0²η) is never an integer, 0 included.
Either excludes only a null set of starts (Proposition 4.D.1).
"""

import sympy as sp

from theory.claims.lemmas.descent_to_r31 import DESCENT, NO_TIES_ON_THE_WAY
from theory.logic.arguments import derived
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Boolean, Possible, Statement
from theory.model.dynamics import NormalisedState, normalised_step, unrolled
from theory.model.regions import (
    in_R2,
    in_R3,
    in_R11,
    in_R12,
    in_R21,
    in_R31,
    in_R33_by,
    in_stationary,
)

_a, _b, _c = sp.symbols("a b c", real=True)
_r = sp.Symbol("r", positive=True)
_S, _k = sp.symbols("S k", integer=True)
_third, _sixth = sp.Rational(1, 3), sp.Rational(1, 6)
_next = normalised_step(NormalisedState(_a, _b, _c), _r)
_after = (_next.a, _next.b, _r)
_orbit, _five_steps = unrolled(_a, _b, _r, 5)
_, _two_steps = unrolled(_a, _b, _r, 2)
_, _three_steps = unrolled(_a, _b, _r, 3)
_one, _two, _three = ((*state, _r) for state in _orbit[1:4])


def _generic(a: sp.Expr, b: sp.Expr) -> Boolean:
    edges = (sp.Integer(0), _third, 2 * _third, sp.Integer(1))
    return sp.And(sp.Ne(sp.Abs(a), sp.Abs(b)), *(sp.Ne(sp.Abs(a), edge) for edge in edges))


def _oscillates(a: sp.Expr, b: sp.Expr) -> Boolean:
    """R_s and what R31 leads to in R12."""
    beside_R31 = sp.And(in_R12(a, b, _r), sp.Abs(b) < 1 - sp.Abs(a))
    return sp.Or(in_stationary(a, b, _r), beside_R31)


def _no_tie(a: sp.Expr, b: sp.Expr) -> Boolean:
    return sp.Or(sp.Ne(sp.Abs(a), sp.Abs(b)), sp.Eq(a, 0))


def _surplus_within(low: int, high: int, a: sp.Expr, surplus: sp.Expr) -> Boolean:
    """The surplus of the present sign of A lies in [low, high]."""
    return sp.Or(
        sp.And(a > 0, surplus >= low, surplus <= high),
        sp.And(a < 0, -surplus >= low, -surplus <= high),
    )


def _balanced(a: sp.Expr, b: sp.Expr, surplus: sp.Expr) -> Boolean:
    """The invariant: S, the surplus of positive over negative A since the start, by region.

    |a| > 2/3 with |a| < |b|, as in R11, occurs at the start only. A keeps its sign from there and
    from R21 (here with its edge |a| = 2/3), where R23 leads, so these must leave room.
    """
    x, y = sp.Abs(a), sp.Abs(b)
    slow = sp.And(_third < x, x <= 2 * _third, sp.Or(x < y, 1 - x < y))
    return sp.And(
        x <= 1,
        sp.Implies(sp.And(2 * _third < x, x < y), sp.Eq(surplus, 0)),
        sp.Implies(slow, _surplus_within(0, 1, a, surplus)),
        sp.Or(_surplus_within(-1, 2, a, surplus), sp.And(sp.Eq(a, 0), surplus >= -2, surplus <= 2)),
    )


# The cycles of R22, and of R31 with R12.
_rests = sp.And(sp.Abs(_a) < 1, sp.Abs(_b) < sp.Abs(_a), sp.Abs(_b) < 1 - sp.Abs(_a))
_signs = [sp.sign(state[0]) for state in _orbit[1:]]
_WHERE = "§4.D.2, Corollary 4.D.6"

CLAIMS = (
    Claim(
        id="Cor4.D.6.1",
        where=_WHERE,
        says="A is 2-periodic from at most 3 iterations after |A| ≤ σ̃0²η on.",
        published=lambda: derived(
            "|a(t)| ≤ 1 ⟹ a(i + 2) = a(i) for all i ≥ t + 3",
            "",
            {},
            {
                "i = t + 3, from R3 with b = 4r": Statement(
                    sp.Eq(_orbit[5][0], _orbit[3][0]),
                    (
                        *_five_steps,
                        in_R3(_a, _b, _r),
                        sp.Eq(_b, 4 * _r),
                        *(_generic(*state) for state in _orbit),
                    ),
                )
            },
        ),
        correction="Without ties, and where 3A/(σ̃0²η) is no integer, exactly if R31 is entered by "
        "iteration t + 3, or never; its sign alternates from t + 3 on in any case. The values "
        "change as R31 is entered: from R33 by k |k| iterations later, for σ̃1² ≥ σ̃0²/3, and |k| "
        "has no bound.",
        corrected=lambda: derived(
            "generic, |a(t)| < 1: sign a(i + 1) = −sign a(i) for all i ≥ t + 3; a(i + 2) = a(i) "
            "for all i ≥ t + 3 iff R31 is not entered for the first time after t + 3; for r ≥ 1/3 "
            "and each odd k, from (1/6, −kr) the value a(i + 2) ≠ a(i) for i = t + |k| − 1",
            "R_s is entered within 3 iterations; it and what R31 leads to in R12 are kept, and "
            "there A changes sign; for the values induction over t, and over n = |k|, …, 0",
            {
                "R22, R31 and beside R31: the state returns": Statement(
                    sp.And(sp.Eq(_orbit[2][0], _a), sp.Eq(_orbit[2][1], _b)),
                    (*_two_steps, _rests, sp.Ne(_a, 0)),
                ),
                "else A returns as long as R31 is not entered": Statement(
                    sp.Eq(_orbit[2][0], _a),
                    (
                        *_two_steps,
                        _oscillates(_a, _b),
                        sp.Not(_rests),
                        *(
                            sp.And(_generic(*state[:2]), sp.Not(in_R31(*state)))
                            for state in ((_a, _b, _r), _one)
                        ),
                    ),
                ),
                "R11": Statement(in_R2(*_after), (in_R11(_a, _b, _r),)),
                "R12": Statement(in_R3(*_after), (in_R12(_a, _b, _r),)),
                "R2, |a| < |b|": Statement(in_R3(*_after), (in_R21(_a, _b, _r),)),
                "R2, |a| > |b|": Statement(
                    sp.Or(in_stationary(*_after), in_R21(*_after)),
                    (
                        in_R2(_a, _b, _r),
                        _generic(_a, _b),
                        _generic(*_after[:2]),
                        sp.Abs(_a) > sp.Abs(_b),
                    ),
                ),
                "kept": Statement(
                    _oscillates(*_after[:2]), (_oscillates(_a, _b), _generic(_a, _b))
                ),
                "the sign alternates": Statement(
                    sp.Eq(sp.sign(_next.a), -sp.sign(_a)), (_oscillates(_a, _b), _generic(_a, _b))
                ),
                **DESCENT,
                **NO_TIES_ON_THE_WAY,
                "(1/6, −kr) is in R33 by k": in_R33_by(_sixth, -_k * _r, _r, _k),
                "the value changes as R31 is entered": Statement(
                    sp.Ne(_two[0], _a),
                    (
                        *_two_steps,
                        in_R3(_a, _b, _r),
                        sp.Ne(_a, 0),
                        sp.Abs(_a) < sp.Abs(_b),
                        in_R31(*_one),
                    ),
                ),
            },
        ),
        only_if="R31 is entered by iteration t + 3 or never, |A| = |B| does not occur, and "
        "3A/(σ̃0²η) is no integer",
        expects=Status.REFUTED,
        note="That 3A/(σ̃0²η) is no integer and no tie occurs excludes only a null set; that R31 is "
        "not entered later excludes more. Three are needed by way of R11, R23, R21, for "
        "σ̃1² > σ̃0²/3 (R-stationary.4).",
    ),
    Claim(
        id="Cor4.D.6.2",
        where=_WHERE,
        says="After iteration t positive and negative A differ in number by at most 2.",
        published=lambda: derived(
            "|a(t)| ≤ 1 ⟹ |Σ sign a(i), i = t + 1, …, N| ≤ 2 for all N",
            "",
            {},
            {
                "N = t + 5, a tie at t + 2": Statement(
                    sp.Abs(sum(_signs)) <= 2,
                    (
                        *_five_steps,
                        in_R11(_a, _b, _r),
                        in_R21(*_one),
                        sp.Eq(sp.Abs(_two[0]), sp.Abs(_two[1])),
                        _a > 0,
                    ),
                )
            },
        ),
        correction="So it is where no tie occurs, and 2 occurs; with ties the difference can be 3.",
        corrected=lambda: derived(
            "no tie, |a(t)| ≤ 1: |Σ sign a(i), i = t + 1, …, N| ≤ 2 for all N; 2 occurs",
            "induction over N along orbits without ties",
            {
                "at the start": Statement(_balanced(_a, _b, sp.Integer(0)), (sp.Abs(_a) <= 1,)),
                "a step": Statement(
                    _balanced(_next.a, _next.b, _S + sp.sign(_next.a)),
                    (_balanced(_a, _b, _S), _no_tie(_a, _b), _no_tie(*_after[:2])),
                ),
                "the bound": Statement(sp.Abs(_S) <= 2, (_balanced(_a, _b, _S),)),
                "2 occurs": Possible(
                    sp.And(
                        *_three_steps,
                        sp.Abs(_a) < 1,
                        *(_generic(*state) for state in _orbit[:4]),
                        sp.Eq(_signs[0] + _signs[1], 2),
                    )
                ),
            },
        ),
        only_if="|A| = |B| ≠ 0 does not occur",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of starts (P4.D.1.3). The sum to infinity has "
        "no value, as A changes sign for ever; it is read as all its partial sums.",
    ),
)
