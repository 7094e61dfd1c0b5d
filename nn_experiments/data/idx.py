"""The IDX format of MNIST and Fashion-MNIST, plain or compressed by gzip.

Two zero bytes, a byte for the kind of number, a byte for the number of axes, the sizes as 32-bit
big-endian integers, then the numbers in row-major order (the format's description stands at
yann.lecun.com/exdb/mnist).
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from nn_experiments.data.checksums import verify_contents
from nn_experiments.data.images import Images
from nn_experiments.data.labelled import labelled
from theory.common.errors import UserError

_BYTE = 0x08


def read_pair(
    images: Path, labels: Path, classes: int = 10, checksums: tuple[str, str] = ("", "")
) -> Images:
    """Return the gray images of a file of images and a file of labels.

    Args:
        images: shape (N, height, width) in the file.
        labels: shape (N,) in the file.
        classes: labels are from 0 to this number, without it.
        checksums: of the two files' contents, unpacked, if known.

    Raises:
        UserError: a file is missing, damaged, of another format or not the one expected.

    """
    pixels = read(images, axes=3, checksum=checksums[0])
    return labelled(pixels[:, None], read(labels, axes=1, checksum=checksums[1]), classes, labels)


def read(path: Path, axes: int, checksum: str = "") -> Tensor:
    """Return the bytes that an IDX file holds, uint8, in the shape that it says.

    Args:
        path: compressed by gzip, if it ends in ``.gz``.
        axes: how many axes are expected.
        checksum: of the file's contents, unpacked, if known.

    Raises:
        UserError: the file is missing, damaged, of another format or not the one expected.

    """
    try:
        with _opened(path) as file:
            contents = bytearray(file.read())
    except (OSError, EOFError, zlib.error) as error:
        told = f" Its contents should have the checksum {checksum}." if checksum else ""
        raise UserError(f"cannot read {path}: {error}.{told} Get the file again.") from error
    shape = _shape(path, contents, axes)
    if checksum:
        verify_contents(path, contents, checksum)
    return torch.frombuffer(contents, dtype=torch.uint8)[4 + 4 * axes :].view(shape)


def _opened(path: Path) -> BinaryIO:
    # GzipFile is a BinaryIO but in name.
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _shape(path: Path, contents: bytearray, axes: int) -> tuple[int, ...]:
    start = 4 + 4 * axes
    magic = bytes((0, 0, _BYTE, axes))
    if contents[:4] != magic or len(contents) < start:
        raise UserError(
            f"{path}: expected an IDX file of bytes with {axes} axes, which starts with "
            f"{magic.hex()}, got {bytes(contents[:4]).hex() or 'an empty file'}. "
            "Get the file again."
        )
    shape = struct.unpack(f">{axes}I", contents[4:start])
    if len(contents) - start != math.prod(shape):
        raise UserError(
            f"{path}: expected {math.prod(shape):,} bytes after the header, for the shape {shape}, "
            f"got {len(contents) - start:,}. Get the file again."
        )
    return shape
