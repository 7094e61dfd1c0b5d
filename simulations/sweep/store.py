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
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import theory
from simulations.sweep.blocks import Plan, digest_of, size
from theory.artefacts import clear_unfinished, environment, read_json, write_json, write_whole
from theory.errors import UserError

_RECORD: Final = "sweep.json"
_SWEEP, _BLOCK, _VERSIONS, _SHA256 = "sweep", "block", "versions", "sha256 of "
# Changes of these may change how numbers are rounded.
_PACKAGES: Final = ("jax", "jaxlib", "numpy")
# What reading a damaged file may raise: of the format, of the system, and of text in it.
_DAMAGE: Final = (pa.ArrowException, OSError, LookupError, ValueError, MemoryError, OverflowError)


@dataclass(frozen=True)
class Record:
    """What ``sweep.json`` says, as far as blocks are read by it.

    Attributes:
        digest: hash of what is swept.
        rows: of all blocks together.
        rows_per_block: of every block but the last.
        versions: of the code and of the libraries below it, each that computed blocks; the last
            is that which goes on.
        settings: what is swept, as :meth:`simulations.sweep.blocks.Plan.as_json` says.

    """

    digest: str
    rows: int
    rows_per_block: int
    versions: tuple[str, ...]
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, plan: Plan, versions: str, earlier: "Record | None" = None) -> Self:
        """Return the record of a sweep that ``versions`` go on with."""
        others = () if earlier is None else tuple(v for v in earlier.versions if v != versions)
        settings = plan.as_json()
        return cls(
            plan.digest,
            settings["rows"],
            settings["rows_per_block"],
            (*others, versions),
            settings,
        )

    @property
    def blocks(self) -> int:
        """How many there are."""
        return -(-self.rows // self.rows_per_block)

    def rows_of(self, block: int) -> int:
        """Return how many rows a block has."""
        return min(self.rows_per_block, self.rows - block * self.rows_per_block)

    @property
    def names(self) -> list[str]:
        """The swept parameters and the columns, in the order in which they are written."""
        return [axis["name"] for axis in self.settings["axes"]] + list(self.settings["columns"])


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


def begun(folder: Path) -> Record | None:
    """Return the record of the sweep in a folder, or None if there is none.

    Raises:
        UserError: there is a file of that name that is something else.

    """
    path = folder / _RECORD
    if not path.exists():
        return None
    data = read_json(path)
    try:
        settings, versions = data["settings"], tuple(data["versions"])
        if data["digest"] == digest_of(settings) and versions:
            return Record(
                data["digest"], settings["rows"], settings["rows_per_block"], versions, settings
            )
    except (KeyError, TypeError):
        pass
    raise UserError(
        f"{path}: expected the record of a sweep, got something else, or one that was changed. "
        "Choose another folder, or delete the file and run again: whole blocks are kept."
    )


def require_same(earlier: Record, plan: Plan, folder: Path) -> None:
    """Check that the sweep in a folder is the one that is asked for.

    Raises:
        UserError: it is another; what differs is named.

    """
    there, here = dict(_told(earlier.settings)), dict(_told(plan.as_json()))
    # As they are written: 0 and −0 are equal numbers.
    different = [n for n in {**there, **here} if repr(there.get(n)) != repr(here.get(n))]
    if different or earlier.digest != plan.digest:
        told = "; ".join(_difference(name, there.get(name), here.get(name)) for name in different)
        raise UserError(
            f"{folder} holds another sweep. "
            f"{told or 'Its axes, settings or columns are in another order'}. "
            "Choose another folder."
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
    found = environment()
    versions = _versions(found)
    earlier = begun(folder)
    if earlier is not None:
        require_same(earlier, plan, folder)
        if not accept_versions:
            _require_version(earlier, versions, folder)
    record = Record.of(plan, versions, earlier)
    if record != earlier:
        data = {
            "digest": record.digest,
            "versions": record.versions,
            "settings": record.settings,
            "environment": found,
        }
        write_json(folder / _RECORD, data)
    return Store(folder, record)


def opened_by_job(folder: Path, plan: Plan) -> Store:
    """Return the store of a folder that :func:`opened` made, for one of several jobs on it.

    Raises:
        UserError: the folder holds another sweep, or the node's versions are not those of the
            process that made it.

    """
    earlier = begun(folder)
    versions = _versions(environment())
    if earlier is None:
        raise UserError(f"expected a sweep in {folder}, got none. Start it again.")
    require_same(earlier, plan, folder)
    _require_version(earlier, versions, folder)
    return Store(folder, Record.of(plan, versions, earlier))


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
        raise UserError(f"expected a sweep in {folder}, but it has no {_RECORD}. Run it first.")
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


def _versions(found: Mapping[str, Any]) -> str:
    libraries = (f"{name} {found['packages'][name]}" for name in _PACKAGES)
    return ", ".join((f"code {_code_digest()}", *libraries))


def _code_digest() -> str:
    """Hash of all code that results may depend on, committed or not; other commits keep it."""
    root = Path(theory.__file__).parent.parent
    sha = hashlib.sha256()
    for package in ("theory", "simulations"):
        for path in sorted((root / package).rglob("*.py")):
            sha.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes() + b"\0")
    return sha.hexdigest()[:12]


def _require_version(earlier: Record, versions: str, folder: Path) -> None:
    if versions not in earlier.versions:
        raise UserError(
            f"{folder} was computed by other versions, so that going on might not give what one "
            f"run gives. {earlier.versions[-1]} there, {versions} here. Choose another folder, or "
            "accept both."
        )


def _told(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the name and value of each thing that a sweep may differ in."""
    yield "what is computed", settings["computation"]
    for axis in settings["axes"]:
        yield f"axis {axis['name']}", _listed(axis)
    yield from settings["fixed"].items()
    yield "columns", settings["columns"]
    yield "rows_per_block", settings["rows_per_block"]


def _listed(axis: Mapping[str, Any]) -> Sequence[Any]:
    if "values" in axis:
        return axis["values"]
    # The ends are both included.
    return range(axis["first"], axis["last"] + axis["step"], axis["step"])


def _difference(name: str, there: Any, here: Any) -> str:
    if name.startswith("axis ") and there is not None and here is not None:
        place = next(
            (i for i, (a, b) in enumerate(zip(there, here, strict=False)) if repr(a) != repr(b)),
            min(len(there), len(here)),
        )
        values = (axis[place] if place < len(axis) else "no more" for axis in (there, here))
        sizes = f"{len(there)} values there, {len(here)} asked for"
        return f"{name}: {sizes}; value {place + 1}: {next(values)} there, {next(values)} asked for"
    return f"{name}: {_shortened(there)} there, {_shortened(here)} asked for"


def _shortened(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:40]} … {text[-10:]}"


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
