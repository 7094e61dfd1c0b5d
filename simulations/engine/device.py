"""Where arrays live and how precise they are: the one place that sets either."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from typing import Final

import jax
import numpy as np
from numpy.typing import DTypeLike

from theory.common.errors import UserError

DEVICES: Final = ("auto", "cpu", "gpu")


class DeviceError(ValueError):
    """The device asked for is not there."""


def resolve(name: str = "auto") -> jax.Device:
    """Return a device of the kind ``name``; ``auto`` takes a GPU where there is one.

    Of several it is the default device of this thread if that is of the kind, as in a block of
    :func:`computing` or ``jax.default_device``, else the first.

    Raises:
        DeviceError: ``name`` is none of :data:`DEVICES`, or a GPU was asked for and there is none.

    """
    if name not in DEVICES:
        raise DeviceError(f"device: expected one of {', '.join(DEVICES)}, got {name!r}")
    gpus = [] if name == "cpu" else _devices("gpu")
    if name == "gpu" and not gpus:
        there = ", ".join(str(device) for device in _devices("cpu"))
        raise DeviceError(
            f"device: asked for a GPU, but JAX finds only {there}. Install JAX for GPUs "
            "(make reproduce EXTRAS=gpu) and check the driver (nvidia-smi), or use --device cpu"
        )
    found = gpus or _devices("cpu")
    default = jax.config.jax_default_device  # type: ignore[attr-defined]
    return default if default in found else found[0]


def _devices(platform: str) -> list[jax.Device]:
    # JAX warns of GPUs that it cannot use when it first looks for devices; DeviceError says so.
    logging.getLogger("jax._src.xla_bridge").setLevel(logging.ERROR)
    try:
        return list(jax.devices(platform))
    except RuntimeError:
        return []


def check_device(name: str) -> None:
    """Check that the device ``auto``, ``cpu`` or ``gpu`` is there.

    Raises:
        UserError: it is none of them, or not there.

    """
    try:
        resolve(name)
    except DeviceError as error:
        raise UserError(str(error)) from error


def main_memory() -> int:
    """Return the bytes of memory of this machine; where it does not say, more than any has."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return sys.maxsize


def usable_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def float_dtype(dtype: DTypeLike) -> np.dtype:
    """Return float64 or float32 as a numpy dtype.

    Raises:
        ValueError: ``dtype`` is neither.

    """
    try:
        resolved = np.dtype(dtype)
    except TypeError:
        resolved = None
    if resolved not in (np.float64, np.float32):
        raise ValueError(f"dtype: expected float64 or float32, got {dtype!r}")
    return resolved


@contextlib.contextmanager
def computing(device: str = "auto", dtype: DTypeLike = np.float64) -> Iterator[jax.Device]:
    """Run the block on ``device``, in double precision if ``dtype`` is float64.

    The settings are those of this thread and are put back at the end of the block.

    Raises:
        DeviceError: the device is not there.
        ValueError: ``dtype`` is neither float64 nor float32.

    """
    double = float_dtype(dtype) == np.float64
    place = resolve(device)
    with jax.default_device(place), jax.enable_x64(double):
        yield place
