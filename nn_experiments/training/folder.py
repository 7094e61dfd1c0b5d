"""A run's folder: its spec and record, its metrics, its state, and a lock against a second process.

``run.json`` says what the run is and how it ended, ``metrics.jsonl`` has one line an epoch,
``checkpoint.safetensors`` is there while the run goes on, ``model.safetensors`` once it is over.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from nn_experiments import models
from nn_experiments.specs import RunSpec, TrainingSpec
from nn_experiments.training.checkpoint import is_whole
from theory.common.errors import UserError
from theory.common.files import clear_unfinished, read_json, write_json, write_text
from theory.common.lock import LOCK, locked

RUNNING, INTERRUPTED, FINISHED, FAILED = "running", "interrupted", "finished", "failed: "
_DIVERGED = "diverged at step "
_FIRST_FIELDS = frozenset(
    """data model optimizer training seed name train_images validation_images test_images
    subset_seed filtered_by filtered_percent batch_norm options learning_rate label epochs
    milestones factor batch_size flips precision checkpoint_seconds""".split()  # noqa: SIM905
)
"""Of all specs, as runs were first written."""


@dataclass(frozen=True)
class RunRecord:
    """What became of a run. Accuracies are fractions from 0 to 1.

    Attributes:
        spec: what was to be done.
        status: ``finished``, ``running`` (or killed meanwhile), ``interrupted``, ``diverged at
            step N``, counting from 1 over all epochs, or ``failed: `` and why.
        shape: channels, height, width of the images.
        classes: how many there are.
        data_digest: of all images and labels used.
        threads: CPU threads within an operation. Sums are split among them, so their number is
            part of what the weights depend on; a resumed run keeps it.
        devices: what it ran on, in order.
        epochs: how many were completed.
        steps: how many updates were made in them.
        seconds: of training, without time lost by interruptions.
        train_loss: mean cross-entropy of the final weights on the training images, not augmented.
        train_accuracy: on the same images.
        test_accuracy: of the final weights.
        validation_accuracy: of the final weights, if there are validation images.
        environment: versions and hardware.

    """

    spec: RunSpec
    status: str = RUNNING
    shape: tuple[int, int, int] = (0, 0, 0)
    classes: int = 0
    data_digest: str = ""
    threads: int = 0
    devices: tuple[str, ...] = ()
    epochs: int = 0
    steps: int = 0
    seconds: float = 0.0
    train_loss: float | None = None
    train_accuracy: float | None = None
    test_accuracy: float | None = None
    validation_accuracy: float | None = None
    environment: dict[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether there is a trained model."""
        return self.status == FINISHED

    @property
    def failed(self) -> bool:
        """Whether it could not be trained, for a reason outside the training."""
        return self.status.startswith(FAILED)

    @property
    def settled(self) -> bool:
        """Whether the run is over: going on would change nothing."""
        return self.finished or self.status.startswith(_DIVERGED)

    def diverged(self, step: int) -> RunRecord:
        """Return the record of a run whose loss was not finite at a step, counted from 1."""
        return replace(self, status=f"{_DIVERGED}{step}")


class Metrics:
    """Lines of JSON, one an epoch, in a file that is only appended to."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, epochs: int) -> None:
        """Keep the lines of the first epochs; others, and parts of lines, are dropped.

        Raises:
            UserError: the file cannot be written.

        """
        text = "".join(json.dumps(line) + "\n" for line in self.read() if line["epoch"] <= epochs)
        write_text(self._path, text)

    def append(self, line: Mapping[str, Any]) -> None:
        """Append a line.

        Raises:
            UserError: the file cannot be written.

        """
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(dict(line), allow_nan=False) + "\n")
        except OSError as error:
            raise UserError(
                f"cannot write {self._path}: {error.strerror or error}. Make room and run again; "
                "the run goes on from its last checkpoint."
            ) from error

    def read(self) -> list[dict[str, Any]]:
        """Return the whole lines; the last may be cut off by a kill."""
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return []
        lines = []
        for line in text.split("\n")[:-1]:
            try:
                lines.append(json.loads(line))
            except ValueError:
                break
        return lines


@dataclass(frozen=True)
class RunFolder:
    """A folder that this process alone may write; made by :func:`opened`."""

    path: Path
    record: RunRecord | None
    """What was written before, if anything."""

    @property
    def checkpoint(self) -> Path:
        """Where the state of a run that goes on is."""
        return self.path / "checkpoint.safetensors"

    @property
    def model(self) -> Path:
        """Where the weights of a finished run are."""
        return self.path / "model.safetensors"

    @property
    def over(self) -> bool:
        """Whether there is nothing to do: the run diverged, or its weights are there."""
        record = self.record
        return record is not None and record.settled and not self.lost

    @property
    def lost(self) -> bool:
        """Whether the run finished, but the weights are no longer there, or cut short."""
        return self.record is not None and self.record.finished and not is_whole(self.model)

    @property
    def metrics(self) -> Metrics:
        """One line an epoch."""
        return Metrics(self.path / "metrics.jsonl")

    def clear(self) -> None:
        """Delete all that came of a run, as what was measured of lost weights is of no others.

        The record goes last: what is left, if this is interrupted, is again a run that was lost.

        Raises:
            UserError: something cannot be deleted.

        """
        record = self.path / "run.json"
        try:
            for path in self.path.iterdir():
                if path.is_dir():
                    shutil.rmtree(path)
                elif path.name not in (record.name, LOCK):
                    path.unlink()
            record.unlink()
        except OSError as error:
            raise UserError(
                f"cannot clear {self.path}: {error.strerror or error}. Delete the folder."
            ) from error

    def write(self, record: RunRecord) -> RunRecord:
        """Write the record whole, and return it.

        Raises:
            UserError: the folder cannot be written.

        """
        write_json(self.path / "run.json", asdict(record))
        return record


def folder_name(spec: RunSpec) -> str:
    """Return a run's folder name: optimizer, seed, and a hash of the spec.

    Fields that specs did not have at first are left out at their default, so that runs keep their
    folders when there is one more thing to vary.
    """
    canonical = json.dumps(hashed(_identity(spec)), sort_keys=True)
    digest = hashlib.sha256(canonical.encode()).hexdigest()[:8]
    title = re.sub(r"[^\w.+-]+", "_", spec.optimizer.title)
    return f"{title}-seed{spec.seed}-{digest}"


def hashed(spec: Any) -> dict[str, Any]:
    """Return what of a spec its hash is of, as :func:`folder_name` says."""
    found = {}
    for part in fields(spec):
        value = getattr(spec, part.name)
        default = part.default if part.default_factory is MISSING else part.default_factory()
        if part.name in _FIRST_FIELDS or value != default:
            found[part.name] = hashed(value) if is_dataclass(value) else value
    return found


def spec_from_json(data: Any, source: Path) -> RunSpec:
    """Return the spec that JSON stands for.

    Raises:
        UserError: it is none; ``source`` names the file.

    """
    return _validated(TypeAdapter(RunSpec), data, source)


def read_record(folder: Path) -> RunRecord:
    """Return what is written in a run's folder, which may be in use.

    Raises:
        UserError: there is no run, or its ``run.json`` cannot be read.

    """
    path = folder / "run.json"
    if not path.is_file():
        raise UserError(f"expected a run in {folder}, but it has no run.json. Train it first.")
    return _validated(TypeAdapter(RunRecord), read_json(path), path)


def require_same(expected: RunSpec, found: RunSpec, source: Path) -> None:
    """Check that a file belongs to a run; how often it is saved may differ.

    Raises:
        UserError: it belongs to another; the fields that differ are named.

    """
    ours, theirs = (dict(_fields(asdict(_identity(s)))) for s in (expected, found))
    different = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
    if different:
        told = "; ".join(
            f"{name}: {theirs.get(name, 'nothing')} there, {ours.get(name, 'nothing')} asked for"
            for name in different
        )
        raise UserError(f"{source} belongs to another run. {told}. Choose another folder.")


@contextmanager
def opened(folder: Path, spec: RunSpec) -> Iterator[RunFolder]:
    """Lock a run's folder, made if needed, for this process.

    The lock is the kernel's, so it ends with the process, however that ends.

    Raises:
        UserError: another process has it (named by id and host), it is another run's (the fields
            that differ are named), or it cannot be written.

    """
    with locked(folder):
        clear_unfinished(folder)
        record = None
        if (folder / "run.json").exists():
            record = read_record(folder)
            require_same(spec, record.spec, folder)
        yield RunFolder(folder, record)


def mark_interrupted(folder: Path, spec: RunSpec) -> None:
    """Write in the record of a run, whose process was ended, that it was interrupted.

    Raises:
        UserError: as :func:`opened`.

    """
    if (folder / "run.json").exists():
        with opened(folder, spec) as run:
            if run.record is not None and run.record.status == RUNNING:
                run.write(replace(run.record, status=INTERRUPTED))


def _identity(spec: RunSpec) -> RunSpec:
    """Return the spec with what the weights do not depend on at its default."""
    kept = replace(spec.training, checkpoint_seconds=TrainingSpec.checkpoint_seconds)
    # Reading back makes whole numbers given for fractions, 1 for 1.0, the same.
    # What a network's options are by default is part of what it is.
    spec = replace(spec, model=models.with_defaults(spec.model), training=kept)
    return TypeAdapter(RunSpec).validate_python(asdict(spec))


def _validated(adapter: TypeAdapter[Any], data: Any, source: Path) -> Any:
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(
            f"{source}: {where}: {first['msg']}, got {first.get('input')!r}. It was not written "
            "by this version of the program: choose another folder."
        ) from error


def _fields(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield from _fields(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
