"""The function that people settle their own claims with."""

import pytest
import sympy as sp

from theory import settle as settle_formula
from theory.findings import Status

x, y = sp.symbols("x y", real=True)


def test_settle_formula():
    assert settle_formula(x > 1, x**2 > 1).status is Status.PROVED
    assert settle_formula([x > 1, y > 1], x * y > 1).status is Status.PROVED
    assert settle_formula([], sp.true).status is Status.PROVED
    assert settle_formula(sp.true, x**2 - 2 * x + 1 >= 0).status is Status.PROVED
    for compared in (x == y, x != y):
        with pytest.raises(TypeError, match="== and != compare how expressions are written"):
            settle_formula([], compared)
    refuted = settle_formula([], x**2 > 0)
    assert refuted.status is Status.REFUTED
    assert "x = 0" in refuted.explanation
    unknown = settle_formula([], sp.exp(x) > x)
    assert unknown.status is Status.UNKNOWN
    assert "exp(x)" in unknown.explanation


@pytest.mark.parametrize("bad", [x, 3, "x > 0", None, object(), x + 1])
def test_settle_takes_formulas_only(bad):
    with pytest.raises(TypeError, match="expected a formula such as"):
        settle_formula([], bad)
    with pytest.raises(TypeError, match="expected a formula such as"):
        settle_formula(bad, x > 0)
    with pytest.raises(TypeError, match="expected a formula such as"):
        settle_formula([x > 0, bad], x > 0)


@pytest.mark.parametrize("timeout", [0, -1.0, float("nan")])
def test_settle_takes_a_positive_timeout(timeout):
    with pytest.raises(ValueError, match="timeout: expected seconds > 0"):
        settle_formula([], x > 0, timeout=timeout)
