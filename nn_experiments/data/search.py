"""Where a published data set's files are: a folder of one's own, the system's, or the cache."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nn_experiments.data.published import Published
from theory.errors import UserError

VARIABLE = "THEORY_FIRST_DATA"
"""Environment variable that names a folder with data sets."""
_CACHE = "theory-first-verifier"


@dataclass(frozen=True)
class Place:
    """A folder that holds a data set, and how.

    Attributes:
        folder: below it are ``paths``.
        paths: all that are needed, in the order of the published ones.
        packed: they are one archive.

    """

    folder: Path
    paths: tuple[Path, ...]
    packed: bool = False


def find(data_set: Published, data_dir: Path | None = None) -> Place | None:
    """Return the first place that holds all of a data set, or none.

    Looked into are: ``data_dir``, the folder that ``THEORY_FIRST_DATA`` names, where a package of
    the operating system installs the data set, and the cache; in each of them, those below it
    with the data set's name and then the folder itself.

    Raises:
        UserError: ``data_dir`` or what the variable names is not a folder, or one cannot be looked
            into.

    """
    places = (held(data_set, folder) for folder in folders(data_set, data_dir))
    return next((place for place in places if place), None)


def held(data_set: Published, folder: Path) -> Place | None:
    """Return how one folder holds all of a data set, unpacked rather than packed, or none.

    Raises:
        UserError: the folder cannot be looked into.

    """
    unpacked = tuple(folder / path for path in data_set.unpacked)
    try:
        if unpacked and all(path.exists() for path in unpacked):
            return Place(folder, unpacked)
        files = tuple(_plain_or_compressed(folder / file.name) for file in data_set.files)
        if all(path.is_file() for path in files):
            return Place(folder, files, packed=data_set.archive is not None)
    except OSError as error:
        raise UserError(
            f"cannot look into {folder}: {error.strerror or error}. Name another folder."
        ) from error
    return None


def folders(data_set: Published, data_dir: Path | None = None) -> list[Path]:
    """Return all folders that :func:`find` looks into, in its order; some may not exist.

    Raises:
        UserError: ``data_dir`` or what the variable names is not a folder.

    """
    roots = [root for root in (data_dir, _from_environment()) if root is not None]
    for root in roots:
        if root.exists() and not root.is_dir():
            raise UserError(
                f"{root}: expected a folder with data sets, got a file. Name its folder."
            )
    own = [folder for root in roots for folder in (*_below(root, data_set), root)]
    system = [data_set.installed] if data_set.installed else []
    return [*own, *system, *_below(_cache(), data_set)]


def own_folder(data_set: Published, data_dir: Path | None = None) -> Path:
    """Return where downloads go: below ``data_dir``, else the variable's folder, else the cache."""
    return (data_dir or _from_environment() or _cache()) / data_set.folders[0]


def cache_folder(data_set: Published) -> Path:
    """Return where the user's cache keeps a data set."""
    return _cache() / data_set.folders[0]


def _below(root: Path, data_set: Published) -> Iterator[Path]:
    return (root / folder for folder in data_set.folders)


def _plain_or_compressed(path: Path) -> Path:
    plain = path.with_suffix("")
    return plain if path.suffix == ".gz" and not path.is_file() and plain.is_file() else path


def _from_environment() -> Path | None:
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else None


def _cache() -> Path:
    import pooch

    return Path(pooch.os_cache(_CACHE))
