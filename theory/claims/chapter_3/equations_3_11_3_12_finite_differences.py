"""Equations (3.11) and (3.12): the finite-difference product, the regularizer and its samples.

Notation: u = z_d/‖z_d‖, G(s) a coordinate of ∇ℓ(x + su), ‖D³ℓ[u, u]‖ ≤ M on the segment; for the
concentration f(z) = ‖Hz‖ and σ = ‖H‖_2.
"""

import sympy as sp

from theory.logic.arguments import Lemma, derived
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import d as _size
from theory.logic.statements import Statement, equal
from theory.model.axis_data import squared_l1_norm
from theory.model.inequalities import CAUCHY_SCHWARZ
from theory.model.risk import gaussian_expectation, moment_generating_function
from theory.model.soar import (
    augmented_hessian_blocks,
    finite_difference,
    mean_norm_of_normal,
    regularizer,
)

_s, _G, _G1, _G2, _x, _z, _y, _theta, _rate = sp.symbols("s G G' G'' x z y theta k", real=True)
_h, _M, _norm, _d, _sigma, _epsilon = sp.symbols("h M z_d d sigma epsilon", positive=True)
_A, _B, _D, _square, _mean, _radius_sq = sp.symbols("A B D E_2 E_1 rho_sq", nonnegative=True)
_t, _lower = sp.symbols("t L", nonnegative=True)
_product = sp.Symbol("p", real=True)
_n = sp.Symbol("n", integer=True, positive=True)
_k = sp.Symbol("k", integer=True, nonnegative=True)
_start, _middle, _end = sp.symbols("x x' x''", real=True)

_hessian = sp.MatrixSymbol("A", _size, _size)
_gradient, _direction, _point, _offset = (
    sp.MatrixSymbol(name, _size, 1) for name in ("g", "z_d", "x", "b")
)
_H = augmented_hessian_blocks(_hessian, _gradient)
_stacked = sp.BlockMatrix([[_direction], [_rate * sp.Identity(1)]])

_TAYLOR = {
    "d/ds of (h − s)G' + G is (h − s)G''": equal((_h - _s) * _G2 - _G1 + _G1, (_h - _s) * _G2),
    "∫(h − s)M ds over [0, h]": equal(sp.integrate((_h - _s) * _M, (_s, 0, _h)), _M * _h**2 / 2),
    "times ‖z‖/h": equal(
        finite_difference(_M * _h**2 / 2, sp.Integer(0), _norm, _h), _M * _h * _norm / 2
    ),
}


def _cubic_slope(x: sp.Expr) -> sp.Expr:
    """Gradient of ℓ(x) = Mx³/6, of which the third derivative is M."""
    return sp.diff(_M * _x**3 / 6, _x).subs(_x, x)


_CUBIC = equal(
    finite_difference(_cubic_slope(_x + _h), _cubic_slope(_x), _norm, _h) - _M * _x * _norm,
    _M * _h * _norm / 2,
)
_QUADRATIC = equal(
    _norm
    / _h
    * (_hessian * (_point + _h / _norm * _direction) + _offset - (_hessian * _point + _offset)),
    _hessian * _direction,
)

_SECOND_MOMENT = {
    "E z_i² = 1": equal(gaussian_expectation(_z**2, _z, sp.Integer(1)), 1),
    "E(Y − EY)² = EY² − (EY)²": equal(_square - 2 * _mean * _mean + _mean**2, _square - _mean**2),
}
# |‖a‖ − ‖b‖| ≤ ‖a − b‖, with A = ‖a‖, B = ‖b‖, p = ⟨a, b⟩ ≤ AB and D = ‖a − b‖.
_REVERSE_TRIANGLE = {
    **CAUCHY_SCHWARZ,
    "p² ≤ A²B² gives p ≤ AB": Statement(_product <= _A * _B, (_product**2 <= _A**2 * _B**2,)),
    "(A − B)² ≤ ‖a − b‖² = A² − 2p + B²": Statement(
        _A**2 - 2 * _product + _B**2 >= (_A - _B) ** 2, (_product <= _A * _B,)
    ),
    "roots": Statement(sp.Abs(_A - _B) <= _D, ((_A - _B) ** 2 <= _D**2,)),
}


def _mean_norm() -> sp.Expr:
    """E‖z‖ for z ~ N(0, I_d)."""
    return mean_norm_of_normal(_d)


_rotated = _z * sp.sin(_theta) + _y * sp.cos(_theta)
_turned = sp.diff(_rotated, _theta)


def _covariance(left: sp.Expr, right: sp.Expr) -> sp.Expr:
    """E of a product of linear forms in independent standard normal z and y."""
    over_z = gaussian_expectation(sp.expand(left * right), _z, sp.Integer(1))
    return gaussian_expectation(over_z, _y, sp.Integer(1))


def _exponent(k: sp.Expr) -> sp.Expr:
    return -k * _t + k**2 * sp.pi**2 * _sigma**2 / 8


def _gaussian() -> dict[str, Lemma]:
    return {
        **_REVERSE_TRIANGLE,
        "z sin θ + y cos θ has variance 1": equal(_covariance(_rotated, _rotated), 1),
        "its derivative in θ has variance 1": equal(_covariance(_turned, _turned), 1),
        "and is uncorrelated with it": equal(_covariance(_rotated, _turned), 0),
        "E e^(kz) = e^(k²/2)": equal(moment_generating_function(_rate), sp.exp(_rate**2 / 2)),
        "with k(π/2)σ for k": equal(
            (_rate * sp.pi / 2 * _sigma) ** 2 / 2, _rate**2 * sp.pi**2 * _sigma**2 / 8
        ),
        "exponent at k = 4t/(π²σ²)": equal(
            _exponent(4 * _t / (sp.pi**2 * _sigma**2)), -2 / sp.pi**2 * _t**2 / _sigma**2
        ),
    }


CLAIMS = (
    Claim(
        id="3.11.1",
        where="§3.3.2, before (3.11)",
        says="Hz has the blocks ∇²ℓ z_d + z_1∇ℓ and ∇ℓᵀz_d + z_1.",
        published=lambda: derived(
            "[[A, g], [gᵀ, 1]][z_d; z_1] = [Az_d + z_1 g; gᵀz_d + z_1], for any d",
            "product of block matrices",
            {
                name: equal(sp.block_collapse(_H * _stacked).blocks[i, 0], block)
                for i, (name, block) in enumerate(
                    {
                        "first": _hessian * _direction + _rate * _gradient,
                        "second": _gradient.T * _direction + _rate * sp.Identity(1),
                    }.items()
                )
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.11.2",
        where="§3.3.2, (3.11)",
        says="‖z_d‖(∇ℓ(x + hz̃_d) − ∇ℓ(x))/h approximates ∇²ℓ(x)z_d.",
        published=lambda: derived(
            "the error is at most ½Mh‖z_d‖ where ‖D³ℓ[u, u]‖ ≤ M along the way; 0 for quadratic ℓ",
            "G(h) − G(0) − hG'(0) = ∫(h − s)G''(s) ds by the fundamental theorem; norm under the "
            "integral; for ℓ twice differentiable only, the limit h → 0 is the derivative itself",
            {**_TAYLOR, "quadratic ℓ, any d": _QUADRATIC},
            {"quadratic ℓ, any d": _QUADRATIC, "ℓ(x) = Mx³/6": _CUBIC},
        ),
        expects=Status.PROVED,
        note="Accurate to first order in h, and no better: for ℓ(x) = Mx³/6 the error is ½Mh‖z‖.",
    ),
    Claim(
        id="3.11.3",
        where="§3.3.2, after (3.11)",
        says="E‖z_d‖_2 = √d for standard normal z.",
        published=lambda: derived(
            "E‖z_d‖ = √d for every d ≥ 1",
            "",
            {},
            {"d = 1": Statement(sp.Eq(mean_norm_of_normal(1), sp.sqrt(1), evaluate=False))},
        ),
        correction="E‖z_d‖ = √2 Γ((d + 1)/2)/Γ(d/2), with d/√(d + 1) < E‖z_d‖ < √d, so "
        "E‖z_d‖/√d → 1 as d → ∞; E‖z_d‖² = d.",
        corrected=lambda: derived(
            "d/√(d + 1) < E‖z_d‖ < √d for every d ≥ 1, and E‖z_d‖ = √2 Γ((d + 1)/2)/Γ(d/2)",
            "integration over the density of ‖z‖; its variance is positive; the lower bound is "
            "d/E‖z_{d+1}‖ with the upper one for d + 1",
            {
                **_SECOND_MOMENT,
                "formula": equal(
                    _mean_norm(), sp.sqrt(2) * sp.gamma((_d + 1) / 2) / sp.gamma(_d / 2)
                ),
                "upper bound": Statement(
                    _mean < sp.sqrt(_d), (equal(_square, _d), _square - _mean**2 > 0)
                ),
                "E‖z_d‖ E‖z_{d+1}‖ = d": equal(_mean_norm() * _mean_norm().subs(_d, _d + 1), _d),
                "lower bound": Statement(
                    _mean > _d / sp.sqrt(_d + 1), (equal(_mean * _A, _d), sp.sqrt(_d + 1) > _A)
                ),
                "√d against the lower bound": equal(
                    sp.limit(_d / sp.sqrt(_d + 1) / sp.sqrt(_d), _d, sp.oo), 1
                ),
            },
        ),
        expects=Status.REFUTED,
        note="The same step as (3.8), with H = I. It only motivates the normalization.",
    ),
    Claim(
        id="3.12.1",
        where="§3.3.2, (3.12)",
        says="R(x; z, h, ε) approximates (dε² + 1)/2 ‖Hz‖, of which (3.9) takes the expectation.",
        published=lambda: derived(
            "|R − (dε² + 1)/2 ‖Hz‖| ≤ (dε² + 1)/2 · ½Mh‖z_d‖, and equality R = … for quadratic ℓ",
            "the vectors differ in the first block alone, by the error of (3.11)",
            {
                **_TAYLOR,
                **_REVERSE_TRIANGLE,
                "times (dε² + 1)/2": Statement(
                    sp.Abs(regularizer(_radius_sq, _A) - regularizer(_radius_sq, _B))
                    <= regularizer(_radius_sq, _D),
                    (sp.Abs(_A - _B) <= _D,),
                ),
            },
        ),
        expects=Status.PROVED,
        note="ℓ + E R − ½ is then no upper bound of the worst case (C3.3.2.1), as h → 0.",
    ),
    Claim(
        id="3.12.2",
        where="§3.3.2, after (3.12)",
        says="The expectation can be approximated by the mean over samples of z.",
        published=lambda: derived(
            "E of the mean of n samples is E Y, its variance (EY² − (EY)²)/n → 0",
            "linearity; E(Y_1 + … + Y_n)² by induction on n for independent samples",
            {
                "no samples": equal(squared_l1_norm(0, _mean, _square), 0),
                "one more sample": equal(
                    squared_l1_norm(_k + 1, _mean, _square),
                    squared_l1_norm(_k, _mean, _square) + 2 * (_k * _mean) * _mean + _square,
                ),
                "variance of the mean": equal(
                    squared_l1_norm(_n, _mean, _square) / _n**2 - _mean**2,
                    (_square - _mean**2) / _n,
                ),
            },
        ),
        expects=Status.PROVED,
        note="For Y = ‖Hz‖, up to the error of 3.12.1.",
    ),
    Claim(
        id="3.12.3",
        where="§3.3.2, after (3.12)",
        says="P{|‖Hz‖ − E‖Hz‖| > t} ≤ 2 exp(−ct²/‖H‖_2²) with a constant c.",
        published=lambda: derived(
            "for every t ≥ 0 and H ≠ 0, with c = 2/π²",
            "f(z) = ‖Hz‖ changes by at most σ‖z − z'‖. f(z) − f(y) is the integral over θ of "
            "⟨∇f(z_θ), z_θ'⟩, z_θ = z sin θ + y cos θ, where z_θ' is independent of z_θ and "
            "standard normal; Jensen over θ in [0, π/2] and over y gives "
            "E e^(k(f − Ef)) ≤ e^(k²π²σ²/8); Chernoff; the same for −f",
            _gaussian(),
        ),
        expects=Status.PROVED,
        note="The text quotes a theorem for this. c = 2/π² is what this proof gives; 1/2 is known.",
    ),
    Claim(
        id="3.12.4",
        where="§3.3.4, before (3.14)",
        says="With x' within ε/2 of x and perturbations of x' of size ε/2, the ℓ∞ ball of radius ε "
        "around x is not left.",
        published=lambda: derived(
            "|x'_i − x_i| ≤ ε/2 and |x''_i − x'_i| ≤ ε/2 imply |x''_i − x_i| ≤ ε",
            "triangle inequality, coordinate by coordinate",
            {
                "a coordinate": Statement(
                    sp.Abs(_end - _start) <= _epsilon,
                    (
                        sp.Abs(_middle - _start) <= _epsilon / 2,
                        sp.Abs(_end - _middle) <= _epsilon / 2,
                    ),
                )
            },
        ),
        expects=Status.PROVED,
        note="Nor is it filled: where x' ≠ x, part of the ball is out of reach.",
    ),
)
