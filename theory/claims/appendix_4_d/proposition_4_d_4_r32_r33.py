"""Proposition 4.D.4, from R32 and R33: B until R31 is entered, and after.

The notation is that of :mod:`theory.claims.lemmas.descent_to_r31`.
"""

import sympy as sp

from theory.claims.lemmas.descent_to_r31 import (
    DESCENT,
    NO_TIES_ON_THE_WAY,
    WHERE,
    a,
    after,
    b,
    b_is_constant,
    even,
    half,
    here,
    k,
    odd,
    one,
    r,
    s,
    there,
    third,
    two,
    two_steps,
    unit,
    x,
    y,
)
from theory.logic.arguments import derived
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model.regions import in_R3, in_R22, in_R31, in_R32_by, in_R33_by

_R33_enters_at_once = (in_R33_by(*here, odd), *two_steps, in_R31(*one))

CLAIMS = (
    Claim(
        id="P4.D.4-2.1",
        where=WHERE + "proof, R32 and R33",
        says="The k of the definition of R32, and that of R33, is unique.",
        published=lambda: derived(
            "two even k ≠ 0 with |a| > |b + kr|, or two odd k with |a| + |b + kr| < 1/3, are equal",
            "",
            {},
            {
                "R32 by −2 and −4": Statement(
                    sp.Not(sp.And(*(in_R32_by(*here, sp.Integer(k)) for k in (-2, -4))))
                ),
                "R33 by −1 and −3": Statement(
                    sp.Not(sp.And(*(in_R33_by(*here, sp.Integer(k)) for k in (-1, -3))))
                ),
            },
        ),
        correction="Exactly for σ̃1² ≥ σ̃0²/3; otherwise points with several k exist in both.",
        corrected=lambda: derived(
            "r ≥ 1/3: k is unique in both; r < 1/3: in each some point has two",
            "two k of one parity differ by 2j, j ≠ 0, and b + kr by 2jr",
            {
                "R32, r ≥ 1/3": Statement(
                    sp.Not(sp.And(x > sp.Abs(b), x > sp.Abs(b + even * r))),
                    (r >= third, x < third, sp.Ne(k, 0)),
                ),
                "R33, r ≥ 1/3": Statement(
                    sp.Not(sp.And(x + y < third, x + sp.Abs(b + even * r) < third)),
                    (r >= third, sp.Ne(k, 0)),
                ),
                "R32, r < 1/3": Statement(
                    sp.And(
                        *(in_R32_by((r + third) / 2, 3 * r, r, sp.Integer(k)) for k in (-2, -4))
                    ),
                    (r < third,),
                ),
                "R33, r < 1/3": Statement(
                    sp.And(
                        *(in_R33_by((third - r) / 2, 2 * r, r, sp.Integer(k)) for k in (-1, -3))
                    ),
                    (r < third,),
                ),
            },
        ),
        only_if="σ̃1² ≥ σ̃0²/3",
        expects=Status.REFUTED,
        note="In the lemmas b stands for b + kr with one of the two k.",
    ),
    Claim(
        id="P4.D.4-2.2",
        where=WHERE + "2(a)",
        says="From R32 and R33, R31 is entered.",
        published=lambda: derived(
            "(a, b) ∈ R32 ∪ R33 ⟹ (a, b)(t̄) ∈ R31 for some t̄ > t",
            "",
            {},
            {
                "as A ≠ 0 in R31, a start with A = 0 must leave A = 0": Statement(
                    sp.Or(sp.Ne(a, 0), sp.Ne(after.a, 0)), (in_R33_by(*here, odd),)
                )
            },
        ),
        correction="Where A ≠ 0 and, for σ̃1² < σ̃0²/3, no tie comes first: after at most |k| "
        "iterations from a start outside R31, and after two from a start in R31, which needs "
        "σ̃1² < σ̃0²/3.",
        corrected=lambda: derived(
            "from R32 ∪ R33 by k: (a, b)(t̄) ∈ R31 for some t̄ > t iff a ≠ 0 and |a| = |b| does "
            "not occur before; outside R31 the least t̄ − t is at most |k|, and in R31 it is 2; for "
            "r ≥ 1/3 no tie occurs, and the start is outside R31",
            "induction over n = |k|, …, 0; a = 0 stays; a tie leads to R22, which is never left",
            {
                "from R31 to R12 and back": Statement(
                    sp.And(sp.Not(in_R31(*one)), in_R31(*two)), (*two_steps, in_R31(*here))
                ),
                "r < 1/3: with k = −1 that is more than |k|": Statement(
                    sp.And(in_R33_by(*here, sp.Integer(-1)), in_R31(*here)),
                    (r < third, sp.Eq(a, half / 3), sp.Eq(b, r / 2)),
                ),
                **DESCENT,
                **NO_TIES_ON_THE_WAY,
                "A = 0 stays, outside R31": Statement(
                    sp.And(sp.Eq(after.a, 0), sp.Not(in_R31(*here))), (sp.Eq(a, 0),)
                ),
                "r < 1/3: a tie leads to R22": Statement(
                    in_R22(*there), (in_R3(*here), sp.Eq(x, y), sp.Ne(a, 0), r < third)
                ),
                "R22 is kept": Statement(in_R22(*there), (in_R22(*here),)),
                "R22 is not R31": Statement(sp.Not(in_R31(*here)), (in_R22(*here),)),
            },
        ),
        only_if="A ≠ 0 and, for σ̃1² < σ̃0²/3, |A| = |B| does not occur before",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of starts.",
    ),
    Claim(
        id="P4.D.4-2.3",
        where=WHERE + "2(b)",
        says="Until then |B(t'+1)| = |B(t')| − sign[B(t')].",
        published=lambda: derived(
            "before t̄*: |B(t'+1)| = |B(t')| − sign[B(t')]",
            "",
            {},
            {
                "one step before": Statement(
                    equal(unit * sp.Abs(after.b), unit * y - s), (*_R33_enters_at_once, x < y)
                )
            },
        ),
        correction="B(t'+1) = B(t') − sign[B(t')]σ̃1²η exactly where |A(t')| < |B(t')| or "
        "B(t') = 0. That is so before t̄* for σ̃1² ≥ σ̃0²/3, and otherwise, ties aside, from a start "
        "outside R31.",
        corrected=lambda: derived(
            "in R3: b' = b − r sign b iff |a| < |b| or b = 0; for r ≥ 1/3, and for starts outside "
            "R31 without ties, |a| < |b| or a = b = 0 before R31; r < 1/3: some start in R33 is in "
            "R31, and there b' = b",
            "induction over n = |k|, …, 1; outside R31, ties aside, |a| < |b|",
            {
                "the step": Statement(
                    equal(after.b, b - r * s), (in_R3(*here), sp.Or(x < y, sp.Eq(b, 0)))
                ),
                "and only then": Statement(
                    sp.Ne(after.b, b - r * s), (in_R3(*here), x >= y, sp.Ne(b, 0))
                ),
                "outside R31 |a| ≤ |b|": Statement(x <= y, (in_R3(*here), sp.Not(in_R31(*here)))),
                **DESCENT,
                **NO_TIES_ON_THE_WAY,
                "r < 1/3: a start in R31 and R33, where B rests": Statement(
                    sp.And(in_R33_by(*here, sp.Integer(-1)), in_R31(*here), sp.Eq(after.b, b)),
                    (r < third, sp.Eq(a, half / 3), sp.Eq(b, r / 2)),
                ),
            },
        ),
        only_if="with the factor σ̃1²η, and without the bars around B: σ̃1² ≥ σ̃0²/3, or the start is "
        "outside R31 and |A| = |B| does not occur",
        expects=Status.REFUTED,
        note="That the factor is missing is a slip of notation; so, it seems, are the bars, with "
        "which it would fail for negative B, and in the last step if that passes 0. Mended, it "
        "still fails from starts in R31, which for σ̃1² < σ̃0²/3 are more than a null set of R33 "
        "(R-partition.2).",
    ),
    Claim(
        id="P4.D.4-2.4",
        where=WHERE + "2(c)",
        says="From t̄* on B is constant: B(t') = B(t).",
        published=lambda: derived(
            "B(t') = B(t) for all t' ≥ t̄*",
            "",
            {},
            {"t̄* = t + 1": Statement(sp.Eq(one[1], b), (*_R33_enters_at_once, x < y))},
        ),
        correction="B(t') = B(t̄*).",
        corrected=lambda: derived(
            "(a, b)(t̄*) ∈ R31 ⟹ b(t') = b(t̄*) for all t' ≥ t̄*",
            "induction over t; invariant: |b| < min(|a|, 1 − |a|)",
            b_is_constant(in_R31(*here)),
        ),
        slip="t stands for t̄*: before t̄* B moves",
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.4-2.5",
        where=WHERE + "2(c)",
        says="From t̄* on |B| ≤ σ̃1²η.",
        published=lambda: derived(
            "|b(t')| ≤ r for all t' ≥ t̄*",
            "",
            {},
            {"t̄* = t + 1": Statement(sp.Abs(one[1]) <= r, (*_R33_enters_at_once, x < y))},
        ),
        correction="For σ̃1² ≥ σ̃0²/3 only. In general |B| < ⅓σ̃0²η.",
        corrected=lambda: derived(
            "r ≥ 1/3: |b(t̄*)| < r; r < 1/3: from some start |b(t̄*)| > r",
            "an example for each r < 1/3; B is constant from t̄* on",
            {
                "r ≥ 1/3": Statement(y < r, (in_R31(*here), r >= third)),
                "any r": Statement(y < third, (in_R31(*here),)),
                "r < 1/3": Statement(
                    sp.And(in_R33_by(*here, sp.Integer(-1)), in_R31(*one), sp.Abs(one[1]) > r),
                    (
                        *two_steps,
                        r < third,
                        sp.Eq(a, (third - r) / 4),
                        sp.Eq(b, 2 * r + (third - r) / 4),
                    ),
                ),
            },
        ),
        only_if="σ̃1² ≥ σ̃0²/3",
        expects=Status.REFUTED,
    ),
)
