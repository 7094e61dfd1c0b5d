"""Every back end keeps to its time, in whichever thread it runs, and says that time ran out."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
import sympy as sp

from theory import settle as settle_formula
from theory.findings import Proof, Status, Unsettled
from theory.prove import identity, matrix, search, settle, smt, workers
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


# --- What is left behind -------------------------------------------------------------------------


def is_there(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def has_gone(process):
    end = time.monotonic() + 10
    while is_there(process) and time.monotonic() < end:
        time.sleep(0.01)
    return not is_there(process)


def test_a_process_whose_time_is_up_is_gone():
    worker = within(10, os.getpid)
    assert within(10, os.getpid) == worker != os.getpid()
    with pytest.raises(TimeIsUpError):
        within(0.05, exec, SPIN)
    assert has_gone(worker)


def test_many_limits_in_a_row_leave_everything_sound():
    source = within(10, os.getppid)
    files = len(list(Path("/dev/fd").iterdir()))
    for _ in range(200):
        with pytest.raises(TimeIsUpError):
            within(0.001, exec, SPIN)
    assert within(10, os.getppid) == source
    assert len(list(Path("/dev/fd").iterdir())) == files
    assert settle(Statement(x**2 >= 0), 10.0).status is Status.PROVED


def test_work_that_ends_at_the_very_moment_is_in_time_or_not():
    for _ in range(100):
        with suppress(TimeIsUpError):
            assert within(0.0005, sum, range(4000)) == sum(range(4000))
    assert within(10, sum, range(10)) == 45


def test_a_process_that_ends_by_itself_is_told_and_replaced():
    for code in ("os._exit(1)", "os.kill(os.getpid(), 9)"):
        found = limited("made up", 10, exec, f"import os; {code}")
        assert "ended by itself" in found.reason
        assert within(10, divmod, 7, 2) == (3, 1)


def test_the_source_of_processes_is_replaced():
    source, worker = within(10, os.getppid), within(10, os.getpid)
    os.kill(source, signal.SIGKILL)
    with pytest.raises(TimeIsUpError):
        within(0.05, exec, SPIN)  # in the process that was there
    assert within(10, os.getppid) != source
    assert has_gone(worker)  # the kernel's timer ends it
    assert has_gone(source)


def test_idle_processes_that_were_killed_are_replaced():
    worker = within(10, os.getpid)
    os.kill(worker, signal.SIGKILL)
    time.sleep(0.1)
    assert within(10, os.getpid) != worker


def test_without_a_process_the_reason_is_told(monkeypatch):
    monkeypatch.setattr(workers, "_POOL", workers._Pool())
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    found = settle_formula([], x**2 >= 0)
    assert found.status is Status.UNKNOWN
    assert "no process to compute in could be started" in found.explanation
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert "did not start" in settle_formula([], x**2 >= 0).explanation
    workers._POOL.close()


# A plain script: no guard of its main module, a function of its own, and warnings as errors.
SCRIPT = """
import multiprocessing, os, signal, sys, threading, time
import sympy as sp
import theory
from theory.prove.deadline import within

print("run")
x = sp.Symbol("x", real=True)

class own(sp.Function):
    pass

def found():
    return theory.settle([], sp.And(x > 0, own(x) > 0)).explanation

def child(connection):
    connection.send([found(), within(10, os.getpid), within(10, os.getppid)])
    within(0.1, exec, "1")

def forked():
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(
        target=child, args=(theirs,), daemon=True
    )
    process.start()
    theirs.close()
    told = ours.recv()
    process.join()
    return [*told, process.exitcode]
"""


def script(code, **options):
    """Run a script with that beginning, as a user would, its output read as a list of lines."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SCRIPT + code],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_a_script_without_a_guard_ends_with_nothing_left():
    process = script("print(found()); print(within(10, os.getpid)); print(within(10, os.getppid))")
    out, errors = process.communicate(timeout=60)
    run, explanation, *left = out.splitlines()
    assert (process.returncode, errors, run) == (0, "", "run")
    assert explanation == "refuted by search: fails at x = 0"
    assert not any(is_there(int(p)) for p in left)


@pytest.mark.parametrize("first", ["", "found();"], ids=["its own", "its parent's"])
def test_daemons_of_multiprocessing_settle_too(first):
    process = script(f"{first}\nfor told in forked(): print(told)")
    out, errors = process.communicate(timeout=60)
    explanation, worker, source, code = out.splitlines()[-4:]
    assert (process.returncode, errors, code) == (0, "", "0")
    assert explanation == "refuted by search: fails at x = 0"
    assert has_gone(int(worker))
    assert not is_there(int(source))


@pytest.mark.parametrize("at", ["atexit", "thread", "daemon thread"])
def test_a_script_may_settle_in_threads_and_at_its_end(at):
    code = {
        "atexit": "import atexit; atexit.register(lambda: print(found()))",
        "thread": "threading.Thread(target=lambda: print(found())).start()",
        "daemon thread": (
            f"threading.Thread(target=within, args=(60, exec, {SPIN!r}), daemon=True).start()\n"
            "print(found())"
        ),
    }
    process = script(code[at])
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert out.splitlines() == ["run", "refuted by search: fails at x = 0"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_a_process_that_is_ended(how):
    """Also where nothing of the process's own is left to run, and without a terminal."""
    code = (
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "print(within(10, os.getpid), within(10, os.getppid), flush=True)\n"
        f"within(600, exec, {SPIN!r})"
    )
    process = script(code, start_new_session=True)
    process.stdout.readline()
    left = [int(p) for p in process.stdout.readline().split()]
    time.sleep(0.3)
    start = time.monotonic()
    process.send_signal(how)
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - start < SLACK + 2
    assert process.returncode == -how
    assert ("KeyboardInterrupt" in errors) == (how == signal.SIGINT)
    assert len(left) == 2
    assert all(map(has_gone, left))


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
