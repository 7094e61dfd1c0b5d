"""Linear regression on data along the first axis (section 3.2).

Inputs are x = (x_1, 0, …, 0) and targets ⟨x, w*⟩ with w* = (1, 0, …, 0), so with u = w_1 − w*_1 the
residual is r = x_1 u. Losses are polynomials of degree 2 in x_1, so of the law of X_1 only the
moments m_1 = E[X_1] and m_2 = E[X_1²] matter. Every pair with m_2 ≥ m_1² is that of some law, and
m_2 = m_1² that of a constant alone.
"""

import sympy as sp

_MOMENTS = 3  # of order 0, 1 and 2


def expectation(f: sp.Expr, x: sp.Symbol, mean: sp.Expr, second: sp.Expr) -> sp.Expr:
    """E[f(X_1)] by linearity.

    Args:
        f: a polynomial of degree at most 2 in ``x``.
        x: the symbol that stands for X_1 in ``f``.
        mean: E[X_1].
        second: E[X_1²].

    Raises:
        ValueError: ``f`` is no such polynomial.

    """
    try:
        coefficients = sp.Poly(sp.expand(f), x).all_coeffs()[::-1]
    except sp.PolynomialError as error:
        raise ValueError(f"f: expected a polynomial in {x}, got {f}") from error
    if len(coefficients) > _MOMENTS:
        raise ValueError(f"f: expected degree at most 2 in {x}, got {f}")
    moments = (sp.Integer(1), mean, second)
    return sp.Add(*(c * m for c, m in zip(coefficients, moments, strict=False)))


def target_weight(j: sp.Expr | int) -> sp.Expr:
    """w*_j: 1 for j = 1, else 0."""
    return sp.Piecewise((1, sp.Eq(j, 1)), (0, True))


def off_axis(j: sp.Expr | int, value: sp.Expr) -> sp.Expr:
    """Coordinate j of a perturbation that leaves the first one alone: 0 for j = 1, else value."""
    return sp.Piecewise((0, sp.Eq(j, 1)), (value, True))


def pointwise_loss(residual: sp.Expr) -> sp.Expr:
    """ℓ = ½|residual|²."""
    return residual**2 / 2


def expected_loss(u: sp.Expr, shift: sp.Expr, mean: sp.Expr, second: sp.Expr) -> sp.Expr:
    """E[½|r(X; w) + shift|²], the loss where a perturbation moves each prediction by ``shift``.

    With ``shift`` 0 it is the population loss.
    """
    x = sp.Dummy("x", real=True)
    return expectation(pointwise_loss(x * u + shift), x, mean, second)


def squared_l1_norm(count: sp.Expr | int, mean: sp.Expr, second: sp.Expr) -> sp.Expr:
    """E[(Σ_i |W_i|)²] for ``count`` independent weights of one law, E|W_i| and E[W_i²] given.

    There are ``count`` squares and count(count − 1) products of two different factors.
    """
    return count * second + count * (count - 1) * mean**2
