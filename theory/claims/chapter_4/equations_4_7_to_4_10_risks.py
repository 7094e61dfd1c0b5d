"""Equations (4.7) to (4.10): the adversarial risk, its maximizer, and its value at minimizers.

Notation: z = ⟨X̃, w̃ − w̃*⟩ for a given input, v = Var Z, n = ‖w̃‖₂, ρ = εn, and for a perturbation
Δ of the input p = ⟨Δ, w̃⟩ and q = ‖Δ‖₂². A perturbation matters only through p.
"""

import sympy as sp

from theory.logic.arguments import all_of, derived, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import C, d
from theory.logic.statements import Statement, equal
from theory.model.risk import adversarial_risk, gaussian_expectation, standard_risk, worst_case_loss

_z, _p, _u = sp.symbols("z p u", real=True)
_v, _rho, _n, _q, _epsilon = sp.symbols("v rho n q epsilon", nonnegative=True)
_n_rel, _n_irr = sp.symbols("S_rel S_irr", nonnegative=True)
_radius, _norm, _norm_2 = sp.symbols("epsilon n n_2", positive=True)
_x, _delta, _w, _w_star = (sp.MatrixSymbol(s, d, 1) for s in ("x", "Delta", "w", "w_star"))
_half = sp.Rational(1, 2)

# ‖n²Δ − p w̃‖² = n²(n²q − p²) ≥ 0 gives p² ≤ n²q, and equality only where n²Δ = p w̃.
_gram = _n**4 * _q - 2 * _n**2 * _p * _p + _p**2 * _n**2
_CAUCHY_SCHWARZ = {
    "Cauchy–Schwarz: expansion of ‖n²Δ − p w̃‖²": equal(_gram, _n**2 * (_n**2 * _q - _p**2)),
    "Cauchy–Schwarz: p² ≤ ε²n² on the ball": Statement(
        _p**2 <= _epsilon**2 * _n**2, (_gram >= 0, _n > 0, _q <= _epsilon**2)
    ),
}


def _loss_at(sign: sp.Expr) -> sp.Expr:
    """Twice the loss at Δ = ε·sign·w̃/‖w̃‖, which shifts the residual z by ε·sign·n."""
    return (_z + _epsilon * sign * _n) ** 2


_WORST = {
    **_CAUCHY_SCHWARZ,
    "no shift in the ball does more than |z| + εn": Statement(
        (_z + _p) ** 2 <= 2 * worst_case_loss(_z, _epsilon * _n), (_p**2 <= _epsilon**2 * _n**2,)
    ),
}
_first_line = sp.Piecewise(
    # At variance zero Z is 0 almost surely, and sign(0) = 0 leaves the input as it is.
    (worst_case_loss(sp.Integer(0), _rho * sp.sign(sp.Integer(0))), sp.Eq(_v, 0)),
    (gaussian_expectation((_z + _rho * sp.sign(_z)) ** 2 / 2, _z, _v), True),
)
_second_line = _v / 2 + _rho * sp.sqrt(2 / sp.pi * _v) + _rho**2 / 2


def _risk_at(norm_sq: sp.Expr) -> sp.Expr:
    """Adversarial risk of a standard-risk minimizer of which ‖w̃‖² is given (4.10)."""
    return adversarial_risk(sp.Integer(0), _radius * sp.sqrt(norm_sq))


_s = sp.Symbol("s", nonnegative=True)
_own, _true = sp.symbols("w w_star", real=True)
_IS_WORSE = adversarial_risk(sp.Integer(0), _radius * sp.Abs(_own)) > adversarial_risk(
    sp.Integer(0), _radius * sp.Abs(_true)
)
"""Weight w at a frequency has the greater adversarial risk than w*, all others being equal."""
_ANOTHER_MINIMIZER = (equal(_s * (_own - _true) ** 2, 0), sp.Ne(_own, _true))
_UNIQUE = Statement(equal(_n_irr, 0), (equal(_risk_at(_n_rel + _n_irr), _risk_at(_n_rel)),))

CLAIMS = (
    Claim(
        id="4.7.1",
        where="§4.4.1, (4.7), and §4.D.1",
        says="Perturbed, the residual is ⟨X̃, w̃ − w̃*⟩ + ⟨Δx̃, w̃⟩: the target does not move.",
        published=lambda: for_all(
            equal((_x + _delta).T * _w - _x.T * _w_star, _x.T * (_w - _w_star) + _delta.T * _w)
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.7.2",
        where="§4.4.1, before (4.7)",
        says="The ℓ2 constraint ‖Δx‖ ≤ ε is the same constraint in both domains.",
        published=lambda: for_all(equal((C * _delta).T * (C * _delta), _delta.T * _delta)),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.8.1",
        where="§4.4.1, (4.8), and §4.D.1",
        says="For each input the maximizer is ε sign(z) w̃/‖w̃‖, z = ⟨X̃, w̃ − w̃*⟩.",
        published=lambda: derived(
            "for all z, ‖Δ‖ ≤ ε, w̃ ≠ 0:  |z + ⟨Δ, w̃⟩|² ≤ |z + ε sign(z)‖w̃‖|²",
            "dual norm",
            {**_WORST, "attained": equal(_loss_at(sp.sign(_z)), 2 * worst_case_loss(_z, _rho))},
            {
                "no shift does more than the printed perturbation": Statement(
                    (_z + _u) ** 2 <= _loss_at(sp.sign(_z)), (sp.Abs(_u) <= _epsilon * _n,)
                )
            },
        ),
        correction="It is where z ≠ 0 and w̃ ≠ 0, and alone; where z = 0 both signs are.",
        corrected=lambda: derived(
            "for z ≠ 0, w̃ ≠ 0, ε > 0 the maximizer is ε sign(z) w̃/‖w̃‖, alone; "
            "for z = 0 the maximizers are ±ε w̃/‖w̃‖",
            "dual norm: the bound |z| + ε‖w̃‖ is attained there, and only there",
            {
                **_WORST,
                "attained for z ≠ 0": Statement(
                    equal(_loss_at(sp.sign(_z)), 2 * worst_case_loss(_z, _epsilon * _n)),
                    (sp.Ne(_z, 0),),
                ),
                "attained for z = 0, with either sign": sp.And(
                    equal(_loss_at(sp.Integer(1)).subs(_z, 0), _epsilon**2 * _n**2),
                    equal(_loss_at(sp.Integer(-1)).subs(_z, 0), _epsilon**2 * _n**2),
                ),
                "the shift is then extreme": Statement(
                    equal(_u, _radius * _norm * sp.sign(_z)),
                    (
                        sp.Ne(_z, 0),
                        sp.Abs(_u) <= _radius * _norm,
                        (_z + _u) ** 2 >= (sp.Abs(_z) + _radius * _norm) ** 2,
                    ),
                ),
                "for z = 0 the printed shift is not extreme": Statement(
                    _loss_at(sp.sign(_z)) < 2 * worst_case_loss(_z, _epsilon * _n),
                    (sp.Eq(_z, 0), _epsilon > 0, _n > 0),
                ),
                # ‖Δ − ε s w̃/n‖² = q − 2ε s p/n + ε² with s p = εn and q ≤ ε² is at most 0.
                "an extreme shift has one perturbation": Statement(
                    _q - 2 * _radius * (_radius * _norm) / _norm + _radius**2 <= 0,
                    (_q <= _radius**2,),
                ),
            },
        ),
        only_if="⟨X̃, w̃ − w̃*⟩ ≠ 0 (and w̃ ≠ 0, or there is no direction)",
        expects=Status.REFUTED,
        note="Where Var Z > 0 the condition excludes only a null set of inputs; at a minimizer of "
        "the standard risk it excludes all, as there, with sign(0) = 0, the printed Δx̃* is no "
        "perturbation at all.",
    ),
    Claim(
        id="4.8.2",
        where="§4.D.1, derivation of (4.8)",
        says="The maximizer of |⟨Δx̃, w̃⟩|² over the ball is ε w̃/‖w̃‖.",
        published=lambda: for_all(
            equal(_p, _epsilon * _norm), equal(_p**2, _epsilon**2 * _norm**2)
        ),
        correction="The maximizers are ε w̃/‖w̃‖ and −ε w̃/‖w̃‖.",
        corrected=lambda: for_all(
            sp.Or(sp.Eq(_p, _epsilon * _norm), sp.Eq(_p, -_epsilon * _norm)),
            equal(_p**2, _epsilon**2 * _norm**2),
        ),
        slip="a square too many, as −ε w̃/‖w̃‖ does as well",
        expects=Status.REFUTED,
        note="A slip without consequence: the factor sign(z) before it chooses the sign.",
    ),
    Claim(
        id="4.9.1",
        where="§4.4.1, (4.9), first line",
        says="The adversarial risk is ½E|Z + ε sign(Z)‖w̃‖|².",
        published=lambda: derived(
            "for all v = Var Z ≥ 0, ρ = ε‖w̃‖ ≥ 0:  ½E|Z + ρ sign(Z)|² = E[max over the ball]",
            "integration over the Gaussian density",
            {"statement": equal(_first_line, adversarial_risk(_v, _rho))},
            {"statement": equal(_first_line, adversarial_risk(_v, _rho))},
        ),
        correction="It is where Var Z > 0; at a minimizer of R_s the line is 0 and the risk ρ²/2.",
        corrected=lambda: derived(
            "for v > 0:  ½E|Z + ρ sign(Z)|² = E[½(|Z| + ρ)²]",
            "Z ≠ 0 almost surely, and off 0 the two integrands agree",
            {
                "integrands": Statement(
                    equal((_z + _rho * sp.sign(_z)) ** 2 / 2, worst_case_loss(_z, _rho)),
                    (sp.Ne(_z, 0),),
                ),
                "integrals": equal(
                    gaussian_expectation((_z + _rho * sp.sign(_z)) ** 2 / 2, _z, _v),
                    adversarial_risk(_v, _rho),
                ),
                "not at v = 0, for ρ > 0": Statement(
                    sp.Ne(_first_line.subs(_v, 0), adversarial_risk(sp.Integer(0), _rho)),
                    (_rho > 0,),
                ),
            },
        ),
        only_if="Var Z > 0, so not at minimizers of the standard risk",
        expects=Status.REFUTED,
        note="The condition excludes only a null set of weights: the minimizers, which are those "
        "that the section is about. With sign(0) = 0, as (4.8). The second line of (4.9), and so "
        "(4.10), is right.",
    ),
    Claim(
        id="4.9.2",
        where="§4.4.1, (4.9), second line",
        says="The adversarial risk is ½v + ε√(2v/π)‖w̃‖ + ½ε²‖w̃‖² with v = Σ σ̃_i²(w̃_i − w̃*_i)².",
        published=lambda: derived(
            "for all v ≥ 0, ρ = ε‖w̃‖ ≥ 0:  R_a = v/2 + ρ√(2v/π) + ρ²/2",
            "the worst loss is ½(|Z| + ρ)²; integrate it over the density of Z ~ N(0, v)",
            {
                **_WORST,
                "integral for v > 0": equal(adversarial_risk(_v, _rho), _second_line),
                "value for v = 0": equal(
                    worst_case_loss(sp.Integer(0), _rho), _second_line.subs(_v, 0)
                ),
            },
            {"integral for v > 0": equal(adversarial_risk(_v, _rho), _second_line)},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.9.3",
        where="§4.D.1, derivation of (4.9)",
        says="E|Z| = σ_Z √(2/π).",
        published=lambda: for_all(
            equal(gaussian_expectation(sp.Abs(_z), _z, _v), sp.sqrt(_v) * sp.sqrt(2 / sp.pi))
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.9.4",
        where="§4.D.1, derivation of (4.9)",
        says="Z is centred and its variance is Σ σ̃_i²(w̃_i − w̃*_i)²: cross terms vanish.",
        published=lambda: derived(
            "Var Σ_i X̃_i ẽ_i = Σ_i σ̃_i² ẽ_i²",
            "expectation is linear; independent centred factors have product expectation zero",
            {
                "centred": equal(gaussian_expectation(_z, _z, _v), 0),
                "cross terms": equal(gaussian_expectation(_z, _z, _v) * _u, 0),
                "squares": equal(gaussian_expectation(_z**2 * _u**2, _z, _v), _v * _u**2),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.10.1",
        where="§4.4.1, (4.10)",
        says="At any standard-risk minimizer the adversarial risk is ½ε²‖w̃‖².",
        published=lambda: all_of(
            "R_s = 0 implies R_a = ½ε²‖w̃‖²",
            {
                "minimizers have residual variance 0": Statement(
                    equal(_v, 0), (equal(standard_risk(_v), 0),)
                ),
                "the first two terms vanish": equal(
                    adversarial_risk(sp.Integer(0), _epsilon * _n), _epsilon**2 * _n**2 / 2
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.10.2",
        where="§4.4.1, after (4.10)",
        says="Among standard-risk minimizers only w̃ᴿ of (4.6) has the least adversarial risk.",
        published=lambda: derived(
            "ε > 0, Σ σ̃_i²(w̃_i − w̃*_i)² = 0, w̃ ≠ w̃ᴿ:  R_a(w̃) > R_a(w̃ᴿ)",
            "",
            {},
            {"one relevant frequency alone": Statement(_IS_WORSE, _ANOTHER_MINIMIZER)},
        ),
        correction="So it is if and only if σ̃_i² > 0 or w̃*_i = 0 at each relevant frequency: where "
        "σ̃_i² = 0, weight 0 is a minimizer's, too, and more robust than w̃*_i.",
        corrected=lambda: derived(
            "ε > 0, σ̃_i² > 0 at relevant frequencies, Σ σ̃_i²(w̃_i − w̃*_i)² = 0:  "
            "R_a(w̃) ≥ R_a(w̃ᴿ), with equality only if w̃ = w̃ᴿ",
            "minimizers agree with w̃* where σ̃_i² > 0, so ‖w̃‖² is ‖w̃ᴿ‖² plus the irrelevant part",
            {
                "a minimizer agrees with w̃* where σ̃_i² > 0": Statement(
                    equal(_z, 0), (equal(_norm * _z**2, 0),)
                ),
                "no minimizer does better": _risk_at(_n_rel) <= _risk_at(_n_rel + _n_irr),
                "equality needs a zero irrelevant part": _UNIQUE,
                "a sum of squares is 0 only if its terms are": Statement(
                    sp.And(sp.Eq(_q, 0), sp.Eq(_u, 0)), (equal(_q + _u**2, 0),)
                ),
                "one relevant frequency alone, σ̃_i² > 0 or w̃*_i = 0": Statement(
                    _IS_WORSE, (*_ANOTHER_MINIMIZER, sp.Or(_s > 0, sp.Eq(_true, 0)))
                ),
                "and only then: weight 0 is no worse": Statement(
                    sp.And(equal(_s * _true**2, 0), sp.Not(_IS_WORSE.subs(_own, 0))),
                    (sp.Eq(_s, 0), sp.Ne(_true, 0)),
                ),
            },
        ),
        only_if="σ̃_i² > 0 or w̃*_i = 0 at each relevant frequency",
        expects=Status.REFUTED,
        note="For ε > 0. The condition of 4.6.1, without which w̃ᴿ itself depends on the w̃* that "
        "(4.6) starts from.",
    ),
    Claim(
        id="4.10.3",
        where="§4.4.1, after (4.10)",
        says="Among standard-risk minimizers a smaller norm means a smaller adversarial risk.",
        published=lambda: for_all(
            adversarial_risk(sp.Integer(0), _radius * _norm)
            < adversarial_risk(sp.Integer(0), _radius * _norm_2),
            _norm < _norm_2,
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.10.4",
        where="§4.4.1, after (4.10)",
        says="Robustness is inversely proportional to the norm: R_a is proportional to ‖w̃‖.",
        published=lambda: for_all(
            equal(
                adversarial_risk(sp.Integer(0), _radius * _norm) * _norm_2,
                adversarial_risk(sp.Integer(0), _radius * _norm_2) * _norm,
            )
        ),
        correction="R_a is proportional to ‖w̃‖².",
        corrected=lambda: for_all(
            equal(
                adversarial_risk(sp.Integer(0), _radius * _norm) * _norm_2**2,
                adversarial_risk(sp.Integer(0), _radius * _norm_2) * _norm**2,
            )
        ),
        slip="the square of the norm is meant, as in (4.10)",
        expects=Status.REFUTED,
        note="Read literally, with 1/R_a as robustness. The text's gloss is 4.10.3, which holds.",
    ),
)
