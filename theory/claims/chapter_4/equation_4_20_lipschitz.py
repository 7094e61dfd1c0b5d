"""Section 4.5: Lipschitz constants of a ReLU layer and of compositions, and Table 4.1.

Norms are ℓp with p ≥ 1; L(f) is the least Lipschitz constant of f, and ‖W‖_p the operator norm.
"""

from itertools import groupby

import sympy as sp

from theory.logic.arguments import all_of, derived
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.numbers import exact
from theory.logic.statements import Boolean, Statement, equal
from theory.model.lipschitz import one_input_constant, one_input_constant_sq, relu
from theory.published import rows

_z, _h, _x, _y, _a, _b, _u, _v, _shift = sp.symbols("z h x y a b u v beta", real=True)
_rest, _L1, _L2, _input, _middle, _output, _product = sp.symbols(
    "R L_1 L_2 D_in D_mid D_out P", nonnegative=True
)
_t, _T = sp.symbols("t T", nonnegative=True)
_change = sp.Abs(relu(_z + _h) - relu(_z))

# Two units of one input: W = (a, b)ᵀ, of which ‖W‖_1 = |a| + |b| and ‖W‖_2² = a² + b².
_l1 = one_input_constant((_a, _b))
_l2_sq = one_input_constant_sq((_a, _b))
_unit = sp.Abs(relu(_a * _x) - relu(_a * _y))
_two_units = _unit + _unit.subs(_a, _b)
# Sums of ReLU(w_i) and of ReLU(−w_i) over the units.
_right, _left = sp.symbols("S_right S_left", nonnegative=True)

_RELU_LEMMAS = {
    "one unit": Statement(_change <= sp.Abs(_h)),
    "an entry of a p-norm, p < ∞: squares": Statement(
        _u**2 + _rest <= _v**2 + _rest, (sp.Abs(_u) <= sp.Abs(_v),)
    ),
    "an entry of a p-norm, p = ∞": Statement(
        sp.Max(sp.Abs(_u), _rest) <= sp.Max(sp.Abs(_v), _rest), (sp.Abs(_u) <= sp.Abs(_v),)
    ),
}


def _table() -> dict[str, list[dict[str, str]]]:
    """Rows of Table 4.1 for each data set, SGD's first."""
    return {k: list(g) for k, g in groupby(rows("table_4_1"), lambda row: row["dataset"])}


def _sgd_has(column: str, group: list[dict[str, str]], sign: int) -> Boolean:
    """SGD's entry is less (sign 1) or greater (sign −1) than each of the others."""
    sgd, *others = (sign * exact(row[column]) for row in group)
    return sp.And(*(sp.Lt(sgd, other, evaluate=False) for other in others))


CLAIMS = (
    Claim(
        id="4.20.1",
        where="§4.5, first display",
        says="‖ReLU(W(x + Δx)) − ReLU(Wx)‖ ≤ ‖WΔx‖ ≤ ‖W‖‖Δx‖ in any ℓp norm.",
        published=lambda: derived(
            "for all W, x, Δx and p ≥ 1",
            "entry by entry |ReLU(z + h) − ReLU(z)| ≤ |h|, and an ℓp norm grows with the size of "
            "each entry, as t ↦ tᵖ does; the second inequality defines the operator norm",
            _RELU_LEMMAS,
            {"one unit": Statement(_change <= sp.Abs(_h))},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.20.2",
        where="§4.5, below the first display",
        says="The Lipschitz constant of a single ReLU layer is exactly the operator norm of its "
        "weight.",
        published=lambda: all_of(
            "L(x ↦ ReLU(Wx)) = ‖W‖_p for every W",
            {"two units of one input, p = 1": Statement(equal(_l1, sp.Abs(_a) + sp.Abs(_b)))},
        ),
        correction="It is the greatest ‖W_S‖_p, where W_S keeps the rows S(x) = {i : (Wx)_i > 0} "
        "of some input x: ‖W‖_p where an input activates every unit, and always for p = ∞. For "
        "W = (a, b)ᵀ and p = 1 or 2 it is ‖W‖_p if and only if ab ≥ 0.",
        corrected=lambda: derived(
            "L(x ↦ ReLU(Wx)) = max over x of ‖W_S(x)‖_p, at most ‖W‖_p",
            "at most: a segment falls into pieces on which no (Wx)_i changes sign, where the layer "
            "is W_S for the active S, and the pieces' lengths add up. At least: near x the rows "
            "in S(x) stay active, and others can only add to the norm. For p = ∞ one row suffices",
            {
                "active units are linear": Statement(
                    equal(relu(_z + _h) - relu(_z), _h), (_z >= 0, _z + _h >= 0)
                ),
                "inactive units are constant": Statement(
                    equal(relu(_z + _h) - relu(_z), 0), (_z <= 0, _z + _h <= 0)
                ),
                "near x the active stay so": Statement(_z + _h > 0, (_z > 0, sp.Abs(_h) < _z)),
                "pieces add up": Statement(
                    _u + _v <= _L1 * (_t + _T), (_u <= _L1 * _t, _v <= _L1 * _T)
                ),
                "one input, one unit, to the right of 0": Statement(
                    equal(_unit, relu(_a) * sp.Abs(_x - _y)), (_x >= 0, _y >= 0)
                ),
                "one input, one unit, to the left of 0": Statement(
                    equal(_unit, relu(-_a) * sp.Abs(_x - _y)), (_x <= 0, _y <= 0)
                ),
                "one input, one unit, across 0": Statement(
                    equal(_unit, relu(_a) * _x - relu(-_a) * _y), (_x > 0, _y < 0)
                ),
                "one input, p = 1: units add up to a Lipschitz constant across 0": Statement(
                    _right * _x - _left * _y <= sp.Max(_right, _left) * (_x - _y), (_x > 0, _y < 0)
                ),
                "W = (a, b)ᵀ, p = 1: attained from 0 to 1 or to −1": Statement(
                    equal(
                        _l1,
                        sp.Max(_two_units.subs({_x: 1, _y: 0}), _two_units.subs({_x: -1, _y: 0})),
                    )
                ),
                "W = (a, b)ᵀ, p = 1: the operator norm if and only if ab ≥ 0": Statement(
                    sp.Equivalent(sp.Eq(_l1, sp.Abs(_a) + sp.Abs(_b)), _a * _b >= 0)
                ),
                "W = (a, b)ᵀ, p = 2: the operator norm if and only if ab ≥ 0": Statement(
                    sp.Equivalent(sp.Eq(_l2_sq, _a**2 + _b**2), _a * _b >= 0)
                ),
            },
        ),
        only_if="some input activates units S with ‖W_S‖_p = ‖W‖_p",
        expects=Status.REFUTED,
        note="As a bound ‖W‖_p is right; see 4.20.1. The text takes L as the least constant.",
    ),
    Claim(
        id="4.20.3",
        where="§4.5, before (4.20)",
        says="A composition of functions with constants L_1, …, L_N has L ≤ L_1 ⋯ L_N.",
        published=lambda: derived(
            "for any number of functions and any norms in between",
            "induction on N; for N = 1 there is nothing to show",
            {
                "one more": Statement(
                    _output <= (_L2 * _product) * _input,
                    (_output <= _L2 * _middle, _middle <= _product * _input),
                )
            },
        ),
        expects=Status.PROVED,
        note="For functions between spaces ℝᵈ; the definition above it has ℝ.",
    ),
    Claim(
        id="4.20.4",
        where="§4.5, (4.20)",
        says="L(f) ≤ Π L(φ_i); for linear and ReLU layers the product is that of operator norms.",
        published=lambda: derived(
            "L(ReLU) = 1 in any ℓp norm, L(x ↦ Wx + β) = ‖W‖_p, and so L(f) ≤ Π ‖W_i‖_p",
            "4.20.3; and the least constant of a linear map is its operator norm, by definition",
            {
                **_RELU_LEMMAS,
                "attained": equal(relu(sp.Integer(1)) - relu(sp.Integer(0)), 1),
                "an offset cancels": equal((_a * _x + _shift) - (_a * _y + _shift), _a * (_x - _y)),
                "one more": Statement(
                    _output <= (_L2 * _product) * _input,
                    (_output <= _L2 * _middle, _middle <= _product * _input),
                ),
            },
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.20.5",
        where="§4.5, after (4.20)",
        says="The bound (4.20) is not attained in general.",
        published=lambda: all_of(
            "x ↦ ReLU(−ReLU(x)) is 0, and the product of its constants is 1",
            {
                "L(f) = 0": equal(relu(-relu(_x)), 0),
                "the product": equal(sp.Integer(1) * sp.Abs(sp.Integer(-1)) * sp.Integer(1), 1),
                "the constant of ReLU is not less": equal(
                    relu(sp.Integer(1)) - relu(sp.Integer(0)), 1
                ),
            },
        ),
        expects=Status.PROVED,
        note="It can be attained: by one linear layer, say.",
    ),
    Claim(
        id="4.20.6",
        where="§4.5, Table 4.1",
        says="For each data set the bound is smallest, and the accuracy under perturbations "
        "greatest, for the networks trained by SGD.",
        published=lambda: all_of(
            "in each of the seven columns of Table 4.1, as printed",
            {
                **{
                    f"{name}: bound": Statement(_sgd_has("bound", group, 1))
                    for name, group in _table().items()
                },
                **{
                    f"{name}: accuracy": Statement(_sgd_has("accuracy", group, -1))
                    for name, group in _table().items()
                },
            },
        ),
        expects=Status.PROVED,
        note="About the printed numbers, means over three runs without a spread. The bounds differ "
        "by as little as 3 % (CIFAR-100: 40.41 beside 41.71). Between Adam and RMSProp the order "
        "of the accuracies is not that of the bounds for SVHN and Imagenette.",
    ),
)
