"""Section 4.D.1: what variances of zero do to the data, in either domain."""

import sympy as sp

from theory.logic.arguments import all_of, derived
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.prove.matrix import C, d
from theory.logic.statements import Statement, equal
from theory.model.dct import dct_entry, dct_matrix
from theory.model.risk import gaussian_expectation
from theory.published import rows

_z = sp.Symbol("z", real=True)
_v = sp.Symbol("v", nonnegative=True)
_k = sp.Symbol("k", integer=True, nonnegative=True)
_d = sp.Symbol("d", integer=True, positive=True)
_spectrum = sp.MatrixSymbol("x_tilde", d, 1)
_half = sp.Rational(1, 2)
_table = rows("table_4_8")


def _prediction(k: int) -> Statement:
    """For d = 3 and X̃_k = 0 the first dimension of x is a combination of the others."""
    C3 = dct_matrix(3)
    spectrum = sp.Matrix([0 if i == k else sp.Symbol(f"X_{i}", real=True) for i in range(3)])
    x = C3.T * spectrum
    others = sum((C3[k, j] * x[j] for j in (1, 2)), sp.Integer(0))
    return Statement(equal(x[0], sp.expand(-others / C3[k, 0])))


def _zero_variances(row: dict[str, str]) -> sp.Expr:
    """Number of zeros on the diagonal of Σ̃, in a row of Table 4.8."""
    return sp.Integer(row["variances"].count("0"))


# Row k of Cx = x̃ says Σ_j C_kj x_j = X̃_k, and C_k0 is a positive factor times the cosine of
# πk/(2d), an angle from 0 to below π/2. So with X̃_k = 0 the first dimension is a combination of
# the others, for every d.
PREDICTABLE = {
    "Cx = x̃": equal(C * (C.T * _spectrum), _spectrum),
    "the angle, as a share of π": Statement(
        sp.And(_k / (2 * _d) >= 0, _k / (2 * _d) < _half), (_k <= _d - 1,)
    ),
    "C_k0 for k > 0": equal(
        dct_entry(_k + 1, 0, _d), sp.sqrt(sp.Integer(2) / _d) * sp.cos(sp.pi * (_k + 1) / (2 * _d))
    ),
    "C_00": equal(dct_entry(0, 0, _d) ** 2 * _d, 1),
}

CLAIMS = (
    Claim(
        id="4.D.1.1",
        where="§4.D.1, below Table 4.8",
        says="With an irrelevant frequency some spatial dimension is fully predictable from the "
        "others.",
        published=lambda: derived(
            "X̃_k = 0:  x_0 = −Σ_{j>0} (C_kj/C_k0) x_j, for every d and k",
            "row k of Cx = x̃ says Σ_j C_kj x_j = X̃_k = 0, and C_k0 is a positive factor times the "
            "cosine of πk/(2d), an angle from 0 to below π/2, so it is not 0",
            {**PREDICTABLE, **{f"d = 3, k = {k}": _prediction(k) for k in range(3)}},
            {f"d = 3, k = {k}": _prediction(k) for k in range(3)},
        ),
        expects=Status.PROVED,
        note="For d ≥ 2. The first dimension always is, by symmetry the last too; others need not "
        "be: with X̃_1 = 0, row 5 of Table 4.8, the middle one is free.",
    ),
    Claim(
        id="4.D.1.2",
        where="§4.D.1 and §4.4.1",
        says="The data have the value 0 at an irrelevant frequency.",
        published=lambda: derived(
            "σ̃_i² = 0:  X̃_i = 0 almost surely",
            "E[X̃_i²] = 0, and X̃_i² ≥ 0",
            {"E[X̃_i²] = σ̃_i²": equal(gaussian_expectation(_z**2, _z, _v), _v)},
        ),
        expects=Status.PROVED,
    ),
    Claim(
        id="4.D.1.3",
        where="§4.D.1, below Table 4.8",
        says="The first six rows of Table 4.8 are those with a variance of zero.",
        published=lambda: all_of(
            "rows 1 to 6 have at least one, and row 7 has none",
            {
                f"row {row['row']}": Statement(
                    sp.Gt(_zero_variances(row), 0, evaluate=False)
                    if int(row["row"]) <= 6
                    else equal(_zero_variances(row), 0)
                )
                for row in _table
            },
        ),
        expects=Status.PROVED,
        note="Of these, rows 2 to 4 have σ̃0² = 0, though the frequency 0 is always relevant "
        "(§4.4.1): the section does not assume a positive variance at relevant frequencies.",
    ),
)
