"""(4.19): the ratio of adversarial risks, signGD over GD, for r = σ̃1²/σ̃0² < 1/3.

Up to what vanishes with η the ratio is (S + (w̃2(0) + Δw̃2)²)/(S + w̃2(0)²), S = w̃0*² + w̃1*², by
(4.17) and (4.18); and |Δw̃2| is √2|w̃0*| or √3r|w̃1*| up to what vanishes with η and w̃(0) (4.28).
"""

import sympy as sp

from theory.arguments import all_of, derived, exactly_if
from theory.evidence import Argument, Claim
from theory.findings import Status
from theory.leading_terms import gd_is_more_robust, leading_ratio
from theory.limit import adversarial_risk_ratio
from theory.problem import LinearProblem
from theory.statements import Statement, equal

_WHERE = "§4.4.2, (4.19)"
_r, _S = sp.symbols("r S", positive=True)
_w0, _w1, _w2, _moved = sp.symbols("w_0 w_1 w_2 Delta", real=True)
_C3, _C4 = sp.Integer(2), 3 * _r**2


def _ratio_is(share: sp.Expr, constant: sp.Expr, moved: sp.Expr) -> Argument:
    """The ratio at w̃2(0) = 0 is 1 + constant·share, and the ratio is continuous there."""
    S = _w0**2 + _w1**2
    return derived(
        f"the ratio tends to 1 + {constant} × ({share})/(w_0² + w_1²) as η and w̃(0) go to 0",
        "(4.28) bounds the difference of |Δw̃2| from its main term; the ratio is a continuous "
        "function of w̃2(0) and Δw̃2, as S > 0",
        {
            "main term": Statement(
                equal(leading_ratio(S, sp.Integer(0), moved), 1 + constant * share / S), (S > 0,)
            ),
        },
    )


_EXAMPLE = LinearProblem.of((1, "1/16", 0), (1, 2, 0), (0, 0, "1/5"), "1/1000", "sqrt(2)")
"""Here Δw̃2 is about −√3r|w̃1*| = −0.22, so w̃2 goes to about −0.02, nearer to 0 than 1/5."""


def _always_above_one() -> Argument:
    return derived(
        "R_a(signGD) > R_a(GD) for all w̃*, w̃(0), σ̃² with r < 1/3, and η",
        "",
        {},
        {
            "its main term, S = w̃0*² + w̃1*², for all Δw̃2 ≠ 0 and |w̃2(0)| ≤ √S/10": Statement(
                leading_ratio(_S, _w2, _moved) > 1, (100 * _w2**2 <= _S, sp.Ne(_moved, 0))
            ),
            "signGD's mean over its 2-cycle, for σ̃² = (1, 1/16, 0), w̃* = (1, 2, 0), "
            "w̃(0) = (0, 0, 1/5), η = 1/1000, ε = √2": sp.Gt(
                adversarial_risk_ratio(_EXAMPLE), 1, evaluate=False
            ),
        },
    )


_up = gd_is_more_robust(_w2, _moved)

CLAIMS = (
    Claim(
        id="4.29.1",
        where="§4.4.2, before (4.19)",
        says="The main terms of |Δw̃2| are √3C|w̃0*| and (3√2/2)rC|w̃1*|, √6/6 ≤ C ≤ √6/3.",
        published=all_of(
            "they are √2|w̃0*| and √3r|w̃1*|, so C = √6/3",
            {
                "|A(0)| < |B(0)|": equal(
                    sp.sqrt(3) * sp.sqrt(6) / 3 * sp.Abs(_w0), sp.sqrt(2) * sp.Abs(_w0)
                ),
                "|A(0)| > |B(0)|": equal(
                    3 * sp.sqrt(2) / 2 * _r * sp.sqrt(6) / 3 * sp.Abs(_w1),
                    sp.sqrt(3) * _r * sp.Abs(_w1),
                ),
                "in the range": sp.Ge(sp.sqrt(6) / 3, sp.sqrt(6) / 6, evaluate=False),
            },
        ),
        expects=Status.PROVED,
        note="That these are the main terms is 4.29.2, with bounds.",
    ),
    Claim(
        id="4.19.1",
        where=_WHERE,
        says="If |A(0)| < |B(0)|, the ratio is about 1 + C3 w̃0*²/(w̃0*² + w̃1*²), 1/2 ≤ C3 ≤ 2.",
        published=_ratio_is(_w0**2, _C3, sp.sqrt(2) * _w0),
        expects=Status.PROVED,
        note="With C3 = 2, the upper end of the range, for almost every start; 1/2 would need ties "
        "|A(t)| = |B(t)| at all steps.",
    ),
    Claim(
        id="4.19.2",
        where=_WHERE,
        says="If |A(0)| > |B(0)|, it is about 1 + C4 w̃1*²/(w̃0*² + w̃1*²), (3/4)r² ≤ C4 ≤ 3r².",
        published=_ratio_is(_w1**2, _C4, sp.sqrt(3) * _r * _w1),
        expects=Status.PROVED,
        note="With C4 = 3r², the upper end of the range, for almost every start.",
    ),
    Claim(
        id="4.19.3",
        where=_WHERE,
        says="The ranges of C3 and C4.",
        published=all_of(
            "1/2 ≤ C3 ≤ 2 and (3/4)r² ≤ C4 ≤ 3r² for the exact C3 = 2 and C4 = 3r²",
            {
                "C3 at least": sp.Ge(_C3, sp.Rational(1, 2), evaluate=False),
                "C3 at most": sp.Le(_C3, 2, evaluate=False),
                "C4 at least": Statement(sp.Ge(_C4, sp.Rational(3, 4) * _r**2, evaluate=False)),
                "C4 at most": Statement(sp.Le(_C4, 3 * _r**2, evaluate=False)),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.19-always.1",
        where="§4.4.2, after (4.19)",
        says="The ratio is always greater than 1: GD is always more robust than signGD.",
        published=_always_above_one(),
        correction="Up to what vanishes with η, GD is more robust if and only if Δw̃2(Δw̃2 + "
        "2w̃2(0)) > 0: w̃2 moves, and not towards 0 by less than 2|w̃2(0)|.",
        corrected=exactly_if(_up, leading_ratio(_S, _w2, _moved) > 1),
        only_if="Δw̃2(Δw̃2 + 2w̃2(0)) > 0",
        expects=Status.REFUTED,
        note="Δw̃2 = (√6/3)η sign(ẽ0(0))·count, so it holds whenever w̃2(0) = 0 and the count is not "
        "0. Where the count is 0 (P1, P2) both limits are equally robust, up to what vanishes with "
        "η. The text neglects w̃2(0) beside w̃0* and w̃1*; in the examples |w̃2(0)| is at most a "
        "tenth of √(w̃0*² + w̃1*²). Where w̃2 moves towards 0 by less than 2|w̃2(0)|, signGD is the "
        "more robust.",
    ),
)
