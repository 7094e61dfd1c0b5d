"""Lemmas that several arguments share, over scalars that stand for inner products in any ℝᵈ."""

import sympy as sp

from theory.logic.statements import Statement, equal

_p = sp.Symbol("p", real=True)  # ⟨x, y⟩
_x_sq, _y_sq = sp.symbols("x_sq y_sq", nonnegative=True)  # ‖x‖², ‖y‖²
_norm_sq = _x_sq**2 * _y_sq - 2 * _x_sq * _p * _p + _p**2 * _x_sq  # ‖ ‖x‖²y − ⟨x, y⟩x ‖²

CAUCHY_SCHWARZ = {
    "Cauchy–Schwarz: ‖ ‖x‖²y − ⟨x, y⟩x ‖² by bilinearity": equal(
        _norm_sq, _x_sq * (_x_sq * _y_sq - _p**2)
    ),
    "Cauchy–Schwarz: ⟨x, y⟩² ≤ ‖x‖²‖y‖² where x ≠ 0": Statement(
        _p**2 <= _x_sq * _y_sq, (_x_sq * (_x_sq * _y_sq - _p**2) >= 0, _x_sq > 0)
    ),
}
"""⟨x, y⟩² ≤ ‖x‖²‖y‖² for all x and y in any ℝᵈ; where x = 0 both sides are 0."""

_delta, _power = sp.symbols("delta p", positive=True)  # p stands for (1 + δ)ᵗ
_t = sp.Symbol("t", integer=True, nonnegative=True)

POWERS_VANISH = {
    "Bernoulli: t = 0": sp.Ge(1, 1 + 0 * _delta),
    "Bernoulli: from t to t + 1": Statement(
        _power * (1 + _delta) >= 1 + (_t + 1) * _delta, (_power >= 1 + _t * _delta,)
    ),
}
"""cᵗ → 0 for |c| < 1: then |c| = 1/(1 + δ) with δ > 0, and (1 + δ)ᵗ ≥ 1 + tδ has no bound."""
