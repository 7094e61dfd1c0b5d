"""What was measured, as chapter 4 names it: all that its tables, figures and predictions read.

A *measure* names one way to test a network, and holds whether each test image came out right:

* ``"clean"``: the test images as they are;
* ``"gaussian/0.01"``, ``"l2/0.5"``, ``"linf/1/255"``: under noise of that variance, or under
  attacks within that radius; the level as the preset writes it;
* ``"filtered/magnitude/70"``, ``"filtered/frequency/70"``: the test images as they are, put to a
  network that was trained on images without 70 % of their coefficients (Observation I);
* ``"top5/…"`` before any of them: right if the label is among the five largest outputs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nn_experiments.evidence.store import CLEAN, FINISHED, MeasuredRun, stacked
from nn_experiments.studies.optimizers.preset import ALL_IMAGES, IMAGES, MODEL, NETWORK, OPTIMIZER

__all__ = ["CLEAN", "FINISHED"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
MeasureName = str
Kind = Literal["gaussian", "l2", "linf"]

KINDS: tuple[Kind, ...] = ("gaussian", "l2", "linf")


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
    correct: Mapping[MeasureName, Bools] = field(default_factory=dict)
    bands: BandAccuracy | None = None
    lipschitz: Mapping[str, LipschitzBound] = field(default_factory=dict)
    lipschitz_local: Mapping[str, float] = field(default_factory=dict)
    gradient_energy: Mapping[str, Floats] = field(default_factory=dict)
    training_loss: float | None = None
    training_accuracy: float | None = None
    filtered_training_accuracy: Mapping[MeasureName, float] = field(default_factory=dict)
    engines: Mapping[MeasureName, str] = field(default_factory=dict)
    masked: Mapping[MeasureName, GradientMasking] = field(default_factory=dict)
    attack_notes: Mapping[MeasureName, tuple[str, ...]] = field(default_factory=dict)

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

    def correct(self, optimizer: str, measure: MeasureName) -> Bools | None:
        """Return answers of shape (seeds, N), of the finished trainings that have the measure."""
        return stacked([r.correct.get(measure) for r in self.finished(optimizer)])

    def drops_by_band(self, optimizer: str) -> Floats | None:
        """Return (4.5) of each finished training and band, shape (seeds, bands)."""
        found = [run.bands for run in self.finished(optimizer)]
        return stacked([b.drops().mean(axis=(1, 2)) for b in found if b is not None])

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
        return stacked([run.gradient_energy.get(model) for run in self.finished(optimizer)])

    def lipschitz(self, optimizer: str, norm: str) -> tuple[LipschitzBound, ...]:
        """Return the upper bounds of the finished trainings."""
        found = [run.lipschitz.get(norm) for run in self.finished(optimizer)]
        return tuple(bound for bound in found if bound is not None)


def view(runs: Iterable[MeasuredRun]) -> Measurements:
    """Return the measurements of a comparison, by optimizer and seed.

    A network is joined by those that were trained with its optimizer and seed on filtered images,
    and by the linear model.
    """
    found: dict[tuple[str, int], RunMeasurements] = {}
    for run in runs:
        key = run.cell[OPTIMIZER], run.seed
        found[key] = _joined(found.get(key, RunMeasurements(*key)), run)
    return Measurements(tuple(found.values()))


def _joined(known: RunMeasurements, run: MeasuredRun) -> RunMeasurements:
    if run.cell[IMAGES] != ALL_IMAGES:
        return _with_filtered(known, run, run.cell[IMAGES])
    shares = {run.cell[MODEL]: run.found.arrays["energy"]} if "energy" in run.found.arrays else {}
    energy = {**known.gradient_energy, **shares}
    if run.cell[MODEL] != NETWORK:
        return replace(known, gradient_energy=energy)
    values = run.found.values
    return replace(
        known,
        status=run.status,
        training_loss=run.training_loss,
        training_accuracy=run.training_accuracy,
        correct={**_answers(run), **known.correct},
        bands=_bands(run),
        lipschitz={norm: _bound(bound) for norm, bound in _named(values, "lipschitz").items()},
        lipschitz_local=_named(values, "lipschitz_local"),
        gradient_energy=energy,
        engines=_named(values, "engine"),
        masked={m: _masking(rows) for m, rows in _named(run.found.arrays, "masked").items()},
        attack_notes={m: tuple(notes) for m, notes in _named(values, "attack_notes").items()},
    )


def _with_filtered(
    known: RunMeasurements, run: MeasuredRun, measure: MeasureName
) -> RunMeasurements:
    accuracy = {} if run.training_accuracy is None else {measure: run.training_accuracy}
    correct = {name.replace(CLEAN, measure): right for name, right in _answers(run).items()}
    return replace(
        known,
        correct={**known.correct, **correct},
        filtered_training_accuracy={**known.filtered_training_accuracy, **accuracy},
    )


def _answers(run: MeasuredRun) -> dict[MeasureName, Bools]:
    """Return the arrays that say which images come out right."""
    kinds = (CLEAN, *KINDS)
    return {
        name: array
        for name, array in run.found.arrays.items()
        if name.removeprefix("top5/").split("/")[0] in kinds
    }


def _named(found: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return what is named ``kind/…``, by the rest of the name."""
    first = f"{kind}/"
    return {n.removeprefix(first): value for n, value in found.items() if n.startswith(first)}


def _bands(run: MeasuredRun) -> BandAccuracy | None:
    arrays = run.found.arrays
    if "bands/correct" not in arrays:
        return None
    norm = run.found.values.get("bands/norm")
    return BandAccuracy(arrays["bands/clean"], arrays["bands/correct"], norm)


def _bound(found: Mapping[str, Any]) -> LipschitzBound:
    layers = tuple((name, bound) for name, bound in found["layers"])
    return LipschitzBound(found["product"], layers, found["variants"])


def _masking(rows: Floats) -> GradientMasking:
    """Return counts over all images, of rows for some hundred each."""
    found = [GradientMasking(int(n), None if math.isnan(b) else int(b)) for n, b in rows]
    return sum(found[1:], found[0])
