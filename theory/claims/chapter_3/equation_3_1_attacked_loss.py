"""Equation (3.1): the loss under the FGSM-like attack, and its expectation over initial weights.

The perturbation is Δx = (0, Δx_2, …, Δx_d); w* = (1, 0, …, 0). Sums over coordinates are settled
one coordinate at a time, or by induction on their number, so for every d.
"""

import sympy as sp

from theory.logic.arguments import all_of, derived, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import d as _size
from theory.logic.statements import Statement, equal
from theory.model.axis_data import (
    expected_loss,
    off_axis,
    pointwise_loss,
    squared_l1_norm,
    target_weight,
)
from theory.model.risk import gaussian_expectation
from theory.model.soar import mean_absolute_normal

_x1, _u, _w, _w0, _m1, _z = sp.symbols("x_1 u w w_0 m_1 z", real=True)
_m2, _S, _v = sp.symbols("m_2 S v", nonnegative=True)
_d, _sigma, _epsilon, _mean, _second = sp.symbols("d sigma epsilon mu s", positive=True)
_j = sp.Symbol("j", integer=True, positive=True)
_n = sp.Symbol("n", integer=True, nonnegative=True)
_x, _delta, _weights, _target = (
    sp.MatrixSymbol(name, _size, 1) for name in ("x", "Delta", "w", "w_star")
)

_norm_sq = squared_l1_norm(_d, mean_absolute_normal(_sigma), _sigma**2)  # E‖W‖_1²
_attacked_sq = squared_l1_norm(_d - 1, mean_absolute_normal(_sigma), _sigma**2)
_expected = _epsilon**2 / 2 * _attacked_sq
_variance = _d * (_sigma**2 - mean_absolute_normal(_sigma) ** 2)  # Var ‖W‖_1

_COUNTS = {
    "no terms: the empty sum's square is 0": equal(squared_l1_norm(0, _mean, _second), 0),
    "one more term: E(S + |W|)² = ES² + 2 ES E|W| + EW²": equal(
        squared_l1_norm(_n + 1, _mean, _second),
        squared_l1_norm(_n, _mean, _second) + 2 * (_n * _mean) * _mean + _second,
    ),
}
_E_SQUARE = equal(gaussian_expectation(_z**2, _z, _v), _v)
_E_ABS = equal(mean_absolute_normal(_sigma), sp.sqrt(2 / sp.pi) * _sigma)
_AT_LIMIT = {
    "a coordinate of ⟨w̄, Δx⟩": equal(_w0 * (_epsilon * sp.sign(_w0)), _epsilon * sp.Abs(_w0)),
    "the loss, as w̄_1 = w*_1": equal(
        pointwise_loss(_x1 * _u + _epsilon * _S).subs(_u, 0), _epsilon**2 * _S**2 / 2
    ),
}


def _tends_to(ratio: sp.Expr, value: sp.Expr | int) -> sp.logic.boolalg.Boolean:
    """As d → ∞, by sympy's limits."""
    return equal(sp.limit(ratio, _d, sp.oo), value)


CLAIMS = (
    Claim(
        id="3.1.1",
        where="§3.2, display before (3.1)",
        says="At x + Δx the loss is ½|(w_1 − w*_1)x_1 + ⟨w, Δx⟩|² = ½|r(x; w) + ⟨w, Δx⟩|².",
        published=lambda: derived(
            "Δx_1 = 0:  ⟨x + Δx, w − w*⟩ = (w_1 − w*_1)x_1 + ⟨w, Δx⟩ = r + ⟨w, Δx⟩, for any d",
            "the target's change ⟨w*, Δx⟩ is 0, coordinate by coordinate",
            {
                "bilinearity": equal(
                    (_x + _delta).T * (_weights - _target),
                    _x.T * (_weights - _target) + _delta.T * _weights - _delta.T * _target,
                ),
                "every term of ⟨w*, Δx⟩ is 0": equal(target_weight(_j) * off_axis(_j, _w), 0),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.1.2",
        where="§3.2, (3.1), equality",
        says="At w̄, with Δx_j = ε sign(w_j(0)) for j ≥ 2, the loss is ½ε²(Σ_{j≥2} |w_j(0)|)².",
        published=lambda: derived(
            "ℓ(x + Δx; w̄) = ½ε²(Σ_{j≥2} |w_j(0)|)², for any d",
            "3.1.1 with w̄_1 = w*_1 and w̄_j = w_j(0); a sum of equal terms",
            _AT_LIMIT,
            {"a coordinate of ⟨w̄, Δx⟩": _AT_LIMIT["a coordinate of ⟨w̄, Δx⟩"]},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.1.3",
        where="§3.2, (3.1), approximation",
        says="For d ≫ 1 that is nearly ½ε²‖w(0)‖_1².",
        published=lambda: derived(
            "W ~ N(0, σ²I):  (Σ_{j≥2}|W_j|)²/‖W‖_1² → 1 in probability as d → ∞",
            "the difference is not negative and its mean is small beside E‖W‖_1² (Markov); "
            "‖W‖_1 is close to its mean (Chebyshev)",
            {
                **_COUNTS,
                "(3.1) does not exceed the approximation": Statement(
                    (_S + sp.Abs(_w0)) ** 2 >= _S**2
                ),
                "the mean difference": equal(
                    sp.expand(_norm_sq - _attacked_sq),
                    sp.expand(_sigma**2 + 2 * (_d - 1) * mean_absolute_normal(_sigma) ** 2),
                ),
                "is small beside the mean": _tends_to((_norm_sq - _attacked_sq) / _norm_sq, 0),
                "‖W‖_1 concentrates": _tends_to(
                    _variance / (_d * mean_absolute_normal(_sigma)) ** 2, 0
                ),
            },
        ),
        expects=Status.PROVED,
        note="For Gaussian w(0). Not for every w(0): at w(0) = (1, 0, …, 0) the sum is 0, "
        "whatever d is.",
    ),
    Claim(
        id="3.1.4",
        where="§3.2, display of E‖W‖_1²",
        says="E‖W‖_1² = E Σ_ij |W_i||W_j| = Σ_i E|W_i|² + Σ_{i≠j} E|W_i| E|W_j|.",
        published=lambda: derived(
            "E(Σ_{i≤d}|W_i|)² = d E W² + d(d − 1)(E|W|)², for any d",
            "induction on d; E of a product of independent factors is the product",
            _COUNTS,
            {"d = 2": equal(squared_l1_norm(2, _mean, _second), 2 * _second + 2 * _mean**2)},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.1.5",
        where="§3.2, after the display of E‖W‖_1²",
        says="E|W_i|² is the variance σ².",
        published=lambda: for_all(_E_SQUARE),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.1.6",
        where="§3.2, after the display of E‖W‖_1²",
        says="|W_j| is folded normal, with mean √(2/π) σ.",
        published=lambda: for_all(_E_ABS),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.1.7",
        where="§3.2, second display of E‖W‖_1², equality",
        says="E‖W‖_1² = dσ² + d(d − 1)(2/π)σ².",
        published=lambda: derived(
            "E‖W‖_1² = dσ² + d(d − 1)(2/π)σ², for any d",
            "3.1.4 with the moments of 3.1.5 and 3.1.6",
            {
                **_COUNTS,
                "E|W|²": _E_SQUARE,
                "E|W|": _E_ABS,
                "value": equal(_norm_sq, _d * _sigma**2 + _d * (_d - 1) * 2 / sp.pi * _sigma**2),
            },
            {"value": equal(_norm_sq, _d * _sigma**2 + _d * (_d - 1) * 2 / sp.pi * _sigma**2)},
        ),
        expects=Status.PROVED,
        note="The subscript I_{d×1} of the display should read I_{d×d}, as in the one before.",
    ),
    Claim(
        id="3.1.8",
        where="§3.2, second display of E‖W‖_1², approximation",
        says="For d ≫ 1, E‖W‖_1² is nearly (2/π)d²σ².",
        published=lambda: all_of(
            "E‖W‖_1² / ((2/π)d²σ²) → 1 as d → ∞",
            {"ratio": _tends_to(_norm_sq / (2 / sp.pi * _d**2 * _sigma**2), 1)},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.1.9",
        where="§3.2, display of the expected attacked loss",
        says="Over X and W the expected loss of the attack at w̄ is O(ε²d²σ²).",
        published=lambda: derived(
            "E[ℓ(X + Δx; w̄)] = ½ε²σ²((d − 1) + (d − 1)(d − 2)2/π) ≤ ε²d²σ²/π for every d ≥ 1, "
            "and the ratio of the two sides tends to 1",
            "the residual at w̄ is 0 for every x, so X does not matter; 3.1.7 for d − 1 weights",
            {
                **_AT_LIMIT,
                **_COUNTS,
                "E|W|": _E_ABS,
                "the difference of the two sides": equal(
                    _epsilon**2 * _d**2 * _sigma**2 / sp.pi - _expected,
                    _epsilon**2 * _sigma**2 / (2 * sp.pi) * ((6 - sp.pi) * _d - (4 - sp.pi)),
                ),
                "it is not negative": Statement((6 - sp.pi) * _d - (4 - sp.pi) >= 0, (_d >= 1,)),
                "the order is exact": _tends_to(
                    _expected / (_epsilon**2 * _d**2 * _sigma**2), 1 / sp.pi
                ),
            },
            {
                "the order is exact": _tends_to(
                    _expected / (_epsilon**2 * _d**2 * _sigma**2), 1 / sp.pi
                )
            },
        ),
        expects=Status.PROVED,
        note="Uniformly in ε and σ, with the constant 1/π, which is the least.",
    ),
    Claim(
        id="3.1.10",
        where="§3.2, after the expected attacked loss",
        says="Other initial distributions do not change this much: the loss is of order d² too.",
        published=lambda: derived(
            "independent W_j of one law, 0 < μ = E|W_j|, s = EW_j² < ∞:  "
            "E[ℓ(X + Δx; w̄)]/(ε²d²) → ½μ² > 0 as d → ∞",
            "3.1.4 holds for any such law",
            {
                **_AT_LIMIT,
                **_COUNTS,
                "order": _tends_to(
                    squared_l1_norm(_d - 1, _mean, _second) / (2 * _d**2), _mean**2 / 2
                ),
                "it is not zero": _mean**2 / 2 > 0,
                "E ℓ at w̄ does not depend on X": equal(
                    expected_loss(sp.Integer(0), _epsilon * _S, _m1, _m2), _epsilon**2 * _S**2 / 2
                ),
            },
        ),
        expects=Status.PROVED,
        note="For independent weights with a law that does not change with d. Fan-in scaling, with "
        "σ² = c/d, leaves ε²d²σ² = cε²d.",
    ),
)
