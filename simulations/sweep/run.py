"""Compute the blocks of a sweep that are missing, on all local devices, within stated limits."""

import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import jax

from simulations.engine.device import DeviceError, resolve
from simulations.sweep.blocks import Computation, Plan, planned, require_few
from simulations.sweep.forecast import Forecast
from simulations.sweep.grid import Sweep
from simulations.sweep.record import begun, record_for_job, require_same
from simulations.sweep.store import Store, opened, require_disk
from theory.common.errors import UserError
from theory.common.lock import locked
from theory.common.progress import Progress

# Damaged blocks that one message names.
_MOST_TOLD: Final = 20


@dataclass(frozen=True)
class Limits:
    """What a sweep may take.

    Attributes:
        memory: bytes of a block; an eighth of main memory, if None. As many blocks are in work at
            once as there are devices.
        seconds: of this run; any, if None. Told from the first two blocks, which are kept.

    """

    memory: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What a run did.

    Attributes:
        folder: of the sweep, which is finished.
        rows: how many points it has.
        blocks: how many blocks.
        computed: how many of them this run computed; the others were there.
        seconds: that it took.

    """

    folder: Path
    rows: int
    blocks: int
    computed: int
    seconds: float


def run_sweep(
    computation: Computation,
    sweep: Sweep,
    folder: Path,
    *,
    limits: Limits | None = None,
    device: str = "auto",
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
    accept_versions: bool = False,
) -> Outcome:
    """Compute a sweep, or what is missing of it; its columns are read by ``read_columns``.

    Blocks are computed on all local devices of one kind, a block at a time on each. A block is a
    function of its points alone, so results depend neither on the number of devices nor on when a
    run was killed and gone on with: the files are the same to the bit.

    Args:
        computation: what is computed.
        sweep: at which points.
        folder: of the blocks, one sweep a folder.
        limits: what it may take.
        device: ``auto``, ``cpu`` or ``gpu``.
        progress: called after each block.
        tell: called with what is foretold of the time, after the first of several blocks.
        accept_versions: whether to go on with blocks that other versions of the code computed.

    Raises:
        UserError: the sweep does not fit into memory, on the disk or in the time, and the estimate
            is named; the folder is in use, is another sweep's or cannot be written; the device is
            not there. Blocks written before are kept.
        KeyboardInterrupt: on Ctrl-C. Blocks written before are kept.

    """
    limits = limits or Limits()
    began = time.monotonic()
    devices = local_devices(device)
    plan = prepared(computation, sweep, folder, limits)
    with locked(folder):
        store = opened(folder, plan, accept_versions=accept_versions)
        todo = left(store, plan)
        require_disk(folder, plan, len(todo) / plan.blocks)
        compute_blocks(plan, store, todo, devices, limits.seconds, progress, tell)
    return Outcome(folder, sweep.rows, plan.blocks, len(todo), time.monotonic() - began)


def left(store: Store, plan: Plan) -> list[int]:
    """Return the blocks that are to be computed; call it with the lock held.

    Warns:
        UserWarning: some of them are there, but damaged or another sweep's; they are named.

    """
    todo = store.missing(range(plan.blocks))
    damaged = [block for block in todo if store.path(block).exists()]
    if damaged:
        told = ", ".join(map(str, damaged[:_MOST_TOLD]))
        more = f" and {len(damaged) - _MOST_TOLD:,} more" if len(damaged) > _MOST_TOLD else ""
        warnings.warn(
            f"{store.folder}: expected whole blocks, got {len(damaged):,} of {plan.blocks:,} "
            f"damaged or of another sweep; computed again: {told}{more}",
            stacklevel=2,
        )
    return todo


def local_devices(device: str) -> list[jax.Device]:
    """Return all devices of this process of the kind ``device``: ``auto``, ``cpu`` or ``gpu``.

    Raises:
        UserError: the device is not there.

    """
    try:
        return list(jax.local_devices(backend=resolve(device).platform))
    except DeviceError as error:
        raise UserError(str(error)) from error


def prepared(computation: Computation, sweep: Sweep, folder: Path, limits: Limits) -> Plan:
    """Cut a sweep into blocks as :func:`cut` does, and check what they take; nothing is written.

    Raises:
        UserError: it does not fit into memory or on the disk, has too many blocks, or the folder is
            another sweep's.

    """
    plan = cut(computation, sweep, folder, limits)
    require_few(plan)
    if begun(folder) is None:
        require_disk(folder, plan)
    return plan


def require_usable(folder: Path, plan: Plan, *, accept_versions: bool = False) -> None:
    """Check that a sweep can be begun in a folder, or gone on with; nothing is left behind.

    Raises:
        UserError: the folder cannot be written, is in use, or its blocks are of other versions.

    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        fault = "it cannot be written" if there.is_dir() else "it is a file"
        raise UserError(f"cannot make files in {folder}: {there}: {fault}. Choose another folder.")
    if not folder.exists():
        return
    with locked(folder):
        if begun(folder) is not None and not accept_versions:
            record_for_job(folder, plan)


def cut(computation: Computation, sweep: Sweep, folder: Path, limits: Limits) -> Plan:
    """Cut a sweep into blocks, as it was if it was begun; nothing is written.

    Raises:
        UserError: a block does not fit into memory, or the folder is another sweep's.

    """
    earlier = begun(folder)
    if earlier is None:
        return planned(computation, sweep, memory=limits.memory)
    require_same(earlier, Plan(computation, sweep, earlier.rows_per_block), folder)
    return planned(computation, sweep, memory=limits.memory, rows_per_block=earlier.rows_per_block)


def compute_blocks(
    plan: Plan,
    store: Store,
    todo: Sequence[int],
    devices: Sequence[jax.Device],
    seconds: float | None = None,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
) -> None:
    """Compute and write blocks.

    Args:
        plan: what is swept.
        store: where they are written.
        todo: their numbers.
        devices: where they are computed, a block at a time on each.
        seconds: that this may take, if there is a limit.
        progress: called after each block.
        tell: called with what is foretold of the time, after the first of several blocks.

    Raises:
        UserError: the blocks would take longer, or cannot be written.

    """
    rows = [stop - first for first, stop in map(plan.span, todo)]
    done = plan.sweep.rows - sum(rows)
    forecast = None
    if seconds is not None or tell is not None:
        forecast = Forecast(plan, todo, len(devices), seconds, tell)

    def compute(block: int, device: jax.Device) -> tuple[int, int, float]:
        began = time.monotonic()
        points = plan.points(block)
        with jax.default_device(device):
            columns = plan.computation(points)
        store.write(block, {**points.swept, **columns})
        return block, len(points), time.monotonic() - began

    if progress is not None:
        progress(done, plan.sweep.rows)
    with _spread(compute, todo, devices) as finished:
        for block, rows_done, took in finished:
            done += rows_done
            if progress is not None:
                progress(done, plan.sweep.rows)
            if forecast is not None:
                forecast.take(block, took)


@contextmanager
def _spread(
    compute: Callable[[int, jax.Device], tuple[int, int, float]],
    todo: Sequence[int],
    devices: Sequence[jax.Device],
) -> Iterator[Iterator[tuple[int, int, float]]]:
    """Provide the results of ``compute`` for each block, in the order in which they are ready.

    On leaving, blocks in work are waited for, and none is begun.
    """
    if len(devices) == 1:
        # In this thread, so that Ctrl-C and settings of the thread have their effect.
        yield (compute(block, devices[0]) for block in todo)
        return
    free: SimpleQueue[jax.Device] = SimpleQueue()
    for device in devices:
        free.put(device)

    def compute_somewhere(block: int) -> tuple[int, int, float]:
        device = free.get()
        try:
            return compute(block, device)
        finally:
            free.put(device)

    with ThreadPoolExecutor(len(devices)) as pool:
        yield _as_ready(pool, compute_somewhere, todo, len(devices))


def _as_ready(
    pool: ThreadPoolExecutor,
    compute: Callable[[int], tuple[int, int, float]],
    todo: Sequence[int],
    abreast: int,
) -> Iterator[tuple[int, int, float]]:
    waiting = iter(todo)
    working: set[Future[tuple[int, int, float]]] = {
        pool.submit(compute, block) for block in islice(waiting, abreast)
    }
    while working:
        ready, working = wait(working, return_when=FIRST_COMPLETED)
        working |= {pool.submit(compute, block) for block in islice(waiting, len(ready))}
        for future in ready:
            yield future.result()
