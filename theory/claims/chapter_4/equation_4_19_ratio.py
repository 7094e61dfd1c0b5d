"""(4.19): the ratio of adversarial risks, signGD over GD, for r = σ̃1²/σ̃0² < 1/3.

Up to what vanishes with η the ratio is (S + (w̃2(0) + Δw̃2)²)/(S + w̃2(0)²), S = w̃0*² + w̃1*², by
(4.17) and (4.18); and |Δw̃2| is √2|w̃0*| or √3r|w̃1*| up to what vanishes with η and w̃(0) (4.28).
What vanishes with η may, at a given η, decide on which side of 1 the ratio is.
"""

import sympy as sp

from theory.logic.arguments import all_of, derived, exactly_if
from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model.leading_terms import gd_is_more_robust, leading_ratio
from theory.model.limit import adversarial_risk_ratio, signgd_limit
from theory.model.problem import LinearProblem

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
            )
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


# --- On which side of 1: the limit as η → 0, and at a given η ------------------------------------

_up, _down = gd_is_more_robust(_w2, _moved), _moved * (_moved + 2 * _w2) < 0
_ratio, _far = sp.symbols("Q M", real=True)
_error = sp.Symbol("kappa", nonnegative=True)
_leading_excess = _far * (_far + 2 * _w2) / (_S + _w2**2)

_FALLS_SHORT = LinearProblem.of(
    (1, "19/1000", 0),
    ("1013/100000*sqrt(3)", "1116/1900*sqrt(2)", 0),
    (0, 0, 0),
    "1/100",
    "sqrt(2)",
)
"""From w̃(0) = 0, with a count of 1 and Δw̃2 = −(√6/3)η, the ratio is 0.5468."""
_WITHOUT_MOVING = LinearProblem.of(
    (1, "1/4", 0),
    ("151/10000*sqrt(3)", "1/20", 0),
    (0, sp.Rational(1, 20) + sp.sqrt(2) / 125, 0),
    "1/100",
    "sqrt(2)",
)
"""Here Δw̃2 = 0, and the ratio is 1.67875."""


def _moved_by(problem: LinearProblem) -> sp.Expr:
    """Δw̃2 of a problem, exact."""
    return signgd_limit(problem).delta_w2.to_sympy()


def _side_of_one() -> Argument:
    near = sp.Abs(_ratio - leading_ratio(_S, _w2, _far)) <= _error
    return derived(
        "with M = lim Δw̃2 = ±min(√2|ẽ0(0)|, √3 min(r, 1/3)|ẽ1(0)|): for all η small enough the "
        "ratio is above 1 if M(M + 2w̃2(0)) > 0, and below if < 0; at a given η this is so where "
        "|M(M + 2w̃2(0))| > κ(2‖W‖ + κ)",
        "the ratio differs from its limit by at most κ(2‖W‖ + κ)/‖W_GD‖², which vanishes with η "
        "(ratio-limits.3), and W_GD² = S + w̃2(0)²",
        {
            "the limit less 1": equal(leading_ratio(_S, _w2, _far) - 1, _leading_excess),
            **{
                name: part.statement
                for name, part in exactly_if(
                    _up, leading_ratio(_S, _w2, _moved) > 1
                ).obligations.items()
            },
            "signGD": Statement(sp.Equivalent(leading_ratio(_S, _w2, _moved) < 1, _down), ()),
            "above, where the excess is more than the error": Statement(
                _ratio > 1, (near, _leading_excess > _error)
            ),
            "below": Statement(_ratio < 1, (near, _leading_excess < -_error)),
            "at a given η, from w̃(0) = 0: a movement": sp.Ne(
                _moved_by(_FALLS_SHORT), 0, evaluate=False
            ),
            "and yet below": sp.Lt(adversarial_risk_ratio(_FALLS_SHORT), 1, evaluate=False),
            "at a given η: no movement": equal(_moved_by(_WITHOUT_MOVING), 0),
            "and yet above": sp.Gt(adversarial_risk_ratio(_WITHOUT_MOVING), 1, evaluate=False),
        },
    )


CLAIMS = (
    Claim(
        id="4.29.1",
        where="§4.4.2, before (4.19)",
        says="The main terms of |Δw̃2| are √3C|w̃0*| and (3√2/2)rC|w̃1*|, √6/6 ≤ C ≤ √6/3.",
        published=lambda: all_of(
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
        published=lambda: _ratio_is(_w0**2, _C3, sp.sqrt(2) * _w0),
        expects=Status.PROVED,
        note="In the limit C3 = 2, the upper end of the range, for almost every start; 1/2 would "
        "need ties |A(t)| = |B(t)| at all steps.",
    ),
    Claim(
        id="4.19.2",
        where=_WHERE,
        says="If |A(0)| > |B(0)|, it is about 1 + C4 w̃1*²/(w̃0*² + w̃1*²), (3/4)r² ≤ C4 ≤ 3r².",
        published=lambda: _ratio_is(_w1**2, _C4, sp.sqrt(3) * _r * _w1),
        expects=Status.PROVED,
        note="In the limit C4 = 3r², the upper end of the range, for almost every start.",
    ),
    Claim(
        id="4.19.3",
        where=_WHERE,
        says="The ranges of C3 and C4.",
        published=lambda: all_of(
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
        published=_always_above_one,
        correction="With M = lim Δw̃2 as η → 0, for all η small enough GD is more robust if "
        "M(M + 2w̃2(0)) > 0, and signGD if it is < 0, that is where w̃2 moves towards 0 by less than "
        "2|w̃2(0)|. From w̃2(0) = 0 that is GD wherever ẽ0(0) and ẽ1(0) are not 0. An η is small "
        "enough where |M(M + 2w̃2(0))| exceeds κ(2‖W‖ + κ) of ratio-limits.3.",
        corrected=_side_of_one,
        only_if="M(M + 2w̃2(0)) > 0, with M = lim Δw̃2 as η → 0, and η is small enough",
        expects=Status.REFUTED,
        note="At a given η the sign of Δw̃2(Δw̃2 + 2w̃2(0)) does not decide: from w̃(0) = 0 with a "
        "count of 1 the ratio can be 0.5468, and with Δw̃2 = 0 it can be 1.67875. Where the "
        "product of the limits is 0 the ratio tends to 1, and may do so from either side. The text "
        "neglects w̃2(0) beside w̃0* and w̃1*; in the examples |w̃2(0)| is at most a tenth of "
        "√(w̃0*² + w̃1*²).",
    ),
)
