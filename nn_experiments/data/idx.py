"""The IDX format of MNIST, Fashion-MNIST and one's own images, plain or compressed by gzip.

Two zero bytes, a byte for the kind of number, a byte for the number of axes, the sizes as 32-bit
big-endian integers, then the numbers in row-major order (the format's description stands at
yann.lecun.com/exdb/mnist).
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from nn_experiments.data.checksums import verify_contents
from nn_experiments.data.images import Images
from nn_experiments.data.labelled import labelled
from nn_experiments.data.splits import in_fair_order
from theory.common.errors import UserError

_BYTE = 0x08
_LABELS = 256  # that a byte can be
_PARTS = ("train", "t10k")


def read_own(folder: Path) -> tuple[Images, Images]:
    """Return one's own gray images to train and to test on, in files that are named as MNIST's.

    These are ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte``
    and ``t10k-labels-idx1-ubyte``, or the same with ``.gz``, which is read where the plain file is
    not there. Images have any one size; labels are from 0, without gaps. Test images are put into a
    fixed order in which any first ones have equal shares of the classes.

    Raises:
        UserError: a file is missing, damaged or of another format; labels are not as many as
            images or leave a class out; the test has another size or a class of its own.

    """
    train_images, train_labels, test_images, test_labels = _own_files(folder)
    train = read_pair(train_images, train_labels, _LABELS)
    test = read_pair(test_images, test_labels, _LABELS)
    present = train.labels.unique().tolist()
    classes = 1 + max(present)
    if len(present) != classes:
        absent = [str(label) for label in range(classes) if label not in present]
        raise UserError(
            f"{train_labels}: expected labels from 0 to {classes - 1} without gaps, got none "
            f"that is {' or '.join(absent)}. Number the classes anew."
        )
    if (highest := int(test.labels.max())) >= classes:
        raise UserError(
            f"{test_labels}: expected the classes of {train_labels}, 0 to {classes - 1}, got "
            f"{highest} too. Add images to train on, or remove them."
        )
    if test.shape != train.shape or 0 in train.shape:
        (_, height, width), (_, test_height, test_width) = train.shape, test.shape
        raise UserError(
            f"{test_images}: expected images of one size, a pixel or more, as {train_images} has, "
            f"got {test_height} × {test_width} and {height} × {width}. Bring all to one size."
        )
    order = in_fair_order(test.labels, classes, seed=0, purpose="order")
    train, test = (replace(images, classes=classes) for images in (train, test))
    return train, test.at(order)


def _own_files(folder: Path) -> list[Path]:
    """Return the files of images and labels to train on, then those to test on."""
    names = [
        f"{part}-{content}-ubyte" for part in _PARTS for content in ("images-idx3", "labels-idx1")
    ]
    found = []
    for name in names:
        here = [folder / name, folder / f"{name}.gz"]
        there = next((path for path in here if path.exists()), None)
        if there is None:
            raise UserError(
                f"{folder}: expected {', '.join(names[:-1])} and {names[-1]}, each as it is or "
                f"with .gz, got no {name}. Put it there."
            )
        found.append(there)
    return found


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
