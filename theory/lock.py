"""A folder that is in use by a process, told to others by the process's number and host."""

import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from theory.artefacts import ensure_writable
from theory.errors import UserError

LOCK = "lock"
"""Name of the file that stands for a folder's lock, unless another is given."""


@contextmanager
def locked(folder: Path, name: str = LOCK, *, shared: bool = False) -> Iterator[None]:
    """Hold a lock on a folder, made if needed, against other processes, on any node.

    The lock is the kernel's, so it ends with the process, however that ends.

    Args:
        folder: what is locked.
        name: of the file that stands for the lock.
        shared: whether others may hold it too, if they also share it.

    Raises:
        UserError: another process holds it (named by id and host; of several that share it, the
            last to come), or the folder cannot be written or locked.

    """
    ensure_writable(folder)
    with (folder / name).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"{folder} is in use by {_holder(file)}. Wait until it ends, or end it."
            ) from error
        except OSError as error:
            raise UserError(
                f"cannot lock {folder}: {error.strerror or error}. Choose a folder on another disk."
            ) from error
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()}")
        file.flush()
        yield


def _holder(file: IO[str]) -> str:
    file.seek(0)
    return file.read() or "another process"
