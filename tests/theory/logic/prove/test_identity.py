"""Identities of numbers and of matrices."""

import pytest
import sympy as sp
from sympy import And

from theory.logic.findings import Status
from theory.logic.prove import identity, matrix, settle
from theory.logic.statements import Statement, equal

x, y = sp.symbols("x y", real=True)


def test_identity_keeps_to_equations():
    assert identity.settle(Statement(x > 0)).status is Status.UNKNOWN
    assert identity.settle(Statement(And(equal(x, x), x > 0))).status is Status.UNKNOWN


def test_a_failure_of_sympy_shows_nothing(monkeypatch):
    def fail(expr):
        raise AttributeError("'Equality' object has no attribute 'diff'")

    true, false = Statement(equal((x + y) ** 2, x**2 + 2 * x * y + y**2)), Statement(equal(x, y))
    for name in identity._NORMAL_FORMS:
        monkeypatch.setitem(identity._NORMAL_FORMS, name, fail)
        expected = Status.PROVED if name != "simplification" else Status.UNKNOWN
        assert identity._settle(false).status is Status.UNKNOWN
        assert identity._settle(true).status is expected


C, d = matrix.C, matrix.d
X, Y = (sp.MatrixSymbol(name, d, d) for name in "XY")


@pytest.mark.parametrize(
    ("left", "right", "status"),
    [
        (C * C.T * X, X, Status.PROVED),
        (X * C.T * C * Y, X * Y, Status.PROVED),
        ((X * Y).T, Y.T * X.T, Status.PROVED),
        (C.T * (X + Y) * C, C.T * X * C + C.T * Y * C, Status.PROVED),
        (X * Y, Y * X, Status.UNKNOWN),
        (C.T * X * C, X, Status.UNKNOWN),
        (C * C, sp.Identity(d), Status.UNKNOWN),
        (X * X.T, sp.Identity(d), Status.UNKNOWN),
        (2 * X, X, Status.UNKNOWN),
        (sp.MatMul(X, sp.Inverse(X)), sp.Identity(d), Status.UNKNOWN),
    ],
)
def test_matrix_identities(left, right, status):
    assert settle(Statement(equal(left, right))).status is status
