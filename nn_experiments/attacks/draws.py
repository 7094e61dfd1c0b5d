"""Random numbers that belong to an image, whichever images it is processed together with.

Philox is a counter-based generator: its key and its counter name a stream, so that no two streams
meet. The numbers are drawn on the host, hence the same for every device.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

_WORD = 2**64


def normals(seed: int, stream: int, images: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return standard normal numbers for some images.

    Args:
        seed: of the experiment.
        stream: tells apart what the numbers are used for.
        images: shape (N,), int64: the images' numbers in their data set.
        shape: of one image's numbers.

    Returns:
        Shape (N, *shape), float32, on the device of ``images``; row n depends on seed, stream and
        images[n] alone.

    """
    rows = [_generator(seed, stream, i).standard_normal(shape, np.float32) for i in images.tolist()]
    return _stacked(rows, images, shape)


def uniforms(seed: int, stream: int, images: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return numbers uniform on [−1, 1), for the rest as :func:`normals` does."""
    rows = [_generator(seed, stream, i).random(shape, np.float32) for i in images.tolist()]
    return 2 * _stacked(rows, images, shape) - 1


def _generator(seed: int, stream: int, image: int) -> np.random.Generator:
    key = np.array([seed % _WORD, image], np.uint64)
    # The lowest word counts the numbers drawn; the highest one is left for the stream.
    counter = np.array([0, 0, 0, stream], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def _stacked(rows: list[np.ndarray], images: Tensor, shape: tuple[int, ...]) -> Tensor:
    if not rows:
        return torch.zeros(0, *shape, device=images.device)
    return torch.from_numpy(np.stack(rows)).to(images.device)
