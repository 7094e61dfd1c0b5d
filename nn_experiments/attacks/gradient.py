"""FGSM and PGD: quick looks, which find fewer adversarial examples than AutoAttack."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from nn_experiments.attacks import balls, losses
from nn_experiments.attacks.batched import starts
from nn_experiments.attacks.networks import Networks
from nn_experiments.attacks.tally import Robust, Tally
from nn_experiments.data.images import Images
from nn_experiments.specs import ExactNumber, Norm

_BATCH = 250
# A walk of k steps of 2.5 ε / k can cross the ball, whose diameter is 2 ε.
_REACH = 2.5


def fgsm(
    models: Sequence[nn.Module],
    images: Images,
    norm: Norm,
    radii: Sequence[ExactNumber],
    *,
    keep: int = 0,
) -> Robust:
    """Take one step of length ε along the cross-entropy's gradient direction.

    Under ℓ∞ this is Goodfellow et al.'s fast gradient sign method; under ℓ2 the gradient is
    normalised instead.

    Args:
        models: what is attacked.
        images: N images, on the models' device.
        norm: of the perturbations.
        radii: of the perturbations.
        keep: of how many images to return examples, the first ones.

    Raises:
        UserError: a network does not fit the images, or its logits are not finite.

    """
    return _attacked("FGSM", models, images, norm, radii, 1, None, 0, keep)


def pgd(
    models: Sequence[nn.Module],
    images: Images,
    norm: Norm,
    radii: Sequence[ExactNumber],
    steps: int,
    seed: int,
    *,
    first: int = 0,
    keep: int = 0,
) -> Robust:
    """Take ``steps`` steps of length 2.5 ε / steps from a random start, projected on the ball.

    Madry et al. (2018). The start depends on the seed and on ``first`` + i for image i.

    Args:
        models: what is attacked.
        images: N images, on the models' device.
        norm: of the perturbations.
        radii: of the perturbations.
        steps: how many, 1 or more.
        seed: of the starts.
        first: the number of the first image in its data set, where only a part is given.
        keep: of how many images to return examples, the first ones.

    Raises:
        UserError: a network does not fit the images, or its logits are not finite.
        ValueError: there is no step.

    """
    if steps < 1:
        raise ValueError(f"steps: expected 1 or more, got {steps}")
    return _attacked(f"PGD-{steps}", models, images, norm, radii, steps, seed, first, keep)


def _attacked(
    title: str,
    models: Sequence[nn.Module],
    images: Images,
    norm: Norm,
    radii: Sequence[ExactNumber],
    steps: int,
    seed: int | None,
    first: int,
    keep: int,
) -> Robust:
    tally = Tally(models, images, norm, radii, [title], first=first, keep=keep, batch=_BATCH)
    for radius in tally.order:
        owner, image = tally.standing(radius)
        for rows in torch.arange(len(owner), device=owner.device).split(_BATCH):
            x = _climb(tally, radius, owner[rows], image[rows], steps, seed)
            wrong = _wrong(tally, owner[rows], image[rows], x)
            found = rows[wrong]
            tally.record(0, radius, owner[found], image[found], x[wrong])
    return tally.result(NAME, steps)


NAME = "one gradient per step"


def _climb(
    tally: Tally, radius: int, owner: Tensor, image: Tensor, steps: int, seed: int | None
) -> Tensor:
    networks = Networks(tally.models, stacked=False)
    images, labels, eps = tally.pixels[image], tally.labels[image], tally.radius(radius)
    x = images
    if seed is not None:
        x = starts(tally.norm, eps, images, seed, 0, tally.first + image).clamp(0.0, 1.0)
    length = eps if seed is None else _REACH * eps / steps

    def loss_of(logits: Tensor, rows: Tensor) -> Tensor:
        return losses.cross_entropy(logits, labels[rows], labels[rows])

    for _ in range(steps):
        _, _, gradients = networks.gradients(x, owner, loss_of, _BATCH)
        ahead = x + length * balls.steepest(gradients, tally.norm)
        x = balls.project(ahead, images, tally.norm, eps)
    return x


def _wrong(tally: Tally, owner: Tensor, image: Tensor, x: Tensor) -> Tensor:
    logits = Networks(tally.models, stacked=False).logits(x, owner, _BATCH)
    return (logits.argmax(1) != tally.labels[image]) | ~logits.isfinite().all(1)
