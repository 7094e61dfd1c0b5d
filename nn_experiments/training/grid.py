"""Many runs, independent of one another: one after another, or several processes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch

from nn_experiments.data.images import DataSet
from nn_experiments.specs import DataSpec, RunSpec
from nn_experiments.training.folder import (
    FAILED,
    Metrics,
    RunFolder,
    RunRecord,
    folder_name,
    mark_interrupted,
    read_record,
    require_same,
)
from nn_experiments.training.loop import Progress, train
from nn_experiments.training.processes import end_with_parent, fork_context
from theory.common.errors import UserError, told

LoadData = Callable[[DataSpec], DataSet]
"""Reads and splits images; picklable if runs have processes of their own."""

_POLL_SECONDS = 0.5


def train_all(
    runs: Sequence[RunSpec],
    load_data: LoadData,
    root: Path,
    device: torch.device | str,
    jobs: int = 1,
    progress: Progress | None = None,
    *,
    threads: int | None = None,
) -> list[RunRecord]:
    """Train every run, each in a folder of its own under ``root``; those that are over are kept.

    A run that fails is reported by its record's status, ``failed: `` and why, and the others go
    on. For the same number of threads the results do not depend on ``jobs``.

    Args:
        runs: what to train.
        load_data: reads their images.
        root: folder of the runs' folders.
        device: where to train.
        jobs: how many processes train at once; with 1, this one does.
        progress: called after each epoch of each run.
        threads: of a CPU operation in each run; if None, torch's present number for one job and 1
            for several.

    Returns:
        Records, in the order of ``runs``.

    Raises:
        UserError: ``jobs`` or ``threads`` is smaller than 1, or two runs are the same.
        KeyboardInterrupt: runs that have begun keep their last checkpoints.

    """
    require_grid(runs, jobs, threads)
    records = {folder_name(spec): over for spec in runs if (over := over_already(spec, root))}
    todo = [spec for spec in runs if folder_name(spec) not in records]
    if jobs == 1:
        trained = _one_by_one(todo, load_data, root, device, progress, threads)
    else:
        trained = _abreast(todo, _Task(load_data, root, str(device), threads or 1), jobs, progress)
    records |= trained
    return [records[folder_name(spec)] for spec in runs]


def require_grid(runs: Sequence[RunSpec], jobs: int, threads: int | None) -> None:
    """Check what :func:`train_all` is given; raises as it does."""
    for name, value in (("jobs", jobs), ("threads", threads)):
        if value is not None and value < 1:
            raise UserError(f"{name}: expected 1 or more, got {value}.")
    names = [folder_name(spec) for spec in runs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"expected runs that differ, got twice: {', '.join(twice)}.")


def over_already(spec: RunSpec, root: Path) -> RunRecord | None:
    """Return the record of a run that is over, or None if there is something to do."""
    folder = root / folder_name(spec)
    if not (folder / "run.json").exists():
        return None
    try:
        record = read_record(folder)
        require_same(spec, record.spec, folder)
    except UserError:
        # Training will say what is wrong, as this run's failure.
        return None
    return record if RunFolder(folder, record).over else None


def train_or_report(
    spec: RunSpec,
    load_data: Callable[[], DataSet],
    root: Path,
    device: torch.device | str,
    progress: Progress | None = None,
    threads: int | None = None,
) -> RunRecord:
    """Train a run in its folder under ``root``; if that fails, return a record that says why."""
    try:
        folder = root / folder_name(spec)
        return train(spec, load_data(), folder, device, progress=progress, threads=threads)
    except UserError as error:
        return _failed(spec, str(error))
    except Exception as error:  # a user's own model may raise anything, and the others go on
        return _failed(spec, told(error))


def _failed(spec: RunSpec, why: str) -> RunRecord:
    return RunRecord(spec, FAILED + why)


def _one_by_one(
    runs: Sequence[RunSpec],
    load_data: LoadData,
    root: Path,
    device: torch.device | str,
    progress: Progress | None,
    threads: int | None,
) -> dict[str, RunRecord]:
    loaded: dict[DataSpec, DataSet] = {}

    def load(spec: DataSpec) -> DataSet:
        if spec not in loaded:
            # One at a time, as a device may hold no two.
            loaded.clear()
            loaded[spec] = load_data(spec)
        return loaded[spec]

    return {
        folder_name(spec): train_or_report(
            spec, partial(load, spec.data), root, device, progress, threads
        )
        for spec in runs
    }


@dataclass(frozen=True)
class _Task:
    """What all runs of a grid share; sent to each one's process."""

    load_data: LoadData
    root: Path
    device: str
    threads: int

    def train(self, spec: RunSpec, results: Connection) -> None:
        end_with_parent()
        load = partial(self.load_data, spec.data)
        results.send(train_or_report(spec, load, self.root, self.device, None, self.threads))


class _Worker:
    """A process that trains one run."""

    def __init__(self, spec: RunSpec, task: _Task) -> None:
        context = fork_context()
        self.spec = spec
        self.results, theirs = context.Pipe(duplex=False)
        self._folder = task.root / folder_name(spec)
        self._metrics = Metrics(self._folder / "metrics.jsonl")
        self._told = len(self._metrics.read())
        self._process: BaseProcess = context.Process(
            target=task.train, args=(spec, theirs), name=folder_name(spec), daemon=True
        )
        self._process.start()
        theirs.close()

    def tell(self, progress: Progress | None) -> None:
        """Report the epochs that were completed since the last time."""
        if progress is not None:
            lines = self._metrics.read()
            for line in lines[self._told :]:
                progress(self.spec, line)
            # A resumed run first drops lines of epochs that it repeats.
            self._told = max(self._told, len(lines))

    def result(self) -> RunRecord:
        """Return the record, once ``results`` is ready."""
        try:
            record = self.results.recv()
            self._process.join()
        except EOFError:
            self._process.join()
            code = self._process.exitcode
            record = _failed(
                self.spec,
                f"its process ended with code {code}; -9 is often a lack of memory. Train fewer "
                "runs at once; the run goes on from its last checkpoint.",
            )
        self.results.close()
        return record

    def stop(self) -> None:
        """End the process; its run can be resumed, and its record says so."""
        self._process.kill()
        self._process.join()
        self.results.close()
        # If this cannot be written, or the run is another process's, it goes on all the same.
        with suppress(UserError):
            mark_interrupted(self._folder, self.spec)


def _abreast(
    runs: Sequence[RunSpec], task: _Task, jobs: int, progress: Progress | None
) -> dict[str, RunRecord]:
    waiting = iter(runs)
    workers: list[_Worker] = []
    records = {}
    try:
        workers.extend(_started(waiting, task, jobs))
        while workers:
            ready = wait([worker.results for worker in workers], _POLL_SECONDS)
            for worker in tuple(workers):
                worker.tell(progress)
                if worker.results in ready:
                    workers.remove(worker)
                    records[folder_name(worker.spec)] = worker.result()
                    workers.extend(_started(waiting, task, 1))
    finally:
        for worker in workers:
            worker.stop()
    return records


def _started(waiting: Iterator[RunSpec], task: _Task, n: int) -> Iterator[_Worker]:
    for _, spec in zip(range(n), waiting, strict=False):
        yield _Worker(spec, task)
