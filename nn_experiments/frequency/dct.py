"""The orthonormal type-II discrete cosine transform (DCT) of images, and its bases in order.

With C and D the matrices (4.4) for the height and the width, the spectrum of an image x is
x̃ = C x Dᵀ, and x = Cᵀ x̃ D (section 4.2.2). Both are two matrix products, so that they run on every
device. To first order in the unit roundoff u, entries are off by at most
(height + width + 18) u ‖x‖: by n u for sums of n products, since rows of C have norm 1, and by 9 u
for each matrix.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def dct_matrix(
    size: int, *, dtype: torch.dtype = torch.float64, device: torch.device | str = "cpu"
) -> Tensor:
    """Return C of (4.4), shape (size, size): frequency k in row k, position j in column j.

    It is rounded once from float64; ``theory.model.dct`` has the exact one.

    Raises:
        ValueError: ``size`` is less than 1.

    """
    if size < 1:
        raise ValueError(f"size: expected 1 or more, got {size}")
    k = torch.arange(size)
    # (π/d)(j + ½)k = (π/2d)(2j + 1)k: the angles are integers in units of π/2d.
    C = math.sqrt(2 / size) * _cosines(torch.outer(k, 2 * k + 1), size)
    C[0] = math.sqrt(1 / size)
    return C.to(device=device, dtype=dtype)


def _cosines(units: Tensor, size: int) -> Tensor:
    """Return cos(units·π/2·size) for integers, from angles that are reduced exactly to π/4.

    So rounding does not grow with the angle, and rows of C are exactly even or odd.
    """
    turn, half, quarter = 4 * size, 2 * size, size
    units = units % turn
    units = torch.minimum(units, turn - units)
    sign = torch.where(units > quarter, -1.0, 1.0)
    units = torch.minimum(units, half - units)
    unit = math.pi / half
    cosines, sines = torch.cos(units.double() * unit), torch.sin((quarter - units).double() * unit)
    return sign * torch.where(2 * units <= quarter, cosines, sines)


def dct2(x: Tensor) -> Tensor:
    """Return the spectra C x Dᵀ of images, shape (..., height, width), in the same shape and kind.

    Entry (i, j) is the amplitude of the basis with frequency i down and j across.

    Raises:
        ValueError: ``x`` has fewer than two axes or is not of floating point.

    """
    C, D = _matrices(x)
    return C @ x @ D.mT


def idct2(x_tilde: Tensor) -> Tensor:
    """Return the images Cᵀ x̃ D with spectra of shape (..., height, width), in that shape and kind.

    The displays of appendix 4.C print C (·) Cᵀ here, the forward transform: claims 4.C-nrg.1 and
    4.C-freq.1.

    Raises:
        ValueError: ``x_tilde`` has fewer than two axes or is not of floating point.

    """
    C, D = _matrices(x_tilde)
    return C.mT @ x_tilde @ D


def by_distance_to_dc(height: int, width: int) -> Tensor:
    """Return the bases (i, j) as i·width + j, shape (height·width,), lowest frequency first.

    Frequency is the distance √((i/height)² + (j/width)²) to the constant basis DC, of which that
    of section 4.3.2, √(i² + j²), is a multiple for square images; ties go by index.

    Raises:
        ValueError: a size is less than 1.

    """
    if min(height, width) < 1:
        raise ValueError(f"expected sizes of 1 or more, got {height} × {width}")
    # The square times height²·width² is an integer: ties are exact.
    squares = (torch.arange(height)[:, None] * width) ** 2 + (torch.arange(width) * height) ** 2
    return squares.flatten().argsort(stable=True)


def _matrices(x: Tensor) -> tuple[Tensor, Tensor]:
    if x.ndim < 2 or not x.is_floating_point():
        raise ValueError(
            "expected images of shape (..., height, width) in floating point, got "
            f"{tuple(x.shape)} {x.dtype}"
        )
    height, width = x.shape[-2:]
    return (
        dct_matrix(height, dtype=x.dtype, device=x.device),
        dct_matrix(width, dtype=x.dtype, device=x.device),
    )
