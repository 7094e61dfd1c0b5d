"""Equation (3.2) and section 3.3.3: the robustified loss, and what its expansions recover.

The perturbation Δx = (0, ε sign(w_2(0)), …, ε sign(w_d(0))) is fixed, whatever w and x are. With
s = Σ_{j≥2} sign(w_j(0)) w_j and n = ‖w_{2:d}‖_1 it moves every prediction by εs, and |s| ≤ n. No
initial weight is 0, almost surely. Notation: u = w_1 − w*_1, m_1 = E[X_1], m_2 = E[X_1²].
"""

import sympy as sp

from theory.logic.arguments import all_of, derived, for_all, together
from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import d as _size
from theory.logic.statements import Possible, Statement, equal
from theory.model.axis_data import (
    expectation,
    expected_loss,
    off_axis,
    pointwise_loss,
    target_weight,
)
from theory.model.soar import second_order

_u, _m1, _s, _x1, _shift = sp.symbols("u m_1 s x_1 t", real=True)
_m2, _n = sp.symbols("m_2 n", nonnegative=True)
_epsilon = sp.Symbol("epsilon", positive=True)
_w2, _w3, _start2, _start3 = sp.symbols("w_2 w_3 w_2(0) w_3(0)", real=True)
_j = sp.Symbol("j", integer=True, positive=True)
_residual, _moved = sp.symbols("r b", real=True)  # ⟨x, w − w*⟩ and ⟨v, w − w*⟩
_X, _V, _W, _W_star = (sp.MatrixSymbol(name, _size, 1) for name in ("x", "v", "w", "w_star"))

_moments = _m2 >= _m1**2
_spread = _m2 > _m1**2  # Var X_1 > 0, as X_1 has a density
_mean_residual = _m1 * _u
_starts = (sp.Ne(_start2, 0), sp.Ne(_start3, 0))
_s2, _n2 = sp.sign(_start2) * _w2, sp.Abs(_w2)  # s and n for d = 2
_s3, _n3 = _s2 + sp.sign(_start3) * _w3, _n2 + sp.Abs(_w3)  # and for d = 3


def _loss(shift: sp.Expr) -> sp.Expr:
    return expected_loss(_u, shift, _m1, _m2)


def _printed(n: sp.Expr) -> sp.Expr:
    """The second line of (3.2)."""
    return _loss(sp.Integer(0)) + _epsilon * _mean_residual * n + _epsilon**2 / 2 * n**2


def _first_order(shift: sp.Expr) -> sp.Expr:
    """L(w) + E[∇ℓᵀΔx], where ∇ℓᵀΔx = r⟨w − w*, Δx⟩."""
    return _loss(sp.Integer(0)) + _mean_residual * shift


def _second_order(shift: sp.Expr) -> sp.Expr:
    """L(w) + E[∇ℓᵀΔx + ½Δxᵀ∇²ℓΔx], where Δxᵀ∇²ℓΔx = ⟨w − w*, Δx⟩²."""
    return second_order(_loss(sp.Integer(0)), _mean_residual * shift, shift**2)


_AGREE = "w_j = 0 or sign(w_j) = sign(w_j(0)) for every j ≥ 2"

# n − s is a sum of the terms |w_j| − sign(w_j(0)) w_j, none of which is negative.
_SIGNS = {
    "one term of n − s": Statement(
        sp.And(
            _n2 - _s2 >= 0,
            sp.Equivalent(
                sp.Eq(_n2, _s2), sp.Or(sp.Eq(_w2, 0), sp.Eq(sp.sign(_w2), sp.sign(_start2)))
            ),
        ),
        (sp.Ne(_start2, 0),),
    ),
    "a sum of terms ≥ 0 is 0 only if each is": Statement(
        sp.And(sp.Eq(_n, 0), sp.Eq(_m2, 0)), (equal(_n + _m2, 0),)
    ),
}


# The difference of two sides is a product, which is 0 exactly where a factor is.
_PRODUCT = {
    "a product is 0 exactly where a factor is": sp.Equivalent(
        sp.Eq(_epsilon * _residual * _moved, 0), sp.Or(sp.Eq(_residual, 0), sp.Eq(_moved, 0))
    )
}


def _for_any_w(
    formula: str, left: sp.Expr, right: sp.Expr, factor: sp.Expr, condition: str
) -> tuple[Argument, Argument]:
    """``left`` is in s, the printed ``right`` in n: as printed, and with the sharp condition.

    The sharp condition is s = n or ``factor`` = 0, as left − right = ε(s − n)·factor.
    """
    at_2 = {_s: _s2, _n: _n2}
    instance = Statement(equal(left.subs(at_2), right.subs(at_2)), (_moments, sp.Ne(_start2, 0)))
    difference = equal(left - right, _epsilon * (_s - _n) * factor)
    return (
        derived(f"{formula}, for every w", "", {}, {"d = 2": instance}),
        derived(
            f"{formula} ⟺ {condition}",
            "the sides are equal exactly where s = n, or where the other factor is 0",
            {"difference of the two sides": difference, **_PRODUCT, **_SIGNS},
        ),
    )


_COINCIDENCE = _mean_residual + _epsilon * (_s + _n) / 2
_WHERE_3_2 = f"{_AGREE}; or, by coincidence, 2E[r] + ε(s + n) = 0"
_WHERE_FIRST = f"{_AGREE}; or E[r] = 0"
_line_1 = _for_any_w(
    "E ℓ(X + Δx; w) = ½E|r + ε‖w_{2:d}‖_1|²",
    _loss(_epsilon * _s),
    _loss(_epsilon * _n),
    _COINCIDENCE,
    _WHERE_3_2,
)
_regularized = _for_any_w(
    "L(w) + ε E[r]‖w_{2:d}‖_1 + ½ε²‖w_{2:d}‖_1² = E ℓ(X + Δx; w)",
    _loss(_epsilon * _s),
    _printed(_n),
    _COINCIDENCE,
    _WHERE_3_2,
)
_first = _for_any_w(
    "E[ℓ + ∇ℓᵀΔx] = L(w) + ε E[r]‖w_{2:d}‖_1",
    _first_order(_epsilon * _s),
    _loss(sp.Integer(0)) + _epsilon * _mean_residual * _n,
    _mean_residual,
    _WHERE_FIRST,
)
_second = _for_any_w(
    "E[ℓ + ∇ℓᵀΔx + ½Δxᵀ∇²ℓΔx] = (3.2)",
    _second_order(_epsilon * _s),
    _printed(_n),
    _COINCIDENCE,
    _WHERE_3_2,
)
# With b = E[r] + εt the loss is ½(b² + Var(X_1)u²), and 0 only where u = 0 and t = 0.
_variance = sp.Symbol("V", positive=True)
_LEAST = {
    "the loss as a sum of squares": equal(
        _loss(_epsilon * _shift),
        ((_mean_residual + _epsilon * _shift) ** 2 + (_m2 - _m1**2) * _u**2) / 2,
    ),
    "it is never negative": _moved**2 + _variance * _u**2 >= 0,
    "it is 0 exactly where both squares are": sp.Equivalent(
        sp.Eq(_moved**2 + _variance * _u**2, 0), sp.And(sp.Eq(_moved, 0), sp.Eq(_u, 0))
    ),
    "b at u = 0": equal((_mean_residual + _epsilon * _shift).subs(_u, 0), _epsilon * _shift),
}

_BILINEAR = equal((_X + _V).T * (_W - _W_star), _X.T * (_W - _W_star) + _V.T * (_W - _W_star))
_EXPANSION = equal(
    pointwise_loss(_residual + _moved),
    second_order(pointwise_loss(_residual), _residual * _moved, _moved**2),
)
_TARGET_STILL = equal(target_weight(_j) * off_axis(_j, _shift), 0)

# Explicit gradient for d = 2 at x = (x_1, 0), where w − w* = (u, w_2) and Δx = (0, ε sign(w_2(0))).
_inputs = sp.symbols("x_1:3", real=True)
_at_data = {_inputs[1]: 0}
_explicit = pointwise_loss(_inputs[0] * _u + _inputs[1] * _w2)
_input_gradient = [sp.diff(_explicit, x).subs(_at_data) for x in _inputs]
_direction = (_u, _w2)


# E ½⟨x', w − w*⟩² at x' = (x_1, ε sign(w_2(0))), for d = 2.
_AT_X_PRIME = equal(
    expectation(_explicit.subs(_inputs[1], _epsilon * sp.sign(_start2)), _inputs[0], _m1, _m2),
    _loss(_epsilon * _s2),
)


def _minimizers() -> Argument:
    """Where the loss at x' is least, and where the last line of (3.2) is."""
    return all_of(
        "minimizers",
        {
            **_LEAST,
            "(3.2) is the loss at t = n": equal(_printed(_n), _loss(_epsilon * _n)),
            "d = 2": Statement(equal(_n2, 0), (equal(_s2, 0), sp.Ne(_start2, 0))),
            "d ≥ 3: other weights 0, w_2 and w_3 not": Possible(
                sp.And(*_starts, sp.Eq(_s3, 0), _n3 > 0)
            ),
            "d ≥ 3: the loss at x' is 0, (3.2) is not": Possible(
                sp.And(
                    _spread,
                    *_starts,
                    sp.Eq(_loss(_epsilon * _s3), 0),
                    sp.Ne(_loss(_epsilon * _n3), 0),
                )
            ),
            "GD moves all sign(w_j(0))w_j alike": Statement(
                equal(
                    sp.sign(_start2) * sp.diff(_loss(_epsilon * _s3), _w2),
                    sp.sign(_start3) * sp.diff(_loss(_epsilon * _s3), _w3),
                ),
                _starts,
            ),
        },
    )


CLAIMS = (
    Claim(
        id="3.2.1",
        where="§3.2, (3.2), first line",
        says="For any w the expected loss at X + Δx is ½E|r(X; w) + ε‖w_{2:d}‖_1|².",
        published=_line_1[0],
        only_if=_WHERE_3_2,
        correction="E ℓ(X + Δx; w) = ½E|r + εs|², s = Σ_{j≥2} sign(w_j(0))w_j, for any w; it is "
        "the printed expression exactly where s = ‖w_{2:d}‖_1, that is " + _WHERE_3_2 + ".",
        corrected=_line_1[1],
        expects=Status.REFUTED,
        note="It holds along GD on the plain loss, which keeps w_j = w_j(0) for j ≥ 2, but not "
        "along training on the loss (3.2) itself. With an adversary who follows the current signs, "
        "Δx_j = ε sign(w_j), it holds for every w. One who also sees x reaches ε E|r|‖w_{2:d}‖_1.",
    ),
    Claim(
        id="3.2.2",
        where="§3.2, (3.2), second line",
        says="½E|r + ε‖w_{2:d}‖_1|² = L(w) + ε E[r]‖w_{2:d}‖_1 + ½ε²‖w_{2:d}‖_1², for any w.",
        published=for_all(equal(_loss(_epsilon * _n), _printed(_n))),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.2.3",
        where="§3.2, after (3.2)",
        says="At w = w̄ the first two terms vanish, and the rest is (3.1).",
        published=all_of(
            "u = 0:  L = 0, ε E[r]n = 0, and (3.2) is ½ε²n²; at w̄ every w_j is w_j(0), so s = n",
            {
                "the first term": equal(_loss(sp.Integer(0)).subs(_u, 0), 0),
                "the second term": equal((_epsilon * _mean_residual * _n).subs(_u, 0), 0),
                "the rest": equal(_printed(_n).subs(_u, 0), pointwise_loss(_epsilon * _n)),
                "the signs at w̄": equal(_s2.subs(_w2, _start2), sp.Abs(_start2)),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.2.4",
        where="§3.2, after (3.2)",
        says="Minimizing L_robustified is minimizing the model's loss at x' = x + Δx, Δx fixed.",
        published=derived(
            "L_robustified, defined as E ℓ(X + Δx; w), is E ½(⟨x', w⟩ − ⟨x, w*⟩)² at x' = X + Δx",
            "what has the same value at every w has the same minimizers",
            {
                "⟨x', w − w*⟩ = r + ⟨Δx, w − w*⟩": _BILINEAR,
                "⟨Δx, w*⟩ = 0: every term is, and the target is still ⟨x, w*⟩": _TARGET_STILL,
                "d = 2, E ½⟨x', w − w*⟩² = E ½(r + εs)²": _AT_X_PRIME,
            },
            {"d = 2, E ½⟨x', w − w*⟩² = E ½(r + εs)²": _AT_X_PRIME},
        ),
        expects=Status.PROVED,
        note="By the definition that opens (3.2), with Δx of the signs of w(0). Of its last line "
        "the same cannot be said: see 3.2.13.",
    ),
    Claim(
        id="3.2.13",
        where="§3.2, after (3.2)",
        says="The regularizer ε E[r]‖w_{2:d}‖_1 + ½ε²‖w_{2:d}‖_1² has the effect of the adversary "
        "in exact form, for any w.",
        published=_regularized[0],
        only_if=_WHERE_3_2,
        correction=f"Exactly where {_WHERE_3_2}. Nor have the two the same minimizers: the loss at "
        "x' is least where w_1 = w*_1 and Σ_{j≥2} sign(w_j(0))w_j = 0, the last line of (3.2) "
        "where w_1 = w*_1 and w_2 = … = w_d = 0: the same only for d = 2. GD on the loss at x' "
        "moves all sign(w_j(0))w_j alike, so it does not bring irrelevant weights of different "
        "initial size to 0.",
        corrected=together(
            f"L(w) + regularizer = E ℓ(X + Δx; w) ⟺ {_WHERE_3_2}; Var X_1 > 0:  the minimizers are "
            "u = 0, n = 0 and u = 0, s = 0; s = 0 implies n = 0 for d = 2, and does not for d ≥ 3",
            {"values": _regularized[1], "minimizers": _minimizers()},
        ),
        expects=Status.REFUTED,
        note="As 3.2.1, of both lines of (3.2) at once. X_1 has a density, so Var X_1 > 0.",
    ),
    Claim(
        id="3.2.5",
        where="§3.3.3, first paragraph",
        says="The regularizer in (3.2) fully robustifies the model: minimizers have no irrelevant "
        "weight left, and no bias.",
        published=derived(
            "Var X_1 > 0:  (3.2) is 0, its least value, exactly where u = 0 and n = 0",
            "a sum of squares, with n for t",
            {**_LEAST, "(3.2) is the loss at t = n": equal(_printed(_n), _loss(_epsilon * _n))},
            {"(3.2) is the loss at t = n": equal(_printed(_n), _loss(_epsilon * _n))},
        ),
        expects=Status.PROVED,
        note="Of the second line of (3.2), which is at least 0. X_1 has a density, so Var X_1 > 0; "
        "if X_1 were a constant c ≠ 0, (w_1 − w*_1)c = −ε‖w_{2:d}‖_1 would do as well.",
    ),
    Claim(
        id="3.2.6",
        where="§3.2, footnote",
        says="A similar result holds if the adversary attacks the first dimension too.",
        published=derived(
            "any fixed Δx, t = ⟨Δx, w − w*⟩:  E ℓ(X + Δx; w) = L(w) + E[r]t + ½t²",
            "the target ⟨·, w*⟩ moves along with the input",
            {
                "bilinearity": _BILINEAR,
                "expansion": equal(_loss(_shift), _second_order(_shift)),
            },
        ),
        expects=Status.PROVED,
        note="With Δx_1 = ε sign(w_1 − w*_1) there is ε|w_1 − w*_1| beside ε‖w_{2:d}‖_1.",
    ),
    Claim(
        id="3.2.7",
        where="§3.3.3, gradient with respect to the input",
        says="∇ℓ(x; w) = (⟨w, Δx⟩ − ⟨w*, Δx⟩)(w − w*) = r(x; w)(w − w*).",
        published=derived(
            "∇ℓ(x; w) = ⟨w − w*, Δx⟩(w − w*), for every x and w",
            "",
            {},
            {
                "d = 2": Statement(
                    sp.And(
                        *(
                            equal(g, _epsilon * sp.sign(_start2) * _w2 * e)
                            for g, e in zip(_input_gradient, _direction, strict=True)
                        )
                    ),
                    (sp.Ne(_start2, 0),),
                )
            },
        ),
        slip="Δx stands for x in the middle expression",
        correction="∇ℓ(x; w) = (⟨w, x⟩ − ⟨w*, x⟩)(w − w*) = r(x; w)(w − w*).",
        corrected=derived(
            "ℓ(x + v; w) = ℓ(x; w) + r⟨v, w − w*⟩ + O(‖v‖²), for any d",
            "bilinearity; the terms of first order in v are ⟨∇ℓ, v⟩",
            {
                "bilinearity": _BILINEAR,
                "expansion": _EXPANSION,
                "d = 2": sp.And(
                    *(
                        equal(g, _inputs[0] * _u * e)
                        for g, e in zip(_input_gradient, _direction, strict=True)
                    )
                ),
            },
        ),
        expects=Status.REFUTED,
    ),
    Claim(
        id="3.2.8",
        where="§3.3.3, Hessian with respect to the input",
        says="∇²ℓ(x; w) = (w − w*)(w − w*)ᵀ.",
        published=derived(
            "ℓ(x + v; w) = ℓ(x; w) + r⟨v, w − w*⟩ + ½⟨v, w − w*⟩², for any d",
            "bilinearity; the terms of second order in v are ½vᵀ∇²ℓv",
            {"bilinearity": _BILINEAR, "expansion": _EXPANSION},
            {
                "d = 2": sp.And(
                    *(
                        equal(sp.diff(_explicit, x, y), e * f)
                        for x, e in zip(_inputs, _direction, strict=True)
                        for y, f in zip(_inputs, _direction, strict=True)
                    )
                )
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.2.9",
        where="§3.3.3, first-order expansion, first two equalities",
        says="E[ℓ + ∇ℓᵀΔx] = L(w) + E[r(w − w*)ᵀΔx] = L(w) + E[r wᵀΔx], since w*ᵀΔx = 0.",
        published=derived(
            "E[ℓ + ∇ℓᵀΔx] = L(w) + E[r]⟨w, Δx⟩ for every w",
            "3.2.7 as mended; Δx does not depend on x",
            {
                "bilinearity": _BILINEAR,
                "expansion": _EXPANSION,
                "every term of ⟨w*, Δx⟩ is 0": _TARGET_STILL,
            },
            {"every term of ⟨w*, Δx⟩ is 0": _TARGET_STILL},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.2.10",
        where="§3.3.3, first-order expansion, last equality",
        says="The first-order regularizer gives the first two terms of (3.2), for any w.",
        published=_first[0],
        only_if=_WHERE_FIRST,
        correction="E[ℓ + ∇ℓᵀΔx] = L(w) + ε E[r]s for any w; these are the first two terms of "
        f"(3.2) exactly where {_AGREE}, or E[r] = 0.",
        corrected=_first[1],
        expects=Status.REFUTED,
        note="As 3.2.1: for Δx with the signs of w(0), and any w.",
    ),
    Claim(
        id="3.2.11",
        where="§3.3.3, second-order expansion",
        says="The second-order approximation recovers the exact form of (3.2), for any w.",
        published=_second[0],
        only_if=_WHERE_3_2,
        correction="The second-order approximation is L(w) + ε E[r]s + ½ε²s², which is the exact "
        f"loss at X + Δx for any w (3.2.12), and the form of (3.2) exactly where {_WHERE_3_2}.",
        corrected=_second[1],
        expects=Status.REFUTED,
        note="As 3.2.1.",
    ),
    Claim(
        id="3.2.12",
        where="§3.3.3, after the second-order expansion, and first paragraph",
        says="A second-order regularizer captures the exact effect of training on X + Δx.",
        published=derived(
            "any w and any Δx:  E[ℓ + ∇ℓᵀΔx + ½Δxᵀ∇²ℓΔx] = E ℓ(X + Δx; w)",
            "the loss is quadratic in the input",
            {
                "bilinearity": _BILINEAR,
                "expansion, pointwise": _EXPANSION,
                "in expectation": equal(_second_order(_shift), _loss(_shift)),
            },
            {"in expectation": equal(_second_order(_shift), _loss(_shift))},
        ),
        expects=Status.PROVED,
    ),
)
