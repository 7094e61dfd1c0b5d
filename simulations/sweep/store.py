"""A sweep's folder: what it is, and its blocks.

``sweep.json`` says what is swept and by which versions of the code. ``block-00000.parquet`` and on
are the blocks: the points and their columns, in the order of the rows. Each carries the hash of the
sweep, its number, the versions that computed it, and a hash of each column's numbers, which are
compared with what is read: the format's own checksums leave out the part of a file that says where
its columns are. A file that is cut off, damaged or from elsewhere is therefore told from a block,
and counts as missing.
"""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from simulations.sweep.blocks import Plan, size
from simulations.sweep.record import RECORD, Record, begun, record_for_job, recorded
from theory.common.errors import UserError
from theory.common.files import clear_unfinished, write_whole

_SWEEP, _BLOCK, _VERSIONS, _SHA256 = "sweep", "block", "versions", "sha256 of "
# What reading a damaged file may raise: of the format, of the system, and of text in it.
_DAMAGE: Final = (pa.ArrowException, OSError, LookupError, ValueError, MemoryError, OverflowError)


@dataclass(frozen=True)
class Store:
    """The blocks of a sweep in its folder.

    Attributes:
        folder: where they are.
        record: what they belong to.

    """

    folder: Path
    record: Record

    def path(self, block: int) -> Path:
        """Return where a block is."""
        return self.folder / f"block-{block:05}.parquet"

    def missing(self, blocks: Iterable[int]) -> list[int]:
        """Return those of ``blocks`` that are not there whole; reads all others."""
        return [block for block in blocks if self.read(block) is None]

    def write(self, block: int, columns: Mapping[str, np.ndarray]) -> None:
        """Write a block whole, by the last of the record's versions.

        Raises:
            UserError: the folder cannot be written.

        """
        metadata = {
            _SWEEP: self.record.digest,
            _BLOCK: str(block),
            _VERSIONS: self.record.versions[-1],
            **{_SHA256 + name: _sha256(values) for name, values in columns.items()},
        }
        table = _table(columns).replace_schema_metadata(metadata)
        write_whole(
            self.path(block),
            lambda part: pq.write_table(
                table,
                part,
                compression="zstd",
                # A dictionary of results that all differ would take more than the results.
                use_dictionary=[axis["name"] for axis in self.record.settings["axes"]],
                write_statistics=False,
            ),
        )

    def read(self, block: int, names: Sequence[str] | None = None) -> dict[str, np.ndarray] | None:
        """Return the columns of a block, or some of them; None if it is not there whole."""
        names = self.record.names if names is None else names
        try:
            with pq.ParquetFile(self.path(block)) as file:
                metadata = _decoded(file.schema_arrow.metadata)
                table = file.read(names, use_threads=False)
            table.validate(full=True)
            columns = {name: _array(table[name]) for name in names}
        except _DAMAGE:
            return None
        whole = all(_sha256(values) == metadata.get(_SHA256 + n) for n, values in columns.items())
        return columns if whole and self._is_ours(metadata, block) else None

    def _is_ours(self, metadata: Mapping[str, str], block: int) -> bool:
        return (
            metadata.get(_SWEEP) == self.record.digest
            and metadata.get(_BLOCK) == str(block)
            and metadata.get(_VERSIONS) in self.record.versions
        )


def opened(folder: Path, plan: Plan, *, accept_versions: bool = False) -> Store:
    """Make or recognise the folder of a sweep; call it with the lock held.

    Args:
        folder: where the blocks are to be; what a killed process was writing there is deleted.
        plan: what is swept.
        accept_versions: whether blocks that other versions of the code computed are kept.

    Raises:
        UserError: the folder is another sweep's, or other versions computed its blocks (the
            differences are named), or it cannot be written.

    """
    clear_unfinished(folder)
    return Store(folder, recorded(folder, plan, accept_versions=accept_versions))


def opened_by_job(folder: Path, plan: Plan) -> Store:
    """Return the store of a folder that :func:`opened` made, for one of several jobs on it.

    Raises:
        UserError: the folder holds another sweep, or the node's versions are not those of the
            process that made it.

    """
    return Store(folder, record_for_job(folder, plan))


def read_blocks(
    folder: Path, names: Sequence[str] | None = None
) -> Iterator[dict[str, np.ndarray]]:
    """Yield the columns of each block of a finished sweep, in the order of the rows.

    Args:
        folder: of the sweep.
        names: of columns and of swept parameters; all, if None.

    Raises:
        UserError: there is no sweep, it is not finished, or it has no such column.

    """
    record = begun(folder)
    if record is None:
        raise UserError(f"expected a sweep in {folder}, but it has no {RECORD}. Run it first.")
    unknown = [name for name in names or () if name not in record.names]
    if unknown:
        raise UserError(
            f"{folder}: no column {', '.join(unknown)}; expected {', '.join(record.names)}"
        )
    store = Store(folder, record)
    for block in range(record.blocks):
        columns = store.read(block, names)
        if columns is None:
            raise UserError(
                f"expected {record.blocks} blocks in {folder}, got {store.path(block).name} "
                "missing or damaged. Run the sweep again; it computes what is missing."
            )
        yield columns


def read_columns(folder: Path, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Return the columns of a finished sweep, each of shape (rows,) or (rows, length).

    Raises:
        UserError: as :func:`read_blocks` does.

    """
    blocks = list(read_blocks(folder, names))
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def require_disk(folder: Path, plan: Plan, share: float = 1) -> None:
    """Check that what is to be written fits on the disk.

    Args:
        folder: where it is to be; it need not exist.
        plan: what is swept.
        share: of its blocks that are to be written, from 0 to 1.

    Raises:
        UserError: it does not fit; both sizes are named.

    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free
    needed = share * plan.bytes_on_disk
    if needed > free:
        raise UserError(
            f"expected a sweep that fits into the {size(free)} free at {there}, got "
            f"{plan.sweep.rows} points, which take about {size(needed)}. Take fewer points, or a "
            "folder on another disk."
        )


def _decoded(metadata: Mapping[bytes, bytes] | None) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in (metadata or {}).items()}


def _sha256(values: np.ndarray) -> str:
    """Hash of a column's type, shape and bits; of text, whatever room it is given."""
    text = values.dtype.kind == "U"
    bits = "\0".join(values.tolist()).encode() if text else np.ascontiguousarray(values).data
    sha = hashlib.sha256(f"{'text' if text else values.dtype.str} {values.shape} ".encode())
    sha.update(bits)
    return sha.hexdigest()


def _table(columns: Mapping[str, np.ndarray]) -> pa.Table:
    arrays = [_arrow(values) for values in columns.values()]
    fields = [
        pa.field(name, array.type, nullable=False)
        for name, array in zip(columns, arrays, strict=True)
    ]
    return pa.table(arrays, schema=pa.schema(fields))


def _arrow(values: np.ndarray) -> pa.Array:
    if values.ndim == 1:
        return pa.array(values)
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _array(column: pa.ChunkedArray) -> np.ndarray:
    array = column.combine_chunks()
    if pa.types.is_fixed_size_list(array.type):
        return array.flatten().to_numpy(zero_copy_only=False).reshape(-1, array.type.list_size)
    values = array.to_numpy(zero_copy_only=False)
    return values.astype(np.str_) if pa.types.is_string(array.type) else values
