"""How far rounding takes trained weights from exact arithmetic."""

from typing import Any, Final

import numpy as np

UNIT_ROUNDOFF: Final = 2.0**-53
"""The unit roundoff u of double precision."""


def rounding_after(updates: int | np.ndarray, size: float) -> Any:
    """Bound the error of a trained weight, as long as signs are those of exact arithmetic.

    A step, as e − ηCᵀ(Σ̃(Ce)) with two products of a vector and a matrix, makes of each coordinate a
    sum of some ten rounded terms of size at most ‖e‖, and so errs by at most 16u‖e‖; and stable
    steps do not amplify earlier errors. With the rounding of the start these are 16(t + 1)u‖e‖.

    Args:
        updates: t, a number or an array of any shape.
        size: the greatest ‖e‖ on the way.

    Returns:
        16(t + 1)u·``size``, of the shape of ``updates``.

    """
    return 16 * (updates + 1) * UNIT_ROUNDOFF * size
