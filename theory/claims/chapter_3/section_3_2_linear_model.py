"""Section 3.2: gradient of the population loss, and the limit of GD, for data along one axis.

Notation: u = w_1 − w*_1, m_1 = E[X_1], m_2 = E[X_1²]; ``rest`` is ⟨x, w − w*⟩ without its term j.
"""

import sympy as sp

from theory.logic.arguments import all_of, derived, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model.axis_data import expectation, expected_loss, pointwise_loss
from theory.model.dynamics import gd_converges_to, gd_step
from theory.model.inequalities import POWERS_VANISH

_x, _u, _e, _rest, _m1, _w0 = sp.symbols("x u e rest m_1 w_0", real=True)
_m2 = sp.Symbol("m_2", nonnegative=True)
_eta = sp.Symbol("eta", positive=True)
_moments = _m2 >= _m1**2  # all that a law imposes on its first two moments

_pointwise = sp.diff(pointwise_loss(_x * _e + _rest), _e)  # ∂ℓ/∂w_j, with x_j and w_j − w*_j
_gradient = expectation(_pointwise.subs(_rest, 0), _x, _m1, _m2).subs(_e, _u)  # j = 1
_irrelevant_gradient = _pointwise.subs(_x, 0)  # j ≥ 2, where X_j = 0
_integral = expectation(_x * _u, _x, _m1, _m2)  # ∫⟨x, w − w*⟩p(x)dx

_converges = Statement(
    sp.Implies(_eta * _m2 < 2, gd_converges_to(sp.Integer(0), _u, _m2, _eta)),
    (_moments, sp.Ne(_m1, 0)),
)
_REST_STAYS = gd_converges_to(_w0, _w0, sp.Integer(0), _eta)

CLAIMS = (
    Claim(
        id="3.2-gradient.1",
        where="§3.2, display of the partial derivatives",
        says="∂L/∂w_j = ∫⟨x, w − w*⟩p(x)dx = (w_j − w*_j)E[X_j].",
        published=lambda: all_of(
            "∂L/∂w_j = ∫⟨x, w − w*⟩p = (w_j − w*_j)E[X_j] for every j",
            {
                "j = 1: derivative and right side": Statement(
                    equal(_gradient, _u * _m1), (_moments,)
                ),
                "j = 1: integral and right side": equal(_integral, _u * _m1),
                "j ≥ 2: derivative and right side, as X_j = 0": equal(
                    _irrelevant_gradient, _e * sp.Integer(0)
                ),
                "j ≥ 2: integral and right side": Statement(equal(_integral, 0), (_moments,)),
            },
        ),
        slip="the factor x_j is missing from the integrand, and with it the square from E[X_j²]",
        correction="∂L/∂w_j = ∫⟨x, w − w*⟩x_j p(x)dx = (w_j − w*_j)E[X_j²].",
        corrected=lambda: all_of(
            "∂L/∂w_j = ∫⟨x, w − w*⟩x_j p = (w_j − w*_j)E[X_j²] for every j",
            {
                "pointwise, any d and j": equal(_pointwise, (_x * _e + _rest) * _x),
                "j = 1": equal(_gradient, _u * _m2),
                "j ≥ 2, as X_j = 0": equal(_irrelevant_gradient, _e * sp.Integer(0)),
            },
        ),
        expects=Status.REFUTED,
        note="With the printed right side and E[X_1] < 0, GD would diverge for every η > 0. What "
        "follows from the display (3.2-gradient.2 to .6) is true of the mended one.",
    ),
    Claim(
        id="3.2-gradient.2",
        where="§3.2, after the partial derivatives",
        says="The derivative along j = 1 is not zero unless (w_1 − w*_1)E[X_1] = 0.",
        published=lambda: for_all(sp.Ne(_gradient, 0), _moments, sp.Ne(_u * _m1, 0)),
        expects=Status.PROVED,
        note="'Unless' as 'if not'. As 'if and only if' it needs E[X_1²] for E[X_1]: for centred "
        "data, as chapter 4's, E[X_1] = 0 and the derivative is not zero.",
    ),
    Claim(
        id="3.2-gradient.3",
        where="§3.2, after the partial derivatives",
        says="If E[X_1] ≠ 0, the gradient is zero only where w_1 = w*_1.",
        published=lambda: for_all(equal(_u, 0), _moments, sp.Ne(_m1, 0), equal(_gradient, 0)),
        expects=Status.PROVED,
        note="The sharp assumption is E[X_1²] > 0: that X_1 is not 0 almost surely.",
    ),
    Claim(
        id="3.2-gradient.4",
        where="§3.2, after the partial derivatives",
        says="The derivatives along j = 2, …, d are zero, so GD never changes w_2, …, w_d.",
        published=lambda: all_of(
            "for j ≥ 2: ∂L/∂w_j = 0 and w_j(t + 1) = w_j(t)",
            {
                "derivative, as X_j = 0": equal(_irrelevant_gradient, 0),
                "step": equal(_w0 - _eta * _irrelevant_gradient, _w0),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.2-gradient.5",
        where="§3.2, GD limit",
        says="For a proper learning rate GD tends to w̄ = (w*_1, w_2(0), …, w_d(0)).",
        published=lambda: derived(
            "E[X_1] ≠ 0, 0 < η E[X_1²] < 2:  w_1(t) → w*_1 and w_j(t) = w_j(0) for j ≥ 2",
            "GD multiplies u by 1 − ηE[X_1²]; powers of a number below 1 in size",
            {
                **POWERS_VANISH,
                "step": equal(_u - _eta * _gradient, gd_step(_u, _m2, _eta)),
                "such rates exist: E[X_1²] > 0": Statement(_m2 > 0, (_moments, sp.Ne(_m1, 0))),
                "j = 1": _converges,
                "j ≥ 2": _REST_STAYS,
            },
            {"j = 1": _converges, "j ≥ 2": _REST_STAYS},
        ),
        expects=Status.PROVED,
        note="E[X_1²] finite, as the population loss is.",
    ),
    Claim(
        id="3.2-gradient.6",
        where="§3.2, first observation",
        says="The population loss at w̄ is zero.",
        published=lambda: for_all(
            equal(expected_loss(sp.Integer(0), sp.Integer(0), _m1, _m2), sp.Integer(0))
        ),
        expects=Status.PROVED,
    ),
)
