"""In which frequencies a network's input gradient lies.

To first order, a small perturbation Δx changes an objective by ⟨g, Δx⟩ = ⟨g̃, Δx̃⟩, g being its
gradient with respect to the image, because the DCT is orthonormal. By Cauchy and Schwarz's
inequality the greatest change by a Δx in a band, of ℓ2 norm r, is then r‖M ⊙ g̃‖: the band's share
of ‖g̃‖² says how sensitive the network is to it. For a linear model g̃ is its weights' spectrum,
whose entry at the irrelevant frequency is what tells the minimizers of section 4.4 apart.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from nn_experiments.data.images import Images, batch_size
from nn_experiments.frequency.dct import dct2
from nn_experiments.models.answers import require_answers
from nn_experiments.models.evaluating import Forward, evaluating

Objective = Literal["margin", "loss"]
"""The logit of the label less the greatest other one, or the cross-entropy loss."""


def shares(
    model: nn.Module,
    images: Images,
    masks: Tensor,
    *,
    of: Objective = "margin",
    batch: int | None = None,
) -> Tensor:
    """Return each mask's share of the energy of the input gradient, for every image.

    The margin is the default: where a network fits its label with certainty, as minimizers of the
    standard risk do, the gradient of the loss rounds to zero, and that of the margin does not.

    Args:
        model: maps images with values from 0 to 1, shape (n, channels, height, width), to logits,
            shape (n, classes); on the images' device.
        images: at which gradients are taken.
        masks: shape (masks, height, width), bool; they need not be a partition of the bases.
        of: what the gradient is of.
        batch: how many images to differentiate at once; by default what is fast. The result does
            not depend on it, but for rounding.

    Returns:
        Shape (N, masks), float64, on the CPU, from 0 to 1: energy in a mask's bases, of all
        channels, over that in all bases. NaN for an image whose gradient is zero.

    Raises:
        NoAnswerError: the logits of an image are not finite.
        ValueError: masks are of another shape or kind.

    """
    if masks.dtype != torch.bool or masks.ndim != 3 or masks.shape[1:] != images.shape[1:]:
        raise ValueError(
            f"expected masks of shape (masks, {images.shape[1]}, {images.shape[2]}), bool, got "
            f"{tuple(masks.shape)} {masks.dtype}"
        )
    device = images.pixels.device
    batch = batch or batch_size(device)
    members = masks.flatten(1).to(device=device, dtype=torch.float64)
    result = torch.empty(len(images), len(masks), dtype=torch.float64)
    with evaluating(model) as forward:
        for start in range(0, len(images), batch):
            block = slice(start, start + batch)
            gradient = _input_gradient(forward, images.at(block), start, of)
            # Squares of float32 numbers neither overflow nor underflow in float64.
            energy = dct2(gradient.double()).square().sum(1).flatten(1)
            result[block] = (energy @ members.T / energy.sum(1, keepdim=True)).cpu()
    return result


def _input_gradient(forward: Forward, images: Images, first: int, of: Objective) -> Tensor:
    """Shape (n, channels, height, width); images do not mix, so a sum has each one's gradient."""
    with torch.enable_grad():
        x = images.floats().detach().clone().requires_grad_()
        logits = forward(x)
        require_answers(logits, first)
        total = (
            cross_entropy(logits, images.labels, reduction="sum")
            if of == "loss"
            else _margins(logits, images.labels).sum()
        )
        (gradient,) = torch.autograd.grad(total, x)
    return gradient


def _margins(logits: Tensor, labels: Tensor) -> Tensor:
    index = labels[:, None]
    others = logits.scatter(1, index, -torch.inf)
    return logits.gather(1, index)[:, 0] - others.max(1).values
