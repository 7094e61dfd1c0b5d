"""Archives, unpacked whole or not at all, and never outside the folder."""

from __future__ import annotations

import stat
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from theory.common.errors import UserError

_CHUNK_BYTES = 1 << 20


def unpack(archive: Path, wanted: str, folder: Path, nested: str = "") -> None:
    """Unpack a .zip or (compressed) .tar archive, and move one of its entries to a folder.

    Only files and folders are unpacked. An archive with a link, a device, an absolute path or a
    path that leads outside the folder is refused whole.

    Args:
        archive: the file to unpack.
        wanted: the file or folder, at the archive's top, that is moved; the rest is dropped.
        folder: where it is moved to, unless it is there: another process may have been faster.
        nested: an archive in the archive, which is unpacked where it lies.

    Raises:
        UserError: the archive is damaged or refused, does not hold what is wanted, or cannot be
            unpacked there.

    """
    try:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".part-") as scratch:
            _extract(archive, Path(scratch))
            if nested:
                _extract(Path(scratch, nested), Path(scratch, nested).parent)
            _move(Path(scratch, wanted), folder / wanted, archive)
    except OSError as error:
        raise UserError(
            f"cannot unpack {archive} in {folder}: {error.strerror or error}. "
            "Free space there, or name another folder."
        ) from error


def _extract(archive: Path, folder: Path) -> None:
    try:
        if zipfile.is_zipfile(archive):
            _extract_zip(archive, folder)
        else:
            _extract_tar(archive, folder)
    except (
        tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError,
    ) as error:  # fmt: skip
        raise UserError(
            f"cannot unpack {archive.name}: {error}. Delete the file and get it again."
        ) from error


def _extract_tar(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as opened:
        for member in opened.getmembers():
            if not (member.isreg() or member.isdir()):
                raise _refused(archive, member.name, "is neither a file nor a folder")
            _check_path(archive, member.name)
        # Python before 3.11.4 has no filters; what they keep out has been refused above.
        filters: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        opened.extractall(folder, **filters)
        # tarfile stops where the entries end. The checksum of a compressed file comes after that.
        while opened.fileobj and opened.fileobj.read(_CHUNK_BYTES):
            pass


def _extract_zip(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        for entry in opened.infolist():
            kind = stat.S_IFMT(entry.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refused(archive, entry.filename, "is neither a file nor a folder")
            _check_path(archive, entry.filename)
        opened.extractall(folder)


def _check_path(archive: Path, name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise _refused(archive, name, "may lead outside the folder")


def _refused(archive: Path, name: str, why: str) -> UserError:
    return UserError(
        f"{archive.name}: expected files and folders only, got {name!r}, which {why}. "
        "Nothing was unpacked. Delete the archive and get it again."
    )


def _move(source: Path, target: Path, archive: Path) -> None:
    if not source.exists():
        raise UserError(
            f"{archive}: expected {source.name!r} in it, which is not there. "
            "Delete the archive and get it again."
        )
    try:
        source.rename(target)
    except OSError:
        if not target.exists():
            raise
