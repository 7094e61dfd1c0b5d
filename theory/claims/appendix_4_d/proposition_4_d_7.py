"""Proposition 4.D.7: how many steps before T move ẽ2; the partitions, and starts in P1 to P3.

The notation is that of :mod:`theory.claims.lemmas.counted_steps`.
"""

from itertools import combinations

import sympy as sp

from theory.claims.lemmas.counted_steps import (
    PROOF,
    WHERE,
    a,
    at,
    at_start,
    b,
    b0,
    b_signed,
    c,
    edge,
    ends,
    folded,
    here,
    m,
    n,
    no_tie,
    not_last,
    only_up_to,
    r,
    second,
    size_a,
    size_b,
    t,
    third,
    untied,
    w,
    x,
    x1,
    y,
    y1,
)
from theory.logic.arguments import all_of, derived, exactly_if, for_all, together
from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.statements import Boolean, Statement, equal
from theory.model.dynamics import unrolled
from theory.model.first_phase import INSIDE, OUTSIDE, until_T
from theory.model.regions import P_PARTITION, in_P1, in_P2, in_P3, in_P4, in_P42


def _somewhere(a: sp.Expr, b: sp.Expr, r: sp.Expr) -> Boolean:
    return sp.Or(*(inside(a, b, r) for inside in P_PARTITION.values()))


def _cover() -> Argument:
    x, y = sp.symbols("a b", real=True)
    return exactly_if(sp.Not(edge(x, y, r)), _somewhere(x, y, r))


_six, _six_steps = unrolled(a, b, r, 6)
_below_by = sp.Min(r - third, 1) / 2
_oscillating = (r + 3, r + 3 + (r - third) - _below_by)
"""A start from which a short step leads below the line by ``_below_by``, and a long one above."""
_never_below = (7 * third / 2, 9 * r / 2)
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
                    r > third,
                    sp.Eq(a, _never_below[0] + _p),
                    sp.Eq(b, _never_below[1] + _q),
                    sp.Abs(_p) < third / 2,
                    sp.Abs(_p) + sp.Abs(_q) < (r - third) / 2,
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
        published=lambda: all_of(
            "no point is in two of P1, …, P6",
            {
                f"{one} and {other}": Statement(
                    sp.Not(sp.And(P_PARTITION[one](*here), P_PARTITION[other](*here)))
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
        published=lambda: for_all(_somewhere(*here)),
        correction="They cover all but the edges, for r ≠ 1/3.",
        corrected=_cover,
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
        published=lambda: all_of(
            "|b| = 3r|a| − (3r − 1): through (1, 1), boundary of P3 and of P4, shifted in P42",
            {
                "|a| < (|b| + 3r − 1)/(3r), the definition of P3, without the denominator": equal(
                    3 * r * (x - (y + 3 * r - 1) / (3 * r)), 3 * r * x - (y + 3 * r - 1)
                ),
                "a positive factor keeps the sign": Statement(sp.Equivalent(c < 0, r * c < 0)),
                "through (1, 1)": equal((3 * r * a - (3 * r - 1)).subs(a, 1), 1),
                "P3 is above": Statement(
                    sp.Equivalent(in_P3(*here), y > 3 * r * x - (3 * r - 1)), (x > 1, r > third)
                ),
                "P4 is below": Statement(
                    sp.Equivalent(in_P4(*here), y < 3 * r * x - (3 * r - 1)), (y > 1, r > third)
                ),
                "P42 ends at the pink line": Statement(
                    sp.Equivalent(in_P42(*here), y > 3 * r * (x - 1) - (3 * r - 1)),
                    (in_P4(*here), y < x, x > 2),
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.7.4",
        where="§4.D.2, before Proposition 4.D.7",
        says="The count is (|B(0)| − |B(T−1)|)/((σ̃1²/σ̃0²)η).",
        published=lambda: derived(
            "count = (|B(0)| − |B(T−1)|)/((σ̃1²/σ̃0²)η)",
            "",
            {},
            {
                "T = 1, so that |B(T−1)| = |B(0)|": Statement(
                    equal(sp.Piecewise((1, x <= y), (0, True)), 0), (x > 1, ends, no_tie)
                )
            },
        ),
        correction="It is (|B(0)| − |B(T)|)/(σ̃1²η), if σ̃1² ≤ σ̃0² and there are no ties.",
        corrected=lambda: only_up_to(
            sp.Integer(1),
            until_T(
                sp.Implies(untied, equal(r * n, b0 - size_b)),
                r <= 1,
                invariant=sp.And(sp.Eq(size_b, b_signed), sp.Eq(w, n - m / 2), m >= 0),
            ),
            at(sp.And(x < y, ends, sp.Ne(r, y - y1)), sp.Integer(1), (1 + r) / 2),
        ),
        expects=Status.REFUTED,
        note="|B(T−1)| leaves out the last step before T, and the printed denominator has lost the "
        "factor σ̃0². For r > 1 a step may take B past 0.",
    ),
    Claim(
        id="P4.D.7.5",
        where=PROOF,
        says="For r < 1/3, where |A(t)| < |B(t)| it stays so, and in each step |A| falls by σ̃0²η/3 "
        "and |B| by σ̃1²η.",
        published=lambda: for_all(
            sp.And(equal(x1, x - third), equal(y1, y - r), x1 < y1), r < third, x < y, x >= 1
        ),
        expects=Status.PROVED,
        note="Before T, which is what the count is about; for |A| < σ̃0²η/3 a step may lead to "
        "|A| > |B|. It holds for r = 1/3, too.",
    ),
    Claim(
        id="P4.D.7.6",
        where=PROOF,
        says="For r > 1/3 and any (|A(t)|, |B(t)|) with |A(t)| < |B(t)| there is a later t' with "
        "|A(t')| > |B(t')|.",
        published=lambda: derived(
            "for every r > 1/3 and every start with 1 ≤ |a| < |b|, |a(t')| > |b(t')| for some t'",
            "",
            {},
            {
                "orbits of period 2 from t = 4 on": Statement(
                    sp.Or(*(sp.Abs(a) > sp.Abs(b) for a, b in _six[1:])),
                    (
                        *_six_steps,
                        r > third,
                        sp.Eq(a, _never_below[0]),
                        sp.Eq(b, _never_below[1]),
                        sp.Eq(_six[6][0], _six[4][0]),
                        sp.Eq(_six[6][1], _six[4][1]),
                    ),
                )
            },
        ),
        correction="For every r > 1/3 from some starts, before T (P4.D.7.7), and from others "
        "never: not at all from |A| = 7σ̃0²η/6, |B| = 9σ̃1²η/2 and all starts close to it, which end "
        "in R34.",
        corrected=lambda: together(
            "for each r > 1/3: from close to (7/6, 9r/2) |a(t)| < |b(t)| for all t; "
            "from (r + 3, 2r + 8/3 − ε), ε = min(r − 1/3, 1)/2, |a(1)| > |b(1)| and T > 1",
            {
                "never": _stays_above(),
                "at t = 1": for_all(at(sp.And(x < y, x1 > y1, x1 > 1), *_oscillating), r > third),
            },
        ),
        expects=Status.REFUTED,
        note="Of points with |A| ≥ σ̃0²η, which are what the text cuts up here. From P3 it does not "
        "happen before T (P4.D.7-P3.2).",
    ),
    Claim(
        id="P4.D.7.7",
        where=PROOF,
        says="For r > 1/3, (|A|, |B|) can go above and below the line |A| = |B| in turn.",
        published=lambda: for_all(
            at(
                sp.And(x < y, x1 > y1, sp.Abs(second.a) < sp.Abs(second.b), sp.Abs(second.a) > 1),
                *_oscillating,
            ),
            r > third,
        ),
        expects=Status.PROVED,
        note="Above, below and above again before T, from one start for each r > 1/3.",
    ),
    # --- P1 ---
    Claim(
        id="P4.D.7-P1.1",
        where=WHERE,
        says="From P1 the count is 0.",
        published=lambda: until_T(
            sp.Implies(INSIDE, equal(n, 0)), in_P1(*at_start), invariant=sp.And(INSIDE, equal(n, 0))
        ),
        expects=Status.PROVED,
        note="T = 0 and the sum is empty, though after T steps with |A| ≤ |B| may well follow.",
    ),
    Claim(
        id="P4.D.7-P1.2",
        where=PROOF,
        says="From P1, T = 1 and so the count is 0.",
        published=lambda: derived(
            "T = 1, and the sum over t = 0 alone is 0",
            "",
            {},
            {"the summand at t = 0 is 0": Statement(x > y, (in_P1(*here),))},
        ),
        correction="T = 0, and the sum is empty.",
        corrected=lambda: until_T(sp.And(INSIDE, equal(t, 0), equal(n, 0)), in_P1(*at_start)),
        slip="T is 0: |A(0)| is below σ̃0²η already",
        expects=Status.REFUTED,
    ),
    # --- P2 ---
    Claim(
        id="P4.D.7-P2.1",
        where=WHERE,
        says="From P2 the count is 0, whatever r.",
        published=lambda: until_T(
            sp.Implies(INSIDE, equal(n, 0)),
            in_P2(*at_start),
            invariant=sp.And(equal(n, 0), size_b < 1),
        ),
        expects=Status.PROVED,
        note="Here ẽ1 is small, not ẽ0: |A| may be of any size, contrary to a later remark that "
        "both initial errors are small for a start in P1 or P2.",
    ),
    Claim(
        id="P4.D.7-P2.2",
        where=PROOF,
        says="From P2, |A| remains smaller than |B| until T.",
        published=lambda: for_all(x < y, in_P2(*here)),
        correction="|A| remains larger than |B| until T.",
        corrected=lambda: until_T(
            sp.Implies(OUTSIDE, size_a > size_b), in_P2(*at_start), invariant=size_b < 1
        ),
        slip="|A| and |B| are interchanged",
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.7-P2.3",
        where=PROOF,
        says="From P2, |B| remains the same until T.",
        published=lambda: until_T(
            equal(size_b, b0), in_P2(*at_start), invariant=sp.And(sp.Eq(size_b, b0), b0 < 1)
        ),
        expects=Status.PROVED,
    ),
    # --- P3 ---
    Claim(
        id="P4.D.7-P3.1",
        where=WHERE,
        says="From P3, for every r > 1/3, the count is T.",
        published=lambda: until_T(
            sp.Implies(INSIDE, equal(n, t)),
            r > third,
            in_P3(*at_start),
            invariant=sp.And(equal(n, t), sp.Implies(OUTSIDE, size_b - 1 > 3 * r * (size_a - 1))),
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.7-P3.2",
        where=PROOF,
        says="From P3, (A(t), B(t)) is in P3 for all t < T − 1, and |A(t)| ≤ |B(t)| for all t < T.",
        published=lambda: until_T(
            sp.And(sp.Implies(not_last, in_P3(*folded)), sp.Implies(OUTSIDE, size_a <= size_b)),
            r > third,
            in_P3(*at_start),
            invariant=sp.Implies(OUTSIDE, size_b - 1 > 3 * r * (size_a - 1)),
        ),
        expects=Status.PROVED,
        note="At t = T − 1, too, unless |A(T−1)| = σ̃0²η.",
    ),
    Claim(
        id="P4.D.7-P3.3",
        where=PROOF,
        says="In P3, each step takes σ̃0²η/3 from |A| and σ̃1²η from |B|.",
        published=lambda: for_all(
            sp.And(equal(x1, x - third), equal(y1, y - r)), r > third, in_P3(*here)
        ),
        correction="If |B| ≥ σ̃1²η; this is so before the last step, and always if r ≤ 1.",
        corrected=lambda: together(
            "|b| falls by r if and only if |b| ≥ r, as is so where |a| ≥ 4/3 or r ≤ 1",
            {
                "condition": exactly_if(
                    y >= r, sp.And(equal(x1, x - third), equal(y1, y - r)), r > third, in_P3(*here)
                ),
                "before the last step": for_all(y >= r, in_P3(*here), x1 >= 1),
                "r ≤ 1": for_all(y >= r, in_P3(*here), r <= 1),
            },
        ),
        only_if="|B| ≥ σ̃1²η, which can fail only at t = T − 1 and for r > 1",
        expects=Status.REFUTED,
        note="Without consequence for the count.",
    ),
)
