"""The loss at a fixed perturbation of all inputs, beside that which (3.2) prints.

With s = Σ_{j≥2} sign(w_j(0)) w_j and n = ‖w_{2:d}‖_1 the perturbation (0, ε sign(w_2(0)), …,
ε sign(w_d(0))) moves every prediction by εs, and |s| ≤ n. No initial weight is 0, almost surely.
Notation: u = w_1 − w*_1, m_1 = E[X_1], m_2 = E[X_1²].
"""

import sympy as sp

from theory.logic.arguments import derived
from theory.logic.evidence import Argument
from theory.logic.statements import Statement, equal
from theory.model.axis_data import expected_loss

u, m1, s, _x1, shift = sp.symbols("u m_1 s x_1 t", real=True)
m2, n = sp.symbols("m_2 n", nonnegative=True)
epsilon = sp.Symbol("epsilon", positive=True)
w2, w3, start2, start3 = sp.symbols("w_2 w_3 w_2(0) w_3(0)", real=True)
residual, moved = sp.symbols("r b", real=True)  # ⟨x, w − w*⟩ and ⟨v, w − w*⟩

_moments = m2 >= m1**2
mean_residual = m1 * u
s2, n2 = sp.sign(start2) * w2, sp.Abs(w2)  # s and n for d = 2
s3, n3 = s2 + sp.sign(start3) * w3, n2 + sp.Abs(w3)  # and for d = 3


def loss(shift: sp.Expr) -> sp.Expr:
    """Return the expected loss where every prediction is moved by ``shift``."""
    return expected_loss(u, shift, m1, m2)


def printed(n: sp.Expr) -> sp.Expr:
    """The second line of (3.2)."""
    return loss(sp.Integer(0)) + epsilon * mean_residual * n + epsilon**2 / 2 * n**2


# n − s is a sum of the terms |w_j| − sign(w_j(0)) w_j, none of which is negative.
_SIGNS = {
    "one term of n − s": Statement(
        sp.And(
            n2 - s2 >= 0,
            sp.Equivalent(sp.Eq(n2, s2), sp.Or(sp.Eq(w2, 0), sp.Eq(sp.sign(w2), sp.sign(start2)))),
        ),
        (sp.Ne(start2, 0),),
    ),
    "a sum of terms ≥ 0 is 0 only if each is": Statement(
        sp.And(sp.Eq(n, 0), sp.Eq(m2, 0)), (equal(n + m2, 0),)
    ),
}


# The difference of two sides is a product, which is 0 exactly where a factor is.
_PRODUCT = {
    "a product is 0 exactly where a factor is": sp.Equivalent(
        sp.Eq(epsilon * residual * moved, 0), sp.Or(sp.Eq(residual, 0), sp.Eq(moved, 0))
    )
}


def for_any_w(
    formula: str, left: sp.Expr, right: sp.Expr, factor: sp.Expr, condition: str
) -> tuple[Argument, Argument]:
    """``left`` is in s, the printed ``right`` in n: as printed, and with the sharp condition.

    The sharp condition is s = n or ``factor`` = 0, as left − right = ε(s − n)·factor.
    """
    at_2 = {s: s2, n: n2}
    instance = Statement(equal(left.subs(at_2), right.subs(at_2)), (_moments, sp.Ne(start2, 0)))
    difference = equal(left - right, epsilon * (s - n) * factor)
    return (
        derived(f"{formula}, for every w", "", {}, {"d = 2": instance}),
        derived(
            f"{formula} ⟺ {condition}",
            "the sides are equal exactly where s = n, or where the other factor is 0",
            {"difference of the two sides": difference, **_PRODUCT, **_SIGNS},
        ),
    )
