"""The orthonormal type-II discrete cosine transform of (4.4), exact, for any size d."""

from functools import lru_cache

import sympy as sp


def dct_scale(k: sp.Expr | int, d: sp.Expr | int) -> sp.Expr:
    """Factor √(α_k/d) of (4.4) that gives row k of the DCT-II matrix norm 1."""
    alpha = sp.Piecewise((1, sp.Eq(sp.sympify(k), 0)), (2, True))
    return sp.sqrt(alpha / sp.sympify(d))


def cosine(k: sp.Expr | int, j: sp.Expr | int, d: sp.Expr | int) -> sp.Expr:
    """Harmonic k at position j, cos[π/d (j + ½) k], as in the sum before (4.4)."""
    k, j, d = map(sp.sympify, (k, j, d))
    return sp.cos(sp.pi / d * (j + sp.Rational(1, 2)) * k)


def dct_entry(k: sp.Expr | int, j: sp.Expr | int, d: sp.Expr | int) -> sp.Expr:
    """Entry C_kj of the d × d DCT-II matrix (4.4); ``k``, ``j`` and ``d`` may be symbols."""
    return dct_scale(k, d) * cosine(k, j, d)


@lru_cache(maxsize=32, typed=True)
def dct_matrix(d: int) -> sp.ImmutableMatrix:
    """C of (4.4) as an exact d × d matrix: frequency k in row k, position j in column j.

    Raises:
        ValueError: ``d`` is not a positive integer.

    """
    if type(d) is not int or d < 1:
        raise ValueError(f"d: expected a positive integer, got {d!r}")
    return sp.ImmutableMatrix(d, d, lambda k, j: dct_entry(k, j, d))
