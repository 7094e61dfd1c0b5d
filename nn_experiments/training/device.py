"""Where and how torch computes: the device, threads, reproducibly, and when memory runs out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from nn_experiments.specs import RunSpec
from nn_experiments.training import augment
from theory.common.errors import UserError


def resolve(name: torch.device | str) -> torch.device:
    """Return a device that is there; ``auto`` is the first GPU, or else the CPU.

    Raises:
        UserError: there is no such device.

    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f"expected a device such as cpu or cuda:0, got {name!r}.") from error
    gpus = torch.cuda.device_count()
    if device.type not in ("cpu", "cuda") or (
        device.type == "cuda" and (device.index or 0) >= gpus
    ):
        raise UserError(
            f"expected a device that is there (the CPU and {gpus} GPUs are), got {str(device)!r}. "
            "Choose cpu, or install PyTorch's build and driver for the GPU."
        )
    return device


def hardware(device: torch.device) -> str:
    """Return the name of a GPU, or ``cpu``; which CPU it is, the environment says."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


@contextmanager
def on_threads(threads: int) -> Iterator[None]:
    """Let CPU operations within the block have so many threads; torch's number is put back."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def computing(device: torch.device, threads: int, seed: int) -> Iterator[None]:
    """Compute reproducibly within the block; torch's settings and random state are put back.

    The same bits come out on the same kind of processor, with as many threads. An operation that
    has no deterministic form on the device is warned about.

    Args:
        device: where.
        threads: of a CPU operation.
        seed: of layers that draw numbers, such as dropout.

    """
    if device.type == "cuda":
        # Read by cuBLAS when it starts: it otherwise shares work space among streams.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.get_deterministic_debug_mode()
    fill = torch.utils.deterministic.fill_uninitialized_memory
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    try:
        gpus = [device] if device.type == "cuda" else []
        with on_threads(threads), torch.random.fork_rng(devices=gpus):
            torch.manual_seed(augment.seeded("layers", seed, 0).initial_seed())
            yield
    finally:
        torch.utils.deterministic.fill_uninitialized_memory = fill
        torch.set_deterministic_debug_mode(before)


@contextmanager
def memory_errors(device: torch.device, spec: RunSpec) -> Iterator[None]:
    """Say what to do when memory runs out.

    Raises:
        UserError: it did.

    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        # The CPU's allocator has no exception of its own.
        ran_out = isinstance(error, (torch.OutOfMemoryError, MemoryError))
        if not ran_out and "allocate memory" not in str(error):
            raise
        raise UserError(
            f"out of memory on {device} while training {spec.model.name} with batch_size "
            f"{spec.training.batch_size}. Train fewer runs at once, or with a smaller batch_size."
        ) from error
