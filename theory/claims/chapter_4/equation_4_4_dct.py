"""Section 4.2.2: the DCT matrix of (4.4) is orthogonal; Parseval; the inverse transforms."""

import sympy as sp

from theory.logic.arguments import derived, for_all
from theory.logic.evidence import Argument, Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import C, d
from theory.logic.statements import Statement, equal
from theory.model.dct import dct_entry, dct_matrix

_SIZES = (1, 2, 3, 4, 6)

_n, _k, _l = sp.symbols("n k l", integer=True, nonnegative=True)
_m = sp.Symbol("m", integer=True)
_x, _y, _theta = sp.symbols("x y theta", real=True)
_half = sp.Rational(1, 2)

# With θ_k = πk/d, row k of C is √(α_k/d) cos((j+½)θ_k). The product of two cosines is half the sum
# of the cosines of difference and sum, and 2 sin(θ/2) cos((j+½)θ) telescopes over j to sin(dθ),
# which is 0 at θ = πm/d, while sin(θ/2) is not 0 for 0 < m < 2d.
_LEMMAS = {
    "product to sum": equal(
        sp.cos(_x) * sp.cos(_y), _half * sp.cos(_x - _y) + _half * sp.cos(_x + _y)
    ),
    "telescoping: no terms": equal(sp.sin(0 * _theta), 0),
    "telescoping: one more term": equal(
        sp.sin(_n * _theta) + 2 * sp.sin(_theta / 2) * sp.cos((_n + _half) * _theta),
        sp.sin((_n + 1) * _theta),
    ),
    "sin(dθ) = 0 at θ = πm/d": equal(sp.sin(d * (sp.pi * _m / d)), 0),
    "0 < θ/2 < π at θ = πm/d for 0 < m < 2d": Statement(
        sp.And(_m / (2 * d) > 0, _m / (2 * d) < 1), (_m > 0, _m < 2 * d)
    ),
    "l − k and l + k lie strictly between 0 and 2d": Statement(
        sp.And(_l - _k > 0, _l - _k < 2 * d, _l + _k > 0, _l + _k < 2 * d), (_k < _l, _l <= d - 1)
    ),
    "2k lies strictly between 0 and 2d": Statement(
        sp.And(2 * _k > 0, 2 * _k < 2 * d), (_k >= 1, _k <= d - 1)
    ),
    "row 0 has norm 1": equal(d * dct_entry(0, _n, d) ** 2, 1),
    "rows k > 0 have norm 1": equal(
        (dct_entry(_k + 1, _n, d) / sp.cos(sp.pi / d * (_n + _half) * (_k + 1))) ** 2 * d / 2, 1
    ),
}


def _instances() -> dict[str, Statement]:
    return {
        f"d = {size}": Statement(
            sp.And(
                *(
                    equal((dct_matrix(size) * dct_matrix(size).T)[i, j], int(i == j))
                    for i in range(size)
                    for j in range(i, size)
                )
            )
        )
        for size in _SIZES
    }


def _given_orthogonality(*equations: tuple[sp.MatrixExpr, sp.MatrixExpr]) -> Argument:
    return for_all(sp.And(*(equal(left, right) for left, right in equations)))


_signal = sp.MatrixSymbol("x", d, 1)
_image = sp.MatrixSymbol("x", d, d)

CLAIMS = (
    Claim(
        id="4.4-orthogonal.1",
        where="§4.2.2, after (4.4)",
        says="The d × d matrix C of (4.4) is orthogonal, whatever d is.",
        published=lambda: derived(
            "C Cᵀ = I for every d ≥ 1",
            "off the diagonal both cosine sums telescope to 0; on it they leave d (k = 0) or d/2",
            _LEMMAS,
            _instances(),
        ),
        expects=Status.PROVED,
        note=f"Instances checked exactly for d in {_SIZES}.",
    ),
    Claim(
        id="4.2.2-parseval.1",
        where="§4.2.2",
        says="Signal and transform have the same energy: E(x) = E(x̃).",
        published=lambda: _given_orthogonality(
            ((C * _signal).T * (C * _signal), _signal.T * _signal)
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.2.2-parseval.2",
        where="§4.2.2",
        says="The inverse transform is x = C⁻¹x̃ = Cᵀx̃.",
        published=lambda: _given_orthogonality(
            (C.T * (C * _signal), _signal), (C * C.T, sp.Identity(d))
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.2.2-parseval.3",
        where="§4.2.2",
        says="In two dimensions x̃ = CxCᵀ has the inverse x = Cᵀx̃C.",
        published=lambda: _given_orthogonality((C.T * (C * _image * C.T) * C, _image)),
        expects=Status.PROVED,
    ),
)
