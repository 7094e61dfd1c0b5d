"""Population risks (4.9) of errors of any shape, by the formulas of the theory."""

import jax
import numpy as np
from numpy.typing import ArrayLike

from simulations.engine.compile import compile_formula
from simulations.engine.device import computing
from theory.model import risk


def standard_risk(sigma_tilde_sq: ArrayLike, e_tilde: ArrayLike) -> np.ndarray:
    """Standard population risk (4.9 at ε = 0) of errors of shape (..., d); shape (...)."""
    with computing("cpu"):
        return np.asarray(_standard_risk(_residual_variance(sigma_tilde_sq, e_tilde)))


def adversarial_risk(
    sigma_tilde_sq: ArrayLike, e_tilde: ArrayLike, w_star_tilde: ArrayLike, epsilon: float
) -> np.ndarray:
    """Adversarial population risk (4.9) in the ℓ2 ball of radius ``epsilon``.

    Args:
        sigma_tilde_sq: variances σ̃_i², shape (d,).
        e_tilde: errors ẽ = w̃ − w̃*, shape (..., d).
        w_star_tilde: true weights w̃*, shape (d,).
        epsilon: radius ε ≥ 0.

    Returns:
        The risk of each error, shape (...).

    """
    with np.errstate(over="ignore"):  # a diverging error may have an infinite risk
        rho = epsilon * np.linalg.norm(np.asarray(e_tilde) + np.asarray(w_star_tilde), axis=-1)
    with computing("cpu"):
        return np.asarray(_adversarial_risk(_residual_variance(sigma_tilde_sq, e_tilde), rho))


def _residual_variance(sigma_tilde_sq: ArrayLike, e_tilde: ArrayLike) -> np.ndarray:
    e = np.asarray(e_tilde, np.float64)
    variances = np.broadcast_to(np.asarray(sigma_tilde_sq, np.float64), e.shape)
    return np.asarray(_variance_coordinate(variances, e)).sum(axis=-1)


_standard_risk = jax.jit(compile_formula(risk.standard_risk))
_adversarial_risk = jax.jit(compile_formula(risk.adversarial_risk))
_variance_coordinate = jax.jit(
    compile_formula(lambda sigma_sq, e: risk.residual_variance([sigma_sq], [e]))
)
