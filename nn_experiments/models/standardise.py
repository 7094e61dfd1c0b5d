"""Per-image standardisation, with a floor on the standard deviation."""

from __future__ import annotations

import math

from torch import Tensor, nn


class Standardise(nn.Module):
    """Per image: subtract the mean and divide by the standard deviation, at least 1/√d.

    d is the number of values of an image, all channels together. As in the authors' published code
    (github.com/averyma/opt-robust), where it is an option and off by default, the deviation is the
    sample's, with d − 1 in its denominator. A constant image becomes zero.

    Shapes: (N, channels, height, width) → the same.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the standardised images."""
        d = math.prod(x.shape[1:])
        axes = tuple(range(1, x.ndim))
        # The floor is put on the variance: a root would have no derivative at a constant image.
        variance = x.var(dim=axes, correction=1, keepdim=True).clamp(min=1 / d)
        return (x - x.mean(dim=axes, keepdim=True)) * variance.rsqrt()


def standardise_lipschitz(d: int) -> dict[str, float]:
    r"""Return Lipschitz constants of :class:`Standardise` on images of ``d`` values, per norm.

    With the centring P = I − 11ᵀ/d and u = Px, the map is u / max(‖u‖/√(d−1), 1/√d) = √d Π(u),
    where Π is the projection onto the ball of radius √((d−1)/d).

    In ℓ2, P and Π, projections onto convex sets, are 1-Lipschitz, which leaves √d; inside the ball
    the map is √d P, so that no smaller constant holds (if d ≥ 2).

    In ℓ∞ and ℓ1, its derivative is √d P inside the ball and outside it c (I − uuᵀ/‖u‖²) P with
    c ≤ √d. Since u ⊥ 1, both are a factor of at most √d times an orthogonal projection Q. A row of
    Q has the ℓ2 norm √Q_ii, thus with q = Q_ii the ℓ1 norm

        q + Σ_{j≠i} |Q_ij| ≤ q + √(d−1) √(q − q²) ≤ (1 + √d) / 2,

    the latter being the maximum over q in [0, 1], and Q is symmetric. This leaves √d (1 + √d) / 2,
    which is an upper bound.
    """
    root = math.sqrt(d)
    return {"l2": root, "linf": root * (1 + root) / 2, "l1": root * (1 + root) / 2}
