"""The same grid of runs on a Slurm cluster, as one array of jobs, through submitit."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import submitit
from submitit.core.utils import FailedJobError, FailedSubmissionError, UncompletedJobError
from submitit.helpers import DelayedSubmission

from nn_experiments.specs import RunSpec
from nn_experiments.training.folder import FAILED, RunRecord, folder_name
from nn_experiments.training.grid import LoadData, over_already, require_grid, train_or_report
from theory.errors import UserError

# Each time a job goes on from its last checkpoint; submitit would give up after three.
_MOST_TIMEOUTS = 100

Cluster = Literal["slurm", "local"]

_RULE = "-" * 22  # around the traceback in what submitit tells


@dataclass(frozen=True)
class Resources:
    """What each job of an array gets.

    Attributes:
        minutes: how long it may take. A job that Slurm ends for this or for another's sake is
            queued again, and goes on from its last checkpoint.
        cpus: cores, and threads of a CPU operation.
        gpus: 0 to train on CPUs.
        memory_gb: main memory.
        partition: of Slurm; its default, if empty.
        abreast: how many jobs run at once at most.

    """

    minutes: int = 240
    cpus: int = 4
    gpus: int = 1
    memory_gb: int = 16
    partition: str = ""
    abreast: int = 32


@dataclass(frozen=True)
class _Job:
    """Trains one run; submitit sends it to the node and calls it there."""

    spec: RunSpec
    load_data: LoadData
    root: Path
    device: str
    threads: int

    def __call__(self) -> RunRecord:
        load = partial(self.load_data, self.spec.data)
        return train_or_report(self.spec, load, self.root, self.device, None, self.threads)

    def checkpoint(self) -> DelayedSubmission:
        """Return what is queued when the job is ended early: the same, which will resume."""
        return DelayedSubmission(self)


def submit_all(
    runs: Sequence[RunSpec],
    load_data: LoadData,
    root: Path,
    device: str,
    *,
    cluster: Cluster = "slurm",
    resources: Resources | None = None,
) -> list[RunRecord]:
    """Train every run as :func:`nn_experiments.training.train_all` does, each in a job; waits.

    If this process ends, the jobs go on; calling again while they do reports their folders as in
    use, and afterwards finds their results.

    Args:
        runs: what to train.
        load_data: reads their images, on the node.
        root: folder of the runs' folders, which every node sees; submitit's logs are in
            ``root/jobs``.
        device: where to train, on the node.
        cluster: ``slurm``, or ``local`` for processes of this machine.
        resources: what each job gets.

    Returns:
        Records, in the order of ``runs``.

    Raises:
        UserError: Slurm is not here, or two runs are the same.

    """
    resources = resources or Resources()
    _require_slurm(cluster)
    require_grid(runs, 1, resources.cpus)
    records = {folder_name(spec): over for spec in runs if (over := over_already(spec, root))}
    todo = [spec for spec in runs if folder_name(spec) not in records]
    jobs = [_Job(spec, load_data, root, device, resources.cpus) for spec in todo]
    submitted = _submitted(_executor(root / "jobs", cluster, resources), jobs)
    for spec, job in zip(todo, submitted, strict=True):
        records[folder_name(spec)] = _awaited(spec, job)
    return [records[folder_name(spec)] for spec in runs]


def _require_slurm(cluster: Cluster) -> None:
    if cluster == "slurm" and shutil.which("sbatch") is None:
        raise UserError(
            "expected Slurm, but its command sbatch was not found. Run this on a login node of "
            "the cluster, or train here, without --cluster slurm."
        )


def _executor(folder: Path, cluster: Cluster, resources: Resources) -> Any:
    executor = submitit.AutoExecutor(folder, cluster=cluster, slurm_max_num_timeout=_MOST_TIMEOUTS)
    executor.update_parameters(
        name="nn_experiments",
        timeout_min=resources.minutes,
        cpus_per_task=resources.cpus,
        gpus_per_node=resources.gpus,
        mem_gb=resources.memory_gb,
        slurm_array_parallelism=resources.abreast,
    )
    if resources.partition:
        executor.update_parameters(slurm_partition=resources.partition)
    return executor


def _submitted(executor: Any, jobs: Sequence[_Job]) -> list[Any]:
    try:
        return executor.submit_array(jobs) if jobs else []
    except FailedSubmissionError as error:
        raise UserError(
            f"expected Slurm to accept an array of {len(jobs)} jobs, got {error}. "
            "Change the resources that are asked for."
        ) from error


def _awaited(spec: RunSpec, job: Any) -> RunRecord:
    try:
        return job.result()
    except FailedJobError as error:
        why = _reason(str(error))
    except UncompletedJobError as error:
        why = str(error).partition("\n")[0]
    return RunRecord(spec, f"{FAILED}job {job.job_id}: {why} Its log is {job.paths.stderr}.")


def _reason(told: str) -> str:
    """Return the exception of a job that failed: the last line of the traceback, between rules."""
    _, _, rest = told.partition(f"\n{_RULE}\n")
    trace, _, _ = rest.partition(f"\n{_RULE}\n")
    return (trace or told).strip().rpartition("\n")[2]
