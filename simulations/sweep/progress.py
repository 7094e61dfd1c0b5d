"""How far a sweep is: a bar on a terminal, a line now and then elsewhere, as in a job's log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bar

from theory.common.console import console as any_console
from theory.common.plurals import counted
from theory.common.progress import Progress

SECONDS_BETWEEN_LINES: Final = 30.0


@contextmanager
def shown(title: str, console: Console | None = None) -> Iterator[Progress]:
    """Provide what :func:`simulations.sweep.run.run_sweep` tells its progress to.

    Args:
        title: of the sweep.
        console: where it is shown; standard error, if None.

    """
    console = console or any_console(stderr=True)
    if not console.is_terminal:
        yield _Lines(title, console)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class _Lines:
    """Prints a line for the first block, for the last, and now and then between."""

    def __init__(self, title: str, console: Console) -> None:
        self._title = title
        self._console = console
        self._began = time.monotonic()
        self._told = -SECONDS_BETWEEN_LINES
        self._at_first: int | None = None

    def __call__(self, done: int, total: int) -> None:
        """Take note of how far it is."""
        if self._at_first is None:
            self._at_first = done
        passed = time.monotonic() - self._began
        if passed - self._told < SECONDS_BETWEEN_LINES and done < total:
            return
        self._told = passed
        computed = done - self._at_first
        left = f", about {passed / computed * (total - done):.0f} s left" if computed else ""
        self._console.print(
            f"{self._title}: {done} of {counted(total, 'point')}{left}",
            soft_wrap=True,
            highlight=False,
        )
