"""What is measured of a trained network: one piece for each way to test it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from nn_experiments import lipschitz
from nn_experiments.attacks import noise, reference
from nn_experiments.attacks.attack import attack
from nn_experiments.attacks.tally import Robust
from nn_experiments.data import synthetic
from nn_experiments.data.images import DataSet, Images, batch_size
from nn_experiments.evidence.store import (
    CLEAN,
    BandAccuracy,
    GradientMasking,
    LipschitzBound,
)
from nn_experiments.frequency import gradient_energy, observation_two
from nn_experiments.frequency.noise_size import mean_norm
from nn_experiments.models.answers import NoAnswerError, require_answers
from nn_experiments.models.evaluating import evaluating
from nn_experiments.specs import Norm, Preset, RunSpec, level

PARTS = ("robustness", "frequency", "lipschitz")
"""What can be measured by itself; clean accuracy is always."""
CHUNK = reference.BATCH
"""How many images are attacked in one piece."""

LINEAR = "linear"
"""The name of the model whose gradients the networks' are compared with."""

_VERSION = 1  # of what pieces hold; a change measures anew
_ATTACK_SETTINGS = ("attacks", "engine", "largest_first", "noise_seed")
_TOP = 5
_MANY_CLASSES = 10  # beyond which the five largest outputs are looked at, too
_JACOBIANS = 100  # images at which a lower bound on the Lipschitz constant is sought


@dataclass(frozen=True)
class Piece:
    """One way to test networks.

    Attributes:
        name: what it is called.
        settings: all that its result depends on, besides the network and the test images.
        measure: given networks and the data set, returns fields of measurements for each.

    """

    name: str
    settings: Mapping[str, Any]
    measure: Callable[[Sequence[nn.Module], DataSet], list[dict[str, Any]]]

    @property
    def weight(self) -> float:
        """About how long it takes: attacks minutes, others seconds."""
        return 10.0 if "attacks" in self.settings else 1.0

    @property
    def file(self) -> str:
        """Name of its file in a run's folder."""
        text = json.dumps([_VERSION, self.name, self.settings], sort_keys=True)
        return f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.safetensors"


def role(preset: Preset, spec: RunSpec) -> str:
    """Return what a training is for: the ``"network"``, or what it is compared with.

    That is a network that was trained on ``"filtered"`` images, or a ``"linear"`` model.
    """
    if spec.data.filtered_by:
        return "filtered"
    return "network" if spec.model == preset.model else "linear"


def filtered_measure(spec: RunSpec) -> str:
    """Return the measure that a training on filtered images is tested by."""
    return f"filtered/{spec.data.filtered_by}/{spec.data.filtered_percent}"


def plan(preset: Preset, spec: RunSpec, parts: Sequence[str] = PARTS) -> list[Piece]:
    """Return the pieces that are measured of a run.

    Args:
        preset: says at which levels, and on how many images.
        spec: of a training of the preset.
        parts: those of :data:`PARTS` that are measured.

    """
    match role(preset, spec):
        case "filtered":
            return [_clean(filtered_measure(spec))]
        case "linear":
            return [_energy(preset, LINEAR)]
    pieces = [_clean(CLEAN)]
    if "robustness" in parts:
        pieces += [_noise(preset), *_attacks(preset)]
    if "frequency" in parts:
        pieces.append(_bands(preset))
        pieces += [_energy(preset, "network")] if preset.gradient_energy else []
    if "lipschitz" in parts and preset.lipschitz:
        pieces.append(_lipschitz())
    return pieces


def _one_by_one(
    measure: Callable[[nn.Module, DataSet], dict[str, Any]],
) -> Callable[[Sequence[nn.Module], DataSet], list[dict[str, Any]]]:
    def measured(models: Sequence[nn.Module], data: DataSet) -> list[dict[str, Any]]:
        found = []
        for network, model in enumerate(models):
            try:
                found.append(measure(model, data))
            except NoAnswerError as error:
                error.network = network
                raise
        return found

    return measured


def _clean(measure: str) -> Piece:
    def found(model: nn.Module, data: DataSet) -> dict[str, Any]:
        return {"correct": _answers(model, data.test, measure)}

    return Piece("filtered" if measure != CLEAN else "clean", {}, _one_by_one(found))


class _Perturb(Protocol):
    def __call__(self, images: Images, *, first: int) -> Tensor: ...


def _as_they_are(images: Images, *, first: int) -> Tensor:
    del first
    return images.floats()


@torch.no_grad()
def _answers(
    model: nn.Module, images: Images, measure: str, perturb: _Perturb = _as_they_are
) -> dict[str, np.ndarray]:
    """Whether the label is the largest output and, of many, among the five largest."""
    size = batch_size(images.pixels.device)
    with evaluating(model) as forward:
        logits = torch.cat(
            [
                forward(perturb(images.at(slice(first, first + size)), first=first))
                for first in range(0, len(images), size)
            ]
        )
    require_answers(logits)
    return _ranked(logits, images.labels, images.classes, measure)


def _ranked(logits: Tensor, labels: Tensor, classes: int, measure: str) -> dict[str, np.ndarray]:
    right = {measure: logits.argmax(1) == labels}
    if classes > _MANY_CLASSES:
        right[f"top5/{measure}"] = (logits.topk(_TOP, 1).indices == labels[:, None]).any(1)
    return {name: values.cpu().numpy() for name, values in right.items()}


def _noise(preset: Preset) -> Piece:
    spec = preset.robustness

    def found(model: nn.Module, data: DataSet) -> dict[str, Any]:
        correct: dict[str, np.ndarray] = {}
        images = data.test.first(spec.noisy_images)
        for text in spec.gaussian:
            noisy = partial(noise.noisy, variance=level(text), seed=spec.noise_seed)
            correct |= _answers(model, images, f"gaussian/{text}", noisy)
        return {"correct": correct}

    settings = {"variances": spec.gaussian, "seed": spec.noise_seed, "last": spec.noisy_images}
    return Piece("gaussian", settings, _one_by_one(found))


def _attacks(preset: Preset) -> list[Piece]:
    spec = preset.robustness
    radii: dict[Norm, tuple[str, ...]] = {"l2": spec.l2, "linf": spec.linf}
    return [
        _attack(preset, norm, levels, first)
        for norm, levels in radii.items()
        for first in range(0, spec.images if levels else 0, CHUNK)
    ]


def _attack(preset: Preset, norm: Norm, radii: tuple[str, ...], first: int) -> Piece:
    spec, seed = preset.robustness, preset.robustness.noise_seed
    last = min(first + CHUNK, spec.images)

    def found(models: Sequence[nn.Module], data: DataSet) -> list[dict[str, Any]]:
        images = data.test.at(slice(first, last))
        if not len(images):
            return [{} for _ in models]
        many = images.classes > _MANY_CLASSES
        robust = attack(
            models, images, norm, radii, spec, seed, first=first, keep=len(images) if many else 0
        )
        return [_robust(robust, i, model, images) for i, model in enumerate(models)]

    settings = {
        **{name: asdict(spec)[name] for name in _ATTACK_SETTINGS},
        "radii": radii,
        "first": first,
        "last": last,
        "without_gradient": "Square",
    }
    return Piece(f"{norm}-{first}", settings, found)


def _robust(robust: Robust, index: int, model: nn.Module, images: Images) -> dict[str, Any]:
    correct: dict[str, np.ndarray] = {}
    masked: dict[str, GradientMasking] = {}
    blind = robust.blind()[index]
    square = robust.attacks.index("Square") if "Square" in robust.attacks else None
    for place, radius in enumerate(robust.radii):
        measure = f"{robust.norm}/{radius}"
        correct[measure] = robust.correct[index, place].numpy()
        if blind.any():
            broken = blind & (robust.broken_by[index, place] == square)
            masked[measure] = GradientMasking(
                int(blind.sum()), None if square is None else int(broken.sum())
            )
        if robust.examples.shape[2]:
            examples = robust.examples[index, place].to(images.pixels.device)
            ranked = _answers(model, replace(images, pixels=examples), measure)
            correct |= {name: right for name, right in ranked.items() if name != measure}
    return {
        "correct": correct,
        "engines": dict.fromkeys(correct, robust.engine),
        "masked": masked,
        "attack_notes": dict.fromkeys(correct, robust.notes_on(index)),
    }


def _bands(preset: Preset) -> Piece:
    spec = preset.frequency

    def found(model: nn.Module, data: DataSet) -> dict[str, Any]:
        response = observation_two.drops(model, data.test, spec)
        norm = mean_norm(data.shape, spec.bands, spec.sigma)
        bands = BandAccuracy(response.clean.numpy(), response.correct.numpy(), norm)
        return {"bands": bands}

    fields = asdict(spec)
    settings = {name: fields[name] for name in ("bands", "noises", "sigma", "images", "seed")}
    # What was measured with noise of another size at the same σ is not read.
    return Piece("bands", settings | {"noise": "Cᵀ(M⊙δ)C"}, _one_by_one(found))


def _energy(preset: Preset, model_name: str) -> Piece:
    def found(model: nn.Module, data: DataSet) -> dict[str, Any]:
        bands = synthetic.bands(preset.data.name, data.shape[1])
        masks = bands.irrelevant[None].to(data.test.pixels.device)
        shares = gradient_energy.shares(model, data.test, masks)[:, 0].double().cpu()
        # A gradient that is zero, as of a network that answers always the same, has no shares.
        return {} if shares.isnan().any() else {"gradient_energy": {model_name: shares.numpy()}}

    return Piece("energy", {}, _one_by_one(found))


def _lipschitz() -> Piece:
    def found(model: nn.Module, data: DataSet) -> dict[str, Any]:
        bounds = lipschitz.bounds(model, data.shape)
        images = data.test.first(_JACOBIANS)
        return {
            "lipschitz": {norm: _bound(bounds, norm) for norm in lipschitz.NORMS},
            "lipschitz_local": lipschitz.lower_bounds(model, images, bounds),
        }

    return Piece("lipschitz", {"images": _JACOBIANS}, _one_by_one(found))


def _bound(bounds: lipschitz.Bounds, norm: lipschitz.InducedNorm) -> LipschitzBound:
    layers = tuple((layer.name, layer.upper(norm)) for layer in bounds.layerwise.layers())
    floor = [] if bounds.floor is None else [(bounds.floor.name, bounds.floor.upper(norm))]
    variants = {"consecutive linear layers composed": bounds.product(norm, composed=True)}
    if floor:
        variants["without the standardisation's factor"] = bounds.product(norm, floor=False)
    return LipschitzBound(bounds.product(norm), (*floor, *layers), variants)
