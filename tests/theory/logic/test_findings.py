"""Findings check what they are told: a false one cannot be made."""

from fractions import Fraction

import pytest
import sympy as sp
from sympy import Ne

from theory.ledger.verify import settle_argument
from theory.logic.arguments import for_all
from theory.logic.exact import NotRepresentableError, Surd
from theory.logic.findings import Counterexample, OrbitViolation, PeriodicOrbit, Status, Witness
from theory.logic.prove import orbit
from theory.logic.statements import Along, EventuallyAlways, Possible, Statement

x, y = sp.symbols("x y", real=True)
p = sp.Symbol("p", positive=True)
n, m = sp.symbols("n m", integer=True)


@pytest.mark.parametrize(
    ("statement", "at", "message"),
    [
        (Statement(x > 0), {x: Surd.of(1)}, "the conclusion holds"),
        (Statement(x > 0, (x > 5,)), {x: Surd.of(-1)}, "the hypothesis x > 5 fails"),
        (Statement(p > 1), {p: Surd.of(-1)}, "breaks the symbol's assumptions"),
        (Statement(p > 1), {p: Surd()}, "breaks the symbol's assumptions"),
        (
            Statement(Ne(2 * n, 1, evaluate=False)),
            {n: Surd.of(Fraction(1, 2))},
            "breaks the symbol",
        ),
        (Statement(x > y), {x: Surd.of(1)}, "y has no value"),
        (Statement(1 / x > 0), {x: Surd()}, "the denominator x vanishes"),
        (Statement(sp.sqrt(x) < 0), {x: Surd.of(-1)}, "is not real"),
    ],
)
def test_false_counterexamples_are_refused(statement, at, message):
    with pytest.raises(ValueError, match=message):
        Counterexample("forged", statement, at)


def test_symbols_have_exact_values_or_none():
    with pytest.raises(NotRepresentableError):
        Counterexample("forged", Statement(x**2 > sp.pi), {x: Surd.of(1)})
    assert settle_argument(for_all(x > 0)).status is Status.REFUTED


@pytest.mark.parametrize(
    ("formula", "at", "message"),
    [
        (x > 0, {x: Surd()}, "the formula fails"),
        (p < 1, {p: Surd.of(-1)}, "breaks the symbol's assumptions"),
        (x > 0, {}, "x has no value"),
        (1 / x > 0, {x: Surd()}, "vanishes"),
    ],
)
def test_false_witnesses_are_refused(formula, at, message):
    with pytest.raises(ValueError, match=message):
        Witness("forged", Possible(formula), at)


FLIP = EventuallyAlways({x: -x}, x > 0)


@pytest.mark.parametrize(
    ("statement", "start", "before", "period", "message"),
    [
        (EventuallyAlways({x: x + 1}, x < 0), 5, 0, 0, "expected a period >= 1"),
        (FLIP, 1, 0, -2, "expected a period >= 1"),
        (FLIP, 1, -1, 2, "expected a period >= 1"),
        (FLIP, 1, 0, 1, "does not return to itself"),
        (EventuallyAlways({x: x}, x > 0), 1, 0, 1, "stays in the region"),
        (EventuallyAlways({x: -x}, x > 0, (x > 1,)), 1, 0, 2, "a hypothesis fails"),
        (EventuallyAlways({x: -y * x}, x > 0), 1, 0, 2, "y has no value"),
        (EventuallyAlways({p: 2 - p}, p > 1), -1, 0, 2, "breaks the symbol's assumptions"),
    ],
)  # fmt: skip
def test_false_periodic_orbits_are_refused(statement, start, before, period, message):
    symbol = next(iter(statement.step))
    with pytest.raises(ValueError, match=message):
        PeriodicOrbit("forged", statement, {symbol: Surd.of(start)}, before, period)


def test_a_true_periodic_orbit_is_accepted():
    assert PeriodicOrbit("found", FLIP, {x: Surd.of(1)}, 0, 2).status is Status.REFUTED


def along(values, formula, start, stop):
    return Along("an orbit", tuple((Surd.of(v),) for v in values), (x,), (y,), formula, start, stop)


@pytest.mark.parametrize("t", [-1, 1, 2, 5])
def test_false_violations_are_refused(t):
    statement = along([1, 2, 3, 0], y > x, 0, 2)
    with pytest.raises(ValueError, match=r"holds at t = 1|is not about"):
        OrbitViolation("forged", statement, t)


def test_along_an_orbit():
    assert orbit.settle(along([1, 2, 3, 0], y > x, 0, 2)).status is Status.PROVED
    assert orbit.settle(along([1, 2, 3, 0], y > x, 0, 3)).t == 2
    vacuous = orbit.settle(along([1, 2], y > x, 1, 1))
    assert vacuous.status is Status.UNKNOWN
    assert "vacuous" in vacuous.explanation
