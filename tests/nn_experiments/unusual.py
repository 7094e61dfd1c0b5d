"""Networks of a user's own that do what the product may not presume that none does."""

import torch
from torch import nn
from torch.nn import functional


class Base(nn.Module):
    """A linear model of what :meth:`prepared` makes of an image."""

    def __init__(self, inputs: int = 784, classes: int = 10) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, classes)

    def prepared(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(self.prepared(x).flatten(1))


class InPlace(Base):
    """Standardises the images in the caller's memory."""

    def prepared(self, x):
        return x.sub_(0.5).div_(0.25)


class Copying(Base):
    """Computes what :class:`InPlace` does, in memory of its own."""

    def prepared(self, x):
        return (x - 0.5) / 0.25


class Viewing(Base):
    """Wants its input's values side by side in memory."""

    def prepared(self, x):
        return x.view(x.size(0), -1)


class Rounding(Base):
    """Has the gradient 0 everywhere."""

    def prepared(self, x):
        return (x * 7).round() / 7


class Dividing(Base):
    """Has no answer to a black image."""

    def prepared(self, x):
        return x / x.flatten(1).amax(1)[:, None, None, None]


class Overflowing(Base):
    """Has an infinite answer to a black image."""

    def forward(self, x):
        return super().forward(x) + (1 / x.flatten(1).amax(1))[:, None]


class Random(Base):
    """Drops values in evaluation, too."""

    def prepared(self, x):
        return functional.dropout(x, 0.5)


class Centring(Base):
    """Subtracts what the batch has in common."""

    def prepared(self, x):
        return x - x.mean(0)


class Counting(Base):
    """Counts its evaluations."""

    def __init__(self, inputs: int = 784, classes: int = 10) -> None:
        super().__init__(inputs, classes)
        self.register_buffer("calls", torch.zeros(()), persistent=False)

    def prepared(self, x):
        self.calls += 1
        return x


class Frozen(Base):
    """Has no weights to train."""

    def __init__(self, inputs: int = 784, classes: int = 10) -> None:
        super().__init__(inputs, classes)
        self.requires_grad_(False)


class Pair(Base):
    """Returns its logits with something else."""

    def forward(self, x):
        return super().forward(x), x


class Few(Base):
    """Takes a few images at once."""

    most = 8

    def prepared(self, x):
        if len(x) > self.most:
            raise RuntimeError("too many\n  images")
        return x


class One(Few):
    """Takes one image at once."""

    most = 1


class Cut(Base):
    """Cuts off the image, as an index of a table of colours would."""

    def prepared(self, x):
        return (x * 7).long() / 7


class Precise(Base):
    """Answers in double precision, with values that single precision has too."""

    def forward(self, x):
        return super().forward(x).double()


class Truncating(Base):
    """Computes what :class:`Cut` does, with the gradient 0."""

    def prepared(self, x):
        return (x * 7).trunc() / 7


class Detached(Base):
    """Has weights that no gradient reaches."""

    def forward(self, x):
        return super().forward(x).detach()


class Normed(Base):
    """Norms a value by what it is in other images of the minibatch."""

    def __init__(self, inputs: int = 784, classes: int = 10) -> None:
        super().__init__(inputs, classes)
        self.norm = nn.BatchNorm1d(inputs)

    def prepared(self, x):
        return self.norm(x.flatten(1))
