"""PreActResNet18: a residual network whose blocks activate before they convolve."""

from __future__ import annotations

from torch import Tensor, nn

from nn_experiments.models.standardise import Standardise

STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))
"""Channels of each stage of two blocks, and the stride of its first block."""
PARTS = ("standardise", "stem", "blocks", "average", "fc")
"""What an image goes through, in order."""
LARGE = 64
"""Images with more pixels a side than this are first reduced fourfold."""


def _norm(channels: int, batch_norm: bool) -> nn.Module:
    return nn.BatchNorm2d(channels) if batch_norm else nn.Identity()


class PreActBlock(nn.Module):
    """Two 3 × 3 convolutions beside a shortcut (He et al., 2016b, figure 1b).

    With a = ReLU(norm1(x)) the block is conv2(ReLU(norm2(conv1(a)))) + shortcut, where the shortcut
    is x itself, or a 1 × 1 convolution of a where the block changes the shape. Without BatchNorm
    the norms are identities. No convolution has a bias.

    Shapes: (N, channels, H, W) → (N, width, ⌈H/stride⌉, ⌈W/stride⌉).
    """

    def __init__(self, channels: int, width: int, stride: int, batch_norm: bool) -> None:
        super().__init__()
        self.norm1 = _norm(channels, batch_norm)
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
        self.norm2 = _norm(width, batch_norm)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        changes = stride != 1 or channels != width
        self.shortcut = (
            nn.Conv2d(channels, width, 1, stride=stride, bias=False) if changes else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output."""
        a = self.relu1(self.norm1(x))
        branch = self.conv2(self.relu2(self.norm2(self.conv1(a))))
        return branch + (x if self.shortcut is None else self.shortcut(a))


class GlobalAverage(nn.Module):
    """The mean of each channel: (N, C, H, W) → (N, C).

    A plain mean, because the gradient of adaptive pooling is not deterministic on GPUs.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return the means."""
        return x.mean(dim=(2, 3))


class PreActResNet18(nn.Module):
    """Stem – four stages of two blocks – global average – fully-connected layer.

    As in the authors' published code (github.com/averyma/opt-robust at 32595bb): a 3 × 3
    convolution of stride 1 as stem, or for large images a 7 × 7 one of stride 2 followed by a 3 × 3
    maximum of stride 2; strides 1, 2, 2, 2 of the stages; nothing between the last block and the
    average. 32-pixel images reach the average as 4 × 4, 224-pixel ones as 7 × 7. The thesis's
    "stride for all convolution layers is 1" (appendix 4.A) cannot mean this network.

    Shapes: (N, channels, height, width) → (N, classes).

    Args:
        shape: channels, height, width.
        classes: how many logits.
        batch_norm: BatchNorm before each activation (Table 4.4), or none (Table 4.3).
        standardise: standardise each image first. Chapter 4 does not mention it, and in the
            published code it is an option, off by default, and off where the compared networks are
            loaded. On, it makes all Lipschitz bounds √d times as large or more, d being the number
            of an image's values: see :func:`~nn_experiments.models.standardise
            .standardise_lipschitz`.

    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        classes: int,
        batch_norm: bool,
        standardise: bool = False,
    ) -> None:
        super().__init__()
        channels, width = shape[0], STAGES[0][0]
        self.standardise = Standardise() if standardise else nn.Identity()
        if min(shape[1:]) > LARGE:
            self.stem = nn.Sequential(
                nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False),
                nn.MaxPool2d(3, stride=2, padding=1),
            )
        else:
            self.stem = nn.Sequential(nn.Conv2d(channels, width, 3, padding=1, bias=False))
        blocks: list[nn.Module] = []
        for wider, stride in STAGES:
            blocks.append(PreActBlock(width, wider, stride, batch_norm))
            blocks.append(PreActBlock(wider, wider, 1, batch_norm))
            width = wider
        self.blocks = nn.Sequential(*blocks)
        self.average = GlobalAverage()
        self.fc = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        return self.fc(self.average(self.blocks(self.stem(self.standardise(x)))))
