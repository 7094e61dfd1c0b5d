"""The processes that keep the time: what becomes of them, and of who asks them.

A process is gone once its time is up, or once who asked has ended, in whatever way.
"""

import gc
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import sympy as sp

from theory import settle as settle_formula
from theory.logic.findings import Status
from theory.logic.prove import settle, workers
from theory.logic.prove.deadline import TimeIsUpError, limited, within
from theory.logic.statements import Statement

x = sp.Symbol("x", real=True)
SPIN = "while True: pass"
SLACK = 3.0


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
    gc.collect()  # what earlier tests have left open
    files = len(list(Path("/dev/fd").iterdir()))
    for _ in range(200):
        with pytest.raises(TimeIsUpError):
            within(0.001, exec, SPIN)
    assert within(10, os.getppid) == source
    assert len(list(Path("/dev/fd").iterdir())) <= files
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
    for nothing in (None, "/nowhere/python", "/bin/false"):
        monkeypatch.setattr(sys, "executable", nothing)
        found = settle_formula([], x**2 - 2 * x + 1 >= 0)
        assert found.status is Status.UNKNOWN
        assert "no process to compute in could be started" in found.explanation
    workers._POOL.close()


# A plain script: no guard of its main module, a function of its own, and warnings as errors.
SCRIPT = """
import multiprocessing, os, signal, sys, threading, time
import sympy as sp
import theory
from theory.logic.prove.deadline import within

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


def test_a_forked_process_holds_nothing_of_its_parents():
    code = f"""
worker = within(10, os.getpid)
print(worker, within(10, os.getppid))
if os.fork() == 0:
    os.closerange(0, 3)
    time.sleep(60)
    os._exit(0)
try:
    within(0.05, exec, {SPIN!r})
except Exception as error:
    print(error)
time.sleep(1)
try:
    os.kill(worker, 0)
except ProcessLookupError:
    print("gone")
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
    process = script(code, start_new_session=True)
    out, errors = process.communicate(timeout=60)
    try:
        _, left, *told = out.splitlines()
        assert (process.returncode, errors) == (-signal.SIGKILL, "")
        assert told == ["time ran out after 0.05 s", "gone"]
        assert all(has_gone(int(p)) for p in left.split())
    finally:
        os.killpg(process.pid, signal.SIGKILL)


def test_interrupts_are_for_the_caller():
    code = """
signal.signal(signal.SIGINT, lambda *_: print("heard"))
worker = within(10, os.getpid)
os.killpg(0, signal.SIGINT)
print(within(10, os.getpid) == worker)
"""
    process = script(code, start_new_session=True)
    out, errors = process.communicate(timeout=60)
    assert (out.splitlines(), errors) == (["run", "heard", "True"], "")
