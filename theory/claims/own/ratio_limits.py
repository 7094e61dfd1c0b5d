"""The limits of Δw̃2 and of the risk ratio as η → 0, for every r = σ̃1²/σ̃0² > 0.

Ours, not published: (4.19) is about r < 1/3, and Proposition 4.D.7 bounds the count for r ≤ 7/3.
The bounds hold from every start, ties included, as w counts a tie as the half step that it is: in
normalised variables |Δw̃2| = (√6/3)ηw. The formulas are those of :mod:`theory.model.leading_terms`.
"""

import sympy as sp

from theory.claims.lemmas.count_limits import count, excess, half, main, q, r, third, w
from theory.logic.arguments import Lemma, derived
from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal, show
from theory.model.dynamics import NormalisedState, denormalise
from theory.model.first_phase import X0, Y0
from theory.model.inequalities import CAUCHY_SCHWARZ
from theory.model.leading_terms import (
    GREATEST_MOVEMENT_SQ,
    extreme_ratios,
    greatest_movement_sq,
    leading_movement,
    leading_ratio,
    movement_error,
)
from theory.model.limit import adversarial_risk_ratio
from theory.model.problem import LinearProblem
from theory.model.risk import adversarial_risk, residual_variance

_WHERE = "not published: theory/model/leading_terms.py"
_eta, _sigma0_sq, _epsilon = sp.symbols("eta sigma0_sq epsilon", positive=True)


# --- The movement ---------------------------------------------------------------------------------

_a, _b = sp.symbols("a b", real=True)
_bound = sp.Symbol("kappa", nonnegative=True)
_e0, _e1, _unit = denormalise(NormalisedState(_a, _b, sp.Integer(1)), r, _eta)
_k = sp.Symbol("k", positive=True)
_s = sp.Symbol("s", nonnegative=True)


def _movement() -> Argument:
    x, y = sp.Abs(_a), sp.Abs(_b)
    return derived(
        "| |Δw̃2| − min(√2|ẽ0|, √3 min(r, 1/3)|ẽ1|) | ≤ √6 max(2, r/2 − 1/3) η, sign Δw̃2 = sign ẽ0",
        "|Δw̃2| = (√6/3)ηw along sign a(0) (4.27.2, 4.27.1), with w as in ratio-limits.1",
        {
            "unit": equal(_unit, sp.sqrt(6) / 3 * _eta),
            "√2|ẽ0|": equal(sp.sqrt(2) * sp.Abs(_e0), 3 * _unit * x),
            "√3|ẽ1|": equal(sp.sqrt(3) * sp.Abs(_e1), 3 * _unit * y / r),
            "main term, q = |b(0)|/r": Statement(
                equal(sp.Min(3 * X0, 3 * sp.Min(r, third) * q), sp.Min(3 * X0, 3 * r * q, q))
            ),
            "times the unit": Statement(
                equal(sp.Min(_k * _bound, _k * _s), _k * sp.Min(_bound, _s))
            ),
            "bounds of w": Statement(
                sp.Abs(w - main) <= sp.Max(6, 3 * r / 2 - 1), (w > main - 6, w <= main + excess)
            ),
            "in units of w̃2": Statement(
                sp.Abs(_unit * w - _unit * _bound) <= movement_error(r, _eta),
                (sp.Abs(w - _bound) <= sp.Max(6, 3 * r / 2 - 1),),
            ),
            "the error is in proportion to η": equal(
                movement_error(r, _eta), _eta * movement_error(r, sp.Integer(1))
            ),
        },
    )


# --- The ratio ------------------------------------------------------------------------------------


def norm_error(r: sp.Expr, sigma0_sq: sp.Expr, epsilon: sp.Expr, eta: sp.Expr) -> sp.Expr:
    """Bound |√(2R_a)/ε − ‖W‖| from some iteration on, W = lim of the limit as η → 0.

    The weight is nearer to W than the sum of the bounds on |w̃0 − w̃0*|, |w̃1 − w̃1*|, on the error
    of Δw̃2 and on the drift after T; and √(2R_a) exceeds ε‖w̃‖ by at most σ_Z.
    """
    e0, e1, drift = denormalise(_corner(r), r, eta)
    return e0 + e1 + drift + movement_error(r, eta) + _deviation(r, sigma0_sq, eta) / epsilon


def ratio_error(norm: sp.Expr, gd_norm: sp.Expr, error: sp.Expr) -> sp.Expr:
    """Bound the distance of the ratio from ‖W‖²/‖W_GD‖², κ(2‖W‖ + κ)/‖W_GD‖².

    Args:
        norm: ‖W‖.
        gd_norm: ‖W_GD‖.
        error: κ, the bound :func:`norm_error`.

    """
    return error * (2 * norm + error) / gd_norm**2


def _corner(r: sp.Expr) -> NormalisedState:
    """Bounds of |a| and |b| in the end, and of the drift of c after T (Rem4.D.5, 4.22.4)."""
    return NormalisedState(sp.Integer(1), sp.Max(r, half), sp.Rational(9, 2))


def _deviation(r: sp.Expr, sigma0_sq: sp.Expr, eta: sp.Expr) -> sp.Expr:
    """Bound σ_Z in the end."""
    return eta * sp.sqrt(sigma0_sq * (3 + sp.Max(2 * r, 1 / (2 * r))))


_norm, _limit_norm, _gd_norm = sp.symbols("n N G", positive=True)
_inner, _risk = sp.symbols("p Y", real=True)
_distance, _spread, _rho = sp.symbols("d u rho", nonnegative=True)
_weights, _others = (sp.symbols(f"{w}_0 {w}_1 {w}_2", real=True) for w in ("w", "W"))
_errors = sp.symbols("e_0 e_1 e_2", real=True)
_K = sp.Symbol("K", positive=True)
_w0, _w2, _moved = sp.symbols("w_0 w_2 Delta", real=True)
_S = sp.Symbol("S", positive=True)


def _norms() -> dict[str, Lemma]:
    """That (‖w‖ − ‖W‖)² ≤ ‖w − W‖² ≤ the square of the sum of sizes."""
    difference = sum((w - other) ** 2 for w, other in zip(_weights, _others, strict=True))
    products = (sum(x * y for x, y in zip(v, z, strict=True)) for v, z in (
        (_weights, _weights), (_weights, _others), (_others, _others)
    ))  # fmt: skip
    of_w, mixed, of_others = products
    return {
        **CAUCHY_SCHWARZ,
        "‖w − W‖² = ‖w‖² + ‖W‖² − 2⟨w, W⟩": equal(difference, of_w + of_others - 2 * mixed),
        "so (‖w‖ − ‖W‖)² ≤ ‖w − W‖²": Statement(
            (_norm - _limit_norm) ** 2 <= _norm**2 + _limit_norm**2 - 2 * _inner,
            (_inner**2 <= _norm**2 * _limit_norm**2,),
        ),
        "‖w − W‖ ≤ the sum of sizes": Statement(
            sum(e**2 for e in _errors) <= sum(sp.Abs(e) for e in _errors) ** 2
        ),
    }


def _deviations() -> dict[str, Lemma]:
    """That σ_Z is at most its bound where |a| ≤ 1 and |b| ≤ max(r, 1/2)."""
    variance = residual_variance((_sigma0_sq, r * _sigma0_sq, sp.Integer(0)), (_e0, _e1, _unit))
    return {
        "σ_Z²": equal(variance, _sigma0_sq * _eta**2 * (3 * _a**2 + 2 * _b**2 / r)),
        "its bound": equal(
            _deviation(r, _sigma0_sq, _eta) ** 2,
            _sigma0_sq * _eta**2 * (3 + sp.Max(2 * r, 1 / (2 * r))),
        ),
        "is one": Statement(
            3 * _a**2 + 2 * _b**2 / r <= 3 + sp.Max(2 * r, 1 / (2 * r)),
            (sp.Abs(_a) <= 1, sp.Abs(_b) <= sp.Max(r, half)),
        ),
    }


def _ratio() -> Argument:
    kappa = _distance + _spread
    near = (_norm >= _limit_norm - _distance, _norm <= _limit_norm + _distance)
    return derived(
        "from some t on |R_a(w̃(t))/R_a(W_GD) − ‖W‖²/‖W_GD‖²| ≤ κ(2‖W‖ + κ)/‖W_GD‖², where "
        "W_GD = (w̃0*, w̃1*, w̃2(0)), W = W_GD + (0, 0, lim Δw̃2), κ = Kη, "
        f"K = {show(norm_error(r, _sigma0_sq, _epsilon, sp.Integer(1)))}",
        "in the end |a| ≤ 1 and |b| ≤ max(r, 1/2) (Rem4.D.5), c drifts by at most 9/2 after T "
        "(4.22.4), Δw̃2 is off by at most its error (ratio-limits.2), and R_a(W_GD) = "
        "(ε²/2)‖W_GD‖² (4.18.1)",
        {
            **_deviations(),
            "R_a is between ρ²/2 and (ρ + σ_Z)²/2": Statement(
                sp.And(
                    adversarial_risk(_s**2, _rho) >= _rho**2 / 2,
                    adversarial_risk(_s**2, _rho) <= (_rho + _s) ** 2 / 2,
                )
            ),
            **_norms(),
            "2R_a/ε² against ‖W‖²": Statement(
                sp.Abs(_risk - _limit_norm**2) <= kappa * (2 * _limit_norm + kappa),
                (*near, _risk >= _norm**2, _risk <= (_norm + _spread) ** 2),
            ),
            "against ‖W_GD‖²": Statement(
                sp.Abs(_risk / _gd_norm**2 - _limit_norm**2 / _gd_norm**2)
                <= ratio_error(_limit_norm, _gd_norm, kappa),
                (sp.Abs(_risk - _limit_norm**2) <= kappa * (2 * _limit_norm + kappa),),
            ),
            "in proportion to η": equal(
                norm_error(r, _sigma0_sq, _epsilon, _eta),
                _eta * norm_error(r, _sigma0_sq, _epsilon, sp.Integer(1)),
            ),
            "it vanishes with η": equal(
                sp.limit(ratio_error(_limit_norm, _gd_norm, _K * _eta), _eta, 0), 0
            ),
        },
    )


# --- Its extremes ---------------------------------------------------------------------------------

_x_sq, _y_sq, _moved_sq = sp.symbols("X Y M", nonnegative=True)
_c, _mu = sp.symbols("c mu", positive=True)
_greatest = greatest_movement_sq(r)


def _at_zero() -> Argument:
    k = sp.Min(r, third)
    smaller, total = (_moved_sq <= 2 * _x_sq, _moved_sq <= _c * _y_sq), _x_sq + _y_sq
    return derived(
        "1 ≤ lim ≤ 1 + 6k²/(2 + 3k²) ≤ 9/7, k = min(r, 1/3); both ends are reached",
        "the ratio's limit is 1 + (lim Δw̃2)²/S (ratio-limits.3), and (lim Δw̃2)² = min(2w̃0*², "
        "3k²w̃1*²) (ratio-limits.2)",
        {
            "least": Statement(leading_ratio(_S, sp.Integer(0), _moved) >= 1),
            "the square of a minimum": Statement(
                equal(sp.Min(_s, _rho) ** 2, sp.Min(_s**2, _rho**2))
            ),
            "min(2X, cY) ≤ 2c/(2 + c) (X + Y), X = w̃0*², Y = w̃1*², c = 3k²": Statement(
                (2 + _c) * _moved_sq <= 2 * _c * total, smaller
            ),
            "with equality where 2X = cY only": Statement(
                equal(2 * _x_sq, _c * _y_sq),
                (*smaller, sp.Eq((2 + _c) * _moved_sq, 2 * _c * total)),
            ),
            "2c/(2 + c)": equal(
                2 * _c / (2 + _c), (6 * _k**2 / (2 + 3 * _k**2)).subs(_k, sp.sqrt(_c / 3))
            ),
            "k max(1, 3r) = r": Statement(equal(k * sp.Max(1, 3 * r), r)),
            "so |a(0)| − k|b(0)|/r, 0 where 2X = cY, is 0 where |b(0)| = μ|a(0)|, μ = r/k": equal(
                _mu * (X0 - _k * Y0 / (_k * _mu)), _mu * X0 - Y0
            ),
            "at most 9/7": Statement(_greatest <= GREATEST_MOVEMENT_SQ),
            "which is reached for r ≥ 1/3 only": Statement(
                sp.Equivalent(equal(_greatest, GREATEST_MOVEMENT_SQ), r >= third)
            ),
            **_reached(k),
        },
    )


def _reached(k: sp.Expr) -> dict[str, Lemma]:
    """Weights at which the ratio's limit is 1, greatest for each r, and 9/7."""
    movement = leading_movement(sp.sqrt(3) * k, sp.sqrt(2), r)
    return {
        "1 is reached at w̃1* = 0": equal(leading_movement(_w0, sp.Integer(0), r), 0),
        "the greatest for each r is reached at w̃* = (√3k, √2, 0)": equal(
            leading_ratio(3 * k**2 + 2, sp.Integer(0), movement), 1 + _greatest
        ),
        "9/7 is reached at w̃* = (1, √6, 0), r = 1/3": equal(
            leading_ratio(
                sp.Integer(7), sp.Integer(0), leading_movement(sp.S.One, sp.sqrt(6), third)
            ),
            sp.Rational(9, 7),
        ),
    }


_lambda = sp.Symbol("lambda", positive=True)
_least_ratio, _greatest_ratio = extreme_ratios(GREATEST_MOVEMENT_SQ)


def _anywhere() -> Argument:
    D, root = _lambda - 1 / _lambda, sp.sqrt(GREATEST_MOVEMENT_SQ)
    at = [(-root + s * sp.sqrt(root**2 + 4)) / 2 for s in (1, -1)]

    def as_squares(g: sp.Expr) -> sp.Expr:
        rest = _S - _moved**2 / GREATEST_MOVEMENT_SQ
        of_both = g * (_S + _w2**2) - (_S + (_w2 + _moved) ** 2)
        return equal(of_both, (g - 1) * (rest + (_w2 - _moved / (g - 1)) ** 2))

    return derived(
        "(8 − √15)/7 ≤ lim ≤ (8 + √15)/7; both ends are reached",
        "for Δw̃2² ≤ (2/7)S (ratio-limits.4) the sums of squares are not negative, so that with "
        "g = (8 + √15)/7 > 1 the ratio is at most g, and with g = (8 − √15)/7 < 1 at least g",
        {
            "the numbers": sp.And(
                equal(_greatest_ratio, (8 + sp.sqrt(15)) / 7),
                equal(_least_ratio, (8 - sp.sqrt(15)) / 7),
            ),
            "on both sides of 1": sp.And(
                sp.Gt(_greatest_ratio, 1, evaluate=False), sp.Lt(_least_ratio, 1, evaluate=False)
            ),
            "greatest": as_squares((8 + sp.sqrt(15)) / 7),
            "least": as_squares((8 - sp.sqrt(15)) / 7),
            "reached, S = 1": sp.And(
                equal(leading_ratio(sp.S.One, at[0], root), _greatest_ratio),
                equal(leading_ratio(sp.S.One, at[1], root), _least_ratio),
            ),
            "for |Δw̃2| = D√S, D = λ − 1/λ: λ² is no less": equal(
                _lambda**2 * (1 + _w2**2) - (1 + (_w2 + D) ** 2),
                (_lambda**2 - 1) * (_w2 - 1 / _lambda) ** 2,
            ),
            "and 1/λ² is no more": equal(
                1 + (_w2 + D) ** 2 - (1 + _w2**2) / _lambda**2,
                (1 - 1 / _lambda**2) * (_w2 + _lambda) ** 2,
            ),
        },
    )


# --- How they are approached ----------------------------------------------------------------------

_FAR = LinearProblem.of((1, 40, 0), ("344/1000", "707/100000", 0), (0, 0, 0), "1/100", 10)
"""r = 40, |a(0)| = 19.86 and |b(0)| = 20.00, just below and at r/2."""


def _not_uniform() -> Argument:
    state, risk = NormalisedState(_a, _b, sp.Integer(0)), adversarial_risk(_s**2, _rho)
    scaled = zip(denormalise(state, r, _k * _eta), denormalise(state, r, _eta), strict=True)
    return derived(
        "for each η there are r and w̃* with R_a(signGD)/R_a(GD) > 2, from w̃(0) = 0",
        "w̃*, w̃(0) and η times k have the same normalised orbit and multiply both risks by k²",
        {
            "for one η": sp.Gt(adversarial_risk_ratio(_FAR), 2, evaluate=False),
            "weights times k": sp.And(*(equal(x, _k * y) for x, y in scaled)),
            "σ_Z and ρ times k": equal(adversarial_risk((_k * _s) ** 2, _k * _rho), _k**2 * risk),
        },
    )


CLAIMS = (
    Claim(
        id="ratio-limits.1",
        where=_WHERE,
        says="Let w be the steps before T that move ẽ2, ties counted by half, and x = |a(0)|, y = "
        "|b(0)|. For every r > 0, min(3x, 3y, y/r) − 6 < w ≤ min(3x, 3y, y/r) + max(1, 3r/2 − 1); "
        "without the last term if r ≤ 1.",
        published=count,
        expects=Status.PROVED,
        note="From every start. −6 is sharp, and so is the factor 3/2: for r > 7/3, where "
        "Proposition 4.D.7's bound ends, b may turn to and fro about r/2 while a comes down from "
        "there, so that the bound has to grow with r.",
    ),
    Claim(
        id="ratio-limits.2",
        where=_WHERE,
        says="|Δw̃2| differs by at most √6 max(2, r/2 − 1/3)η from min(√2|ẽ0(0)|, √3 min(r, 1/3) "
        "|ẽ1(0)|), which is its limit as η → 0, and Δw̃2 has the sign of ẽ0(0).",
        published=_movement,
        expects=Status.PROVED,
        note="For every r > 0 and from every start. For r ≤ 1/3 the limit is what (4.28) has; for "
        "r ≥ 1/3 it does not depend on r any more.",
    ),
    Claim(
        id="ratio-limits.3",
        where=_WHERE,
        says="As η → 0 the ratio R_a(signGD)/R_a(GD) tends to (S + (w̃2(0) + lim Δw̃2)²)/(S + "
        "w̃2(0)²), S = w̃0*² + w̃1*², with an error of at most κ(2‖W‖ + κ)/‖W_GD‖², where W and W_GD "
        "are the limits of both algorithms as η → 0 and κ is in proportion to η.",
        published=_ratio,
        expects=Status.PROVED,
        note="For every r > 0 and from every start with W_GD ≠ 0, for η max σ̃_i² < 2; for each "
        "point of the limit cycle, so for any mean over it.",
    ),
    Claim(
        id="ratio-limits.4",
        where=_WHERE,
        says="From w̃(0) = 0 the limit of the ratio is from 1 to 1 + 6k²/(2 + 3k²), k = min(r, "
        "1/3), so at most 9/7. The greatest one is reached where |B(0)| = max(1, 3r)|A(0)| only.",
        published=_at_zero,
        expects=Status.PROVED,
        note="That is, where √2|w̃0*| = √3k|w̃1*|. 9/7 is reached for every r ≥ 1/3.",
    ),
    Claim(
        id="ratio-limits.5",
        where=_WHERE,
        says="From w̃0(0) = w̃1(0) = 0 and any w̃2(0) the limit of the ratio is from (8 − √15)/7 to "
        "(8 + √15)/7.",
        published=_anywhere,
        expects=Status.PROVED,
        note="Where |lim Δw̃2| = D√S it is from 1/λ² to λ², λ − 1/λ = D, and these are reached at "
        "w̃2(0) = −sλ√S and s√S/λ with the sign s of Δw̃2.",
    ),
    Claim(
        id="ratio-limits.6",
        where=_WHERE,
        says="The limits are not uniform in r: for each η there are problems with w̃(0) = 0 at "
        "which the ratio is above 2.",
        published=_not_uniform,
        expects=Status.PROVED,
        note="r is some 2|A(0)|/(σ̃0²η) there. For r up to a given number the error is O(η), by "
        "ratio-limits.2.",
    ),
)
