"""The network for MNIST and Fashion-MNIST: two convolutions and two fully-connected layers."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from theory.common.errors import UserError

KERNEL, PADDING, HIDDEN = 4, 1, 100


class TwoLayerCNN(nn.Sequential):
    """Conv(1, 16, 4) – ReLU – Conv(16, 32, 4) – ReLU – FN(21632, 100) – FN(100, 10) of Table 4.2.

    Padding 1 is what makes 32 · 26 · 26 = 21,632 features of an image of 28 × 28 pixels. As the
    table prints it, no ReLU stands between the two fully-connected layers, which are therefore one
    linear map; the softmax is the loss's.

    Shapes: (N, channels, height, width) → (N, classes).

    Args:
        shape: channels, height, width.
        classes: how many logits.

    Raises:
        UserError: an image has fewer than 3 pixels a side, so that nothing is left to convolve.

    """

    def __init__(self, shape: tuple[int, int, int], classes: int) -> None:
        channels, height, width = shape
        shrinkage = 2 * (KERNEL - 1 - 2 * PADDING)
        if min(height, width) <= shrinkage:
            raise UserError(
                f"two-layer-cnn: expected images of {shrinkage + 1} × {shrinkage + 1} pixels or "
                f"more, got {height} × {width}. Choose another model or larger images."
            )
        features = 32 * (height - shrinkage) * (width - shrinkage)
        super().__init__(
            OrderedDict(
                conv1=nn.Conv2d(channels, 16, KERNEL, padding=PADDING),
                relu1=nn.ReLU(),
                conv2=nn.Conv2d(16, 32, KERNEL, padding=PADDING),
                relu2=nn.ReLU(),
                flatten=nn.Flatten(),
                fc1=nn.Linear(features, HIDDEN),
                fc2=nn.Linear(HIDDEN, classes),
            )
        )
