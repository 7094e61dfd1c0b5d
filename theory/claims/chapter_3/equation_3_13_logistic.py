"""Equation (3.13), section 3.3.4: logistic regression, its expansion and the worst case.

Notation: z = ⟨w, x⟩, f = φ(z), y ∈ {0, 1} the label, r = f − y, u = f(1 − f), n = ‖w‖₂; for a
perturbation δ, p = ⟨w, δ⟩, which over ‖δ‖ ≤ ε fills [−εn, εn]. The loss depends on x through z
alone, so ∇ℓ = (dℓ/dz)w and ∇²ℓ = (d²ℓ/dz²)wwᵀ, for every d.
"""

import sympy as sp

from theory.logic.arguments import all_of, derived, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model.inequalities import CAUCHY_SCHWARZ
from theory.model.soar import cross_entropy, second_order, sigmoid

_z, _y, _p, _r, _loss, _s, _K, _alpha = sp.symbols("z y p r ell s K alpha", real=True)
_first, _second = sp.symbols("phi' phi''", real=True)
_f = sp.Symbol("f", positive=True)
_u, _n, _w2 = sp.symbols("u n W", nonnegative=True)
_epsilon, _eta = sp.symbols("epsilon eta", positive=True)
_start, _end = sp.symbols("x x'", real=True)
_inputs, _weights = sp.symbols("x_1:3", real=True), sp.symbols("w_1:3", real=True)

_in_z = cross_entropy(sigmoid(_z), _y)
_slope = sp.diff(_in_z, _z)
_is_probability = _f < 1
_residual, _uncertainty = _f - _y, _f * (1 - _f)

_margin = sum(w * x for w, x in zip(_weights, _inputs, strict=True))
_of_input = _in_z.subs(_z, _margin)
_at = sigmoid(_margin)
_GRADIENT = {
    "d = 2": sp.And(
        *(
            equal(sp.diff(_of_input, x), (_at - _y) * w)
            for x, w in zip(_inputs, _weights, strict=True)
        )
    )
}
_SLOPE = equal(_slope, sigmoid(_z) - _y)
_CURVATURE = equal(sp.diff(sigmoid(_z) - _y, _z), sigmoid(_z) * (1 - sigmoid(_z)))
_HESSIAN = {
    "d = 2": sp.And(
        *(
            equal(sp.diff((_at - _y) * v, x), _at * (1 - _at) * w * v)
            for x, w in zip(_inputs, _weights, strict=True)
            for v in _weights
        )
    )
}
_change = second_order(sp.Integer(0), _r * _p, _u * _p**2)
_reach = _epsilon * _n
_most_p = sp.Symbol("T", nonnegative=True)  # ε‖w‖
_most = _epsilon * sp.Abs(_r) * _n + _epsilon**2 / 2 * _u * _n**2
_most_at_one = Statement(
    (_change - _most).subs({_r: -1, _u: 1, _n: 1, _epsilon: 1}) <= 0, (sp.Abs(_p) <= 1,)
)

CLAIMS = (
    Claim(
        id="3.13.1",
        where="§3.3.4, before (3.13)",
        says="The gradient of the cross-entropy with respect to the input is (f − y)w.",
        published=lambda: derived(
            "∇ℓ(x) = (φ(⟨w, x⟩) − y)w, for any d", "chain rule", {"dℓ/dz": _SLOPE}, _GRADIENT
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.13.2",
        where="§3.3.4, before (3.13)",
        says="The Hessian with respect to the input is f(1 − f)wwᵀ.",
        published=lambda: derived(
            "∇²ℓ(x) = φ(1 − φ)wwᵀ, for any d",
            "chain rule",
            {"dℓ/dz": _SLOPE, "d²ℓ/dz²": _CURVATURE},
            _HESSIAN,
        ),
        expects=Status.PROVED,
        note="Positive semidefinite, of rank one where w ≠ 0; not definite for d ≥ 2.",
    ),
    Claim(
        id="3.13.3",
        where="§3.3.4, (3.13)",
        says="The second-order expansion is ℓ + r wᵀδ + ½u δᵀwwᵀδ.",
        published=lambda: derived(
            "ℓ + ∇ℓᵀδ + ½δᵀ∇²ℓδ = ℓ + r wᵀδ + ½u(wᵀδ)²",
            "3.13.1 and 3.13.2; the chain rule along z + p",
            {
                "dℓ/dz": _SLOPE,
                "d²ℓ/dz²": _CURVATURE,
                "model": equal(
                    second_order(_loss, _r * _p, _u * _p * _p), _loss + _r * _p + _u * _p**2 / 2
                ),
            },
            {"dℓ/dz": _SLOPE},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.13.4",
        where="§3.3.4, after (3.13)",
        says="u is close to 0 whenever the prediction is close to 0 or 1.",
        published=lambda: for_all(_uncertainty <= sp.Min(_f, 1 - _f), _is_probability),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.13.5",
        where="§3.3.4, display after (3.13)",
        says="Over ‖δ‖_2 ≤ ε the expansion is at most ℓ + ε|r|‖w‖_2 + ½ε²u‖w‖_2², attained.",
        published=lambda: derived(
            "u ≥ 0:  max of rp + ½up² over |p| ≤ ε‖w‖ is ε|r|‖w‖ + ½ε²u‖w‖², for any d",
            "by Cauchy–Schwarz |⟨w, δ⟩| ≤ ε‖w‖, and δ = ±εw/‖w‖ attains either end",
            {
                **CAUCHY_SCHWARZ,
                "no p does more: slope": Statement(
                    _r * _p <= sp.Abs(_r) * _most_p, (sp.Abs(_p) <= _most_p,)
                ),
                "no p does more: square": Statement(_p**2 <= _most_p**2, (sp.Abs(_p) <= _most_p,)),
                "no p does more: times u ≥ 0": Statement(_u * _w2 <= _u * _n, (_w2 <= _n,)),
                "both, at ε‖w‖": equal(sp.Abs(_r) * _reach + _u * _reach**2 / 2, _most),
                "attained at p = ε‖w‖ for r ≥ 0": Statement(
                    equal(_change.subs(_p, _reach), _most), (_r >= 0,)
                ),
                "attained at p = −ε‖w‖ for r ≤ 0": Statement(
                    equal(_change.subs(_p, -_reach), _most), (_r <= 0,)
                ),
                "u ≥ 0": Statement(_uncertainty >= 0, (_is_probability,)),
            },
            {"ε = n = 1, u = 1, r = −1": _most_at_one},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.13.6",
        where="§3.3.4, on confident predictions",
        says="Where the classifier is right with high confidence, r and u are close to 0, and so "
        "is the regularizer.",
        published=lambda: all_of(
            "y ∈ {0, 1}, |f − y| ≤ η:  u ≤ η and ε|r|n + ½ε²un² ≤ η(εn + ½ε²n²)",
            {
                **{
                    f"u, for y = {label}": Statement(
                        _uncertainty <= _eta,
                        (_is_probability, sp.Abs(_residual.subs(_y, label)) <= _eta),
                    )
                    for label in (0, 1)
                },
                "regularizer": Statement(
                    _most <= _eta * (_epsilon * _n + _epsilon**2 / 2 * _n**2),
                    (sp.Abs(_r) <= _eta, _u <= _eta),
                ),
            },
        ),
        expects=Status.PROVED,
        note="At given w. Confidence may come from a large ‖w‖; r and u then fall exponentially.",
    ),
    Claim(
        id="3.13.7",
        where="§3.3.4, on the mean value theorem",
        says="For some h* in (0, 1), ℓ(x + δ) = ℓ + ∇ℓᵀδ + ½δᵀ∇²ℓ(x + h*δ)δ.",
        published=lambda: derived(
            "φ(1) = φ(0) + φ'(0) + ½φ''(h*) for φ(s) = ℓ(x + sδ), twice differentiable",
            "Rolle's theorem for g(s) = φ(1) − φ(s) − (1 − s)φ'(s) − K(1 − s)², where K is such "
            "that g(0) = 0; g(1) = 0",
            {
                "g' = (1 − s)(2K − φ'')": equal(
                    -_first - (_second * (1 - _s) - _first) - sp.diff(_K * (1 - _s) ** 2, _s),
                    (1 - _s) * (2 * _K - _second),
                ),
                "g'(h*) = 0 gives K = ½φ''(h*)": Statement(
                    equal(_K, _second / 2),
                    (equal((1 - _s) * (2 * _K - _second), 0), _s > 0, _s < 1),
                ),
            },
        ),
        expects=Status.PROVED,
        note="For losses twice differentiable along the segment; not for ReLU networks at kinks.",
    ),
    Claim(
        id="3.13.8",
        where="§3.3.4, linear interpolation",
        says="αx + (1 − α)x' goes from x to x' as α goes from 0 to 1.",
        published=lambda: all_of(
            "at α = 0 it is x, at α = 1 it is x'",
            {
                "α = 0": equal((_alpha * _start + (1 - _alpha) * _end).subs(_alpha, 0), _start),
                "α = 1": equal((_alpha * _start + (1 - _alpha) * _end).subs(_alpha, 1), _end),
            },
        ),
        slip="x and x' have changed places",
        correction="(1 − α)x + αx' does.",
        corrected=lambda: all_of(
            "at α = 0 it is x, at α = 1 it is x'",
            {
                "α = 0": equal(((1 - _alpha) * _start + _alpha * _end).subs(_alpha, 0), _start),
                "α = 1": equal(((1 - _alpha) * _start + _alpha * _end).subs(_alpha, 1), _end),
            },
        ),
        expects=Status.REFUTED,
    ),
    Claim(
        id="3.13.9",
        where="§3.3.4, on gradient masking",
        says="With certain predictions the loss is 0 where they are right and infinite elsewhere.",
        published=lambda: all_of(
            "ℓ = −log f → 0 as f → 1 and → ∞ as f → 0, for y = 1; alike for y = 0",
            {
                "y = 1, right": equal(sp.limit(cross_entropy(_f, 1), _f, 1, "-"), 0),
                "y = 1, wrong: 1/ℓ → 0": equal(sp.limit(1 / cross_entropy(_f, 1), _f, 0, "+"), 0),
                "y = 0, right": equal(sp.limit(cross_entropy(_f, 0), _f, 0, "+"), 0),
                "y = 0, wrong: 1/ℓ → 0": equal(sp.limit(1 / cross_entropy(_f, 0), _f, 1, "-"), 0),
            },
        ),
        expects=Status.PROVED,
        note="As a limit: a sigmoid of finite weights is never 0 or 1.",
    ),
)
