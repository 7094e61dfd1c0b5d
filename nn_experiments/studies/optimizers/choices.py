"""What chapter 4 leaves open, and how it is here: settings that no table of the thesis prints.

"The authors' code" is their public repository (github.com/averyma/opt-robust at 32595bb), which
trains on CIFAR-10 and CIFAR-100.
"""

from __future__ import annotations

from nn_experiments.studies.optimizers.preset import Preset
from nn_experiments.studies.optimizers.thesis_preset import of_thesis

_IMAGES = {
    "caltech101": "a fifth of each class, drawn by a fixed seed, is for the test; gray images have "
    "three equal channels; the shorter side is resized to 224 pixels and the centre cropped",
    "imagenette": "the shorter side is resized to 224 pixels and the centre cropped",
}
"""How images are made ready, by data set, where the thesis does not say it."""
_MANY_CLASSES = ("cifar100", "caltech101")


def choices(preset: Preset) -> list[str]:
    """Return the settings of a comparison with the thesis that it does not state, a line each.

    What differs from what it states, :func:`~nn_experiments.studies.optimizers.setting.departures`
    says.
    """
    if of_thesis(preset.published) is None:
        return []
    return [*_training(preset), *_perturbations(preset), *_frequencies(preset), *_bounds(preset)]


def _training(preset: Preset) -> list[str]:
    found = [
        f"Images: {text} (the thesis says nothing of it)."
        for name, text in _IMAGES.items()
        if name == preset.data.name
    ]
    return [
        *found,
        "Batch size: chapter 4 prints none; 128 is that of the authors' code.",
        "Initial weights: PyTorch's defaults, as chapter 4 prints none. The thesis has PyTorch "
        "1.12.1; the version here stands at the end.",
    ]


def _perturbations(preset: Preset) -> list[str]:
    spec, found = preset.robustness, []
    if spec.gaussian:
        found.append(
            "Gaussian noise: the sum of image and noise is cut off at 0 and 1, as in the authors' "
            "code; the text says nothing of it."
        )
    if (spec.l2 or spec.linf) and spec.attacks == "autoattack":
        found.append(
            "AutoAttack: of the package pyautoattack, in batches of 250; the authors' code has a "
            "copy of its own, in batches of 100. Its random numbers depend on the batches."
        )
    if preset.data.name in _MANY_CLASSES:
        found.append(
            "Top-5 accuracy under attack: of the examples that were found against the first "
            "answer, as in the authors' code."
        )
    return found


def _frequencies(preset: Preset) -> list[str]:
    spec = preset.frequency
    found = [
        "Noise in bands: Cᵀ(M⊙δ)C as in section 4.3.2, not cut off at 0 and 1. The text prints "
        "K = 10 noises that all images share and no σ; the authors' notebook has variance 0.01 "
        "(σ = 0.1) and one noise for each image. Bands have as many bases as each other but for "
        "one, as the number of bases need not be a multiple of theirs."
    ]
    if spec.thresholds and spec.filters:
        found.append(
            "Observation I: the given percentage of bases is removed by rank, of each image and, "
            "by magnitude, of each channel by itself (the authors' code ranks the mean over "
            "channels; what appendix 4.C prints would keep other bases). Filtered images are not "
            "cut off at 0 and 1. The thesis prints thresholds of its examples alone: 10, 30, 50, "
            "70 and 90 %."
        )
    return found


def _bounds(preset: Preset) -> list[str]:
    if not preset.lipschitz:
        return []
    return [
        "Lipschitz bounds: proved bounds on each layer's norm, of a convolution on images of the "
        "size that it meets, in evaluation mode. Table 4.1 does not print its norm, nor whether "
        "products or their logarithms are averaged, and how."
    ]
