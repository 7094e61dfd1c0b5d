"""Standard and adversarial population risk of linear models, (4.7) to (4.10), derived.

The loss at an input X̃ is ½|⟨X̃, w̃⟩ − ⟨X̃, w̃*⟩|². A perturbation Δx̃ changes the prediction by
⟨Δx̃, w̃⟩, which over the ball ‖Δx̃‖ ≤ ε fills the interval [−ρ, ρ], where ρ = ε‖w̃‖_* is given by
the dual of the ball's norm. So the worst loss is ½(|Z| + ρ)² with Z = ⟨X̃, ẽ⟩ Gaussian, and the
adversarial risk is its integral against the density of Z.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import sympy as sp


def gaussian_expectation(f: sp.Expr, z: sp.Symbol, variance: sp.Expr) -> sp.Expr:
    """E[f(Z)] for Z ~ N(0, ``variance``), by integrating ``f`` over the density.

    ``z`` is the real symbol that stands for Z in ``f``. The variance may be any expression that is
    not negative; at variance zero the value is the continuous extension, as f is continuous.
    """
    s, half = sp.Dummy("s", positive=True), sp.Dummy("z", positive=True)
    density = sp.exp(-(half**2) / (2 * s**2)) / (sp.sqrt(2 * sp.pi) * s)
    folded = sp.expand((f.subs(z, half) + f.subs(z, -half)) * density)
    return sp.expand(sp.integrate(folded, (half, 0, sp.oo))).subs(s, sp.sqrt(variance))


def worst_case_loss(z: sp.Expr, rho: sp.Expr) -> sp.Expr:
    """Return max over |u| ≤ ρ of ½|z + u|², which is ½(|z| + ρ)²; see (4.7) and (4.8)."""
    return (sp.Abs(z) + rho) ** 2 / 2


def dual_norm(w: Sequence[sp.Expr], p: sp.Expr | int) -> sp.Expr:
    """Norm dual to ℓp, p in {1, 2, ∞}: the largest ⟨Δ, w⟩ over ‖Δ‖_p ≤ 1.

    Raises:
        ValueError: ``p`` is none of 1, 2 and ``sympy.oo``.

    """
    if p == 2:
        return sp.sqrt(sum(x**2 for x in w))
    if p == sp.oo:
        return sum((sp.Abs(x) for x in w), sp.Integer(0))
    if p == 1:
        return sp.Max(*(sp.Abs(x) for x in w))
    raise ValueError(f"p: expected 1, 2 or oo, got {p}")


def residual_variance(sigma_tilde_sq: Iterable[sp.Expr], e_tilde: Iterable[sp.Expr]) -> sp.Expr:
    """Variance σ_Z² = Σ σ̃_i² ẽ_i² of the residual Z = ⟨X̃, ẽ⟩ (page of (4.9))."""
    return sum(
        (s * e**2 for s, e in zip(sigma_tilde_sq, e_tilde, strict=True)), start=sp.Integer(0)
    )


@lru_cache(maxsize=1)
def _derived_forms() -> tuple[sp.Symbol, sp.Symbol, sp.Expr, sp.Expr]:
    z = sp.Symbol("z", real=True)
    variance, rho = sp.symbols("v rho", nonnegative=True)
    standard = gaussian_expectation(z**2 / 2, z, variance)
    adversarial = gaussian_expectation(worst_case_loss(z, rho), z, variance)
    return variance, rho, standard, adversarial


def standard_risk(variance: sp.Expr) -> sp.Expr:
    """Standard risk ½E[Z²] when the residual Z has variance ``variance``."""
    symbol, _, standard, _ = _derived_forms()
    return standard.subs(symbol, variance)


def adversarial_risk(variance: sp.Expr, rho: sp.Expr) -> sp.Expr:
    """Adversarial risk E[½(|Z| + ρ)²] when Z has variance ``variance`` and ρ = ε‖w̃‖_* (4.9)."""
    symbol, rho_symbol, _, adversarial = _derived_forms()
    return adversarial.subs({symbol: variance, rho_symbol: rho}, simultaneous=True)
