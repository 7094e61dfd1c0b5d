"""Standard output and error, whatever they are connected to, and tables on them."""

import codecs
import errno
import io
import os
import sys
from collections.abc import Callable
from typing import Any, Final, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from theory.common.tables import TextTable

_BROKEN_PIPE = 141
"""What a shell shows for a process that SIGPIPE has ended."""
_CANNOT_WRITE = 2
_ESCAPED: Final = "theory.escaped"
_LINES_OF_BOXES = range(0x2500, 0x2580)


class _Told(io.FileIO):
    """A stream's file, which keeps what went wrong in writing to it.

    Attributes:
        failed: why the last write did not arrive.

    """

    failed: OSError | None = None

    def write(self, data: Any) -> int | None:  # type: ignore[override]
        """Write bytes, as ``FileIO`` does."""
        try:
            return super().write(data)
        except OSError as error:
            self.failed = error
            raise


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command what an exit code says."""
        raise BrokenPipeError


def console(*, stderr: bool = False, width: int | None = None, **looks: Any) -> Console:
    """Return a console of the terminal's width.

    Args:
        stderr: on standard error.
        width: in letters, where there is no terminal.
        looks: what else rich's ``Console`` takes.

    """
    found = _Console(stderr=stderr, **looks)
    if width is None or found.is_terminal:
        return found
    return _Console(stderr=stderr, width=width, **looks)


def print_table(
    table: TextTable, *, width: int = 140, unbroken: int = 0, error: bool = False
) -> None:
    """Print a table to standard output, or to standard error.

    Args:
        table: what to print.
        width: in letters, where the output is not a terminal.
        unbroken: how many columns, from the left, are not broken into lines.
        error: whether to print to standard error.

    """
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i, column in enumerate(table.header):
        shown.add_column(column, no_wrap=i < unbroken, overflow="fold")
    for row in (map(Text, row) for row in table.rows):
        shown.add_row(*row)
    console(stderr=error, width=width).print(shown)


def delivering(command: Callable[[], int]) -> int:
    r"""Run the command of this process; return its exit code, or why its output did not arrive.

    Letters that a stream's encoding lacks are written as JSON has them, ``\u03c3``, and the lines
    of boxes as ``-``, ``|`` and ``+``; a stream that is closed swallows what is written to it. A
    reader that has had enough, as ``head`` has, ends the command quietly, with 141 as SIGPIPE does;
    any other stream that cannot be written is one message and 2.
    """
    codecs.register_error(_ESCAPED, _escaped)
    for number in range(3):
        _occupy(number)
    sys.stdout, sys.stderr = _safe(sys.stdout), _safe(sys.stderr)
    try:
        try:
            code = command()
        except SystemExit as left:  # an option that is none, or --help
            if left.code is not None and not isinstance(left.code, int):
                raise
            code = left.code or 0
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        failed = _failed()
        if failed is None:
            raise
        return failed
    return code


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(map(_escape, letters)), error.end


def _escape(letter: str) -> str:
    if ord(letter) in _LINES_OF_BOXES:
        return {"─": "-", "━": "-", "│": "|", "┃": "|"}.get(letter, "+")
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def _safe(stream: TextIO | None) -> TextIO:
    """Return the stream for any letters; one that goes nowhere for a closed one."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123
    if not isinstance(stream, io.TextIOWrapper):  # a test's, or a notebook's
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Told(stream.fileno(), "wb", closefd=False)),
        encoding=stream.encoding,
        errors=_ESCAPED,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _occupy(number: int) -> None:
    """Open nothing under a descriptor that is closed, so that no file gets it and is printed to."""
    try:
        os.fstat(number)
    except OSError:
        nothing = os.open(os.devnull, os.O_RDWR)
        if nothing != number:
            os.dup2(nothing, number)
            os.close(nothing)


def _failed() -> int | None:
    """Return the exit code for a stream that could not be written, or None if all could.

    What the stream still holds goes nowhere, or Python would try again at its end.
    """
    code = None
    for stream, name in ((sys.stderr, "standard error"), (sys.stdout, "standard output")):
        raw = getattr(getattr(stream, "buffer", None), "raw", None)
        if not isinstance(raw, _Told) or raw.failed is None:
            continue
        os.dup2(os.open(os.devnull, os.O_WRONLY), raw.fileno())
        if raw.failed.errno == errno.EPIPE:
            code = code or _BROKEN_PIPE
        else:
            code = _CANNOT_WRITE
            print(f"error: cannot write to {name}: {raw.failed.strerror}.", file=sys.stderr)
    return code
