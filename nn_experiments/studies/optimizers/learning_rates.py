"""The choice of learning rates by validation accuracy, as the thesis selects its models."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from nn_experiments.specs import OptimizerSpec, RunSpec
from nn_experiments.studies.optimizers.preset import Preset
from nn_experiments.training.folder import RunRecord
from nn_experiments.training.grid import LoadData, train_all
from nn_experiments.training.loop import Progress
from theory.common.errors import UserError


@dataclass(frozen=True)
class LearningRateChoice:
    """Learning rates, and what they were chosen from.

    Attributes:
        optimizers: the preset's, in its order, with the chosen rates.
        tried: every run of the sweep.

    """

    optimizers: tuple[OptimizerSpec, ...]
    tried: tuple[RunRecord, ...]


def choose_learning_rates(
    preset: Preset,
    load_data: LoadData,
    root: Path,
    device: torch.device | str,
    jobs: int = 1,
    progress: Progress | None = None,
    *,
    threads: int | None = None,
) -> LearningRateChoice:
    """Train each optimizer at its rate times each factor of ``preset.sweep``, and choose.

    The preset's first seed is used; the highest validation accuracy of the final weights is
    chosen, and the smaller rate if two have it. The runs of the chosen rates are those of the
    comparison with that seed, so with the same ``root`` they are not repeated. Without a sweep
    nothing is trained, and the rates are the preset's.

    Args:
        preset: says what to try.
        load_data: as in :func:`nn_experiments.training.train_all`, as are the other arguments.
        root: folder of the runs' folders.
        device: where to train.
        jobs: how many processes train at once.
        progress: called after each epoch of each run.
        threads: of a CPU operation in each run.

    Raises:
        UserError: no rate of an optimizer led to a trained model.

    """
    if not preset.sweep:
        return LearningRateChoice(preset.optimizers, ())
    runs = candidates(preset)
    records = train_all(runs, load_data, root, device, jobs, progress, threads=threads)
    chosen = tuple(_best(optimizer, records) for optimizer in preset.optimizers)
    return LearningRateChoice(chosen, tuple(records))


def candidates(preset: Preset) -> list[RunSpec]:
    """Return the trainings that a sweep tries; none without one."""
    return [
        RunSpec(preset.data, preset.model, tried, preset.training, preset.seeds[0])
        for optimizer in preset.optimizers
        for tried in _at_rates(optimizer, preset.sweep)
    ]


def _at_rates(optimizer: OptimizerSpec, factors: tuple[float, ...]) -> list[OptimizerSpec]:
    rates = sorted({optimizer.learning_rate * factor for factor in factors})
    return [replace(optimizer, learning_rate=rate) for rate in rates]


def _best(optimizer: OptimizerSpec, records: list[RunRecord]) -> OptimizerSpec:
    tried = [record for record in records if record.spec.optimizer.title == optimizer.title]

    def merit(record: RunRecord) -> tuple[float, float]:
        accuracy = record.validation_accuracy
        return -math.inf if accuracy is None else accuracy, -record.spec.optimizer.learning_rate

    best = max(tried, key=merit)
    if best.validation_accuracy is None:
        told = "; ".join(f"{r.spec.optimizer.learning_rate:g}: {r.status}" for r in tried)
        raise UserError(
            f"{optimizer.title}: expected a learning rate that trains, got {told}. "
            "Change learning_rate or sweep."
        )
    return best.spec.optimizer
