"""Proposition 4.D.7, starts in P4: the last steps, directly to P1 and by way of P3.

The notation is that of :mod:`theory.claims.lemmas.counted_steps`.
"""

import sympy as sp

from theory.claims.lemmas.counted_steps import (
    COUNTED,
    FROM_P4_ABOVE,
    FROM_P4_BELOW,
    PROOF,
    after,
    at,
    at_start,
    b0,
    delta,
    folded,
    here,
    moderate,
    most_r,
    no_tie,
    only_up_to,
    r,
    second,
    size_a,
    size_b,
    there,
    third,
    w,
    x,
    x_next,
    y,
    y1,
)
from theory.logic.arguments import derived, for_all, together
from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement
from theory.model.dynamics import NormalisedState, normalised_step
from theory.model.first_phase import OUTSIDE, until_T
from theory.model.regions import in_P1, in_P3, in_P4, in_P31, in_P41, in_P42

_last = sp.And(OUTSIDE, x_next < 1)  # t = T − 1
_FROM_P4 = sp.And(FROM_P4_ABOVE, FROM_P4_BELOW)


def _red_line() -> Argument:
    return only_up_to(
        most_r,
        for_all(sp.Not(in_P3(*there)), in_P4(*here), x < y, r <= most_r),
        at(sp.And(in_P4(*here), x < y, in_P3(*there)), 4 * third + delta, 4 * third + 2 * delta),
        (6 * r + 4) * delta <= r - most_r,
    )


def _direct_range() -> Argument:
    d = sp.Min((r - most_r) / 3, sp.Rational(1, 2))
    a, b = 4 * third + d, r - 1 - d / 2
    return only_up_to(
        most_r,
        together(
            "(|b(0)| − 2)/r < count < (|b(0)| − 1)/r at each point of P41",
            {
                "count": COUNTED,
                "bounds": until_T(
                    sp.Implies(
                        sp.And(OUTSIDE, in_P41(*folded)), sp.And(b0 - 2 < r * w, r * w < b0 - 1)
                    ),
                    moderate,
                    in_P4(*at_start),
                    invariant=_FROM_P4,
                ),
            },
        ),
        sp.And(at(sp.And(in_P4(*here), x < y, in_P41(*there)), a, b), b - 1 < r),
    )


def _in_P31() -> Argument:
    """From a start in P31: |B(T−1)|/(σ̃0²η) > 1, < 7/3 and < 2 + 1/(3r − 1)."""
    line = sp.Implies(OUTSIDE, size_b - 1 > 3 * r * (size_a - 1))
    return until_T(
        sp.Implies(_last, sp.And(size_b > 1, size_b < 7 * third, (size_b - 2) * (3 * r - 1) < 1)),
        r > third,
        in_P31(*at_start),
        invariant=sp.And(line, sp.Implies(OUTSIDE, size_b < size_a + 1)),
    )


def _through_P3() -> Argument:
    # The last step, from P3, is a short one, so that the count at T is n + 1.
    bounds = until_T(
        sp.Implies(sp.And(_last, in_P3(*folded)), sp.And(b0 - 7 * third < r * w, r * w < b0 - 1)),
        moderate,
        in_P4(*at_start),
        invariant=_FROM_P4,
    )
    return together(
        "(|b(0)| − 7/3)/r < count − 1 < (|b(0)| − 1)/r", {"count": COUNTED, "bounds": bounds}
    )


def _through_P3_refuted() -> Argument:
    second = normalised_step(NormalisedState(*after), r)
    return derived(
        "count ∈ [(|B(0)| − 2σ̃0²η)/(σ̃1²η), (|B(0)| − σ̃0²η)/(σ̃1²η)]",
        "",
        {},
        {
            "T = 2, a long and a short step": Statement(
                sp.And(y - 2 <= r, r <= y - 1),
                (in_P4(*here), y < x, in_P3(*there), sp.Abs(second.a) < 1),
            )
        },
    )


CLAIMS = (
    Claim(
        id="P4.D.7-P4.7",
        where=f"{PROOF}, directly to P1",
        says="From a point of P4 with |B| > |A| a step does not cross the red line into P3.",
        published=lambda: for_all(sp.Not(in_P3(*there)), in_P4(*here), x < y),
        correction="For r ≤ 7/3; for each r > 7/3 some step does.",
        corrected=_red_line,
        only_if="σ̃1² ≤ (7/3)σ̃0²",
        expects=Status.REFUTED,
        note="For larger r a step may take B past 0 to a larger |B|. At a tie |A| = |B| a step may "
        "cross for any r.",
    ),
    Claim(
        id="P4.D.7-P4.8",
        where=f"{PROOF}, directly to P1",
        says="Only from |B| < |A| does a step lead from P4 directly to P1.",
        published=lambda: for_all(y < x, in_P4(*here), in_P1(*there)),
        correction="From σ̃0²η < |A| < 4σ̃0²η/3 and |A| < |B| it does so, too.",
        corrected=lambda: for_all(
            sp.Equivalent(in_P1(*there), sp.Or(in_P41(*here), sp.And(x < y, x < 4 * third))),
            in_P4(*here),
            no_tie,
        ),
        expects=Status.REFUTED,
        note="The text excludes |A| < |B| as no such step crosses the red line. The last step is "
        "then a counted one, so that the count exceeds the printed range.",
    ),
    Claim(
        id="P4.D.7-P4.9",
        where=f"{PROOF}, directly to P1",
        says="From a point of P4 with |B| < |A| a step leads to P1 only from P42.",
        published=lambda: for_all(in_P42(*here), in_P4(*here), y < x, in_P1(*there)),
        correction="If and only if the point is in P41.",
        corrected=lambda: for_all(sp.Equivalent(in_P1(*there), in_P41(*here)), in_P4(*here), y < x),
        slip="P41 and P42 are interchanged between their definition and the proof",
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.7-P4.10",
        where=f"{PROOF}, directly to P1",
        says="Then σ̃0²η < |B| < 2σ̃0²η before and after the step.",
        published=lambda: for_all(
            sp.And(y > 1, y < 2, y1 > 1, y1 < 2), in_P4(*here), y < x, in_P1(*there)
        ),
        expects=Status.PROVED,
        note="At T − 1 and T, for T − 2 and T − 1 as printed.",
    ),
    Claim(
        id="P4.D.7-P4.11",
        where=f"{PROOF}, directly to P1",
        says="Then the count is in [(|B(0)| − 2σ̃0²η)/(σ̃1²η), (|B(0)| − σ̃0²η)/(σ̃1²η)].",
        published=lambda: derived(
            "count within the bounds if the last step is from P41",
            "",
            {},
            {
                "a short step to P41, and from there to P1": Statement(
                    sp.And(y - 2 <= r, r <= y - 1), (in_P4(*here), x < y, in_P41(*there))
                )
            },
        ),
        correction="For r ≤ 7/3 and without ties; for each r > 7/3 some start breaks it.",
        corrected=_direct_range,
        only_if="σ̃1² ≤ (7/3)σ̃0² and |A| = |B| does not occur before",
        expects=Status.REFUTED,
        note="That ties do not occur excludes only a null set of starts.",
    ),
    Claim(
        id="P4.D.7-P4.12",
        where=f"{PROOF}, by way of P3",
        says="The step from P4 to P3 is from |A| > 2σ̃0²η (and |B| < |A|).",
        published=lambda: for_all(x > 2, in_P4(*here), y < x, in_P3(*there)),
        expects=Status.PROVED,
        note="That |B| < |A| there needs r ≤ 7/3 (P4.D.7-P4.7).",
    ),
    Claim(
        id="P4.D.7-P4.13",
        where=f"{PROOF}, by way of P3",
        says="From |B| < |A| the step from P4 to P3 is from P41, and leads to P31.",
        published=lambda: for_all(
            sp.And(in_P41(*here), in_P31(*there)), in_P4(*here), y < x, in_P3(*there)
        ),
        correction="If and only if it is from P42, and it leads to P31.",
        corrected=lambda: for_all(
            sp.And(
                sp.Equivalent(in_P3(*there), in_P42(*here)),
                sp.Implies(in_P3(*there), in_P31(*there)),
            ),
            in_P4(*here),
            y < x,
        ),
        slip="P41 and P42 are interchanged between their definition and the proof",
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.7-P4.14",
        where=f"{PROOF}, by way of P3",
        says="From P4 by way of P31, |B(T−1)| is in [σ̃0²η, 2σ̃0²η].",
        published=lambda: derived(
            "|b(T−1)| is in [1, 2]",
            "",
            {},
            {
                "T = 2, from P4 to P31 to P1": Statement(
                    sp.And(y1 >= 1, y1 <= 2),
                    (in_P4(*here), y < x, in_P31(*there), sp.Abs(second.a) < 1),
                )
            },
        ),
        correction="σ̃0²η < |B(T−1)| < σ̃0²η min{7/3, 2 + 1/(3r − 1)}.",
        corrected=_in_P31,
        expects=Status.REFUTED,
        note="The correction is for any start in P31. Printed with σ̃0 for σ̃0². At T for T − 1 the "
        "lower bound would fail: |B(T)| may be anything above (1 − r)σ̃0²η.",
    ),
    Claim(
        id="P4.D.7-P4.15",
        where=f"{PROOF}, by way of P3",
        says="Then the count is in [(|B(0)| − 2σ̃0²η)/(σ̃1²η), (|B(0)| − σ̃0²η)/(σ̃1²η)].",
        published=_through_P3_refuted,
        correction="(|B(0)| − (7/3)σ̃0²η)/(σ̃1²η) + 1 < count < (|B(0)| − σ̃0²η)/(σ̃1²η) + 1, for "
        "r ≤ 7/3 and without ties.",
        corrected=_through_P3,
        expects=Status.REFUTED,
        note="The last step, from P3 to P1, is a counted one.",
    ),
)
