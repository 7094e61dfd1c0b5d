"""Lower bounds on a network's Lipschitz constant, from what happens at given images."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from nn_experiments.images import Images
from nn_experiments.lipschitz.operator_norm import InducedNorm

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
    with _evaluation(model):
        parts = images.floats().split(batch)
        return max(float(_jacobian_norms(_jacobians(model, x), norm).max()) for x in parts)


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
    pixels = images.floats()
    with _evaluation(model), torch.no_grad():
        logits = model(pixels)
    distances, changes = (_distances(x.flatten(1).double(), norm) for x in (pixels, logits))
    differ = distances > 0
    _require(bool(differ.any()), "two different images", len(images))
    return float((changes[differ] / distances[differ]).max())


def _require(holds: bool, expected: str, got: int) -> None:
    if not holds:
        raise ValueError(f"expected {expected}, got {got} images")


@contextmanager
def _evaluation(model: nn.Module) -> Iterator[None]:
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def _jacobians(model: nn.Module, x: Tensor) -> Tensor:
    """Return the Jacobians, shape (N, classes, values of an image), float64.

    In evaluation an image's logits depend on no other image, so that the gradient of a logit's sum
    over images has all their gradients.
    """
    x = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        sums = model(x).sum(dim=0)
        rows = [torch.autograd.grad(logit, x, retain_graph=True)[0] for logit in sums]
    return torch.stack([row.flatten(1) for row in rows], dim=1).double()


def _jacobian_norms(jacobians: Tensor, norm: InducedNorm) -> Tensor:
    return torch.linalg.matrix_norm(jacobians, ord=_ORDERS[norm])


def _distances(x: Tensor, norm: InducedNorm) -> Tensor:
    # Differences, not products: these would lose small distances.
    return torch.cdist(x, x, p=_ORDERS[norm], compute_mode="donot_use_mm_for_euclid_dist")
