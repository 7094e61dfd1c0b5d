"""Lipschitz constants of small ReLU layers, exact, in the ℓ1 and in the ℓ2 norm."""

from collections.abc import Sequence

import sympy as sp


def relu(z: sp.Expr) -> sp.Expr:
    """The activation max(z, 0)."""
    return sp.Max(z, 0)


def one_input_constant(w: Sequence[sp.Expr]) -> sp.Expr:
    """Least Lipschitz constant of x ↦ ReLU(xw), x in ℝ and w in ℝᴰ, in the ℓ1 norm.

    On each half of the line the layer is linear: to the right of 0 the units with w_i > 0 are
    active, to the left those with w_i < 0.
    """
    return sp.Max(_active(w, 1), _active(w, -1))


def one_input_constant_sq(w: Sequence[sp.Expr]) -> sp.Expr:
    """Square of the least Lipschitz constant of x ↦ ReLU(xw) in the ℓ2 norm."""
    sides = (sum((relu(side * x) ** 2 for x in w), sp.Integer(0)) for side in (1, -1))
    return sp.Max(*sides)


def _active(w: Sequence[sp.Expr], side: int) -> sp.Expr:
    return sum((relu(side * x) for x in w), sp.Integer(0))
