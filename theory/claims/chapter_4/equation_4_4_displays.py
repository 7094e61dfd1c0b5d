"""Section 4.2.2: the cosine sum, the matrix written out, and what its rows are."""

import sympy as sp

from theory.logic.arguments import all_of, derived, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import C, d
from theory.logic.statements import Statement, equal
from theory.model.dct import cosine, dct_entry, dct_scale

_j, _k, _l = sp.symbols("j k l", integer=True, nonnegative=True)
_d = sp.Symbol("d", integer=True, positive=True)
_sum, _x = sp.symbols("S x_j", real=True)
_signal, _column = sp.MatrixSymbol("x", d, d), sp.MatrixSymbol("x", d, 1)


def _plain(size: sp.Expr | int) -> sp.Expr:
    return sp.sqrt(sp.Integer(1) / size)


def _wave(k: sp.Expr | int, j: sp.Expr | int, size: sp.Expr | int) -> sp.Expr:
    """Entry of the matrix as it is written there: √(2/d) cos(π(2j + 1)k/(2d))."""
    return sp.sqrt(sp.Integer(2) / size) * sp.cos(sp.pi * (2 * j + 1) * k / (2 * size))


def _extracted(size: int) -> dict[tuple[int, int], sp.Expr]:
    """First two and last columns of the rows 0, 1 and d − 1, as the text has them."""
    last = size - 1
    return {
        (0, 0): _plain(size),
        (0, 1): _wave(1, 0, size),
        (0, last): _wave(1, last, size),
        (1, 0): _wave(1, 1, size),
        (1, 1): _plain(size),
        (1, last): _plain(size),
        (last, 0): _wave(last, 0, size),
        (last, 1): _wave(last, 1, size),
        (last, last): _plain(size),
    }


CLAIMS = (
    Claim(
        id="4.4-display.1",
        where="§4.2.2, before (4.4)",
        says="The sum of x_j cos[π/d (j + ½) k] over j is (Cx)_k, with the C of (4.4).",
        published=lambda: for_all(equal(dct_scale(_k, _d) * _sum, _sum), _k <= _d - 1),
        correction="(Cx)_k is √(α_k/d) times the sum; the factor is 1 for d = 1, and for d = 2, "
        "k = 1 only.",
        corrected=lambda: derived(
            "(Cx)_k = √(α_k/d) Σ_j x_j cos[π/d (j + ½) k]",
            "each term of the sum has the factor, which does not depend on j",
            {
                "each term": equal(
                    dct_entry(_k + 1, _j, _d) * _x,
                    dct_scale(_k + 1, _d) * (cosine(_k + 1, _j, _d) * _x),
                ),
                "each term, k = 0": equal(
                    dct_entry(0, _j, _d) * _x, dct_scale(0, _d) * (cosine(0, _j, _d) * _x)
                ),
                "where the factor is 1": Statement(
                    sp.Equivalent(
                        sp.Eq(dct_scale(_k, _d), 1),
                        sp.Or(
                            sp.And(sp.Eq(_d, 1), sp.Eq(_k, 0)), sp.And(sp.Eq(_d, 2), sp.Eq(_k, 1))
                        ),
                    ),
                    (_k <= _d - 1,),
                ),
            },
        ),
        slip="the factor √(α_k/d) of (4.4) is left out of the sum",
        expects=Status.REFUTED,
        note="S is the sum. It takes every value, as the cosine at j = 0 is not zero for k < d.",
    ),
    Claim(
        id="4.4-display.2",
        where="§4.2.2, after (4.4)",
        says="The matrix written out there is the C of (4.4).",
        published=lambda: all_of(
            "for d = 3, the legible entries are those of (4.4)",
            {
                f"row {k}, column {j}": Statement(equal(entry, dct_entry(k, j, 3)))
                for (k, j), entry in _extracted(3).items()
            },
        ),
        correction="Row 0 is √(1/d) throughout, and row k > 0 has √(2/d) cos(π(2j + 1)k/(2d)) in "
        "column j.",
        corrected=lambda: all_of(
            "C_0j = √(1/d), and C_kj = √(2/d) cos(π(2j + 1)k/(2d)) for k > 0, for every d",
            {
                "row 0": equal(dct_entry(0, _j, _d), _plain(_d)),
                "rows k > 0": equal(dct_entry(_k + 1, _j, _d), _wave(_k + 1, _j, _d)),
            },
        ),
        slip="entries of the rows 0 and 1 stand in each other's places, √(1/d) among them",
        expects=Status.REFUTED,
        note="Most likely garbled when the text was taken from its PDF: the right entries of rows "
        "0 and 1 are all there, in the wrong places.",
    ),
    Claim(
        id="4.4-display.3",
        where="§4.2.2, after (4.4)",
        says="A later row of C has a higher frequency.",
        published=lambda: for_all(
            sp.And(_k / (2 * _d) < _l / (2 * _d), _l / (2 * _d) < sp.Rational(1, 2)),
            _k < _l,
            _l <= _d - 1,
        ),
        expects=Status.PROVED,
        note="Row k has k/(2d) periods a sample, always below the ½ at which samples would be "
        "taken for those of a lower frequency.",
    ),
    Claim(
        id="4.4-display.4",
        where="§4.2.2",
        says="The two-dimensional transform and inverse undo each other, in either order, and keep "
        "the energy.",
        published=lambda: derived(
            "CᵀCxCᵀC = x, CCᵀx̃CCᵀ = x̃, tr (CxCᵀ)ᵀCxCᵀ = tr xᵀx",
            "tr CGCᵀ = tr GCᵀC = tr G, as a trace does not change when factors are cycled",
            {
                "there and back": equal(C.T * (C * _signal * C.T) * C, _signal),
                "back and there": equal(C * (C.T * _signal * C) * C.T, _signal),
                "energy": equal(
                    (C * _signal * C.T).T * (C * _signal * C.T), C * (_signal.T * _signal) * C.T
                ),
                "CᵀC = I": equal(C.T * C * _column, _column),
            },
        ),
        expects=Status.PROVED,
    ),
)
