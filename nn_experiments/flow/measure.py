"""Measure trained networks; what was measured is kept, and not measured again.

What a measure finds of one network lies in the run's folder, in a file named by the measure and by
a digest of all settings that it depends on, besides the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import nn

from nn_experiments.data.images import DataSet
from nn_experiments.data.loader import Loader
from nn_experiments.definition import Origin
from nn_experiments.evidence import store
from nn_experiments.evidence.store import MeasuredRun
from nn_experiments.flow.train import titles
from nn_experiments.measures.measure import PARTS, Measure
from nn_experiments.models.answers import NoAnswerError
from nn_experiments.specs import DataSpec, RunSpec
from nn_experiments.study import Cell
from nn_experiments.training import RunRecord, folder_name, load_model, resolve
from nn_experiments.training.device import hardware
from nn_experiments.training.processes import end_with_parent, fork_context
from theory.common.errors import UserError

Tell = Callable[[str, float], None]
"""Is given what was measured, and its weight: about how long it takes, in any unit."""


@dataclass(frozen=True)
class Task:
    """What is measured, and with what; sent to each process that measures."""

    origin: Origin
    root: Path
    loader: Loader
    device: str
    threads: int
    parts: tuple[str, ...] = PARTS

    def cell(self, record: RunRecord) -> Cell:
        """Return the cell of a training."""
        return _cells(self.origin)[folder_name(record.spec)]

    def measures(self, record: RunRecord) -> list[Measure]:
        """Return what is measured of a training."""
        every = self.origin.study().measures(self.cell(record))
        return [measure for measure in every if measure.part in ("", *self.parts)]

    def path(self, record: RunRecord, measure: Measure) -> Path:
        """Return where it is kept."""
        return kept_in(self.root, record.spec) / measure.file


@lru_cache(maxsize=4)
def _cells(origin: Origin) -> dict[str, Cell]:
    return {folder_name(run): cell for cell, run in origin.study().runs()}


@lru_cache(maxsize=4)
def _titles(origin: Origin) -> dict[str, str]:
    return titles(origin.study())


def kept_in(root: Path, run: RunSpec) -> Path:
    """Return the folder of what was measured of a training.

    Args:
        root: folder of the trainings' folders.
        run: that was trained.

    """
    return root / folder_name(run) / "measured"


def measure_all(
    task: Task, records: Sequence[RunRecord], jobs: int, tell: Tell
) -> tuple[MeasuredRun, ...]:
    """Measure every finished run, and return all that was measured of the study's runs.

    Args:
        task: what is measured.
        records: of the trainings of the study.
        jobs: how many processes measure at once, on a CPU; a GPU attacks all networks at once.
        tell: is called after each measure of a network.

    Raises:
        UserError: a network or its data cannot be used.
        KeyboardInterrupt: what is measured is kept.

    """
    finished = [record for record in records if record.finished]
    device = resolve(task.device)
    if jobs == 1 or device.type == "cuda":
        together = [finished] if device.type == "cuda" else [[record] for record in finished]
        for group in together:
            _measure(task, group, tell)
    else:
        _abreast(task, finished, jobs, tell)
    return collect(task, records)


def _abreast(task: Task, records: Sequence[RunRecord], jobs: int, tell: Tell) -> None:
    todo = [(record, measure) for record in records for measure in task.measures(record)]
    # Those that take longest begin first, so that all processes end at about the same time.
    todo.sort(key=lambda found: -found[1].weight)
    pool = ProcessPoolExecutor(jobs, mp_context=fork_context(), initializer=end_with_parent)
    try:
        started = [
            pool.submit(_measure_silently, task, record, measure.file) for record, measure in todo
        ]
        for future in as_completed(started):
            for done in future.result():
                tell(*done)
    except BaseException:
        for process in list(getattr(pool, "_processes", {}).values()):
            process.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _measure_silently(task: Task, record: RunRecord, file: str) -> list[tuple[str, float]]:
    told: list[tuple[str, float]] = []
    _measure(task, [record], lambda what, weight: told.append((what, weight)), file)
    return told


def missing(task: Task, records: Sequence[RunRecord]) -> float:
    """Return the weight of all that is not measured yet."""
    return sum(
        measure.weight
        for record in records
        if record.finished
        for measure in task.measures(record)
        if not task.path(record, measure).exists()
    )


def collect(task: Task, records: Sequence[RunRecord]) -> tuple[MeasuredRun, ...]:
    """Return what was measured so far, of all trainings, also where nothing was."""
    return tuple(_collected(task, record) for record in records)


def _collected(task: Task, record: RunRecord) -> MeasuredRun:
    run = _as_trained(task, record)
    for measure in task.measures(record) if record.finished else ():
        path = task.path(record, measure)
        if path.exists():
            for part in store.load(path):
                run = run.with_measure(measure.name, part.found, part.provenance[measure.name])
    return run


def _as_trained(task: Task, record: RunRecord) -> MeasuredRun:
    spec, cell = record.spec, task.cell(record)
    losses = record.train_loss, record.train_accuracy
    return MeasuredRun(folder_name(spec), dict(cell.levels), spec.seed, record.status, *losses)


def _measure(task: Task, records: Sequence[RunRecord], tell: Tell, file: str | None = None) -> None:
    """Measure what is missing, of networks with the same measure at once.

    Only the measure with that ``file`` is, if one is named.
    """
    device = resolve(task.device)
    if device.type == "cpu":
        torch.set_num_threads(task.threads)
    models: dict[str, nn.Module] = {}
    names = _titles(task.origin)
    for measure, group in _by_measure(task, records):
        todo = [record for record in group if not task.path(record, measure).exists()]
        if not todo or file not in (None, measure.file):
            continue
        data = _loaded(task.loader, task.origin.study().base.data, device)
        for record in todo:
            name = folder_name(record.spec)
            if name not in models:
                models[name] = load_model(task.root / name, device)[0]
        _measured(task, measure, todo, [models[folder_name(r.spec)] for r in todo], data)
        for record in todo:
            tell(f"{names[folder_name(record.spec)]}: {measure.name}", measure.weight)


def _by_measure(
    task: Task, records: Sequence[RunRecord]
) -> Iterator[tuple[Measure, list[RunRecord]]]:
    """Yield each measure with the runs that have it."""
    found: dict[str, tuple[Measure, list[RunRecord]]] = {}
    for record in records:
        for measure in task.measures(record):
            found.setdefault(measure.file, (measure, []))[1].append(record)
    yield from found.values()


@lru_cache(maxsize=1)
def _loaded(loader: Loader, spec: DataSpec, device: torch.device) -> DataSet:
    return loader(spec).to(device)


def _measured(
    task: Task,
    measure: Measure,
    records: Sequence[RunRecord],
    models: Sequence[nn.Module],
    data: DataSet,
) -> None:
    try:
        answers = measure.measure(models, data)
    except NoAnswerError as error:
        spec = records[error.network].spec
        title = _titles(task.origin)[folder_name(spec)]
        raise UserError(f"{title} ({spec.model.name}), {measure.name}: {error}") from error
    provenance = {
        "settings": dict(measure.settings),
        "torch": torch.__version__,
        "device": hardware(resolve(task.device)),
    }
    for record, found in zip(records, answers, strict=True):
        run = _as_trained(task, record).with_measure(measure.name, found, provenance)
        store.save([run], task.path(record, measure))
