"""Settle many claims: each distinct question once, recalled where possible, on several cores."""

import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeAlias

from theory.ledger.cache import Cache, decode, encode, question
from theory.ledger.verify import Verdict, settle_claim, settle_obligation
from theory.logic.evidence import Argument, Claim, Obligation
from theory.logic.findings import Finding
from theory.logic.prove import workers

Progress: TypeAlias = Callable[[int, int, str], Any]
"""Called with the numbers of questions settled and asked, and the name of the last one."""

Task: TypeAlias = tuple[str, Obligation]
Found: TypeAlias = tuple[Finding, float]

_tasks: Sequence[Task] = ()  # what worker processes inherit, with the time-out
_timeout = 0.0


def settle_claims(
    claims: Sequence[Claim],
    simulation: Mapping[str, Any] | None = None,
    timeout: float = 10.0,
    *,
    cache: Cache,
    processes: int = 1,
    progress: Progress = lambda done, total, name: None,
) -> list[Verdict]:
    """Settle claims; what several of them ask is settled once.

    Args:
        claims: the claims.
        simulation: the ``checks`` of a simulation's evidence file, by name.
        timeout: seconds for each question to a solver.
        cache: where findings are recalled from and kept.
        processes: how many processes settle; with 1, this one.
        progress: told of every question that is settled.

    """
    asked: dict[int, Any] = {}  # the question of each obligation, or what tells it apart
    tasks: dict[Any, Task] = {}
    for name, obligation in _obligations(claims):
        key = question(obligation, timeout) or id(obligation)
        asked[id(obligation)] = key
        tasks.setdefault(key, (name, obligation))
    known: dict[Any, Found] = {}
    for key, (_, obligation) in tasks.items():
        recalled = cache.recall(_text(key), obligation.statement)
        if recalled is not None:
            known[key] = recalled
    missing = [key for key in tasks if key not in known]
    progress(len(known), len(tasks), "")
    for index, found in _settle([tasks[key] for key in missing], timeout, processes):
        key = missing[index]
        cache.keep(_text(key), *found)
        known[key] = found
        progress(len(known), len(tasks), tasks[key][0])
    return [settle_claim(c, simulation, timeout, lambda o, _: known[asked[id(o)]]) for c in claims]


def _obligations(claims: Sequence[Claim]) -> Iterator[Task]:
    for claim in claims:
        for argument in (claim.published, claim.corrected):
            if isinstance(argument, Argument):
                for name, obligation in argument.obligations.items():
                    yield f"{claim.id}: {name}", obligation


def _text(key: Any) -> str | None:
    return key if isinstance(key, str) else None


def _settle(tasks: Sequence[Task], timeout: float, processes: int) -> Iterator[tuple[int, Found]]:
    """Settle each task, in any order; yield its index and what was found."""
    left = dict(enumerate(tasks))
    if tasks:
        workers.prepare()  # once for all processes, which are forked from this one
    if tasks and processes > 1 and sys.platform != "win32":
        try:
            for index, data, seconds in _settle_in_processes(tasks, timeout, processes):
                finding = decode(data, left.pop(index)[1].statement)
                yield index, (finding, seconds)
        except BrokenProcessPool:
            warnings.warn("a process ended before its time; going on with one", stacklevel=2)
    for index, (_, obligation) in left.items():
        yield index, settle_obligation(obligation, timeout)


# --- In processes --------------------------------------------------------------------------------


def _settle_in_processes(
    tasks: Sequence[Task], timeout: float, processes: int
) -> Iterator[tuple[int, dict[str, Any], float]]:
    """Settle tasks in forks of this process, which have the statements already."""
    global _tasks, _timeout  # inherited: statements do not survive being pickled
    _tasks, _timeout = tasks, timeout
    executor = ProcessPoolExecutor(
        min(processes, len(tasks)),
        mp_context=multiprocessing.get_context("fork"),
        initializer=_begin,
        initargs=(os.getpid(),),
    )
    try:
        jobs = [executor.submit(_work, index) for index in range(len(tasks))]
        for job in as_completed(jobs):
            yield job.result()
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def _begin(parent: int) -> None:
    """Leave interrupts to the parent; end when it has ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _work(index: int) -> tuple[int, dict[str, Any], float]:
    _, obligation = _tasks[index]
    finding, seconds = settle_obligation(obligation, _timeout)
    return index, encode(finding), seconds
