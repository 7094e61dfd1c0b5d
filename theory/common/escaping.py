"""Text that people write, such as a label, so that Markdown, LaTeX and CSV show what it says."""

import re
from collections.abc import Mapping
from typing import Final

_LATEX: Final[Mapping[str, str]] = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
} | {c: "\\" + c for c in "&%$#_{}"}

# What Markdown would take for something else, and only that, so that most text is as it was: an
# underscore inside a word, a single asterisk and an interval in brackets mean themselves.
_MARKDOWN: Final = re.compile(
    r"[\\|`]"
    r"|<(?=[A-Za-z/!?])"
    r"|&(?=#?\w+;)"
    r"|(?<![^\W_])_|_(?![^\W_])"
    r"|\](?=\()"
    r"|^(?:#+|[>+=-]+|\d+[.)])(?=\s|$)"
)
_IN_PAIRS: Final = "*~$"
_FORMULA: Final = re.compile(r"[=@\t\r]|[+-](?![\d.])")


def markdown(text: str) -> str:
    """Return text for a cell, a bullet or a heading of Markdown; line breaks become blanks."""
    line = one_line(text)
    found = _MARKDOWN.sub(_escaped, line)
    for mark in _IN_PAIRS:
        if line.count(mark) > 1:
            found = found.replace(mark, "\\" + mark)
    return found


def _escaped(match: re.Match[str]) -> str:
    found = match.group()
    # Of "1." it is the point that makes a list.
    return f"{found[:-1]}\\{found[-1]}" if found[0].isdigit() else f"\\{found}"


def latex(text: str) -> str:
    """Return text for LaTeX; Greek letters in it need a Unicode engine.

    Before a first bracket or asterisk stands an empty group: after the end of a row it would be
    taken for an option of the row's.
    """
    line = one_line(text)
    found = "".join(_LATEX.get(c, c) for c in line)
    return f"{{}}{found}" if found.startswith(("[", "*")) else found


def csv(text: str) -> str:
    """Return text for a cell of CSV that no spreadsheet takes for a formula; numbers are as is."""
    return f"'{text}" if _FORMULA.match(text) else text


def one_line(text: str) -> str:
    """Return text with each run of line breaks, tabs and other control characters as one blank."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text)
