"""The exact law of a minibatch gradient, given the current error.

The gradient on n inputs is Ĝ = (1/n) Σ_k x̃_k x̃_kᵀ ẽ with x̃_k = Σ̃^{1/2} z_k and z_k standard normal,
so Ĝ = Σ̃^{1/2} S v with v = Σ̃^{1/2}ẽ and S = (1/n) Σ_k z_k z_kᵀ. Split z_k along the unit vector
u = v/‖v‖: z_k = c_k u + z_k^⊥, where c_k ~ N(0, 1) is independent of z_k^⊥. Then

    S v = (‖v‖/n) (Σ_k c_k² u + Σ_k c_k z_k^⊥),

and given the c_k the last sum is Gaussian orthogonal to u with covariance (Σ_k c_k²)(I − uuᵀ). With
q = Σ_k c_k² ~ χ²_n and g ~ N(0, I) independent of it,

    S v = (‖v‖/n) (q u + √q (g − ⟨g, u⟩u)).

The √q is of the same draw q. A step costs O(d) random numbers whatever n is.
"""

import sympy as sp


def gradient_response(
    norm: sp.Expr, n: sp.Expr, q: sp.Expr, u: sp.Expr, g_orthogonal: sp.Expr
) -> sp.Expr:
    """One coordinate of S v: (‖v‖/n)(q u + √q g^⊥).

    Args:
        norm: ‖v‖, where v = Σ̃^{1/2}ẽ.
        n: number of samples in the minibatch.
        q: a draw of χ²_n.
        u: the coordinate of v/‖v‖.
        g_orthogonal: the coordinate of g − ⟨g, u⟩u with g standard normal.

    """
    return norm / n * (q * u + sp.sqrt(q) * g_orthogonal)


def second_moment_step(M: sp.Matrix, Sigma_tilde: sp.Matrix, eta: sp.Expr, n: sp.Expr) -> sp.Matrix:
    """E[ẽ(t+1)ẽ(t+1)ᵀ] of minibatch GD, given M = E[ẽ(t)ẽ(t)ᵀ].

    For a fixed v the law above gives E[S v vᵀ S] = (1 + 1/n)vvᵀ + (‖v‖²/n)I. With ẽ(t+1) =
    ẽ − ηΣ̃^{1/2}SΣ̃^{1/2}ẽ and v = Σ̃^{1/2}ẽ, taking expectations over the minibatch and then over
    ẽ(t) gives a linear map of M.
    """
    pulled = Sigma_tilde * M
    noise = (1 + 1 / n) * pulled * Sigma_tilde + pulled.trace() / n * Sigma_tilde
    return M - eta * (pulled + pulled.T) + eta**2 * noise
