"""The same sweep on a Slurm cluster, as one array of jobs, through submitit."""

import shutil
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from simulations.sweep.blocks import Computation, Plan
from simulations.sweep.grid import Sweep
from simulations.sweep.run import (
    Limits,
    Outcome,
    compute_blocks,
    left,
    local_devices,
    prepared,
)
from simulations.sweep.store import Store, opened, opened_by_job, require_disk
from theory.common.cluster import (
    Cluster,
    Job,
    Resources,
    Submitted,
    failure,
    require,
    submitted,
    with_log,
)
from theory.common.errors import UserError
from theory.common.lock import locked
from theory.common.progress import Progress

__all__ = ["Cluster", "Resources", "submit_sweep"]

_POLL_SECONDS: Final = 1.0
_LOGS: Final = "jobs"
_LOCK: Final = "lock-"
# Failures that one message tells of.
_MOST_TOLD: Final = 3


@dataclass(frozen=True)
class _Job(Job):
    """Computes every ``jobs``-th block; submitit sends it to the node and calls it there."""

    plan: Plan
    folder: Path
    device: str
    job: int
    jobs: int

    def __call__(self) -> str:
        """Compute the blocks that are missing; return why that failed, or nothing."""
        try:
            self.compute()
        except UserError as error:
            return str(error)
        except Exception as error:  # the function is a question's, and may raise anything
            traceback.print_exc()
            return f"{type(error).__name__}: {error}"
        return ""

    def compute(self) -> None:
        """Compute the blocks that are missing; raises as ``compute_blocks`` does."""
        mine = range(self.job, self.plan.blocks, self.jobs)
        # Jobs share the folder with one another, and their blocks with nobody.
        with locked(self.folder, shared=True), locked(self.folder, f"{_LOCK}{self.job:05}"):
            store = opened_by_job(self.folder, self.plan)
            todo = store.missing(mine)
            compute_blocks(self.plan, store, todo, local_devices(self.device))


def submit_sweep(
    computation: Computation,
    sweep: Sweep,
    folder: Path,
    jobs: int,
    *,
    limits: Limits | None = None,
    device: str = "auto",
    cluster: Cluster = "slurm",
    resources: Resources | None = None,
    progress: Progress | None = None,
    accept_versions: bool = False,
) -> Outcome:
    """Compute a sweep as ``run_sweep`` does, in an array of jobs; waits for them.

    If this process ends, the jobs go on; calling again while they do says that the folder is in
    use, and afterwards finds their blocks.

    Args:
        computation: what is computed; its function is importable on the nodes.
        sweep: at which points.
        folder: of the blocks, which every node sees; submitit's logs are in ``folder/jobs``, until
            all jobs have done what they had to.
        jobs: among how many the blocks are dealt out.
        limits: what it may take: ``memory`` of a block on a node; of ``seconds``, see
            :attr:`Resources.minutes`.
        device: where to compute, on the node.
        cluster: ``slurm``, or ``local`` for processes of this machine.
        resources: what each job gets.
        progress: called with the points whose blocks are written, now and then.
        accept_versions: whether to go on with blocks that other versions of the code computed.

    Raises:
        UserError: as ``run_sweep`` does; submitit is not installed; Slurm is not here or does not
            accept the jobs; a job failed, and why, and the blocks of the others are kept.

    """
    limits, resources = limits or Limits(), resources or Resources()
    began = time.monotonic()
    require(cluster)
    require_array(jobs, limits)
    plan = prepared(computation, sweep, folder, limits)
    with locked(folder):
        store = opened(folder, plan, accept_versions=accept_versions)
        todo = left(store, plan)
        require_disk(folder, plan, len(todo) / plan.blocks)
        for block in todo:
            # What is damaged must not be counted as done.
            store.path(block).unlink(missing_ok=True)
    array = [_Job(plan, folder, device, job, jobs) for job in sorted({b % jobs for b in todo})]
    queued = submitted(array, folder / _LOGS, "simulations", cluster, resources)
    _await(queued, store, plan, progress)
    _tidy(folder)
    return Outcome(folder, sweep.rows, plan.blocks, len(todo), time.monotonic() - began)


def require_array(jobs: int, limits: Limits) -> None:
    """Check that a sweep can be an array of so many jobs within limits.

    Raises:
        UserError: there is none, or there is a limit that an array does not have.

    """
    if jobs < 1:
        raise UserError(f"jobs: expected 1 or more, got {jobs}")
    if limits.seconds is not None:
        raise UserError(
            f"seconds: expected no limit for an array of jobs, got {limits.seconds:g}. Say how "
            "many minutes each job gets; a job that needs more is queued again."
        )


def _await(
    queued: Sequence[Submitted], store: Store, plan: Plan, progress: Progress | None
) -> None:
    while not all(job.done() for job in queued):
        _tell(store, plan, progress)
        time.sleep(_POLL_SECONDS)
    failures = [why for job in queued if (why := _failure(job))]
    _tell(store, plan, progress)
    if failures:
        raise UserError(
            f"{len(failures)} of {len(queued)} jobs failed. {' '.join(failures[:_MOST_TOLD])} "
            "The blocks that are done are kept; submit the sweep again to go on."
        )


def _tidy(folder: Path) -> None:
    """Delete logs, and locks that jobs left, unless others have begun to work in the folder."""
    with suppress(UserError), locked(folder):
        shutil.rmtree(folder / _LOGS, ignore_errors=True)
        # Jobs hold theirs only together with the folder's.
        for path in folder.glob(f"{_LOCK}*"):
            path.unlink()


def _tell(store: Store, plan: Plan, progress: Progress | None) -> None:
    if progress is not None:
        there = (block for block in range(plan.blocks) if store.path(block).exists())
        progress(sum(map(store.record.rows_of, there)), plan.sweep.rows)


def _failure(job: Submitted) -> str:
    """Return why a job failed, also if it says so itself, and where its log is, or nothing."""
    why = failure(job)
    if why or not job.result():
        return why
    return with_log(job, job.result())
