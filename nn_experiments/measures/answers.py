"""Whether a network answers right: its first answer and, of many classes, its first five."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from nn_experiments.data.images import Images, batch_size
from nn_experiments.models.answers import require_answers
from nn_experiments.models.evaluating import evaluating

MANY_CLASSES = 10
"""Beyond so many the five largest outputs are looked at, too."""
_TOP = 5


class Perturb(Protocol):
    """Perturbs images, the first of which has a number in its data set; returns them as floats."""

    def __call__(self, images: Images, *, first: int) -> Tensor:  # noqa: D102
        ...


def _as_they_are(images: Images, *, first: int) -> Tensor:
    del first
    return images.floats()


@torch.no_grad()
def answers(
    model: nn.Module, images: Images, name: str, perturb: Perturb = _as_they_are
) -> dict[str, np.ndarray]:
    """Return whether the label is the largest output and, of many, among the five largest.

    Args:
        model: the network.
        images: what it is put to, shape (N, …).
        name: of the measure; that of the five largest is ``top5/`` and the name.
        perturb: what is done to the images before.

    Returns:
        Arrays of shape (N,), bool, by name.

    Raises:
        NoAnswerError: logits are not finite.

    """
    size = batch_size(images.pixels.device)
    with evaluating(model) as forward:
        logits = torch.cat(
            [
                forward(perturb(images.at(slice(first, first + size)), first=first))
                for first in range(0, len(images), size)
            ]
        )
    require_answers(logits)
    right = {name: logits.argmax(1) == images.labels}
    if images.classes > MANY_CLASSES:
        among = logits.topk(_TOP, 1).indices == images.labels[:, None]
        right[f"top5/{name}"] = among.any(1)
    return {name: values.cpu().numpy() for name, values in right.items()}
