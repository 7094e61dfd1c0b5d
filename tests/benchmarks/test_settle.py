"""One statement settled, and the start of a process for it: for pytest-benchmark.

No time is asserted.
"""

import pytest
import sympy as sp

import theory
from theory.logic.findings import Status
from theory.logic.prove import workers
from theory.logic.prove.deadline import within
from theory.model.dynamics import NormalisedState, normalised_step

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
    "constants": ([], sp.Lt(sp.sqrt(2), sp.Rational(3, 2), evaluate=False), Status.PROVED),
    "an identity": (
        [],
        sp.Eq((a + b) ** 2, a**2 + 2 * a * b + b**2, evaluate=False),
        Status.PROVED,
    ),
    "a whole number": ([], sp.floor(a) <= a + b**2, Status.PROVED),
    "outside the solver": ([], sp.exp(a) > a, Status.UNKNOWN),
}


@pytest.mark.benchmark(group="settle")
@pytest.mark.parametrize("name", STATEMENTS)
def test_settle(benchmark, name):
    given, conclusion, status = STATEMENTS[name]
    evidence = benchmark(theory.settle, given, conclusion)
    assert evidence.status is status


@pytest.mark.benchmark(group="processes")
@pytest.mark.parametrize("start", ["afresh", "another", "idle"])
def test_a_process_is_there(benchmark, start):
    """The first of all, which loads sympy and the solver; another one; one that is kept."""

    def before():
        if start == "afresh":
            workers._POOL.close()
        elif start == "another":
            workers._POOL.end(workers._POOL.take())

    benchmark.pedantic(within, (60, int), setup=before, rounds=5, warmup_rounds=1)
