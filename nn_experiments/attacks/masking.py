"""Which images gradient attacks cannot see: a network's gradient there is zero, or not finite.

A network that rounds its input (``(7 * x).round() / 7``) has the gradient 0 everywhere. An attack
that follows gradients then stands still and finds nothing, which says nothing about robustness
(gradient masking). Such images are attacked by Square, which asks for logits only.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nn_experiments.attacks import losses
from nn_experiments.attacks.batched import starts
from nn_experiments.attacks.networks import Networks, halved
from nn_experiments.attacks.tally import Tally

_BATCH = 64


def without_gradient(tally: Tally, seed: int) -> Tensor:
    """Return at which images that are classified correctly gradient attacks see nothing.

    The gradient is taken where the batched engine's first search within the largest radius begins,
    and of the label's lead over the next class, as saturated networks hide that of the loss alone.

    Args:
        tally: networks and images.
        seed: of the starts.

    Returns:
        Shape (models, N), bool: the gradient is exactly zero, or has an entry that is not finite.

    """
    owner, image = tally.clean.nonzero(as_tuple=True)
    labels, targets = tally.labels[image], tally.logits.argsort(2, descending=True)[owner, image, 1]
    images = tally.pixels[image]
    found = torch.zeros_like(tally.clean)
    if not len(image) or not tally.order:
        return found
    radius = tally.radius(tally.order[-1])
    x = starts(tally.norm, radius, images, seed, 0, tally.first + image).clamp(0.0, 1.0)

    def loss_of(logits: Tensor, rows: Tensor) -> Tensor:
        return losses.targeted_margin(logits, labels[rows], targets[rows])

    networks, batch = Networks(tally.models, stacked=False), _BATCH
    while True:
        try:
            _, _, gradients = networks.gradients(x, owner, loss_of, batch)
        except torch.OutOfMemoryError:
            batch = halved(batch)
        else:
            break
    flat = gradients.flatten(1)
    found[owner, image] = ~flat.any(1) | ~flat.isfinite().all(1)
    return found
