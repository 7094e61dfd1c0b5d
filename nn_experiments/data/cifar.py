"""The binary versions of CIFAR-10 and CIFAR-100.

Fixed-length records: one byte for the label, or two in CIFAR-100, the coarse and then the fine
label; then 3,072 bytes, the red, green and blue planes of 32 × 32 pixels, each row by row (the
format's description stands at cs.toronto.edu/~kriz/cifar.html).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from nn_experiments.data.images import Images
from nn_experiments.data.labelled import labelled
from theory.common.errors import UserError

_SHAPE = (3, 32, 32)
_PIXELS = 3 * 32 * 32


def read(paths: Sequence[Path], classes: int) -> Images:
    """Return the images of some files, one file after the other.

    Args:
        paths: at least one.
        classes: 10 for CIFAR-10; 100 for CIFAR-100, whose fine labels are read.

    Raises:
        UserError: a file is missing, damaged or of another format.
        ValueError: there are neither 10 nor 100 classes.

    """
    if classes not in (10, 100):
        raise ValueError(f"classes: expected 10 or 100, got {classes}")
    parts = [_read(path, classes) for path in paths]
    return Images(
        torch.cat([part.pixels for part in parts]),
        torch.cat([part.labels for part in parts]),
        classes,
    )


def _read(path: Path, classes: int) -> Images:
    label_bytes = 1 if classes == 10 else 2
    records = _records(path, label_bytes + _PIXELS)
    pixels = records[:, label_bytes:].reshape(-1, *_SHAPE)
    return labelled(pixels, records[:, label_bytes - 1], classes, path)


def _records(path: Path, length: int) -> Tensor:
    try:
        contents = bytearray(path.read_bytes())
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}.") from error
    if not contents or len(contents) % length:
        raise UserError(
            f"{path}: expected records of {length:,} bytes each, of the binary version of CIFAR, "
            f"got {len(contents):,} bytes. Get the file again."
        )
    return torch.frombuffer(contents, dtype=torch.uint8).view(-1, length)
