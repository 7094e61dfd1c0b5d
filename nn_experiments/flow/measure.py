"""Measurements of trained networks, in pieces that are kept: what was measured is not repeated.

A piece is one way to test one network: noise, attacks on some hundred images, band-limited noise,
Lipschitz bounds, or gradients. It lies in the run's folder, in a file named by the piece and by a
digest of all settings that it depends on, besides the network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import nn

from nn_experiments.data.images import DataSet
from nn_experiments.data.loader import Loader
from nn_experiments.evidence import store as kept
from nn_experiments.evidence.store import Measurements, RunMeasurements
from nn_experiments.measures.pieces import LINEAR, PARTS, Piece, filtered_measure, plan, role
from nn_experiments.models.answers import NoAnswerError
from nn_experiments.specs import DataSpec, Preset, RunSpec
from nn_experiments.training import RunRecord, folder_name, load_model, resolve
from nn_experiments.training.processes import end_with_parent, fork_context
from theory.common.errors import UserError

Tell = Callable[[str, float], None]
"""Is given what was measured, and its weight: about how long it takes, in any unit."""


@dataclass(frozen=True)
class Task:
    """What is measured, and with what; sent to each process that measures."""

    preset: Preset
    root: Path
    loader: Loader
    device: str
    threads: int
    parts: tuple[str, ...] = PARTS


def measure_all(task: Task, records: Sequence[RunRecord], jobs: int, tell: Tell) -> Measurements:
    """Measure every finished run, and return all that the verdict reads.

    Args:
        task: what is measured.
        records: of the trainings of ``task.preset.all_runs()``.
        jobs: how many processes measure at once, on a CPU; a GPU attacks all networks at once.
        tell: is called after each piece.

    Raises:
        UserError: a network or its data cannot be used.
        KeyboardInterrupt: pieces that are done are kept.

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
    pieces = [(record, piece) for record in records for piece in _plan(task, record)]
    # Those that take longest begin first, so that all processes end at about the same time.
    pieces.sort(key=lambda found: -found[1].weight)
    pool = ProcessPoolExecutor(jobs, mp_context=fork_context(), initializer=end_with_parent)
    try:
        started = [
            pool.submit(_measure_silently, task, record, piece.file) for record, piece in pieces
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
    """Return the weight of all pieces that are missing."""
    return sum(
        piece.weight
        for record in records
        if record.finished
        for piece in _plan(task, record)
        if not (_folder(task, record) / piece.file).exists()
    )


def collect(task: Task, records: Sequence[RunRecord]) -> Measurements:
    """Return what was measured so far, of all trainings; a run without pieces has none."""
    found: dict[tuple[str, int], RunMeasurements] = {}
    for record in records:
        spec = record.spec
        key = spec.optimizer.title, spec.seed
        run = found.get(key, RunMeasurements(*key))
        part = role(task.preset, spec)
        if part == "filtered" and record.train_accuracy is not None:
            fitted = {
                **run.filtered_training_accuracy,
                filtered_measure(spec): record.train_accuracy,
            }
            run = replace(run, filtered_training_accuracy=fitted)
        if part == "network":
            run = replace(
                run,
                status=record.status,
                training_loss=record.train_loss,
                training_accuracy=record.train_accuracy,
            )
        found[key] = _joined(run, _pieces_of(task, record))
    return Measurements(tuple(found.values()))


def _joined(run: RunMeasurements, pieces: Iterable[RunMeasurements]) -> RunMeasurements:
    """Add a training's pieces to the measurements of its optimizer and seed."""
    for piece in pieces:
        parts = {
            m: [*([run.correct[m]] if m in run.correct else []), c]
            for m, c in piece.correct.items()
        }
        run = replace(
            run,
            correct={**run.correct, **{m: np.concatenate(part) for m, part in parts.items()}},
            bands=piece.bands or run.bands,
            lipschitz={**run.lipschitz, **piece.lipschitz},
            lipschitz_local={**run.lipschitz_local, **piece.lipschitz_local},
            gradient_energy={**run.gradient_energy, **piece.gradient_energy},
            engines={**run.engines, **piece.engines},
            masked={
                **run.masked,
                **{m: run.masked[m] + n if m in run.masked else n for m, n in piece.masked.items()},
            },
            attack_notes={
                **run.attack_notes,
                **{
                    m: tuple(dict.fromkeys((*run.attack_notes.get(m, ()), *notes)))
                    for m, notes in piece.attack_notes.items()
                },
            },
        )
    return run


def _measure(task: Task, records: Sequence[RunRecord], tell: Tell, file: str | None = None) -> None:
    """Measure the pieces that are missing, of networks with the same kind of pieces at once.

    Only the piece with that ``file`` is, if one is named.
    """
    device = resolve(task.device)
    if device.type == "cpu":
        torch.set_num_threads(task.threads)
    models: dict[str, nn.Module] = {}
    for part in ("network", "filtered", "linear"):
        group = [record for record in records if role(task.preset, record.spec) == part]
        for piece in _plan(task, group[0]) if group else ():
            todo = [r for r in group if not (_folder(task, r) / piece.file).exists()]
            if not todo or file not in (None, piece.file):
                continue
            data = _loaded(task.loader, task.preset.data, device)
            for record in todo:
                name = folder_name(record.spec)
                if name not in models:
                    models[name] = load_model(task.root / name, device)[0]
            _measured(task, piece, todo, [models[folder_name(r.spec)] for r in todo], data)
            for record in todo:
                tell(f"{_title(record.spec)}: {piece.name}", piece.weight)


@lru_cache(maxsize=1)
def _loaded(loader: Loader, spec: DataSpec, device: torch.device) -> DataSet:
    return loader(spec).to(device)


def _measured(
    task: Task,
    piece: Piece,
    records: Sequence[RunRecord],
    models: Sequence[nn.Module],
    data: DataSet,
) -> None:
    try:
        answers = piece.measure(models, data)
    except NoAnswerError as error:
        spec = records[error.network].spec
        raise UserError(f"{_title(spec)} ({spec.model.name}), {piece.name}: {error}") from error
    for record, found in zip(records, answers, strict=True):
        run = RunMeasurements(record.spec.optimizer.title, record.spec.seed, **found)
        kept.save(Measurements((run,)), _folder(task, record) / piece.file)


def _title(spec: RunSpec) -> str:
    filtered = f", {spec.data.filtered_percent} % removed by {spec.data.filtered_by}"
    model = f", {spec.model.name}" if spec.model.name == LINEAR else ""
    return f"{spec.optimizer.title} seed {spec.seed}{model}{filtered * bool(spec.data.filtered_by)}"


def folder(root: Path, run: RunSpec) -> Path:
    """Return the folder of the pieces that were measured of a training.

    Args:
        root: folder of the trainings' folders.
        run: that was trained.

    """
    return root / folder_name(run) / "measured"


def _folder(task: Task, record: RunRecord) -> Path:
    return folder(task.root, record.spec)


def _plan(task: Task, record: RunRecord) -> list[Piece]:
    return plan(task.preset, record.spec, task.parts)


def _pieces_of(task: Task, record: RunRecord) -> Iterable[RunMeasurements]:
    """Read the pieces of a run that there are."""
    if record.finished:
        for piece in _plan(task, record):
            path = _folder(task, record) / piece.file
            if path.exists():
                yield from kept.load(path).runs
