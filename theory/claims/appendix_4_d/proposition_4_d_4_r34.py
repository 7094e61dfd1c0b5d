"""Proposition 4.D.4, from R34: B for ever.

The notation is that of :mod:`theory.claims.lemmas.descent_to_r31`.
"""

import sympy as sp

from theory.claims.lemmas.descent_to_r31 import (
    WHERE,
    a,
    after,
    b,
    even,
    here,
    odd,
    one,
    orbit,
    r,
    s,
    there,
    third,
    two_steps,
    waits,
    x,
    y,
)
from theory.logic.arguments import Lemma, derived
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model.regions import in_R3, in_R31, in_R33_by, in_R34

_R34_IS_KEPT: dict[str, Lemma] = {
    "no tie: still in R3": Statement(in_R3(*there), waits),
    "no tie: in R31 or R32 by k afterwards, in R33 by k − sign b before": Statement(
        x + sp.Abs(b + (even - s) * r) < third,
        (*waits, sp.Abs(after.a) > sp.Abs(after.b + even * r)),
    ),
    "no tie: in R33 by k afterwards, in R31 or R32 by k − sign b before": Statement(
        x > sp.Abs(b + (odd - s) * r), (*waits, sp.Abs(after.a) + sp.Abs(after.b + odd * r) < third)
    ),
}
_tie_leaves_R3 = Statement(sp.Abs(after.a) > third, (in_R3(*here), sp.Eq(x, y), sp.Ne(a, 0)))

CLAIMS = (
    Claim(
        id="P4.D.4-3.1",
        where=WHERE + "3(a)",
        says="R34 is never left.",
        published=lambda: derived(
            "(a, b) ∈ R34 ⟹ (a', b') ∈ R34",
            "",
            {},
            {"it does not even leave R3": Statement(in_R3(*there), (in_R34(*here),))},
        ),
        correction="With A ≠ 0, exactly where |A| = |B| never occurs.",
        corrected=lambda: derived(
            "for (a, b) ∈ R34 with a ≠ 0: (a', b') ∈ R34 iff |a| ≠ |b|",
            "R34 is R3 without R31, R32, R33: what is in one of these by k one step later is in "
            "one of them by k − sign b now; in R34 |a| ≤ |b|",
            {**_R34_IS_KEPT, "a tie leaves R3": _tie_leaves_R3},
        ),
        only_if="|A| = |B| never occurs, for a start with A ≠ 0",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of starts. With A = 0 R34 may be left for "
        "R33, as from a = 0, b = 2r. For σ̃1² < σ̃0²/3 R34 is empty (R-partition.4).",
    ),
    Claim(
        id="P4.D.4-3.2",
        where=WHERE + "3(b), 3(c)",
        says="From R34 on, B keeps its sign up to some t̄, and from then on it is 2-periodic, "
        "within σ̃1²η, and changes sign at every step.",
        published=lambda: derived(
            "(a, b) ∈ R34 ⟹ for some t̄: b keeps its sign before t̄, and from t̄ on |b| ≤ r, "
            "b(t + 2) = b(t), sign b(t + 1) = −sign b(t) ≠ 0",
            "",
            {},
            {
                "at a fixed point B is not 0": Statement(
                    sp.Ne(b, 0), (in_R34(*here), sp.Eq(after.a, a), sp.Eq(after.b, b))
                )
            },
        ),
        correction="Where R34 is never left, as 3(a) says (P4.D.4-3.1), unless A = B = 0. Strictly "
        "within σ̃1²η, even.",
        corrected=lambda: derived(
            "in R34 for ever, (a, b) ≠ (0, 0): |b| falls by r until |b| < r; then b(t + 2) = b(t), "
            "|b| < r and sign b alternates",
            "|b| is a ranking function; in R34 for ever |a| < |b|, as a tie leaves R3, unless "
            "a = b = 0; and |b| = r would lead to b = 0, so to R31 or, with a = 0, from R33",
            {
                "a tie leaves R3": _tie_leaves_R3,
                "|b| falls by r, and b keeps its sign": Statement(
                    sp.And(equal(sp.Abs(after.b), y - r), sp.Eq(sp.sign(after.b), s)),
                    (in_R3(*here), x < y, y > r),
                ),
                "|b| = r leads to R31": Statement(in_R31(*there), (*waits, sp.Eq(y, r))),
                "|b| = r with a = 0 is in R33": Statement(
                    in_R33_by(sp.Integer(0), b, r, -sp.sign(b)), (sp.Eq(y, r),)
                ),
                "then it alternates": Statement(
                    sp.And(sp.Eq(orbit[2][1], b), sp.Eq(sp.sign(one[1]), -s), sp.Abs(one[1]) < r),
                    (*two_steps, in_R3(*here), x < y, y < r, sp.Abs(one[0]) < sp.Abs(one[1])),
                ),
                "and only then": Statement(
                    sp.And(sp.Eq(after.a, 0), sp.Eq(after.b, 0)), (sp.Eq(a, 0), sp.Eq(b, 0))
                ),
            },
        ),
        only_if="R34 is never left, and not A = B = 0",
        expects=Status.REFUTED,
        note="The condition excludes only a null set (P4.D.4-3.1). 3(b) by itself is empty: "
        "t̄ = t + 1 has it. A = B = 0 is a fixed point, in R34 for σ̃1² ≥ σ̃0²/3.",
    ),
)
