"""The ℓ2 and the ℓ∞ ball around an image, cut off at black and at white."""

from __future__ import annotations

import torch
from torch import Tensor

from nn_experiments.specs import Norm

# Keeps the zero vector at zero where it is divided by its norm, as in the published code.
_TINY = 1e-12
# Unit roundoff of float32: one operation's result is off by at most this share of it.
_ROUNDOFF = 2.0**-24


def lengths(vectors: Tensor, norm: Norm) -> Tensor:
    """Return the norm of each vector.

    Args:
        vectors: shape (N, ...).
        norm: of all but the first axis.

    Returns:
        Shape (N, 1, ...), as many axes as ``vectors``.

    """
    flat = vectors.flatten(1)
    of_each = flat.abs().amax(1) if norm == "linf" else flat.square().sum(1).sqrt()
    return of_each.view(-1, *[1] * (vectors.ndim - 1))


def normalised(vectors: Tensor, norm: Norm) -> Tensor:
    """Return each vector divided by its norm; shapes as in :func:`lengths`."""
    return vectors / (lengths(vectors, norm) + _TINY)


def steepest(gradients: Tensor, norm: Norm) -> Tensor:
    """Return the direction of norm 1 in which a linear function with that gradient grows most.

    By Hölder's inequality ⟨g, v⟩ ≤ ‖g‖_dual ‖v‖, with equality for sign(g) under ℓ∞ and for
    g / ‖g‖₂ under ℓ2. Entries that are not finite count as 0. Shapes as in :func:`lengths`.
    """
    # An entry that is no number tells no direction, and would spoil the whole point.
    gradients = gradients.nan_to_num(0.0, 0.0, 0.0)
    return gradients.sign() if norm == "linf" else normalised(gradients, norm)


def project(points: Tensor, images: Tensor, norm: Norm, radius: float) -> Tensor:
    """Return points moved into the balls around images, then cut off at 0 and 1.

    Cutting off moves no coordinate away from the image's, so that the point stays in the ball. For
    ℓ∞ the result is the closest such point; for ℓ2 it need not be, as in the published algorithm.

    Args:
        points: shape (N, ...).
        images: shape (N, ...), values in [0, 1].
        norm: the balls' norm.
        radius: the balls' radius.

    """
    if norm == "linf":
        inside = points.maximum(images - radius).minimum(images + radius)
    else:
        offsets = points - images
        inside = images + normalised(offsets, norm) * lengths(offsets, norm).clamp(max=radius)
    return inside.clamp(0.0, 1.0)


def excess(examples: Tensor, images: Tensor, norm: Norm, radius: float) -> Tensor:
    """Return by how much examples lie outside their balls, or outside [0, 1]; computed in float64.

    Args:
        examples: shape (N, ...), float32.
        images: shape (N, ...), float32.
        norm: the balls' norm.
        radius: the balls' radius.

    Returns:
        Shape (N,): how much too long the perturbation is, at most :func:`allowance` if the
        example was rounded only; infinite if a value is not in [0, 1], where no rounding is
        allowed, as cutting off is exact.

    """
    too_long = lengths(examples.double() - images.double(), norm).flatten() - radius
    in_range = ((examples >= 0) & (examples <= 1)).flatten(1).all(1)
    return too_long.where(in_range, torch.inf)


def allowance(norm: Norm, radius: float, values: int) -> float:
    """Return how far outside its ball float32 arithmetic can leave a projected point.

    Let u = 2⁻²⁴. The radius is rounded, by at most ε u. Results of additions are at most 1 + ε in
    size, and off by at most u (1 + ε) per coordinate. For ℓ∞ that is all: u (1 + 2 ε). For ℓ2
    the additions' errors have an ℓ2 norm of at most √d u (1 + ε). Added to them is the relative
    error of the scaled perturbation: a sum of d squares is off by at most the share d u in whatever
    order it is computed, its root by half of that, and six further operations by u each.

    Args:
        norm: the ball's norm.
        radius: ε.
        values: d, how many values an image has.

    """
    if norm == "linf":
        return _ROUNDOFF * (1 + 2 * radius)
    scaled = radius * (values / 2 + 6) * _ROUNDOFF
    return scaled + values**0.5 * _ROUNDOFF * (1 + radius)
