"""A limit on the time of any computation in Python, in whichever thread it runs.

The interpreter raises an exception inside the computation once its time is up. A single call into
compiled code (an operation on integers of millions of digits, say) ends first; a solver is told to
stop through ``interrupt``.
"""

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

from theory.findings import Finding, Unsettled

_AGAIN = 0.1  # seconds until the next try, should a bare ``except`` have swallowed the exception
_LONGEST = threading.TIMEOUT_MAX

T = TypeVar("T")


class TimeIsUpError(BaseException):
    """A computation took longer than it was given.

    No ``Exception``, so that a handler inside the computation does not take it for its own.
    """


def within(
    seconds: float, work: Callable[[], T], interrupt: Callable[[], object] | None = None
) -> T:
    """Return what ``work`` returns, if it does within some seconds.

    Args:
        seconds: the time given, as measured by the wall clock.
        work: the computation.
        interrupt: called, from another thread, when time is up.

    Raises:
        TimeIsUpError: time was up first.

    """
    watch = _Watch(seconds, interrupt)
    try:
        try:
            watch.start()
            return work()
        finally:
            watch.stop()
    except watch.error:
        watch.stop()
        raise TimeIsUpError(f"time ran out after {seconds:g} s") from None


def limited(
    back_end: str,
    seconds: float,
    work: Callable[[], Finding],
    interrupt: Callable[[], object] | None = None,
) -> Finding:
    """Return the finding of ``work``, or that its time ran out."""
    try:
        return within(seconds, work, interrupt)
    except TimeIsUpError as error:
        return Unsettled(back_end, str(error))


class _Watch:
    """A thread that raises an exception of its own kind in the thread that made it."""

    def __init__(self, seconds: float, interrupt: Callable[[], object] | None) -> None:
        self.error: type[BaseException] = type("TimeIsUpError", (TimeIsUpError,), {})
        self._watched = threading.get_ident()
        self._interrupt = interrupt
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._seconds = max(0.0, min(seconds, _LONGEST))

    def start(self) -> None:
        """Begin to measure the time."""
        threading.Thread(target=self._run, args=(self._seconds,), daemon=True).start()

    def _run(self, wait: float) -> None:
        while not self._stopped.wait(wait):
            with self._lock:
                if self._stopped.is_set():
                    return
                if self._interrupt is not None:
                    self._interrupt()
                _raise_in(self._watched, self.error)
            wait = _AGAIN

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


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    exception = ctypes.py_object(error) if error is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), exception)
