"""Downloads with progress and checksums, through pooch: whole, verified files or none."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from nn_experiments.data.published import PublishedFile
from theory.common.console import console
from theory.common.errors import UserError

if TYPE_CHECKING:
    from requests import Response

_CHUNK_BYTES = 1 << 20
_TIMEOUT_SECONDS = 30


def fetch(file: PublishedFile, folder: Path) -> Path:
    """Download a file into a folder, unless it is there, and return its path.

    The file gets its name only when it is complete and has the published checksum.

    Raises:
        UserError: it cannot be downloaded or written, or is not the published file.

    """
    path = folder / file.name
    if path.exists():
        return path
    import pooch

    pooch.get_logger().setLevel("WARNING")
    with _Bar(file.name) as bar, ExitStack() as responses:

        def close_later(response: Response, **_: object) -> None:
            responses.callback(response.close)

        downloader = pooch.HTTPDownloader(
            progressbar=bar,
            chunk_size=_CHUNK_BYTES,
            timeout=_TIMEOUT_SECONDS,
            # pooch leaves a response open that fails on the way.
            hooks={"response": close_later},
        )
        try:
            pooch.retrieve(file.url, file.checksum, file.name, folder, downloader=downloader)
        except (OSError, ValueError) as error:
            raise UserError(
                f"cannot download {file.url} to {folder}: {error}. Expected the file with the "
                f"checksum {file.checksum}. Try again, or put {file.name} there yourself."
            ) from error
    return path


class _Bar:
    """What pooch asks of a progress bar, shown by rich: one file's bytes, on standard error."""

    def __init__(self, name: str) -> None:
        self.total = 0
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console(stderr=True),
        )
        self._task = self._progress.add_task(f"Downloading {name}", total=None)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, size: int) -> None:
        """Count bytes that came."""
        self._progress.update(self._task, advance=size, total=self.total or None)

    def reset(self) -> None:
        """Count anew; pooch asks for it at the end, before it counts all at once."""
        self._progress.reset(self._task)

    def close(self) -> None:
        """Do nothing: the bar ends with the context."""
