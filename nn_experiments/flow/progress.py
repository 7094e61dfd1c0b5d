"""Progress of a command's stages on standard error, and the seconds that each has taken."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from theory.common.console import console
from theory.common.errors import UserError
from theory.common.files import read_json, write_json

Advance = Callable[[str, float], None]
"""Is given what is being done, and how much of the stage's work was just completed, 0 to 1."""


def quiet(doing: str, share: float) -> None:
    """Tell nothing."""
    del doing, share


class Clock:
    """Seconds that each stage took, over all calls that worked on a comparison."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.seconds: dict[str, float] = _seconds(path) if path.exists() else {}
        self._began: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of a block to a stage, also if it is interrupted."""
        self._began[name] = time.perf_counter()
        try:
            yield
        finally:
            self.seconds = self.so_far()
            del self._began[name]
            write_json(self._path, self.seconds)

    def so_far(self) -> dict[str, float]:
        """Return the seconds by stage, with those of a stage that goes on."""
        now = time.perf_counter()
        going = {
            name: round(self.seconds.get(name, 0.0) + now - began, 1)
            for name, began in self._began.items()
        }
        return self.seconds | going


def _seconds(path: Path) -> dict[str, float]:
    found = read_json(path)
    if not isinstance(found, dict) or not all(
        isinstance(value, int | float) for value in found.values()
    ):
        raise UserError(
            f"{path}: expected seconds by stage, got something else. Delete the file; what stages "
            "took is then counted from now on."
        )
    return found


@contextmanager
def stage(name: str, clock: Clock) -> Iterator[Advance]:
    """Show the progress of a block, which is given what to call with it, and count its seconds."""
    with clock.stage(name), shown(name) as advance:
        yield advance


@contextmanager
def shown(name: str) -> Iterator[Advance]:
    """Show the progress of a block, which is given what to call with it, on standard error."""
    columns = (
        TextColumn(name),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.description}"),
    )
    screen = console(stderr=True)
    is_shown = screen.is_terminal
    with Progress(*columns, console=screen, transient=True, disable=not is_shown) as bar:
        task = bar.add_task("", total=1.0)
        lines = None if is_shown else _Lines(name)

        def advance(doing: str, share: float) -> None:
            bar.update(task, description=doing, advance=share)
            if lines is not None:
                lines.tell(doing, share)

        yield advance


class _Lines:
    """Progress where there is no terminal, as in a job's log: a line now and then.

    What begins a stage is told at once, as it may be long.
    """

    _SECONDS = 15.0

    def __init__(self, stage: str) -> None:
        self._stage, self._share = stage, 0.0
        self._began = self._told = time.monotonic()
        self._is_silent = True

    def tell(self, doing: str, share: float) -> None:
        """Add to the share of the stage that is done; print it if it is time for a line."""
        self._share += share
        begins = self._is_silent and self._share == 0
        if begins or time.monotonic() >= self._told + self._SECONDS:
            self._told, self._is_silent = time.monotonic(), False
            share = min(1.0, self._share)
            left = f", about {_minutes(self._left(share))} left" if 0 < share < 1 else ""
            told = f"{self._stage}: {100 * share:.0f} %{left}, {doing}"
            print(told, file=sys.stderr, flush=True)

    def _left(self, share: float) -> float:
        """Return how many seconds are left, if the rest goes on as fast."""
        return (self._told - self._began) * (1 / share - 1)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:,.0f} minutes" if seconds >= 90 else "a minute"
