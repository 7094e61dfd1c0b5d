"""How a data set's spectral energy is distributed (Figures 4.2 and 4.10)."""

from __future__ import annotations

import torch
from torch import Tensor

from nn_experiments.frequency.blocks import blocks
from nn_experiments.frequency.dct import dct2
from nn_experiments.images import Images


def average_amplitude(images: Images) -> Tensor:
    """Return the average amplitude of every DCT basis, (1/N) Σ_n |x̃_n| (section 4.2.2).

    Returns:
        Shape (channels, height, width), float64, on the images' device, in units of a pixel whose
        values are 0 to 1. A constant image of value v has amplitude v√(height·width) at DC.

    Raises:
        ValueError: there is no image.

    """
    if len(images) == 0:
        raise ValueError("expected images to average over, got none")
    total = torch.zeros(images.shape, dtype=torch.float64, device=images.pixels.device)
    for block in blocks(images):
        total += dct2(images.at(block).floats().double()).abs().sum(0)
    return total / len(images)


def diagonal(amplitude: Tensor) -> Tensor:
    """Return the amplitudes at the frequencies (i, i), shape (..., min(height, width))."""
    return amplitude.diagonal(dim1=-2, dim2=-1)
