"""Which images: subsets and validation splits with equal shares of the classes, by a seed.

Functions of labels return indices, so that images need not be in memory twice.
"""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

from nn_experiments.data.images import Images
from theory.common.errors import UserError


def subset(images: Images, n: int, seed: int) -> Images:
    """Return ``n`` images with equal shares of the classes, in the order in which they came.

    What ``n`` leaves over goes to as many classes, one image each, drawn by the seed; so does what
    classes with too few images leave. For one seed, a smaller subset is contained in each larger
    one.

    Raises:
        UserError: there are not that many images.

    """
    if n > len(images):
        raise UserError(
            f"train_images: expected at most {len(images)}, as many as there are, got {n}. "
            "Ask for fewer."
        )
    chosen = in_fair_order(images.labels, images.classes, seed, "subset")[:n]
    return images.at(chosen.sort().values)


def hold_out(images: Images, n: int, seed: int) -> tuple[Images, Images]:
    """Return the images without ``n`` of them, and these, which have equal shares of the classes.

    Both are in the order in which they came.

    Raises:
        UserError: there are not that many images and one more.

    """
    if n >= len(images):
        raise UserError(
            f"validation_images: expected fewer than the {len(images)} training images, got {n}. "
            "Hold out fewer."
        )
    held_out = torch.zeros(len(images), dtype=torch.bool)
    held_out[in_fair_order(images.labels, images.classes, seed, "validation")[:n]] = True
    return images.at(~held_out), images.at(held_out)


def in_fair_order(labels: Tensor, classes: int, seed: int, purpose: str) -> Tensor:
    """Return indices, shape (N,): one image of each class, then a second one of each, and so on.

    Any first ones are thus a sample with equal shares of the classes, as far as these have images.

    Args:
        labels: shape (N,), int64.
        classes: labels are from 0 to this number, without it.
        seed: of the order within each class, and of the classes.
        purpose: draws for different purposes are independent, even with the same seed.

    """
    position = _position_in_class(labels, classes, seed, purpose)
    turn = torch.randperm(classes, generator=_generator(seed, f"{purpose} turns"))
    return (position * classes + turn[labels]).argsort(stable=True)


def drawn_share(labels: Tensor, classes: int, denominator: int, seed: int, purpose: str) -> Tensor:
    """Return a mask, shape (N,), bool, of 1/denominator of each class, rounded down.

    Arguments are as in :func:`in_fair_order`.
    """
    shares = torch.bincount(labels, minlength=classes) // denominator
    return _position_in_class(labels, classes, seed, purpose) < shares[labels]


def _position_in_class(labels: Tensor, classes: int, seed: int, purpose: str) -> Tensor:
    """Return, shape (N,), the place of each image in a random order of its class, from 0."""
    shuffled = torch.randperm(len(labels), generator=_generator(seed, purpose))
    by_class = shuffled[labels[shuffled].argsort(stable=True)]
    counts = torch.bincount(labels, minlength=classes)
    first = counts.cumsum(0) - counts
    position = torch.empty_like(by_class)
    position[by_class] = torch.arange(len(labels)) - first[labels[by_class]]
    return position


def _generator(seed: int, purpose: str) -> torch.Generator:
    digest = hashlib.sha256(f"{purpose} {seed}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big"))
