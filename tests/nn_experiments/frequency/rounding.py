"""Bounds on rounding, which tolerances are made of, and a transform to compare with."""

import numpy as np
import torch
from torch import Tensor

UNIT = {torch.float32: 2.0**-24, torch.float64: 2.0**-53}


def of_transform(x: Tensor) -> float:
    """Greatest error of an entry of dct2 or idct2, for the image of the greatest norm in x.

    Row norms of the exact matrices are 1, so that by Cauchy and Schwarz's inequality an entry of
    |C||x||D|ᵀ is at most ‖x‖. Two sums, of ``height`` and ``width`` products, then err by
    (height + width) u ‖x‖ to first order. An entry of C errs by 6 u √(2/d) (see
    test_matrix_is_the_exact_one_rounded), a row of such errors has norm 6 √2 u ≤ 9 u. Terms of
    second order are less than a hundredth of these here.
    """
    norm = float(x.double().square().sum((-2, -1)).sqrt().max())
    return 1.01 * (x.shape[-2] + x.shape[-1] + 18) * UNIT[x.dtype] * norm


def slow_dct2(x: np.ndarray) -> np.ndarray:
    """The double sum over all pixels for every basis, in extended precision where there is one."""
    kind = np.longdouble
    height, width = x.shape

    def harmonics(d: int) -> np.ndarray:
        k, j = np.arange(d, dtype=kind)[:, None], np.arange(d, dtype=kind)
        alpha = np.where(k == 0, kind(1), kind(2))
        return np.sqrt(alpha / d) * np.cos(np.arccos(kind(-1)) / d * (j + kind(0.5)) * k)

    bases = np.einsum("ia,jb->ijab", harmonics(height), harmonics(width))
    return (bases * x.astype(kind)).sum((2, 3))
