"""Bands of the DCT spectrum, and Gaussian noise that is limited to one (section 4.3.2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from nn_experiments.frequency.dct import by_distance_to_dc, idct2
from theory.common.errors import UserError


def masks(height: int, width: int, bands: int) -> Tensor:
    """Return the masks M⁽ⁱ⁾, shape (bands, height, width), bool: each basis is in one band.

    Bands follow each other by distance to DC, from the lowest (Figure 4.5). Their sizes differ by
    at most one basis, the larger ones first; that ten are equal is possible only if 10 divides
    the side of a square image (claim 4.5-band.2).

    Raises:
        UserError: there are no bands, or more than bases.
        ValueError: a size is less than 1.

    """
    order = by_distance_to_dc(height, width)
    if not 1 <= bands <= len(order):
        raise UserError(
            f"bands: expected from 1 to {len(order)}, the DCT bases of {height} × {width} pixels, "
            f"got {bands}. Ask for fewer bands."
        )
    result = torch.zeros(bands, len(order), dtype=torch.bool)
    for mask, members in zip(result, order.tensor_split(bands), strict=True):
        mask[members] = True
    return result.view(bands, height, width)


def noise(shape: tuple[int, int, int], bands: int, noises: int, sigma: float, seed: int) -> Tensor:
    """Return band-limited noise Δx_k⁽ⁱ⁾, shape (bands, noises, channels, height, width), float32.

    Δx_k⁽ⁱ⁾ = Cᵀ(M⁽ⁱ⁾ ⊙ δ_k)C, channel by channel, where the entries of δ_k are independent Gaussian
    ones with mean 0 and standard deviation σ (section 4.3.2). So the noises of two bands with as
    many bases are as long as each other in distribution only (claim 4.5-band.3).

    All bands share δ_k; their noises are nonetheless independent, since no two bands have a basis
    in common. The noise depends on the arguments only, and not on a device; the first noises are
    the same however many there are.

    Args:
        shape: channels, height and width of the images that it will be added to.
        bands: how many bands the spectrum is divided into.
        noises: how many noises per band, K of (4.5).
        sigma: in units of a pixel whose values are 0 to 1.
        seed: of the generator of δ.

    Raises:
        UserError: there are no bands, or more than bases.
        ValueError: a size or a number is less than 1, or ``sigma`` is not above 0.

    """
    channels, height, width = shape
    if channels < 1 or noises < 1 or not 0 < sigma < math.inf:
        raise ValueError(
            "expected channels and noises of 1 or more and sigma > 0, got "
            f"{channels}, {noises}, {sigma}"
        )
    inside = masks(height, width, bands)[:, None, None]
    generator = torch.Generator().manual_seed(seed)
    deltas = [torch.randn(shape, generator=generator, dtype=torch.float64) for _ in range(noises)]
    return (sigma * idct2(torch.stack(deltas) * inside)).float()
