from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from theory.logic.numbers import exact

NOT_NUMBERS = (True, False, None, 1j, "", "two", "1/0", "sqrt(1/0)", "pi", "--1", "sqrt(sqrt(2))")
NOT_FINITE = (float("nan"), float("inf"), "nan", "-inf", "Infinity", "sqrt(-2)")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, sp.Integer(3)),
        (np.int64(-2), sp.Integer(-2)),
        (0.01, sp.Rational(1, 100)),
        (1e-05, sp.Rational(1, 100_000)),
        (np.float64(0.1), sp.Rational(1, 10)),
        (Fraction(-2, 6), sp.Rational(-1, 3)),
        ("1/4", sp.Rational(1, 4)),
        (" - 0.25 ", sp.Rational(-1, 4)),
        ("sqrt(2)", sp.sqrt(2)),
        ("-sqrt(1/2)", -sp.sqrt(2) / 2),
        ("2/3*sqrt(6)", 2 * sp.sqrt(6) / 3),
        (sp.pi, sp.pi),
    ],
)
def test_accepted(value, expected):
    assert exact(value) == expected
    assert not exact(value).has(sp.Float)


@pytest.mark.parametrize(
    "value",
    [*NOT_NUMBERS, sp.Symbol("x"), sp.Float(0.1), np.float32(0.1), [1], "2*-sqrt(2)"],
)
def test_not_exact(value):
    with pytest.raises(ValueError, match="eta: expected an exact real number") as error:
        exact(value, name="eta")
    assert f"got {value!r}" in str(error.value)


@pytest.mark.parametrize(
    "value",
    [*NOT_FINITE, sp.I, sp.oo, sp.zoo, sp.nan],
)
def test_not_finite_or_not_real(value):
    with pytest.raises(ValueError, match="eta: expected a finite real number") as error:
        exact(value, name="eta")
    assert f"got {value!r}" in str(error.value)


@pytest.mark.parametrize("text", ["1e999999999", "1e-999999999", "9" * 1001, "sqrt(1e99999)"])
def test_numbers_of_endless_digits_are_refused_at_once(text):
    with pytest.raises(ValueError, match="of at most 1000 digits") as error:
        exact(text, name="eta")
    assert len(str(error.value)) < 250
    assert exact("1e-400") == sp.Rational(1, 10**400)
