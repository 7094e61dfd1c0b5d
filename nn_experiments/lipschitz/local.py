"""Lower bounds on a network's Lipschitz constant, from what happens at given images."""

from __future__ import annotations

import copy
import math
from math import prod

import torch
from torch import Tensor, nn

from nn_experiments.data.images import Images
from nn_experiments.lipschitz.operator_norm import NORMS, InducedNorm
from nn_experiments.lipschitz.operators import gamma
from nn_experiments.lipschitz.report import Bounds
from nn_experiments.models.evaluating import Forward, evaluating
from theory.common.errors import UserError

_ORDERS = {"l2": 2.0, "linf": float("inf"), "l1": 1.0}


def local_lower_bound(
    model: nn.Module, images: Images, norm: InducedNorm = "l2", *, batch: int = 64
) -> float:
    """Return the largest norm of the Jacobian of image ↦ logits found at the images.

    No Lipschitz constant is smaller than the norm of the derivative at a point that has one, up to
    the rounding of single precision. Where an activation is exactly 0 there is none, and autograd's
    choice need not be one of the limits: such points have to be avoided, for instance images of one
    value in a network that standardises.

    Args:
        model: maps (N, *images.shape) to logits; taken in evaluation mode and left as it was.
        images: where to look, on the model's device.
        norm: of images and of logits.
        batch: images at a time.

    Raises:
        ValueError: there is no image.

    """
    _require(len(images) >= 1, "at least one image", len(images))
    with evaluating(model) as forward:
        parts = _pixels(model, images).split(batch)
        return max(float(_jacobian_norms(_jacobians(forward, x), norm).max()) for x in parts)


def pairwise_lower_bound(model: nn.Module, images: Images, norm: InducedNorm = "l2") -> float:
    """Return the largest ‖f(x) − f(y)‖ / ‖x − y‖ over all pairs of different images.

    It holds for every function, whether it has derivatives or not, up to the rounding of logits.

    Args:
        model: maps (N, *images.shape) to logits; taken in evaluation mode and left as it was.
        images: on the model's device; there are N² pairs.
        norm: of images and of logits.

    Raises:
        ValueError: there are no two different images.

    """
    pixels = _pixels(model, images)
    with evaluating(model) as forward, torch.no_grad():
        logits = forward(pixels)
    distances, changes = (_distances(x.flatten(1).double(), norm) for x in (pixels, logits))
    differ = distances > 0
    _require(bool(differ.any()), "two different images", len(images))
    return float((changes[differ] / distances[differ]).max())


def lower_bounds(model: nn.Module, images: Images, bounds: Bounds) -> dict[InducedNorm, float]:
    """Return :func:`local_lower_bound` in each norm, and check that no upper bound is below it.

    The derivative is computed in single precision; where it comes out above the upper bound, it is
    computed again in double, and may then be above by :func:`rounding_of`.

    Args:
        model: maps (N, *images.shape) to logits; taken in evaluation mode and left as it was.
        images: where to look, on the model's device.
        bounds: what was found of the model.

    Raises:
        UserError: an upper bound is below: the model computes something else than its layers say.
        ValueError: there is no image.

    """
    found = {norm: local_lower_bound(model, images, norm) for norm in NORMS}
    above = [norm for norm in NORMS if found[norm] > bounds.product(norm)]
    if above:
        exact = copy.deepcopy(model).double()
        for norm in above:
            lower, upper = local_lower_bound(exact, images, norm), bounds.product(norm)
            if not lower <= upper + rounding_of(bounds, norm):
                raise UserError(
                    f"Lipschitz bounds: expected none below the norm of a derivative, got in "
                    f"{norm} the upper bound {upper:.4g} and, at one of {len(images)} test images, "
                    f"a derivative of norm {lower:.4g}. A layer computes something else than its "
                    "weights say: mend it, or leave the bounds out with --no-lipschitz."
                )
    return found


def rounding_of(bounds: Bounds, norm: InducedNorm) -> float:
    """Return by how much a derivative that is computed in double precision may exceed its norm.

    A derivative is a product of layers' matrices W and of diagonal matrices with entries 0 and 1,
    which choose, and which no rounding of activations can make larger. Computed, the product is off
    by at most γ_K times the product of the matrices |W| of absolute values, in each entry, where K
    is the sum over layers of how many products an entry of one sums, at most the number of its
    inputs or outputs. ℓ1 and ℓ∞ norms of |W| are those of W, which the bounds multiply; the ℓ2 norm
    is at most the root of their product, and so it is of products of layers and, by Cauchy and
    Schwarz's inequality, of their sums. A standardisation's derivative is a sum of four parts, none
    larger in these norms than its bound; the norm of the result, of one layer's size, sums once
    more: hence 8 K.
    """
    terms = sum(max(prod(layer.inputs), prod(layer.outputs)) for layer in bounds.all_layers())
    row, column = bounds.product("linf"), bounds.product("l1")
    absolute = {"linf": row, "l1": column, "l2": math.sqrt(row) * math.sqrt(column)}
    return gamma(8 * terms) * absolute[norm]


def _require(holds: bool, expected: str, got: int) -> None:
    if not holds:
        raise ValueError(f"expected {expected}, got {got} images")


def _pixels(model: nn.Module, images: Images) -> Tensor:
    """Return the pixels in the precision of the model's weights."""
    weights = next(model.parameters(), torch.empty(0))
    return images.floats().to(weights.dtype)


def _jacobians(forward: Forward, x: Tensor) -> Tensor:
    """Return the Jacobians, shape (N, classes, values of an image), float64.

    In evaluation an image's logits depend on no other image, so that the gradient of a logit's sum
    over images has all their gradients.
    """
    x = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        sums = forward(x).sum(dim=0)
        rows = [torch.autograd.grad(logit, x, retain_graph=True)[0] for logit in sums]
    return torch.stack([row.flatten(1) for row in rows], dim=1).double()


def _jacobian_norms(jacobians: Tensor, norm: InducedNorm) -> Tensor:
    return torch.linalg.matrix_norm(jacobians, ord=_ORDERS[norm])


def _distances(x: Tensor, norm: InducedNorm) -> Tensor:
    # Differences, not products: these would lose small distances.
    return torch.cdist(x, x, p=_ORDERS[norm], compute_mode="donot_use_mm_for_euclid_dist")
