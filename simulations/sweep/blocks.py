"""What is computed at each point, and how a sweep is cut into blocks that fit into memory."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from simulations.engine.device import main_memory
from simulations.sweep.grid import Points, Sweep
from theory.common.errors import UserError

# A block is what a kill loses, and what progress is told by.
MOST_ROWS: Final = 2**18
# Each block is a file.
_MOST_BLOCKS: Final = 10**5
# A block may take this part of main memory, where nothing else is said.
_SHARE_OF_MEMORY: Final = 8
# Coded text takes four bytes a character in numpy; in a file less.
_BYTES_PER_FILE: Final = 2**14


@dataclass(frozen=True)
class Column:
    """One result at each point.

    Attributes:
        name: of the column.
        dtype: of its numbers: bool, integers or floats.
        length: None for one number a point, or how many, for an array of shape (n, length).

    """

    name: str
    dtype: DTypeLike
    length: int | None = None

    def shape(self, n: int) -> tuple[int, ...]:
        """Return the shape of the column of ``n`` points."""
        return (n,) if self.length is None else (n, self.length)

    @property
    def bytes_per_row(self) -> int:
        """Bytes of the numbers of one point."""
        return np.dtype(self.dtype).itemsize * math.prod(self.shape(1))


@dataclass(frozen=True)
class Computation:
    """What a question computes at the points of a sweep.

    Attributes:
        name: what the results are of; part of what a folder is recognised by.
        function: takes a block's points and returns the columns. It is a function of them alone:
            random numbers are drawn from a key made of each point's ``seed`` (and, where points
            should differ, of its row), never from a generator that goes on from block to block.
            Picklable, if blocks are computed in other processes.
        columns: what it returns.
        working_bytes: of memory that it takes for a point at its peak, without its points and its
            columns, which are counted twice. Putting groups together takes the columns once more.
        most_rows: in a block; also bounds what a kill loses.
        work: how much there is to do at some points, in proportion to which time is foretold.

    """

    name: str
    function: Callable[[Points], Mapping[str, ArrayLike]]
    columns: tuple[Column, ...]
    working_bytes: int = 0
    most_rows: int = MOST_ROWS
    work: Callable[[Points], float] = len

    def __call__(self, points: Points) -> dict[str, np.ndarray]:
        """Return the columns at ``points``.

        Raises:
            ValueError: the function returned other columns than it declares.

        """
        found = {name: np.asarray(values) for name, values in self.function(points).items()}
        expected = {c.name: (np.dtype(c.dtype), c.shape(len(points))) for c in self.columns}
        got = {name: (values.dtype, values.shape) for name, values in found.items()}
        if got != expected:
            raise ValueError(f"{self.name}: expected columns {expected}, got {got}")
        return {column.name: found[column.name] for column in self.columns}


@dataclass(frozen=True)
class Plan:
    """A sweep cut into blocks. What is computed in a block depends on nothing else.

    The same numbers may be rounded differently in arrays of another length, so the length of a
    block is part of what a result depends on, and a resumed sweep keeps it.

    Attributes:
        computation: what is computed.
        sweep: at which points.
        rows_per_block: of every block but the last.

    """

    computation: Computation
    sweep: Sweep
    rows_per_block: int

    @property
    def blocks(self) -> int:
        """How many there are."""
        return -(-self.sweep.rows // self.rows_per_block)

    def span(self, block: int) -> tuple[int, int]:
        """Return the first row of a block, and the first of the next."""
        first = block * self.rows_per_block
        return first, min(first + self.rows_per_block, self.sweep.rows)

    def points(self, block: int) -> Points:
        """Return the points of a block."""
        return self.sweep.points(*self.span(block))

    @property
    def bytes_on_disk(self) -> int:
        """Bytes that all files take at most."""
        return self.blocks * _BYTES_PER_FILE + self.sweep.rows * row_bytes(
            self.computation, self.sweep
        )

    def as_json(self) -> dict[str, Any]:
        """Return what the results depend on, but for versions and hardware."""
        return {
            "computation": self.computation.name,
            **self.sweep.as_json(),
            "columns": {
                c.name: [np.dtype(c.dtype).name, *([] if c.length is None else [c.length])]
                for c in self.computation.columns
            },
            "rows": self.sweep.rows,
            "rows_per_block": self.rows_per_block,
        }

    @cached_property
    def digest(self) -> str:
        """Hash of :meth:`as_json`, which every block carries."""
        return digest_of(self.as_json())


def digest_of(settings: Mapping[str, Any]) -> str:
    """Return the hash of what :meth:`Plan.as_json` says, as it is or read from a file."""
    canonical = json.dumps(settings, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def row_bytes(computation: Computation, sweep: Sweep) -> int:
    """Return the bytes of one row of the result: its point and its columns."""
    point = sum(axis.at(np.zeros(1, np.int64)).itemsize for axis in sweep.all_axes)
    return point + sum(column.bytes_per_row for column in computation.columns)


def planned(
    computation: Computation,
    sweep: Sweep,
    *,
    memory: int | None = None,
    rows_per_block: int | None = None,
) -> Plan:
    """Cut a sweep into blocks of nearly equal size.

    Args:
        computation: what is computed.
        sweep: at which points.
        memory: bytes that a block may take; an eighth of the machine's main memory, if None. As
            many blocks are in work at once as there are devices.
        rows_per_block: of a sweep that was begun, if it is one.

    Raises:
        UserError: a block does not fit into ``memory``.
        ValueError: two columns, or a column and a swept parameter, have one name.

    """
    names = [axis.name for axis in sweep.all_axes] + [c.name for c in computation.columns]
    if len(set(names)) < len(names):
        raise ValueError(f"{computation.name}: expected columns of different names, got {names}")
    memory = main_memory() // _SHARE_OF_MEMORY if memory is None else memory
    # Points and columns are there as arrays of numpy and of the file.
    each = computation.working_bytes + 2 * row_bytes(computation, sweep) + np.dtype("i8").itemsize
    fitting = memory // each
    if fitting < (rows_per_block or 1):
        raise UserError(
            f"expected blocks that fit into {size(memory)} of memory, got {rows_per_block or 1} "
            f"points that take about {size((rows_per_block or 1) * each)}. Take points that need "
            "less memory, or a machine with more"
            + (", or choose another folder" if rows_per_block else "")
        )
    if rows_per_block is None:
        blocks = -(-sweep.rows // min(fitting, computation.most_rows))
        rows_per_block = -(-sweep.rows // blocks)
    return Plan(computation, sweep, rows_per_block)


def require_few(plan: Plan) -> None:
    """Check that the blocks of a sweep, each of which is a file, are not too many.

    Raises:
        UserError: they are; the message says what they would take on the disk.

    """
    if plan.blocks > _MOST_BLOCKS:
        raise UserError(
            f"expected at most {_MOST_BLOCKS} blocks, each a file, got {plan.sweep.rows} points in "
            f"{plan.blocks} blocks of {plan.rows_per_block}, up to {size(plan.bytes_on_disk)}. "
            "Take fewer points, or points of less work or memory, of which a block holds more."
        )


def size(number_of_bytes: float) -> str:
    """Return a number of bytes as people read it."""
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if number_of_bytes < 1000:
            return f"{number_of_bytes:.3g} {unit}"
        number_of_bytes /= 1024
    return f"{number_of_bytes:.3g} PiB"
