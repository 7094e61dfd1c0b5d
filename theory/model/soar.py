"""Second-order adversarial regularization (section 3.3): expansion, bound and regularizer.

The second-order model of a loss around x, ℓ + gᵀδ + ½δᵀAδ with g = ∇ℓ(x) and A = ∇²ℓ(x), is
ℓ + ½δ'ᵀHδ' − ½ with δ' = [δ; 1] and H = [[A, g], [gᵀ, 1]] (3.6).
"""

import sympy as sp

from theory.model.risk import gaussian_expectation


def second_order(loss: sp.Expr, slope: sp.Expr, curvature: sp.Expr) -> sp.Expr:
    """Return ℓ + gᵀδ + ½δᵀAδ (3.3), given gᵀδ and δᵀAδ."""
    return loss + slope + curvature / 2


def augmented_hessian(hessian: sp.Matrix, gradient: sp.Matrix) -> sp.Matrix:
    """Return H of (3.6), d + 1 by d + 1, from a d × d Hessian and a d × 1 gradient."""
    return sp.Matrix(sp.BlockMatrix([[hessian, gradient], [gradient.T, sp.Identity(1)]]))


def augmented_hessian_blocks(hessian: sp.MatrixExpr, gradient: sp.MatrixExpr) -> sp.BlockMatrix:
    """H of (3.6) in blocks, for matrix expressions of any size."""
    return sp.BlockMatrix([[hessian, gradient], [gradient.T, sp.Identity(1)]])


def second_order_bound(
    loss: sp.Expr, radius_sq: sp.Expr, size: sp.Expr, factor: sp.Expr | int = 1
) -> sp.Expr:
    """Return ℓ + factor·(ρ² + 1)/2·size − ½, the form of (3.7) and (3.9).

    Args:
        loss: ℓ(x).
        radius_sq: ρ² = dε², the squared radius of the ball of perturbations.
        size: a norm of H, or E‖Hz‖.
        factor: constant beside ``size``; 1 as published.

    """
    return loss + factor * regularizer(radius_sq, size) - sp.Rational(1, 2)


def regularizer(radius_sq: sp.Expr, size: sp.Expr) -> sp.Expr:
    """Return (ρ² + 1)/2·size (3.12), ρ² = dε², for the norm ``size`` of the stacked vector."""
    return (radius_sq + 1) / 2 * size


def mean_absolute_normal(deviation: sp.Expr) -> sp.Expr:
    """E|Z| = s√(2/π) for Z ~ N(0, s²), by integration."""
    z = sp.Dummy("z", real=True)
    return gaussian_expectation(sp.Abs(z), z, deviation**2)


def mean_norm_of_normal(d: sp.Expr | int) -> sp.Expr:
    """E‖z‖₂ for z ~ N(0, I_d), by integration of the norm over its density.

    The density of ‖z‖ is proportional to ρ^(d−1) exp(−ρ²/2) on ρ > 0.
    """
    rho = sp.Dummy("rho", positive=True)

    def mass(power: sp.Expr) -> sp.Expr:
        return sp.integrate(rho**power * sp.exp(-(rho**2) / 2), (rho, 0, sp.oo), conds="none")

    d = sp.sympify(d)
    return sp.gammasimp(mass(d) / mass(d - 1))


def finite_difference(after: sp.Expr, before: sp.Expr, norm: sp.Expr, h: sp.Expr) -> sp.Expr:
    """‖z‖(∇ℓ(x + hz̃) − ∇ℓ(x))/h (3.11), one coordinate, from the two gradients."""
    return norm * (after - before) / h


def sigmoid(z: sp.Expr) -> sp.Expr:
    """φ(z) = 1/(1 + e^(−z))."""
    return 1 / (1 + sp.exp(-z))


def cross_entropy(f: sp.Expr, y: sp.Expr | int) -> sp.Expr:
    """−y log f − (1 − y) log(1 − f) for a predicted probability ``f`` and a label ``y``."""
    return -(y * sp.log(f) + (1 - y) * sp.log(1 - f))
