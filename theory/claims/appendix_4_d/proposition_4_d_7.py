"""Proposition 4.D.7: how many steps before T move ẽ2, for a start in each of P1 to P6.

In normalised variables: a = A/(σ̃0²η), b = B/(σ̃0²η), r = σ̃1²/σ̃0². T is the first iteration with
|a| < 1, so 0 for a start in P1. One-step assertions are about all (a, b, r); assertions about T are
about the folded map (:mod:`theory.model.first_phase`), with n steps counted so far, m of them at
ties. "No ties" excludes the null set of starts from which |A(t)| = |B(t)| at some t < T: a tie
counts as one step and moves B by half as much, and ẽ2 too.
"""

from itertools import combinations

import sympy as sp

from theory.logic.arguments import all_of, derived, exactly_if, for_all, together
from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.statements import Boolean, Statement, equal
from theory.model.dynamics import NormalisedState, normalised_step, unrolled
from theory.model.first_phase import INSIDE, OUTSIDE, STATE, X0, Y0, R, folded_step, until_T
from theory.model.regions import (
    P_PARTITION,
    in_P1,
    in_P2,
    in_P3,
    in_P4,
    in_P5,
    in_P6,
    in_P31,
    in_P41,
    in_P42,
)

_WHERE = "§4.D.2, Proposition 4.D.7"
_PROOF = f"{_WHERE}, proof"
_third = sp.Rational(1, 3)
_r, _a0, _b0 = R, X0, Y0

# --- One step -------------------------------------------------------------------------------------

_a, _b, _c = sp.symbols("a b c", real=True)
_next = normalised_step(NormalisedState(_a, _b, _c), _r)
_x, _y, _x1, _y1 = map(sp.Abs, (_a, _b, _next.a, _next.b))
_here, _there = (_a, _b, _r), (_next.a, _next.b, _r)
_ends = _x1 < 1  # the step is the last before T
_no_tie = sp.Ne(_x, _y)
_delta = sp.Symbol("delta", positive=True)

# --- The folded map until T -----------------------------------------------------------------------

_size_a, _size_b, _t, _n, _m, _w = STATE
_folded = (_size_a, _size_b, _r)
_x_next, _y_next, _ = folded_step(*_folded)
_not_last = sp.And(OUTSIDE, _x_next >= 1)  # t < T − 1
_last = sp.And(OUTSIDE, _x_next < 1)  # t = T − 1
_untied = sp.Eq(_m, 0)
_start = (_a0, _b0, _r)

_b_signed = _b0 - _r * _w
"""|B(0)| less all that B has moved: |B|, or −|B| after a change of sign."""

# With r ≤ 7/3 a change of sign of B leaves |b| < 1 or ends in P1, so that it is the last move.
_FROM_P4_ABOVE = sp.And(
    _b_signed > 1 - _r,
    sp.Or(
        sp.Eq(_size_b, _b_signed),
        sp.And(sp.Eq(_size_b, -_b_signed), sp.Or(INSIDE, _size_b < 1)),
    ),
)
# Below the red line, or less than 1 above |a|: a short step takes r − 1/3 off |b| − |a|, and a long
# one leads from |b| < |a| to |b| < |a| + 1.
_FROM_P4_BELOW = sp.Or(
    _b_signed < 0,
    sp.And(
        sp.Eq(_size_b, _b_signed),
        sp.Or(
            sp.And(INSIDE, _size_b < 2),
            sp.And(
                OUTSIDE,
                sp.Or(_size_b < 1 + 3 * _r * (_size_a - 1), _size_b < _size_a + 1),
            ),
        ),
    ),
)
_FROM_P4 = sp.And(_FROM_P4_ABOVE, _FROM_P4_BELOW)
_most_r = sp.Rational(7, 3)
_COUNTED = until_T(sp.And(sp.Eq(_w, _n - _m / 2), _m >= 0, _m <= _n))
"""w is the count less half the number of ties, so that without ties it is the count."""
_moderate = sp.And(_r > _third, _r <= _most_r)


def _edge(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    """Whether a point is on an edge between the partitions, or in the quadrant of r = 1/3."""
    x, y = sp.Abs(a), sp.Abs(b)
    outside = sp.And(x > 1, y > 1)
    return sp.Or(
        sp.Eq(x, 1),
        sp.And(x > 1, sp.Eq(y, 1)),
        sp.And(outside, sp.Eq(r, _third)),
        sp.And(outside, r > _third, sp.Eq(y, 3 * r * x - (3 * r - 1))),
        sp.And(outside, r < _third, sp.Eq(x, y)),
    )


def _somewhere(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    return sp.Or(*(inside(a, b, r) for inside in P_PARTITION.values()))


def _cover() -> Argument:
    x, y = sp.symbols("a b", real=True)
    return exactly_if(sp.Not(_edge(x, y, _r)), _somewhere(x, y, _r))


def _at(formula: Boolean, a: sp.Expr, b: sp.Expr) -> Boolean:
    return formula.xreplace({_a: a, _b: b})


def _only_up_to(limit: sp.Rational, holds: Argument, breaks: Boolean, *given: Boolean) -> Argument:
    """Assert ``holds``, given r ≤ ``limit``, and a counterexample for each larger r.

    In ``breaks`` the counterexample may depend on δ > 0, small in terms of r as ``given``.
    """
    return together(
        f"{holds.formula}; for each r > {limit} there is a start where it is not so",
        {"so far": holds, "and no further": for_all(breaks, _r > limit, *given)},
    )


# --- P4 -------------------------------------------------------------------------------------------


def _p4_bounds() -> Argument:
    """(|B(0)| − 2σ̃0²η)/(σ̃1²η) < count < (|B(0)| − σ̃0²η)/(σ̃1²η) + 1, without ties."""
    start = in_P4(*_start)
    # Just above (1, 1) one short step is the whole way, so the upper end is approached; just below
    # (2, 2) one long step is, so the lower end is.
    b_up = 1 + sp.Min(_delta * _r, _third) / 2
    a_up = 1 + (b_up - 1) * (1 + 1 / (3 * _r)) / 2
    b_low = 2 - sp.Min(_delta * _r, _third) / 2
    a_low = (2 + b_low) / 2
    e = (_r - _most_r) / 6
    a_far, b_far = 4 * _third + e, 4 * _third + 2 * e
    return together(
        "(|B(0)| − 2σ̃0²η)/(σ̃1²η) < count < (|B(0)| − σ̃0²η)/(σ̃1²η) + 1",
        {
            "count": _COUNTED,
            "lower bound, r > 1/3": until_T(
                sp.Implies(INSIDE, _b0 - 2 < _r * _w),
                _r > _third,
                start,
                invariant=_FROM_P4_BELOW,
            ),
            "upper bound, 1/3 < r ≤ 7/3": until_T(
                sp.Implies(INSIDE, _r * _w < _b0 - 1 + _r),
                _moderate,
                start,
                invariant=_FROM_P4_ABOVE,
            ),
            "the upper bound is sharp: count 1 > (|b| − 1)/r + 1 − δ": for_all(
                sp.And(
                    _at(sp.And(in_P4(*_here), _x < _y, _ends), a_up, b_up),
                    _r > b_up - 1 + _r - _delta * _r,
                ),
                _moderate,
            ),
            "the lower bound is sharp: count 0 < (|b| − 2)/r + δ": for_all(
                sp.And(
                    _at(sp.And(in_P4(*_here), _y < _x, _ends), a_low, b_low),
                    b_low - 2 + _delta * _r > 0,
                ),
                _moderate,
            ),
            "no such upper bound for r > 7/3: count ≥ 2 > (|b| − 1)/r + 1": for_all(
                sp.And(
                    _at(sp.And(in_P4(*_here), _x < _y, _x1 >= 1, _x1 < _y1), a_far, b_far),
                    2 * _r > b_far - 1 + _r,
                ),
                _r > _most_r,
            ),
        },
    )


def _p4_first_step_ends() -> Argument:
    """Starts in P4 from which the first step is the last, so that the count is 0 or 1."""
    count = sp.Piecewise((1, _x <= _y), (0, True))
    return derived(
        "count ∈ [(|B(0)| − 2σ̃0²η)/(σ̃1²η), (|B(0)| − σ̃0²η)/(σ̃1²η)]",
        "",
        {},
        {
            "T = 1": Statement(
                sp.And(_y - 2 <= _r * count, _r * count <= _y - 1),
                (in_P4(*_here), _ends, _no_tie),
            )
        },
    )


def _b_does_not_grow() -> Argument:
    return _only_up_to(
        sp.Integer(2),
        for_all(_y1 <= _y, in_P4(*_here), _r <= 2),
        _at(sp.And(in_P4(*_here), _y1 > _y), 1 + _delta, 1 + 2 * _delta),
        8 * _delta <= _r - 2,
    )


def _red_line() -> Argument:
    return _only_up_to(
        _most_r,
        for_all(sp.Not(in_P3(*_there)), in_P4(*_here), _x < _y, _r <= _most_r),
        _at(
            sp.And(in_P4(*_here), _x < _y, in_P3(*_there)),
            4 * _third + _delta,
            4 * _third + 2 * _delta,
        ),
        (6 * _r + 4) * _delta <= _r - _most_r,
    )


def _direct_range() -> Argument:
    d = sp.Min((_r - _most_r) / 3, sp.Rational(1, 2))
    a, b = 4 * _third + d, _r - 1 - d / 2
    return _only_up_to(
        _most_r,
        together(
            "(|b(0)| − 2)/r < count < (|b(0)| − 1)/r at each point of P41",
            {
                "count": _COUNTED,
                "bounds": until_T(
                    sp.Implies(
                        sp.And(OUTSIDE, in_P41(*_folded)),
                        sp.And(_b0 - 2 < _r * _w, _r * _w < _b0 - 1),
                    ),
                    _moderate,
                    in_P4(*_start),
                    invariant=_FROM_P4,
                ),
            },
        ),
        sp.And(_at(sp.And(in_P4(*_here), _x < _y, in_P41(*_there)), a, b), b - 1 < _r),
    )


def _in_P31() -> Argument:
    """From a start in P31: |B(T−1)|/(σ̃0²η) > 1, < 7/3 and < 2 + 1/(3r − 1)."""
    line = sp.Implies(OUTSIDE, _size_b - 1 > 3 * _r * (_size_a - 1))
    return until_T(
        sp.Implies(
            _last,
            sp.And(_size_b > 1, _size_b < 7 * _third, (_size_b - 2) * (3 * _r - 1) < 1),
        ),
        _r > _third,
        in_P31(*_start),
        invariant=sp.And(line, sp.Implies(OUTSIDE, _size_b < _size_a + 1)),
    )


def _through_P3() -> Argument:
    # The last step, from P3, is a short one, so that the count at T is n + 1.
    bounds = until_T(
        sp.Implies(
            sp.And(_last, in_P3(*_folded)), sp.And(_b0 - 7 * _third < _r * _w, _r * _w < _b0 - 1)
        ),
        _moderate,
        in_P4(*_start),
        invariant=_FROM_P4,
    )
    return together(
        "(|b(0)| − 7/3)/r < count − 1 < (|b(0)| − 1)/r", {"count": _COUNTED, "bounds": bounds}
    )


def _through_P3_refuted() -> Argument:
    second = normalised_step(NormalisedState(*_next), _r)
    return derived(
        "count ∈ [(|B(0)| − 2σ̃0²η)/(σ̃1²η), (|B(0)| − σ̃0²η)/(σ̃1²η)]",
        "",
        {},
        {
            "T = 2, a long and a short step": Statement(
                sp.And(_y - 2 <= _r, _r <= _y - 1),
                (in_P4(*_here), _y < _x, in_P3(*_there), sp.Abs(second.a) < 1),
            )
        },
    )


# --- P5 and P6 ------------------------------------------------------------------------------------

_steps_from_P5 = sp.And(
    sp.Eq(_size_a, _a0 - _t / 3),
    sp.Eq(_size_b, _b0 - _r * _t),
    sp.Eq(_n, _t),
    _untied,
    sp.Implies(OUTSIDE, _size_a < _size_b),
)

_k = sp.Symbol("k", integer=True)
_a_k = _a0 - _k
_K_STEPS = sp.And(_k - 1 < _a0 - _b0, _a0 - _b0 <= _k)
"""k is |A(0)| − |B(0)| in units of σ̃0²η, rounded up: so many long steps come first."""
# A long step leaves |b| and leads from |a| > |b| to |a| > |b| − 1. From the first short step on
# |a| + n/3 is the |a| it started from.
_whole = _size_a + _n / 3
_LONG_STEPS = sp.And(sp.Eq(_n, 0), sp.Eq(_size_b, _b0), sp.Eq(_size_a, _a0 - _t), _size_a > _b0 - 1)
_THEN_SHORT_STEPS = sp.And(
    _n >= 1,
    sp.Eq(_whole, _a0 - (_t - _n)),
    _whole > _b0 - 1,
    _whole < _b0,
    _whole >= 1,
    _size_b > _size_a,
    _size_a >= 2 * _third,
)
_FROM_P6 = sp.And(_m >= 0, sp.Or(_m >= 1, _LONG_STEPS, _THEN_SHORT_STEPS))
_at_crossing = _a0 - (_t - _n)
"""|A(t')|, as the t − n long steps come before t'."""
_from_P6 = (_K_STEPS, _r <= _third, _a0 > _b0, _b0 > 1)


def _p6_count() -> Argument:
    """Count: 0 if |a(k)| < 1, else ⌊3(|a(k)| − 1)⌋ + 1."""
    none = sp.And(sp.Eq(_n, 0), _a_k < 1)
    some = sp.And(_a_k >= 1, 3 * (_a_k - 1) < _n, _n <= 3 * (_a_k - 1) + 1)
    z = sp.Symbol("z", real=True)
    at_T = sp.And(INSIDE, _untied)
    exact = sp.Implies(at_T, sp.And(sp.Eq(_t, _k + _n), sp.Or(none, some)))
    bounds = sp.Implies(at_T, sp.And(3 * (_b0 - 2) < _n, _n < 3 * (_b0 - 1) + 1))
    return together(
        "count = 0 if |a(k)| < 1, else ⌊3(|a(k)| − 1)⌋ + 1, with |a(k)| = |a(0)| − k, "
        "k = ⌈|a(0)| − |b(0)|⌉; so 3(|b(0)| − 2) < count < 3(|b(0)| − 1) + 1",
        {
            "count": until_T(exact, *_from_P6, invariant=_FROM_P6),
            "bounds": until_T(bounds, *_from_P6, invariant=_FROM_P6),
            "floor": for_all(sp.Eq(sp.floor(z) + 1, _n), z < _n, _n <= z + 1),
        },
    )


def _p6_first_step_ends() -> Argument:
    return derived(
        "count = 3(|B(0)| − σ̃0²η)/(σ̃0²η)",
        "",
        {},
        {
            "T = 1, and no step is counted": Statement(
                equal(0, 3 * (_y - 1)), (in_P6(*_here), _ends)
            )
        },
    )


# --- The line |A| = |B| for r > 1/3 --------------------------------------------------------------

_second = normalised_step(_next, _r)
_six, _six_steps = unrolled(_a, _b, _r, 6)
_below_by = sp.Min(_r - _third, 1) / 2
_oscillating = (_r + 3, _r + 3 + (_r - _third) - _below_by)
"""A start from which a short step leads below the line by ``_below_by``, and a long one above."""
_never_below = (7 * _third / 2, 9 * _r / 2)
"""A start from which four short steps lead to a cycle of R34, a = ±1/6 with b = ±r/2."""
_p, _q = sp.symbols("p q", real=True)


def _stays_above() -> Argument:
    return derived(
        "from (7/6 + p, 9r/2 + q), |p| < 1/6, |p| + |q| < r/2 − 1/6: |a(t)| < |b(t)| for all t",
        "the state at t = 6 is that at t = 4",
        {
            "t = 0, …, 6": Statement(
                sp.And(
                    *(sp.Abs(a) < sp.Abs(b) for a, b in _six),
                    sp.Eq(_six[6][0], _six[4][0]),
                    sp.Eq(_six[6][1], _six[4][1]),
                ),
                (
                    *_six_steps,
                    _r > _third,
                    sp.Eq(_a, _never_below[0] + _p),
                    sp.Eq(_b, _never_below[1] + _q),
                    sp.Abs(_p) < _third / 2,
                    sp.Abs(_p) + sp.Abs(_q) < (_r - _third) / 2,
                ),
            )
        },
    )


CLAIMS = (
    # --- The partitions ---
    Claim(
        id="P4.D.7.1",
        where="§4.D.2, before Proposition 4.D.7",
        says="P1 to P6 are disjoint.",
        published=all_of(
            "no point is in two of P1, …, P6",
            {
                f"{one} and {other}": Statement(
                    sp.Not(sp.And(P_PARTITION[one](*_here), P_PARTITION[other](*_here)))
                )
                for one, other in combinations(P_PARTITION, 2)
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.7.2",
        where="§4.D.2, before Proposition 4.D.7",
        says="P1 to P6 cover all values of (|A|, |B|), for every ratio of the variances.",
        published=for_all(_somewhere(*_here)),
        correction="They cover all but the edges, for r ≠ 1/3.",
        corrected=_cover(),
        only_if="the point is on no edge (|A| = σ̃0²η; |B| = σ̃0²η < |A|; the red line if r > 1/3, "
        "|A| = |B| if r < 1/3), and r ≠ 1/3 where |A|, |B| > σ̃0²η",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of points, and one r. For r = 1/3 the two "
        "ways of cutting agree: P3 would be P5 and P4 would be P6, and the corrected counts below "
        "hold for r ≤ 1/3.",
    ),
    Claim(
        id="P4.D.7.3",
        where="§4.D.2, Figure 4.9",
        says="The red line passes through |A| = |B| = σ̃0²η with slope 3σ̃1²/σ̃0² and separates P3 "
        "from P4; the pink line of P42 is parallel to it, σ̃0²η further to the right.",
        published=all_of(
            "|b| = 3r|a| − (3r − 1): through (1, 1), boundary of P3 and of P4, shifted in P42",
            {
                "|a| < (|b| + 3r − 1)/(3r), the definition of P3, without the denominator": equal(
                    3 * _r * (_x - (_y + 3 * _r - 1) / (3 * _r)), 3 * _r * _x - (_y + 3 * _r - 1)
                ),
                "a positive factor keeps the sign": Statement(sp.Equivalent(_c < 0, _r * _c < 0)),
                "through (1, 1)": equal((3 * _r * _a - (3 * _r - 1)).subs(_a, 1), 1),
                "P3 is above": Statement(
                    sp.Equivalent(in_P3(*_here), _y > 3 * _r * _x - (3 * _r - 1)),
                    (_x > 1, _r > _third),
                ),
                "P4 is below": Statement(
                    sp.Equivalent(in_P4(*_here), _y < 3 * _r * _x - (3 * _r - 1)),
                    (_y > 1, _r > _third),
                ),
                "P42 ends at the pink line": Statement(
                    sp.Equivalent(in_P42(*_here), _y > 3 * _r * (_x - 1) - (3 * _r - 1)),
                    (in_P4(*_here), _y < _x, _x > 2),
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.7.4",
        where="§4.D.2, before Proposition 4.D.7",
        says="The count is (|B(0)| − |B(T−1)|)/((σ̃1²/σ̃0²)η).",
        published=derived(
            "count = (|B(0)| − |B(T−1)|)/((σ̃1²/σ̃0²)η)",
            "",
            {},
            {
                "T = 1, so that |B(T−1)| = |B(0)|": Statement(
                    equal(sp.Piecewise((1, _x <= _y), (0, True)), 0),
                    (_x > 1, _ends, _no_tie),
                )
            },
        ),
        correction="It is (|B(0)| − |B(T)|)/(σ̃1²η), if σ̃1² ≤ σ̃0² and there are no ties.",
        corrected=_only_up_to(
            sp.Integer(1),
            until_T(
                sp.Implies(_untied, equal(_r * _n, _b0 - _size_b)),
                _r <= 1,
                invariant=sp.And(sp.Eq(_size_b, _b_signed), sp.Eq(_w, _n - _m / 2), _m >= 0),
            ),
            _at(sp.And(_x < _y, _ends, sp.Ne(_r, _y - _y1)), sp.Integer(1), (1 + _r) / 2),
        ),
        expects=Status.REFUTED,
        note="|B(T−1)| leaves out the last step before T, and the printed denominator has lost the "
        "factor σ̃0². For r > 1 a step may take B past 0.",
    ),
    Claim(
        id="P4.D.7.5",
        where=_PROOF,
        says="For r < 1/3, where |A(t)| < |B(t)| it stays so, and in each step |A| falls by σ̃0²η/3 "
        "and |B| by σ̃1²η.",
        published=for_all(
            sp.And(equal(_x1, _x - _third), equal(_y1, _y - _r), _x1 < _y1),
            _r < _third,
            _x < _y,
            _x >= 1,
        ),
        expects=Status.PROVED,
        note="Before T, which is what the count is about; for |A| < σ̃0²η/3 a step may lead to "
        "|A| > |B|. It holds for r = 1/3, too.",
    ),
    Claim(
        id="P4.D.7.6",
        where=_PROOF,
        says="For r > 1/3 and any (|A(t)|, |B(t)|) with |A(t)| < |B(t)| there is a later t' with "
        "|A(t')| > |B(t')|.",
        published=derived(
            "for every r > 1/3 and every start with 1 ≤ |a| < |b|, |a(t')| > |b(t')| for some t'",
            "",
            {},
            {
                "orbits of period 2 from t = 4 on": Statement(
                    sp.Or(*(sp.Abs(a) > sp.Abs(b) for a, b in _six[1:])),
                    (
                        *_six_steps,
                        _r > _third,
                        sp.Eq(_a, _never_below[0]),
                        sp.Eq(_b, _never_below[1]),
                        sp.Eq(_six[6][0], _six[4][0]),
                        sp.Eq(_six[6][1], _six[4][1]),
                    ),
                )
            },
        ),
        correction="For every r > 1/3 from some starts, before T (P4.D.7.7), and from others "
        "never: not at all from |A| = 7σ̃0²η/6, |B| = 9σ̃1²η/2 and all starts close to it, which end "
        "in R34.",
        corrected=together(
            "for each r > 1/3: from close to (7/6, 9r/2) |a(t)| < |b(t)| for all t; "
            "from (r + 3, 2r + 8/3 − ε), ε = min(r − 1/3, 1)/2, |a(1)| > |b(1)| and T > 1",
            {
                "never": _stays_above(),
                "at t = 1": for_all(
                    _at(sp.And(_x < _y, _x1 > _y1, _x1 > 1), *_oscillating), _r > _third
                ),
            },
        ),
        expects=Status.REFUTED,
        note="Of points with |A| ≥ σ̃0²η, which are what the text cuts up here. From P3 it does not "
        "happen before T (P4.D.7-P3.2).",
    ),
    Claim(
        id="P4.D.7.7",
        where=_PROOF,
        says="For r > 1/3, (|A|, |B|) can go above and below the line |A| = |B| in turn.",
        published=for_all(
            _at(
                sp.And(
                    _x < _y,
                    _x1 > _y1,
                    sp.Abs(_second.a) < sp.Abs(_second.b),
                    sp.Abs(_second.a) > 1,
                ),
                *_oscillating,
            ),
            _r > _third,
        ),
        expects=Status.PROVED,
        note="Above, below and above again before T, from one start for each r > 1/3.",
    ),
    # --- P1 ---
    Claim(
        id="P4.D.7-P1.1",
        where=_WHERE,
        says="From P1 the count is 0.",
        published=until_T(
            sp.Implies(INSIDE, equal(_n, 0)),
            in_P1(*_start),
            invariant=sp.And(INSIDE, equal(_n, 0)),
        ),
        expects=Status.PROVED,
        note="T = 0 and the sum is empty, though after T steps with |A| ≤ |B| may well follow.",
    ),
    Claim(
        id="P4.D.7-P1.2",
        where=_PROOF,
        says="From P1, T = 1 and so the count is 0.",
        published=derived(
            "T = 1, and the sum over t = 0 alone is 0",
            "",
            {},
            {"the summand at t = 0 is 0": Statement(_x > _y, (in_P1(*_here),))},
        ),
        correction="T = 0, and the sum is empty.",
        corrected=until_T(
            sp.And(INSIDE, equal(_t, 0), equal(_n, 0)),
            in_P1(*_start),
        ),
        slip="T is 0: |A(0)| is below σ̃0²η already",
        expects=Status.REFUTED,
    ),
    # --- P2 ---
    Claim(
        id="P4.D.7-P2.1",
        where=_WHERE,
        says="From P2 the count is 0, whatever r.",
        published=until_T(
            sp.Implies(INSIDE, equal(_n, 0)),
            in_P2(*_start),
            invariant=sp.And(equal(_n, 0), _size_b < 1),
        ),
        expects=Status.PROVED,
        note="Here ẽ1 is small, not ẽ0: |A| may be of any size, contrary to a later remark that "
        "both initial errors are small for a start in P1 or P2.",
    ),
    Claim(
        id="P4.D.7-P2.2",
        where=_PROOF,
        says="From P2, |A| remains smaller than |B| until T.",
        published=for_all(_x < _y, in_P2(*_here)),
        correction="|A| remains larger than |B| until T.",
        corrected=until_T(
            sp.Implies(OUTSIDE, _size_a > _size_b), in_P2(*_start), invariant=_size_b < 1
        ),
        slip="|A| and |B| are interchanged",
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.7-P2.3",
        where=_PROOF,
        says="From P2, |B| remains the same until T.",
        published=until_T(
            equal(_size_b, _b0),
            in_P2(*_start),
            invariant=sp.And(sp.Eq(_size_b, _b0), _b0 < 1),
        ),
        expects=Status.PROVED,
    ),
    # --- P3 ---
    Claim(
        id="P4.D.7-P3.1",
        where=_WHERE,
        says="From P3, for every r > 1/3, the count is T.",
        published=until_T(
            sp.Implies(INSIDE, equal(_n, _t)),
            _r > _third,
            in_P3(*_start),
            invariant=sp.And(
                equal(_n, _t), sp.Implies(OUTSIDE, _size_b - 1 > 3 * _r * (_size_a - 1))
            ),
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.7-P3.2",
        where=_PROOF,
        says="From P3, (A(t), B(t)) is in P3 for all t < T − 1, and |A(t)| ≤ |B(t)| for all t < T.",
        published=until_T(
            sp.And(sp.Implies(_not_last, in_P3(*_folded)), sp.Implies(OUTSIDE, _size_a <= _size_b)),
            _r > _third,
            in_P3(*_start),
            invariant=sp.Implies(OUTSIDE, _size_b - 1 > 3 * _r * (_size_a - 1)),
        ),
        expects=Status.PROVED,
        note="At t = T − 1, too, unless |A(T−1)| = σ̃0²η.",
    ),
    Claim(
        id="P4.D.7-P3.3",
        where=_PROOF,
        says="In P3, each step takes σ̃0²η/3 from |A| and σ̃1²η from |B|.",
        published=for_all(
            sp.And(equal(_x1, _x - _third), equal(_y1, _y - _r)), _r > _third, in_P3(*_here)
        ),
        correction="If |B| ≥ σ̃1²η; this is so before the last step, and always if r ≤ 1.",
        corrected=together(
            "|b| falls by r if and only if |b| ≥ r, as is so where |a| ≥ 4/3 or r ≤ 1",
            {
                "condition": exactly_if(
                    _y >= _r,
                    sp.And(equal(_x1, _x - _third), equal(_y1, _y - _r)),
                    _r > _third,
                    in_P3(*_here),
                ),
                "before the last step": for_all(_y >= _r, in_P3(*_here), _x1 >= 1),
                "r ≤ 1": for_all(_y >= _r, in_P3(*_here), _r <= 1),
            },
        ),
        only_if="|B| ≥ σ̃1²η, which can fail only at t = T − 1 and for r > 1",
        expects=Status.REFUTED,
        note="Without consequence for the count.",
    ),
    # --- P4 ---
    Claim(
        id="P4.D.7-P4.1",
        where=_WHERE,
        says="From P4 the count is in |B(0)|/(σ̃1²η) + [−2σ̃0²/σ̃1², −σ̃0²/σ̃1²].",
        published=_p4_first_step_ends(),
        correction="(|B(0)| − 2σ̃0²η)/(σ̃1²η) < count < (|B(0)| − σ̃0²η)/(σ̃1²η) + 1, the upper bound "
        "for r ≤ 7/3 only; no ties. Both bounds are sharp.",
        corrected=_p4_bounds(),
        expects=Status.REFUTED,
        note="The printed range has length 1/r and for r > 1 may contain no integer at all. For "
        "r > 7/3, B may change sign again and again and the count be as large as T.",
    ),
    Claim(
        id="P4.D.7-P4.2",
        where=_PROOF,
        says="In P4, |A(t)| − |A(t+1)| > 0.",
        published=for_all(_x1 < _x, in_P4(*_here)),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.7-P4.3",
        where=_PROOF,
        says="In P4, |B(t)| − |B(t+1)| ≥ 0.",
        published=for_all(_y1 <= _y, in_P4(*_here)),
        correction="For r ≤ 2; for each r > 2 there is a point of P4 where it fails.",
        corrected=_b_does_not_grow(),
        only_if="σ̃1² ≤ 2σ̃0²",
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.7-P4.4",
        where=_PROOF,
        says="(A(T−1), B(T−1)) is in P1.",
        published=derived(
            "(A(T−1), B(T−1)) is in P1",
            "",
            {},
            {"T = 1": Statement(in_P1(*_here), (in_P4(*_here), _ends))},
        ),
        correction="(A(T), B(T)) is, and it is the first.",
        corrected=until_T(
            sp.And(
                sp.Implies(INSIDE, in_P1(*_folded)), sp.Implies(OUTSIDE, sp.Not(in_P1(*_folded)))
            ),
            in_P4(*_start),
            invariant=_size_a >= 0,
        ),
        slip="the first iteration in P1 is T, not T − 1",
        expects=Status.REFUTED,
        note="Likewise T − 1 and T − 2 in the rest of the proof for P4 and P6 are T and T − 1.",
    ),
    Claim(
        id="P4.D.7-P4.5",
        where=_PROOF,
        says="From P4 a step leads to P4, P2, P1 or P3: the three transitions are all there are.",
        published=for_all(
            sp.Or(*(P(*_there) for P in (in_P1, in_P2, in_P3, in_P4))),
            in_P4(*_here),
        ),
        correction="Unless it leads onto an edge: for r > 1/3 any point is on an edge or in one of "
        "the four.",
        corrected=exactly_if(
            sp.Not(_edge(*_here)),
            sp.Or(*(P(*_here) for P in (in_P1, in_P2, in_P3, in_P4))),
            _r > _third,
        ),
        only_if="the next point is on no edge",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of starts. P2 and P3 are left for P1 alone "
        "(P4.D.7-P2.1, P4.D.7-P3.2).",
    ),
    Claim(
        id="P4.D.7-P4.6",
        where=f"{_PROOF}, by way of P2",
        says="The number of updates that reduce |B(0)| to σ̃0²η is (|B(0)| − σ̃0²η)/(σ̃1²η).",
        published=derived(
            "count = (|B(0)| − σ̃0²η)/(σ̃1²η) if the orbit passes through P2",
            "",
            {},
            {
                "the first step leads to P2": Statement(
                    equal(_r, _y - 1), (in_P4(*_here), _x < _y, in_P2(*_there))
                )
            },
        ),
        correction="It is the integer next above: (|B(0)| − σ̃0²η)/(σ̃1²η) < count < that + 1, for "
        "r ≤ 7/3 and without ties.",
        corrected=together(
            "(|b(0)| − 1)/r < count < (|b(0)| − 1)/r + 1 as soon as |b| < 1",
            {
                "count": _COUNTED,
                "bounds": until_T(
                    sp.Implies(_size_b < 1, sp.And(_b0 - 1 < _r * _w, _r * _w < _b0 - 1 + _r)),
                    _moderate,
                    in_P4(*_start),
                    invariant=_FROM_P4_ABOVE,
                ),
            },
        ),
        expects=Status.REFUTED,
        note="⌊(|B(0)| − σ̃0²η)/(σ̃1²η)⌋ + 1, so the printed number is always too small.",
    ),
    Claim(
        id="P4.D.7-P4.7",
        where=f"{_PROOF}, directly to P1",
        says="From a point of P4 with |B| > |A| a step does not cross the red line into P3.",
        published=for_all(sp.Not(in_P3(*_there)), in_P4(*_here), _x < _y),
        correction="For r ≤ 7/3; for each r > 7/3 some step does.",
        corrected=_red_line(),
        only_if="σ̃1² ≤ (7/3)σ̃0²",
        expects=Status.REFUTED,
        note="For larger r a step may take B past 0 to a larger |B|. At a tie |A| = |B| a step may "
        "cross for any r.",
    ),
    Claim(
        id="P4.D.7-P4.8",
        where=f"{_PROOF}, directly to P1",
        says="Only from |B| < |A| does a step lead from P4 directly to P1.",
        published=for_all(_y < _x, in_P4(*_here), in_P1(*_there)),
        correction="From σ̃0²η < |A| < 4σ̃0²η/3 and |A| < |B| it does so, too.",
        corrected=for_all(
            sp.Equivalent(in_P1(*_there), sp.Or(in_P41(*_here), sp.And(_x < _y, _x < 4 * _third))),
            in_P4(*_here),
            _no_tie,
        ),
        expects=Status.REFUTED,
        note="The text excludes |A| < |B| as no such step crosses the red line. The last step is "
        "then a counted one, so that the count exceeds the printed range.",
    ),
    Claim(
        id="P4.D.7-P4.9",
        where=f"{_PROOF}, directly to P1",
        says="From a point of P4 with |B| < |A| a step leads to P1 only from P42.",
        published=for_all(in_P42(*_here), in_P4(*_here), _y < _x, in_P1(*_there)),
        correction="If and only if the point is in P41.",
        corrected=for_all(sp.Equivalent(in_P1(*_there), in_P41(*_here)), in_P4(*_here), _y < _x),
        slip="P41 and P42 are interchanged between their definition and the proof",
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.7-P4.10",
        where=f"{_PROOF}, directly to P1",
        says="Then σ̃0²η < |B| < 2σ̃0²η before and after the step.",
        published=for_all(
            sp.And(_y > 1, _y < 2, _y1 > 1, _y1 < 2), in_P4(*_here), _y < _x, in_P1(*_there)
        ),
        expects=Status.PROVED,
        note="At T − 1 and T, for T − 2 and T − 1 as printed.",
    ),
    Claim(
        id="P4.D.7-P4.11",
        where=f"{_PROOF}, directly to P1",
        says="Then the count is in [(|B(0)| − 2σ̃0²η)/(σ̃1²η), (|B(0)| − σ̃0²η)/(σ̃1²η)].",
        published=derived(
            "count within the bounds if the last step is from P41",
            "",
            {},
            {
                "a short step to P41, and from there to P1": Statement(
                    sp.And(_y - 2 <= _r, _r <= _y - 1), (in_P4(*_here), _x < _y, in_P41(*_there))
                )
            },
        ),
        correction="For r ≤ 7/3 and without ties; for each r > 7/3 some start breaks it.",
        corrected=_direct_range(),
        only_if="σ̃1² ≤ (7/3)σ̃0² and |A| = |B| does not occur before",
        expects=Status.REFUTED,
        note="That ties do not occur excludes only a null set of starts.",
    ),
    Claim(
        id="P4.D.7-P4.12",
        where=f"{_PROOF}, by way of P3",
        says="The step from P4 to P3 is from |A| > 2σ̃0²η (and |B| < |A|).",
        published=for_all(_x > 2, in_P4(*_here), _y < _x, in_P3(*_there)),
        expects=Status.PROVED,
        note="That |B| < |A| there needs r ≤ 7/3 (P4.D.7-P4.7).",
    ),
    Claim(
        id="P4.D.7-P4.13",
        where=f"{_PROOF}, by way of P3",
        says="From |B| < |A| the step from P4 to P3 is from P41, and leads to P31.",
        published=for_all(
            sp.And(in_P41(*_here), in_P31(*_there)), in_P4(*_here), _y < _x, in_P3(*_there)
        ),
        correction="If and only if it is from P42, and it leads to P31.",
        corrected=for_all(
            sp.And(
                sp.Equivalent(in_P3(*_there), in_P42(*_here)),
                sp.Implies(in_P3(*_there), in_P31(*_there)),
            ),
            in_P4(*_here),
            _y < _x,
        ),
        slip="P41 and P42 are interchanged between their definition and the proof",
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.7-P4.14",
        where=f"{_PROOF}, by way of P3",
        says="From P4 by way of P31, |B(T−1)| is in [σ̃0²η, 2σ̃0²η].",
        published=derived(
            "|b(T−1)| is in [1, 2]",
            "",
            {},
            {
                "T = 2, from P4 to P31 to P1": Statement(
                    sp.And(_y1 >= 1, _y1 <= 2),
                    (
                        in_P4(*_here),
                        _y < _x,
                        in_P31(*_there),
                        sp.Abs(_second.a) < 1,
                    ),
                )
            },
        ),
        correction="σ̃0²η < |B(T−1)| < σ̃0²η min{7/3, 2 + 1/(3r − 1)}.",
        corrected=_in_P31(),
        expects=Status.REFUTED,
        note="The correction is for any start in P31. Printed with σ̃0 for σ̃0². At T for T − 1 the "
        "lower bound would fail: |B(T)| may be anything above (1 − r)σ̃0²η.",
    ),
    Claim(
        id="P4.D.7-P4.15",
        where=f"{_PROOF}, by way of P3",
        says="Then the count is in [(|B(0)| − 2σ̃0²η)/(σ̃1²η), (|B(0)| − σ̃0²η)/(σ̃1²η)].",
        published=_through_P3_refuted(),
        correction="(|B(0)| − (7/3)σ̃0²η)/(σ̃1²η) + 1 < count < (|B(0)| − σ̃0²η)/(σ̃1²η) + 1, for "
        "r ≤ 7/3 and without ties.",
        corrected=_through_P3(),
        expects=Status.REFUTED,
        note="The last step, from P3 to P1, is a counted one.",
    ),
    # --- P5 ---
    Claim(
        id="P4.D.7-P5.1",
        where=_WHERE,
        says="From P5 the count is T.",
        published=until_T(
            sp.Implies(INSIDE, equal(_n, _t)), _r < _third, in_P5(*_start), invariant=_steps_from_P5
        ),
        expects=Status.PROVED,
        note="T = ⌊3(|A(0)| − σ̃0²η)/(σ̃0²η)⌋ + 1 (P4.D.8.1). It holds for r = 1/3, too.",
    ),
    Claim(
        id="P4.D.7-P5.2",
        where=_PROOF,
        says="From P5, |A| and |B| fall by σ̃0²η/3 and σ̃1²η in each step, and |A(t)| > |B(t)| at no "
        "t < T.",
        published=until_T(_steps_from_P5, _r < _third, in_P5(*_start)),
        expects=Status.PROVED,
    ),
    # --- P6 ---
    Claim(
        id="P4.D.7-P6.1",
        where=_WHERE,
        says="From P6 the count is (|B(0)| − σ̃0²η)/(σ̃0²η/3).",
        published=_p6_first_step_ends(),
        correction="Let k = ⌈(|A(0)| − |B(0)|)/(σ̃0²η)⌉. Without ties |A(k)| = |A(0)| − kσ̃0²η, "
        "and the count is 0 if that is below σ̃0²η, else ⌊3(|A(k)| − σ̃0²η)/(σ̃0²η)⌋ + 1.",
        corrected=_p6_count(),
        expects=Status.REFUTED,
        note="As |A(k)| lies between |B(0)| − σ̃0²η and |B(0)|, the printed number exceeds the "
        "count by less than 3 or falls short of it by less than 1. The correction holds for "
        "r = 1/3, too.",
    ),
    Claim(
        id="P4.D.7-P6.2",
        where=_PROOF,
        says="At the first t' with |A(t')| < |B(t')|, |A(t')| = |B(0)|, so |A| falls by "
        "|B(0)| − σ̃0²η from t' to T.",
        published=derived(
            "|A(t')| = |B(0)|",
            "",
            {},
            {"t' = 1": Statement(equal(_x1, _y), (in_P6(*_here), _x1 < _y))},
        ),
        correction="|B(0)| − σ̃0²η < |A(t')| < |B(0)| without ties; and if t' < T then from t' to T "
        "|A| falls to (2/3)σ̃0²η ≤ |A(T)| < σ̃0²η.",
        corrected=until_T(
            sp.Implies(
                sp.And(_untied, _n >= 1),
                sp.And(
                    equal(_size_a, _at_crossing - _n / 3),
                    _at_crossing > _b0 - 1,
                    _at_crossing < _b0,
                    sp.Implies(INSIDE, sp.And(_size_a >= 2 * _third, _size_a < 1)),
                ),
            ),
            *_from_P6,
            invariant=_FROM_P6,
        ),
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.7-P6.3",
        where=_PROOF,
        says="(A(t'), B(t')) is in P5.",
        published=for_all(in_P5(*_there), in_P6(*_here), _x1 < _y1),
        correction="If |A(t')| > σ̃0²η; where it is less, t' = T and the count is 0.",
        corrected=exactly_if(_x1 > 1, in_P5(*_there), in_P6(*_here), _x1 < _y1),
        only_if="|A(t')| > σ̃0²η",
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.7-P6.4",
        where=_PROOF,
        says="From P5, (A(t), B(t)) stays in P5 up to t = T − 2.",
        published=until_T(
            sp.Implies(_not_last, in_P5(*_folded)),
            _r < _third,
            in_P5(*_start),
            invariant=_steps_from_P5,
        ),
        expects=Status.PROVED,
        note="Up to t = T − 1 unless |A(T−1)| = σ̃0²η.",
    ),
    Claim(
        id="P4.D.7-P6.5",
        where=_PROOF,
        says="From P5 it goes to P1 at T − 1, where |A(T−1)| < σ̃0²η.",
        published=derived(
            "|A(T−1)| < σ̃0²η", "", {}, {"T = 1": Statement(_x < 1, (in_P5(*_here), _ends))}
        ),
        correction="|A(T−1)| < (4/3)σ̃0²η, and (2/3)σ̃0²η ≤ |A(T)| < σ̃0²η.",
        corrected=for_all(sp.And(_x < 4 * _third, 2 * _third <= _x1), in_P5(*_here), _ends),
        slip="the first iteration in P1 is T, not T − 1",
        expects=Status.REFUTED,
    ),
)
