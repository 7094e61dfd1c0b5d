"""The function that people settle their own claims with."""

import pytest
import sympy as sp
from sympy import Abs, And, Ne, Or

from theory import settle as settle_formula
from theory.logic.findings import Status
from theory.logic.statements import show

x, y = sp.symbols("x y", real=True)


def test_settle_formula():
    assert settle_formula(x > 1, x**2 > 1).status is Status.PROVED
    assert settle_formula([x > 1, y > 1], x * y > 1).status is Status.PROVED
    with pytest.warns(UserWarning, match="the conclusion arrived as True, not as a formula"):
        assert settle_formula([], sp.true).status is Status.PROVED
    with pytest.warns(UserWarning, match="from what the symbols are declared to be") as told:
        assert settle_formula([], x**2 >= 0).status is Status.PROVED
    assert told[0].filename == __file__
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


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (Abs(x) <= 1, "|x| ≤ 1"),
        (x**2 >= sp.sqrt(2) * y, "x² ≥ √2*y"),
        (Ne((x + 1) ** 3, y), "(x + 1)³ ≠ y"),
        (And(x < 1, Or(x > 0, sp.Eq(y, 0))), "((y = 0) or (x > 0)) and (x < 1)"),
        (sp.Implies(x > 0, sp.sqrt(x + 1) > 1), "(x > 0) implies (√(x + 1) > 1)"),
        (sp.Not(sp.Implies(x > 0, y > 0)), "not ((x > 0) implies (y > 0))"),
        (sp.Piecewise((1, x > 0), (-x, True)) > 0, "{1 if x > 0; -x otherwise} > 0"),
    ],
)
def test_formulas_are_shown_as_people_write_them(formula, text):
    assert show(formula) == text


def test_a_power_that_is_written_with_exponent_zero_is_one_wherever_its_base_has_a_value():
    one, n = sp.Pow(x, 0, evaluate=False), sp.Symbol("n", integer=True)
    assert settle_formula([], sp.Eq(one, 1, evaluate=False)).status is Status.PROVED
    assert settle_formula([], one > sp.Rational(1, 2)).status is Status.PROVED
    assert settle_formula([], sp.Eq(one, 0, evaluate=False)).status is Status.REFUTED
    of_integer = sp.Pow(n, 0, evaluate=False)
    assert settle_formula(n < 1, of_integer > n).status is Status.PROVED
    assert settle_formula([], of_integer > n).status is Status.REFUTED
    of_quotient = sp.Pow(1 / x, 0, evaluate=False)
    assert settle_formula([], sp.Eq(of_quotient, 1, evaluate=False)).status is not Status.REFUTED


@pytest.mark.parametrize("bad", ["10", None, True, [1.0]])
def test_a_timeout_that_is_no_number_is_told(bad):
    with pytest.raises(TypeError, match="timeout: expected a number of seconds"):
        settle_formula([], x > 0, timeout=bad)
