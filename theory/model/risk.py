"""Standard and adversarial population risk of linear models, (4.7) to (4.10), derived.

The loss at an input X̃ is ½|⟨X̃, w̃⟩ − ⟨X̃, w̃*⟩|². A perturbation Δx̃ changes the prediction by
⟨Δx̃, w̃⟩, which over the ball ‖Δx̃‖ ≤ ε fills the interval [−ρ, ρ], where ρ = ε‖w̃‖_* is given by
the dual of the ball's norm. So the worst loss is ½(|Z| + ρ)² with Z = ⟨X̃, ẽ⟩ Gaussian, and the
adversarial risk is its integral against the density of Z.
"""

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache

import sympy as sp


def gaussian_expectation(f: sp.Expr, z: sp.Symbol, variance: sp.Expr) -> sp.Expr:
    """E[f(Z)] for Z ~ N(0, ``variance``), by integrating ``f`` over the density.

    ``z`` is the real symbol that stands for Z in ``f``. The variance may be any expression that is
    not negative; at variance zero the value is the continuous extension, as f is continuous.
    """
    s, half, _ = _folded_density()
    return _over_half_line(f.subs(z, half) + f.subs(z, -half)).subs(s, sp.sqrt(variance))


@cache
def _folded_density() -> tuple[sp.Symbol, sp.Symbol, sp.Expr]:
    """Deviation s, half-line variable z > 0 and the density of N(0, s²) at z, in symbols."""
    s, half = sp.Dummy("s", positive=True), sp.Dummy("z", positive=True)
    return s, half, sp.exp(-(half**2) / (2 * s**2)) / (sp.sqrt(2 * sp.pi) * s)


def _over_half_line(folded: sp.Expr) -> sp.Expr:
    """Integrate a function of the half-line variable against the density over z > 0, by linearity.

    The terms are few: powers of z beside the density, whatever stands before them.
    """
    _, half, density = _folded_density()
    terms = sp.Add.make_args(sp.expand(folded * density))
    parts = (term.as_independent(half, as_Add=False) for term in terms)
    return sp.expand(sp.Add(*(factor * _half_line_integral(part) for factor, part in parts)))


@cache
def _half_line_integral(integrand: sp.Expr) -> sp.Expr:
    return sp.integrate(integrand, (_folded_density()[1], 0, sp.oo))


def moment_generating_function(k: sp.Expr) -> sp.Expr:
    """E[exp(kZ)] for Z ~ N(0, 1) and real ``k``, by integration over the density."""
    symbol, value = _generating_function()
    return value.xreplace({symbol: sp.sympify(k)})


@cache
def _generating_function() -> tuple[sp.Symbol, sp.Expr]:
    """Of a symbol k: the integral over z > 0, and that of −k for z < 0."""
    s, half, _ = _folded_density()
    k = sp.Dummy("k", real=True)
    right = _over_half_line(sp.exp(k * half))
    return k, sp.expand(right + right.xreplace({k: -k})).subs(s, 1)


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
    return adversarial.xreplace({symbol: sp.sympify(variance), rho_symbol: sp.sympify(rho)})
