"""Images in folders, one folder a class: Caltech-101, Imagenette and one's own.

Classes are numbered in the order of their folders' names. Only files with the name of a usual image
format count; hidden ones do not. Test images are put into a fixed order in which any first ones
have equal shares of the classes, since measurements use the first ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from nn_experiments.data import decoding
from nn_experiments.data.images import Images
from nn_experiments.data.labelled import labelled
from nn_experiments.data.splits import drawn_share, in_fair_order
from theory.common.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

SIZE = 224
"""Height and width of Caltech-101 and Imagenette as they are read."""
_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm", ".tif", ".tiff", ".webp")
_BACKGROUND = "BACKGROUND_Google"
_TEST_SHARE = 5


@dataclass(frozen=True)
class _Listed:
    """Which files to read: paths, and labels of shape (N,)."""

    paths: Sequence[Path]
    labels: Tensor
    classes: int

    def at(self, indices: Tensor) -> _Listed:
        return _Listed(
            [self.paths[i] for i in indices.tolist()], self.labels[indices], self.classes
        )

    def mixed(self) -> _Listed:
        return self.at(in_fair_order(self.labels, self.classes, seed=0, purpose="order"))


def read_own(folder: Path) -> tuple[Images, Images]:
    """Return one's own images to train and test on: ``train/CLASS/*`` and ``test/CLASS/*``.

    All have one size, upright. They are gray, shape (N, 1, height, width), if all are stored so,
    else RGB.

    Raises:
        UserError: a folder or image is missing, damaged, of another size or of a kind that
            :mod:`nn_experiments.data.decoding` refuses; the test has a class that the training does
            not have.

    """
    train, test = folder / "train", folder / "test"
    classes = _classes(train)
    unknown = sorted(set(_classes(test)) - set(classes))
    if unknown:
        raise UserError(
            f"{test}: expected the classes of {train}, got {', '.join(unknown)} too. "
            "Add images to train on, or remove them."
        )
    empty = [name for name in classes if not _images_in(train / name)]
    if empty and len(empty) < len(classes):
        raise UserError(
            f"{train}: expected images of each class, got none of {', '.join(empty)}. "
            "Add images to train on, or remove the folders."
        )
    parts = _listed(train, classes), _listed(test, classes).mixed()
    channels = 1 if all(decoding.is_gray(path) for part in parts for path in part.paths) else 3
    first = parts[0].paths[0]
    shape = _pixels(first, channels, None).shape
    images = [_read(part, (channels, shape[1], shape[2]), first) for part in parts]
    return images[0], images[1]


def read_imagenette(folder: Path, size: int = SIZE) -> tuple[Images, Images]:
    """Return Imagenette's images to train on, ``train/``, and to test on, ``val/``, as published.

    Shape (N, 3, size, size): the shorter side is resized to ``size`` pixels by bilinear
    interpolation over the area that each pixel covers, and the center is cropped. The thesis does
    not say how it does this.

    Raises:
        UserError: a folder or image is missing or damaged.

    """
    classes = _classes(folder / "train")
    train, test = _listed(folder / "train", classes), _listed(folder / "val", classes).mixed()
    return _read(train, (3, size, size)), _read(test, (3, size, size))


def read_caltech101(folder: Path, size: int = SIZE) -> tuple[Images, Images]:
    """Return Caltech-101's images to train and test on, without its background class.

    Its authors published no split, and the thesis does not say which one it has. Ours: a fifth of
    each class, rounded down, drawn by a fixed seed, is for the test. Images are brought to
    (3, size, size) as in :func:`read_imagenette`, gray ones with three equal channels.

    Args:
        folder: ``101_ObjectCategories``.
        size: height and width of the images returned.

    Raises:
        UserError: a folder or image is missing or damaged.

    """
    every = _listed(folder, [name for name in _classes(folder) if name != _BACKGROUND])
    testing = drawn_share(every.labels, every.classes, _TEST_SHARE, seed=0, purpose="test")
    train, test = every.at((~testing).nonzero().ravel()), every.at(testing.nonzero().ravel())
    return _read(train, (3, size, size)), _read(test.mixed(), (3, size, size))


def _classes(folder: Path) -> list[str]:
    try:
        names = [p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")]
    except OSError as error:
        raise UserError(
            f"cannot read {folder}: {error.strerror or error}. "
            "Expected a folder with one folder a class."
        ) from error
    if not names:
        raise UserError(f"{folder}: expected one folder a class, got none. Put images there.")
    return sorted(names)


def _listed(folder: Path, classes: Sequence[str]) -> _Listed:
    found = [_images_in(folder / name) for name in classes]
    if not any(found):
        raise UserError(
            f"{folder}: expected images ({', '.join(_SUFFIXES)}) in the folders of classes, got "
            "none. Put images there."
        )
    labels = torch.arange(len(classes)).repeat_interleave(torch.tensor([len(f) for f in found]))
    return _Listed([path for paths in found for path in paths], labels, len(classes))


def _images_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")
    )


def _read(listed: _Listed, shape: tuple[int, int, int], like: Path | None = None) -> Images:
    """Read images of one size, that of ``like``, or bring them to it."""
    channels, height, width = shape
    pixels = torch.empty(len(listed.paths), *shape, dtype=torch.uint8)
    for into, path in zip(pixels, listed.paths, strict=True):
        image = _pixels(path, channels, None if like else height)
        if image.shape != shape:
            raise UserError(
                f"{path}: expected {width} × {height} pixels, as {like} has, got "
                f"{image.shape[2]} × {image.shape[1]}. Bring all images to one size."
            )
        into.copy_(image)
    return labelled(pixels, listed.labels, listed.classes, listed.paths[0])


def _pixels(path: Path, channels: int, size: int | None) -> Tensor:
    with decoding.opened(path) as image:
        upright = decoding.upright(image, channels)
        array = np.array(upright if size is None else _cropped(upright, size))
    return torch.from_numpy(array).view(*array.shape[:2], channels).permute(2, 0, 1)


def _cropped(image: Image, size: int) -> Image:
    from PIL.Image import Resampling

    shorter = min(image.size)
    width, height = (round(side * size / shorter) for side in image.size)
    left, top = (width - size) // 2, (height - size) // 2
    resized = image.resize((width, height), Resampling.BILINEAR)
    return resized.crop((left, top, left + size, top + size))
