"""How many images can be trained on in a given time, told before anything is trained."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch
from pydantic import TypeAdapter

from nn_experiments import models
from nn_experiments.data.images import DataSet, Images
from nn_experiments.specs import RunSpec
from nn_experiments.training.device import computing, memory_errors, resolve
from nn_experiments.training.processes import end_with_parent, fork_context
from nn_experiments.training.step import Stepper
from nn_experiments.updates import optimizers
from theory.common.errors import UserError
from theory.common.files import read_json, write_json

_WARM_UP, _TIMED = 3, 7

StepSeconds = Mapping[int, Mapping[str, float]]
"""Seconds of a step, by the minibatch's size and the optimizer's title."""


@dataclass(frozen=True)
class BudgetEstimate:
    """How long trainings take.

    Attributes:
        images: how many to train on: a power of two.
        seconds: the estimate for all trainings with them.
        budget: what there is, in seconds.
        jobs: how many runs train at once.
        batch_size: of a full minibatch.
        step_seconds: of one step of each optimizer on a full minibatch, by title: medians of
            ``timed`` steps, of the slowest of the ``jobs`` processes that took them at once.
        timed: how many.
        trainings: what the estimate is for.
        smaller: the same for smaller minibatches, by their size, where some were considered.

    """

    images: int
    seconds: float
    budget: float
    jobs: int
    batch_size: int
    step_seconds: dict[str, float]
    timed: int
    trainings: tuple[RunSpec, ...]
    smaller: dict[int, dict[str, float]] = field(default_factory=dict)


def images_within_budget(
    trainings: Sequence[RunSpec],
    data: DataSet,
    budget: float,
    device: torch.device | str,
    *,
    jobs: int = 1,
    threads: int | None = None,
    record: Path | None = None,
) -> BudgetEstimate:
    """Return the largest power of two of training images whose training fits a budget.

    It is at most the trainings' ``data.train_images`` (or all there are), and decided by the time
    that a few steps of each optimizer take while ``jobs`` processes take them at once: no result of
    a training is seen. Steps are timed with minibatches of each size that the numbers of images
    considered have: the last one of an epoch may be smaller, and all are where there are fewer
    images than a minibatch holds. Evaluating an image is counted as a share of a full step.

    Args:
        trainings: of one data set, model and schedule.
        data: enough images for one minibatch; only their size matters.
        budget: seconds for all trainings.
        device: where to train.
        jobs: how many runs train at once.
        threads: of a CPU operation, as in :func:`nn_experiments.training.train_all`.
        record: where the estimate is written; one already there is used again if the trainings
            are the same: a comparison that is resumed, or judged otherwise, has the same images.

    Raises:
        UserError: the budget does not suffice for as many images as there are classes.

    """
    trainings = tuple(trainings)
    if record is not None and (earlier := _earlier(record, trainings, budget)) is not None:
        return earlier
    device = resolve(device)
    threads = threads or (1 if jobs > 1 else torch.get_num_threads())
    task = _Timing(trainings, str(device), threads)
    estimate = _largest(
        trainings,
        data,
        budget,
        lambda size: _timed(task, data.train.first(size).to("cpu"), jobs),
        jobs,
    )
    if record is not None:
        write_json(record, asdict(estimate))
    return estimate


def training_seconds(
    trainings: Sequence[RunSpec],
    images: int,
    evaluated: int,
    step_seconds: StepSeconds,
    jobs: int,
) -> float:
    """Return the time that all trainings take.

    Args:
        trainings: what is trained.
        images: how many each run trains on, and evaluates at its end.
        evaluated: how many other images it evaluates.
        step_seconds: of a minibatch of each size that an epoch has; evaluation is counted by the
            largest.
        jobs: how many runs train at once; each next run goes to whoever is free first.

    """
    full = max(step_seconds)
    steps = _steps(images, trainings[0].training.batch_size)
    free_at = [0.0] * jobs
    for run in trainings:
        of_size = {size: times[run.optimizer.title] for size, times in step_seconds.items()}
        epoch = sum(number * of_size[size] for size, number in steps.items())
        evaluation = (images + evaluated) / full * of_size[full]
        first = free_at.index(min(free_at))
        free_at[first] += run.training.epochs * epoch + evaluation
    return max(free_at)


def _steps(images: int, batch: int) -> dict[int, int]:
    """Return how many minibatches of each size an epoch has."""
    whole, rest = divmod(images, batch)
    return {size: number for size, number in ((batch, whole), (rest, 1)) if size and number}


def _largest(
    trainings: tuple[RunSpec, ...],
    data: DataSet,
    budget: float,
    timed: Callable[[int], dict[str, float]],
    jobs: int,
) -> BudgetEstimate:
    first = trainings[0]
    most = min(first.data.train_images or len(data.train), len(data.train))
    batch_size = first.training.batch_size
    evaluated = len(data.test) + (len(data.validation) if data.validation else 0)
    batch = min(batch_size, len(data.train))
    times = {batch: timed(batch)}
    images = 1 << (most.bit_length() - 1)
    found: list[tuple[float, int]] = []
    while not found or images >= data.classes:
        for size in _steps(images, batch_size):
            if size not in times:
                times[size] = timed(size)
        seconds = training_seconds(trainings, images, evaluated, times, jobs)
        if seconds <= budget:
            full = times.pop(batch)
            return BudgetEstimate(
                images, seconds, budget, jobs, batch, full, _TIMED, trainings, times
            )
        found.append((seconds, images))
        images //= 2
    seconds, images = min(found)
    raise UserError(
        f"training_budget: expected at least {math.ceil(seconds)} seconds, which training on "
        f"{images} images takes here at the present load, got {budget:g}. Allow "
        f"more time with --training-budget {math.ceil(seconds)}, or train for fewer epochs "
        "(--training.epochs) or with fewer seeds (--seeds)."
    )


def _earlier(path: Path, trainings: tuple[RunSpec, ...], budget: float) -> BudgetEstimate | None:
    if not path.exists():
        return None
    try:
        estimate = TypeAdapter(BudgetEstimate).validate_python(read_json(path))
    except ValueError as error:
        raise UserError(
            f"{path}: expected an estimate of this program, got {error}. Delete the file."
        ) from error
    return estimate if (estimate.trainings, estimate.budget) == (trainings, budget) else None


@dataclass(frozen=True)
class _Timing:
    """Times steps of every optimizer; sent to each process that does."""

    trainings: tuple[RunSpec, ...]
    device: str
    threads: int

    def seconds(self, images: Images) -> dict[str, float]:
        """Return the median time of a step on all images, for each optimizer's title."""
        images = images.to(self.device)
        seed = self.trainings[0].seed
        firsts = (spec for spec in self.trainings if spec.seed == seed)
        return {spec.optimizer.title: self._of(spec, images) for spec in firsts}

    def send(self, images: _Plain, results: Connection) -> None:
        """Send what :meth:`seconds` returns."""
        end_with_parent()
        results.send(self.seconds(images.images()))

    def _of(self, spec: RunSpec, images: Images) -> float:
        seed = spec.seed
        device = torch.device(self.device)
        with memory_errors(device, spec), computing(device, self.threads, seed):
            model = models.build(spec.model, images.shape, images.classes, seed).to(device)
            stepper = Stepper(
                spec, model, optimizers.build(spec.optimizer, model.parameters()), images
            )
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
