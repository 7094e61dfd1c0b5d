"""How a data set's spectral energy is distributed (Figures 4.2 and 4.10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from nn_experiments.data.images import DataSet, Images
from nn_experiments.frequency.blocks import blocks
from nn_experiments.frequency.dct import by_distance_to_dc, dct2
from theory.common.environment import environment


def average_amplitude(images: Images) -> Tensor:
    """Return the average amplitude of every DCT basis, (1/N) Σ_n |x̃_n| (section 4.2.2).

    Returns:
        Shape (channels, height, width), float64, on the images' device, in units of a pixel whose
        values are 0 to 1. A constant image of value v has amplitude v√(height·width) at DC.

    Raises:
        ValueError: there is no image.

    """
    return _average(images, torch.abs)


def mean_square(images: Images) -> Tensor:
    """Return the mean squared coefficient of every DCT basis, (1/N) Σ_n x̃_n².

    Returns:
        Shape (channels, height, width), float64, on the images' device, in units of a pixel whose
        values are 0 to 1. A constant image of value v has v²·height·width at DC.

    Raises:
        ValueError: there is no image.

    """
    return _average(images, torch.square)


def _average(images: Images, of: Callable[[Tensor], Tensor]) -> Tensor:
    if len(images) == 0:
        raise ValueError("expected images to average over, got none")
    total = torch.zeros(images.shape, dtype=torch.float64, device=images.pixels.device)
    for block in blocks(images):
        total += of(dct2(images.at(block).floats().double())).sum(0)
    return total / len(images)


def spectrum(data: DataSet) -> dict[str, Any]:
    """Return the energy of a data set's images to train on, for a JSON file.

    Returns:
        ``energy``: by :func:`mean_square`, averaged over the channels, a number for each of the
        height·width bases, lowest frequency first as :func:`by_distance_to_dc` orders them; and
        what it was made from: ``data_set``, ``images`` (how many), ``shape``, ``environment``.

    Raises:
        ValueError: there is no image.

    """
    _, height, width = data.shape
    mean = mean_square(data.train).mean(0).flatten()
    return {
        "data_set": data.name,
        "images": len(data.train),
        "shape": data.shape,
        "about": "mean squared coefficient of each two-dimensional DCT basis, pixels from 0 to 1, "
        "mean of the channels, lowest frequency first",
        "environment": environment(),
        "energy": mean[by_distance_to_dc(height, width).to(mean.device)].tolist(),
    }


def diagonal(amplitude: Tensor) -> Tensor:
    """Return the amplitudes at the frequencies (i, i), shape (..., min(height, width))."""
    return amplitude.diagonal(dim1=-2, dim2=-1)
