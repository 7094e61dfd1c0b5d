"""A limit on the time of a computation, kept by ending the process in which it is done.

So it holds for whatever is computed: plain Python, callbacks of the interpreter, and a single call
into compiled code. The solver is told first, by :func:`alarm`, as it can go on with another way.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from theory.logic.findings import Finding, Unsettled
from theory.logic.prove.transport import NotComputedError
from theory.logic.prove.workers import TimeIsUpError, call

__all__ = ["NotComputedError", "TimeIsUpError", "alarm", "limited", "within"]

_AGAIN = 0.1  # seconds until the solver is told again, should it not have been at its work yet
_LONGEST = threading.TIMEOUT_MAX

T = TypeVar("T")


def within(seconds: float, work: Callable[..., T], *args: Any) -> T:
    """Return what ``work`` returns, computed elsewhere, if it does within some seconds.

    Args:
        seconds: by the wall clock, from when the process is there.
        work: a function that can be imported.
        args: its arguments; what is returned refers to the same symbols and statements.

    Raises:
        TimeIsUpError: time was up first.
        NotComputedError: an argument cannot be handed to another process, there is none to
            compute in, or it ended by itself.

    """
    result: T = call(work, args, seconds)
    return result


def limited(back_end: str, seconds: float, work: Callable[..., Finding], *args: Any) -> Finding:
    """Return the finding of ``work``, or that its time ran out, or why it was not computed."""
    try:
        return within(seconds, work, *args)
    except (TimeIsUpError, NotComputedError) as error:
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
