"""Proposition 4.D.7, starts in P4: the bounds of the count, and one step from there.

The notation is that of :mod:`theory.claims.lemmas.counted_steps`.
"""

import sympy as sp

from theory.claims.lemmas.counted_steps import (
    COUNTED,
    FROM_P4_ABOVE,
    FROM_P4_BELOW,
    PROOF,
    WHERE,
    at,
    at_start,
    b0,
    delta,
    edge,
    ends,
    folded,
    here,
    moderate,
    most_r,
    no_tie,
    only_up_to,
    r,
    size_a,
    size_b,
    there,
    third,
    w,
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
from theory.model.regions import in_P1, in_P2, in_P3, in_P4

# --- P4 -------------------------------------------------------------------------------------------


def _p4_bounds() -> Argument:
    """(|B(0)| − 2σ̃0²η)/(σ̃1²η) < count < (|B(0)| − σ̃0²η)/(σ̃1²η) + 1, without ties."""
    start = in_P4(*at_start)
    return together(
        "(|B(0)| − 2σ̃0²η)/(σ̃1²η) < count < (|B(0)| − σ̃0²η)/(σ̃1²η) + 1",
        {
            "count": COUNTED,
            "lower bound, r > 1/3": until_T(
                sp.Implies(INSIDE, b0 - 2 < r * w), r > third, start, invariant=FROM_P4_BELOW
            ),
            "upper bound, 1/3 < r ≤ 7/3": until_T(
                sp.Implies(INSIDE, r * w < b0 - 1 + r), moderate, start, invariant=FROM_P4_ABOVE
            ),
            **_p4_sharpness(),
        },
    )


def _p4_sharpness() -> dict[str, Argument]:
    """Starts that no tighter bounds hold for.

    Just above (1, 1) one short step is the whole way, so the upper end is approached; just below
    (2, 2) one long step is, so the lower end is.
    """
    b_up = 1 + sp.Min(delta * r, third) / 2
    a_up = 1 + (b_up - 1) * (1 + 1 / (3 * r)) / 2
    b_low = 2 - sp.Min(delta * r, third) / 2
    a_low = (2 + b_low) / 2
    e = (r - most_r) / 6
    a_far, b_far = 4 * third + e, 4 * third + 2 * e
    up = at(sp.And(in_P4(*here), x < y, ends), a_up, b_up)
    low = at(sp.And(in_P4(*here), y < x, ends), a_low, b_low)
    far = at(sp.And(in_P4(*here), x < y, x1 >= 1, x1 < y1), a_far, b_far)
    return {
        "the upper bound is sharp: count 1 > (|b| − 1)/r + 1 − δ": for_all(
            sp.And(up, r > b_up - 1 + r - delta * r), moderate
        ),
        "the lower bound is sharp: count 0 < (|b| − 2)/r + δ": for_all(
            sp.And(low, b_low - 2 + delta * r > 0), moderate
        ),
        "no such upper bound for r > 7/3: count ≥ 2 > (|b| − 1)/r + 1": for_all(
            sp.And(far, 2 * r > b_far - 1 + r), r > most_r
        ),
    }


def _p4_first_step_ends() -> Argument:
    """Starts in P4 from which the first step is the last, so that the count is 0 or 1."""
    count = sp.Piecewise((1, x <= y), (0, True))
    return derived(
        "count ∈ [(|B(0)| − 2σ̃0²η)/(σ̃1²η), (|B(0)| − σ̃0²η)/(σ̃1²η)]",
        "",
        {},
        {
            "T = 1": Statement(
                sp.And(y - 2 <= r * count, r * count <= y - 1), (in_P4(*here), ends, no_tie)
            )
        },
    )


def _b_does_not_grow() -> Argument:
    return only_up_to(
        sp.Integer(2),
        for_all(y1 <= y, in_P4(*here), r <= 2),
        at(sp.And(in_P4(*here), y1 > y), 1 + delta, 1 + 2 * delta),
        8 * delta <= r - 2,
    )


CLAIMS = (
    # --- P4 ---
    Claim(
        id="P4.D.7-P4.1",
        where=WHERE,
        says="From P4 the count is in |B(0)|/(σ̃1²η) + [−2σ̃0²/σ̃1², −σ̃0²/σ̃1²].",
        published=_p4_first_step_ends,
        correction="(|B(0)| − 2σ̃0²η)/(σ̃1²η) < count < (|B(0)| − σ̃0²η)/(σ̃1²η) + 1, the upper bound "
        "for r ≤ 7/3 only; no ties. Both bounds are sharp.",
        corrected=_p4_bounds,
        expects=Status.REFUTED,
        note="The printed range has length 1/r and for r > 1 may contain no integer at all. For "
        "r > 7/3, B may change sign again and again and the count be as large as T.",
    ),
    Claim(
        id="P4.D.7-P4.2",
        where=PROOF,
        says="In P4, |A(t)| − |A(t+1)| > 0.",
        published=lambda: for_all(x1 < x, in_P4(*here)),
        expects=Status.PROVED,
    ),
    Claim(
        id="P4.D.7-P4.3",
        where=PROOF,
        says="In P4, |B(t)| − |B(t+1)| ≥ 0.",
        published=lambda: for_all(y1 <= y, in_P4(*here)),
        correction="For r ≤ 2; for each r > 2 there is a point of P4 where it fails.",
        corrected=_b_does_not_grow,
        only_if="σ̃1² ≤ 2σ̃0²",
        expects=Status.REFUTED,
    ),
    Claim(
        id="P4.D.7-P4.4",
        where=PROOF,
        says="(A(T−1), B(T−1)) is in P1.",
        published=lambda: derived(
            "(A(T−1), B(T−1)) is in P1",
            "",
            {},
            {"T = 1": Statement(in_P1(*here), (in_P4(*here), ends))},
        ),
        correction="(A(T), B(T)) is, and it is the first.",
        corrected=lambda: until_T(
            sp.And(sp.Implies(INSIDE, in_P1(*folded)), sp.Implies(OUTSIDE, sp.Not(in_P1(*folded)))),
            in_P4(*at_start),
            invariant=size_a >= 0,
        ),
        slip="the first iteration in P1 is T, not T − 1",
        expects=Status.REFUTED,
        note="Likewise T − 1 and T − 2 in the rest of the proof for P4 and P6 are T and T − 1.",
    ),
    Claim(
        id="P4.D.7-P4.5",
        where=PROOF,
        says="From P4 a step leads to P4, P2, P1 or P3: the three transitions are all there are.",
        published=lambda: for_all(
            sp.Or(*(P(*there) for P in (in_P1, in_P2, in_P3, in_P4))), in_P4(*here)
        ),
        correction="Unless it leads onto an edge: for r > 1/3 any point is on an edge or in one of "
        "the four.",
        corrected=lambda: exactly_if(
            sp.Not(edge(*here)), sp.Or(*(P(*here) for P in (in_P1, in_P2, in_P3, in_P4))), r > third
        ),
        only_if="the next point is on no edge",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of starts. P2 and P3 are left for P1 alone "
        "(P4.D.7-P2.1, P4.D.7-P3.2).",
    ),
    Claim(
        id="P4.D.7-P4.6",
        where=f"{PROOF}, by way of P2",
        says="The number of updates that reduce |B(0)| to σ̃0²η is (|B(0)| − σ̃0²η)/(σ̃1²η).",
        published=lambda: derived(
            "count = (|B(0)| − σ̃0²η)/(σ̃1²η) if the orbit passes through P2",
            "",
            {},
            {
                "the first step leads to P2": Statement(
                    equal(r, y - 1), (in_P4(*here), x < y, in_P2(*there))
                )
            },
        ),
        correction="It is the integer next above: (|B(0)| − σ̃0²η)/(σ̃1²η) < count < that + 1, for "
        "r ≤ 7/3 and without ties.",
        corrected=lambda: together(
            "(|b(0)| − 1)/r < count < (|b(0)| − 1)/r + 1 as soon as |b| < 1",
            {
                "count": COUNTED,
                "bounds": until_T(
                    sp.Implies(size_b < 1, sp.And(b0 - 1 < r * w, r * w < b0 - 1 + r)),
                    moderate,
                    in_P4(*at_start),
                    invariant=FROM_P4_ABOVE,
                ),
            },
        ),
        expects=Status.REFUTED,
        note="⌊(|B(0)| − σ̃0²η)/(σ̃1²η)⌋ + 1, so the printed number is always too small.",
    ),
)
