"""The one training loop: minibatches, schedule, metrics, checkpoints, and how a run ends."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nn_experiments import models
from nn_experiments.data.images import DataSet, Images
from nn_experiments.models.answers import NoAnswerError
from nn_experiments.specs import RunSpec
from nn_experiments.training import checkpoint
from nn_experiments.training.device import computing, hardware, memory_errors, resolve
from nn_experiments.training.evaluation import Score, score
from nn_experiments.training.folder import (
    FINISHED,
    INTERRUPTED,
    RUNNING,
    RunFolder,
    RunRecord,
    opened,
    read_record,
    require_same,
    spec_from_json,
)
from nn_experiments.training.schedule import learning_rate
from nn_experiments.training.step import Stepper
from nn_experiments.updates import optimizers
from theory.common.environment import environment
from theory.common.errors import UserError

Progress = Callable[[RunSpec, Mapping[str, Any]], None]
"""Is given a run and the line of metrics of each epoch that it completes."""


def train(
    spec: RunSpec,
    data: DataSet,
    folder: Path,
    device: torch.device | str,
    *,
    progress: Progress | None = None,
    threads: int | None = None,
) -> RunRecord:
    """Train a network, or go on with it where it was left; a run that is over is not repeated.

    A finished run whose file of weights was deleted begins anew, and what was measured of them is
    deleted.

    For given spec, data, device and library versions the weights are always the same: on a CPU bit
    for bit, also if the process was killed and the run resumed.

    Args:
        spec: what to do.
        data: its images, split.
        folder: the run's own; see :mod:`nn_experiments.training.folder`.
        device: where to train.
        progress: called after each epoch.
        threads: of a CPU operation; torch's present number, if None. A resumed run keeps what it
            began with.

    Returns:
        The record; its status is ``finished``, or ``diverged at step N`` if the loss was not
        finite there.

    Raises:
        UserError: the folder is in use, another run's or cannot be written; a checkpoint is of
            another run or broken; the data are others than at the run's start; the spec's model
            or optimizer does not exist; memory does not suffice.
        KeyboardInterrupt: the last checkpoint is kept.

    """
    device = resolve(device)
    with opened(folder, spec) as run:
        record = _begun(run, spec, data, device, threads)
        if record.settled:
            run.checkpoint.unlink(missing_ok=True)
            return record
        try:
            with memory_errors(device, spec), computing(device, record.threads, spec.seed):
                return _Training(run, record, data.to(device), device, progress).run()
        except KeyboardInterrupt:
            run.write(replace(record, status=INTERRUPTED))
            raise


def load_model(folder: Path, device: torch.device | str) -> tuple[nn.Module, RunRecord]:
    """Return a finished run's network, in evaluation mode, and its record.

    Raises:
        UserError: the run did not finish, or the file with its weights is missing, truncated or
            another run's, or the device is not there.

    """
    device = resolve(device)
    record = read_record(folder)
    if not record.finished:
        raise UserError(f"expected a finished run in {folder}, got one that is {record.status}.")
    run = RunFolder(folder, record)
    path = run.model
    if not path.exists():
        raise UserError(
            f"expected the weights of a finished run in {path}, found no such file. Train it "
            "again (`python -m nn_experiments train`, with the same options): it begins anew."
        )
    state = _read(path, record.spec, device)
    model = models.build(record.spec.model, record.shape, record.classes, record.spec.seed)
    model.to(device)
    _load_weights(model, state.state["model"], path)
    return model.eval(), record


def _begun(
    run: RunFolder, spec: RunSpec, data: DataSet, device: torch.device, threads: int | None
) -> RunRecord:
    digest = _digest(data)
    record = run.record
    if record is None:
        record = _new(spec, data, digest, threads)
    if record.data_digest != digest:
        raise UserError(
            f"{run.path} was begun with other images (digest {record.data_digest}) than those "
            f"given now ({digest}). Choose another folder, or restore the images."
        )
    if run.over:
        return record
    if run.lost:
        run.clear()
        record = _new(spec, data, digest, threads)
    name = hardware(device)
    devices = record.devices if name in record.devices[-1:] else (*record.devices, name)
    return run.write(replace(record, spec=spec, status=RUNNING, devices=devices))


def _new(spec: RunSpec, data: DataSet, digest: str, threads: int | None) -> RunRecord:
    record = RunRecord(
        spec, RUNNING, data.shape, data.classes, digest, threads or torch.get_num_threads()
    )
    return replace(record, environment=environment() | {"torch": torch.__version__})


def _digest(data: DataSet) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for images in (data.train, data.test, data.validation):
        if images is not None:
            digest.update(str((images.classes, images.pixels.shape)).encode())
            digest.update(images.pixels.cpu().contiguous().numpy())
            digest.update(images.labels.cpu().contiguous().numpy())
    return digest.hexdigest()


def _read(path: Path, spec: RunSpec, device: torch.device | str) -> checkpoint.Checkpoint:
    found = checkpoint.load(path, device)
    require_same(spec, spec_from_json(found.header.get("spec"), path), path)
    return found


def _load_weights(model: nn.Module, weights: Mapping[str, Any], path: Path) -> None:
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise UserError(
            f"{path}: expected the weights of this model, got others: {error}. If the model's code "
            "was changed, train it again in another folder."
        ) from error


class _DivergedError(Exception):
    def __init__(self, step: int) -> None:
        super().__init__(step)
        self.step = step


class _Training:
    def __init__(
        self,
        run: RunFolder,
        record: RunRecord,
        data: DataSet,
        device: torch.device,
        progress: Progress | None,
    ) -> None:
        spec = record.spec
        self._run, self._record, self._data, self._device = run, record, data, device
        self._progress = progress
        self._model = models.build(spec.model, data.shape, data.classes, spec.seed).to(device)
        self._optimizer = optimizers.build(spec.optimizer, self._model.parameters())
        self._stepper = Stepper(spec, self._model, self._optimizer, data.train)
        self._epoch = self._step = 0
        self._seconds = self._epoch_seconds = 0.0
        self._begin = self._saved = time.monotonic()

    def run(self) -> RunRecord:
        """Train to the end, and return the record, which is written."""
        try:
            self._resume()
            for epoch in range(self._epoch, self._record.spec.training.epochs):
                self._train_epoch(epoch)
            self._save()
            return self._finish()
        except _DivergedError as error:
            record = replace(self._record, epochs=self._epoch, seconds=self._elapsed())
            record = self._run.write(record.diverged(error.step))
            self._run.checkpoint.unlink(missing_ok=True)
            return record

    def _train_epoch(self, epoch: int) -> None:
        spec, steps = self._record.spec, self._stepper.steps
        rate = learning_rate(spec.training, spec.optimizer.learning_rate, epoch)
        self._stepper.set_learning_rate(rate)
        if self._step == 0:
            self._stepper.begin(epoch)
            self._epoch_seconds = self._elapsed()
        for step in range(self._step, steps):
            self._stepper.advance(step)
            self._step = step + 1
            if self._step < steps:
                self._save_if_due()
        self._complete(epoch, rate)

    def _complete(self, epoch: int, rate: float) -> None:
        """Write an epoch's line before any checkpoint says that the epoch is over."""
        self._require_finite()
        n, batch = len(self._data.train), self._record.spec.training.batch_size
        sizes = [min(batch, n - start) for start in range(0, n, batch)]
        losses = self._stepper.losses.tolist()
        line = {
            "epoch": epoch + 1,
            "train_loss": sum(a * b for a, b in zip(losses, sizes, strict=True)) / n,
            "train_accuracy": self._stepper.correct.item() / n,
            "learning_rate": rate,
            "seconds": self._elapsed() - self._epoch_seconds,
        }
        self._run.metrics.append(line)
        self._epoch, self._step = epoch + 1, 0
        if self._progress is not None:
            self._progress(self._record.spec, line)
        self._save_if_due()

    def _require_finite(self) -> None:
        """Raise if a loss of this epoch is not finite; the device is asked only here."""
        bad = ~self._stepper.losses[: self._step].isfinite()
        if bad.any():
            first = int(bad.nonzero()[0])
            raise _DivergedError(self._epoch * self._stepper.steps + first + 1)

    def _elapsed(self) -> float:
        return self._seconds + time.monotonic() - self._begin

    def _save_if_due(self) -> None:
        due = self._saved + self._record.spec.training.checkpoint_seconds
        if time.monotonic() >= due:
            self._save()

    def _save(self) -> None:
        self._require_finite()
        on_gpu = self._device.type == "cuda"
        header = {
            "spec": asdict(self._record.spec),
            "epoch": self._epoch,
            "step": self._step,
            "seconds": self._elapsed(),
            "epoch_seconds": self._epoch_seconds,
        }
        state = {
            "model": self._model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "losses": self._stepper.losses,
            "correct": self._stepper.correct,
            "random": torch.get_rng_state(),
            "random_gpu": torch.cuda.get_rng_state(self._device) if on_gpu else None,
        }
        checkpoint.save(self._run.checkpoint, checkpoint.Checkpoint(header, state))
        self._saved = time.monotonic()

    def _resume(self) -> None:
        """Go to where the checkpoint was written, or to the beginning."""
        path = self._run.checkpoint
        if path.exists():
            # Random states and step counts belong on the CPU; loading moves the rest.
            found = _read(path, self._record.spec, "cpu")
            header, state = found.header, found.state
            _load_weights(self._model, state["model"], path)
            self._optimizer.load_state_dict(state["optimizer"])
            self._epoch, self._step = header["epoch"], header["step"]
            self._seconds, self._epoch_seconds = header["seconds"], header["epoch_seconds"]
            if self._step:
                self._stepper.begin(self._epoch, self._step)
                self._stepper.losses.copy_(state["losses"])
                self._stepper.correct.copy_(state["correct"])
            torch.set_rng_state(state["random"])
            if self._device.type == "cuda" and state["random_gpu"] is not None:
                torch.cuda.set_rng_state(state["random_gpu"], self._device)
        self._run.metrics.keep(self._epoch)

    def _finish(self) -> RunRecord:
        train = self._score(self._data.train, "training image")
        steps = self._epoch * self._stepper.steps
        record = replace(self._record, epochs=self._epoch, steps=steps, seconds=self._elapsed())
        test = self._score(self._data.test, "test image")
        held_out = self._data.validation
        validation = None if held_out is None else self._score(held_out, "validation image")
        weights = {"model": self._model.state_dict()}
        header = {"spec": asdict(record.spec)}
        checkpoint.save(self._run.model, checkpoint.Checkpoint(header, weights))
        record = replace(
            record,
            status=FINISHED,
            train_loss=train.loss,
            train_accuracy=train.accuracy,
            test_accuracy=test.accuracy,
            validation_accuracy=None if validation is None else validation.accuracy,
        )
        self._run.write(record)
        self._run.checkpoint.unlink(missing_ok=True)
        return record

    def _score(self, images: Images, of: str) -> Score:
        """Score the trained network; where it has no answer, tell who is to blame.

        That is the last update, as all losses were finite, if the network had an answer before it
        was trained; else the network itself.
        """
        try:
            return score(self._model, images, of)
        except NoAnswerError as error:
            spec, data = self._record.spec, self._data
            fresh = models.build(spec.model, data.shape, data.classes, spec.seed).to(self._device)
            with suppress(NoAnswerError):
                score(fresh, images.at(slice(error.image, error.image + 1)), of)
                raise _DivergedError(self._epoch * self._stepper.steps) from error
            raise
