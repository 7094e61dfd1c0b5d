import math
from fractions import Fraction
from itertools import product

import hypothesis.strategies as st
import mpmath
import pytest
import sympy as sp
from hypothesis import assume, example, given

from tests.theory.strategies import fractions, rational, surds
from theory.logic.exact import NotRepresentableError, Surd, holds, surd, value_of

x, y = sp.symbols("x y", real=True)
ROOT2, ROOT3 = Surd.sqrt(Fraction(2)), Surd.sqrt(Fraction(3))
# (√2 − 1)ⁿ has terms of size (√2 + 1)ⁿ/2 that cancel down to their reciprocal.
TINY = (ROOT2 - 1) ** 220


def numeric(value, digits=50):
    with mpmath.workdps(digits + 10):
        parts = zip((value.x, value.y, value.z, value.w), (1, 2, 3, 6), strict=True)
        return sum(
            (mpmath.mpf(p.numerator) / p.denominator * mpmath.sqrt(n) for p, n in parts),
            mpmath.mpf(0),
        )


@given(surds, surds, surds)
def test_field_axioms(a, b, c):
    assert a + b == b + a
    assert a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert (a * b) * c == a * (b * c)
    assert a * (b + c) == a * b + a * c
    assert a + 0 == a == 1 * a
    assert a - a == 0 == a + -a


@given(surds)
def test_inverse(a):
    assume(a != 0)
    assert a * a.inverse() == 1 == a / a
    assert a**-3 * a**3 == 1
    assert 2 / a == (a / 2).inverse()


def test_zero_has_no_inverse():
    with pytest.raises(ZeroDivisionError):
        Surd().inverse()


@given(surds, surds)
@example(TINY, Surd())
@example(ROOT2 + ROOT3, Surd.of(Fraction(22, 7)))
def test_order_agrees_with_fifty_digits(a, b):
    """Two such surds differ by 0 or by far more than 10⁻⁵⁰ of their size, unless built to."""
    difference = numeric(a, 250) - numeric(b, 250)
    if a == b:
        assert abs(difference) < mpmath.mpf(10) ** -200
        assert a <= b
        assert a >= b
    else:
        assert (a < b) == (difference < 0)
    assert [a < b, a == b, a > b].count(True) == 1
    assert (a - b).sign() == -(b - a).sign()
    assert abs(a) == max(a, -a)


@given(surds)
@example(TINY)
@example(-TINY)
@example(1 + TINY)
@example(10**400 + ROOT2)
@example(Surd.of(3))
def test_floor_and_ceiling(a):
    low, high = math.floor(a), math.ceil(a)
    assert low <= a < low + 1
    assert high - 1 < a <= high


@given(surds)
@example(TINY)
@example((ROOT3 - ROOT2) ** 250)
@example(Surd.of(Fraction(1, 10**70)))
@example(Surd())
def test_float_is_accurate_under_cancellation(a):
    # One rounding to the nearest double, after an error of at most 2⁻⁶⁴ of the number.
    expected = numeric(a, 400)
    error = abs(mpmath.mpf(float(a)) - expected)
    assert error <= abs(expected) * (mpmath.mpf(2) ** -53 + mpmath.mpf(2) ** -63)


def test_float_tolerance_notices_two_units_in_the_last_place():
    value = ROOT2 - 1
    off = math.nextafter(math.nextafter(float(value), 1), 1)
    assert abs(off - numeric(value)) > numeric(value) * (2.0**-53 + 2.0**-63)


@given(fractions.map(abs), st.sampled_from([1, 2, 3, 6]))
def test_sqrt(q, n):
    root = Surd.sqrt(q * q * n)
    assert root * root == q * q * n
    assert root >= 0


@pytest.mark.parametrize("value", [Fraction(-1), Fraction(5), Fraction(2, 5), Fraction(10**30 + 1)])
def test_sqrt_outside_the_field(value):
    with pytest.raises(NotRepresentableError, match="the square root of"):
        Surd.sqrt(value)


@given(surds, fractions)
def test_equal_numbers_hash_alike(a, q):
    assert hash(a + q - q) == hash(a)
    assert Surd.of(q) == q
    assert hash(Surd.of(q)) == hash(q)
    assert len({Surd.of(q), q}) == 1
    assert a != "1"


@given(surds)
def test_to_sympy_and_back(a):
    assert surd(a.to_sympy()) == a


leaves = st.sampled_from([x, y]) | fractions.map(rational)


def _compound(terms):
    pairs = st.tuples(terms, terms)
    return st.one_of(
        pairs.map(lambda p: p[0] + p[1]),
        pairs.map(lambda p: p[0] * p[1]),
        pairs.map(lambda p: p[0] / (1 + p[1] ** 2)),
        pairs.map(lambda p: sp.Min(*p)),
        pairs.map(lambda p: sp.Max(*p)),
        pairs.map(lambda p: sp.Piecewise((p[0], p[0] < p[1]), (p[1] - 1, True))),
        terms.map(sp.sign),
        terms.map(sp.Abs),
        terms.map(sp.floor),
        terms.map(sp.ceiling),
        terms.map(lambda t: t**3),
        terms.map(lambda t: sp.sqrt(t**2)),
    )


terms = st.recursive(leaves, _compound, max_leaves=5)


@given(terms, fractions, fractions)
def test_value_agrees_with_substitution_by_sympy(term, a, b):
    substituted = term.subs({x: rational(a), y: rational(b)}, simultaneous=True)
    assert value_of(term, {x: Surd.of(a), y: Surd.of(b)}).to_sympy() == substituted


@given(st.sampled_from([sp.Eq, sp.Ne, sp.Lt, sp.Le, sp.Gt, sp.Ge]), terms, terms, fractions)
def test_relations_agree_with_sympy(relation, left, right, a):
    # The same value for x and y makes equality common.
    formula = relation(left, right)
    substituted = formula.subs({x: rational(a), y: rational(a)}, simultaneous=True)
    assert holds(formula, {x: Surd.of(a), y: Surd.of(a)}) == bool(substituted)


@pytest.mark.parametrize(("p", "q"), list(product((True, False), repeat=2)))
def test_connectives(p, q):
    at = {x: Surd.of(1 if p else -1), y: Surd.of(1 if q else -1)}
    P, Q = x > 0, y > 0
    assert holds(sp.And(P, Q), at) == (p and q)
    assert holds(sp.Or(P, Q), at) == (p or q)
    assert holds(sp.Not(P), at) == (not p)
    assert holds(sp.Implies(P, Q), at) == (not p or q)
    assert holds(sp.Equivalent(P, Q), at) == (p == q)
    assert holds(sp.ITE(P, Q, x < -5), at) == (q if p else False)


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (sp.sqrt(x + 5), Surd.sqrt(Fraction(6))),
        ((x + 1) ** sp.Rational(-1, 2), ROOT2 / 2),
        (sp.sqrt(2) * sp.sqrt(3) * x, ROOT2 * ROOT3),
        (sp.Mul(sp.pi, x - 1, evaluate=False), Surd()),
        (sp.Piecewise((1 / (x - 1), x > 1), (x, True)), Surd.of(1)),
    ],
)
def test_values_at_one(term, expected):
    assert value_of(term, {x: Surd.of(1)}) == expected


@pytest.mark.parametrize(
    "term",
    [
        1 / x,
        x**-2,
        x ** sp.Rational(-1, 2),
        sp.sqrt(x - 1),
        sp.sqrt(x + 5),
        sp.sqrt(1 + sp.sqrt(2)) + x,
        (x + 2) ** sp.Rational(1, 3),
        2**x,
        sp.pi + x,
        sp.pi * (x + 1),
        sp.exp(x),
        y,
        sp.I * (x + 1),
        (1 / x) * sp.Symbol("x", real=True) ** 3 * 0 + 1 / x,
        sp.Piecewise((1, x > 0)),
        sp.oo + sp.Piecewise((1, x < 0), (sp.oo, True)),
    ],
)
def test_no_value_at_zero(term):
    with pytest.raises(NotRepresentableError):
        value_of(term, {x: Surd()})


@pytest.mark.parametrize("formula", [sp.Symbol("p"), sp.Q.positive(x), sp.Xor(x > 0, y > 0)])
def test_formula_without_meaning(formula):
    with pytest.raises(NotRepresentableError, match=r"no (exact meaning|value)"):
        holds(formula, {x: Surd(), y: Surd()})
