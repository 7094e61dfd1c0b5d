"""Filters that remove DCT bases of low magnitude or of high frequency (appendix 4.C).

They do what the text means, p percent of the n = height·width bases of each image and channel:
⌊pn/100⌋ by rank. What is printed removes something else: by magnitude, all bases that tie with the
threshold (claim 4.C-nrg.2); by frequency, the lowest ones, and not p percent (4.C-freq.2 to .4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

from nn_experiments.data.images import Images
from nn_experiments.frequency.blocks import blocks
from nn_experiments.frequency.dct import by_distance_to_dc, dct2, idct2
from theory.common.errors import UserError

Kind = Literal["magnitude", "frequency"]
"""By what bases are ranked: Φ_nrg or Φ_freq."""


def removed_bases(height: int, width: int, percent: int) -> int:
    """Return how many bases a filter removes, ⌊percent·height·width/100⌋.

    Raises:
        UserError: ``percent`` is not from 0 to 100.

    """
    if not 0 <= percent <= 100:
        raise UserError(
            f"threshold: expected a percentage from 0 to 100, got {percent}. Mend the setting."
        )
    return percent * height * width // 100


def require_removed(name: str, percents: Sequence[int], shape: tuple[int, int, int]) -> None:
    """Refuse percentages of which no basis is removed.

    Args:
        name: of the setting that has them.
        percents: from 0 to 100.
        shape: channels, height, width of the images.

    Raises:
        UserError: there is such a percentage.

    """
    _, height, width = shape
    idle = [str(percent) for percent in percents if not removed_bases(height, width, percent)]
    if idle:
        raise UserError(
            f"{name}: expected percentages of which one frequency or more is removed, of "
            f"{height * width}, got {', '.join(idle)}. Ask for larger ones."
        )


def by_magnitude(x: Tensor, percent: int) -> tuple[Tensor, Tensor]:
    """Remove the bases with the smallest |x̃|: Φ_nrg(x, p).

    Those of equal magnitude are removed in the order of their index. Magnitudes are compared as
    computed: where two are equal but for rounding, as in an image that is its own mirror, rounding
    decides between them.

    Args:
        x: images, shape (..., height, width), of floating point.
        percent: how many of each image's and channel's bases to remove.

    Returns:
        The filtered images and the mask M_nrg, true where a basis is kept, both in x's shape.

    Raises:
        UserError: ``percent`` is not from 0 to 100.
        ValueError: ``x`` is of another shape or kind.

    """
    spectrum = dct2(x)
    removed = removed_bases(x.shape[-2], x.shape[-1], percent)
    ascending = spectrum.abs().flatten(-2).argsort(dim=-1, stable=True)
    kept = torch.ones_like(ascending, dtype=torch.bool)
    kept = kept.scatter_(-1, ascending[..., :removed], False).view(x.shape)
    return idct2(spectrum * kept), kept


def by_frequency(x: Tensor, percent: int) -> tuple[Tensor, Tensor]:
    """Remove the bases of the highest frequency: Φ_freq(x, p).

    Args:
        x: images, shape (..., height, width), of floating point.
        percent: how many of the bases to remove.

    Returns:
        The filtered images in x's shape, and the mask of :func:`low_pass`.

    Raises:
        UserError: ``percent`` is not from 0 to 100.
        ValueError: ``x`` is of another shape or kind.

    """
    spectrum = dct2(x)
    kept = low_pass(x.shape[-2], x.shape[-1], percent).to(x.device)
    return idct2(spectrum * kept), kept


def low_pass(height: int, width: int, percent: int) -> Tensor:
    """Return M_freq(p), shape (height, width): true at the bases that are kept.

    Removed are the last ones of :func:`nn_experiments.frequency.dct.by_distance_to_dc`.

    Raises:
        UserError: ``percent`` is not from 0 to 100.

    """
    kept = torch.ones(height * width, dtype=torch.bool)
    first_removed = height * width - removed_bases(height, width, percent)
    kept[by_distance_to_dc(height, width)[first_removed:]] = False
    return kept.view(height, width)


def filtered(images: Images, kind: Kind, percent: int) -> Images:
    """Return filtered images, as Observation I trains on them (section 4.3.1).

    They are float32 and not clipped: without some of its bases an image may pass below 0 and above
    1, and clipping would give it others back. Spectra are computed in float64.

    Raises:
        UserError: ``kind`` is no filter, or ``percent`` is not from 0 to 100.

    """
    if kind not in get_args(Kind):
        raise UserError(
            f"filter: expected one of {', '.join(get_args(Kind))}, got {kind}. Mend the setting."
        )
    apply = by_magnitude if kind == "magnitude" else by_frequency
    pixels = torch.empty(images.pixels.shape, dtype=torch.float32, device=images.pixels.device)
    for block in blocks(images):
        pixels[block] = apply(images.at(block).floats().double(), percent)[0].float()
    return Images(pixels, images.labels, images.classes)
