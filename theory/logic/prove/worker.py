"""The processes in which what has a limit on its time is computed: what runs in them.

One process, started afresh with this package's modules loaded, computes nothing: it forks itself
for each worker that it is asked for, having a single thread, so that a fork is safe and a worker
is there in milliseconds. It kills a worker once the worker's *leash*, a pipe, is let go at its
other end, and all workers once its own is let go. A kernel does that for a process that has ended
in whatever way. See :mod:`theory.logic.prove.workers` for the other end.
"""

import gc
import os
import select
import signal
import socket
import struct
import traceback
from typing import Any, NoReturn

from theory.logic.prove.transport import pack_answer, unpack_answer, unpack_question

HEADER = struct.Struct("!dQ")
"""Before a question: the seconds that it may take, and the number of its bytes that follow."""
LENGTH = struct.Struct("!Q")
"""Before an answer: the number of its bytes that follow."""
READY = b"+"
"""What a worker sends once it can be asked."""
_LATE = 2.0  # seconds after which the kernel ends a computation that nobody else has ended


def main(control: int, leash: int) -> NoReturn:
    """Fork workers for whoever sends a socket and a leash; end when one's own leash is let go."""
    for number in (signal.SIGALRM, signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)  # what is ignored would stay so, being inherited
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=control) as asked:
        _tend(asked, leash)
    os._exit(0)


def _tend(asked: socket.socket, own_leash: int) -> None:
    """Fork a worker at each request; kill it when its leash is let go."""
    leashes: dict[int, int] = {}  # and the process that each holds
    events = select.poll()
    events.register(asked, select.POLLIN)
    events.register(own_leash, 0)
    while True:
        ready = [fd for fd, _ in events.poll()]
        for fd in ready:
            if fd in leashes:
                events.unregister(fd)
                os.close(fd)
                _kill(leashes.pop(fd))
        if own_leash in ready:
            for process in leashes.values():
                _kill(process)
            return
        if asked.fileno() in ready:
            _, fds, _, _ = socket.recv_fds(asked, 1, 2)
            if len(fds) != 2:  # nobody is left who could ask
                continue
            connection, leash = fds
            try:
                process = os.fork()
            except OSError:  # who asked sees that the connection is closed
                os.close(connection)
                os.close(leash)
                continue
            if process == 0:
                for fd in (asked.fileno(), own_leash, leash, *leashes):
                    os.close(fd)
                _work(connection)
            os.close(connection)
            leashes[leash] = process
            events.register(leash, 0)


def _kill(process: int) -> None:
    """End a child; it has been waited for by nobody yet, so its number is still its own."""
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def _work(connection: int) -> NoReturn:
    try:
        with socket.socket(fileno=connection) as asked:
            asked.sendall(READY)
            _serve(asked)
    except OSError:  # who asked has gone
        pass
    finally:
        os._exit(0)


def _serve(asked: socket.socket) -> None:
    while True:
        seconds, length = HEADER.unpack(receive(asked, HEADER.size))
        # The leash ends a computation in time, unless the process that holds it was killed.
        signal.setitimer(signal.ITIMER_REAL, min(seconds + _LATE, 1e8))
        answer = _answer(receive(asked, length))
        signal.setitimer(signal.ITIMER_REAL, 0)
        asked.sendall(LENGTH.pack(len(answer)) + answer)


def receive(connection: socket.socket, length: int) -> bytes:
    """Receive so many bytes.

    Raises:
        ConnectionError: the other end has closed.
        TimeoutError: the connection's time-out has passed.

    """
    data = bytearray()
    while len(data) < length:
        part = connection.recv(min(length - len(data), 1 << 20))
        if not part:
            raise ConnectionError("the other end has closed")
        data += part
    return bytes(data)


def _answer(question: bytes) -> bytes:
    """The result of a call, or the exception that it ended with, as bytes."""
    shared: list[Any] = []
    try:
        function, args, shared = unpack_question(question)
        return pack_answer((True, function(*args)), shared)
    except BaseException as error:
        trace = "".join(traceback.format_exception(error))
        error.add_note(f"In the process that computed it:\n{trace}")
        return _packed_error(error)


def _packed_error(error: BaseException) -> bytes:
    try:
        data = pack_answer((False, error), ())
        unpack_answer(data, ())
    except Exception:  # an exception's own arguments may not do to build it again
        told = RuntimeError(f"{type(error).__name__}: {error}")
        return pack_answer((False, told), ())
    return data
