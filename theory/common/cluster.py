"""Work that can be cut up, as one array of jobs of a Slurm cluster, by way of submitit.

submitit takes a while to import, so that it is imported only where jobs are submitted.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

from theory.common.errors import UserError

Cluster: TypeAlias = Literal["slurm", "local"]
"""Where jobs are queued: on Slurm, or as processes of this machine."""

# Each time a job goes on with what is left of it; submitit would give up after three.
_MOST_TIMEOUTS: Final = 100
_RULE: Final = "-" * 22  # around the traceback in what submitit tells


@dataclass(frozen=True)
class Resources:
    """What each job of an array gets.

    Attributes:
        minutes: how long it may take. A job that Slurm ends for this or for another's sake is
            queued again, and goes on with what is left of it.
        cpus: cores.
        gpus: 0 to compute on CPUs.
        memory_gb: main memory.
        partition: of Slurm; its default, if empty.
        abreast: how many jobs run at once at most.

    Raises:
        UserError: a number is too small.

    """

    minutes: int = 240
    cpus: int = 2
    gpus: int = 0
    memory_gb: int = 8
    partition: str = ""
    abreast: int = 32

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name == "gpus" else 1
            if field.name != "partition" and value < least:
                raise UserError(f"{field.name}: expected {least} or more for a job, got {value}.")


class Job:
    """Base of what does one job's work when it is called; it goes on where it was ended."""

    def checkpoint(self) -> Any:
        """Return what submitit queues when the job is ended early: the same, which will go on."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


class Submitted(Protocol):
    """What is used of submitit's handle on a job that is queued, runs or is over."""

    job_id: str
    paths: Any

    def done(self) -> bool:
        """Whether it is over."""

    def result(self) -> Any:
        """Wait for what it returns; raises what submitit makes of a failure."""


def require(cluster: Cluster) -> None:
    """Check that jobs can be submitted from here.

    Raises:
        UserError: Slurm is not here.

    """
    missing = [command for command in ("sbatch", "srun") if shutil.which(command) is None]
    if cluster == "slurm" and missing:
        raise UserError(
            f"expected Slurm, but its command {missing[0]} was not found. Run this on a login node "
            "of the cluster, or compute here, without --cluster slurm."
        )


def submitted(
    jobs: Sequence[Callable[[], Any]],
    folder: Path,
    name: str,
    cluster: Cluster,
    resources: Resources,
) -> list[Submitted]:
    """Queue an array of jobs; it goes on if this process ends.

    Args:
        jobs: what each calls; picklable. If there are none, nothing is queued.
        folder: for submitit's logs, which every node sees.
        name: of the array in the queue.
        cluster: where they are queued.
        resources: what each job gets.

    Raises:
        UserError: Slurm does not accept the jobs.

    """
    if not jobs:
        return []
    import submitit
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    executor = submitit.AutoExecutor(folder, cluster=cluster, slurm_max_num_timeout=_MOST_TIMEOUTS)
    executor.update_parameters(name=name, **_parameters(resources))
    try:
        return executor.submit_array(jobs)
    # The first is also what submitit raises where sbatch itself fails.
    except (FailedJobError, FailedSubmissionError) as error:
        raise UserError(
            f"expected Slurm to accept an array of {len(jobs)} jobs, got {str(error).strip()}. "
            "Change the resources that are asked for."
        ) from error


def _parameters(resources: Resources) -> dict[str, Any]:
    """Resources by submitit's names."""
    partition = {"slurm_partition": resources.partition} if resources.partition else {}
    return partition | {
        "timeout_min": resources.minutes,
        "cpus_per_task": resources.cpus,
        "gpus_per_node": resources.gpus,
        "mem_gb": resources.memory_gb,
        "slurm_array_parallelism": resources.abreast,
    }


def failure(job: Submitted) -> str:
    """Wait for a job; return why it has no result and where its log is, or nothing if it has."""
    from submitit.core.utils import FailedJobError, UncompletedJobError

    try:
        job.result()
    except FailedJobError as error:
        return with_log(job, _exception(str(error)))
    except UncompletedJobError:
        return with_log(job, "It ended without a word; a lack of memory is often why.")
    return ""


def with_log(job: Submitted, why: str) -> str:
    """Return why a job failed, with its number and the place of its log."""
    return f"Job {job.job_id}: {why.removesuffix('.')}. Its log is {job.paths.stderr}."


def _exception(told: str) -> str:
    """Return the exception of a job that failed: the last line of the traceback, between rules."""
    _, _, rest = told.partition(f"\n{_RULE}\n")
    trace, _, _ = rest.partition(f"\n{_RULE}\n")
    return (trace or told).strip().rpartition("\n")[2]
