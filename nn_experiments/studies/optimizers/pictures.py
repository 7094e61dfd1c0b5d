"""Every figure of a comparison, drawn from what was measured and from the images and networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from nn_experiments.attacks import noise
from nn_experiments.attacks import pictures as perturbed
from nn_experiments.attacks.attack import attack
from nn_experiments.data.images import DataSet, Images, batch_size
from nn_experiments.evidence.figures import forest
from nn_experiments.evidence.findings import Findings
from nn_experiments.evidence.outcomes import Rule
from nn_experiments.evidence.shown import Drawing
from nn_experiments.frequency import bands, energy, noise_size, pictures
from nn_experiments.models.answers import right as answered_right
from nn_experiments.models.evaluating import frozen
from nn_experiments.plurals import counted
from nn_experiments.specs import Norm, RobustnessSpec, level
from nn_experiments.studies.optimizers import figures
from nn_experiments.studies.optimizers.measurements import CLEAN, Measurements
from nn_experiments.studies.optimizers.preset import Preset
from nn_experiments.studies.optimizers.tables import measure_text

Drawings = dict[str, Drawing]

SHOWN = 8
"""How many images there are in pictures of perturbed ones."""
_SYMBOLS = {"l2": "ℓ2", "linf": "ℓ∞"}


def measured_figures(
    preset: Preset, measured: Measurements, findings: Findings, rules: Mapping[str, Rule]
) -> Drawings:
    """Return figures of what was measured.

    Figure 4.1, the verdicts' intervals and, where measured, Lipschitz bounds by layer (Table 4.1),
    Observations I and II (Figures 4.3 and 4.6).
    """
    effects = partial(
        forest,
        findings.verdicts,
        rules,
        only_primary=True,
        measure_text=measure_text,
        more=figures.other_reading,
    )
    drawn = {
        "figure_4_1": Drawing(partial(figures.figure_4_1, [(preset, measured)])),
        "effects": Drawing(effects),
    }
    if any(run.lipschitz for run in measured.runs):
        drawn["lipschitz"] = Drawing(partial(figures.lipschitz_by_layer, preset, measured))
    note = f"{preset.title or preset.data.name}, {counted(len(preset.seeds), 'seed')}"
    by_band = _drops(preset, measured)
    if by_band:
        size = noise_size.told(
            preset.frequency.sigma, preset.frequency.noises, measured.noise_norm()
        )
        pale = f"{note}; noise: {size}; pale: standard error over seeds"
        drawn["observation_two"] = Drawing(
            partial(pictures.draw_observation_two, by_band, pale),
            f"observation two: drop in accuracy under noise, {size}",
        )
    original, filtered = _filtered(preset, measured)
    if any(filtered.values()):
        drawn["observation_one"] = Drawing(
            partial(pictures.draw_observation_one, original, filtered, note)
        )
    return drawn


def image_figures(preset: Preset, data: DataSet, models: Mapping[str, nn.Module]) -> Drawings:
    """Return figures of the data's spectrum, filters and noise, and of perturbed images.

    Figures 4.2, 4.4, 4.5, and 4.18 to 4.20, the attacks at their largest radius. Perturbed are the
    first test images that all networks classify correctly.

    Args:
        preset: says which levels.
        data: on the models' device.
        models: one network for each optimizer's title, in evaluation mode.

    """
    spec = preset.frequency
    _, height, width = data.shape
    noises = bands.noise(data.shape, spec.bands, 1, spec.sigma, spec.seed)[:, 0]
    norm = noise_size.mean_norm(data.shape, spec.bands, spec.sigma)
    size = noise_size.told(spec.sigma, None, norm)
    masks = bands.masks(height, width, spec.bands)
    return {
        "spectrum": Drawing(
            lambda: pictures.draw_energy({preset.data.name: energy.average_amplitude(data.train)})
        ),
        "filters": Drawing(lambda: pictures.draw_filtered(data.train.pixels[0].cpu())),
        "bands": Drawing(
            lambda: pictures.draw_bands(masks, noises, f"One noise per band: {size}."),
            f"bands and one noise in each, {size}",
        ),
    } | _perturbed(preset, data.test, models)


def _drops(preset: Preset, measured: Measurements) -> dict[str, np.ndarray]:
    """Return (4.5) of each optimizer, shape (seeds, bands)."""
    found = {o.title: measured.drops_by_band(o.title) for o in preset.optimizers}
    return {title: drops for title, drops in found.items() if drops is not None}


def _filtered(
    preset: Preset, measured: Measurements
) -> tuple[dict[str, list[float]], dict[str, dict[tuple[pictures.Kind, int], list[float]]]]:
    """Return accuracies of trainings without a filter, and with each."""
    titles = [optimizer.title for optimizer in preset.optimizers]
    original = {title: _accuracies(measured, title, CLEAN) for title in titles}
    filtered: dict[str, dict[tuple[pictures.Kind, int], list[float]]] = {t: {} for t in titles}
    for title in titles:
        for kind in preset.frequency.filters:
            for percent in preset.frequency.thresholds:
                found = _accuracies(measured, title, f"filtered/{kind}/{percent}")
                if found:
                    filtered[title][kind, percent] = found
    return original, filtered


def _accuracies(measured: Measurements, title: str, measure: str) -> list[float]:
    correct = measured.correct(title, measure)
    return [] if correct is None else [float(c) for c in correct.mean(axis=1)]


def _perturbed(preset: Preset, test: Images, models: Mapping[str, nn.Module]) -> Drawings:
    spec = preset.robustness
    networks = {title: frozen(model) for title, model in models.items()}
    right = _right_everywhere(test, list(networks.values()))
    found: Drawings = {}
    if spec.gaussian:
        noisy = partial(_noisy, spec, test, right, is_chosen=bool(networks))
        found["gaussian_noise"] = Drawing(noisy)
    radii: dict[Norm, Sequence[str]] = {"l2": spec.l2, "linf": spec.linf}
    for norm, levels in radii.items():
        if levels and networks:
            radius = max(levels, key=level)
            found[f"{norm}_attack"] = Drawing(
                partial(_attack, test, right, networks, norm, radius, spec.noise_seed)
            )
    return found


def _right_everywhere(images: Images, networks: Sequence[nn.Module]) -> list[int]:
    """Return the numbers of the first images, at most as are shown, that all networks get right."""
    found: list[int] = []
    size = batch_size(images.pixels.device)
    for start in range(0, len(images), size):
        part = images.at(slice(start, start + size))
        right = torch.ones_like(part.labels, dtype=torch.bool)
        for network in networks:
            right &= answered_right(network(part.floats()), part.labels, start)
        found += (start + right.nonzero()[:, 0]).tolist()
        if len(found) >= SHOWN:
            break
    return found[:SHOWN]


def _noisy(spec: RobustnessSpec, test: Images, right: list[int], *, is_chosen: bool) -> Figure:
    """Draw the same images as are attacked, with the noise that is added when noise is measured."""
    numbers, which = right, _which(right, test, "one network of each optimizer classifies")
    if not (right and is_chosen):
        # Noise needs no network.
        numbers = list(range(min(SHOWN, len(test))))
        which = f"the first {counted(len(numbers), 'test image')}"
    by_variance = {
        f"σ² = {text}": torch.cat([_with_noise(test, n, text, spec.noise_seed) for n in numbers])
        for text in sorted(spec.gaussian, key=level)
    }
    shown = test.at(torch.tensor(numbers)).to("cpu")
    return perturbed.draw_noisy(shown, by_variance, f"Gaussian noise on {which}.")


def _with_noise(test: Images, number: int, variance: str, seed: int) -> Tensor:
    image = test.at(slice(number, number + 1))
    return noise.noisy(image, level(variance), seed, first=number).cpu()


def _attack(
    test: Images,
    right: list[int],
    networks: Mapping[str, nn.Module],
    norm: Norm,
    radius: str,
    seed: int,
) -> Figure:
    shown = test.at(torch.tensor(right, dtype=torch.int64, device=test.labels.device))
    if not right:
        note = (
            f"None of the {len(test):,} test images is classified correctly by all networks drawn "
            "here, one of each optimizer: none is attacked."
        )
        return perturbed.draw_attacked(shown.to("cpu"), {}, note)
    note = (
        f"Auto-PGD within {_SYMBOLS[norm]} radius {radius} on one network of each optimizer: "
        f"{_which(right, test, 'all of these classify')}. Stands: no adversarial example found, "
        "drawn as it is. Change: what was added (grey: nothing), at most the strongest 1 % cut off."
    )
    found = _attacked(networks, shown, norm, radius, seed)
    return perturbed.draw_attacked(shown.to("cpu"), found, note)


def _which(right: list[int], test: Images, who: str) -> str:
    first = "first" if len(right) == SHOWN else "only"
    return f"the {first} {len(right)} of {len(test):,} test images that {who} correctly"


def _attacked(
    networks: Mapping[str, nn.Module], images: Images, norm: Norm, radius: str, seed: int
) -> dict[str, perturbed.Attacked]:
    spec = RobustnessSpec(attacks="apgd", engine="batched")
    models = list(networks.values())
    found = attack(models, images, norm, [radius], spec, seed, keep=len(images))
    examples, is_broken = found.examples[:, 0], found.broken_by[:, 0] >= 0
    return {
        title: perturbed.Attacked(x, _taken_for(network, images, x, broken.tolist()))
        for (title, network), x, broken in zip(networks.items(), examples, is_broken, strict=True)
    }


def _taken_for(
    network: nn.Module, images: Images, examples: Tensor, is_broken: Sequence[bool]
) -> list[int | None]:
    logits = network(examples.to(images.pixels.device))
    # An example was checked to be misclassified; rounding in another batch does not undo that.
    others = logits.scatter(1, images.labels[:, None], -torch.inf).argmax(1)
    return [k if broken else None for k, broken in zip(others.tolist(), is_broken, strict=True)]
