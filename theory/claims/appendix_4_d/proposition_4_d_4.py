"""Proposition 4.D.4, stationary subpartitions: how A moves for ever, and B from R22 and R31.

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
    half,
    here,
    one,
    orbit,
    r,
    there,
    third,
    two_steps,
    waits,
    x,
    y,
)
from theory.logic.arguments import derived, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement
from theory.model.regions import in_R3, in_R12, in_R21, in_R22, in_R31, in_stationary

_returns = sp.And(sp.Eq(orbit[2][0], a), sp.Eq(orbit[2][1], b))

# --- Signs of A -----------------------------------------------------------------------------------

# What R_s turns into as long as R21 is avoided, A = 0 aside.
_swings = sp.Or(
    sp.And(x > 0, x < 2 * third, sp.Ne(x, third)), sp.And(x > 2 * third, x < 1, y < 1 - x)
)
_swings_after = _swings.subs({a: after.a, b: after.b}, simultaneous=True)
_flips = sp.And(sp.Ne(a, 0), sp.Eq(sp.sign(after.a), -sp.sign(a)))
_low = sp.And(x < 2 * third, sp.Ne(x, third))

CLAIMS = (
    Claim(
        id="P4.D.4-A.1",
        where=WHERE + "stationary subpartitions",
        says="From R_s on, |A| ≤ ⅔σ̃0²η for ever.",
        published=lambda: derived(
            "(a, b) ∈ R_s ⟹ |a(t')| ≤ 2/3 for all t' ≥ t",
            "",
            {},
            {"one step later": Statement(sp.Abs(after.a) <= 2 * third, (in_stationary(*here),))},
        ),
        correction="Exactly for orbits that never enter R31, so from R22 and, ties aside, R34. "
        "R31 lies on a cycle with ⅔σ̃0²η < |A| < σ̃0²η at every second iteration. |A| < σ̃0²η always.",
        corrected=lambda: derived(
            "from R_s: |a(t')| ≤ 2/3 for all t' iff R31 is never entered; |a(t')| < 1 always",
            "induction over t",
            {
                "R31: two thirds are exceeded next": Statement(
                    sp.Abs(after.a) > 2 * third, (in_R31(*here),)
                ),
                "outside R31 they are not": Statement(
                    sp.And(sp.Abs(after.a) < 2 * third, sp.Ne(sp.Abs(after.a), third)),
                    (_low, sp.Not(in_R31(*here))),
                ),
                "R_s is below two thirds": Statement(_low, (in_stationary(*here),)),
                "|a| < 1 lasts": Statement(sp.Abs(after.a) < 1, (x < 1,)),
            },
        ),
        only_if="R31 is never entered",
        expects=Status.REFUTED,
        note="R32 and R33 lead to R31 (P4.D.4-2.2), so more than a null set is excluded. The proof "
        "itself has ⅔σ̃0²η < |A(t+1)| in R31.",
    ),
    Claim(
        id="P4.D.4-A.2",
        where=WHERE + "stationary subpartitions",
        says="From R_s on, A is 2-periodic: A(t + 2i) = A(t).",
        published=lambda: derived(
            "(a, b) ∈ R_s ⟹ a(t + 2i) = a(t) for all i ≥ 0",
            "",
            {},
            {
                "two steps later": Statement(
                    sp.Eq(orbit[2][0], a),
                    (*two_steps, *waits, sp.Ne(sp.Abs(one[0]), sp.Abs(one[1]))),
                )
            },
        ),
        correction="Ties aside, exactly where R31 is not entered after an odd number of steps: "
        "from R22, R31 and R34, and from R32 for σ̃1² ≥ σ̃0²/3, but for such σ̃1² not from R33. "
        "Where it is, the values change as R31 is entered, and repeat from then on.",
        corrected=lambda: derived(
            "|a| ≠ |b| along the orbit, from R_s: a(t + 2i) = a(t) for all i iff R31 is not "
            "entered for the first time after an odd number of steps",
            "induction over t: R22, R31: the state returns after 2 steps; R3 with |a| < |b| now "
            "and next: so does a, in R3; |a| < |b| now, R31 next: it does not; a = 0 stays",
            {
                "A = 0 stays": Statement(sp.Eq(after.a, 0), (sp.Eq(a, 0),)),
                "R3 outside R31: still in R3": Statement(in_R3(*there), waits),
                "R22, R31": Statement(_returns, (*two_steps, sp.Or(in_R22(*here), in_R31(*here)))),
                "R3 outside R31": Statement(
                    sp.Eq(orbit[2][0], a), (*two_steps, *waits, sp.Abs(one[0]) < sp.Abs(one[1]))
                ),
                "R31 entered next": Statement(
                    sp.Ne(orbit[2][0], a), (*two_steps, *waits, in_R31(*one))
                ),
                **DESCENT,
                **NO_TIES_ON_THE_WAY,
            },
        ),
        only_if="R31 is not entered after an odd number of iterations, nor |A| = |B| before",
        expects=Status.REFUTED,
        note="That ties do not occur excludes only a null set; that R31 is not entered so excludes "
        "all of R33 for σ̃1² ≥ σ̃0²/3, A = 0 aside.",
    ),
    Claim(
        id="P4.D.4-A.3",
        where=WHERE + "stationary subpartitions",
        says="From R_s on, A changes sign at every step.",
        published=lambda: for_all(
            sp.And(_flips, sp.Eq(sp.sign(orbit[2][0]), sp.sign(a))),
            *two_steps,
            in_stationary(*here),
        ),
        correction="Exactly where A ≠ 0 and R21 is not entered; only a tie |A| = |B| leads there.",
        corrected=lambda: derived(
            "from R_s with a ≠ 0: the sign alternates for ever iff R21 is never entered, "
            "and it is not if |a| = |b| never occurs",
            "induction over t",
            {
                "R_s": Statement(_swings, (in_stationary(*here), sp.Ne(a, 0))),
                "outside R21 it flips": Statement(
                    sp.And(_flips, _swings_after), (_swings, sp.Not(in_R21(*here)))
                ),
                "in R21 it does not": Statement(
                    sp.Ne(sp.sign(after.a), -sp.sign(a)), (in_R21(*here),)
                ),
                "with A = 0 there is no sign": Statement(sp.Eq(after.a, 0), (sp.Eq(a, 0),)),
                "ties aside R21 is not entered": Statement(
                    sp.And(
                        sp.Not(in_R21(*there)),
                        sp.Or(
                            in_stationary(*there),
                            sp.And(in_R12(*there), sp.Abs(after.b) < 1 - sp.Abs(after.a)),
                        ),
                    ),
                    (sp.Or(in_stationary(*here), sp.And(in_R12(*here), y < 1 - x)), sp.Ne(x, y)),
                ),
            },
        ),
        only_if="A ≠ 0 and R21 is never entered (so whenever |A| = |B| never occurs)",
        expects=Status.REFUTED,
        note="The condition excludes only a null set: A = 0, and ties in R34.",
    ),
    Claim(
        id="P4.D.4-1.1",
        where=WHERE + "1",
        says="From R22 and R31 on, B is constant.",
        published=lambda: derived(
            "(a, b) ∈ R22 ∪ R31 ⟹ b(t') = b(t) for all t' ≥ t",
            "induction over t; invariant: |b| < min(|a|, 1 − |a|)",
            b_is_constant(sp.Or(in_R22(*here), in_R31(*here))),
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-1.2",
        where=WHERE + "1",
        says="In R22 and R31, |B| ≤ σ̃1²η.",
        published=lambda: for_all(y <= r, sp.Or(in_R22(*here), in_R31(*here))),
        correction="|B| < ½σ̃0²η in R22 and |B| < ⅓σ̃0²η in R31, and no less will do. So it holds in "
        "R22 for σ̃1² ≥ σ̃0²/2 only, in R31 for σ̃1² ≥ σ̃0²/3 only.",
        corrected=lambda: derived(
            "R22: |b| < 1/2, R31: |b| < 1/3, and every such |b| occurs",
            "an example for each value",
            {
                "R22": Statement(y < half, (in_R22(*here),)),
                "R22, all of it": Statement(in_R22(half, b, r), (y < half,)),
                "R31": Statement(y < third, (in_R31(*here),)),
                "R31, all of it": Statement(in_R31(y / 2 + third / 2, b, r), (y < third,)),
            },
        ),
        only_if="σ̃1² ≥ σ̃0²/2, and for R31 σ̃1² ≥ σ̃0²/3",
        expects=Status.REFUTED,
        note="For R22 with σ̃1² < σ̃0²/2, as in Figure 4.7, B rests at up to ½σ̃0²η.",
    ),
)
