"""What is timed, and how."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

# A thousand take hours; more would not make a median better.
_MOST_REPEATS: Final = 1000


class UnavailableError(Exception):
    """A job cannot be run here; the message says why in a few words."""


@dataclass(frozen=True)
class Count:
    """What an update of a job needs of the machine.

    Attributes:
        operations: arithmetic operations on numbers of ``dtype``.
        dtype: ``int16``, ``int32`` or ``float64``.
        bytes: moved to and from main memory.

    """

    operations: float
    dtype: str
    bytes: float | None = None


@dataclass(frozen=True)
class Job:
    """Something to be timed.

    Attributes:
        name: what it is.
        run: does it once, to the end; None if it cannot be run here.
        done: updates that ``run`` makes, of one optimizer or one start each.
        whole: updates of the whole job, to which the time is scaled.
        baseline: name of the job that the time is divided by.
        prepare: called before each timed run.
        check: says of the result of a run in what sense it is right.
        count: what an update needs.
        unit: what ``done`` counts.
        most_repeats: of a job that takes minutes; it is not run a first time that does not count.

    """

    name: str
    run: Callable[[], Any] | None
    done: int
    whole: int
    baseline: str
    prepare: Callable[[], Any] = lambda: None
    check: Callable[[Any], str] | None = None
    count: Count | None = None
    unit: str = "updates"
    most_repeats: int | None = None


@dataclass(frozen=True)
class Measurement:
    """How long a job took.

    Attributes:
        job: what was measured.
        seconds: that the whole job takes, one value for each repetition; empty if it was not run.
        cores: time that all cores together worked over the time that passed, the median.
        checked: what ``check`` said.
        reason: why it was not run.

    """

    job: Job
    seconds: tuple[float, ...]
    cores: float = 0.0
    checked: str = ""
    reason: str = ""

    @property
    def median(self) -> float:
        """Median time in seconds."""
        return statistics.median(self.seconds)

    @property
    def rate(self) -> float:
        """Updates a second."""
        return self.job.whole / self.median


def measure(job: Job, repeats: int) -> Measurement:
    """Time ``job`` ``repeats`` times, after a first time that does not count.

    Raises:
        ValueError: ``repeats`` is smaller than 1 or greater than 1000.

    """
    if not 1 <= repeats <= _MOST_REPEATS:
        raise ValueError(f"repeats: expected an integer from 1 to {_MOST_REPEATS}, got {repeats}")
    if job.run is None:
        return Measurement(job, (), reason="needs PyTorch (extra nn)")
    if job.most_repeats is None:
        try:
            job.run()
        except UnavailableError as error:
            return Measurement(job, (), reason=str(error))
    seconds, cores = [], []
    for _ in range(min(repeats, job.most_repeats or repeats)):
        job.prepare()
        begin, worked = time.perf_counter(), time.process_time()
        result = job.run()
        passed = time.perf_counter() - begin
        cores.append((time.process_time() - worked) / passed)
        seconds.append(passed * job.whole / job.done)
    checked = job.check(result) if job.check else ""
    return Measurement(job, tuple(seconds), statistics.median(cores), checked)
