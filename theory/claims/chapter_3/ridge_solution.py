"""Section 3.2: the ridge solution, its bias and what a small bias costs, and the Lasso.

Notation: μ_1 = E[X_1²]; ``w`` is a weight, along the first axis or (``v``) along another.
"""

import sympy as sp

from theory.logic.arguments import all_of, derived, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.statements import Statement, equal
from theory.model.axis_data import expected_loss
from theory.model.dynamics import gd_contraction

_w, _v, _m1, _target = sp.symbols("w v m_1 w_star", real=True)
_mu, _penalty, _eta, _kappa = sp.symbols("mu_1 lambda eta kappa", positive=True)
_a = sp.Symbol("a", nonnegative=True)
_p = sp.Symbol("p", real=True)
_t = sp.Symbol("t", integer=True, nonnegative=True)

_objective = expected_loss(_w - _target, sp.Integer(0), _m1, _mu) + _penalty / 2 * (_w**2 + _v**2)
_stationary_1 = sp.diff(_objective, _w)
_stationary_j = sp.diff(_objective, _v)
_solution = _mu / (_mu + _penalty) * _target

# Divided by μ_1, with κ = λ/μ_1 and w*_1 = 1, the objective of the Lasso is this.
_lasso = expected_loss(_w - 1, sp.Integer(0), _m1, sp.Integer(1)) + _kappa * sp.Abs(_w)
_soft = sp.Max(1 - _kappa, 0)

_slow = 2 * _penalty / (_mu + _penalty)

CLAIMS = (
    Claim(
        id="3.2-ridge.1",
        where="§3.2, ridge solution",
        says="The regularized population loss is stationary only at "
        "w_1 = μ_1/(μ_1 + λ) w*_1, w_j = 0 for j ≥ 2.",
        published=lambda: all_of(
            "λ > 0:  ∂L/∂w_1 = 0 ⟺ w_1 = μ_1 w*_1/(μ_1 + λ);  ∂L/∂w_j = 0 ⟺ w_j = 0 for j ≥ 2",
            {
                "j = 1, it is stationary": equal(_stationary_1.subs(_w, _solution), 0),
                "j = 1, alone": Statement(
                    equal((_mu + _penalty) * _w, _mu * _target), (equal(_stationary_1, 0),)
                ),
                "j ≥ 2": sp.Equivalent(sp.Eq(_stationary_j, 0), sp.Eq(_v, 0)),
            },
        ),
        expects=Status.PROVED,
        note="The text defines no μ_1. It must be E[X_1²], the variance of centred data; with "
        "E[X_1], which the display of the partial derivatives suggests, the formula is wrong.",
    ),
    Claim(
        id="3.2-ridge.2",
        where="§3.2, after the ridge solution",
        says="The estimate of w*_1 is biased.",
        published=lambda: for_all(sp.Abs(_solution) < sp.Abs(_target), sp.Ne(_target, 0)),
        expects=Status.PROVED,
        note="For every λ > 0: it is too small in size, by λ/(μ_1 + λ) times w*_1.",
    ),
    Claim(
        id="3.2-ridge.3",
        where="§3.2, after the ridge solution",
        says="The Lasso does alike: irrelevant weights 0, a biased estimate of w*_1 = 1.",
        published=lambda: all_of(
            "κ = λ/μ_1 > 0:  ½(w − 1)² + κ|w| is least at max(1 − κ, 0) < 1 alone, κ|v| at 0 alone",
            {
                "j = 1": Statement(
                    _lasso > _lasso.subs(_w, _soft), (sp.Ne(_w, _soft, evaluate=False),)
                ),
                "j = 1, biased": _soft < 1,
                "j ≥ 2": Statement(_kappa * sp.Abs(_v) > 0, (sp.Ne(_v, 0),)),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.2-ridge.4",
        where="§3.2, after the ridge solution",
        says="The bias is small if λ is.",
        published=lambda: for_all(sp.Abs(_solution - _target) <= _penalty / _mu * sp.Abs(_target)),
        expects=Status.PROVED,
    ),
    Claim(
        id="3.2-ridge.5",
        where="§3.2, after the ridge solution",
        says="A small λ costs training time.",
        published=lambda: derived(
            "0 < λ ≤ μ_1, |1 − η(μ_1 + λ)| < 1:  w_j(t) ≥ w_j(0)/2 for j ≥ 2, w_j(0) > 0, until "
            "t = (μ_1 + λ)/(4λ), whatever η is",
            "GD multiplies irrelevant weights by 1 − ηλ > 1 − a, a = 2λ/(μ_1 + λ); Bernoulli: "
            "(1 − a)ᵗ ≥ 1 − ta, which is at least ½ until t = 1/(2a)",
            {
                "factor": sp.Implies(
                    sp.Abs(gd_contraction(_mu + _penalty, _eta)) < 1,
                    gd_contraction(_penalty, _eta) > 1 - _slow,
                ),
                "0 < a ≤ 1": Statement(sp.And(_slow > 0, _slow <= 1), (_penalty <= _mu,)),
                "Bernoulli: t = 0": sp.Ge(1, 1 - 0 * _a),
                "Bernoulli: from t to t + 1": Statement(
                    _p * (1 - _a) >= 1 - (_t + 1) * _a, (_p >= 1 - _t * _a, _a <= 1)
                ),
                "until 1/(2a)": equal(1 / (2 * _slow), (_mu + _penalty) / (4 * _penalty)),
            },
        ),
        expects=Status.PROVED,
        note="So at least of order μ_1/λ iterations of GD.",
    ),
)
