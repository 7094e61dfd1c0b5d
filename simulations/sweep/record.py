"""What ``sweep.json`` says: what is swept, and which versions of the code computed its blocks."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

from simulations.sweep.blocks import Computation, Plan, digest_of
from theory.common.code import code_digest
from theory.common.environment import environment
from theory.common.errors import UserError
from theory.common.files import read_json, write_json
from theory.common.settings import differences

RECORD: Final = "sweep.json"
# Changes of these may change how numbers are rounded.
_PACKAGES: Final = ("jax", "jaxlib", "numpy")


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


def begun(folder: Path) -> Record | None:
    """Return the record of the sweep in a folder, or None if there is none.

    Raises:
        UserError: there is a file of that name that is something else.

    """
    path = folder / RECORD
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
    told = "; ".join(differences(_told(earlier.settings), _told(plan.as_json())))
    if told or earlier.digest != plan.digest:
        raise UserError(
            f"{folder} holds another sweep. "
            f"{told or 'Its axes, settings or columns are in another order'}. "
            "Choose another folder."
        )


def recorded(folder: Path, plan: Plan, *, accept_versions: bool = False) -> Record:
    """Write that these versions go on with a sweep, if it is not written yet; return the record.

    Args:
        folder: of the sweep; a new one, if it has no record.
        plan: what is swept.
        accept_versions: whether blocks that other versions of the code computed are kept.

    Raises:
        UserError: as :func:`simulations.sweep.store.opened` does.

    """
    found = environment()
    versions = _versions(found, plan)
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
        write_json(folder / RECORD, data)
    return record


def record_for_job(folder: Path, plan: Plan) -> Record:
    """Return the record that is there, for one of several jobs on a sweep; write nothing.

    Raises:
        UserError: as :func:`simulations.sweep.store.opened_by_job` does.

    """
    earlier = begun(folder)
    versions = _versions(environment(), plan)
    if earlier is None:
        raise UserError(f"expected a sweep in {folder}, got none. Start it again.")
    require_same(earlier, plan, folder)
    _require_version(earlier, versions, folder)
    return Record.of(plan, versions, earlier)


def _versions(found: Mapping[str, Any], plan: Plan) -> str:
    libraries = (f"{name} {found['packages'][name]}" for name in _PACKAGES)
    return ", ".join((f"code {_code_digest(plan.computation)}", *libraries))


def _code_digest(computation: Computation) -> str:
    """Hash of the code that results depend on, committed or not; other commits keep it."""
    function: Any = computation.function
    while isinstance(function, partial):
        function = function.func
    return code_digest(Path(inspect.getfile(function)).resolve())


def _require_version(earlier: Record, versions: str, folder: Path) -> None:
    if versions not in earlier.versions:
        raise UserError(
            f"{folder} was computed by other versions, so that going on might not give what one "
            f"run gives. {earlier.versions[-1]} there, {versions} here. Choose another folder, or "
            "accept both."
        )


def _told(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of each thing that a sweep may differ in, by its name in a message."""
    axes = {f"axis {axis['name']}": _listed(axis) for axis in settings["axes"]}
    what = {"what is computed": settings["computation"]}
    rest = {name: settings[name] for name in ("columns", "rows_per_block")}
    return {**what, **axes, **settings["fixed"], **rest}


def _listed(axis: Mapping[str, Any]) -> Sequence[Any]:
    if "values" in axis:
        return list(axis["values"])
    # The ends are both included.
    return range(axis["first"], axis["last"] + axis["step"], axis["step"])
