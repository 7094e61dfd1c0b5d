"""Which images each minibatch has, and how they are flipped: functions of seed and epoch alone.

Nothing is carried from one epoch to the next, so a run that stopped goes on as if it had not.
Order and flips are drawn on the CPU, so that every device sees the same minibatches, and copied
to the device once an epoch; images are picked and flipped on the device.
"""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor


def seeded(purpose: str, seed: int, epoch: int) -> torch.Generator:
    """Return a CPU generator; different arguments give streams without a common start."""
    digest = hashlib.sha256(f"{purpose} {seed} {epoch}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def order(seed: int, epoch: int, n: int) -> Tensor:
    """Return a random order of ``n`` images; shape (n,), int64."""
    return torch.randperm(n, generator=seeded("order", seed, epoch))


def flips(seed: int, epoch: int, n: int) -> Tensor:
    """Return which image of an epoch is flipped, each with probability 1/2; shape (n,), bool.

    The k-th entry concerns the k-th image in the epoch's order.
    """
    return torch.randint(2, (n,), generator=seeded("flips", seed, epoch)).bool()


def flip(pixels: Tensor, which: Tensor) -> Tensor:
    """Mirror some images left to right.

    Args:
        pixels: shape (N, channels, height, width).
        which: shape (N,), bool.

    """
    return torch.where(which.view(-1, 1, 1, 1), pixels.flip(-1), pixels)


def floats(pixels: Tensor, layout: torch.memory_format) -> Tensor:
    """Return pixels as :meth:`nn_experiments.data.images.Images.floats` does, in a memory layout.

    Args:
        pixels: shape (N, channels, height, width), uint8 or float32.
        layout: the strides are this layout's also where one channel leaves them open, as it is by
            its input's strides that a convolution chooses how to compute.

    """
    divisor = 255 if pixels.dtype == torch.uint8 else 1
    x = torch.empty(pixels.shape, dtype=torch.float32, device=pixels.device, memory_format=layout)
    return torch.div(pixels, divisor, out=x)
