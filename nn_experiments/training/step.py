"""One minibatch after another on the device, with nothing read back by the host in between."""

from __future__ import annotations

import contextlib
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from nn_experiments import models
from nn_experiments.data.images import Images
from nn_experiments.specs import RunSpec
from nn_experiments.training import augment
from nn_experiments.training.in_place import in_place
from nn_experiments.training.reassociate import reassociated
from nn_experiments.updates import optimizers

# Steps before a capture: libraries choose their kernels, optimizers make their state.
_EAGER_STEPS = 3


class Stepper:
    """Trains a model minibatch by minibatch.

    The device keeps the position within the epoch, so that a step is the same sequence of kernels
    each time. On a CUDA device that sequence is captured in a graph once per learning rate, if
    the optimizer allows it, and replayed: then no Python runs between its kernels. (The capture
    has not been tried: no GPU was at hand.)

    Attributes:
        losses: shape (steps per epoch,), float32: mean cross-entropy of each minibatch of the
            epoch, before its update; NaN where the epoch has not come to.
        correct: shape (), int64: how many images of the epoch were classified correctly, each
            before its minibatch's update.

    """

    def __init__(
        self, spec: RunSpec, model: nn.Module, optimizer: torch.optim.Optimizer, images: Images
    ) -> None:
        device = images.pixels.device
        self._spec, self._model, self._optimizer, self._images = spec, model, optimizer, images
        # What oneDNN's convolutions are fastest on; weights stay as they are. A network of which
        # nothing is known may look at its input as it lies in memory (``x.view``).
        is_fast = device.type == "cpu" and spec.model.name in models.NAMES
        self._layout = torch.channels_last if is_fast else torch.contiguous_format
        self._forward = reassociated(in_place(model))
        n = len(images)
        self._batch = min(spec.training.batch_size, n)
        self.steps = math.ceil(n / spec.training.batch_size)
        self._order = torch.zeros(n, dtype=torch.int64, device=device)
        self._flips = torch.zeros(n, dtype=torch.bool, device=device)
        self._offsets = torch.arange(self._batch, device=device)
        self._cursor = torch.zeros(1, dtype=torch.int64, device=device)
        self._step = torch.zeros(1, dtype=torch.int64, device=device)
        self.losses = torch.full((self.steps,), math.nan, device=device)
        self.correct = torch.zeros((), dtype=torch.int64, device=device)
        self._captures = device.type == "cuda" and optimizers.can_be_captured(optimizer)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._eager_left = _EAGER_STEPS

    def set_learning_rate(self, rate: float) -> None:
        """Use a learning rate from the next step on; a captured graph holds the old one."""
        for group in self._optimizer.param_groups:
            if group["lr"] != rate:
                group["lr"] = rate
                self._graph = None

    def begin(self, epoch: int, step: int = 0) -> None:
        """Go to a step of an epoch; ``losses`` and ``correct`` are cleared.

        After going to a step other than the first, set them to what they were.
        """
        n, seed = len(self._images), self._spec.seed
        self._order.copy_(augment.order(seed, epoch, n))
        if self._spec.training.flips:
            self._flips.copy_(augment.flips(seed, epoch, n))
        self._cursor.fill_(step * self._batch)
        self._step.fill_(step)
        self.losses.fill_(math.nan)
        self.correct.zero_()
        self._model.train()

    def advance(self, step: int) -> None:
        """Train on the minibatch of a step, which must be the next one; the last may be smaller."""
        size = min(self._batch, len(self._images) - step * self._batch)
        if not self._captures or size < self._batch:
            self._train_on(size)
        elif self._graph is not None:
            self._graph.replay()
        elif self._eager_left:
            self._eager_left -= 1
            self._on_side_stream(size)
        else:
            self._graph = self._captured(size)
            self._graph.replay()

    def _on_side_stream(self, size: int) -> None:
        # Captures run on a stream of their own, and want what they use to have been used on one.
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            self._train_on(size)
        torch.cuda.current_stream().wait_stream(side)

    def _captured(self, size: int) -> torch.cuda.CUDAGraph:
        # Gradients made during the capture live in the graph's own memory.
        self._optimizer.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._train_on(size)
        return graph

    def _train_on(self, size: int) -> None:
        places = self._cursor + self._offsets[:size]
        rows = self._order[places]
        labels = self._images.labels[rows]
        self._optimizer.zero_grad(set_to_none=True)
        with self._precision():
            logits = self._forward(self._inputs(rows, places))
        loss = functional.cross_entropy(logits.float(), labels)
        loss.backward()
        self._optimizer.step()
        self.losses.index_copy_(0, self._step, loss.detach().view(1))
        self.correct += (logits.detach().argmax(1) == labels).sum()
        self._cursor += size
        self._step += 1

    def _inputs(self, rows: Tensor, places: Tensor) -> Tensor:
        pixels = self._images.pixels[rows]
        if self._spec.training.flips:
            pixels = augment.flip(pixels, self._flips[places])
        return augment.floats(pixels, self._layout)

    def _precision(self) -> contextlib.AbstractContextManager[object]:
        if self._spec.training.precision == "fp32":
            return contextlib.nullcontext()
        # A cached cast of a weight would outlive the weight's update in a captured graph.
        device = self._images.pixels.device.type
        return torch.autocast(device, torch.bfloat16, cache_enabled=False)
