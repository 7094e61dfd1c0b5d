"""Section 4.4.2, "Empirical Validation", and Figure 4.7: its numbers, and what it shows.

Statements about population training are settled exactly, on the orbit of the published setting.
Statements about training on minibatches are random; ``simulations check`` runs them.
"""

from functools import lru_cache

import sympy as sp

from theory.logic.arguments import all_of, for_all
from theory.logic.evidence import Argument, Claim, Simulated
from theory.logic.findings import Status
from theory.logic.numbers import exact
from theory.logic.statements import Along, Boolean, equal, show
from theory.model.dynamics import NormalisedState, normalised_step
from theory.model.limit import A_and_B, adversarial_risk_ratio, predicted_ratio, signgd_limit
from theory.model.orbit import PopulationSignGD, SignGDLimit, Vector
from theory.model.risk import adversarial_risk, dual_norm
from theory.published import figure_4_7, half_unit

_FIGURE = figure_4_7()
_PROBLEM = _FIGURE.problem
_s0, _s1, _ = _PROBLEM.sigma_tilde_sq
_low, _high = map(exact, _FIGURE.ratio_interval)
_WHERE = "§4.4.2, Empirical Validation"


def _rounds_to(value: sp.Expr, printed: str) -> Boolean:
    return sp.Le(sp.Abs(value - exact(printed)), half_unit(printed), evaluate=False)


def _prints_as(value: sp.Expr, digits: int) -> str:
    return f"{float(value):.{digits}f}"


_abs_A, _abs_B = map(sp.Abs, A_and_B(_PROBLEM, _PROBLEM.e0_tilde))
_computed_A = _prints_as(_abs_A, 4)


@lru_cache(maxsize=1)
def _limit() -> SignGDLimit:
    return signgd_limit(_PROBLEM)


_now = sp.symbols("e_0:3", real=True)
_then = sp.symbols("e_0:3'", real=True)


@lru_cache(maxsize=1)
def _orbit() -> tuple[Vector, ...]:
    """Return ẽ(t) until the limit cycle has closed."""
    steps = _limit().cycle_start + len(_limit().cycle)
    return tuple(PopulationSignGD(_PROBLEM).trajectory(steps))


def _along(formula: Boolean, start: int, stop: int) -> Along:
    name = "population signGD of Figure 4.7"
    return Along(name, _orbit(), _now, _then, formula, start, stop)


def _before_T(formula: Boolean) -> Along:
    return _along(formula, 0, _limit().T)


def _at_T() -> sp.Expr:
    """|ẽ2(T)|."""
    return abs(_orbit()[_limit().T][2]).to_sympy()


def _falls() -> Argument:
    falls = _before_T(sp.Abs(_then[0]) < sp.Abs(_now[0]))
    return all_of("|ẽ0(t+1)| < |ẽ0(t)| for all t < T", {"along the orbit": falls})


def _grows() -> Argument:
    grows = _before_T(sp.Abs(_then[2]) > sp.Abs(_now[2]))
    return all_of("|ẽ2(t+1)| > |ẽ2(t)| for all t < T", {"along the orbit": grows})


def _one_way() -> Argument:
    return all_of(
        "ẽ2(t+1) ≤ ẽ2(t) for all t < T, and |ẽ2(T)| > |ẽ2(0)|",
        {
            "along the orbit": _before_T(_then[2] <= _now[2]),
            "larger at T": sp.Gt(_at_T(), sp.Abs(_PROBLEM.e0_tilde[2]), evaluate=False),
        },
    )


def _not_corrected() -> Argument:
    later = _along(sp.Abs(_then[2]) >= _at_T(), _limit().T, len(_orbit()) - 1)
    return all_of("|ẽ2(t)| ≥ |ẽ2(T)| for all t ≥ T", {"from T until the limit cycle closes": later})


_a, _b, _c = sp.symbols("a b c", real=True)
_r, _eta = sp.symbols("r eta", positive=True)
_next_a = normalised_step(NormalisedState(_a, _b, _c), _r).a
_reduction = sp.sqrt(3) * _eta * (sp.Abs(_a) - sp.Abs(_next_a))  # of |ẽ0| = √3 η |a|

CLAIMS = (
    Claim(
        id="F4.7-setup.1",
        where=_WHERE,
        says="With ε = √2 the adversarial risk of a standard-risk minimizer is ‖w̃‖².",
        published=lambda: for_all(
            equal(
                adversarial_risk(sp.Integer(0), _PROBLEM.epsilon * dual_norm(_now, 2)),
                sum(w**2 for w in _now),
            )
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="F4.7-setup.2",
        where=_WHERE,
        says="The setting meets the analysis's conditions: σ̃1²/σ̃0² < 1/3, and GD's on η.",
        published=lambda: all_of(
            "r < 1/3 and |1 − η max σ̃_i²| < 1",
            {
                "r": sp.Lt(_s1 / _s0, sp.Rational(1, 3), evaluate=False),
                "learning rate": sp.Lt(
                    sp.Abs(1 - _PROBLEM.eta * max(_PROBLEM.sigma_tilde_sq)), 1, evaluate=False
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="F4.7-AB.1",
        where=_WHERE,
        says=f"|A(0)| is {_FIGURE.initial_A}.",
        published=lambda: for_all(_rounds_to(_abs_A, _FIGURE.initial_A)),
        correction=f"|A(0)| = {show(_abs_A)} rounds to {_computed_A}.",
        corrected=lambda: for_all(_rounds_to(_abs_A, _computed_A)),
        expects=Status.REFUTED,
        note="The printed number is (√3/3)σ̃0²|w̃0*|, with w̃0* in the place of ẽ0(0).",
    ),
    Claim(
        id="F4.7-AB.2",
        where=_WHERE,
        says=f"|B(0)| is {_FIGURE.initial_B}.",
        published=lambda: for_all(_rounds_to(_abs_B, _FIGURE.initial_B)),
        expects=Status.PROVED,
    ),
    Claim(
        id="F4.7-interval.1",
        where=_WHERE,
        says=f"(4.19) predicts a ratio of adversarial risks in [{_low}, {_high}], as decimals "
        f"[{_FIGURE.ratio_interval[0]}, {_FIGURE.ratio_interval[1]}].",
        published=lambda: all_of(
            "1 + C4 w̃1*²/(w̃0*² + w̃1*²) for C4 = ¾r² and 3r², rounded, where |A(0)| > |B(0)|",
            {
                "lower end": _rounds_to(predicted_ratio(_PROBLEM)[0], _FIGURE.ratio_interval[0]),
                "upper end": _rounds_to(predicted_ratio(_PROBLEM)[1], _FIGURE.ratio_interval[1]),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="F4.7-interval.2",
        where=_WHERE,
        says="The observed ratio lies in the predicted interval.",
        published=lambda: for_all(
            sp.And(_low <= exact(_FIGURE.ratio_observed), exact(_FIGURE.ratio_observed) <= _high)
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="F4.7-interval.3",
        where=_WHERE,
        says="The limit of population training has a ratio in the predicted interval.",
        published=lambda: all_of(
            "mean of R_a over signGD's limit cycle / R_a of the GD limit is in the interval",
            {
                "lower end": sp.Ge(adversarial_risk_ratio(_PROBLEM), _low, evaluate=False),
                "upper end": sp.Le(adversarial_risk_ratio(_PROBLEM), _high, evaluate=False),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="F4.7-interval.4",
        where=_WHERE,
        says=f"The ratio observed in the experiment is {_FIGURE.ratio_observed}.",
        published=Simulated(
            "mean over seeds of R_a(signGD)/R_a(GD) at the last iteration", "ratio_observed"
        ),
    ),
    Claim(
        id="F4.7-phases.1",
        where=_WHERE,
        says="|ẽ0| falls until it starts to oscillate (population signGD).",
        published=_falls,
        expects=Status.PROVED,
    ),
    Claim(
        id="F4.7-phases.2",
        where=_WHERE,
        says="Meanwhile |ẽ2| grows (population signGD).",
        published=_grows,
        correction="ẽ2 rests while |A| > |B|, then moves one way: first towards 0, then off.",
        corrected=_one_way,
        expects=Status.REFUTED,
        note="Step by step. Over the phase as a whole it grows, as the correction says.",
    ),
    Claim(
        id="F4.7-phases.3",
        where=_WHERE,
        says="Afterwards |ẽ2| is no longer corrected (population signGD).",
        published=_not_corrected,
        expects=Status.PROVED,
        note="After T it still drifts by a few steps, away from zero here, until ẽ0 changes sign.",
    ),
    Claim(
        id="F4.7-phases.4",
        where=_WHERE,
        says="The two phases show in training on minibatches with signGD.",
        published=Simulated(
            "the change of ẽ2 up to T is most of its change, for every seed", "phases_signgd"
        ),
    ),
    Claim(
        id="F4.7-step.1",
        where=_WHERE,
        says="Each signGD step reduces |ẽ0| by at least √3/3, whatever σ̃0² is.",
        published=lambda: for_all(_reduction >= sp.sqrt(3) / 3, sp.Abs(_a) >= sp.Rational(2, 3)),
        correction="By at least (√3/3)η, as long as |A| ≥ (2/3)σ̃0²η; nearer to 0 it may overshoot.",
        corrected=lambda: for_all(
            _reduction >= sp.sqrt(3) / 3 * _eta, sp.Abs(_a) >= sp.Rational(2, 3)
        ),
        expects=Status.REFUTED,
        note="Even far from zero, as the factor η is missing; with it, it still fails close to 0.",
    ),
    Claim(
        id="F4.7-adam.1",
        where=_WHERE,
        says="All four optimizers reach near zero standard risk.",
        published=Simulated(
            "R_s at the last iteration, as a fraction of R_s at the start",
            "standard_risk_near_zero",
        ),
    ),
    Claim(
        id="F4.7-adam.2",
        where=_WHERE,
        says="Models trained by adaptive methods end with higher adversarial risk than GD's.",
        published=Simulated(
            "R_a(Adam), R_a(RMSProp), R_a(signGD) > R_a(GD) for every seed", "adaptive_less_robust"
        ),
    ),
    Claim(
        id="F4.7-adam.3",
        where=_WHERE,
        says="Adam's error trajectory resembles signGD's.",
        published=Simulated(
            "Adam's trajectory is nearer to signGD's than to GD's, for each ẽ_i and seed",
            "adam_follows_signgd",
        ),
    ),
    Claim(
        id="F4.7-adam.4",
        where=_WHERE,
        says="|ẽ2| grows until ẽ0 starts to oscillate under Adam and RMSProp too.",
        published=Simulated(
            "the change of ẽ2 up to the first change of sign of ẽ0 is most of its change",
            "adam_phases",
        ),
    ),
)
