"""What was measured, kept by run and by measure: named arrays and values, with where they are from.

One safetensors file has the arrays, and all that is no array as JSON in its header. A run's measure
is such a file of one run in the run's folder; all runs of a study are one in the study's folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from nn_experiments.tensor_files import order_names
from theory.common.errors import UserError
from theory.common.files import write_whole

FINISHED = "finished"
CLEAN = "clean"
"""The measure that every study has: which test images come out right as they are, shape (N,)."""

_SCHEMA = "nn-experiments-measurements"
_VERSION = 2


@dataclass(frozen=True)
class Found:
    """What a measure found of one network.

    Attributes:
        arrays: by name; bool or float64.
        values: what is no array, as JSON has it, by name.

    """

    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    def __add__(self, more: Found) -> Found:
        """Return both: arrays of one name follow one another, lists of one name are united."""
        arrays = dict(self.arrays)
        for name, array in more.arrays.items():
            arrays[name] = np.concatenate([arrays[name], array]) if name in arrays else array
        values = dict(self.values)
        for name, value in more.values.items():
            earlier = values.get(name)
            both = (
                [*earlier, *value]
                if isinstance(earlier, list) and isinstance(value, list)
                else None
            )
            values[name] = value if both is None else [*dict.fromkeys(both)]
        return Found(arrays, values)


@dataclass(frozen=True)
class MeasuredRun:
    """One training, and what was measured of its network.

    Attributes:
        run: name of its folder.
        cell: the level of each of the study's factors, by the factor's name.
        seed: of the training.
        status: ``"finished"``, or why there is no trained network (``"diverged at step 7"``).
        training_loss: mean cross-entropy on the training images after training.
        training_accuracy: share of training images that came out right after training.
        found: by all measures together.
        provenance: by measure, the settings and versions that it was measured with.

    """

    run: str
    cell: Mapping[str, str]
    seed: int
    status: str = FINISHED
    training_loss: float | None = None
    training_accuracy: float | None = None
    found: Found = field(default_factory=Found)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether there is a trained network."""
        return self.status == FINISHED

    def with_measure(self, name: str, found: Found, provenance: Any) -> MeasuredRun:
        """Return the run with what one more measure found."""
        known = {**self.provenance, name: provenance}
        return replace(self, found=self.found + found, provenance=known)


def stacked(arrays: Iterable[NDArray[Any] | None]) -> Any:
    """Return arrays of runs as one, shape (seeds, …), without those that are not there; or None.

    Raises:
        ValueError: their shapes differ: trainings were tested on different images.

    """
    present = [array for array in arrays if array is not None]
    if len({array.shape for array in present}) > 1:
        raise ValueError(
            "expected all trainings tested on the same images, got answers of shapes "
            f"{sorted({array.shape for array in present})}"
        )
    return np.stack(present) if present else None


def save(runs: Sequence[MeasuredRun], path: Path) -> None:
    """Write what was measured of runs, whole.

    Raises:
        UserError: the folder cannot be written.

    """
    arrays = {
        f"{i} {name}": np.ascontiguousarray(array)
        for i, run in enumerate(runs)
        for name, array in run.found.arrays.items()
    }
    records = json.dumps([_record(run) for run in runs])
    header = {"schema": _SCHEMA, "version": str(_VERSION), "runs": records}

    def write(part: Path) -> None:
        save_file(arrays, part, metadata=header)
        with part.open("rb+") as file:
            order_names(file)

    write_whole(path, write)


def _record(run: MeasuredRun) -> dict[str, Any]:
    """Return what of a run is no array."""
    fields = {name: value for name, value in vars(run).items() if name != "found"}
    return fields | {"arrays": list(run.found.arrays), "values": dict(run.found.values)}


def load(path: Path) -> tuple[MeasuredRun, ...]:
    """Read what :func:`save` wrote.

    Raises:
        UserError: the file is missing, cut short, or not of this kind and version.

    """
    try:
        with safe_open(path, framework="numpy") as file:
            header = file.metadata() or {}
            _require_schema(header, path)
            return tuple(
                _run(record, f"{i} ", file.get_tensor)
                for i, record in enumerate(json.loads(header["runs"]))
            )
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}.") from error
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path}: expected measurements as this program writes them, got {error}. "
            "Delete the file and evaluate again."
        ) from error


def _require_schema(header: Mapping[str, str], path: Path) -> None:
    found = header.get("schema"), header.get("version")
    if found != (_SCHEMA, str(_VERSION)):
        raise UserError(
            f"{path}: expected {_SCHEMA} version {_VERSION}, got {found[0]} version {found[1]}. "
            "Delete the file and evaluate again."
        )


def _run(record: dict[str, Any], prefix: str, tensor: Callable[[str], Any]) -> MeasuredRun:
    arrays = {name: tensor(prefix + name) for name in record.pop("arrays")}
    return MeasuredRun(found=Found(arrays, record.pop("values")), **record)
