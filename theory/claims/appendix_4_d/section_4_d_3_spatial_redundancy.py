"""Section 4.D.3: one irrelevant frequency for d = 3, seen in the spatial domain.

Data x = Cᵀ(X̃_0, X̃_1, 0), a minimizer w* = Cᵀ(w̃*_0, w̃*_1, 0), and the third basis v = Cᵀ(0, 0, 1).
"""

from itertools import permutations

import sympy as sp

from theory.claims.appendix_4_d.section_4_d_1_dataset import PREDICTABLE
from theory.logic.arguments import all_of, derived, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import C, d
from theory.logic.statements import Boolean, Possible, Statement, equal
from theory.model.dct import dct_matrix
from theory.model.risk import residual_variance, standard_risk

_C3 = dct_matrix(3)
_X0, _X1, _w0, _w1, _c, _c_1, _c_2 = sp.symbols(
    "X_0 X_1 w_star_0 w_star_1 w_tilde_2 c_1 c_2", real=True
)
_a = sp.symbols("a_0:3", real=True)
_s0, _s1, _r = sp.symbols("sigma_sq_0 sigma_sq_1 r", positive=True)
_n = sp.Symbol("n", nonnegative=True)
_s = sp.Symbol("s", nonnegative=True)
_coefficient = sp.Symbol("a", real=True)
_weights, _spectrum = sp.MatrixSymbol("a", d, 1), sp.MatrixSymbol("x_tilde", d, 1)

_x = _C3.T * sp.Matrix([_X0, _X1, 0])
_w_star = _C3.T * sp.Matrix([_w0, _w1, 0])
_v = sp.Matrix(
    [sp.sqrt(sp.Rational(1, 6)), -sp.sqrt(sp.Rational(2, 3)), sp.sqrt(sp.Rational(1, 6))]
)


def _as_printed(first: sp.Expr, second: sp.Expr) -> tuple[sp.Expr, ...]:
    third, half = sp.sqrt(sp.Rational(1, 3)), sp.sqrt(sp.Rational(1, 2))
    return (third * first + half * second, third * first, third * first - half * second)


def _entries(left: sp.Matrix, right: tuple[sp.Expr, ...] | sp.Matrix) -> Boolean:
    return sp.And(*(equal(sp.expand(x), sp.expand(y)) for x, y in zip(left, right, strict=True)))


def _norm_sq(vector: sp.Matrix) -> sp.Expr:
    return sp.expand((vector.T * vector)[0, 0])


# With σ̃0² = 1 and σ̃1² = r, entry (i, j) of Σ = CᵀΣ̃C is Cov(x_i, x_j).
_covariance = (_C3.T * sp.diag(1, _r, 0) * _C3).applyfunc(sp.expand)


def _correlation_sq(i: int, j: int) -> sp.Expr:
    return sp.cancel(_covariance[i, j] ** 2 / (_covariance[i, i] * _covariance[j, j]))


_PAIRS = ((0, 1), (0, 2), (1, 2))
_NEIGHBOURS = {
    "x_0 and x_1": equal(_correlation_sq(0, 1), 2 / (2 + 3 * _r)),
    "x_1 and x_2": equal(_correlation_sq(1, 2), 2 / (2 + 3 * _r)),
    "both are positive": sp.And(_covariance[0, 1] > 0, _covariance[1, 2] > 0),
}


def _rearranged(vector: sp.Matrix, order: tuple[int, ...]) -> sp.Matrix:
    return sp.Matrix([vector[i] for i in order])


def _third_coefficient(order: tuple[int, ...]) -> sp.Expr:
    """x̃_2 of the data with dimensions rearranged."""
    return sp.expand((_C3 * _rearranged(_x, order))[2])


_ORDERS = tuple(permutations(range(3)))

CLAIMS = (
    Claim(
        id="4.D.3.1",
        where="§4.D.3, the two displays",
        says="The spatial forms of the data (X̃_0, X̃_1, 0) and of the minimizer (w̃*_0, w̃*_1, 0).",
        published=lambda: for_all(
            sp.And(_entries(_x, _as_printed(_X0, _X1)), _entries(_w_star, _as_printed(_w0, _w1)))
        ),
        expects=Status.PROVED,
        note="The text calls the second a frequency-domain form, and the way to the first a DCT; "
        "both are inverse transforms, into the spatial domain.",
    ),
    Claim(
        id="4.D.3.2",
        where="§4.D.3",
        says="Any dimension of these data is a linear combination of the other two.",
        published=lambda: all_of(
            "x_0 − 2x_1 + x_2 = 0, solved for each dimension",
            {
                "x_0": equal(sp.expand(2 * _x[1] - _x[2]), _x[0]),
                "x_1": equal(sp.expand((_x[0] + _x[2]) / 2), _x[1]),
                "x_2": equal(sp.expand(2 * _x[1] - _x[0]), _x[2]),
            },
        ),
        expects=Status.PROVED,
        note="Of these data: row 2 of C has no zero. With X̃_1 = 0 instead (row 5 of Table 4.8) "
        "x_0 = x_2, and x_1 is no combination of them.",
    ),
    Claim(
        id="4.D.3.3",
        where="§4.D.3",
        says="One irrelevant frequency corresponds to one redundant dimension.",
        published=lambda: derived(
            "for every d, the relations ⟨a, x⟩ = 0 that hold almost surely are those with ã_i = 0 "
            "at each frequency of positive variance: as many independent ones as variances of zero",
            "⟨a, x⟩ = ⟨ã, x̃⟩ has variance Σ σ̃_i² ã_i², a sum of terms ≥ 0",
            {
                "in the frequency domain": equal(
                    _weights.T * (C.T * _spectrum), (C * _weights).T * _spectrum
                ),
                "a term vanishes": Statement(
                    sp.Equivalent(
                        sp.Eq(residual_variance([_s], [_coefficient]), 0),
                        sp.Or(sp.Eq(_s, 0), sp.Eq(_coefficient, 0)),
                    )
                ),
                "d = 3: the relation is x_0 − 2x_1 + x_2 = 0, up to a factor": Statement(
                    sp.And(sp.Eq(_a[1], -2 * _a[0]), sp.Eq(_a[2], _a[0])),
                    (
                        sp.Eq(sum((_a[j] * _C3[0, j] for j in range(3)), sp.Integer(0)), 0),
                        sp.Eq(sum((_a[j] * _C3[1, j] for j in range(3)), sp.Integer(0)), 0),
                    ),
                ),
            },
        ),
        expects=Status.PROVED,
        note="Redundant dimensions are counted by independent linear relations: d less the rank.",
    ),
    Claim(
        id="4.D.3.4",
        where="§4.D.3",
        says="There exist dimensions that are highly correlated with each other: for r < 1/3, as "
        "assumed of these data in §4.4.2.",
        published=lambda: derived(
            "0 < r = σ̃1²/σ̃0² < 1/3:  Corr(x_0, x_1) = Corr(x_1, x_2) = √(2/(2 + 3r)) > √(2/3), "
            "which is above 4/5",
            "a correlation that is positive is the root of its square; the root is monotone",
            {
                **_NEIGHBOURS,
                "the square": Statement(
                    _correlation_sq(0, 1) > sp.Rational(2, 3), (_r < sp.Rational(1, 3),)
                ),
                "√(2/3) > 4/5": sp.Gt(
                    sp.sqrt(sp.Rational(2, 3)), sp.Rational(4, 5), evaluate=False
                ),
            },
            {
                "r < 1/3: some two have a squared correlation above 16/25": Statement(
                    sp.Or(*(_correlation_sq(i, j) > sp.Rational(16, 25) for i, j in _PAIRS)),
                    (_r < sp.Rational(1, 3),),
                )
            },
        ),
        expects=Status.PROVED,
        note="Of x_0 and x_2 the correlation is (2 − 3r)/(2 + 3r), above 1/3 for r < 1/3. For "
        "larger r the dimensions may be less correlated: each two by ½ in size for r = 2, where "
        "the largest of the three is least. Perfect for every r is the correlation of one "
        "dimension with a combination of the others (4.D.3.2).",
    ),
    Claim(
        id="4.D.3.5",
        where="§4.D.3, with its footnote",
        says="w* + w̃_2 v is a standard-risk minimizer for every w̃_2, and Cᵀ(0, 0, w̃_2) = w̃_2 v.",
        published=lambda: all_of(
            "C(w* + cv) = (w̃*_0, w̃*_1, c), of standard risk 0",
            {
                "footnote": Statement(_entries(_C3.T * sp.Matrix([0, 0, _c]), _c * _v)),
                "weights": Statement(_entries(_C3 * (_w_star + _c * _v), (_w0, _w1, _c))),
                "risk": equal(
                    standard_risk(
                        residual_variance([_s0, _s1, sp.Integer(0)], [_w0 - _w0, _w1 - _w1, _c])
                    ),
                    0,
                ),
            },
        ),
        expects=Status.PROVED,
        note="The text has one sign, w̃_2, for the number and for the vector.",
    ),
    Claim(
        id="4.D.3.6",
        where="§4.D.3",
        says="v and w* are orthogonal, and v has norm 1.",
        published=lambda: all_of(
            "⟨v, w*⟩ = 0, ‖v‖ = 1",
            {
                "orthogonal": equal(sp.expand((_v.T * _w_star)[0, 0]), 0),
                "norm": equal(_norm_sq(_v), 1),
            },
        ),
        expects=Status.PROVED,
        note="The norm is implied where the text adds |w̃_2|. The w* is the one with w̃*_2 = 0.",
    ),
    Claim(
        id="4.D.3.7",
        where="§4.D.3",
        says="‖w* + w̃_2 v‖ = ‖w*‖ + |w̃_2|.",
        published=lambda: for_all(
            equal(sp.sqrt(_norm_sq(_w_star + _c * _v)), sp.sqrt(_norm_sq(_w_star)) + sp.Abs(_c))
        ),
        correction="‖w* + w̃_2 v‖² = ‖w*‖² + w̃_2²; without the squares only if w* = 0 or w̃_2 = 0.",
        corrected=lambda: all_of(
            "‖w* + cv‖² = ‖w*‖² + c²;  √(n² + c²) = n + |c| if and only if n = 0 or c = 0",
            {
                "squares": equal(_norm_sq(_w_star + _c * _v), _norm_sq(_w_star) + _c**2),
                "as printed": Statement(
                    sp.Equivalent(
                        sp.Eq(_n**2 + _c**2, (_n + sp.Abs(_c)) ** 2),
                        sp.Or(sp.Eq(_n, 0), sp.Eq(_c, 0)),
                    )
                ),
            },
        ),
        slip="the squares are missing",
        expects=Status.REFUTED,
        note="Orthogonal vectors: Pythagoras. The printed sum is too large.",
    ),
    Claim(
        id="4.D.3.8",
        where="§4.D.3",
        says="The norm of the weight grows with |w̃_2|.",
        published=lambda: for_all(
            sp.sqrt(_n**2 + _c_1**2) < sp.sqrt(_n**2 + _c_2**2), sp.Abs(_c_1) < sp.Abs(_c_2)
        ),
        expects=Status.PROVED,
        note="With the mended norm of 4.D.3.7. That a greater norm is less robust is 4.10.3.",
    ),
    Claim(
        id="4.D.3.9",
        where="§4.D.3",
        says="An irrelevant frequency is a sufficient, not a necessary condition for redundancy.",
        published=lambda: derived(
            "sufficient: X̃_k = 0 makes x_0 a combination of the others, for every d; not "
            "necessary: x_1, x_0, x_2 are redundant, and each of their frequencies has energy",
            "row k of Cx = x̃; and a relation does not depend on the order of its terms",
            {
                **PREDICTABLE,
                "the relation": equal(sp.expand(_x[0] - 2 * _x[1] + _x[2]), 0),
                **{
                    f"frequency {k} of x_1, x_0, x_2 has energy": Possible(
                        sp.Ne(sp.expand((_C3 * _rearranged(_x, (1, 0, 2)))[k]), 0)
                    )
                    for k in range(3)
                },
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.D.3.10",
        where="§4.D.3",
        says="Rearranging the dimensions of x and w* preserves the redundancy, and no longer "
        "guarantees zero entries in x̃ and w̃*.",
        published=lambda: derived(
            "for all six orders the relation and the output persist; x̃_2 stays 0 for two of them, "
            "the order kept and reversed, and is a multiple of X̃_1 for the other four",
            "a sum does not depend on the order of its terms",
            {
                "the relation": equal(sp.expand(_x[0] - 2 * _x[1] + _x[2]), 0),
                **{
                    f"x̃_2, order {order}": (
                        Statement(equal(_third_coefficient(order), 0))
                        if order[1] == 1
                        else Possible(sp.Ne(_third_coefficient(order), 0))
                    )
                    for order in _ORDERS
                },
            },
        ),
        expects=Status.PROVED,
        note="For w̃* the algebra is the same, w̃*_1 in the place of X̃_1.",
    ),
)
