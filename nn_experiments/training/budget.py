"""How many images can be trained on in a given time, told before anything is trained."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from pydantic import TypeAdapter

from nn_experiments import models, optimizers
from nn_experiments.images import DataSet, Images
from nn_experiments.specs import OptimizerSpec, Preset, RunSpec
from nn_experiments.training.device import computing, memory_errors, resolve
from nn_experiments.training.processes import end_with_parent, fork_context
from nn_experiments.training.step import Stepper
from theory.artefacts import read_json, write_json
from theory.errors import UserError

_WARM_UP, _TIMED = 3, 7


@dataclass(frozen=True)
class BudgetEstimate:
    """How long a preset's trainings take.

    Attributes:
        images: how many to train on: a power of two.
        seconds: the estimate for all trainings with them.
        budget: what there is, in seconds.
        jobs: how many runs train at once.
        batch_size: of the steps that were timed.
        step_seconds: of one step of each optimizer, by title: medians of ``timed`` steps, of the
            slowest of the ``jobs`` processes that took them at once.
        timed: how many.
        preset: what the estimate is for.

    """

    images: int
    seconds: float
    budget: float
    jobs: int
    batch_size: int
    step_seconds: dict[str, float]
    timed: int
    preset: Preset


def images_within_budget(
    preset: Preset,
    data: DataSet,
    device: torch.device | str,
    *,
    jobs: int = 1,
    threads: int | None = None,
    record: Path | None = None,
) -> BudgetEstimate:
    """Return the largest power of two of training images whose training fits the preset's budget.

    It is at most ``preset.data.train_images`` (or all there are), and decided by the time that a
    few steps of each optimizer take while ``jobs`` processes take them at once: no result of a
    training is seen. Evaluating an image is counted as a share of a training step.

    Args:
        preset: its ``training_budget`` is a number.
        data: enough images for one minibatch; only their size matters.
        device: where to train.
        jobs: how many runs train at once.
        threads: of a CPU operation, as in :func:`nn_experiments.training.train_all`.
        record: where the estimate is written; one already there for this preset and these jobs is
            used again, so that a comparison that is resumed has the same images.

    Raises:
        UserError: the budget does not suffice for as many images as there are classes.

    """
    if preset.training_budget is None:
        raise ValueError("expected a preset with a training_budget")
    if record is not None and (earlier := _earlier(record, preset)) is not None:
        return earlier
    device = resolve(device)
    threads = threads or (1 if jobs > 1 else torch.get_num_threads())
    task = _Timing(preset, str(device), threads)
    batch = min(preset.training.batch_size, len(data.train))
    seconds = _timed(task, data.train.first(batch).to("cpu"), jobs)
    estimate = _largest(preset, data, seconds, jobs, batch)
    if record is not None:
        write_json(record, asdict(estimate))
    return estimate


def training_seconds(
    preset: Preset, images: int, evaluated: int, step_seconds: Mapping[str, float], jobs: int
) -> float:
    """Return the time that all of a preset's trainings take.

    Args:
        preset: what is trained.
        images: how many each run trains on, and evaluates at its end.
        evaluated: how many other images it evaluates.
        step_seconds: of a full minibatch, for each optimizer's title.
        jobs: how many runs train at once; each next run goes to whoever is free first.

    """
    batch = preset.training.batch_size
    steps = preset.training.epochs * math.ceil(images / batch)
    evaluation = (images + evaluated) / batch
    free_at = [0.0] * jobs
    for run in preset.runs():
        first = free_at.index(min(free_at))
        free_at[first] += (steps + evaluation) * step_seconds[run.optimizer.title]
    return max(free_at)


def _largest(
    preset: Preset, data: DataSet, step_seconds: dict[str, float], jobs: int, batch: int
) -> BudgetEstimate:
    assert preset.training_budget is not None
    most = min(preset.data.train_images or len(data.train), len(data.train))
    evaluated = len(data.test) + (len(data.validation) if data.validation else 0)
    images = 1 << (most.bit_length() - 1)
    while True:
        seconds = training_seconds(preset, images, evaluated, step_seconds, jobs)
        if seconds <= preset.training_budget:
            return BudgetEstimate(
                images,
                seconds,
                preset.training_budget,
                jobs,
                batch,
                step_seconds,
                _TIMED,
                preset,
            )
        if images // 2 < data.classes:
            raise UserError(
                f"training_budget: expected at least {math.ceil(seconds)} seconds, which training "
                f"on {images} images takes here, got {preset.training_budget:g}. Allow more "
                "time, or train for fewer epochs or seeds."
            )
        images //= 2


def _earlier(path: Path, preset: Preset) -> BudgetEstimate | None:
    if not path.exists():
        return None
    try:
        estimate = TypeAdapter(BudgetEstimate).validate_python(read_json(path))
    except ValueError as error:
        raise UserError(
            f"{path}: expected an estimate of this program, got {error}. Delete the file."
        ) from error
    return estimate if estimate.preset == preset else None


@dataclass(frozen=True)
class _Timing:
    """Times steps of every optimizer; sent to each process that does."""

    preset: Preset
    device: str
    threads: int

    def seconds(self, images: Images) -> dict[str, float]:
        """Return the median time of a step on all images, for each optimizer's title."""
        images = images.to(self.device)
        return {o.title: self._of(o, images) for o in self.preset.optimizers}

    def send(self, images: _Plain, results: Connection) -> None:
        """Send what :meth:`seconds` returns."""
        end_with_parent()
        results.send(self.seconds(images.images()))

    def _of(self, optimizer: OptimizerSpec, images: Images) -> float:
        preset, seed = self.preset, self.preset.seeds[0]
        spec = RunSpec(preset.data, preset.model, optimizer, preset.training, seed)
        device = torch.device(self.device)
        with memory_errors(device, spec), computing(device, self.threads, seed):
            model = models.build(spec.model, images.shape, images.classes, seed).to(device)
            stepper = Stepper(spec, model, optimizers.build(optimizer, model.parameters()), images)
            times = []
            for _ in range(_WARM_UP + _TIMED):
                stepper.begin(0)
                begin = time.perf_counter()
                stepper.advance(0)
                stepper.losses.tolist()  # waits for the device
                times.append(time.perf_counter() - begin)
        return statistics.median(times[_WARM_UP:])


@dataclass(frozen=True)
class _Plain:
    """Images as arrays, which are sent whole; tensors would stay in memory that is shared."""

    pixels: np.ndarray
    labels: np.ndarray
    classes: int

    def images(self) -> Images:
        return Images(torch.from_numpy(self.pixels), torch.from_numpy(self.labels), self.classes)


def _timed(task: _Timing, images: Images, jobs: int) -> dict[str, float]:
    """Return the slowest process's times, of ``jobs`` that compute at once."""
    if jobs == 1:
        return task.seconds(images)
    plain = _Plain(images.pixels.numpy(), images.labels.numpy(), images.classes)
    context = fork_context()
    pipes = [context.Pipe(duplex=False) for _ in range(jobs)]
    processes = [context.Process(target=task.send, args=(plain, out)) for _, out in pipes]
    for process, (_, out) in zip(processes, pipes, strict=True):
        process.start()
        out.close()
    try:
        found = [results.recv() for results, _ in pipes]
    except EOFError as error:
        raise UserError(
            f"expected {jobs} processes to time a few steps, but one ended early; often that is "
            "a lack of memory. Train fewer runs at once."
        ) from error
    finally:
        for process, (results, _) in zip(processes, pipes, strict=True):
            process.join()
            results.close()
    return {title: max(times[title] for times in found) for title in found[0]}
