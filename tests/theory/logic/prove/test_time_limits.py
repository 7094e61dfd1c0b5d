"""Every back end keeps to its time, in whichever thread it runs, and says that time ran out."""

import gc
import os
import sys
import threading
import time

import pytest
import sympy as sp

from theory import settle as settle_formula
from theory.logic.findings import Proof, Status, Unsettled
from theory.logic.prove import identity, matrix, search, settle, smt
from theory.logic.prove.deadline import TimeIsUpError, limited, within
from theory.logic.statements import Always, EventuallyAlways, Statement

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
    for seconds in (5.0, float("inf"), 1e300):
        assert limited("made up", seconds, Proof, "made up", {}) == Proof("made up", {})
    found = limited("made up", 0.05, exec, SPIN)
    assert found == Unsettled("made up", "time ran out after 0.05 s")


def test_the_first_of_nested_limits_counts():
    for inner, outer in ((0.05, 60), (60, 0.05)):
        with pytest.raises(TimeIsUpError, match=r"0\.05"):
            within(outer, within, inner, exec, SPIN)


def test_errors_of_the_work_pass_through():
    with pytest.raises(ZeroDivisionError) as caught:
        within(5.0, divmod, 1, 0)
    assert "in _answer" in "".join(caught.value.__notes__)
    with pytest.raises(TimeoutError, match="its own"):
        within(5.0, exec, "raise TimeoutError('its own')")
    with pytest.raises(RuntimeError, match="NeedsMore: 1"):
        within(5.0, exec, NEEDS_MORE, {})
    with pytest.raises(SystemExit):
        within(5.0, exec, "raise SystemExit(3)")


SPIN = "while True: pass"
NEEDS_MORE = """
class NeedsMore(Exception):
    def __init__(self, one, two):
        super().__init__(one)
raise NeedsMore(1, 2)
"""
STUBBORN = """
while True:
    try:
        while True: pass
    except BaseException:
        continue
"""
CALLBACK = "def spin(*_):\n    while True: pass\n"
IN_CALLBACKS = {
    "a weak reference": "class A: pass\na = A(); w = weakref.ref(a, spin); del a",
    "a weak dictionary": (
        "class A: pass\n"
        "class Spins:\n    def __del__(self): spin()\n"
        "a = A(); d = weakref.WeakKeyDictionary({a: Spins()}); del a"
    ),
    "a finalizer": "class A: pass\na = A(); weakref.finalize(a, spin); del a",
    "__del__": "class A:\n    __del__ = spin\nA()",
    "the collector": "gc.callbacks.append(spin); gc.collect()",
    "a key": "sorted([2, 1], key=spin)",
    "excepthook": "sys.excepthook = spin; sys.excepthook(1, 2, 3)",
    "a thread's excepthook": (
        "threading.excepthook = spin\n"
        "t = threading.Thread(target=divmod, args=(1, 0)); t.start(); t.join()"
    ),
    "unraisablehook": ("sys.unraisablehook = spin\nclass A:\n    def __del__(self): 1 / 0\nA()"),
    "a codec": "codecs.register_error('spins', spin); b'\\xff'.decode('ascii', 'spins')",
    "a trace": "sys.settrace(spin); (lambda: 0)()",
    "a handler of signals": (
        "signal.signal(signal.SIGUSR1, spin); signal.raise_signal(signal.SIGUSR1)"
    ),
    "compiled code": "3 ** 10**9",
    "masked signals": (
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\n"
        "for n in (1, 2, 10, 14, 15): signal.signal(n, signal.SIG_IGN)\nspin()"
    ),
}
MODULES = "import codecs, gc, signal, sys, threading, weakref\n"


@pytest.mark.parametrize("name", ["a handler of exceptions", *IN_CALLBACKS])
def test_the_end_comes_anywhere_and_nothing_is_printed(name, monkeypatch, capfd):
    """Nothing is raised in the computation, so there is no place where it would go astray."""
    printed = []
    for hook in ("unraisablehook", "excepthook"):
        monkeypatch.setattr(sys, hook, lambda *args: printed.append(args))
    code = MODULES + CALLBACK + IN_CALLBACKS.get(name, STUBBORN)
    start = time.monotonic()
    with pytest.raises(TimeIsUpError, match=r"time ran out after 0\.3 s"):
        within(0.3, exec, code, {})
    assert 0.3 <= time.monotonic() - start < 0.3 + SLACK
    assert printed == []
    assert capfd.readouterr() == ("", "")


def test_callbacks_of_the_caller_are_not_disturbed():
    """Callbacks that take long go on in the caller's threads while the time is up elsewhere."""
    printed, ended = [], threading.Event()

    def slow_callback(*_):
        time.sleep(0.01)

    def collect():
        while not ended.is_set():
            gc.collect()

    before, sys.unraisablehook = sys.unraisablehook, printed.append
    gc.callbacks.append(slow_callback)
    thread = threading.Thread(target=collect)
    thread.start()
    try:
        for _ in range(20):
            with pytest.raises(TimeIsUpError):
                within(0.02, exec, MODULES + "while True: gc.collect()")
    finally:
        ended.set()
        thread.join()
        gc.callbacks.remove(slow_callback)
        sys.unraisablehook = before
    assert printed == []


def test_the_processes_answer_alike_and_make_symbols_of_their_own():
    assert within(10, hash, "x") == within(10, hash, "x")
    with pytest.raises(TimeIsUpError):
        within(0.05, exec, SPIN)
    assert within(10, os.getenv, "PYTHONHASHSEED") == "0"
    assert within(10, sp.Dummy).dummy_index > 10**12 > sp.Dummy().dummy_index


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
