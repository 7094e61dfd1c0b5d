"""Labelled images as tensors: a whole data set fits the device as bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


def batch_size(device: torch.device) -> int:
    """Return how many images to evaluate at once.

    On a CPU 64 images' activations stay in its caches; measured with the two-layer CNN, 256 take
    1.6 times as long per image.
    """
    return 64 if device.type == "cpu" else 256


@dataclass(frozen=True)
class Images:
    """Labelled images of one size.

    Attributes:
        pixels: shape (N, channels, height, width): uint8, 0 to 255; or float32, where 0 to 1 is
            black to white, for images that were modified.
        labels: shape (N,), int64, from 0 to ``classes`` − 1.
        classes: how many classes there are, also if some have no image here.

    Raises:
        ValueError: shapes, kinds or labels are not as above.

    """

    pixels: Tensor
    labels: Tensor
    classes: int

    def __post_init__(self) -> None:
        if self.pixels.ndim != 4 or self.pixels.dtype not in (torch.uint8, torch.float32):
            raise ValueError(
                "expected pixels of shape (N, channels, height, width), uint8 or float32, got "
                f"{tuple(self.pixels.shape)} {self.pixels.dtype}"
            )
        if self.labels.shape != self.pixels.shape[:1] or self.labels.dtype != torch.int64:
            raise ValueError(
                f"expected {len(self.pixels)} labels, int64, got {tuple(self.labels.shape)} "
                f"{self.labels.dtype}"
            )
        if len(self.labels) and not 0 <= self.labels.min() <= self.labels.max() < self.classes:
            raise ValueError(
                f"expected labels from 0 to {self.classes - 1}, got {int(self.labels.min())} to "
                f"{int(self.labels.max())}"
            )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        _, channels, height, width = self.pixels.shape
        return channels, height, width

    def floats(self) -> Tensor:
        """Return the pixels as float32, where 0 to 1 is black to white."""
        return self.pixels.float() / 255 if self.pixels.dtype == torch.uint8 else self.pixels

    def at(self, indices: Tensor | slice) -> Images:
        """Return the images at some indices."""
        return replace(self, pixels=self.pixels[indices], labels=self.labels[indices])

    def first(self, n: int | None) -> Images:
        """Return the first ``n`` images, or all."""
        return self if n is None else self.at(slice(n))

    def to(self, device: torch.device | str) -> Images:
        """Return the images on a device."""
        return replace(self, pixels=self.pixels.to(device), labels=self.labels.to(device))


@dataclass(frozen=True)
class DataSet:
    """Images to train on, to select learning rates by (or none), and to test on."""

    name: str
    train: Images
    test: Images
    validation: Images | None = None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.train.shape

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return self.train.classes

    def to(self, device: torch.device | str) -> DataSet:
        """Return the data set on a device."""
        validation = self.validation.to(device) if self.validation is not None else None
        return DataSet(self.name, self.train.to(device), self.test.to(device), validation)
