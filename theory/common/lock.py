"""A folder that is in use by a process, told to others by the process's number and host."""

import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from theory.common.errors import UserError
from theory.common.files import ensure_writable

LOCK = "lock"
"""Name of the file that stands for a folder's lock, unless another is given."""


@contextmanager
def locked(folder: Path, name: str = LOCK, *, shared: bool = False) -> Iterator[None]:
    """Hold a lock on a folder, made if needed, against other processes, on any node.

    The lock is the kernel's, so it ends with the process, however that ends. Its file is deleted
    when a process that alone held the lock is done; one that was killed, or that shared it, leaves
    the file to the next that holds it alone.

    Args:
        folder: what is locked.
        name: of the file that stands for the lock.
        shared: whether others may hold it too, if they also share it.

    Raises:
        UserError: another process holds it (named by id and host; of several that share it, the
            last to come), or the folder cannot be written or locked.

    """
    ensure_writable(folder)
    path = folder / name
    with _held(path, fcntl.LOCK_SH if shared else fcntl.LOCK_EX) as file:
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
        try:
            yield
        finally:
            # Only who holds it alone deletes it: then nobody can hold the file that goes.
            if not shared and _is_at(file, path):
                path.unlink()


@contextmanager
def _held(path: Path, kind: int) -> Iterator[IO[str]]:
    """Provide the file at ``path``, made if needed, with a lock on it."""
    while True:
        with path.open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UserError(
                    f"{path.parent} is in use by {_holder(file)}. Wait until it ends, or end it."
                ) from error
            except OSError as error:
                raise UserError(
                    f"cannot lock {path.parent}: {error.strerror or error}. Choose a folder on "
                    "another disk."
                ) from error
            # Between opening and locking, who held it may have deleted it: others would lock
            # another file of that name.
            if _is_at(file, path):
                yield file
                return


def _is_at(file: IO[str], path: Path) -> bool:
    """Whether an open file is that which is at a path, which may have been deleted or replaced."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def _holder(file: IO[str]) -> str:
    file.seek(0)
    return file.read() or "another process"
