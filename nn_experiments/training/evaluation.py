"""Loss and accuracy of a model on images as they are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from nn_experiments.data.images import Images, batch_size
from nn_experiments.models.answers import right
from nn_experiments.models.evaluating import evaluating


@dataclass(frozen=True)
class Score:
    """Mean cross-entropy, and the share classified correctly, from 0 to 1, of ``n`` images."""

    loss: float
    accuracy: float
    n: int


@torch.no_grad()
def score(model: nn.Module, images: Images, of: str = "test image") -> Score:
    """Evaluate a model in evaluation mode and fp32; its mode is left as it was.

    Args:
        model: maps float images, shape (N, channels, height, width), to logits, (N, classes).
        images: at least one, on the model's device.
        of: what the images are.

    Raises:
        NoAnswerError: the logits of an image are not finite.

    """
    loss = torch.zeros((), dtype=torch.float64, device=images.pixels.device)
    correct = torch.zeros((), dtype=torch.int64, device=images.pixels.device)
    size = batch_size(images.pixels.device)
    with evaluating(model) as forward:
        for start in range(0, len(images), size):
            batch = images.at(slice(start, start + size))
            logits = forward(batch.floats())
            loss += functional.cross_entropy(logits.double(), batch.labels, reduction="sum")
            correct += right(logits, batch.labels, start, of).sum()
    n = len(images)
    return Score(loss.item() / n, correct.item() / n, n)
