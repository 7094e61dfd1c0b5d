"""Every back end keeps to its time, in whichever thread it runs, and says that time ran out."""

import gc
import sys
import threading
import time

import pytest
import sympy as sp

from theory import settle as settle_formula
from theory.findings import Proof, Status, Unsettled
from theory.prove import identity, matrix, search, settle, smt
from theory.prove.deadline import TimeIsUpError, limited, within
from theory.statements import Always, EventuallyAlways, Statement

x, y, z, w = sp.symbols("x y z w", real=True)
n, m, k = sp.symbols("n m k", integer=True)

# Whether 114 is a sum of three cubes is an open question.
CUBES = Statement(sp.Ne(n**3 + m**3 + k**3, 114))
TRIGONOMETRY = Statement(
    sp.Eq(
        sp.sin(x + y + z + w) ** 6 * sp.exp(x) + sp.cos(x * y) ** 7 + sp.Abs(x + y) ** 5,
        sp.sin(x + y) ** 8 + sp.cos(z - w) ** 9 * sp.Abs(x),
    )
)
# Lagrange's identity in three roots of roots: true, and beyond the solver.
ROOTS = Statement(
    sp.sqrt(sp.sqrt(x**2 + 1) + sp.sqrt(y**2 + z**2)) * sp.sqrt(sp.sqrt(w**2 + z**4) + y**6)
    <= sp.sqrt(sp.sqrt(x**2 + 1) + sp.sqrt(y**2 + z**2)) ** 2 + sp.sqrt(w**2 + z**4) + y**6
)
SYMMETRIC = Statement(
    sp.Ne(x**7 * y + y**9 * z**4 + z**11 * w - w**3 * x**6 + x * y * z * w, 3 + x**2 * y**2 * w**4),
    (x * y > w**3 + 1, z**2 * w < x - y, x + y + z + w > 10, x**5 + y**3 < z**2, w > x * z),
)
LIMIT = 0.5
# The machine may be busy with other work: what is checked is that the limit counts, not its digits.
SLACK = 3.0


def is_up(finding, seconds, limit=LIMIT):
    assert finding.status is Status.UNKNOWN
    assert "time ran out" in finding.explanation
    assert seconds < limit + SLACK


def timed(work):
    start = time.monotonic()
    result = work()
    return result, time.monotonic() - start


def in_thread(work):
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join()
    return results[0]


@pytest.mark.parametrize("run", [lambda work: work(), in_thread], ids=["main", "thread"])
@pytest.mark.parametrize(
    ("back_end", "statement"),
    [(smt, CUBES), (identity, TRIGONOMETRY), (search, CUBES)],
    ids=["solver", "identity", "search"],
)
def test_back_ends_stop_in_time(run, back_end, statement):
    finding, seconds = run(
        lambda: timed(
            lambda: (
                back_end.settle(statement, LIMIT, 10**9)
                if back_end is search
                else back_end.settle(statement, LIMIT)
            )
        )
    )
    is_up(finding, seconds)


@pytest.mark.parametrize("statement", [CUBES, ROOTS, SYMMETRIC], ids=["cubes", "roots", "degree"])
def test_the_solver_stops_in_hard_arithmetic(statement):
    finding, seconds = timed(lambda: smt.settle(statement, LIMIT))
    assert seconds < LIMIT + SLACK
    if finding.status is Status.UNKNOWN:
        assert "gave up" in finding.explanation


@pytest.mark.parametrize("statement", [CUBES, TRIGONOMETRY, ROOTS], ids=["cubes", "trig", "roots"])
def test_settle_stops_in_time(statement):
    evidence, seconds = timed(
        lambda: settle_formula(statement.hypotheses, statement.conclusion, timeout=LIMIT)
    )
    # Four back ends, of which two are tried twice.
    assert seconds < 4.4 * LIMIT + SLACK
    if evidence.status is Status.UNKNOWN:
        assert "time ran out" in evidence.explanation


def test_a_power_of_a_sum_of_many_terms_stops():
    terms = sp.symbols("t:40", real=True)
    statement = Statement(sum(terms) ** 90 + sum(t**3 for t in terms) ** 30 >= 0, (x > 0,))
    finding, seconds = timed(lambda: smt.settle(statement, LIMIT))
    assert seconds < LIMIT + SLACK
    assert finding.status is not Status.REFUTED


def test_searches_of_orbits_stop():
    slow = EventuallyAlways({x: x + y**2 + 1}, sp.Or(x > y, y >= x))
    is_up(*timed(lambda: search.settle_orbits(slow, LIMIT, 10**6)))
    always = Always({x: x**2 / (1 + x**2), y: y}, x < 10**9)
    is_up(*timed(lambda: search.settle_escapes(always, LIMIT, 10**6, 100)))


def test_a_matrix_identity_stops():
    factors = [sp.MatrixSymbol(f"M{i}", matrix.d, matrix.d) for i in range(12)]
    product = sp.Identity(matrix.d)
    for factor in factors:
        product = product * (factor + matrix.C * factor.T * matrix.C.T)
    is_up(*timed(lambda: matrix.settle(Statement(sp.Eq(product, factors[0])), LIMIT)))


def test_what_ends_in_time_is_returned():
    proof = Proof("made up", {})
    assert limited("made up", 5.0, lambda: proof) is proof
    assert limited("made up", float("inf"), lambda: proof) is proof
    assert isinstance(limited("made up", 0.05, spin), Unsettled)


def spin():
    while True:
        pass


def stubborn():
    while True:
        try:
            spin()
        except Exception:
            continue


def test_handlers_inside_do_not_swallow_the_end():
    for work in (spin, stubborn):
        with pytest.raises(TimeIsUpError, match=r"time ran out after 0\.05 s"):
            within(0.05, work)


def test_the_first_of_nested_limits_counts():
    for inner, outer in ((0.05, 60), (60, 0.05)):
        with pytest.raises(TimeIsUpError, match=r"0\.05"):
            within(outer, lambda inner=inner: within(inner, spin))


def test_errors_of_the_work_pass_through():
    with pytest.raises(ZeroDivisionError):
        within(5.0, lambda: 1 // 0)


class Slow:
    """What takes a while when it is deleted."""

    def __del__(self):
        busy(0.3)


def busy(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def slow_callback(*_):
    busy(0.15)


def collecting():
    gc.collect()
    spin()


def deleting():
    Slow()
    spin()


@pytest.mark.parametrize("work", [collecting, deleting])
def test_the_end_waits_where_it_would_be_printed(work, monkeypatch):
    """The collector's callbacks and ``__del__`` cannot pass an exception on."""
    printed = []
    monkeypatch.setattr(sys, "unraisablehook", printed.append)
    gc.callbacks.append(slow_callback)
    try:
        with pytest.raises(TimeIsUpError):
            within(0.05, work)
    finally:
        gc.callbacks.remove(slow_callback)
    assert printed == []


def test_nothing_is_raised_afterwards():
    """Work that ends at the very moment is either in time or not; later nothing comes."""
    ended = 0
    for _ in range(300):
        try:
            within(0.0005, lambda: sum(range(4000)))
            ended += 1
        except TimeIsUpError:
            pass
    time.sleep(0.3)
    assert 0 <= ended <= 300


def test_threads_do_not_disturb_one_another():
    statements = [Statement(abs(x + i * y) <= abs(x) + i * abs(y)) for i in range(1, 7)]
    findings = {}

    def work(i):
        findings[i] = settle(statements[i], 20.0)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(statements))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [findings[i].status for i in range(6)] == [Status.PROVED] * 6
