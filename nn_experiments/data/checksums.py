"""Checksums of published files, written ``sha256:…`` or ``md5:…``."""

from __future__ import annotations

import hashlib
from pathlib import Path

from nn_experiments.data.published import PublishedFile
from theory.common.errors import UserError


def verify(path: Path, file: PublishedFile) -> None:
    """Check that a file is the published one, by its size and checksum.

    Raises:
        UserError: it is another one, or cannot be read.

    """
    try:
        size = path.stat().st_size
        if file.size is not None and size != file.size:
            raise _mismatch(path, f"{file.size:,} bytes", f"{size:,} bytes")
        with path.open("rb") as opened:
            algorithm = file.checksum.partition(":")[0]
            found = hashlib.file_digest(opened, algorithm).hexdigest()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}.") from error
    if f"{algorithm}:{found}" != file.checksum:
        raise _mismatch(path, f"the checksum {file.checksum}", f"{algorithm}:{found}")


def verify_contents(path: Path, contents: bytes | bytearray, checksum: str) -> None:
    """Check what was read from a file, and unpacked, against the published checksum.

    Raises:
        UserError: it is something else.

    """
    algorithm = checksum.partition(":")[0]
    found = hashlib.new(algorithm, contents).hexdigest()
    if f"{algorithm}:{found}" != checksum:
        raise _mismatch(path, f"contents with the checksum {checksum}", f"{algorithm}:{found}")


def _mismatch(path: Path, expected: str, got: str) -> UserError:
    return UserError(
        f"{path}: expected the published file, with {expected}, got {got}. It is damaged or "
        "another data set's. Get it again, or name another folder; images of your own are read "
        "as folder:PATH or idx:PATH."
    )
