"""Closed forms of training with an ℓ2 penalty: the ridge solution, and GD's way there."""

import numpy as np
import sympy as sp

from simulations.engine.compile import compile_formula
from simulations.engine.device import computing
from theory.model.dynamics import gd_error
from theory.model.risk import residual_variance, standard_risk

_w, _w_star = sp.symbols("w w_star", real=True)
_sigma_sq, _penalty = sp.symbols("sigma_sq lambda", positive=True)


def ridge_error(
    sigma_tilde_sq: np.ndarray, w_star_tilde: np.ndarray, l2_penalty: float
) -> np.ndarray:
    """Return ẽ = w̃ − w̃* of the only minimizer of the standard risk plus λ‖w̃‖²/2.

    It is where the gradient is 0, coordinate by coordinate; chapter 3's ridge solution (section
    3.2) is its case of one relevant coordinate.

    Args:
        sigma_tilde_sq: variances, shape (d,).
        w_star_tilde: true weights, shape (S, d).
        l2_penalty: λ > 0.

    Returns:
        Shape (S, d).

    """
    variances = np.broadcast_to(sigma_tilde_sq, w_star_tilde.shape)
    with computing("cpu"):
        return np.asarray(_ridge(variances, w_star_tilde, l2_penalty)) - w_star_tilde


def penalised_gd_error(
    sigma_tilde_sq: np.ndarray,
    w_star_tilde: np.ndarray,
    w0_tilde: np.ndarray,
    l2_penalty: float,
    learning_rate: float,
    iterations: int,
) -> np.ndarray:
    """Return ẽ after updates of population GD with an ℓ2 penalty or decoupled weight decay λ.

    For GD the two are one: both subtract η(Σ̃ẽ + λw̃). The gradient is that of variances σ̃² + λ
    around the ridge solution, towards which (4.12) says how GD goes.

    Returns:
        Shape (S, d).

    """
    limit = ridge_error(sigma_tilde_sq, w_star_tilde, l2_penalty)
    start = w0_tilde - w_star_tilde - limit
    variances = np.broadcast_to(sigma_tilde_sq + l2_penalty, start.shape)
    with computing("cpu"):
        return np.asarray(_gd_error(start, variances, learning_rate, float(iterations))) + limit


def _minimizer(sigma_sq: sp.Expr, w_star: sp.Expr, penalty: sp.Expr) -> sp.Expr:
    objective = standard_risk(residual_variance([_sigma_sq], [_w - _w_star])) + _penalty * _w**2 / 2
    (stationary,) = sp.solve(sp.diff(objective, _w), _w)
    return stationary.subs({_sigma_sq: sigma_sq, _w_star: w_star, _penalty: penalty})


_ridge = compile_formula(_minimizer)
_gd_error = compile_formula(gd_error)
