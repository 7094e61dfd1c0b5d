"""A network's answer to an image: the class of the largest logit, if its logits are numbers."""

from __future__ import annotations

from torch import Tensor

from theory.common.errors import UserError


class NoAnswerError(UserError):
    """A network's logits of an image are infinite or not numbers: no class is the largest.

    Attributes:
        image: the image's number in its data set.
        network: index of the network, of those that were asked.

    """

    def __init__(self, message: str, image: int = 0, network: int = 0) -> None:
        super().__init__(message)
        self.image, self.network = image, network


def right(logits: Tensor, labels: Tensor, first: int = 0, of: str = "test image") -> Tensor:
    """Return which images are classified correctly, shape (N,), bool.

    Args:
        logits: shape (N, classes).
        labels: shape (N,), int64.
        first: number of the first image in its data set.
        of: what the images are.

    Raises:
        NoAnswerError: as :func:`require_answers`.

    """
    require_answers(logits, first, of)
    return logits.argmax(1) == labels


def require_answers(
    logits: Tensor,
    first: int = 0,
    of: str = "test image",
    *,
    numbers: Tensor | None = None,
    network: int = 0,
) -> None:
    """Check that logits are finite: of those that are not, ``argmax`` makes class 0, or any.

    Args:
        logits: shape (N, classes).
        first: number of the first image in its data set.
        of: what the images are.
        numbers: shape (N,): the images' numbers less ``first``, if they do not follow one another.
        network: index of the network, of those that were asked.

    Raises:
        NoAnswerError: they are not; the first such image is named.

    """
    finite = logits.isfinite()
    if not finite.all():
        row = int((~finite.all(1)).nonzero()[0])
        image = first + (row if numbers is None else int(numbers[row]))
        raise NoAnswerError(f"{of} {image}: {_told(logits[row].detach())}", image, network)


def _told(logits: Tensor) -> str:
    bad = (~logits.isfinite()).nonzero()[:, 0].tolist()
    others = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    return (
        f"expected finite logits, got {float(logits[bad[0]])} for class {bad[0]}{others}. Such "
        "logits name no class: mend the network's forward (does it divide by zero there?), leave "
        "such images out, or, if it diverged, train it with a smaller learning rate."
    )
