"""What was measured of the trained networks: all that tables, figures and verdicts read.

A *measure* names one way to test a network, and holds whether each test image came out right:

* ``"clean"``: the test images as they are;
* ``"gaussian/0.01"``, ``"l2/0.5"``, ``"linf/1/255"``: under noise of that variance, or under
  attacks within that radius; the level as the preset writes it;
* ``"filtered/magnitude/70"``, ``"filtered/frequency/70"``: the test images as they are, put to a
  network that was trained on images without 70 % of their coefficients (Observation I);
* ``"top5/…"`` before any of them: right if the label is among the five largest outputs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from nn_experiments.tensor_files import order_names
from theory.common.errors import UserError
from theory.common.files import write_whole

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Measure = str
Kind = Literal["gaussian", "l2", "linf"]

KINDS: tuple[Kind, ...] = ("gaussian", "l2", "linf")
CLEAN: Measure = "clean"
FINISHED = "finished"

_SCHEMA = "nn-experiments-measurements"
_VERSION = 1


@dataclass(frozen=True)
class BandAccuracy:
    """Answers under band-limited noise, for (4.5); the same noises for all images.

    Attributes:
        clean: shape (N,): whether each image comes out right without noise.
        correct: shape (bands, noises, N): and with noise; bands from the lowest frequency up.
        norm: the root mean square ℓ2 norm of such noises
            (:func:`nn_experiments.frequency.noise_size.mean_norm`); None where it is not known.

    Raises:
        ValueError: the shapes do not belong together.

    """

    clean: Bools
    correct: Bools
    norm: float | None = None

    def __post_init__(self) -> None:
        if self.correct.ndim != 3 or self.correct.shape[2:] != self.clean.shape:
            raise ValueError(
                "expected clean of shape (N,) and correct of shape (bands, noises, N), got "
                f"{self.clean.shape} and {self.correct.shape}"
            )

    def drops(self) -> Floats:
        """Return the drop of each image under each noise, (bands, noises, N), in {−1, 0, 1}.

        Its mean over noises and images is (4.5).
        """
        return self.clean.astype(float) - self.correct


@dataclass(frozen=True)
class LipschitzBound:
    """Upper bounds on a network's Lipschitz constant in one norm.

    Attributes:
        product: the product of the layers' bounds, as in (4.20).
        layers: the name and the bound of each layer, from input to output.
        variants: other bounds on the whole network by name, such as without the standardisation's
            factor or with consecutive linear layers composed.

    Raises:
        ValueError: two layers have one name.

    """

    product: float
    layers: tuple[tuple[str, float], ...] = ()
    variants: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [name for name, _ in self.layers]
        if len(set(names)) != len(names):
            raise ValueError(f"expected layers with names that differ, got {names}")


@dataclass(frozen=True)
class GradientMasking:
    """Images at which a network has no gradient, so that gradient attacks see nothing there.

    Attributes:
        images: how many, of those classified correctly without attack.
        broken: how many of them Square broke, which needs no gradient; None if it was not run.

    """

    images: int
    broken: int | None

    def __add__(self, other: GradientMasking) -> GradientMasking:
        """Return the count over other images, too."""
        known = [b for b in (self.broken, other.broken) if b is not None]
        return GradientMasking(self.images + other.images, sum(known) if known else None)


@dataclass(frozen=True)
class RunMeasurements:
    """What was measured of one training.

    Attributes:
        optimizer: the optimizer's title in the preset.
        seed: the training's seed.
        status: ``"finished"``, or why there is no trained network (``"diverged at step 7"``).
        correct: for each measure, shape (N,): whether each image came out right.
        bands: answers under band-limited noise (Observation II), if measured.
        lipschitz: upper bounds by norm (``"l2"``, ``"linf"``, ``"l1"``).
        lipschitz_local: lower bounds by norm: the largest gradient norm that was found.
        gradient_energy: by model (``"network"``, ``"linear"``), shape (N,): the share of the input
            gradient's energy in the irrelevant band at each image, from 0 to 1.
        training_loss: mean cross-entropy on the training images after training.
        training_accuracy: share of training images that came out right after training.
        filtered_training_accuracy: for each measure ``"filtered/…"``, the share of its filtered
            training images that the network trained on them gets right.
        engines: for each measure that was attacked, who ran the attacks.
        masked: for each measure that was attacked, where the network has no gradient, if anywhere.
        attack_notes: for each measure that was attacked, what the engine warned about.

    """

    optimizer: str
    seed: int
    status: str = FINISHED
    correct: Mapping[Measure, Bools] = field(default_factory=dict)
    bands: BandAccuracy | None = None
    lipschitz: Mapping[str, LipschitzBound] = field(default_factory=dict)
    lipschitz_local: Mapping[str, float] = field(default_factory=dict)
    gradient_energy: Mapping[str, Floats] = field(default_factory=dict)
    training_loss: float | None = None
    training_accuracy: float | None = None
    filtered_training_accuracy: Mapping[Measure, float] = field(default_factory=dict)
    engines: Mapping[Measure, str] = field(default_factory=dict)
    masked: Mapping[Measure, GradientMasking] = field(default_factory=dict)
    attack_notes: Mapping[Measure, tuple[str, ...]] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether there is a trained network."""
        return self.status == FINISHED


@dataclass(frozen=True)
class Measurements:
    """What was measured of all trainings of a comparison.

    Raises:
        ValueError: one optimizer has a seed twice.

    """

    runs: tuple[RunMeasurements, ...]

    def __post_init__(self) -> None:
        names = [(run.optimizer, run.seed) for run in self.runs]
        if len(set(names)) != len(names):
            raise ValueError(f"expected each optimizer and seed once, got {names}")

    def finished(self, optimizer: str) -> tuple[RunMeasurements, ...]:
        """Return the finished trainings with an optimizer, by title."""
        return tuple(r for r in self.runs if r.optimizer == optimizer and r.finished)

    def correct(self, optimizer: str, measure: Measure) -> Bools | None:
        """Return answers of shape (seeds, N), of the finished trainings that have the measure."""
        return _stack([r.correct.get(measure) for r in self.finished(optimizer)])

    def correct_over(self, optimizer: str, measures: Sequence[Measure]) -> Floats | None:
        """Return each image's share of right answers over some measures, shape (seeds, N)."""
        stacks = [
            _stack([run.correct.get(measure) for measure in measures])
            for run in self.finished(optimizer)
            if all(measure in run.correct for measure in measures)
        ]
        return _stack([s.mean(axis=0) for s in stacks if s is not None])

    def drops(self, optimizer: str, bands: slice | None = None) -> Floats | None:
        """Return drops under band-limited noise, the mean over some bands, or all.

        Shape (seeds, N, noises): see :meth:`BandAccuracy.drops`.
        """
        chosen = slice(None) if bands is None else bands
        return _stack(
            [
                run.bands.drops()[chosen].mean(axis=0).T
                for run in self.finished(optimizer)
                if run.bands is not None
            ]
        )

    def drops_by_band(self, optimizer: str) -> Floats | None:
        """Return (4.5) of each finished training and band, shape (seeds, bands)."""
        found = [run.bands for run in self.finished(optimizer)]
        return _stack([b.drops().mean(axis=(1, 2)) for b in found if b is not None])

    def bands(self) -> int:
        """Return in how many bands the noise was; 0 if it was not measured."""
        found = [len(run.bands.correct) for run in self.runs if run.bands is not None]
        return found[0] if found else 0

    def noise_norm(self) -> float | None:
        """Return the root mean square ℓ2 norm of the noise in bands; None where none is known."""
        found = [
            r.bands.norm for r in self.runs if r.bands is not None and r.bands.norm is not None
        ]
        return found[0] if found else None

    def gradient_energy(self, optimizer: str, model: str) -> Floats | None:
        """Return shares in the irrelevant band, (seeds, N), of a ``"network"`` or ``"linear"``."""
        return _stack([run.gradient_energy.get(model) for run in self.finished(optimizer)])

    def lipschitz(self, optimizer: str, norm: str) -> tuple[LipschitzBound, ...]:
        """Return the upper bounds of the finished trainings."""
        found = [run.lipschitz.get(norm) for run in self.finished(optimizer)]
        return tuple(bound for bound in found if bound is not None)


def _stack(arrays: Sequence[Any]) -> Any:
    present = [array for array in arrays if array is not None]
    if len({array.shape for array in present}) > 1:
        raise ValueError(
            "expected all trainings tested on the same images, got answers of shapes "
            f"{sorted({array.shape for array in present})}"
        )
    return np.stack(present) if present else None


def save(measurements: Measurements, path: Path) -> None:
    """Write measurements whole: one safetensors file, with all that is no array as JSON in it.

    Raises:
        UserError: the folder cannot be written.

    """
    arrays: dict[str, NDArray[Any]] = {}
    record = [_record(run, f"run {i}", arrays) for i, run in enumerate(measurements.runs)]
    header = {"schema": _SCHEMA, "version": str(_VERSION), "runs": json.dumps(record)}

    def write(part: Path) -> None:
        save_file(arrays, part, metadata=header)
        with part.open("rb+") as file:
            order_names(file)

    write_whole(path, write)


def _record(run: RunMeasurements, prefix: str, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Return what of a training is no array, and put its arrays beside the others."""
    for measure, correct in run.correct.items():
        arrays[f"{prefix} correct {measure}"] = np.ascontiguousarray(correct, bool)
    for model, shares in run.gradient_energy.items():
        arrays[f"{prefix} energy {model}"] = np.ascontiguousarray(shares, np.float64)
    if run.bands is not None:
        arrays[f"{prefix} bands clean"] = np.ascontiguousarray(run.bands.clean, bool)
        arrays[f"{prefix} bands correct"] = np.ascontiguousarray(run.bands.correct, bool)
    return {
        "optimizer": run.optimizer,
        "seed": run.seed,
        "status": run.status,
        "measures": list(run.correct),
        "has_bands": run.bands is not None,
        "band_noise_norm": None if run.bands is None else run.bands.norm,
        "lipschitz": {
            norm: {
                "product": bound.product,
                "layers": list(bound.layers),
                "variants": dict(bound.variants),
            }
            for norm, bound in run.lipschitz.items()
        },
        "lipschitz_local": dict(run.lipschitz_local),
        "gradient_energy": list(run.gradient_energy),
        "training_loss": run.training_loss,
        "training_accuracy": run.training_accuracy,
        "filtered_training_accuracy": dict(run.filtered_training_accuracy),
        "engines": dict(run.engines),
        "masked": {measure: asdict(found) for measure, found in run.masked.items()},
        "attack_notes": {measure: list(notes) for measure, notes in run.attack_notes.items()},
    }


def load(path: Path) -> Measurements:
    """Read what :func:`save` wrote.

    Raises:
        UserError: the file is missing, cut short, or not of this kind and version.

    """
    try:
        with safe_open(path, framework="numpy") as file:
            header = file.metadata() or {}
            _require_schema(header, path)
            return Measurements(
                tuple(
                    _run(record, f"run {i}", file.get_tensor)
                    for i, record in enumerate(json.loads(header["runs"]))
                )
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


def _run(record: Mapping[str, Any], prefix: str, tensor: Any) -> RunMeasurements:
    bands = None
    if record["has_bands"]:
        if "band_noise_norm" not in record:
            # Another version's noise was √bands times as large at the same σ.
            raise ValueError("noise in bands of which no ℓ2 norm is kept")
        correct = tensor(f"{prefix} bands correct")
        bands = BandAccuracy(tensor(f"{prefix} bands clean"), correct, record["band_noise_norm"])
    return RunMeasurements(
        optimizer=record["optimizer"],
        seed=record["seed"],
        status=record["status"],
        correct={m: tensor(f"{prefix} correct {m}") for m in record["measures"]},
        bands=bands,
        lipschitz={
            norm: LipschitzBound(
                bound["product"],
                tuple((name, value) for name, value in bound["layers"]),
                bound["variants"],
            )
            for norm, bound in record["lipschitz"].items()
        },
        lipschitz_local=record["lipschitz_local"],
        gradient_energy={m: tensor(f"{prefix} energy {m}") for m in record["gradient_energy"]},
        training_loss=record["training_loss"],
        training_accuracy=record["training_accuracy"],
        # Files of this version that were written before it was kept have none.
        filtered_training_accuracy=record.get("filtered_training_accuracy", {}),
        engines=record["engines"],
        masked={m: GradientMasking(**found) for m, found in record.get("masked", {}).items()},
        attack_notes={m: tuple(n) for m, n in record.get("attack_notes", {}).items()},
    )
