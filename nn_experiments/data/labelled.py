"""What every reader checks of labels before it makes images of them."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from nn_experiments.data.images import Images
from theory.common.errors import UserError


def labelled(pixels: Tensor, labels: Tensor, classes: int, source: Path) -> Images:
    """Return images with labels that were read from a file.

    Args:
        pixels: shape (N, channels, height, width), uint8.
        labels: shape (N,), of any kind of integer.
        classes: labels are from 0 to this number, without it.
        source: the file that an error names.

    Raises:
        UserError: labels are out of range, not as many as images, or there are none.

    """
    if len(labels) != len(pixels) or len(labels) == 0:
        raise UserError(
            f"{source}: expected a label for each image and at least one, got {len(pixels)} images "
            f"and {len(labels)} labels. Get the file again."
        )
    labels = labels.to(torch.int64)
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0 or highest >= classes:
        raise UserError(
            f"{source}: expected labels from 0 to {classes - 1}, got {lowest} to {highest}. "
            "Is it another data set's file? Get the file again."
        )
    return Images(pixels, labels, classes)
