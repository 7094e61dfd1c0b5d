"""Proposition 4.D.7, starts in P5 and P6: the count for r < 1/3.

The notation is that of :mod:`theory.claims.lemmas.counted_steps`.
"""

import sympy as sp

from theory.claims.lemmas.counted_steps import (
    PROOF,
    WHERE,
    a0,
    at_start,
    b0,
    ends,
    folded,
    here,
    m,
    n,
    not_last,
    r,
    size_a,
    size_b,
    t,
    there,
    third,
    untied,
    x,
    x1,
    y,
    y1,
)
from theory.logic.arguments import derived, exactly_if, for_all, together
from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model.first_phase import INSIDE, OUTSIDE, until_T
from theory.model.regions import in_P5, in_P6

# --- P5 and P6 ------------------------------------------------------------------------------------

_steps_from_P5 = sp.And(
    sp.Eq(size_a, a0 - t / 3),
    sp.Eq(size_b, b0 - r * t),
    sp.Eq(n, t),
    untied,
    sp.Implies(OUTSIDE, size_a < size_b),
)

_k = sp.Symbol("k", integer=True)
_a_k = a0 - _k
_K_STEPS = sp.And(_k - 1 < a0 - b0, a0 - b0 <= _k)
"""k is |A(0)| − |B(0)| in units of σ̃0²η, rounded up: so many long steps come first."""
# A long step leaves |b| and leads from |a| > |b| to |a| > |b| − 1. From the first short step on
# |a| + n/3 is the |a| it started from.
_whole = size_a + n / 3
_LONG_STEPS = sp.And(sp.Eq(n, 0), sp.Eq(size_b, b0), sp.Eq(size_a, a0 - t), size_a > b0 - 1)
_THEN_SHORT_STEPS = sp.And(
    n >= 1,
    sp.Eq(_whole, a0 - (t - n)),
    _whole > b0 - 1,
    _whole < b0,
    _whole >= 1,
    size_b > size_a,
    size_a >= 2 * third,
)
_FROM_P6 = sp.And(m >= 0, sp.Or(m >= 1, _LONG_STEPS, _THEN_SHORT_STEPS))
_at_crossing = a0 - (t - n)
"""|A(t')|, as the t − n long steps come before t'."""
_from_P6 = (_K_STEPS, r <= third, a0 > b0, b0 > 1)


def _p6_count() -> Argument:
    """Count: 0 if |a(k)| < 1, else ⌊3(|a(k)| − 1)⌋ + 1."""
    none = sp.And(sp.Eq(n, 0), _a_k < 1)
    some = sp.And(_a_k >= 1, 3 * (_a_k - 1) < n, n <= 3 * (_a_k - 1) + 1)
    z = sp.Symbol("z", real=True)
    at_T = sp.And(INSIDE, untied)
    exact = sp.Implies(at_T, sp.And(sp.Eq(t, _k + n), sp.Or(none, some)))
    bounds = sp.Implies(at_T, sp.And(3 * (b0 - 2) < n, n < 3 * (b0 - 1) + 1))
    return together(
        "count = 0 if |a(k)| < 1, else ⌊3(|a(k)| − 1)⌋ + 1, with |a(k)| = |a(0)| − k, "
        "k = ⌈|a(0)| − |b(0)|⌉; so 3(|b(0)| − 2) < count < 3(|b(0)| − 1) + 1",
        {
            "count": until_T(exact, *_from_P6, invariant=_FROM_P6),
            "bounds": until_T(bounds, *_from_P6, invariant=_FROM_P6),
            "floor": for_all(sp.Eq(sp.floor(z) + 1, n), z < n, n <= z + 1),
        },
    )


def _p6_first_step_ends() -> Argument:
    return derived(
        "count = 3(|B(0)| − σ̃0²η)/(σ̃0²η)",
        "",
        {},
        {"T = 1, and no step is counted": Statement(equal(0, 3 * (y - 1)), (in_P6(*here), ends))},
    )


CLAIMS = (
    # --- P5 ---
    Claim(
        id="P4.D.7-P5.1",
        where=WHERE,
        says="From P5 the count is T.",
        published=lambda: until_T(
            sp.Implies(INSIDE, equal(n, t)), r < third, in_P5(*at_start), invariant=_steps_from_P5
        ),
        expects=Status.PROVED,
        note="T = ⌊3(|A(0)| − σ̃0²η)/(σ̃0²η)⌋ + 1 (P4.D.8.1). It holds for r = 1/3, too.",
    ),
    Claim(
        id="P4.D.7-P5.2",
        where=PROOF,
        says="From P5, |A| and |B| fall by σ̃0²η/3 and σ̃1²η in each step, and |A(t)| > |B(t)| at no "
        "t < T.",
        published=lambda: until_T(_steps_from_P5, r < third, in_P5(*at_start)),
        expects=Status.PROVED,
    ),
    # --- P6 ---
    Claim(
        id="P4.D.7-P6.1",
        where=WHERE,
        says="From P6 the count is (|B(0)| − σ̃0²η)/(σ̃0²η/3).",
        published=_p6_first_step_ends,
        correction="Let k = ⌈(|A(0)| − |B(0)|)/(σ̃0²η)⌉. Without ties |A(k)| = |A(0)| − kσ̃0²η, "
        "and the count is 0 if that is below σ̃0²η, else ⌊3(|A(k)| − σ̃0²η)/(σ̃0²η)⌋ + 1.",
        corrected=_p6_count,
        expects=Status.REFUTED,
        note="As |A(k)| lies between |B(0)| − σ̃0²η and |B(0)|, the printed number exceeds the "
        "count by less than 3 or falls short of it by less than 1. The correction holds for "
        "r = 1/3, too.",
    ),
    Claim(
        id="P4.D.7-P6.2",
        where=PROOF,
        says="At the first t' with |A(t')| < |B(t')|, |A(t')| = |B(0)|, so |A| falls by "
        "|B(0)| − σ̃0²η from t' to T.",
        published=lambda: derived(
            "|A(t')| = |B(0)|", "", {}, {"t' = 1": Statement(equal(x1, y), (in_P6(*here), x1 < y))}
        ),
        correction="|B(0)| − σ̃0²η < |A(t')| < |B(0)| without ties; and if t' < T then from t' to T "
        "|A| falls to (2/3)σ̃0²η ≤ |A(T)| < σ̃0²η.",
        corrected=lambda: until_T(
            sp.Implies(
                sp.And(untied, n >= 1),
                sp.And(
                    equal(size_a, _at_crossing - n / 3),
                    _at_crossing > b0 - 1,
                    _at_crossing < b0,
                    sp.Implies(INSIDE, sp.And(size_a >= 2 * third, size_a < 1)),
                ),
            ),
            *_from_P6,
            invariant=_FROM_P6,
        ),
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.7-P6.3",
        where=PROOF,
        says="(A(t'), B(t')) is in P5.",
        published=lambda: for_all(in_P5(*there), in_P6(*here), x1 < y1),
        correction="If |A(t')| > σ̃0²η; where it is less, t' = T and the count is 0.",
        corrected=lambda: exactly_if(x1 > 1, in_P5(*there), in_P6(*here), x1 < y1),
        only_if="|A(t')| > σ̃0²η",
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.7-P6.4",
        where=PROOF,
        says="From P5, (A(t), B(t)) stays in P5 up to t = T − 2.",
        published=lambda: until_T(
            sp.Implies(not_last, in_P5(*folded)),
            r < third,
            in_P5(*at_start),
            invariant=_steps_from_P5,
        ),
        expects=Status.PROVED,
        note="Up to t = T − 1 unless |A(T−1)| = σ̃0²η.",
    ),
    Claim(
        id="P4.D.7-P6.5",
        where=PROOF,
        says="From P5 it goes to P1 at T − 1, where |A(T−1)| < σ̃0²η.",
        published=lambda: derived(
            "|A(T−1)| < σ̃0²η", "", {}, {"T = 1": Statement(x < 1, (in_P5(*here), ends))}
        ),
        correction="|A(T−1)| < (4/3)σ̃0²η, and (2/3)σ̃0²η ≤ |A(T)| < σ̃0²η.",
        corrected=lambda: for_all(sp.And(x < 4 * third, 2 * third <= x1), in_P5(*here), ends),
        slip="the first iteration in P1 is T, not T − 1",
        expects=Status.REFUTED,
    ),
)
