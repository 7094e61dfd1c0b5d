"""The steps of the proof of Proposition 4.D.4 from R32, R33 and R34.

Normalised: a = A/(σ̃0²η), b = B/(σ̃0²η), r = σ̃1²/σ̃0². How many steps from R32 or R33 by k to R31, and
what holds until then, is argued in :mod:`theory.claims.lemmas.descent_to_r31`.
"""

import sympy as sp

from theory.claims.lemmas.descent_to_r31 import (
    DESCENT,
    NO_TIES_ON_THE_WAY,
    a,
    after,
    b,
    even,
    here,
    k,
    odd,
    one,
    q,
    r,
    s,
    there,
    third,
    two,
    two_steps,
    u,
    unit,
    v,
    v_next,
    x,
    y,
)
from theory.logic.arguments import Lemma, derived, exactly_if, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Boolean, Statement, equal
from theory.model.regions import in_R3, in_R12, in_R22, in_R31, in_R32_by, in_R33_by, in_R34

_ahead = sp.Symbol("a_k", real=True)
_sixth = sp.Rational(1, 6)

# For every r < 1/3 a start in R32 by −2 outside R31 that is in R31 after one step, not after two.
_EARLY = (r < third, sp.Eq(a, _sixth), sp.Eq(b, (sp.Max(_sixth, 2 * r - _sixth) + r + _sixth) / 2))
_by_minus_2 = in_R32_by(*here, sp.Integer(-2))

# For r < 1/3, what |a| may be after an even and after an odd number of steps from R3, a ≠ 0: as at
# first, on the cycle of R31 with R12, or on that of R22, to which a tie leads.
_x0 = sp.Symbol("x_0", positive=True)


def _one_of(waiting: sp.Expr, beside_R31: sp.Expr, resting: sp.Expr) -> Boolean:
    return sp.Or(
        sp.Eq(x, waiting),
        sp.And(sp.Eq(x, beside_R31), y < 1 - x),
        sp.And(sp.Eq(x, resting), in_R22(*here)),
    )


_after_even = _one_of(_x0, 2 * third + _x0, third + _x0)
_after_odd = _one_of(third - _x0, 1 - _x0, 2 * third - _x0)
_next_values = {a: after.a, b: after.b}
_small = (r < third, _x0 < third)
_AFTER_AN_ODD_NUMBER_OF_STEPS: dict[str, Lemma] = {
    "r < 1/3: even to odd": Statement(
        _after_odd.subs(_next_values, simultaneous=True), (*_small, _after_even)
    ),
    "r < 1/3: odd to even": Statement(
        _after_even.subs(_next_values, simultaneous=True), (*_small, _after_odd)
    ),
    "r < 1/3: odd": Statement(third - _x0 <= x, (*_small, _after_odd)),
}

_WHERE = "§4.D.2, proof of Proposition 4.D.4, "

CLAIMS = (
    Claim(
        id="P4.D.4-steps.10",
        where=_WHERE + "R32",
        says="From R32 by k, after |k| iterations (A, B) is in R31, with |A(t + |k|)| = |A(t)|.",
        published=lambda: derived(
            "(a, b) ∈ R32 by k ⟹ (a, b)(t + |k|) ∈ R31, |a(t + |k|)| = |a(t)|",
            "",
            {},
            {
                "k = −2": Statement(
                    sp.And(in_R31(*two), sp.Eq(sp.Abs(two[0]), x)), (*two_steps, _by_minus_2)
                )
            },
        ),
        correction="For σ̃1² ≥ σ̃0²/3. Otherwise R31 may be entered before, and left for R12.",
        corrected=lambda: derived(
            "r ≥ 1/3: after |k| steps R31 is entered, for the first time, and |a| is as at the "
            "start; r < 1/3: from some start in R32 by −2 the point after 2 steps is in R12",
            "induction over n = |k|, …, 0, where |a| < |b| for n ≥ 1; an example for each r < 1/3",
            {
                **DESCENT,
                **NO_TIES_ON_THE_WAY,
                "|a| is the same every second step": Statement(
                    sp.Eq(sp.Abs(two[0]), x),
                    (*two_steps, in_R3(*here), x < y, sp.Abs(one[0]) < sp.Abs(one[1])),
                ),
                "r < 1/3": Statement(
                    sp.And(_by_minus_2, x < y, in_R31(*one), in_R12(*two)), (*two_steps, *_EARLY)
                ),
            },
        ),
        only_if="σ̃1² ≥ σ̃0²/3",
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.4-steps.11",
        where=_WHERE + "R32",
        says="B keeps its sign for |k| − 1 updates, and B(t + |k|) = B(t) − |k| sign[B(t)]σ̃1²η.",
        published=lambda: derived(
            "(a, b) ∈ R32 by k ⟹ b(t + |k|) = b(t) − |k| r sign b(t)",
            "",
            {},
            {
                "k = −2": Statement(
                    sp.And(sp.Eq(sp.sign(one[1]), s), sp.Eq(two[1], b - 2 * r * s)),
                    (*two_steps, _by_minus_2),
                )
            },
        ),
        correction="For σ̃1² ≥ σ̃0²/3. Otherwise B may come to rest before.",
        corrected=lambda: derived(
            "r ≥ 1/3: for n = |k|, …, 2 a step takes v to v − sign v of the same sign, and for "
            "n = 1 to v − sign v; r < 1/3: from some start in R32 by −2, b(t + 2) ≠ b − 2r sign b",
            "induction over n = |k|, …, 1, where |a| < |b|; an example for each r < 1/3",
            {
                **DESCENT,
                **NO_TIES_ON_THE_WAY,
                "even n ≥ 2: |b| > r": Statement(
                    sp.Abs(v) > 1,
                    (q <= 1, k >= 1, sp.Abs(u) < q, sp.Abs(sp.Abs(v) - even) < sp.Abs(u)),
                ),
                "odd n ≥ 3: |b| > r": Statement(
                    sp.Abs(v) > 1, (q <= 1, k >= 1, sp.Abs(sp.Abs(v) - odd) < q - sp.Abs(u))
                ),
                "then the sign is kept": Statement(
                    sp.And(sp.Eq(v_next, v - sp.sign(v)), sp.Eq(sp.sign(v_next), sp.sign(v))),
                    (sp.Abs(u) < sp.Abs(v), sp.Abs(v) > 1),
                ),
                "the last step": Statement(sp.Eq(v_next, v - sp.sign(v)), (sp.Abs(u) < sp.Abs(v),)),
                "r < 1/3": Statement(
                    sp.And(_by_minus_2, sp.Ne(two[1], b - 2 * r * s)), (*two_steps, *_EARLY)
                ),
            },
        ),
        only_if="σ̃1² ≥ σ̃0²/3",
        expects=Status.REFUTED,
        note="The same for R33.",
    ),
    Claim(
        id="P4.D.4-steps.12",
        where=_WHERE + "R32",
        says="For even k, not 0, |B + kσ̃1²η| < ⅓σ̃0²η if and only if B and k have opposite signs.",
        published=lambda: for_all(
            sp.Equivalent(sp.Abs(b + even * r) < third, sp.Eq(s, -sp.sign(even)), evaluate=False),
            sp.Ne(k, 0),
        ),
        correction="'Only if', for σ̃1² ≥ σ̃0²/6: in R32 by k, B and k have opposite signs. 'If' "
        "fails for every σ̃1², k and |B| ≥ |k|σ̃1²η + ⅓σ̃0²η.",
        corrected=lambda: derived(
            "r ≥ 1/6: |b + kr| < 1/3 ⟹ sign b = −sign k; r < 1/6: b = 0 is in R32 by 2; "
            "|b| ≥ |k|r + 1/3 ⟹ |b + kr| ≥ 1/3",
            "units of σ̃1²η: r ≥ 1/6 is q ≤ 2; an example for each r < 1/6",
            {
                "not if": Statement(sp.Abs(b + k * r) >= third, (y >= sp.Abs(k) * r + third,)),
                "r ≥ 1/6": Statement(
                    sp.Eq(sp.sign(v), -sp.sign(k)), (q <= 2, sp.Ne(k, 0), sp.Abs(v + even) < q)
                ),
                "r < 1/6": Statement(
                    in_R32_by(r + _sixth, sp.Integer(0), r, sp.Integer(2)), (r < _sixth,)
                ),
            },
        ),
        expects=Status.REFUTED,
        note="b = 10, k = −2, r = 1 is a case. The proof uses 'only if' alone.",
    ),
    Claim(
        id="P4.D.4-steps.13",
        where=_WHERE + "R32",
        says="Then |B(t) − |k| sign[B(t)]σ̃1²η| = |B(t) + kσ̃1²η|.",
        published=lambda: for_all(
            equal(sp.Abs(v - sp.Abs(k) * sp.sign(v)), sp.Abs(v + k)), sp.Eq(sp.sign(v), -sp.sign(k))
        ),
        expects=Status.PROVED,
        note="In units of σ̃1²η.",
    ),
    Claim(
        id="P4.D.4-steps.14",
        where=_WHERE + "R33",
        says="From R33 by k, after |k| iterations (A, B) is in R31.",
        published=lambda: derived(
            "(a, b) ∈ R33 by k ⟹ (a, b)(t + |k|) ∈ R31",
            "",
            {},
            {"k = −1": Statement(in_R31(*there), (in_R33_by(*here, sp.Integer(-1)),))},
        ),
        correction="For σ̃1² ≥ σ̃0²/3 and A ≠ 0.",
        corrected=lambda: derived(
            "r ≥ 1/3, a ≠ 0: after |k| steps R31 is entered, for the first time; a = 0: never; "
            "r < 1/3: from some start in R33 by −1 the next point is in R12",
            "induction over n = |k|, …, 0, where |a| < |b| for n ≥ 1; an example for each r < 1/3",
            {
                **DESCENT,
                **NO_TIES_ON_THE_WAY,
                "A = 0 stays, outside R31": Statement(
                    sp.And(sp.Eq(after.a, 0), sp.Not(in_R31(*here))), (sp.Eq(a, 0),)
                ),
                "r < 1/3": Statement(
                    sp.And(in_R33_by(*here, sp.Integer(-1)), in_R12(*there)),
                    (r < third, sp.Eq(a, _sixth), sp.Eq(b, r / 2)),
                ),
            },
        ),
        only_if="σ̃1² ≥ σ̃0²/3 and A ≠ 0",
        expects=Status.REFUTED,
        note="That A ≠ 0 excludes only a null set.",
    ),
    Claim(
        id="P4.D.4-steps.15",
        where=_WHERE + "R33",
        says="There |A(t + |k|) − A(t)| = |A(t + 1) − A(t)| = ⅓σ̃0²η.",
        published=lambda: derived(
            "(a, b) ∈ R33 ⟹ |a(t + 1) − a(t)| = 1/3",
            "",
            {},
            {"one step": Statement(sp.Eq(sp.Abs(after.a - a), third), (in_R33_by(*here, odd),))},
        ),
        correction="For σ̃1² ≥ σ̃0²/3 exactly where A ≠ 0. For each smaller σ̃1² not from some starts "
        "in R33; there it is so as long as A ≠ 0 and |A| < |B|.",
        corrected=lambda: derived(
            "in R3: |a(t + 1) − a(t)| = 1/3 iff a ≠ 0 and |a| < |b|; a(t + 2i) = a(t) while so; "
            "r < 1/3: |a(t + 1) − a(t)| = 1 from some start in R33 by −1",
            "for r ≥ 1/3 induction over n = |k|, …, 1, where |a| < |b|; an example for r < 1/3",
            {
                "r < 1/3": Statement(
                    sp.And(in_R33_by(*here, sp.Integer(-1)), sp.Eq(sp.Abs(after.a - a), 1)),
                    (r < third, sp.Eq(a, _sixth), sp.Eq(b, r / 2)),
                ),
                "under the condition": Statement(
                    sp.Eq(sp.Abs(after.a - a), third), (in_R3(*here), x < y, sp.Ne(a, 0))
                ),
                "and only then": Statement(
                    sp.Ne(sp.Abs(after.a - a), third), (in_R3(*here), sp.Or(x >= y, sp.Eq(a, 0)))
                ),
                "every second step": Statement(
                    sp.Eq(two[0], a),
                    (*two_steps, in_R3(*here), x < y, sp.Abs(one[0]) < sp.Abs(one[1])),
                ),
                **DESCENT,
                **NO_TIES_ON_THE_WAY,
            },
        ),
        only_if="σ̃1² ≥ σ̃0²/3 and A ≠ 0",
        expects=Status.REFUTED,
        note="That A ≠ 0 excludes only a null set.",
    ),
    Claim(
        id="P4.D.4-steps.16",
        where=_WHERE + "R33",
        says="So |B(t) + |k|| < ⅓σ̃0²η − |A(t)| ≤ |A(t + |k|)|.",
        published=lambda: for_all(
            sp.Abs(unit * b + sp.Abs(odd)) < unit * (third - x), in_R33_by(*here, odd)
        ),
        correction="|B(t) + kσ̃1²η| < ⅓σ̃0²η − |A(t)| ≤ |A(t + |k|)|, the latter where A ≠ 0.",
        corrected=lambda: derived(
            "|b + kr| < 1/3 − |a(t)|, and for a(t) ≠ 0: 1/3 − |a(t)| ≤ |a(t + |k|)|",
            "r ≥ 1/3: P4.D.4-steps.15; r < 1/3: induction over t, as |k| is odd",
            {
                "by the definition of R33": Statement(
                    sp.Abs(b + odd * r) < third - x, (in_R33_by(*here, odd),)
                ),
                "by the triangle inequality": Statement(
                    third - x <= sp.Abs(_ahead), (sp.Eq(sp.Abs(_ahead - a), third),)
                ),
                "R32, R33: n = |k|": DESCENT["R32, R33: n = |k|"],
                **NO_TIES_ON_THE_WAY,
                **_AFTER_AN_ODD_NUMBER_OF_STEPS,
            },
        ),
        slip="the first term is |B(t) + kσ̃1²η|, as in the definition of R33",
        expects=Status.REFUTED,
        note="That A ≠ 0 excludes only a null set. The printed reason, the triangle inequality, "
        "rests on P4.D.4-steps.15 and so on σ̃1² ≥ σ̃0²/3.",
    ),
    Claim(
        id="P4.D.4-steps.17",
        where=_WHERE + "R34",
        says="In R34 there is a non-zero update of B at every step.",
        published=lambda: for_all(sp.Ne(after.b, b), in_R34(*here)),
        correction="Unless A = B = 0.",
        corrected=lambda: exactly_if(
            sp.Or(sp.Ne(a, 0), sp.Ne(b, 0)), sp.Ne(after.b, b), in_R34(*here)
        ),
        only_if="not A = B = 0",
        expects=Status.REFUTED,
        note="The condition excludes only a null set: A = B = 0 is in R34 for σ̃1² ≥ σ̃0²/3.",
    ),
    Claim(
        id="P4.D.4-steps.18",
        where=_WHERE + "R32",
        says="In R32 by k, |B + kσ̃1²η| > 0.",
        published=lambda: for_all(sp.Abs(b + even * r) > 0, in_R32_by(*here, even)),
        correction="Unless B = −kσ̃1²η.",
        corrected=lambda: exactly_if(
            sp.Ne(b, -even * r), sp.Abs(b + even * r) > 0, in_R32_by(*here, even)
        ),
        only_if="B ≠ −kσ̃1²η",
        expects=Status.REFUTED,
        note="The condition excludes only a null set. That B keeps its sign does not rest on it: "
        "see P4.D.4-steps.11.",
    ),
)
