"""Measurements of trained networks, in pieces that are kept: what was measured is not repeated.

A piece is one way to test one network: noise, attacks on some hundred images, band-limited noise,
Lipschitz bounds, or gradients. It lies in the run's folder, in a file named by the piece and by a
digest of all settings that it depends on, besides the network.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from nn_experiments import lipschitz
from nn_experiments.attacks import noise, reference
from nn_experiments.attacks.attack import attack
from nn_experiments.attacks.tally import Robust
from nn_experiments.data import synthetic
from nn_experiments.frequency import gradient_energy, observation_two
from nn_experiments.images import DataSet, Images, batch_size
from nn_experiments.loading import Loader
from nn_experiments.specs import DataSpec, Norm, Preset, RunSpec, level
from nn_experiments.training import RunRecord, folder_name, load_model, resolve
from nn_experiments.training.processes import end_with_parent, fork_context
from nn_experiments.verdict import measurements as kept
from nn_experiments.verdict.measurements import (
    CLEAN,
    BandAccuracy,
    LipschitzBound,
    Measurements,
    RunMeasurements,
)

PARTS = ("robustness", "frequency", "lipschitz")
"""What can be measured by itself; clean accuracy is always."""
CHUNK = reference.BATCH
"""How many images are attacked in one piece."""
PICTURES = 8
"""Of how many images adversarial examples are kept for pictures."""

_VERSION = 1  # of what pieces hold; a change measures anew
_LINEAR = "linear"
_ATTACK_SETTINGS = ("attacks", "engine", "largest_first", "noise_seed")
_TOP = 5
_MANY_CLASSES = 10  # beyond which the five largest outputs are looked at, too
_JACOBIANS = 100  # images at which a lower bound on the Lipschitz constant is sought

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
    pieces = [(record, piece) for record in records for piece in _plan(task, record.spec)]
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
        for piece in _plan(task, record.spec)
        if not (_folder(task, record) / piece.file).exists()
    )


def collect(task: Task, records: Sequence[RunRecord]) -> Measurements:
    """Return what was measured so far, of all trainings; a run without pieces has none."""
    found: dict[tuple[str, int], RunMeasurements] = {}
    for record in records:
        spec = record.spec
        key = spec.optimizer.title, spec.seed
        run = found.get(key, RunMeasurements(*key))
        role = _role(task.preset, spec)
        if role == "filtered" and record.train_accuracy is not None:
            fitted = {**run.filtered_training_accuracy, _filtered(spec): record.train_accuracy}
            run = replace(run, filtered_training_accuracy=fitted)
        if role == "network":
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
        )
    return run


# --- Pieces --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Piece:
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


def _measure(task: Task, records: Sequence[RunRecord], tell: Tell, file: str | None = None) -> None:
    """Measure the pieces that are missing, of networks with the same kind of pieces at once.

    Only the piece with that ``file`` is, if one is named.
    """
    device = resolve(task.device)
    if device.type == "cpu":
        torch.set_num_threads(task.threads)
    models: dict[str, nn.Module] = {}
    for role in ("network", "filtered", "linear"):
        group = [record for record in records if _role(task.preset, record.spec) == role]
        for piece in _plan(task, group[0].spec) if group else ():
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
    piece: _Piece,
    records: Sequence[RunRecord],
    models: Sequence[nn.Module],
    data: DataSet,
) -> None:
    for record, found in zip(records, piece.measure(models, data), strict=True):
        run = RunMeasurements(record.spec.optimizer.title, record.spec.seed, **found)
        kept.save(Measurements((run,)), _folder(task, record) / piece.file)


def _title(spec: RunSpec) -> str:
    filtered = f", {spec.data.filtered_percent} % removed by {spec.data.filtered_by}"
    model = f", {spec.model.name}" if spec.model.name == _LINEAR else ""
    return f"{spec.optimizer.title} seed {spec.seed}{model}{filtered * bool(spec.data.filtered_by)}"


def _role(preset: Preset, spec: RunSpec) -> str:
    if spec.data.filtered_by:
        return "filtered"
    return "network" if spec.model == preset.model else "linear"


def _filtered(spec: RunSpec) -> str:
    """Return the measure that a training on filtered images is tested by."""
    return f"filtered/{spec.data.filtered_by}/{spec.data.filtered_percent}"


def _folder(task: Task, record: RunRecord) -> Path:
    return task.root / folder_name(record.spec) / "measured"


def _pieces_of(task: Task, record: RunRecord) -> Iterable[RunMeasurements]:
    """Read the pieces of a run that there are."""
    if record.finished:
        for piece in _plan(task, record.spec):
            path = _folder(task, record) / piece.file
            if path.exists():
                yield from kept.load(path).runs


def _plan(task: Task, spec: RunSpec) -> list[_Piece]:
    """Return the pieces that are measured of a run."""
    preset = task.preset
    match _role(preset, spec):
        case "filtered":
            return [_clean(_filtered(spec))]
        case "linear":
            return [_energy(preset, _LINEAR)]
    pieces = [_clean(CLEAN)]
    if "robustness" in task.parts:
        pieces += [_noise(preset), *_attacks(preset)]
    if "frequency" in task.parts:
        pieces.append(_bands(preset))
        pieces += [_energy(preset, "network")] if preset.gradient_energy else []
    if "lipschitz" in task.parts and preset.lipschitz:
        pieces.append(_lipschitz())
    return pieces


def _one_by_one(
    measure: Callable[[nn.Module, DataSet], dict[str, Any]],
) -> Callable[[Sequence[nn.Module], DataSet], list[dict[str, Any]]]:
    return lambda models, data: [measure(model, data) for model in models]


# --- What is measured ----------------------------------------------------------------------------


def _clean(measure: str) -> _Piece:
    def found(model: nn.Module, data: DataSet) -> dict[str, Any]:
        return {"correct": _answers(model, data.test, measure)}

    return _Piece("filtered" if measure != CLEAN else "clean", {}, _one_by_one(found))


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
    logits = [
        model(perturb(images.at(slice(first, first + size)), first=first))
        for first in range(0, len(images), size)
    ]
    return _ranked(torch.cat(logits), images.labels, images.classes, measure)


def _ranked(logits: Tensor, labels: Tensor, classes: int, measure: str) -> dict[str, np.ndarray]:
    right = {measure: logits.argmax(1) == labels}
    if classes > _MANY_CLASSES:
        right[f"top5/{measure}"] = (logits.topk(_TOP, 1).indices == labels[:, None]).any(1)
    return {name: values.cpu().numpy() for name, values in right.items()}


def _noise(preset: Preset) -> _Piece:
    spec = preset.robustness

    def found(model: nn.Module, data: DataSet) -> dict[str, Any]:
        correct: dict[str, np.ndarray] = {}
        images = data.test.first(spec.noisy_images)
        for text in spec.gaussian:
            noisy = partial(noise.noisy, variance=level(text), seed=spec.noise_seed)
            correct |= _answers(model, images, f"gaussian/{text}", noisy)
        return {"correct": correct}

    settings = {"variances": spec.gaussian, "seed": spec.noise_seed, "last": spec.noisy_images}
    return _Piece("gaussian", settings, _one_by_one(found))


def _attacks(preset: Preset) -> list[_Piece]:
    spec = preset.robustness
    radii: dict[Norm, tuple[str, ...]] = {"l2": spec.l2, "linf": spec.linf}
    return [
        _attack(preset, norm, levels, first)
        for norm, levels in radii.items()
        for first in range(0, spec.images if levels else 0, CHUNK)
    ]


def _attack(preset: Preset, norm: Norm, radii: tuple[str, ...], first: int) -> _Piece:
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
    }
    return _Piece(f"{norm}-{first}", settings, found)


def _robust(robust: Robust, index: int, model: nn.Module, images: Images) -> dict[str, Any]:
    correct: dict[str, np.ndarray] = {}
    for place, radius in enumerate(robust.radii):
        measure = f"{robust.norm}/{radius}"
        correct[measure] = robust.correct[index, place].numpy()
        if robust.examples.shape[2]:
            examples = robust.examples[index, place].to(images.pixels.device)
            ranked = _answers(model, replace(images, pixels=examples), measure)
            correct |= {name: right for name, right in ranked.items() if name != measure}
    return {"correct": correct, "engines": dict.fromkeys(correct, robust.engine)}


def _bands(preset: Preset) -> _Piece:
    spec = preset.frequency

    def found(model: nn.Module, data: DataSet) -> dict[str, Any]:
        response = observation_two.drops(model, data.test, spec)
        return {"bands": BandAccuracy(response.clean.numpy(), response.correct.numpy())}

    fields = asdict(spec)
    settings = {name: fields[name] for name in ("bands", "noises", "sigma", "images", "seed")}
    return _Piece("bands", settings, _one_by_one(found))


def _energy(preset: Preset, model_name: str) -> _Piece:
    def found(model: nn.Module, data: DataSet) -> dict[str, Any]:
        bands = synthetic.bands(preset.data.name, data.shape[1])
        masks = bands.irrelevant[None].to(data.test.pixels.device)
        shares = gradient_energy.shares(model, data.test, masks)[:, 0].double().cpu()
        # A gradient that is zero, as of a network that answers always the same, has no shares.
        return {} if shares.isnan().any() else {"gradient_energy": {model_name: shares.numpy()}}

    return _Piece("energy", {}, _one_by_one(found))


def _lipschitz() -> _Piece:
    def found(model: nn.Module, data: DataSet) -> dict[str, Any]:
        bounds = lipschitz.bounds(model, data.shape)
        images = data.test.first(_JACOBIANS)
        return {
            "lipschitz": {norm: _bound(bounds, norm) for norm in lipschitz.NORMS},
            "lipschitz_local": {
                norm: lipschitz.local_lower_bound(model, images, norm) for norm in lipschitz.NORMS
            },
        }

    return _Piece("lipschitz", {"images": _JACOBIANS}, _one_by_one(found))


def _bound(bounds: lipschitz.Bounds, norm: lipschitz.InducedNorm) -> LipschitzBound:
    layers = tuple((layer.name, layer.upper(norm)) for layer in bounds.layerwise.layers())
    floor = [] if bounds.floor is None else [(bounds.floor.name, bounds.floor.upper(norm))]
    variants = {"consecutive linear layers composed": bounds.product(norm, composed=True)}
    if floor:
        variants["without the standardisation's factor"] = bounds.product(norm, floor=False)
    return LipschitzBound(bounds.product(norm), (*floor, *layers), variants)
