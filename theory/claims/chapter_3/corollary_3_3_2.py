"""Corollary 3.3.2: the bound (3.9) over the ℓ∞ ball, and the inclusion of balls behind (3.10)."""

import sympy as sp

from theory.claims.chapter_3.proposition_3_3_1 import BOUND, PRINTED_AT_RANK_ONE, SHARP
from theory.logic.arguments import derived
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal

_delta = sp.Symbol("delta", real=True)
_epsilon = sp.Symbol("epsilon", positive=True)
_sum = sp.Symbol("S", nonnegative=True)
_n = sp.Symbol("n", integer=True, nonnegative=True)

# ‖δ‖² = Σ δ_i² over n coordinates, by induction on n.
_INCLUSION = {
    "no coordinates": sp.Le(0, 0 * _epsilon**2),
    "one more coordinate": Statement(
        _sum + _delta**2 <= (_n + 1) * _epsilon**2,
        (_sum <= _n * _epsilon**2, sp.Abs(_delta) <= _epsilon),
    ),
}
_CORNER = equal(_n * _epsilon**2, (sp.sqrt(_n) * _epsilon) ** 2)

CLAIMS = (
    Claim(
        id="C3.3.2.1",
        where="§3.3.2, Corollary 3.3.2, (3.9), and (3.10)",
        says="Over ‖δ‖_∞ ≤ ε the second-order model is at most ℓ + (dε² + 1)/2 E‖Hz‖ − ½.",
        published=lambda: derived(
            "max over ‖δ‖_∞ ≤ ε of ℓ̃(x + δ) ≤ ℓ + (dε² + 1)/2 E‖Hz‖ − ½",
            "",
            {},
            PRINTED_AT_RANK_ONE,
        ),
        correction="With ‖H‖_F in place of E‖Hz‖, or with a factor √(π/2) before E‖Hz‖, for every "
        "d and ε; the factor is the least possible in every dimension.",
        corrected=lambda: derived(
            "for any d, ε:  max ℓ̃ ≤ ℓ + √(π/2)(dε² + 1)/2 E‖Hz‖ − ½, and no lesser factor will do",
            "P3.3.1.2 as corrected, by the inclusion of balls; the case that attains it has "
            "δ = v = ε(1, …, 1), a corner of the ℓ∞ ball with ‖v‖² = dε²",
            {**_INCLUSION, **BOUND, **SHARP, "the corner": _CORNER},
        ),
        expects=Status.REFUTED,
        note="For d = 1 the two balls are one, and the counterexample of P3.3.1.2 serves.",
    ),
    Claim(
        id="C3.3.2.2",
        where="§3.3.2, proof of Corollary 3.3.2, and the first inequality of (3.10)",
        says="The ℓ∞ ball of radius ε lies in the ℓ2 ball of radius √d ε, so the maximum over it "
        "is no greater.",
        published=lambda: derived(
            "‖δ‖_∞ ≤ ε implies ‖δ‖² ≤ dε², for any d",
            "induction on d; a maximum over a part is at most that over the whole",
            _INCLUSION,
        ),
        expects=Status.PROVED,
        note="With corners on the sphere: no lesser radius will do.",
    ),
)
