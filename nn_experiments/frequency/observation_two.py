"""Observation II: how accuracy drops under noise in each band of frequencies (section 4.3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from nn_experiments.data.images import Images, batch_size
from nn_experiments.frequency.bands import noise
from nn_experiments.models.answers import right
from nn_experiments.models.evaluating import evaluating
from nn_experiments.specs import FrequencySpec


@dataclass(frozen=True)
class BandResponse:
    """Which images a network classifies correctly, without noise and under each noise.

    Attributes:
        clean: shape (N,), bool.
        correct: shape (bands, noises, N), bool.

    Raises:
        ValueError: shapes or kinds are not as above.

    """

    clean: Tensor
    correct: Tensor

    def __post_init__(self) -> None:
        if (
            self.clean.dtype != torch.bool
            or self.correct.dtype != torch.bool
            or self.clean.ndim != 1
            or self.correct.ndim != 3
            or self.correct.shape[2:] != self.clean.shape
        ):
            raise ValueError(
                "expected bools of shapes (N,) and (bands, noises, N), got "
                f"{tuple(self.clean.shape)} {self.clean.dtype} and "
                f"{tuple(self.correct.shape)} {self.correct.dtype}"
            )

    @property
    def drop(self) -> Tensor:
        """Drop in accuracy (4.5) in each band, shape (bands,), float64, as a fraction of images.

        Negative where the noise mends more than it spoils.
        """
        return self.clean.double().mean() - self.correct.double().mean((1, 2))


def drops(
    model: nn.Module, images: Images, spec: FrequencySpec, *, batch: int | None = None
) -> BandResponse:
    """Classify images under band-limited noise, with the same noises for all images.

    The sum of image and noise is not clamped to [0, 1]: (4.5) adds noise to the signal, and
    clamping, which is not linear, would move part of the noise to other bands.

    Args:
        model: maps images with values from 0 to 1, shape (n, channels, height, width), to logits,
            shape (n, classes); on the images' device.
        images: of which the first ``spec.images`` are used.
        spec: the bands, noises, size of the noise and seed.
        batch: how many images to classify at once; by default what is fast. The result does not
            depend on it, but for rounding.

    Returns:
        The response, on the CPU.

    Raises:
        UserError: more bands are asked for than there are DCT bases.
        NoAnswerError: the logits of an image are not finite.

    """
    images = images.first(spec.images)
    device = images.pixels.device
    batch = batch or batch_size(device)
    noises = noise(images.shape, spec.bands, spec.noises, spec.sigma, spec.seed).to(device)
    clean = torch.empty(len(images), dtype=torch.bool, device=device)
    correct = torch.empty(spec.bands, spec.noises, len(images), dtype=torch.bool, device=device)
    with torch.inference_mode(), evaluating(model) as forward:
        for start in range(0, len(images), batch):
            block = slice(start, start + batch)
            x, labels = images.at(block).floats(), images.labels[block]
            clean[block] = right(forward(x), labels, start)
            for band in range(spec.bands):
                for k in range(spec.noises):
                    noisy = forward(x + noises[band, k])
                    correct[band, k, block] = right(noisy, labels, start)
    return BandResponse(clean.cpu(), correct.cpu())
