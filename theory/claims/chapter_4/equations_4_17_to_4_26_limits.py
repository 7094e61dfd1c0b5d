"""(4.17), (4.18) and (4.24) to (4.26): where both algorithms end, and the risks there.

Normalised: ẽ0 = √3ηa, ẽ1 = √2ηb/r, ẽ2 = (√6/3)ηc, with r = σ̃1²/σ̃0². On the limit cycle of signGD
a, b and c − c(T) are bounded by constants that depend on r alone (Remark 4.D.5, (4.22)).
"""

from functools import cache

import sympy as sp

from theory.claims.lemmas.drift_after_t import signs_after_ties, unrolled
from theory.logic.arguments import all_of, always, derived, ends_in, for_all, together
from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.statements import Always, Statement, equal
from theory.model.dynamics import (
    NormalisedState,
    denormalise,
    gd_converges_to,
    gd_step,
    normalised_step,
)
from theory.model.risk import adversarial_risk, dual_norm, residual_variance, standard_risk

_a, _b, _c, _part = sp.symbols("a b c f", real=True)
_r, _eta, _sigma0_sq, _epsilon = sp.symbols("r eta sigma0_sq epsilon", positive=True)
_state = NormalisedState(_a, _b, _c)
_next = normalised_step(_state, _r)
_step = {_a: _next.a, _b: _next.b}
_x, _y = sp.Abs(_a), sp.Abs(_b)
_third, _half = sp.Rational(1, 3), sp.Rational(1, 2)
_e0, _e1, _e2 = denormalise(_state, _r, _eta)
_variances = (_sigma0_sq, _r * _sigma0_sq, sp.Integer(0))

# --- limsup |w̃_i − w̃_i*| = O(η) ------------------------------------------------------------------

# Where |a| ≤ 1 and |b| > max(1, r) a step is short and takes r off |b|; below, |b| stays below.
_b_bound = sp.Max(1, _r)


@cache
def _near() -> Argument:
    """Where ẽ0 and ẽ1 end, from every start."""
    return together(
        "limsup |ẽ0| ≤ √3η and limsup |ẽ1| ≤ √2η max(1, σ̃0²/σ̃1²), from every start",
        {
            "A": ends_in(_step, _x <= 1, ranking=_x, decrease=_third),
            "B, once |A| ≤ σ̃0²η": ends_in(
                _step, _y <= _b_bound, _x <= 1, ranking=_y, decrease=_r, invariant=_x <= 1
            ),
            "ẽ0": for_all(sp.Abs(_e0) <= sp.sqrt(3) * _eta, _x <= 1),
            "ẽ1": for_all(sp.Abs(_e1) <= sp.sqrt(2) * _eta * sp.Max(1, 1 / _r), _y <= _b_bound),
        },
    )


_generic = (sp.Ne(_a, 0), sp.Ne(_x, _y))
_flips = sp.Eq(sp.sign(_next.a), -sp.sign(_a))
_inside_cycle = _y < sp.Min(_x, 1 - _x)
_next_in_cycle = sp.Abs(_next.b) < sp.Min(sp.Abs(_next.a), 1 - sp.Abs(_next.a))

_orbit = unrolled(3)
_off_rest = tuple(sp.Ne(s.a, 0) for s in _orbit.states)


def _oscillates() -> Argument:
    """From |a| ≤ 1 on, where a is never 0; ties included."""
    near = (
        sp.Or(sp.Abs(s.a) <= _third, sp.Abs(s.b) < sp.Min(sp.Abs(s.a), 1 - sp.Abs(s.a)))
        for s in _orbit.states
    )
    short, inside = sp.And(_x < _third, _x < _y), sp.And(_x <= _third, _y < _x)
    return derived(
        "if A(t) is never 0, then from some t on ẽ0 changes its sign at every step",
        "|a| ≤ 1 in the end (P4.D.3); in three steps |a| ≤ 1/3, or long steps go to and fro for "
        "ever; at |a| ≤ 1/3 there is a short step to such a state again, or long ones for ever, or "
        "a tie, from which on the orbit is followed (4.22.4) until its states repeat",
        {
            "to |a| ≤ 1/3, or to long steps": Statement(
                sp.Or(*near), (*_orbit.equations, *_off_rest, sp.Abs(_orbit.states[0].a) <= 1)
            ),
            "long steps to and fro": Statement(
                sp.And(_flips, _next_in_cycle), (sp.Ne(_a, 0), _inside_cycle)
            ),
            "long steps from |a| ≤ 1/3 are such": Statement(_inside_cycle, (inside,)),
            "a short step from |a| ≤ 1/3": Statement(
                sp.And(_flips, sp.Abs(_next.a) < _third), (sp.Ne(_a, 0), short)
            ),
            "a short step from |a| = 1/3 leads to 0": Statement(
                equal(_next.a, 0), (sp.Eq(_x, _third), _y > _third)
            ),
            **{f"from a tie, {name}": Statement(*so) for name, so in signs_after_ties().items()},
        },
    )


# --- Risks at the limit ---------------------------------------------------------------------------

_v, _rho, _bound = sp.symbols("v rho kappa", nonnegative=True)
_w, _e = sp.symbols("w e", real=True)
_w0, _w1, _w2, _moved = sp.symbols("w_0 w_1 w_2 Delta", real=True)
_weights = (_w0, _w1, _w2 + _moved)
_norm_sq = sum(w**2 for w in _weights)
_delta = sp.Symbol("delta", real=True)  # the drift of c after T
_drifts = denormalise(NormalisedState(_a, _b, _delta), _r, _eta)
_norm_sq_on_cycle = sum((w + e) ** 2 for w, e in zip(_weights, _drifts, strict=True))
_excess = sp.diff(_norm_sq_on_cycle, _eta).subs(_eta, 0)


def _risk_of_minimizer(w: tuple[sp.Expr, ...]) -> sp.Expr:
    return adversarial_risk(sp.Integer(0), _epsilon * dual_norm(w, 2))


_squares = Statement(
    sp.Abs((_w + _e) ** 2 - _w**2) <= 2 * sp.Abs(_w) * _bound + _bound**2, (sp.Abs(_e) <= _bound,)
)
_K = sp.Symbol("K", positive=True)  # σ_Z ≤ Kη
_with_noise = _K**2 * _eta**2 / 2 + _rho * _K * _eta * sp.sqrt(2 / sp.pi)

# --- Standard risk --------------------------------------------------------------------------------

_risk = standard_risk(residual_variance(_variances, (_e0, _e1, _e2)))
_limit_set = (_x <= 1, _y <= sp.Max(_r, _half))
_largest = _sigma0_sq * _eta**2 * (3 + sp.Max(2 * _r, 1 / (2 * _r))) / 2

# --- Can w̃2 become zero? --------------------------------------------------------------------------


def _to_zero() -> Argument:
    """From c = 1/2, 1, 3/2, … some a < 0 and b lead to 0; from −1/2, −1, … by symmetry.

    From a state on such an orbit one goes back by a short step, which is taken from a − 1/3, b + r
    and c + 1 for any r > 1/3.
    """
    ready = (_a < 0, _b > 0, _x <= _y, _r > _third)
    before = NormalisedState(_a - _third, _b + _r, _c + 1)
    back = zip(normalised_step(before, _r), _state, strict=True)
    mirrored = normalised_step(NormalisedState(-_a, _b, -_c), _r)
    images = zip(mirrored, (-_next.a, _next.b, -_next.c), strict=True)
    return derived(
        "for each integer n ≠ 0 some orbit from c(0) = n/2 has c(t) = 0",
        "induction over |n| in steps of 2, with a tie for the first of the odd ones",
        {
            "n = 1, by a tie": Statement(
                equal(_next.c, 0), (*ready, sp.Eq(_x, _y), 2 * _c - 1 >= 0, 2 * _c - 1 <= 0)
            ),
            "n = 2, by a short step": Statement(equal(_next.c, 0), (*ready, _x < _y, sp.Eq(_c, 1))),
            "from n to n + 2": Statement(
                sp.And(
                    *(equal(x, y) for x, y in back),
                    before.a < 0,
                    before.b > 0,
                    sp.Abs(before.a) <= sp.Abs(before.b),
                ),
                ready,
            ),
            "n < 0": for_all(sp.And(*(equal(x, y) for x, y in images))).sufficient[0].statement,
        },
    )


_k = sp.Symbol("k", integer=True)
_half_steps = 2 * (_next.c - _c)


@cache
def _gd_risk() -> Argument:
    """GD's limit, and the risk there."""
    return all_of(
        "GD converges to (w̃0*, w̃1*, w̃2(0)), and R_a there, for η max σ̃_i² < 2",
        {
            "relevant": Statement(
                gd_converges_to(sp.Integer(0), _w, _sigma0_sq, _eta), (_eta * _sigma0_sq < 2,)
            ),
            "irrelevant": gd_converges_to(_w2, _w2, sp.Integer(0), _eta),
            "risk": equal(
                _risk_of_minimizer((_w0, _w1, _w2)), _epsilon**2 / 2 * (_w0**2 + _w1**2 + _w2**2)
            ),
        },
    )


CLAIMS = (
    Claim(
        id="4.4.2-limsup.1",
        where="§4.4.2, SignGD Dynamics",
        says="limsup |w̃_i(t) − w̃_i*| = O(η) for i = 0, 1.",
        published=_near,
        expects=Status.PROVED,
        note="From every start, ties included. The constant of i = 1 grows as σ̃0²/σ̃1²; the sharp "
        "ones are in Rem4.D.5.",
    ),
    Claim(
        id="4.4.2-limsup.2",
        where="§4.4.2, SignGD Dynamics",
        says="In the end w̃0 oscillates about w̃0*.",
        published=lambda: derived(
            "from some t on ẽ0 changes its sign at every step",
            "",
            {},
            {
                "where the orbit rests": Statement(
                    sp.And(sp.Ne(_a, 0), _flips), (sp.Eq(_next.a, _a), sp.Eq(_next.b, _b))
                )
            },
        ),
        correction="It does if A(t) is never 0; once A(t) = 0, w̃0 rests at w̃0*.",
        corrected=lambda: together(
            "from some t on ẽ0 changes its sign at every step, if and only if A(t) is never 0",
            {"A(t) never 0": _oscillates(), "A(t) = 0": for_all(equal(_next.a, 0), sp.Eq(_a, 0))},
        ),
        only_if="A(t) is never 0",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of starts (P4.D.1.1). Ties are no exception.",
    ),
    Claim(
        id="4.17.1",
        where="§4.4.2, (4.17), and before (4.25)",
        says="The adversarial risk of the signGD solution is (ε²/2)‖w̃‖².",
        published=lambda: for_all(equal(adversarial_risk(_v, _rho), _rho**2 / 2), _v > 0),
        correction="It is more by σ_Z²/2 + ε‖w̃‖ σ_Z √(2/π), where σ_Z = O(η) is not 0, as signGD "
        "does not reach a minimizer.",
        corrected=lambda: all_of(
            "R_a = ρ²/2 + v/2 + ρ√(2v/π), ρ = ε‖w̃‖, and 0 < v ≤ K²η² bounds what is added",
            {
                "exact": equal(
                    adversarial_risk(_v, _rho),
                    _rho**2 / 2 + _v / 2 + _rho * sp.sqrt(2 * _v / sp.pi),
                ),
                "bound": Statement(
                    _v / 2 + _rho * sp.sqrt(_v) * sp.sqrt(2 / sp.pi) <= _with_noise,
                    (sp.sqrt(_v) <= _K * _eta,),
                ),
            },
        ),
        expects=Status.REFUTED,
        note="(4.10) is about minimizers. What is added vanishes with η, and is of first order.",
    ),
    Claim(
        id="4.17.2",
        where="§4.4.2, (4.17), (4.25)",
        says="At (w̃0*, w̃1*, w̃2(0) + Δw̃2) it is (ε²/2)(w̃0*² + w̃1*² + (w̃2(0) + Δw̃2)²).",
        published=lambda: for_all(equal(_risk_of_minimizer(_weights), _epsilon**2 / 2 * _norm_sq)),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.25.1",
        where="§4.D.2, before (4.25)",
        says="‖w̃‖² of the signGD solution is w̃0*² + w̃1*² + (w̃2(0) + Δw̃2)² + O(η²).",
        published=lambda: derived(
            "lim (‖w̃‖² − w̃0*² − w̃1*² − (w̃2(0) + Δw̃2)²)/η = 0 as η → 0",
            "",
            {},
            {
                "for starts with one a and b on the limit cycle, and c drifting by δ": Statement(
                    equal(_excess, 0), (*_generic, _inside_cycle)
                )
            },
        ),
        correction="… + O(η): the terms 2w̃_i*ẽ_i are of first order.",
        corrected=lambda: derived(
            "|‖w̃‖² − w̃0*² − w̃1*² − (w̃2(0) + Δw̃2)²| ≤ Σ_i (2|w_i|κ_i + κ_i²), |ẽ_i| ≤ κ_i = O(η)",
            "sum over the three weights, with κ from Rem4.D.5 and 4.22",
            {"one weight": _squares},
        ),
        expects=Status.REFUTED,
        note="For given weights there are η as small as one likes with the same a and b on the "
        "limit cycle. So the relative error of (4.25) is O(η/‖w̃‖), and η ≪ ‖w̃‖ is what it needs.",
    ),
    Claim(
        id="4.25.2",
        where="§4.D.2, (4.25)",
        says="For small η the adversarial risk is (ε²/2)(w̃0*² + w̃1*² + (w̃2(0) + Δw̃2)²).",
        published=lambda: derived(
            "the difference is bounded by a function of η with limit 0",
            "4.17.1 and 4.25.1 as corrected",
            {
                "one weight": _squares,
                "its bound": equal(
                    sp.limit(
                        (2 * sp.Abs(_w) * _bound + _bound**2).subs(_bound, _K * _eta), _eta, 0
                    ),
                    0,
                ),
                "the noise": equal(sp.limit(_with_noise, _eta, 0), 0),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.18.1",
        where="§4.4.2, (4.18)",
        says="The adversarial risk of the GD solution is (ε²/2)(w̃0*² + w̃1*² + w̃2(0)²).",
        published=_gd_risk,
        expects=Status.PROVED,
    ),
    Claim(
        id="4.26.1",
        where="§4.D.2, (4.26)",
        says="The same of the GD solution, with w̃2²(0).",
        published=_gd_risk,
        expects=Status.PROVED,
    ),
    Claim(
        id="4.18.2",
        where="§4.4.2, after (4.18), and after (4.26)",
        says="Neither algorithm can reduce w̃2 to zero.",
        published=lambda: derived(
            "if w̃2(0) ≠ 0, then w̃2(t) ≠ 0 for all t, under GD and under signGD",
            "",
            {},
            {
                "signGD": Always(
                    {_a: _next.a, _b: _next.b, _c: _next.c}, sp.Ne(_c, 0), (sp.Ne(_c, 0),)
                )
            },
        ),
        correction="GD cannot: it never moves w̃2. signGD moves it by multiples of (√6/6)η, and can "
        "from each multiple of that; from no other w̃2(0).",
        corrected=lambda: together(
            "GD keeps w̃2; signGD takes c(0) ≠ 0 to 0, from some ẽ0(0) and ẽ1(0), if and only if "
            "2c(0) is an integer",
            {
                "GD": for_all(equal(gd_step(_w2, sp.Integer(0), _eta), _w2)),
                "signGD, 2c(0) no integer": always(
                    {_a: _next.a, _b: _next.b, _c: _next.c, _k: _k + sp.expand(_half_steps)},
                    sp.Ne(_c, 0),
                    sp.Eq(2 * _c, _k + _part),
                    _part > 0,
                    _part < 1,
                    invariant=sp.Eq(2 * _c, _k + _part),
                ),
                "signGD, 2c(0) an integer": _to_zero(),
            },
        ),
        only_if="w̃2(0) is no multiple of (√6/6)η",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of starts. Neither drives w̃2 towards zero, "
        "which is what the text needs. Started at w̃2 = 0, GD does end at the most robust "
        "minimizer.",
    ),
    Claim(
        id="4.24.1",
        where="§4.D.2, (4.24)",
        says="The standard risk of the signGD solution is ½(σ̃0²ẽ0² + σ̃1²ẽ1²).",
        published=lambda: for_all(
            equal(_risk, (_sigma0_sq * _e0**2 + _r * _sigma0_sq * _e1**2) / 2)
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.24.2",
        where="§4.4.2, and §4.D.2, (4.24)",
        says="It is O((σ̃0² + σ̃1²)η²) as η → 0.",
        published=lambda: derived(
            "R_s ≤ ½σ̃0²η²(3 + max(2r, 1/(2r))) from some t on",
            "|a| ≤ 1 and |b| ≤ max(r, ½) in the end, by Rem4.D.5",
            {"bound": Statement(_risk <= _largest, _limit_set)},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.24.3",
        where="this project, on (4.24)",
        says="This O is not uniform in σ̃0² and σ̃1²: its constant grows as σ̃0²/σ̃1², so that no K "
        "has R_s ≤ K(σ̃0² + σ̃1²)η² for all.",
        published=lambda: derived(
            "for each K some limit cycle has R_s > K(σ̃0² + σ̃1²)η²",
            "the limit cycles through a = 1/2, b = 1/3, which there are for every r by "
            "exact-solution.8, have R_s > σ̃0²η²/(9r), and 1/(9r) > K(1 + r) for 9r(2K + 1) < 1",
            {
                "on a limit cycle": Statement(
                    _risk > _sigma0_sq * _eta**2 / (9 * _r), (sp.Eq(_a, _half), sp.Eq(_b, _third))
                ),
                "it is one": Statement(_inside_cycle.subs({_a: _half, _b: _third})),
                "above any K": Statement(9 * _r * _K * (1 + _r) < 1, (9 * _r * (2 * _K + 1) < 1,)),
            },
        ),
        expects=Status.PROVED,
        note="Where σ̃1² is small, signGD ends further from the minimizer along ẽ1. The text's O is "
        "read as η → 0 (4.24.2), which is what it uses.",
    ),
    Claim(
        id="4.24.4",
        where="§4.4.2, and after (4.24)",
        says="The standard risk of the GD solution is exactly zero; signGD's goes to zero with η.",
        published=lambda: all_of(
            "R_s(GD) = 0; the bound on R_s(signGD) has limit 0",
            {
                "GD": equal(
                    standard_risk(residual_variance(_variances, (sp.S.Zero, sp.S.Zero, _w2))), 0
                ),
                "signGD": equal(sp.limit(_largest, _eta, 0), 0),
            },
        ),
        expects=Status.PROVED,
    ),
)
