"""Every figure of a comparison, drawn from what was measured and from the images and networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from nn_experiments import style
from nn_experiments.attacks import noise
from nn_experiments.attacks.attack import attack
from nn_experiments.frequency import bands, energy, pictures
from nn_experiments.images import DataSet, Images
from nn_experiments.specs import Norm, Preset, RobustnessSpec, level
from nn_experiments.verdict import figures
from nn_experiments.verdict.judging import judge
from nn_experiments.verdict.measurements import CLEAN, Measurements
from nn_experiments.verdict.rules import Rules

Tell = Callable[[str], None]
"""Is given the name of each figure before it is drawn."""

_SHOWN = 8  # images in pictures of perturbed ones
_SYMBOLS = {"l2": "ℓ2", "linf": "ℓ∞"}


def draw_all(
    preset: Preset,
    measured: Measurements,
    folder: Path,
    tell: Tell,
    fixed: Rules | None = None,
) -> list[str]:
    """Draw what was measured, as PNG, PDF and SVG; return the names.

    Figure 4.1, the verdicts' intervals and, where measured, Lipschitz bounds by layer (Table 4.1),
    Observations I and II (Figures 4.3 and 4.6).
    """
    drawn: dict[str, Figure] = {"figure_4_1": figures.figure_4_1([(preset, measured)])}
    drawn["effects"] = figures.forest(judge(preset, measured, fixed), only_primary=True)
    if any(run.lipschitz for run in measured.runs):
        drawn["lipschitz"] = figures.lipschitz_by_layer(preset, measured)
    note = f"{preset.title or preset.data.name}, {len(preset.seeds)} seeds"
    by_band = _drops(preset, measured)
    if by_band:
        drawn["observation_two"] = pictures.draw_observation_two(
            by_band, f"{note}; pale: standard error over seeds"
        )
    original, filtered = _filtered(preset, measured)
    if any(filtered.values()):
        drawn["observation_one"] = pictures.draw_observation_one(original, filtered, note)
    return _written(drawn, folder, tell)


def draw_images(
    preset: Preset, data: DataSet, models: Mapping[str, nn.Module], folder: Path, tell: Tell
) -> list[str]:
    """Draw the data's spectrum, filters and noise, and perturbed images, as PNG, PDF and SVG.

    Figures 4.2, 4.4, 4.5, and 4.18 to 4.20 for the largest level of each perturbation.

    Args:
        preset: says which levels.
        data: on the models' device.
        models: one network for each optimizer's title, in evaluation mode.
        folder: for the files.
        tell: is called for each figure.

    """
    spec = preset.frequency
    _, height, width = data.shape
    noises = bands.noise(data.shape, spec.bands, 1, spec.sigma, spec.seed)[:, 0]
    drawn = {
        "spectrum": pictures.draw_energy({preset.data.name: energy.average_amplitude(data.train)}),
        "filters": pictures.draw_filtered(data.train.pixels[0].cpu()),
        "bands": pictures.draw_bands(bands.masks(height, width, spec.bands), noises),
    }
    drawn |= _perturbed(preset, data.test.first(_SHOWN), models)
    return _written(drawn, folder, tell)


def _written(drawn: Mapping[str, Figure], folder: Path, tell: Tell) -> list[str]:
    for name, figure in drawn.items():
        tell(name)
        style.write_figure(figure, folder / name)
    return list(drawn)


def _drops(preset: Preset, measured: Measurements) -> dict[str, np.ndarray]:
    """Return (4.5) of each optimizer, shape (seeds, bands)."""
    found = {}
    for optimizer in preset.optimizers:
        runs = [r.bands for r in measured.finished(optimizer.title) if r.bands is not None]
        if runs:
            found[optimizer.title] = np.stack([run.drops().mean(axis=(1, 2)) for run in runs])
    return found


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


def _perturbed(
    preset: Preset, images: Images, models: Mapping[str, nn.Module]
) -> dict[str, Figure]:
    spec = preset.robustness
    found = {}
    if spec.gaussian:
        by_variance = {
            f"σ² = {text}": noise.noisy(images, level(text), spec.noise_seed).cpu()
            for text in sorted(spec.gaussian, key=level)
        }
        clean = images.to("cpu")
        found["gaussian_noise"] = pictures.draw_perturbed(clean, by_variance, "Gaussian noise")
    radii: dict[Norm, Sequence[str]] = {"l2": spec.l2, "linf": spec.linf}
    for norm, levels in radii.items():
        if levels and models:
            radius = max(levels, key=level)
            found[f"{norm}_attack"] = pictures.draw_perturbed(
                images.to("cpu"),
                {title: _attacked(model, images, norm, radius) for title, model in models.items()},
                f"Auto-PGD within {_SYMBOLS[norm]} radius {radius}, one network of each optimizer",
            )
    return found


def _attacked(model: nn.Module, images: Images, norm: Norm, radius: str) -> Tensor:
    spec = RobustnessSpec(attacks="apgd", engine="batched")
    found = attack([model], images, norm, [radius], spec, 0, keep=len(images))
    return torch.as_tensor(found.examples[0, 0])
