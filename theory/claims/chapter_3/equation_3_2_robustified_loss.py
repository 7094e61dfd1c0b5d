"""Equation (3.2) and section 3.3.3: the robustified loss, and what its expansions recover.

The perturbation Δx = (0, ε sign(w_2(0)), …, ε sign(w_d(0))) is fixed, whatever w and x are. The
notation is that of :mod:`theory.claims.lemmas.robustified_loss`.
"""

import sympy as sp

from theory.claims.lemmas.robustified_loss import (
    epsilon,
    for_any_w,
    loss,
    m1,
    m2,
    mean_residual,
    moved,
    n,
    n2,
    n3,
    printed,
    residual,
    s,
    s2,
    s3,
    shift,
    start2,
    start3,
    u,
    w2,
    w3,
)
from theory.logic.arguments import all_of, derived, for_all, together
from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import d as _size
from theory.logic.statements import Possible, Statement, equal
from theory.model.axis_data import expectation, off_axis, pointwise_loss, target_weight
from theory.model.soar import second_order

_j = sp.Symbol("j", integer=True, positive=True)
_X, _V, _W, _W_star = (sp.MatrixSymbol(name, _size, 1) for name in ("x", "v", "w", "w_star"))
_spread = m2 > m1**2  # Var X_1 > 0, as X_1 has a density
_starts = (sp.Ne(start2, 0), sp.Ne(start3, 0))


def _first_order(shift: sp.Expr) -> sp.Expr:
    """L(w) + E[∇ℓᵀΔx], where ∇ℓᵀΔx = r⟨w − w*, Δx⟩."""
    return loss(sp.Integer(0)) + mean_residual * shift


def _second_order(shift: sp.Expr) -> sp.Expr:
    """L(w) + E[∇ℓᵀΔx + ½Δxᵀ∇²ℓΔx], where Δxᵀ∇²ℓΔx = ⟨w − w*, Δx⟩²."""
    return second_order(loss(sp.Integer(0)), mean_residual * shift, shift**2)


_AGREE = "w_j = 0 or sign(w_j) = sign(w_j(0)) for every j ≥ 2"


_COINCIDENCE = mean_residual + epsilon * (s + n) / 2
_WHERE_3_2 = f"{_AGREE}; or, by coincidence, 2E[r] + ε(s + n) = 0"
_WHERE_FIRST = f"{_AGREE}; or E[r] = 0"
_line_1 = for_any_w(
    "E ℓ(X + Δx; w) = ½E|r + ε‖w_{2:d}‖_1|²",
    loss(epsilon * s),
    loss(epsilon * n),
    _COINCIDENCE,
    _WHERE_3_2,
)
_regularized = for_any_w(
    "L(w) + ε E[r]‖w_{2:d}‖_1 + ½ε²‖w_{2:d}‖_1² = E ℓ(X + Δx; w)",
    loss(epsilon * s),
    printed(n),
    _COINCIDENCE,
    _WHERE_3_2,
)
_first = for_any_w(
    "E[ℓ + ∇ℓᵀΔx] = L(w) + ε E[r]‖w_{2:d}‖_1",
    _first_order(epsilon * s),
    loss(sp.Integer(0)) + epsilon * mean_residual * n,
    mean_residual,
    _WHERE_FIRST,
)
_second = for_any_w(
    "E[ℓ + ∇ℓᵀΔx + ½Δxᵀ∇²ℓΔx] = (3.2)",
    _second_order(epsilon * s),
    printed(n),
    _COINCIDENCE,
    _WHERE_3_2,
)
# With b = E[r] + εt the loss is ½(b² + Var(X_1)u²), and 0 only where u = 0 and t = 0.
_variance = sp.Symbol("V", positive=True)
_LEAST = {
    "the loss as a sum of squares": equal(
        loss(epsilon * shift), ((mean_residual + epsilon * shift) ** 2 + (m2 - m1**2) * u**2) / 2
    ),
    "it is never negative": moved**2 + _variance * u**2 >= 0,
    "it is 0 exactly where both squares are": sp.Equivalent(
        sp.Eq(moved**2 + _variance * u**2, 0), sp.And(sp.Eq(moved, 0), sp.Eq(u, 0))
    ),
    "b at u = 0": equal((mean_residual + epsilon * shift).subs(u, 0), epsilon * shift),
}

_BILINEAR = equal((_X + _V).T * (_W - _W_star), _X.T * (_W - _W_star) + _V.T * (_W - _W_star))
_EXPANSION = equal(
    pointwise_loss(residual + moved),
    second_order(pointwise_loss(residual), residual * moved, moved**2),
)
_TARGET_STILL = equal(target_weight(_j) * off_axis(_j, shift), 0)

# Explicit gradient for d = 2 at x = (x_1, 0), where w − w* = (u, w_2) and Δx = (0, ε sign(w_2(0))).
_inputs = sp.symbols("x_1:3", real=True)
_at_data = {_inputs[1]: 0}
_explicit = pointwise_loss(_inputs[0] * u + _inputs[1] * w2)
_input_gradient = [sp.diff(_explicit, x).subs(_at_data) for x in _inputs]
_direction = (u, w2)


# E ½⟨x', w − w*⟩² at x' = (x_1, ε sign(w_2(0))), for d = 2.
_AT_X_PRIME = equal(
    expectation(_explicit.subs(_inputs[1], epsilon * sp.sign(start2)), _inputs[0], m1, m2),
    loss(epsilon * s2),
)


def _minimizers() -> Argument:
    """Where the loss at x' is least, and where the last line of (3.2) is."""
    return all_of(
        "minimizers",
        {
            **_LEAST,
            "(3.2) is the loss at t = n": equal(printed(n), loss(epsilon * n)),
            "d = 2": Statement(equal(n2, 0), (equal(s2, 0), sp.Ne(start2, 0))),
            "d ≥ 3: other weights 0, w_2 and w_3 not": Possible(
                sp.And(*_starts, sp.Eq(s3, 0), n3 > 0)
            ),
            "d ≥ 3: the loss at x' is 0, (3.2) is not": Possible(
                sp.And(
                    _spread, *_starts, sp.Eq(loss(epsilon * s3), 0), sp.Ne(loss(epsilon * n3), 0)
                )
            ),
            "GD moves all sign(w_j(0))w_j alike": Statement(
                equal(
                    sp.sign(start2) * sp.diff(loss(epsilon * s3), w2),
                    sp.sign(start3) * sp.diff(loss(epsilon * s3), w3),
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
        published=lambda: _line_1[0],
        only_if=_WHERE_3_2,
        correction="E ℓ(X + Δx; w) = ½E|r + εs|², s = Σ_{j≥2} sign(w_j(0))w_j, for any w; it is "
        "the printed expression exactly where s = ‖w_{2:d}‖_1, that is " + _WHERE_3_2 + ".",
        corrected=lambda: _line_1[1],
        expects=Status.REFUTED,
        note="It holds along GD on the plain loss, which keeps w_j = w_j(0) for j ≥ 2, but not "
        "along training on the loss (3.2) itself. With an adversary who follows the current signs, "
        "Δx_j = ε sign(w_j), it holds for every w. One who also sees x reaches ε E|r|‖w_{2:d}‖_1.",
    ),
    Claim(
        id="3.2.2",
        where="§3.2, (3.2), second line",
        says="½E|r + ε‖w_{2:d}‖_1|² = L(w) + ε E[r]‖w_{2:d}‖_1 + ½ε²‖w_{2:d}‖_1², for any w.",
        published=lambda: for_all(equal(loss(epsilon * n), printed(n))),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.2.3",
        where="§3.2, after (3.2)",
        says="At w = w̄ the first two terms vanish, and the rest is (3.1).",
        published=lambda: all_of(
            "u = 0:  L = 0, ε E[r]n = 0, and (3.2) is ½ε²n²; at w̄ every w_j is w_j(0), so s = n",
            {
                "the first term": equal(loss(sp.Integer(0)).subs(u, 0), 0),
                "the second term": equal((epsilon * mean_residual * n).subs(u, 0), 0),
                "the rest": equal(printed(n).subs(u, 0), pointwise_loss(epsilon * n)),
                "the signs at w̄": equal(s2.subs(w2, start2), sp.Abs(start2)),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.2.4",
        where="§3.2, after (3.2)",
        says="Minimizing L_robustified is minimizing the model's loss at x' = x + Δx, Δx fixed.",
        published=lambda: derived(
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
        published=lambda: _regularized[0],
        only_if=_WHERE_3_2,
        correction=f"Exactly where {_WHERE_3_2}. Nor have the two the same minimizers: the loss at "
        "x' is least where w_1 = w*_1 and Σ_{j≥2} sign(w_j(0))w_j = 0, the last line of (3.2) "
        "where w_1 = w*_1 and w_2 = … = w_d = 0: the same only for d = 2. GD on the loss at x' "
        "moves all sign(w_j(0))w_j alike, so it does not bring irrelevant weights of different "
        "initial size to 0.",
        corrected=lambda: together(
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
        published=lambda: derived(
            "Var X_1 > 0:  (3.2) is 0, its least value, exactly where u = 0 and n = 0",
            "a sum of squares, with n for t",
            {**_LEAST, "(3.2) is the loss at t = n": equal(printed(n), loss(epsilon * n))},
            {"(3.2) is the loss at t = n": equal(printed(n), loss(epsilon * n))},
        ),
        expects=Status.PROVED,
        note="Of the second line of (3.2), which is at least 0. X_1 has a density, so Var X_1 > 0; "
        "if X_1 were a constant c ≠ 0, (w_1 − w*_1)c = −ε‖w_{2:d}‖_1 would do as well.",
    ),
    Claim(
        id="3.2.6",
        where="§3.2, footnote",
        says="A similar result holds if the adversary attacks the first dimension too.",
        published=lambda: derived(
            "any fixed Δx, t = ⟨Δx, w − w*⟩:  E ℓ(X + Δx; w) = L(w) + E[r]t + ½t²",
            "the target ⟨·, w*⟩ moves along with the input",
            {"bilinearity": _BILINEAR, "expansion": equal(loss(shift), _second_order(shift))},
        ),
        expects=Status.PROVED,
        note="With Δx_1 = ε sign(w_1 − w*_1) there is ε|w_1 − w*_1| beside ε‖w_{2:d}‖_1.",
    ),
    Claim(
        id="3.2.7",
        where="§3.3.3, gradient with respect to the input",
        says="∇ℓ(x; w) = (⟨w, Δx⟩ − ⟨w*, Δx⟩)(w − w*) = r(x; w)(w − w*).",
        published=lambda: derived(
            "∇ℓ(x; w) = ⟨w − w*, Δx⟩(w − w*), for every x and w",
            "",
            {},
            {
                "d = 2": Statement(
                    sp.And(
                        *(
                            equal(g, epsilon * sp.sign(start2) * w2 * e)
                            for g, e in zip(_input_gradient, _direction, strict=True)
                        )
                    ),
                    (sp.Ne(start2, 0),),
                )
            },
        ),
        slip="Δx stands for x in the middle expression",
        correction="∇ℓ(x; w) = (⟨w, x⟩ − ⟨w*, x⟩)(w − w*) = r(x; w)(w − w*).",
        corrected=lambda: derived(
            "ℓ(x + v; w) = ℓ(x; w) + r⟨v, w − w*⟩ + O(‖v‖²), for any d",
            "bilinearity; the terms of first order in v are ⟨∇ℓ, v⟩",
            {
                "bilinearity": _BILINEAR,
                "expansion": _EXPANSION,
                "d = 2": sp.And(
                    *(
                        equal(g, _inputs[0] * u * e)
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
        published=lambda: derived(
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
        published=lambda: derived(
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
        published=lambda: _first[0],
        only_if=_WHERE_FIRST,
        correction="E[ℓ + ∇ℓᵀΔx] = L(w) + ε E[r]s for any w; these are the first two terms of "
        f"(3.2) exactly where {_AGREE}, or E[r] = 0.",
        corrected=lambda: _first[1],
        expects=Status.REFUTED,
        note="As 3.2.1: for Δx with the signs of w(0), and any w.",
    ),
    Claim(
        id="3.2.11",
        where="§3.3.3, second-order expansion",
        says="The second-order approximation recovers the exact form of (3.2), for any w.",
        published=lambda: _second[0],
        only_if=_WHERE_3_2,
        correction="The second-order approximation is L(w) + ε E[r]s + ½ε²s², which is the exact "
        f"loss at X + Δx for any w (3.2.12), and the form of (3.2) exactly where {_WHERE_3_2}.",
        corrected=lambda: _second[1],
        expects=Status.REFUTED,
        note="As 3.2.1.",
    ),
    Claim(
        id="3.2.12",
        where="§3.3.3, after the second-order expansion, and first paragraph",
        says="A second-order regularizer captures the exact effect of training on X + Δx.",
        published=lambda: derived(
            "any w and any Δx:  E[ℓ + ∇ℓᵀΔx + ½Δxᵀ∇²ℓΔx] = E ℓ(X + Δx; w)",
            "the loss is quadratic in the input",
            {
                "bilinearity": _BILINEAR,
                "expansion, pointwise": _EXPANSION,
                "in expectation": equal(_second_order(shift), loss(shift)),
            },
            {"in expectation": equal(_second_order(shift), loss(shift))},
        ),
        expects=Status.PROVED,
    ),
)
