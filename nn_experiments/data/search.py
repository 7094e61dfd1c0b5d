"""Where a published data set's files are: a folder of one's own, the system's, or the cache."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from nn_experiments.data.published import Published
from theory.common.errors import UserError

VARIABLE = "THEORY_FIRST_DATA"
"""Environment variable that names a folder with data sets."""
_CACHE = "theory-first-verifier"

_Found = TypeVar("_Found")


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


@dataclass(frozen=True)
class Part:
    """A folder of the user's that holds some of a data set's files, but not all.

    Attributes:
        folder: below it they are.
        missing: paths below the folder, of those that are not there.
        published: what is missing are published files, rather than contents of an archive.

    """

    folder: Path
    missing: tuple[str, ...]
    published: bool


def find(data_set: Published, data_dir: Path | None = None) -> Place | Part | None:
    """Return the first place that holds all of a data set, or none.

    Looked into are: ``data_dir``, the folder that ``THEORY_FIRST_DATA`` names, where a package of
    the operating system installs the data set, and the cache; in each of them, those below it
    with the data set's name and then the folder itself.

    Where ``data_dir``, or what the variable names, holds a part of the data set, that part is
    returned, and no other copy is looked for: who named the folder would take it for this one.

    Raises:
        UserError: ``data_dir`` or what the variable names is not a folder, or one cannot be looked
            into.

    """
    for root in named(data_dir):
        candidates = _of_root(root, data_set)
        whole = _first(held(data_set, folder) for folder in candidates)
        found = whole or _first(held_in_part(data_set, folder) for folder in candidates)
        if found:
            return found
    return _first(held(data_set, folder) for folder in _others(data_set))


def incomplete(data_set: Published, part: Part) -> str:
    """Return what to say of a folder that lacks files."""
    return (
        f"{part.folder}: expected all of {data_set.name}, but {', '.join(part.missing)} "
        f"{'is' if len(part.missing) == 1 else 'are'} missing. Put what is missing there, or name "
        "another folder."
    )


def held(data_set: Published, folder: Path) -> Place | None:
    """Return how one folder holds all of a data set, unpacked rather than packed, or none.

    Raises:
        UserError: the folder cannot be looked into.

    """
    unpacked = tuple(folder / path for path in data_set.unpacked)
    with _looking_into(folder):
        if unpacked and all(path.exists() for path in unpacked):
            return Place(folder, unpacked)
        files = tuple(_plain_or_compressed(folder / file.name) for file in data_set.files)
        if all(path.is_file() for path in files):
            return Place(folder, files, packed=data_set.archive is not None)
    return None


def held_in_part(data_set: Published, folder: Path) -> Part | None:
    """Return what a folder lacks of a data set, if it has some of its files, or none.

    Raises:
        UserError: the folder cannot be looked into.

    """
    with _looking_into(folder):
        missing = [path for path in data_set.unpacked if not (folder / path).exists()]
        if 0 < len(missing) < len(data_set.unpacked):
            return Part(folder, tuple(missing), published=False)
        names = [file.name for file in data_set.files]
        missing = [name for name in names if not _plain_or_compressed(folder / name).is_file()]
        if 0 < len(missing) < len(names):
            return Part(folder, tuple(missing), published=True)
    return None


@contextmanager
def _looking_into(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(
            f"cannot look into {folder}: {error.strerror or error}. Name another folder."
        ) from error


def folders(data_set: Published, data_dir: Path | None = None) -> list[Path]:
    """Return all folders that :func:`find` looks into, in its order; some may not exist.

    Raises:
        UserError: ``data_dir`` or what the variable names is not a folder.

    """
    own = [folder for root in named(data_dir) for folder in _of_root(root, data_set)]
    return [*own, *_others(data_set)]


def named(data_dir: Path | None) -> list[Path]:
    """Return the folders that the user named: ``data_dir``, and the variable's.

    Raises:
        UserError: one of them is not a folder.

    """
    roots = [root for root in (data_dir, _from_environment()) if root is not None]
    for root in roots:
        if root.exists() and not root.is_dir():
            raise UserError(
                f"{root}: expected a folder with data sets, got a file. Name its folder."
            )
    return roots


def _of_root(root: Path, data_set: Published) -> list[Path]:
    return [*_below(root, data_set), root]


def _others(data_set: Published) -> list[Path]:
    """Return where a data set may be without the user's saying so."""
    system = [data_set.installed] if data_set.installed else []
    return [*system, *_below(_cache(), data_set)]


def _first(found: Iterable[_Found | None]) -> _Found | None:
    return next(filter(None, found), None)


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
