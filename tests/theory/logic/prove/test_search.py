"""What the search for counterexamples finds, and that it proves nothing."""

import sympy as sp
from sympy import Ne, Or

from theory.logic.findings import Status
from theory.logic.prove import search, settle
from theory.logic.statements import Statement

x, y = sp.symbols("x y", real=True)


def test_search_proves_nothing():
    assert search.settle(Statement(x**2 >= 0), examples=50).status is Status.UNKNOWN
    assert search.settle(Statement(x**2 >= 1)).status is Status.REFUTED


def test_search_of_a_symbol_without_values():
    nothing = sp.Symbol("u", transcendental=True, real=True)
    assert search.settle(Statement(nothing > 0)).status is Status.UNKNOWN


def test_counterexamples_with_roots():
    for formula in (Ne(x**2, 2), Ne(x**2 - 2 * x, 1), Or(x >= 0, Ne(3 * x**2, 2))):
        assert settle(Statement(formula), 5.0).status is Status.REFUTED
    assert settle(Statement(Ne(x**2, 5)), 1.0).status is Status.UNKNOWN
