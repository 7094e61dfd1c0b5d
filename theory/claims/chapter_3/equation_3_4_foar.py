"""Equation (3.4): the first-order worst case over an ℓp ball is the dual norm of the gradient.

For 1 < p < ∞ this is Hölder's inequality with its case of equality, derived from e^x ≥ 1 + x by
way of Young's inequality; p = 1 and p = ∞ are settled coordinate by coordinate. So for every d.

Notation, for one coordinate: g of the gradient, δ of the perturbation, N = ‖g‖_q,
(|δ|/ε)^p = e^u and (|g|/N)^q = e^v, P = 1/p and 1 − P = 1/q, m = Pu + (1 − P)v, so that
|δ||g| = εN e^m. A coordinate with δ = 0 or g = 0 adds 0.
"""

import sympy as sp

from theory.logic.arguments import derived
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model.risk import dual_norm

_x, _s, _u, _v, _g, _delta, _X, _Y = sp.symbols("x s u v g delta X Y", real=True)
_epsilon, _N, _G, _t, _E = sp.symbols("epsilon N G t E", positive=True)
_P, _A, _M = sp.symbols("P A M", nonnegative=True)
_mean = _P * _u + (1 - _P) * _v
_q = 1 + _t
_p = _q / _t  # 1/p + 1/q = 1

_EXPONENTIAL = {
    "e^x − 1 − x is an integral": equal(
        sp.exp(_x) - 1 - _x, sp.integrate((_x - _s) * sp.exp(_s), (_s, 0, _x))
    ),
    "its integrand is ≥ 0 for 0 ≤ s ≤ x": Statement((_x - _s) * _E >= 0, (_s >= 0, _s <= _x)),
    "its integrand is ≤ 0 for x ≤ s ≤ 0": Statement((_x - _s) * _E <= 0, (_s <= 0, _s >= _x)),
}
_HOELDER = {
    **_EXPONENTIAL,
    "Young: a term, as P ≥ 0 and e^(u−m) = X ≥ 1 + u − m = Y": Statement(
        _P * _X >= _P * _Y, (_X >= _Y,)
    ),
    "Young: 1 ≤ Pe^(u−m) + (1 − P)e^(v−m)": equal(
        _P * (1 + _u - _mean) + (1 - _P) * (1 + _v - _mean), 1
    ),
    "Young: times e^m": equal(
        sp.exp(_mean) * (_P * sp.exp(_u - _mean) + (1 - _P) * sp.exp(_v - _mean)),
        _P * sp.exp(_u) + (1 - _P) * sp.exp(_v),
    ),
    "summed, with Σ(|δ|/ε)^p = A ≤ 1 and Σ(|g|/N)^q = 1": Statement(
        _P * _A + (1 - _P) * 1 <= 1, (_P <= 1, _A <= 1)
    ),
    "signs": Statement(_g * _delta <= sp.Abs(_g) * sp.Abs(_delta)),
}
_size = _epsilon * (_G / _N) ** (_q - 1)  # |δ| at the maximizer, where |g| = G
_HOELDER_ATTAINED = {
    "1/p + 1/q = 1": equal(1 / _p + 1 / _q, 1),
    "|δ|^p = ε^p (|g|/N)^q, so ‖δ‖_p = ε": equal(_size**_p, _epsilon**_p * (_G / _N) ** _q),
    "|g||δ| = εN(|g|/N)^q, so gᵀδ = εN": equal(_G * _size, _epsilon * _N * (_G / _N) ** _q),
}
_SIGNS_AGREE = {"δ with the sign of g": equal(_g * (_A * sp.sign(_g)), _A * sp.Abs(_g))}
_INFINITY = {
    "p = ∞: a coordinate": Statement(
        _g * _delta <= _epsilon * sp.Abs(_g), (sp.Abs(_delta) <= _epsilon,)
    ),
    "p = ∞: attained by ε sign(g)": equal(_g * (_epsilon * sp.sign(_g)), _epsilon * sp.Abs(_g)),
}
_ONE = {
    "p = 1: a coordinate, with M = max |g|": Statement(
        _g * _delta <= _M * sp.Abs(_delta), (sp.Abs(_g) <= _M,)
    ),
    "p = 1: summed": Statement(_epsilon * _M >= _M * _A, (_epsilon >= _A,)),
    "p = 1: attained at a coordinate with |g| = M": Statement(
        equal(_g * (_epsilon * sp.sign(_g)), _epsilon * _M), (sp.Eq(sp.Abs(_g), _M),)
    ),
}

_gradient = sp.symbols("g_1:3", real=True)
_deltas = sp.symbols("delta_1:3", real=True)
_change = sum(g * x for g, x in zip(_gradient, _deltas, strict=True))
_balls = {
    1: sum(map(sp.Abs, _deltas)) <= _epsilon,
    2: sum(x**2 for x in _deltas) <= _epsilon**2,
    sp.oo: sp.And(*(sp.Abs(x) <= _epsilon for x in _deltas)),
}
_INSTANCES = {
    f"d = 2, p = {p}": Statement(_change <= _epsilon * dual_norm(_gradient, p), (ball,))
    for p, ball in _balls.items()
    if p != 2
} | {
    "d = 2, p = 2: ‖g‖²‖δ‖² − (gᵀδ)² is a square": equal(
        dual_norm(_gradient, 2) ** 2 * dual_norm(_deltas, 2) ** 2 - _change**2,
        (_gradient[0] * _deltas[1] - _gradient[1] * _deltas[0]) ** 2,
    )
}

CLAIMS = (
    Claim(
        id="3.4.1",
        where="§3.3.1, (3.4)",
        says="The maximum of ℓ + ∇ℓᵀδ over ‖δ‖_p ≤ ε is ℓ + ε‖∇ℓ‖_q, for 1 ≤ p ≤ ∞.",
        published=lambda: derived(
            "for all ε > 0, 1 ≤ p ≤ ∞, 1/p + 1/q = 1, any d:  max gᵀδ over ‖δ‖_p ≤ ε is ε‖g‖_q",
            "Hölder's inequality; e^m ≤ Pe^u + (1 − P)e^v, summed over the coordinates; where "
            "g = 0 both sides are 0",
            {**_HOELDER, **_HOELDER_ATTAINED, **_SIGNS_AGREE, **_INFINITY, **_ONE},
            _INSTANCES,
        ),
        expects=Status.PROVED,
        note="Checked again as one formula for d = 2 and p = 1, 2, ∞.",
    ),
    Claim(
        id="3.4.2",
        where="§3.3.1, after (3.4)",
        says="For p = ∞ the dual exponent is q = 1, and the regularizer is ε‖∇ℓ‖_1.",
        published=lambda: derived(
            "max gᵀδ over ‖δ‖_∞ ≤ ε is ε‖g‖_1, for any d",
            "each coordinate has its own bound; the sum of the maxima is the maximum",
            {
                "1/p + 1/q = 1 as p → ∞": equal(sp.limit(1 / (1 - 1 / _N), _N, sp.oo), 1),
                **_INFINITY,
            },
            {"d = 2, p = oo": _INSTANCES["d = 2, p = oo"]},
        ),
        expects=Status.PROVED,
    ),
)
