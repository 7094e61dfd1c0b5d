"""Images made by this project, with a known band of relevant and a known band of irrelevant bases.

The bridge from the linear theory to networks: in published data nobody knows which frequencies are
irrelevant; here it follows from how the images are made. An image x of class y is, up to rounding
to bytes, given by its DCT x̃ (section 4.2.2),

    x̃_k = brightness_k + μ_k(y) + ν_k    for k in the relevant band R,
    x̃_k = brightness_k + ι_k             for k in the irrelevant band I, all the other bases,

where brightness is mid-gray, μ(y) is the class's template, the same for all of its images, and
ν_k and ι_k are independent Gaussian noise, independent of y too. Hence

    p(x̃ | y) = p(x̃_R | y) p(x̃_I),  and  P(y | x̃) = P(y | x̃_R):

the factor p(x̃_I) cancels. Bayes' rule does not depend on the irrelevant band, and a classifier that
ignores it loses nothing. What a classifier does with that band is what training alone decides; its
energy is small and known. Rounding adds at most half a level of 255 to each pixel, which is 1/12
squared level in each basis on average, and a few pixels in a million are clipped: the factorisation
is exact up to that.

Templates and noise have the 1/f amplitudes of natural images (section 4.2.2), f = √(i² + j²). So
the signal-to-noise ratio is the same, on average, in all relevant bases.

Images are not to be flipped in training: a horizontal flip changes the sign of all x̃_(i,j) with odd
j, and thus the template.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from nn_experiments.data.images import DataSet, Images
from nn_experiments.frequency.bands import masks
from nn_experiments.frequency.dct import idct2
from theory.common.errors import UserError

NAMES = ("synthetic", "synthetic-high")
SIZE = 28
CLASSES = 10
TRAIN, TEST = 4096, 1000

# Root mean squares over all pixels of an image, where 0 to 1 is black to white. They make
# 784·(0.04, 0.08, 0.02)² the mean energies of a template, its noise and the irrelevant band.
TEMPLATE_RMS = 0.04
RELEVANT_NOISE_RMS = 0.08
IRRELEVANT_NOISE_RMS = 0.02
_BANDS = 10
_RELEVANT_BANDS = 2


@dataclass(frozen=True)
class Bands:
    """Which DCT bases tell the class, and which do not.

    Attributes:
        relevant: shape (height, width), bool; entry (i, j) is frequency i down and j across.
        irrelevant: all the others, in the same shape and kind.

    """

    relevant: Tensor
    irrelevant: Tensor


def bands(name: str, size: int = SIZE) -> Bands:
    """Return the bands of ``synthetic`` or of its negative control, ``synthetic-high``.

    Relevant are the lowest two of ten bands of the spectrum by distance to DC; in the negative
    control the highest two. The ten bands are those of Observation II
    (:func:`nn_experiments.frequency.bands.masks`).

    Raises:
        UserError: there are no images of that name, or too few pixels for ten bands.

    """
    _require_name(name)
    ten = masks(size, size, _BANDS)
    chosen = ten[:_RELEVANT_BANDS] if name == "synthetic" else ten[-_RELEVANT_BANDS:]
    relevant = chosen.any(0)
    return Bands(relevant, ~relevant)


def images(name: str, *, size: int = SIZE, train: int = TRAIN, test: int = TEST) -> DataSet:
    """Return the images, shape (N, 1, size, size), uint8; equal arguments give equal images.

    Classes have equal shares, up to one image. Training and test images are independent; the
    templates do not depend on how many there are.

    Raises:
        UserError: there are no images of that name, or too few pixels for ten bands.
        ValueError: there are less than one image to train or to test on.

    """
    if min(train, test) < 1:
        raise ValueError(f"expected one image or more to train and test on, got {train}, {test}")
    where = bands(name, size)
    return DataSet(
        name,
        train=_draw(name, "train", train, templates(name, size), where),
        test=_draw(name, "test", test, templates(name, size), where),
    )


def templates(name: str, size: int = SIZE) -> Tensor:
    """Return the spectra μ of the classes, shape (10, size, size), float64, zero where irrelevant.

    Their amplitudes are Gaussian ones times 1/f; each has the energy size²·``TEMPLATE_RMS``².

    Raises:
        UserError: there are no images of that name, or too few pixels for ten bands.

    """
    shape = _inverse_frequency(size) * bands(name, size).relevant
    return _with_rms(shape * _normal(f"{name} templates", CLASSES, size), TEMPLATE_RMS)


def noise_deviations(name: str, size: int = SIZE) -> Tensor:
    """Return the standard deviations of ν and ι, shape (size, size), float64.

    They are proportional to 1/f in each band, and such that the mean energy of an image's noise is
    size²·``RELEVANT_NOISE_RMS``² and size²·``IRRELEVANT_NOISE_RMS``² in the two.

    Raises:
        UserError: there are no images of that name, or too few pixels for ten bands.

    """
    where = bands(name, size)
    relevant = _with_rms(_inverse_frequency(size) * where.relevant, RELEVANT_NOISE_RMS)
    return relevant + _with_rms(_inverse_frequency(size) * where.irrelevant, IRRELEVANT_NOISE_RMS)


def _draw(name: str, part: Literal["train", "test"], n: int, mu: Tensor, where: Bands) -> Images:
    size = len(where.relevant)
    labels = torch.arange(n) % CLASSES
    noise = noise_deviations(name, size) * _normal(f"{name} {part}", n, size)
    # An image whose pixels all are 1/2 has the spectrum size/2 at DC, as C's first row is 1/√size.
    levels = (0.5 + idct2(mu[labels] + noise)).mul(255).round().clamp(0, 255)
    return Images(levels.to(torch.uint8)[:, None], labels, CLASSES)


def _with_rms(spectrum: Tensor, rms: float) -> Tensor:
    """Scale spectra, shape (..., size, size), to a root mean square; the DCT preserves it."""
    return spectrum * (rms / spectrum.square().mean((-2, -1), keepdim=True).sqrt())


def _inverse_frequency(size: int) -> Tensor:
    axis = torch.arange(size, dtype=torch.float64)
    # DC, where 1/f has its pole, gets the amplitude of its neighbours.
    return 1 / torch.hypot(axis[:, None], axis).clamp(min=1)


def _normal(purpose: str, n: int, size: int) -> Tensor:
    digest = hashlib.sha256(purpose.encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big"))
    return torch.randn(n, size, size, generator=generator, dtype=torch.float64)


def _require_name(name: str) -> None:
    if name not in NAMES:
        raise UserError(
            f"expected images that the project makes, {' or '.join(NAMES)}, got {name!r}. "
            "Only for them is it known which frequencies are relevant."
        )
