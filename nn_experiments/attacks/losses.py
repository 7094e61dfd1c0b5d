"""What attacks increase: functions of the logits z, the label y and perhaps a target t.

All map logits, shape (B, classes), labels and targets, shape (B,), to losses, shape (B,).
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]

# Fewest classes whose third and fourth largest logit exist.
TARGETED_DLR_CLASSES = 4
_TINY = 1e-12


def cross_entropy(logits: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
    """Return −log softmax(z)_y; the targets are not used."""
    del targets
    return functional.cross_entropy(logits, labels, reduction="none")


def targeted_margin(logits: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
    """Return z_t − z_y, which is positive if and only if the target beats the label."""
    return _at(logits, targets) - _at(logits, labels)


def targeted_dlr(logits: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
    """Return the targeted difference of logits ratio, (z_t − z_y) / (z_π1 − (z_π3 + z_π4) / 2).

    π sorts the logits from the largest on. The ratio changes neither with the logits' scale nor
    with their offset, so that saturated networks do not hide their gradient. Croce and Hein (2020),
    equation (7).

    Raises:
        ValueError: there are fewer than four classes, see :data:`TARGETED_DLR_CLASSES`.

    """
    if logits.shape[1] < TARGETED_DLR_CLASSES:
        raise ValueError(f"expected four classes or more, got {logits.shape[1]}")
    largest = logits.topk(TARGETED_DLR_CLASSES, dim=1).values
    spread = largest[:, 0] - (largest[:, 2] + largest[:, 3]) / 2
    return targeted_margin(logits, labels, targets) / (spread + _TINY)


def _at(logits: Tensor, classes: Tensor) -> Tensor:
    return logits.gather(1, classes[:, None])[:, 0]
