"""Training throughput as a ratio: a plain DataLoader loop and this project's, in turns, in one run.

The job is that of Fashion-MNIST in the thesis: the two-layer CNN, 28 × 28 pixels, minibatches of
128, horizontal flips. Values of pixels do not change the time, so they are random.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from nn_experiments import models
from nn_experiments.data.images import Images
from nn_experiments.flow.progress import Advance, quiet
from nn_experiments.specs import DataSpec, ModelSpec, OptimizerSpec, RunSpec, TrainingSpec
from nn_experiments.training.device import computing, resolve
from nn_experiments.training.step import Stepper
from nn_experiments.updates import optimizers
from theory.common.plurals import counted

_SHAPE, _CLASSES = (1, 28, 28), 10
OPTIMIZERS = (
    OptimizerSpec("SGD", 0.1),
    OptimizerSpec("Adam", 0.0005),
    OptimizerSpec("RMSprop", 0.0005),
)
# Multiplications and additions of one image forward, layer by layer; conv2 has nearly all.
_CONV1, _CONV2, _FC1, _FC2 = 16 * 27**2 * 16, 32 * 26**2 * 256, 21632 * 100, 100 * 10
# Backward, each layer has a product for its weights and one for its inputs; images need none.
FLOPS_PER_IMAGE = 2 * (3 * (_CONV2 + _FC1 + _FC2) + 2 * _CONV1)
"""Of one training step on one image, as the network is written; about 47 million."""


@dataclass(frozen=True)
class TrainingBench:
    """What was measured for one optimizer and precision.

    Attributes:
        optimizer: its name.
        precision: of our loop; the plain one always has fp32, also beside bf16.
        device: where.
        threads: of a CPU operation.
        steps: in each round, of each loop.
        plain_seconds: of one step of the plain loop, one value for each round.
        our_seconds: the same for ours; a round's two values follow one another.
        gflops: arithmetic of a step of the network as it is written, in 10⁹.

    """

    optimizer: str
    precision: str
    device: str
    threads: int
    steps: int
    plain_seconds: tuple[float, ...]
    our_seconds: tuple[float, ...]
    gflops: float

    @property
    def ratios(self) -> tuple[float, ...]:
        """How many times faster ours is, for each round."""
        pairs = zip(self.plain_seconds, self.our_seconds, strict=True)
        return tuple(plain / ours for plain, ours in pairs)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(self.ratios)

    def cells(self) -> list[str]:
        """Return the row of a table with the header :data:`HEADER`."""
        plain, ours = map(statistics.median, (self.plain_seconds, self.our_seconds))
        return [
            f"{self.optimizer}, {self.precision}, {self.device}, {counted(self.threads, 'thread')}",
            f"{1e3 * plain:.2f}",
            f"{1e3 * ours:.2f}",
            f"{self.ratio:.2f}",
            f"{min(self.ratios):.2f} to {max(self.ratios):.2f}",
            str(len(self.ratios)),
            f"{self.gflops / ours:.0f}",
        ]


HEADER = (
    "training",
    "plain loop, fp32 (ms a step)",
    "ours (ms a step)",
    "ratio of plain fp32 to ours",
    "range of ratios",
    "rounds",
    "ours (GFLOP/s)",
)


def bench_training(
    device: torch.device | str = "cpu",
    *,
    rounds: int = 9,
    steps: int = 8,
    batch_size: int = 128,
    threads: int | None = None,
    tell: Advance = quiet,
) -> list[TrainingBench]:
    """Time the two loops, for the thesis's three optimizers.

    The plain loop is the usual one: a ``Dataset`` that gives one image as floats, flipped at
    random; a shuffling ``DataLoader`` of this process; the model, the loss, ``backward`` and
    ``step`` with torch's defaults, in fp32. Ours is measured in bf16 too, against the same plain
    loop, where the device computes with it (:func:`has_bf16`).

    Args:
        device: where to train.
        rounds: how often the loops take turns; one more before them does not count.
        steps: of each loop in a round.
        batch_size: images a step.
        threads: of a CPU operation; torch's present number, if None.
        tell: is given what is measured next, and the share of all that was just completed.

    Raises:
        UserError: the device is not there.

    """
    device = resolve(device)
    threads = threads or torch.get_num_threads()
    cases = [*itertools.product(OPTIMIZERS, ["fp32", "bf16"] if has_bf16(device) else ["fp32"])]
    found = []
    with computing(device, threads, seed=0):
        for optimizer, precision in cases:
            tell(f"{optimizer.name}, {precision}", 0.0)
            training = TrainingSpec(batch_size=batch_size)
            spec = RunSpec(DataSpec(), ModelSpec(), optimizer, training, 0)
            if precision == "bf16":
                spec = replace(spec, training=replace(training, precision="bf16"))
            found.append(_measure(spec, device, rounds, steps, threads))
            tell(f"{optimizer.name}, {precision}", 1 / len(cases))
    return found


def loops(
    spec: RunSpec, images: Images, device: torch.device
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return two functions that each train for one epoch on all images: the plain one, and ours."""
    return _plain(spec, images, device), _ours(spec, images.to(device))


def has_bf16(device: torch.device) -> bool:
    """Say whether a device computes with bf16 itself, so that it may gain time."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _measure(
    spec: RunSpec, device: torch.device, rounds: int, steps: int, threads: int
) -> TrainingBench:
    batch = spec.training.batch_size
    images = fashion_like(batch * steps)
    pair = loops(spec, images, device)
    seconds: tuple[list[float], list[float]] = ([], [])
    for k in range(rounds + 1):
        for loop, times in zip(pair, seconds, strict=True):
            begin = time.perf_counter()
            loop()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if k > 0:
                times.append((time.perf_counter() - begin) / steps)
    return TrainingBench(
        spec.optimizer.name,
        spec.training.precision,
        str(device),
        threads,
        steps,
        tuple(seconds[0]),
        tuple(seconds[1]),
        FLOPS_PER_IMAGE * batch / 1e9,
    )


def fashion_like(n: int) -> Images:
    """Return ``n`` random images of Fashion-MNIST's size, with random labels."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (n, *_SHAPE), dtype=torch.uint8, generator=generator)
    return Images(pixels, torch.randint(_CLASSES, (n,), generator=generator), _CLASSES)


def _ours(spec: RunSpec, images: Images) -> Callable[[], None]:
    device = images.pixels.device
    model = models.build(spec.model, _SHAPE, _CLASSES, spec.seed).to(device)
    optimizer = optimizers.build(spec.optimizer, model.parameters())
    stepper = Stepper(spec, model, optimizer, images)
    epochs: Iterator[int] = itertools.count()

    def loop() -> None:
        stepper.begin(next(epochs))
        for step in range(stepper.steps):
            stepper.advance(step)

    return loop


class _PlainDataset(Dataset[tuple[Tensor, Tensor]]):
    def __init__(self, images: Images) -> None:
        self._images = images

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image = self._images.pixels[index].float() / 255
        if torch.rand(()) < 0.5:
            image = image.flip(-1)
        return image, self._images.labels[index]


def _plain(spec: RunSpec, images: Images, device: torch.device) -> Callable[[], None]:
    model = models.build(spec.model, _SHAPE, _CLASSES, spec.seed).to(device)
    optimizer_class = getattr(torch.optim, spec.optimizer.name)
    optimizer = optimizer_class(model.parameters(), lr=spec.optimizer.learning_rate)
    loader = DataLoader(_PlainDataset(images), spec.training.batch_size, shuffle=True)

    def loop() -> None:
        for x, y in loader:
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x.to(device)), y.to(device))
            loss.backward()
            optimizer.step()

    return loop
