"""Calls of functions in processes that can be ended, whatever they are at: the caller's end.

The processes are workers (:mod:`theory.logic.prove.worker`). A call takes one that is idle, or asks
for another, and lets it go on afterwards; one that does not answer in time is ended, which takes no
notice of what it computes. Nothing is raised in anybody's computation, so nothing can go astray in
a callback. To let go of a worker's leash is enough to end it; the kernel lets go of all that a
process holds when that has ended.

The caller may be any thread of any process. It is not forked, as its other threads may be in the
middle of anything; nor is its main module loaded again.
"""

import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import util
from typing import Any

from theory.logic.prove.transport import NotComputedError, pack_question, unpack_answer
from theory.logic.prove.worker import HEADER, LENGTH, READY, receive

_STARTS = 120.0  # seconds until a worker that does not report is given up
_ENDS = 2.0  # seconds until the source of workers is killed, if it does not end
_IDLE = 4  # workers at most that are kept for later calls
_LONGEST = 1e8
_DUMMIES = 10**12  # dummies made elsewhere are numbered from here on, unlike any that are sent


class TimeIsUpError(Exception):
    """A computation took longer than it was given."""


def call(function: Callable[..., Any], args: tuple[Any, ...], seconds: float) -> Any:
    """Return what a function that can be imported returns, called in another process.

    Raises:
        TimeIsUpError: it did not within some seconds by the wall clock; it has been ended.
        NotComputedError: an argument cannot be handed to another process, none could be started,
            or it ended by itself.
        Exception: whatever the function raised.

    """
    question, shared = pack_question(function, args)
    worker = _POOL.take()
    try:
        answer = worker.ask(question, max(0.0, min(seconds, _LONGEST)))
    except BaseException:
        _POOL.end(worker)
        raise
    _POOL.give_back(worker)
    is_result, value = unpack_answer(answer, shared)
    if not is_result:
        raise value
    return value


def prepare() -> None:
    """Begin to start what workers come from; processes that are forked then share it."""
    with suppress(OSError):  # the first call tells it
        _POOL.source()


class _Worker:
    """A connection to a process, and what holds the process."""

    def __init__(self, connection: socket.socket, leash: int) -> None:
        self._connection, self._leash = connection, leash

    def ask(self, question: bytes, seconds: float) -> bytes:
        """Send a question and wait for the answer."""
        end = time.monotonic() + seconds
        try:
            self._send(HEADER.pack(seconds, len(question)) + question, end)
            (length,) = LENGTH.unpack(self._receive(LENGTH.size, end))
            return self._receive(length, end)
        except TimeoutError:
            raise TimeIsUpError(f"time ran out after {seconds:g} s") from None
        except ConnectionError as error:
            raise NotComputedError(
                "the process that computed ended by itself; its memory may not have sufficed"
            ) from error

    def _send(self, data: bytes, end: float) -> None:
        self._connection.settimeout(max(end - time.monotonic(), 1e-3))
        self._connection.sendall(data, getattr(socket, "MSG_NOSIGNAL", 0))

    def _receive(self, length: int, end: float) -> bytes:
        self._connection.settimeout(max(end - time.monotonic(), 1e-3))
        return receive(self._connection, length)

    def wait_until_ready(self) -> None:
        """Wait until the process reports.

        Raises:
            NotComputedError: it does not.

        """
        try:
            self._receive(len(READY), time.monotonic() + _STARTS)
        except OSError as error:
            raise _not_started(error) from error

    @property
    def is_alive(self) -> bool:
        """Whether the other end is open; nothing is to be read while the process is idle."""
        events = select.poll()
        events.register(self._connection, select.POLLIN)
        return not events.poll(0)

    def end(self) -> None:
        """Let go: the process is killed, if it has not ended."""
        self._connection.close()
        os.close(self._leash)


class _Source:
    """The process that workers are forked from."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair()
        their_leash, leash = os.pipe()
        self._leash: int | None = leash
        try:
            self._process = subprocess.Popen(
                [sys.executable or "", "-c", _program(theirs.fileno(), their_leash)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(), their_leash),
                start_new_session=True,  # Ctrl-C is for the caller
                env={**os.environ, "PYTHONHASHSEED": "0"},  # the same answer to the same question
            )
        except BaseException:
            os.close(leash)
            self._control.close()
            raise
        finally:
            theirs.close()
            os.close(their_leash)

    def worker(self) -> _Worker:
        """Ask for another worker.

        Raises:
            OSError: the process has ended.

        """
        connection, theirs = socket.socketpair()
        their_leash, leash = os.pipe()
        worker = _Worker(connection, leash)
        try:
            flags = getattr(socket, "MSG_NOSIGNAL", 0)
            socket.send_fds(self._control, [b"w"], [theirs.fileno(), their_leash], flags)
        except BaseException:
            worker.end()
            raise
        finally:
            theirs.close()
            os.close(their_leash)
        return worker

    def disown(self) -> None:
        """Leave the process to the one that this was forked from; it may be asked all the same."""
        if self._leash is not None:
            os.close(self._leash)
            self._leash = None
            self._process.returncode = 0  # for this process there is nothing to wait for

    def end(self) -> None:
        """End the process and, if this process has started it, wait until it has ended."""
        self._control.close()
        if self._leash is not None:
            os.close(self._leash)
            self._leash = None
            try:
                self._process.wait(_ENDS)
            except subprocess.TimeoutExpired:  # it is still loading modules, say
                self._process.kill()
                self._process.wait()


def _program(control: int, leash: int) -> str:
    """What the process runs: it finds modules where this one does."""
    paths = [path for path in sys.path if isinstance(path, str)]
    return (
        f"import sys; sys.path[:] = {paths!r}; "
        f"import sympy; sympy.Dummy._base_dummy_index += {_DUMMIES}; "
        f"from theory.logic.prove.worker import main; main({control}, {leash})"
    )


def _not_started(error: OSError) -> NotComputedError:
    return NotComputedError(
        f"no process to compute in could be started ({error}); "
        f"{sys.executable or 'python'} -c 'import theory.logic.prove' may tell why"
    )


class _Pool:
    """The workers of this process."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._source: _Source | None = None
        self._all: set[_Worker] = set()
        self._idle: list[_Worker] = []

    def source(self) -> _Source:
        """Start the source of workers, unless there is one; what it loads may take a while."""
        with self.lock:
            if self._source is None:
                self._source = _Source()
                # At the end of this process, if it is one of multiprocessing's too.
                util.Finalize(None, self.close, exitpriority=0)
            return self._source

    def take(self) -> _Worker:
        """Take an idle worker, or a new one."""
        with self.lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_alive:
                    return worker
                self.end(worker)
            worker = self._new()
            self._all.add(worker)
        try:
            worker.wait_until_ready()
        except BaseException:
            self.end(worker)
            raise
        return worker

    def _new(self) -> _Worker:
        try:
            try:
                return self.source().worker()
            except OSError:  # somebody has ended it: another is started
                self._drop_source()
            return self.source().worker()
        except OSError as error:
            raise _not_started(error) from error

    def _drop_source(self) -> None:
        if self._source is not None:
            self._source.end()
            self._source = None

    def give_back(self, worker: _Worker) -> None:
        """Keep a worker for later calls."""
        with self.lock:
            if worker in self._all and len(self._idle) < _IDLE:
                self._idle.append(worker)
            else:
                self.end(worker)

    def end(self, worker: _Worker) -> None:
        """End a worker, once."""
        with self.lock:
            if worker in self._all:
                self._all.remove(worker)
                worker.end()

    def close(self) -> None:
        """End all that was started."""
        with self.lock:
            self._idle.clear()
            for worker in list(self._all):
                self.end(worker)
            self._drop_source()

    def after_fork(self) -> None:
        """Let go, in a forked process, of what the other one goes on holding."""
        self._idle.clear()
        for worker in list(self._all):
            self.end(worker)
        if self._source is not None:
            self._source.disown()
        self.lock.release()  # which was acquired before, so that nothing was half done


_POOL = _Pool()
os.register_at_fork(
    before=_POOL.lock.acquire,
    after_in_parent=_POOL.lock.release,
    after_in_child=_POOL.after_fork,
)
