"""Proposition 4.D.8, (4.28) and (4.29), and the ratio of adversarial risks that follows from them.

In normalised variables |Δw̃2| = (√6/3)ηw at T, with w the count less half the number of ties, and
|ẽ0(0)| = √3 η|a(0)|, |ẽ1(0)| = √2 η|b(0)|/r.
"""

from functools import cache

import sympy as sp

from theory.logic.arguments import all_of, derived, for_all, together
from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model.dynamics import NormalisedState, denormalise, normalised_step
from theory.model.first_phase import INSIDE, OUTSIDE, STATE, X0, Y0, R, until_T
from theory.model.regions import in_P5, in_P6
from theory.model.risk import adversarial_risk, dual_norm

_WHERE = "§4.D.2, Proposition 4.D.8"
_third = sp.Rational(1, 3)
_r, _a0, _b0 = R, X0, Y0

_a, _b, _c = sp.symbols("a b c", real=True)
_eta, _delta = sp.symbols("eta delta", positive=True)
_x, _y = sp.Abs(_a), sp.Abs(_b)
_next = normalised_step(NormalisedState(_a, _b, _c), _r)
_ends = sp.Abs(_next.a) < 1
_first = sp.Piecewise((1, _x < _y), (sp.Rational(1, 2), sp.Eq(_x, _y)), (0, True))
_SMALLEST, _LARGEST = sp.sqrt(6) / 6, sp.sqrt(6) / 3

_size_a, _size_b, _t, _n, _m, _w = STATE
_small_ratio = _r <= _third  # the published r < 1/3, and r = 1/3

# --- The printed main terms in units of (√6/3)η ---------------------------------------------------

_e0, _e1, _ = denormalise(NormalisedState(_a, _b, _c), _r, _eta)
_MAIN_TERM_0 = for_all(equal(sp.sqrt(3) * _LARGEST * sp.Abs(_e0), _LARGEST * _eta * 3 * _x))
_MAIN_TERM_1 = for_all(
    equal(3 * sp.sqrt(2) / 2 * _r * _LARGEST * sp.Abs(_e1), _LARGEST * _eta * 3 * _y)
)

# --- |A(0)| < |B(0)|: all steps until T are short -------------------------------------------------

_SHORT_STEPS = sp.And(
    sp.Eq(_w, _t),
    sp.Eq(_n, _t),
    sp.Eq(_size_a, _a0 - _t / 3),
    sp.Implies(OUTSIDE, _size_b > _size_a),
    sp.Or(sp.Eq(_t, 0), 2 * _third <= _size_a),
)


def _above(conclusion: sp.logic.boolalg.Boolean, *given: sp.logic.boolalg.Boolean) -> Argument:
    start = (_small_ratio, _a0 < _b0, *given)
    return until_T(sp.Implies(INSIDE, conclusion), *start, invariant=_SHORT_STEPS)


# --- |A(0)| > |B(0)|: long steps, then short ones -------------------------------------------------

# A long step leaves |b| and leads from |a| > |b| to |a| > |b| − 1. From the first other step on
# |a| + w/3 is the |a| it started from, or 1/2 less if that was a tie.
_whole = _size_a + _w / 3
_LONG_THEN_SHORT = sp.And(
    _size_a >= 0,
    _w >= 0,
    sp.Or(
        sp.And(sp.Eq(_w, 0), sp.Eq(_size_b, _b0), _size_a > _size_b - 1),
        sp.And(
            _w > 0,
            sp.Or(INSIDE, _size_b > _size_a),
            _whole > _b0 - 1,
            _whole <= _b0,
            _w <= 3 * _b0 - 2,
        ),
    ),
)


def _below(conclusion: sp.logic.boolalg.Boolean, *given: sp.logic.boolalg.Boolean) -> Argument:
    start = (_small_ratio, _a0 > _b0, *given)
    return until_T(sp.Implies(INSIDE, conclusion), *start, invariant=_LONG_THEN_SHORT)


@cache
def _first_case() -> Argument:
    """(4.28) where |A(0)| < |B(0)|."""
    return together(
        "0 ≤ √2|ẽ0(0)| − |Δw̃2| < √6 η, which is (4.28) with C = √6/3",
        {
            "bounds": _above(sp.And(3 * _a0 - _w >= 0, 3 * _a0 - _w < 3)),
            "√3 C|ẽ0(0)| = (√6/3)η · 3|a(0)|": _MAIN_TERM_0,
        },
    )


@cache
def _second_case() -> Argument:
    """(4.28) where |A(0)| > |B(0)|."""
    return together(
        "0 ≤ √3 r|ẽ1(0)| − |Δw̃2| < 2√6 η, which is (4.28) with C = √6/3",
        {
            "bounds": _below(sp.And(3 * _b0 - _w >= 0, 3 * _b0 - _w < 6)),
            "(3√2/2)r C|ẽ1(0)| = (√6/3)η · 3|b(0)|": _MAIN_TERM_1,
        },
    )


def _sharp_below() -> Argument:
    """Bounds on 3|b(0)| − count that no constants below 6 and above 2 replace: T = 1 and T = 2."""
    d = sp.Min(_delta, 1) / 12
    second = normalised_step(NormalisedState(*_next), _r)
    in_one = sp.And(in_P6(_a, _b, _r), _ends, 3 * _y > 6 - _delta)
    in_two = sp.And(
        in_P6(_a, _b, _r),
        sp.Abs(_next.a) < sp.Abs(_next.b),
        sp.Abs(second.a) < 1,
        3 * _y - 1 < 2 + _delta,
    )
    return all_of(
        "3|b(0)| − count > 6 − δ for a start, 3|b(0)| − count < 2 + δ for another",
        {
            "count 0": Statement(in_one.subs({_a: 2 - d, _b: 2 - 2 * d}), (_r < _third,)),
            "count 1": Statement(in_two.subs({_a: 2 + d, _b: 1 + 2 * d}), (_r < _third,)),
        },
    )


def _identity_above() -> Argument:
    return derived(
        "C = |Δw̃2|/(√3|ẽ0(0)| − 3η) is between √6/6 and √6/3",
        "",
        {},
        {
            "T = 1": Statement(
                _LARGEST * _first <= _LARGEST * (3 * _x - 3), (in_P5(_a, _b, _r), _ends)
            )
        },
    )


def _identity_below() -> Argument:
    return derived(
        "C = |Δw̃2|/((3√2/2)r|ẽ1(0)| − 3η) is between √6/6 and √6/3",
        "",
        {},
        {
            "T = 1": Statement(
                _SMALLEST * (3 * _y - 3) <= _LARGEST * _first, (in_P6(_a, _b, _r), _ends)
            )
        },
    )


# --- (4.29) ---------------------------------------------------------------------------------------

_w0, _w_star, _moved, _factor, _slack = sp.symbols("w_0 w_star Delta f s", real=True)
_triangle = for_all(
    sp.Abs(_moved - _factor * sp.Abs(_w_star)) <= _factor * sp.Abs(_w0) + _slack,
    _factor >= 0,
    sp.Abs(_moved - _factor * sp.Abs(_w0 - _w_star)) <= _slack,
)

# --- The ratio of adversarial risks ---------------------------------------------------------------

_S = sp.Symbol("S", positive=True)  # w̃0*² + w̃1*²
_u, _D = sp.symbols("w_2 Delta", real=True)
_ratio, _approx = (_S + (_u + _D) ** 2) / (_S + _u**2), 1 + _D**2 / _S
_C = sp.Symbol("C", positive=True)
_w_0, _epsilon = sp.symbols("w_0 epsilon", positive=True)
_w_1, _w_2 = sp.symbols("w_1 w_2", real=True)


def _risk_at(w2: sp.Expr) -> sp.Expr:
    norm = dual_norm((_w_0, _w_1, w2), 2)
    return adversarial_risk(sp.Integer(0), _epsilon * norm)


_range = sp.And(_C >= _SMALLEST, _C <= _LARGEST)

CLAIMS = (
    Claim(
        id="4.28.1",
        where=f"{_WHERE}, (4.28)",
        says="For r < 1/3 and |A(0)| < |B(0)|: |Δw̃2| = √3 C|ẽ0(0)|, but for a contribution from η.",
        published=_first_case,
        expects=Status.PROVED,
        note="With C = √6/3, whatever the start and whatever r ≤ 1/3: the bound is uniform. For "
        "|A(0)| > σ̃0²η the difference is at least (2√6/3)η (P4.D.8.2).",
    ),
    Claim(
        id="4.28.2",
        where=f"{_WHERE}, (4.28)",
        says="For r < 1/3 and |A(0)| > |B(0)|: |Δw̃2| = (3√2/2)r C|ẽ1(0)|, but for a contribution "
        "from η.",
        published=_second_case,
        expects=Status.PROVED,
        note="With C = √6/3; uniform in the start, ties included, and in r ≤ 1/3.",
    ),
    Claim(
        id="P4.D.8.1",
        where=f"{_WHERE}, proof",
        says="From P5, T = (|A(0)| − σ̃0²η)/(σ̃0²η/3).",
        published=lambda: derived(
            "T = 3(|a(0)| − 1)",
            "",
            {},
            {"T = 1": Statement(equal(1, 3 * (_x - 1)), (in_P5(_a, _b, _r), _ends))},
        ),
        correction="T = ⌊(|A(0)| − σ̃0²η)/(σ̃0²η/3)⌋ + 1.",
        corrected=lambda: _above(sp.Eq(_t, sp.floor(3 * (_a0 - 1)) + 1), _a0 > 1),
        expects=Status.REFUTED,
        note="Too small by more than 0 and at most 1.",
    ),
    Claim(
        id="P4.D.8.2",
        where=f"{_WHERE}, proof",
        says="From P5, |Δw̃2| = C(√3|ẽ0(0)| − 3η) with C between √6/6 and √6/3.",
        published=_identity_above,
        correction="(√6/3)(√3|ẽ0(0)| − 3η) < |Δw̃2| ≤ (√6/3)(√3|ẽ0(0)| − 2η).",
        corrected=lambda: together(
            "3|a(0)| − 3 < count ≤ 3|a(0)| − 2, and both ends are sharp",
            {
                "bounds": _above(sp.And(_w > 3 * _a0 - 3, _w <= 3 * _a0 - 2), _a0 > 1),
                "sharp: count 1 for 3|a(0)| = 3 + 3δ": for_all(
                    sp.And(in_P5(_a, _b, _r), _ends, sp.Eq(_first, 1)).subs(
                        {_a: 1 + _delta, _b: 2}
                    ),
                    _r < _third,
                    _delta < _third,
                ),
            },
        ),
        expects=Status.REFUTED,
        note="It holds for no start: |Δw̃2| is always more. Both ends are approached where T = 1.",
    ),
    Claim(
        id="P4.D.8.3",
        where=f"{_WHERE}, proof",
        says="From P6, |Δw̃2| = C((3√2/2)r|ẽ1(0)| − 3η) with C between √6/6 and √6/3.",
        published=_identity_below,
        correction="(√6/3)((3√2/2)r|ẽ1(0)| − 6η) < |Δw̃2| ≤ (√6/3)((3√2/2)r|ẽ1(0)| − 2η).",
        corrected=lambda: together(
            "3|b(0)| − 6 < count ≤ 3|b(0)| − 2, and both ends are sharp",
            {
                "bounds": _below(sp.And(_w > 3 * _b0 - 6, _w <= 3 * _b0 - 2), _b0 > 1),
                "sharp": _sharp_below(),
            },
        ),
        expects=Status.REFUTED,
    ),
    Claim(
        id="4.29.2",
        where="§4.D.2, (4.29)",
        says="|Δw̃2| ≈ √3 C|w̃0*| or (3√2/2)r C|w̃1*|, as initial errors are close to the weights.",
        published=lambda: together(
            "| |Δw̃2| − √2|w̃0*| | ≤ √2|w̃0(0)| + √6 η, or "
            "| |Δw̃2| − √3 r|w̃1*| | ≤ √3 r|w̃1(0)| + 2√6 η",
            {"first case": _first_case(), "second case": _second_case(), "triangle": _triangle},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.D-ratio.1",
        where="§4.D.2, after (4.29)",
        says="R_a(signGD)/R_a(GD) is (w̃0*² + w̃1*² + (w̃2(0) + Δw̃2)²)/(w̃0*² + w̃1*² + w̃2(0)²).",
        published=lambda: for_all(
            equal(
                _risk_at(_w_2 + _D) / _risk_at(_w_2),
                _ratio.subs(_S, _w_0**2 + _w_1**2).subs(_u, _w_2),
            )
        ),
        expects=Status.PROVED,
        note="Of the right sides of (4.25) and (4.26): the O(η) of the signGD solution is left "
        "out, so that no sign of R_a(signGD) − R_a(GD) at a given η follows from it.",
    ),
    Claim(
        id="4.D-ratio.2",
        where="§4.D.2, after (4.29)",
        says="That is 1 + Δw̃2²/(w̃0*² + w̃1*²), but for a contribution from w̃2(0).",
        published=lambda: all_of(
            "the difference is w̃2(0)Δw̃2(2S − w̃2(0)Δw̃2)/(S(S + w̃2(0)²)), S = w̃0*² + w̃1*²",
            {
                "difference": equal(
                    _ratio - _approx, _u * _D * (2 * _S - _u * _D) / (_S * (_S + _u**2))
                ),
                "without w̃2(0)": equal(_ratio.subs(_u, 0), _approx),
            },
        ),
        expects=Status.PROVED,
        note="Of the quotient in 4.D-ratio.1, which leaves out the O(η) of the signGD solution. To "
        "first order in w̃2(0) the difference is 2w̃2(0)Δw̃2/S, of either sign: where w̃2(0) and Δw̃2 "
        "have opposite signs and |Δw̃2| < 2|w̃2(0)|, that quotient is below 1.",
    ),
    Claim(
        id="4.D-ratio.3",
        where="§4.D.2, after (4.29)",
        says="With (4.29), Δw̃2² is C3 w̃0*², 1/2 ≤ C3 ≤ 2, or C4 w̃1*², (3/4)r² ≤ C4 ≤ 3r².",
        published=lambda: all_of(
            "C3 = 3C² and C4 = (9/2)r²C² for √6/6 ≤ C ≤ √6/3, with the ends for the ends",
            {
                "C3": Statement(sp.And(sp.Rational(1, 2) <= 3 * _C**2, 3 * _C**2 <= 2), (_range,)),
                "C4": Statement(
                    sp.And(
                        sp.Rational(9, 2) * _r**2 * _C**2 >= sp.Rational(3, 4) * _r**2,
                        sp.Rational(9, 2) * _r**2 * _C**2 <= 3 * _r**2,
                    ),
                    (_range,),
                ),
                "lower ends": sp.And(
                    equal(3 * _SMALLEST**2, sp.Rational(1, 2)),
                    equal(sp.Rational(9, 2) * _r**2 * _SMALLEST**2, sp.Rational(3, 4) * _r**2),
                ),
                "upper ends": sp.And(
                    equal(3 * _LARGEST**2, 2),
                    equal(sp.Rational(9, 2) * _r**2 * _LARGEST**2, 3 * _r**2),
                ),
            },
        ),
        expects=Status.PROVED,
        note="As C = √6/3 (4.28.1, 4.28.2), C3 = 2 and C4 = 3r², up to the contributions that "
        "are neglected: the ranges leave room that the dynamics does not use.",
    ),
)
