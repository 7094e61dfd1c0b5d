"""Equations (4.11) to (4.13): gradient descent in both domains, its limit and its risk.

Scalars: s = σ̃_i², m = max_i σ̃_i², e = ẽ_i(0). Irrelevant frequencies have s = 0. The text does not
say that relevant ones have s > 0, and in rows 2 to 4 of Table 4.8 DC, always relevant, has not; so
it is a condition where it is needed, as in 4.6.1.
"""

import sympy as sp

from theory.logic.arguments import all_of, derived, exactly_if, for_all, together
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import C, d
from theory.logic.statements import Statement, equal
from theory.model.dynamics import gd_contraction, gd_converges_to, gd_error, gd_step
from theory.model.inequalities import POWERS_VANISH
from theory.model.risk import (
    adversarial_risk,
    gaussian_expectation,
    residual_variance,
    standard_risk,
)

_s, _m = sp.symbols("s m", nonnegative=True)
_positive_s, _eta = sp.symbols("s eta", positive=True)
_any_eta, _e, _w, _W, _w_star = sp.symbols("eta e w W w_star", real=True)
_t = sp.Symbol("t", integer=True, nonnegative=True)
_S_rel, _epsilon, _var = sp.symbols("S_rel epsilon sigma_sq", nonnegative=True)
_S_irr = sp.Symbol("S_irr", nonnegative=True)
_d, _n_rel = sp.symbols("d k", positive=True)

_error = sp.MatrixSymbol("e", d, 1)
_Sigma_tilde = sp.MatrixSymbol("Sigma_tilde", d, d)
_Sigma = C.T * _Sigma_tilde * C
_power = sp.MatrixSymbol("P", d, 1)  # stands for (I − ηΣ)ᵗ e(0)
_I = sp.Identity(d)

_rate_ok = sp.Abs(gd_contraction(_m, _any_eta)) < 1


def _limit(name: str, statement: Statement) -> tuple[dict, dict]:
    return {**POWERS_VANISH, name: statement}, {name: statement}


_relevant = Statement(
    gd_converges_to(sp.Integer(0), _e, _positive_s, _any_eta), (_rate_ok, _positive_s <= _m)
)
_settled = sp.Or(_s > 0, sp.Eq(_e, 0))  # relevant weights that are where GD would take them
_irrelevant = Statement(gd_converges_to(_e, _e, sp.Integer(0), _any_eta))
_everywhere = Statement(gd_converges_to(sp.Integer(0), _e, _s, _any_eta), (_rate_ok, _s <= _m))

# One relevant frequency: its weight W in the limit of GD from w, with the true weight w*.
_gd_limit = sp.Piecewise((_w, sp.Eq(_s, 0)), (_w_star, True))
_its_risk = equal(
    adversarial_risk(sp.Integer(0), _epsilon * sp.Abs(_W)), _epsilon**2 / 2 * _w_star**2
)
_gd_risk = adversarial_risk(sp.Integer(0), _epsilon * sp.sqrt(_S_rel + _S_irr))
_robust_risk = adversarial_risk(sp.Integer(0), _epsilon * sp.sqrt(_S_rel))
_expected_risk = _epsilon**2 / 2 * (_S_rel + (_d - _n_rel) * _var)

CLAIMS = (
    Claim(
        id="4.11.1",
        where="§4.4.2, before (4.11)",
        says="The gradient of the standard risk is Σe.",
        published=lambda: derived(
            "∇_w R_s = Σ e",
            "chain rule: R_s = ½ẽᵀΣ̃ẽ has gradient Σ̃ẽ in ẽ = Ce, so CᵀΣ̃Ce in e",
            {
                "one frequency": equal(
                    sp.diff(standard_risk(residual_variance([_s], [_e])), _e), _s * _e
                ),
                "back to the spatial domain": equal(
                    C.T * (_Sigma_tilde * (C * _error)), _Sigma * _error
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.11.2",
        where="§4.4.2, (4.11)",
        says="e(t) = (I − ηΣ)ᵗ e(0).",
        published=lambda: derived(
            "e(t) = (I − ηΣ)ᵗ e(0) for every t ≥ 0",
            "induction on t",
            {
                "one step": equal(gd_step(_power, _Sigma, _eta), (_I - _eta * _Sigma) * _power),
                "t = 0": equal(_I * _error, _error),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.11.3",
        where="§4.4.2, after (4.11)",
        says="The learned weight converges to w*.",
        published=lambda: for_all(_everywhere.conclusion, *_everywhere.hypotheses),
        correction="It does along frequencies with σ̃_i² > 0; along the others w̃_i(0) remains.",
        corrected=lambda: all_of(
            "under (4.12)'s condition on η: ẽ_i(t) → 0 if σ̃_i² > 0, ẽ_i(t) = ẽ_i(0) if σ̃_i² = 0",
            {"relevant": _relevant, "irrelevant": _irrelevant},
        ),
        expects=Status.REFUTED,
        note="Of the w* in e = w − w*, even under (4.12)'s condition on η. GD does converge to "
        "some standard-risk minimizer, and the limit below (4.12) is right.",
    ),
    Claim(
        id="4.12.1",
        where="§4.4.2, (4.12)",
        says="ẽ(t) = (I − ηΣ̃)ᵗ ẽ(0).",
        published=lambda: derived(
            "ẽ(t) = (I − ηΣ̃)ᵗ ẽ(0) for every t ≥ 0",
            "C(I − ηΣ)Cᵀ = I − ηΣ̃, and conjugation commutes with powers; induction on t",
            {
                "conjugation": equal(C * (_I - _eta * _Sigma) * C.T, _I - _eta * _Sigma_tilde),
                "one frequency, t = 0": equal(gd_error(_e, _s, _eta, 0), _e),
                "one frequency, from t to t + 1": equal(
                    gd_step(gd_error(_e, _s, _eta, _t), _s, _eta), gd_error(_e, _s, _eta, _t + 1)
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.12.2",
        where="§4.4.2, after (4.12)",
        says="If |1 − η max σ̃_i²| < 1, every relevant weight converges to w̃*_i.",
        published=lambda: for_all(_everywhere.conclusion, *_everywhere.hypotheses),
        correction="It does if and only if σ̃_i² > 0, or it is w̃*_i at the start.",
        corrected=lambda: together(
            f"{_everywhere} if and only if s > 0 or e = 0",
            {
                "σ̃_i² > 0": derived(
                    str(_relevant),
                    "powers of a number below 1 in size",
                    *_limit("relevant", _relevant),
                ),
                "condition": exactly_if(_settled, _everywhere.conclusion, *_everywhere.hypotheses),
            },
        ),
        only_if="σ̃_i² > 0 at each relevant frequency (or w̃_i(0) = w̃*_i)",
        expects=Status.REFUTED,
        note="The condition of 4.6.1, which the text does not state.",
    ),
    Claim(
        id="4.12.3",
        where="§4.4.2, after (4.12)",
        says="Irrelevant weights never change: w̃_i(t) = w̃_i(0).",
        published=lambda: all_of(
            "σ̃_i² = 0 implies ẽ_i(t + 1) = ẽ_i(t)",
            {"step": equal(gd_step(_e, sp.Integer(0), _eta), _e), "limit": _irrelevant},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.12.4",
        where="§4.4.2, after (4.12)",
        says="The condition |1 − η max σ̃_i²| < 1 on the learning rate is 0 < η max σ̃_i² < 2, "
        "and no weaker one makes GD converge along the strongest frequency from ẽ_i(0) ≠ 0.",
        published=lambda: all_of(
            "|1 − ηm| < 1 ⟺ 0 < ηm < 2 ⟺ ẽ_i(t) → 0 from every ẽ_i(0) ≠ 0, where σ̃_i² = m",
            {
                "range": sp.Equivalent(_rate_ok, sp.And(_any_eta * _m > 0, _any_eta * _m < 2)),
                "necessary and sufficient": Statement(
                    sp.Equivalent(gd_converges_to(sp.Integer(0), _e, _m, _any_eta), _rate_ok),
                    (sp.Ne(_e, 0),),
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.12-rate.1",
        where="§4.4.2, Empirical Validation",
        says="Along frequency i the GD error is multiplied by 1 − ησ̃_i² at each step.",
        published=lambda: for_all(equal(gd_step(_e, _s, _eta), (1 - _eta * _s) * _e)),
        expects=Status.PROVED,
        note="As a signed factor; the speed of convergence is its size |1 − ησ̃_i²|.",
    ),
    Claim(
        id="4.13.1",
        where="§4.4.2, (4.13)",
        says="R_a of the GD limit is ½ε²(Σ_rel w̃*_i² + Σ_irrel w̃_j(0)²).",
        published=lambda: derived(
            "R_a = ½ε²(S_rel + S_irr), S_rel = Σ_rel w̃*_i², S_irr = Σ_irrel w̃_j(0)²",
            "",
            {},
            {"one relevant frequency alone": Statement(_its_risk, (equal(_W, _gd_limit),))},
        ),
        correction="It is if σ̃_i² > 0 at each relevant frequency. Where one has σ̃_i² = 0 its "
        "w̃_i(0)² is in the place of w̃*_i².",
        corrected=lambda: derived(
            "R_a = ½ε²(S_rel + S_irr), S_rel = Σ w̃*_i² where σ̃_i² > 0, S_irr = Σ w̃_j(0)² elsewhere",
            "the limit of 4.12.2 and 4.12.3 has standard risk 0; apply 4.10.1",
            {
                **_limit("relevant", _relevant)[0],
                "irrelevant": _irrelevant,
                "(4.10) at the limit": equal(_gd_risk, _epsilon**2 / 2 * (_S_rel + _S_irr)),
                "one relevant frequency alone, σ̃_i² > 0": Statement(
                    _its_risk, (equal(_W, _gd_limit), _s > 0)
                ),
                "σ̃_i² = 0, ε > 0: by coincidence only": Statement(
                    sp.Equivalent(_its_risk, equal(_w**2, _w_star**2)),
                    (equal(_W, _gd_limit), sp.Eq(_s, 0), _epsilon > 0),
                ),
            },
        ),
        only_if="σ̃_i² > 0 at each relevant frequency (or, by coincidence, w̃(0) and w̃* have one "
        "norm at those with σ̃_i² = 0)",
        expects=Status.REFUTED,
        note="Under the learning-rate condition of 4.12.2.",
    ),
    Claim(
        id="4.13.2",
        where="§4.4.2, after (4.13)",
        says="Its expectation over w̃(0) ~ N(0, σ²I) is O(ε²dσ²) when few frequencies are relevant.",
        published=lambda: all_of(
            "E[R_a] = ½ε²(S_rel + (d − k)σ²) with k relevant frequencies; E[R_a]/(ε²dσ²) → ½ "
            "as d → ∞ with k and S_rel fixed",
            {
                "E[w̃_j(0)²] = σ²": equal(gaussian_expectation(_w**2, _w, _var), _var),
                "order in d": equal(
                    sp.limit(_expected_risk / (_epsilon**2 * _d * _var), _d, sp.oo),
                    sp.Rational(1, 2),
                ),
            },
        ),
        expects=Status.PROVED,
        note="As an order in d. Not uniformly in σ: as σ → 0 the relevant part ½ε²S_rel remains. "
        "Relevant frequencies with σ̃_i² = 0 count among the d − k.",
    ),
    Claim(
        id="4.13.3",
        where="§4.4.2, after (4.13)",
        says="The GD solution is not the most robust among the standard-risk minimizers.",
        published=lambda: for_all(_gd_risk > _robust_risk, _epsilon > 0),
        correction="It is not if and only if w̃_j(0) ≠ 0 at some frequency with σ̃_j² = 0.",
        corrected=lambda: exactly_if(_S_irr > 0, _gd_risk > _robust_risk, _epsilon > 0),
        only_if="w̃_j(0) ≠ 0 at some frequency with σ̃_j² = 0",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of Gaussian initial weights. The section's "
        "end says as much. Irrelevant frequencies are such; S_irr is the sum over all of them.",
    ),
    Claim(
        id="4.13.4",
        where="§4.4.2, end of GD Dynamics",
        says="Initial weights of 0 make the GD solution the most robust minimizer.",
        published=lambda: for_all(equal(_gd_risk.subs(_S_irr, 0), _robust_risk)),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.13.5",
        where="§4.4.2, GD Dynamics",
        says="For w(0) ~ N(0, Σ_W), w̃(0) ~ N(0, CΣ_W Cᵀ).",
        published=lambda: derived(
            "Cov(C w) = C Cov(w) Cᵀ",
            "a linear image of a Gaussian vector is Gaussian; E[(Cw)(Cw)ᵀ] = C E[wwᵀ] Cᵀ by "
            "linearity",
            {"the product": equal((C * _error) * (C * _error).T, C * (_error * _error.T) * C.T)},
        ),
        expects=Status.PROVED,
    ),
)
