"""The same grid of runs on a Slurm cluster, as one array of jobs, through submitit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nn_experiments.specs import RunSpec
from nn_experiments.training.folder import FAILED, RunRecord, folder_name
from nn_experiments.training.grid import LoadData, over_already, require_grid, train_or_report
from theory.common import cluster as queue
from theory.common.cluster import Cluster

__all__ = ["Cluster", "Resources", "submit_all"]


@dataclass(frozen=True)
class Resources(queue.Resources):
    """What each training gets; ``cpus`` are threads."""

    cpus: int = 4
    gpus: int = 1
    memory_gb: int = 16


@dataclass(frozen=True)
class _Job(queue.Job):
    """Trains one run; submitit sends it to the node and calls it there."""

    spec: RunSpec
    load_data: LoadData
    root: Path
    device: str
    threads: int

    def __call__(self) -> RunRecord:
        load = partial(self.load_data, self.spec.data)
        return train_or_report(self.spec, load, self.root, self.device, None, self.threads)


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
        UserError: submitit is not installed, Slurm is not here or does not accept the jobs, or two
            runs are the same.

    """
    resources = resources or Resources()
    queue.require(cluster)
    require_grid(runs, 1, resources.cpus)
    records = {folder_name(spec): over for spec in runs if (over := over_already(spec, root))}
    todo = [spec for spec in runs if folder_name(spec) not in records]
    jobs = [_Job(spec, load_data, root, device, resources.cpus) for spec in todo]
    submitted = queue.submitted(jobs, root / "jobs", "nn_experiments", cluster, resources)
    for spec, job in zip(todo, submitted, strict=True):
        records[folder_name(spec)] = _awaited(spec, job)
    return [records[folder_name(spec)] for spec in runs]


def _awaited(spec: RunSpec, job: queue.Submitted) -> RunRecord:
    why = queue.failure(job)
    return RunRecord(spec, FAILED + why) if why else job.result()
