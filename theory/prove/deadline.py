"""A limit on the time of any computation in Python, in whichever thread it runs.

The interpreter raises an exception inside the computation once its time is up. So this is for plain
Python, as sympy is: a single call into compiled code (an operation on integers of millions of
digits, say) ends first, and a library that keeps state outside Python could be left in the middle
of a change. The solver is therefore never stopped in this way; it is told, by :func:`alarm`.
"""

import ctypes
import gc
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from theory.findings import Finding, Unsettled

_AGAIN = 0.1  # seconds until the next try, should a bare ``except`` have swallowed the exception
_LONGEST = threading.TIMEOUT_MAX
_COLLECTED = 0.02  # seconds in which a collection that goes on comes to its callbacks

T = TypeVar("T")


class TimeIsUpError(BaseException):
    """A computation took longer than it was given.

    No ``Exception``, so that a handler inside the computation does not take it for its own.
    """


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what ``work`` returns, if it does within some seconds by the wall clock.

    Raises:
        TimeIsUpError: time was up first.

    """
    watch = _Watch(seconds)
    try:
        try:
            watch.start()
            return work()
        finally:
            watch.stop()
    except watch.error:
        watch.stop()
        raise TimeIsUpError(f"time ran out after {seconds:g} s") from None


def limited(back_end: str, seconds: float, work: Callable[[], Finding]) -> Finding:
    """Return the finding of ``work``, or that its time ran out."""
    try:
        return within(seconds, work)
    except TimeIsUpError as error:
        return Unsettled(back_end, str(error))


@contextmanager
def alarm(seconds: float, ring: Callable[[], object]) -> Iterator[None]:
    """Call ``ring`` from another thread once the block has taken some seconds, until it ends."""
    ended = threading.Event()

    def watch() -> None:
        wait = max(0.0, min(seconds, _LONGEST))
        while not ended.wait(wait):
            ring()
            wait = _AGAIN

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


class _Watch:
    """A thread that raises an exception of its own kind in the thread that made it."""

    def __init__(self, seconds: float) -> None:
        self.error: type[BaseException] = type("TimeIsUpError", (TimeIsUpError,), {})
        self._watched = threading.get_ident()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._seconds = max(0.0, min(seconds, _LONGEST))

    def start(self) -> None:
        """Begin to measure the time."""
        threading.Thread(target=self._run, args=(self._seconds,), daemon=True).start()

    def _run(self, wait: float) -> None:
        while not self._stopped.wait(wait):
            # A callback of the garbage collector cannot pass an exception on: let none run now.
            collects = gc.isenabled()
            gc.disable()
            try:
                while not self._stopped.wait(_COLLECTED):
                    if not _is_deaf(self._watched):
                        self._raise()
                        break
            finally:
                if collects:
                    gc.enable()
            wait = _AGAIN

    def _raise(self) -> None:
        with self._lock:
            if not self._stopped.is_set():
                _raise_in(self._watched, self.error)

    def stop(self) -> None:
        """Raise nothing from now on; what is raised but not delivered yet is taken back."""
        while True:
            try:
                with self._lock:
                    if not self._stopped.is_set():
                        self._stopped.set()
                        _raise_in(self._watched, None)
                return
            except self.error:
                continue


def _is_deaf(thread: int) -> bool:
    """Whether a thread is where an exception would be printed rather than passed on."""
    callbacks = {getattr(callback, "__code__", None) for callback in gc.callbacks}
    frame = sys._current_frames().get(thread)
    while frame is not None:
        if frame.f_code in callbacks or frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    exception = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), exception)
