"""Peak memory of training, against what must be there: images, state of training, activations."""

from __future__ import annotations

import contextlib
import ctypes
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import torch
from torch import Tensor

from nn_experiments import models
from nn_experiments.bench.training import fashion_like
from nn_experiments.data.images import Images
from nn_experiments.flow.progress import Advance, quiet
from nn_experiments.specs import DataSpec, ModelSpec, OptimizerSpec, RunSpec, TrainingSpec
from nn_experiments.training.device import computing, resolve
from nn_experiments.training.processes import end_with_parent, fork_context
from nn_experiments.training.step import Stepper
from nn_experiments.updates import optimizers
from theory.common.errors import UserError

_STEPS = 16  # freed memory comes to lie in pieces over the first few

MakeImages = Callable[[int], Images]


@dataclass(frozen=True)
class MemoryBench:
    """Bytes that one run takes on its device.

    Attributes:
        device: where.
        data: of the images and labels.
        state: of weights, gradients and the optimizer's state.
        activations: of a minibatch, kept for the backward pass.
        idle: of a process that has made its first steps and freed what they took: the
            interpreter, libraries, and the work space that these keep; on a GPU torch's alone.
        peaks: the most there was at any moment, above ``idle``; one value for each process that
            was measured.

    """

    device: str
    data: int
    state: int
    activations: int
    idle: int
    peaks: tuple[int, ...]

    @property
    def peak(self) -> float:
        """The median of the peaks."""
        return statistics.median(self.peaks)

    @property
    def ratios(self) -> tuple[float, ...]:
        """The peaks over what must be there: data, state and activations."""
        needed = self.data + self.state + self.activations
        return tuple(peak / needed for peak in self.peaks)

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return statistics.median(self.ratios)


def bench_memory(
    device: torch.device | str = "cpu",
    *,
    images: int = 60_000,
    rounds: int = 1,
    make: MakeImages = fashion_like,
    tell: Advance = quiet,
) -> MemoryBench:
    """Measure the peak memory of a few steps of the two-layer CNN with Adam, minibatches of 128.

    On a CPU that is the resident memory of a process that does nothing else, as Linux tells it;
    what the C library keeps of freed memory is in it. On a GPU it is what torch allocates.

    Args:
        device: where to train.
        images: how many.
        rounds: how many processes are measured, one after another.
        make: makes so many images on the CPU, in the measured process, to which it is sent by its
            name; what it keeps is in the peak.
        tell: is given what is measured next, and the share of all that was just completed.

    Raises:
        UserError: the device is not there, or the system does not tell.

    """
    device = resolve(device)
    if not Path("/proc/self/clear_refs").exists():
        raise UserError("expected Linux, whose /proc tells a process's peak memory.")
    found = []
    for number in range(1, rounds + 1):
        tell(f"process {number} of {rounds}", 0.0)
        found.append(_measured(device, images, make))
        tell(f"process {number} of {rounds}", 1 / rounds)
    return replace(found[0], peaks=tuple(peak for bench in found for peak in bench.peaks))


def _measured(device: torch.device, n: int, make: MakeImages) -> MemoryBench:
    context = fork_context()
    found, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_measure_and_send, args=(str(device), n, make, theirs))
    process.start()
    theirs.close()
    try:
        return found.recv()
    except EOFError as error:
        raise UserError(f"the process that trained on {device} ended; was memory short?") from error
    finally:
        process.join()
        found.close()


def _measure_and_send(name: str, n: int, make: MakeImages, results: Connection) -> None:
    end_with_parent()
    device = torch.device(name)
    spec = RunSpec(DataSpec(), ModelSpec(), OptimizerSpec("Adam", 5e-4), TrainingSpec(), 0)
    with computing(device, 1, seed=0):
        # Libraries are initialised by a first step, which an idle process has not made.
        _train(spec, fashion_like(256).to(device))
        _reset_peak(device)
        idle = _peak(device)
        data = make(n).to(device)
        state, activations = _train(spec, data)
        peak = _peak(device) - idle
    data_bytes = _bytes(data.pixels) + _bytes(data.labels)
    results.send(MemoryBench(name, data_bytes, state, activations, idle, (peak,)))


def _train(spec: RunSpec, data: Images) -> tuple[int, int]:
    """Make a few steps; return the bytes of state and of activations."""
    model = models.build(spec.model, data.shape, data.classes, spec.seed).to(data.pixels.device)
    optimizer = optimizers.build(spec.optimizer, model.parameters())
    stepper = Stepper(spec, model, optimizer, data)
    stepper.begin(0)
    parameters = list(model.parameters())
    with _kept_for_backward() as kept:
        stepper.advance(0)
    for step in range(1, min(_STEPS, stepper.steps)):
        stepper.advance(step)
    own = {p.untyped_storage().data_ptr() for p in parameters}
    activations = sum(size for place, size in kept.items() if place not in own)
    gradients = [p.grad for p in parameters if p.grad is not None]
    values = (value for state in optimizer.state.values() for value in state.values())
    rule = [value for value in values if isinstance(value, Tensor)]
    return sum(map(_bytes, (*parameters, *gradients, *rule))), activations


@contextlib.contextmanager
def _kept_for_backward() -> Iterator[dict[int, int]]:
    """Give the storages, by address, that the backward pass needs, and their sizes in bytes."""
    kept: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield kept


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _reset_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        # What the allocator keeps of freed memory would be used again unseen.
        if hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
            libc.malloc_trim(0)
        # 5 sets the peak of resident memory to what it is now: proc(5).
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    [line] = [line for line in status if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
