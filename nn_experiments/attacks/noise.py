"""Accuracy under Gaussian noise (Table 4.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nn_experiments.attacks import draws
from nn_experiments.data.images import Images
from nn_experiments.models.answers import right
from nn_experiments.models.evaluating import evaluating

# Attacks number their random starts from 0; see nn_experiments.attacks.batched.
_STREAM = 1_000_000


def correct_under_noise(
    model: nn.Module,
    images: Images,
    variance: float,
    seed: int,
    batch: int,
    *,
    first: int = 0,
) -> Tensor:
    """Return which images are classified correctly after Gaussian noise was added to them.

    Noise is added to values in [0, 1] and the sum is cut off at 0 and 1. The noise of image i is
    √variance times standard normal numbers that depend on ``seed`` and ``first`` + i only: the same
    for every model, variance and batch size.

    Args:
        model: maps images to logits, shape (N, classes); used in evaluation mode.
        images: N images, on the model's device.
        variance: of the noise, 0 or more.
        seed: of the noise.
        batch: how many images are classified at a time.
        first: the number of the first image in its data set, where only a part is given.

    Returns:
        Shape (N,), bool, on the CPU.

    Raises:
        NoAnswerError: the logits of an image are not finite.
        ValueError: the variance is negative, or the batch is empty.

    """
    if variance < 0 or batch < 1:
        raise ValueError(f"expected variance >= 0 and batch >= 1, got {variance} and {batch}")
    found = []
    with torch.no_grad(), evaluating(model) as forward:
        for start in range(0, len(images), batch):
            part = images.at(slice(start, start + batch))
            logits = forward(noisy(part, variance, seed, first=first + start))
            found.append(right(logits, part.labels, first + start).cpu())
    return torch.cat(found) if found else torch.zeros(0, dtype=torch.bool)


def noisy(images: Images, variance: float, seed: int, *, first: int = 0) -> Tensor:
    """Return images with noise as in :func:`correct_under_noise`.

    Shape (N, channels, height, width), float32, values from 0 to 1, on the images' device.
    """
    numbers = torch.arange(first, first + len(images))
    noise = draws.normals(seed, _STREAM, numbers, images.shape).to(images.pixels.device)
    return (images.floats() + variance**0.5 * noise).clamp(0.0, 1.0)
