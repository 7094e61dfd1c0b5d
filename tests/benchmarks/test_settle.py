"""One statement about one step of signGD, settled: for pytest-benchmark. No time is asserted."""

import pytest
import sympy as sp

import theory
from theory.dynamics import NormalisedState, normalised_step
from theory.findings import Status

a, b, c = sp.symbols("a b c", real=True)
r = sp.Symbol("r", positive=True)
after = normalised_step(NormalisedState(a, b, c), r)
third = sp.Rational(1, 3)

STATEMENTS = {
    "A stays small": (abs(a) <= 1, abs(after.a) <= 1, Status.PROVED),
    "A moves by a third": (
        sp.Ne(a, 0),
        sp.sign(a) * (a - after.a) >= third,
        Status.PROVED,
    ),
    "B rests while it is smaller": (abs(b) < abs(a), sp.Eq(after.b, b), Status.PROVED),
    "A always gets closer": (a > 0, abs(after.a) < a, Status.REFUTED),
    "B stays in half of r": (abs(b) <= r / 2, abs(after.b) < r / 2, Status.REFUTED),
}


@pytest.mark.benchmark(group="settle")
@pytest.mark.parametrize("name", STATEMENTS)
def test_settle(benchmark, name):
    given, conclusion, status = STATEMENTS[name]
    evidence = benchmark(theory.settle, given, conclusion)
    assert evidence.status is status
