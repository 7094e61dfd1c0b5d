"""Result files: written whole or not at all."""

import errno
import fcntl
import json
import math
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from theory.common.errors import UserError

_PART = ".part-"
# No space left, over the quota, or over the limit on a file's size.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def _as_user_error(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedy = (
            "Make room there and give the same command again; what was there before is whole."
            if error.errno in _NO_ROOM
            else "Name a folder that can be written, with --out."
        )
        raise UserError(f"cannot write {path}: {error.strerror or error}. {remedy}") from error


def ensure_writable(folder: Path) -> None:
    """Make a folder, and check that files can be made in it, before long work starts.

    Raises:
        UserError: the folder cannot be made or written.

    """
    with _as_user_error(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass


def ensure_writable_file(path: Path) -> None:
    """Check that a file can be written at ``path``, before long work starts.

    Raises:
        UserError: the path is a folder, or its folder cannot be made or written.

    """
    if path.is_dir():
        raise UserError(f"cannot write {path}: it is a folder. Name a file, with --out.")
    ensure_writable(path.parent)


def beside(evidence: Path, name: str) -> Path:
    """Return a path for what belongs to one evidence file, which no other file shares.

    That of ``evidence.json`` is ``name``; others have the file's name before it.
    """
    plain = evidence.name == "evidence.json"
    return evidence.with_name(name if plain else f"{evidence.name}.{name}")


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Let ``write`` make a file beside ``path``, then move it into place in one step.

    An interruption leaves either the earlier file or the new one, never a part under its name. What
    a killed process left of a file is deleted when the next is written in the folder. Whoever may
    read files that are made there may read this one, however ``write`` makes it: some libraries
    write a private file and then rename it.

    Raises:
        UserError: the folder cannot be made or written.

    """
    with _as_user_error(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_unfinished(path.parent)
        with (
            _locked(path.parent, fcntl.LOCK_SH),
            tempfile.TemporaryDirectory(dir=path.parent, prefix=_PART) as scratch,
        ):
            part = Path(scratch) / path.name
            part.touch()
            mode = stat.S_IMODE(part.stat().st_mode)
            part.unlink()
            write(part)
            part.chmod(mode)
            part.replace(path)


@contextmanager
def replaced_whole(folder: Path, *, last: str) -> Iterator[Path]:
    """Give an empty folder to write files in, which are moved to ``folder`` at the end, or none is.

    A block that fails leaves what was there, as does a move that fails: the others are undone. The
    old file named ``last`` is taken away before any other is moved, and the new one comes after all
    others: where a kill between two moves leaves old files beside new ones, it is missing.

    Args:
        folder: made, if needed.
        last: of the files that stand for all, such as a report; relative to ``folder``.

    Raises:
        UserError: the folder cannot be made or written.

    """
    ensure_writable(folder)
    with _locked(folder, fcntl.LOCK_SH), ExitStack() as scratches:
        with _as_user_error(folder):
            scratch = tempfile.TemporaryDirectory(
                dir=folder, prefix=_PART, ignore_cleanup_errors=True
            )
            new, old = (Path(scratches.enter_context(scratch), name) for name in ("new", "old"))
            new.mkdir()
        yield new
        with _as_user_error(folder):
            _move_in(new, old, folder, Path(last))


def _move_in(new: Path, old: Path, folder: Path, last: Path) -> None:
    names = sorted(path.relative_to(new) for path in new.rglob("*") if path.is_file())
    for name in names:  # what needs room comes before anything is moved
        for place in (old, folder):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
    away = [(folder / name, old / name) for name in names if (folder / name).exists()]
    moves = [(new / name, folder / name) for name in names]
    away.sort(key=lambda move: move[0] != folder / last)
    moves.sort(key=lambda move: move[1] == folder / last)
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in (*away, *moves):
            source.rename(target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            target.rename(source)
        raise


def clear_unfinished(folder: Path) -> None:
    """Delete what killed processes left of files that :func:`write_whole` was making in a folder.

    While any process is writing there, nothing is deleted, as that might be what it writes.

    Raises:
        UserError: the folder cannot be read or written.

    """
    with _as_user_error(folder):
        if folder.is_dir():
            with _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB) as alone:
                for part in folder.glob(f"{_PART}*") if alone else ():
                    shutil.rmtree(part)


@contextmanager
def _locked(folder: Path, how: int) -> Iterator[bool]:
    """Hold the kernel's lock on a folder itself, which ends with the process, if it can be had.

    Some disks have no such locks. Files are written whole there too, but parts are not cleared.
    """
    with ExitStack() as held:
        try:
            descriptor = os.open(folder, os.O_RDONLY)
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, how)
            has = True
        except OSError:
            has = False
        yield has


def write_json(path: Path, data: Any) -> None:
    """Write strict JSON whole: NaN and infinities, which it does not have, become null.

    Raises:
        UserError: the folder cannot be made or written.
        TypeError: something in ``data`` is neither JSON nor an array or number of numpy.

    """
    write_text(path, json_text(data))


def write_text(path: Path, text: str) -> None:
    """Write a text file whole."""
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def json_text(data: Any) -> str:
    """Return ``data`` as the text of a JSON file; raises as :func:`write_json`."""
    return json.dumps(as_json(data), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_json(data: Any) -> Any:
    """Return ``data`` with arrays as lists and with null for every number that is not finite."""
    match data:
        case Mapping():
            return {key: as_json(value) for key, value in data.items()}
        case list() | tuple():
            return [as_json(value) for value in data]
        case float():
            return float(data) if math.isfinite(data) else None
    # Numbers and arrays of numpy, without its being needed here.
    return as_json(data.tolist()) if hasattr(data, "tolist") else data


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        UserError: the file cannot be read or is not JSON; NaN and infinities are not.

    """
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}.") from error
    except ValueError as error:
        raise UserError(
            f"{path}: expected JSON, got {error}. Delete the file and run again."
        ) from error


def _refuse(constant: str) -> Any:
    raise ValueError(f"the constant {constant}")
