"""A mistake in a command line, in one line: what was expected, what arrived, what to do.

tyro tells it in a box of up to 17 lines, with what else the option's help says.
"""

import difflib
import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TypeVar

from theory.common.errors import UserError

_T = TypeVar("_T")
_WIDE = "100000"  # columns, so that tyro breaks no line
_MEANT = 2  # near names that are told
_PARSING = re.compile(r"Error parsing (?:settings\.)?(\S+): (.*)")
_CHOICE = re.compile(r"invalid choice (.*) for argument '(.*)'\. Expected one of \((.*)\)\.")
_VALUE = re.compile(r"Missing value for argument '(.*)'\.")
_EXPECTED = re.compile(r"Expected one of \{(.*)\}\.")


def parsed(parse: Callable[[], _T], prog: str) -> _T:
    """Return what a command line is parsed to.

    Args:
        parse: calls tyro; it may be called again, if it fails.
        prog: the command that ``--help`` is added to, to say which options there are.

    Raises:
        UserError: the command line is not in order; the message is one line.
        SystemExit: help was asked for, and printed.

    """
    told = io.StringIO()
    try:
        with redirect_stderr(told):
            found = parse()
    except SystemExit as end:
        if not end.code:
            raise
        raise UserError(f"{_one_line(_box(parse))} {prog} --help lists what there is.") from None
    sys.stderr.write(told.getvalue())
    return found


def runs(parse: Callable[[], Callable[[], int]], prog: str) -> Callable[[], int]:
    """Return what parses a command line as :func:`parsed`, and runs the command that it is."""

    def command() -> int:
        return parsed(parse, prog)()

    return command


def _box(parse: Callable[[], object]) -> str:
    """Return what tyro says of a command line that is not in order, with no line broken."""
    box = io.StringIO()
    # The frame's letters depend on what standard output can show.
    shown = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with _so_wide(_WIDE), redirect_stdout(shown), redirect_stderr(box):
        try:
            parse()
        except SystemExit:
            return re.sub("\x1b\\[[0-9;]*m", "", box.getvalue())  # without colors
    raise AssertionError("the same command line was in order")


@contextmanager
def _so_wide(columns: str) -> Iterator[None]:
    """Let a terminal count as so wide, whatever it is."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = columns
    try:
        yield
    finally:
        del os.environ["COLUMNS"]
        if before is not None:
            os.environ["COLUMNS"] = before


def _one_line(box: str) -> str:
    first, *others = _sections(box)
    text = " ".join(first)
    usage = next((other[1] for other in others if other[0] == "Argument helptext:"), "")
    if match := _PARSING.fullmatch(text):
        return _of_value(match[1], match[2], usage)
    if match := _CHOICE.fullmatch(text):
        got, option, choices = match.groups()
        names = sorted(re.findall("'([^']*)'", choices))  # tyro's order may be one of chance
        return f"{option}: expected {' or '.join(names)}, got {got}."
    if match := _VALUE.match(text):
        return f"{match[1]}: expected a value after it, got none."
    if match := _EXPECTED.fullmatch(text):
        return f"expected a command ({match[1]}), got none."
    if text.startswith("Missing from"):
        return f"expected {first[1]}, got none: {' '.join(first[2:]).removesuffix(' (required)')}"
    if text.startswith("Unrecognized options: "):
        return _unknown(text.partition(": ")[2], others)
    return text


def _sections(box: str) -> list[list[str]]:
    """Return the lines of a box, without its frame, between its rules."""
    sections: list[list[str]] = [[]]
    for line in box.splitlines():
        inner = re.sub(r"^[│|]\s*|\s*[│|]$", "", line)
        if inner and not inner.strip("─-"):
            sections.append([])
        elif inner and inner[0] not in "╭╰+":
            sections[-1].append(inner)
    return [section for section in sections if section]


def _of_value(option: str, why: str, usage: str) -> str:
    if ": expected " in why or not option.startswith("-"):
        return f"{option}.{why}." if not option.startswith("-") else f"{option}: {why}."
    expected = usage.partition(" ")[2] or "another value"
    got = re.search(r"\[.*?\]|: ('.*')$", why)
    arrived = (got[1] or got[0].strip("[]")) if got else "something else"
    return f"{option}: expected {expected}, got {arrived}."


def _unknown(options: str, others: Sequence[Sequence[str]]) -> str:
    got = options.replace(", ", " ")
    near = [
        name
        for other in others
        if other[0] == "Perhaps you meant:"
        for line in other[1:]
        if line.startswith("--")
        for name in re.findall(r"--[\w.-]+", line)
    ]
    if near:
        meant = difflib.get_close_matches(got.split()[0], near, _MEANT, cutoff=0)
        return f"there is no option {got}. Did you mean {' or '.join(dict.fromkeys(meant))}?"
    for other in others:
        kind, _, names = other[0].partition(": ")
        if kind == "Available subcommands":
            return f"expected a command ({names}), got {got}."
    return f"expected nothing more, got {got}."
