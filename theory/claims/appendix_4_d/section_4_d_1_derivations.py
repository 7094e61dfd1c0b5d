"""Section 4.D.1: the steps of the derivations of (4.7), (4.8) and (4.9).

Notation: z = ⟨X̃, w̃ − w̃*⟩ for a given input, v = Var Z, ρ = ε‖w̃‖ > 0, and u = ⟨Δ, w̃⟩ for a
perturbation Δ, which over the ball ‖Δ‖ ≤ ε fills [−ρ, ρ]. The greatest |z + u|² is (|z| + ρ)².
"""

import sympy as sp

from theory.logic.arguments import all_of, derived, exactly_if, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import C, d
from theory.logic.statements import Boolean, Statement, equal
from theory.model.inequalities import CAUCHY_SCHWARZ
from theory.model.risk import gaussian_expectation, worst_case_loss

_z, _u, _e, _x_i, _e_i = sp.symbols("z u e x_i e_i", real=True)
_linear, _squares, _cross = sp.symbols("S Q D", real=True)
_rho, _n_sq, _radius = sp.symbols("rho n_sq epsilon", positive=True)
_v, _q = sp.symbols("v q", nonnegative=True)
_x, _delta, _w, _w_star = (sp.MatrixSymbol(s, d, 1) for s in ("x", "Delta", "w", "w_star"))

_worst = 2 * worst_case_loss(_z, _rho)


def _maximizes(u: sp.Expr) -> Boolean:
    """Condition under which the shift ``u``, given |u| ≤ ρ, is one of the worst."""
    return (_z + u) ** 2 >= _worst


_shifted_sq = (_z + _rho * sp.sign(_z)) ** 2
_expanded = _z**2 + 2 * _rho * sp.Abs(_z) + _rho**2

CLAIMS = (
    Claim(
        id="4.7.3",
        where="§4.4.1, before (4.7)",
        says="The adversarial risk is the same in both domains: R_a(w) = R_a(w̃).",
        published=lambda: derived(
            "max over ‖Δx‖ ≤ ε of ℓ(X + Δx, Y; w) = max over ‖Δx̃‖ ≤ ε of ℓ(X̃ + Δx̃, Y; w̃)",
            "Δx̃ = CΔx maps one ball onto the other, and the losses agree",
            {
                "onto": equal(C * (C.T * _delta), _delta),
                "one to one": equal(C.T * (C * _delta), _delta),
                "the same ball": equal((C * _delta).T * (C * _delta), _delta.T * _delta),
                "the same residual": equal(
                    (C * (_x + _delta)).T * (C * _w) - (C * _x).T * (C * _w_star),
                    (_x + _delta).T * _w - _x.T * _w_star,
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.8.3",
        where="§4.D.1, derivation of (4.8)",
        says="At a maximizer the two inner products ⟨X̃, w̃ − w̃*⟩ and ⟨Δx̃, w̃⟩ have the same sign.",
        published=lambda: for_all(
            equal(sp.sign(_u), sp.sign(_z)), sp.Abs(_u) <= _rho, _maximizes(_u)
        ),
        correction="They have for z ≠ 0. For z = 0 the shift of a maximizer is not 0.",
        corrected=lambda: exactly_if(
            sp.Ne(_z, 0), equal(sp.sign(_u), sp.sign(_z)), sp.Abs(_u) <= _rho, _maximizes(_u)
        ),
        only_if="⟨X̃, w̃ − w̃*⟩ ≠ 0",
        expects=Status.REFUTED,
        note="Where Var Z > 0 the condition excludes only a null set of inputs, at a minimizer of "
        "the standard risk all. For w̃ ≠ 0 and ε > 0: with w̃ = 0 no perturbation does anything, and "
        "(4.8) is 0/0.",
    ),
    Claim(
        id="4.8.4",
        where="§4.D.1, derivation of (4.8)",
        says="The maximizer is sign(z) times the maximizer of |⟨Δx̃, w̃⟩|² over the ball.",
        published=lambda: for_all(
            _maximizes(sp.sign(_z) * _u), equal(_u**2, _rho**2), sp.Ne(_z, 0)
        ),
        correction="For z ≠ 0 it is sign(z) times the maximizer of ⟨Δx̃, w̃⟩.",
        corrected=lambda: all_of(
            "z ≠ 0, ⟨Δ, w̃⟩ = ρ the greatest:  sign(z)Δ is a maximizer, and sign(z) times a "
            "maximizer has ⟨Δ, w̃⟩ = ρ",
            {
                "one": Statement(_maximizes(sp.sign(_z) * _rho), (sp.Ne(_z, 0),)),
                "and the only one": Statement(
                    equal(sp.sign(_z) * _u, _rho),
                    (sp.Ne(_z, 0), sp.Abs(_u) <= _rho, _maximizes(_u)),
                ),
            },
        ),
        slip="a square too many: −ε w̃/‖w̃‖ maximizes |⟨Δx̃, w̃⟩|² as well",
        expects=Status.REFUTED,
        note="z = 0, where sign(0) = 0 would give no perturbation, is 4.8.1: a null set of inputs "
        "where Var Z > 0.",
    ),
    Claim(
        id="4.8.5",
        where="§4.D.1, derivation of (4.8)",
        says="max |⟨Δx̃, w̃⟩|² ≤ max ‖Δx̃‖²‖w̃‖² = ε²‖w̃‖² over the ball.",
        published=lambda: derived(
            "‖Δ‖ ≤ ε:  ⟨Δ, w̃⟩² ≤ ‖Δ‖²‖w̃‖² ≤ ε²‖w̃‖², the latter with equality at ‖Δ‖ = ε",
            "Cauchy–Schwarz",
            {
                **CAUCHY_SCHWARZ,
                "‖Δ‖²‖w̃‖² ≤ ε²‖w̃‖²": Statement(
                    _q * _n_sq <= _radius**2 * _n_sq, (_q <= _radius**2,)
                ),
                "attained": equal((_q * _n_sq).subs(_q, _radius**2), _radius**2 * _n_sq),
            },
        ),
        expects=Status.PROVED,
        note="The first inequality is an equality, at Δx̃ = ±ε w̃/‖w̃‖.",
    ),
    Claim(
        id="4.9.5",
        where="§4.D.1, derivation of (4.9), first to second line",
        says="|z + ε sign(z)‖w̃‖|² = z² + 2ε|z|‖w̃‖ + ε²‖w̃‖².",
        published=lambda: for_all(equal(_shifted_sq, _expanded)),
        correction="It is for z ≠ 0.",
        corrected=lambda: exactly_if(sp.Ne(_z, 0), equal(_shifted_sq, _expanded)),
        only_if="⟨X̃, w̃ − w̃*⟩ ≠ 0",
        expects=Status.REFUTED,
        note="Where Var Z > 0 the condition excludes only a null set of inputs, and the "
        "expectations agree; at a minimizer of the standard risk it excludes all, see 4.9.1.",
    ),
    Claim(
        id="4.9.6",
        where="§4.D.1, derivation of (4.9), second to third line",
        says="½E[Z² + 2ε|Z|‖w̃‖ + ε²‖w̃‖²] = ½Var Z + εE|Z|‖w̃‖ + ½ε²‖w̃‖².",
        published=lambda: for_all(
            equal(
                gaussian_expectation(_expanded / 2, _z, _v),
                _v / 2 + _rho * gaussian_expectation(sp.Abs(_z), _z, _v) + _rho**2 / 2,
            )
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.9.7",
        where="§4.D.1, derivation of (4.9)",
        says="Z² is the sum of the cross terms and of the squares X̃_i²ẽ_i², and E[Z]² is 0.",
        published=lambda: derived(
            "(Σ_i X̃_i ẽ_i)² = Σ_i Σ_{j≠i} X̃_i X̃_j ẽ_i ẽ_j + Σ_i X̃_i² ẽ_i², for any number of terms",
            "induction on the number of terms: one more term y turns the sum S into S + y, the "
            "cross terms D into D + 2Sy and the squares Q into Q + y²",
            {
                "no terms": equal(sp.Integer(0) ** 2, 0 + 0),
                "one more term": Statement(
                    equal((_linear + _e) ** 2, (_cross + 2 * _linear * _e) + (_squares + _e**2)),
                    (sp.Eq(_linear**2, _cross + _squares),),
                ),
                "E[Z] = 0": equal(gaussian_expectation(_z, _z, _v) ** 2, 0),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.9.8",
        where="§4.D.1, derivation of (4.9)",
        says="Irrelevant frequencies may be left out of Z: ⟨X̃, w̃ − w̃*⟩ = Z.",
        published=lambda: derived(
            "σ̃_i² = 0 for each i left out:  ⟨X̃, ẽ⟩ = Σ_rel X̃_i ẽ_i almost surely",
            "X̃_i = 0 almost surely, as E[X̃_i²] = 0, and its term is 0",
            {
                "E[X̃_i²] = σ̃_i²": equal(gaussian_expectation(_z**2, _z, _v), _v),
                "its term": Statement(equal(_x_i * _e_i, 0), (sp.Eq(_x_i, 0),)),
            },
        ),
        expects=Status.PROVED,
    ),
)
