"""What a network must be, checked on a few images before anything is trained.

A network of one's own is held against what training and measuring presume of any:

- it has weights that can be trained, and its logits depend on them;
- it has an answer (finite logits) to every image, also to one that is all of one colour;
- in evaluation it draws no random numbers, keeps its state, and answers an image as it does
  beside other images;
- it can be trained on the smallest minibatch there will be, which may be one image.

The networks that come with the package are known to be so, but for the last: BatchNorm of one
value per channel does not exist.
"""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from nn_experiments import models
from nn_experiments.data.images import DataSet, Images
from nn_experiments.models.answers import NoAnswerError, require_answers
from nn_experiments.models.evaluating import DISAGREEMENT, Forward, evaluating
from nn_experiments.specs import ModelSpec, TrainingSpec
from theory.common.errors import UserError, told

_FEW = 8  # images that are looked at


def require_usable(
    spec: ModelSpec, training: TrainingSpec, data: DataSet, model: nn.Module, *, limited: bool
) -> None:
    """Check a freshly initialised network, on the CPU; it is left as it is.

    Args:
        spec: what the network is.
        training: how it is to be trained.
        data: what it is trained and tested on.
        model: the network.
        limited: whether a budget chooses how many images it is trained on: a power of two.

    Raises:
        UserError: it is not what the module's text says; in one line.

    """
    name = spec.name
    _require_weights(name, model)
    if name not in models.NAMES:
        for of, images in (("training image", data.train), ("test image", data.test)):
            _require_evaluation(name, model, images, of)
    for images_to_train_on in _numbers_of_images(data, limited):
        _require_training(name, model, data.train, training, images_to_train_on)


def _require_weights(name: str, model: nn.Module) -> None:
    weights = list(model.parameters())
    if not any(weight.requires_grad for weight in weights):
        raise UserError(
            f"model {name}: expected weights to train, got "
            + (f"{len(weights)}, all frozen (requires_grad is False)" if weights else "none")
            + ". Leave some of them trainable."
        )


def _require_evaluation(name: str, model: nn.Module, images: Images, of: str) -> None:
    numbers = _looked_at(images)
    x = images.at(numbers).floats()
    with torch.no_grad(), _random_state_kept(), evaluating(model) as forward:
        _answers(name, forward, x, numbers, of)  # what is made at the first call is made now
        state, random = _state_of(model), torch.get_rng_state()
        together = _answers(name, forward, x, numbers, of)
        if not torch.equal(torch.get_rng_state(), random) or _differ(together, forward(x)):
            raise _unfit(
                name,
                "the same answer each time in evaluation",
                "random ones",
                "Draw random numbers in training only: nn.Dropout does, and "
                "functional.dropout(x, p, self.training)",
            )
        changed = [key for key, value in _state_of(model).items() if _is_changed(value, state[key])]
        if changed:
            raise _unfit(
                name,
                "weights and buffers that evaluation leaves alone",
                f"a change of {', '.join(changed)}",
                "Change them in training only, where self.training is True",
            )
        alone = torch.cat([forward(x[k : k + 1]) for k in range(len(x))])
        if _differ(together, alone):
            raise _unfit(
                name,
                "an image's answer in evaluation not to depend on other images",
                "another one beside other images than alone",
                "Let norms use running statistics there (track_running_stats=True)",
            )


def _unfit(name: str, expected: str, got: str, remedy: str) -> UserError:
    return UserError(f"model {name}: expected {expected}, got {got}. {remedy}.")


def _looked_at(images: Images) -> Tensor:
    """Return numbers of images: the first, and the first of one colour, which has no contrast."""
    flat = images.pixels.flatten(1)
    constant = (flat.amax(1) == flat.amin(1)).nonzero()[:1, 0]
    return torch.cat([torch.arange(min(_FEW, len(images))), constant]).unique()


def _answers(name: str, forward: Forward, x: Tensor, numbers: Tensor, of: str) -> Tensor:
    logits = forward(x)
    try:
        require_answers(logits, of=of, numbers=numbers)
    except NoAnswerError as error:
        raise UserError(f"model {name}, before training, {error}") from error
    return logits


def _differ(first: Tensor, second: Tensor) -> bool:
    """Say whether logits differ by more than rounding explains."""
    size = first.abs().amax(1, keepdim=True)
    return not bool(((first - second).abs() <= DISAGREEMENT * size).all())


def _state_of(model: nn.Module) -> dict[str, Tensor]:
    """Return a copy of all weights and buffers, also of those that are not saved."""
    return {n: t.detach().clone() for n, t in (*model.named_parameters(), *model.named_buffers())}


def _is_changed(now: Tensor, before: Tensor) -> bool:
    return now.shape != before.shape or not torch.equal(now.nan_to_num(), before.nan_to_num())


def _numbers_of_images(data: DataSet, limited: bool) -> list[int]:
    """Return on how many images training may be: a budget chooses a power of two."""
    n = len(data.train)
    if not limited:
        return [n]
    return [1 << k for k in range(n.bit_length()) if data.classes <= 1 << k]


def _require_training(
    name: str, model: nn.Module, images: Images, training: TrainingSpec, n: int
) -> None:
    """Check that a network can be trained on the smallest minibatch of ``n`` images."""
    smallest = n % training.batch_size or min(training.batch_size, n)
    if smallest > 1 and name in models.NAMES:
        return
    size = min(smallest, _FEW)
    why = _why_untrainable(model, images.first(size), training)
    if why is None:
        return
    if smallest == 1 and _why_untrainable(model, images.first(2), training) is None:
        raise UserError(
            f"model {name}: expected one that can be trained on a minibatch of one image, as the "
            f"last of {n:,} images in batches of {training.batch_size} is, got {why}. Choose "
            f"training.batch_size {' or '.join(_better(n, training.batch_size))}, another number "
            "of images, or a norm that needs no other images."
        )
    raise UserError(
        f"model {name}: expected one that can be trained on a minibatch of {size} images of shape "
        f"{tuple(images.shape)}, got {why}. Mend its forward in training mode."
    )


def _better(n: int, batch: int) -> list[str]:
    """Return the nearest batch sizes that leave no minibatch of one image."""
    smaller = next((b for b in range(batch - 1, 1, -1) if n % b != 1), None)
    larger = next(b for b in range(max(batch + 1, 2), n + 3) if n % b != 1)
    return [str(b) for b in (smaller, larger) if b is not None]


def _why_untrainable(model: nn.Module, images: Images, training: TrainingSpec) -> str | None:
    """Say, in a line, why a step of training fails; None if it does not."""
    network = copy.deepcopy(model).train()
    bf16 = training.precision == "bf16"
    precision: Callable[[], contextlib.AbstractContextManager[object]] = (
        (lambda: torch.autocast("cpu", torch.bfloat16)) if bf16 else contextlib.nullcontext
    )
    try:
        with _random_state_kept(), torch.enable_grad():
            with precision():
                logits = network(images.floats().clone())
            loss = functional.cross_entropy(logits.float(), images.labels)
            loss.backward()
    except Exception as error:
        return told(error)
    value = float(loss.detach())
    return None if math.isfinite(value) else f"the loss {value}"


@contextmanager
def _random_state_kept() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
