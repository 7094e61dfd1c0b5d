"""The sweeps of one question: run one after the other, and read by combination."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from simulations.sweep.blocks import Computation
from simulations.sweep.grid import Sweep
from simulations.sweep.run import run_sweep
from simulations.sweep.store import read_columns
from theory.common.progress import Progress

Columns = dict[str, np.ndarray]


def columns_of(
    asked: Mapping[str, tuple[Computation, Sweep]],
    folder: Path,
    device: str,
    progress: Progress,
) -> dict[str, Columns]:
    """Run the sweeps, or what is missing of them, and return their columns, by name.

    Args:
        asked: what is computed, and at which points.
        folder: of the sweeps, each in a folder of its name, with underscores for spaces.
        device: ``auto``, ``cpu`` or ``gpu``.
        progress: called with the number of points done of all sweeps, and their total.

    Raises:
        UserError: the folder holds sweeps of other settings or of other code, or cannot be
            written; or a sweep does not fit into memory or on the disk.

    """
    total, before = sum(sweep.rows for _, sweep in asked.values()), 0
    found = {}
    for name, (computation, sweep) in asked.items():
        place = folder / name.replace(" ", "_")

        def tell(done: int, _: int, before: int = before) -> None:
            progress(before + done, total)

        run_sweep(computation, sweep, place, device=device, progress=tell)
        found[name] = read_columns(place)
        before += sweep.rows
    return found


def combinations(sweep: Sweep, columns: Columns) -> Iterator[tuple[dict[str, Any], Columns]]:
    """Yield what a sweep with seeds varies, and the columns of all seeds there.

    The seeds of one combination are neighbours.
    """
    seeds = len(sweep.seeds)
    for first in range(0, sweep.rows, seeds):
        at = {axis.name: columns[axis.name][first].item() for axis in sweep.axes}
        yield at, {name: values[first : first + seeds] for name, values in columns.items()}
