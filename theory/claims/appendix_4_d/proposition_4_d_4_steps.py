"""The steps of the proof of Proposition 4.D.4, subpartition by subpartition, up to (4.21).

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
    odd,
    one,
    orbit,
    r,
    s,
    there,
    third,
    two,
    two_steps,
    x,
    y,
)
from theory.logic.arguments import derived, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model.regions import (
    in_R2,
    in_R3,
    in_R11,
    in_R12,
    in_R21,
    in_R22,
    in_R23,
    in_R31,
    in_R32_by,
    in_R33_by,
    in_R34,
)


def _moves_by(fraction: sp.Expr) -> sp.logic.boolalg.Boolean:
    return equal(after.a, a - sp.sign(a) * fraction)


_moves_fully = _moves_by(sp.Integer(1))
_moves_a_third = _moves_by(third)
_421 = sp.And(_moves_a_third, equal(after.b, b - s * r))
_cycles = sp.And(
    sp.Eq(orbit[2][0], a),
    sp.Eq(orbit[2][1], b),
    sp.Eq(one[1], b),
    sp.Eq(sp.sign(one[0]), -sp.sign(a)),
    sp.Ne(a, 0),
)

_WHERE = "§4.D.2, proof of Proposition 4.D.4, "

CLAIMS = (
    Claim(
        id="P4.D.4-steps.1",
        where=_WHERE + "R11",
        says="From R11, A moves by ⅓σ̃0²η, and the next point is in R2.",
        published=lambda: for_all(sp.And(_moves_a_third, in_R2(*there)), in_R11(*here)),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-steps.2",
        where=_WHERE + "R12",
        says="From R12, A moves by σ̃0²η, and the next point is in R3.",
        published=lambda: for_all(sp.And(_moves_fully, in_R3(*there)), in_R12(*here)),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-steps.3",
        where=_WHERE + "R21",
        says="From R21, A moves by ⅓σ̃0²η, and the next point is in R3.",
        published=lambda: for_all(sp.And(_moves_a_third, in_R3(*there)), in_R21(*here)),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-steps.4",
        where=_WHERE + "R22 and R23",
        says="From R22 and R23, A moves by σ̃0²η, B rests, and the next point is in R2.",
        published=lambda: for_all(
            sp.And(_moves_fully, equal(after.b, b), in_R2(*there)),
            sp.Or(in_R22(*here), in_R23(*here)),
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-steps.5",
        where=_WHERE + "R22",
        says="From R22 the next point is in R22, the one after it is the first again; A changes "
        "sign at each step, and B rests.",
        published=lambda: for_all(
            sp.And(in_R22(*one), sp.Abs(one[0]) > sp.Abs(one[1]), _cycles),
            *two_steps,
            in_R22(*here),
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-steps.6",
        where=_WHERE + "R23",
        says="From R23 the next point is in R21, and the one after it in R3.",
        published=lambda: for_all(sp.And(in_R21(*one), in_R3(*two)), *two_steps, in_R23(*here)),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.4-steps.7",
        where=_WHERE + "R31",
        says="From R31, ⅔σ̃0²η < |A(t+1)| < σ̃0²η, |A(t+1)| > |B(t+1)| = |B(t)|, and the point "
        "after that is the first again; A changes sign at each step.",
        published=lambda: for_all(
            sp.And(
                sp.Abs(one[0]) > 2 * third,
                sp.Abs(one[0]) < 1,
                sp.Abs(one[0]) > sp.Abs(one[1]),
                _cycles,
            ),
            *two_steps,
            in_R31(*here),
        ),
        expects=Status.PROVED,
        note="So the proof contradicts the proposition's |A| ≤ ⅔σ̃0²η, and that R_s is never left.",
    ),
    Claim(
        id="P4.D.4-steps.8",
        where=_WHERE + "(4.21)",
        says="In R32, R33 and R34, A moves by ⅓σ̃0²η and B by σ̃1²η against their signs.",
        published=lambda: derived(
            "(4.21) in R32 ∪ R33 ∪ R34",
            "",
            {},
            {
                "R32": Statement(_421, (in_R32_by(*here, even),)),
                "R33": Statement(_421, (in_R33_by(*here, odd),)),
                "R34": Statement(_421, (in_R34(*here),)),
            },
        ),
        correction="Exactly where |A| < |B| or A = B = 0. In R32 and R33 that is everywhere for "
        "σ̃1² ≥ σ̃0²/3; otherwise both reach into R31. In R34 ties are excepted.",
        corrected=lambda: derived(
            "in R3: (4.21) iff |a| < |b| or a = b = 0; r ≥ 1/3: |a| < |b| in R32, and in R33",
            "cases, with an example for r < 1/3",
            {
                "under the condition": Statement(_421, (in_R3(*here), x < y)),
                "and at the origin": Statement(_421, (sp.Eq(a, 0), sp.Eq(b, 0))),
                "and only then": Statement(
                    sp.Not(_421), (in_R3(*here), x >= y, sp.Or(sp.Ne(a, 0), sp.Ne(b, 0)))
                ),
                "R32 and R33": DESCENT["R32, R33: n = |k|"],
                **NO_TIES_ON_THE_WAY,
                "R34: |a| ≤ |b|": Statement(x <= y, (in_R34(*here),)),
            },
        ),
        only_if="|A| < |B| or A = B = 0",
        expects=Status.REFUTED,
        note="For A = 0 in R33, |A| < |B| if σ̃1² ≥ σ̃0²/3.",
    ),
    Claim(
        id="P4.D.4-steps.9",
        where=_WHERE + "(4.21)",
        says="After a step as in (4.21), |A| < ⅓σ̃0²η again.",
        published=lambda: for_all(in_R3(*there), in_R3(*here), _421),
        expects=Status.PROVED,
    ),
)
