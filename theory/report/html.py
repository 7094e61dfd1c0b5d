"""What a page's templates are given: formulas, links and words, which say themselves in HTML."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias
from xml.etree import ElementTree as ET

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from theory.report.outcomes import MARKS


@dataclass(frozen=True)
class Formula:
    """A formula, as a ``math`` element, in which letters may be put for its parts."""

    math: ET.Element

    def __html__(self) -> str:
        return ET.tostring(self.math, encoding="unicode")


@dataclass(frozen=True)
class Link:
    """A link to another place of the page."""

    words: str
    place: str

    def __html__(self) -> str:
        return Markup('<a href="#{}">{}</a>').format(self.place, self.words)


@dataclass
class Line:
    """Formulas with words between, in a box that scrolls; ``name`` is its id, if it needs one."""

    pieces: Sequence["Piece"]
    name: str = ""

    def __html__(self) -> str:
        named = Markup(' id="{}"').format(self.name) if self.name else ""
        return Markup('<div class="formula"{}>{}</div>').format(named, Markup().join(self.pieces))


Piece: TypeAlias = str | Formula | Link | Line


@dataclass(frozen=True)
class Fact:
    """What is known, after what it is about."""

    label: str
    pieces: Sequence[Piece]

    def __html__(self) -> str:
        return Markup("<div><b>{}: </b>{}</div>").format(self.label, Markup().join(self.pieces))


def formulas_in(content: Iterable[Piece | Fact]) -> Iterator[ET.Element]:
    """Return the formulas among pieces of a page, in their order."""
    for piece in content:
        if isinstance(piece, Formula):
            yield piece.math
        elif isinstance(piece, Line | Fact):
            yield from formulas_in(piece.pieces)


@cache
def templates() -> Environment:
    """Return the page's templates: text is escaped, and a name that is missing is an error."""
    found = Environment(
        loader=PackageLoader("theory.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["marks"] = MARKS
    return found


def boxed(macro: str, *content: object) -> Markup:
    """Return what a macro of ``boxes.html`` makes of some content."""
    made = getattr(templates().get_template("boxes.html").module, macro)(*content)
    return Markup(made)
