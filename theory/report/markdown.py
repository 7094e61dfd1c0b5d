"""Reports in Markdown, which the other commands leave, as parts of the page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from markdown_it import MarkdownIt

from theory.common.errors import UserError
from theory.report.alternatives import CAPTIONS, Words
from theory.report.figures import figure
from theory.report.markup import folded, scrolling, text_of

_WITH_EXPONENT = re.compile(r"([\d.]+e-\d+)")
_LOWEST = 6
_LONG_TABLE = 8
"""Rows from which on a table is folded."""
_LONG_LIST = 12
"""Entries from which on a list is."""
_NAMED = 6
"""Columns that the summary of a table names."""
_EMS_OF_A_LETTER = 0.64
"""Width of a digit in the widest of the page's fonts, in sizes of the font."""
_EMS_OF_A_GAP = 0.5
"""Width that a table on paper leaves between columns."""
_HEADINGS = tuple(f"h{level}" for level in range(1, _LOWEST + 1))


def section(path: Path, level: int, name: str, words: Words | None = None) -> ET.Element:
    """Return a report as a section.

    Tables and figures scroll in boxes of their own, long tables and lists are folded, figures are
    inlined, and links to files, which the page does not have with it, become text.

    Args:
        path: the report; its first heading is the section's.
        level: the level of that heading; lower ones follow suit.
        name: the section's id.
        words: text alternatives of figures, by the names of their files without endings; others
            keep the report's.

    Raises:
        UserError: the report, or a figure in it, cannot be read.

    """
    found = _tree(path)
    found.tag = "section"
    found.attrib.update({"id": name, "class": "report"})
    _shift(found, level - 1)
    figures = _Figures(path.parent, words or {})
    _replace(found, figures, text_of(found[0]) if len(found) else name)
    return found


@dataclass(frozen=True)
class _Figures:
    """The figures of a report: where they are, and their words."""

    folder: Path
    words: Words

    def shown_at(self, address: str, caption: str, heading: str) -> ET.Element:
        """Return the figure of a picture in the report."""
        place = self.folder / address
        if caption in ("", address):  # no words at all
            caption = CAPTIONS.get(place.stem, f"{heading}: {place.stem.replace('_', ' ')}")
        return figure(place, self.words.get(place.stem, caption), caption)


def _tree(path: Path) -> ET.Element:
    parser = MarkdownIt("commonmark", {"html": False, "xhtmlOut": True}).enable("table")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}.") from error
    return ET.fromstring(f"<div>{parser.render(text)}</div>")


def _shift(root: ET.Element, by: int) -> None:
    for element in root.iter():
        if element.tag in _HEADINGS:
            element.tag = f"h{min(int(element.tag[1]) + by, _LOWEST)}"


def _replace(parent: ET.Element, figures: _Figures, heading: str) -> None:
    """Put tables into boxes, pictures into figures, and text for links to files."""
    for index, child in enumerate(list(parent)):
        if child.tag in _HEADINGS:
            heading = text_of(child)
        picture = child[0] if _is_alone(child) else child
        if child.tag == "table":
            parent[index] = _followed(_table(child, heading), child)
        elif child.tag in ("ul", "ol") and len(child) > _LONG_LIST:
            _replace(child, figures, heading)
            parent[index] = _followed(folded([f"{heading}: {len(child)} entries"], child), child)
        elif picture.tag == "img" and _is_file(picture.get("src", "")):
            shown = figures.shown_at(picture.get("src", ""), picture.get("alt", ""), heading)
            parent[index] = _followed(shown, child)
            if parent.tag == "p":  # which cannot have a figure inside
                parent.tag = "div"
        else:
            if child.tag == "a" and _is_file(child.get("href", "")):
                child.tag = "span"
                child.attrib.clear()
            _replace(child, figures, heading)


def _table(table: ET.Element, heading: str) -> ET.Element:
    """Return a table in its box, folded if it is long.

    The width that it needs with no word or number broken is told to the style sheet, which sets it
    on paper as small as that takes.
    """
    rows = [[text_of(cell) for cell in row] for row in table.iter("tr")]
    columns = [*zip_longest(*rows, fillvalue="")]
    letters = sum(max(len(word) for cell in c for word in [*cell.split(), ""]) for c in columns)
    ems = _EMS_OF_A_LETTER * letters + _EMS_OF_A_GAP * len(columns)
    table.set("style", f"--ems:{ems:.3g}")
    for cell in [*table.iter("th"), *table.iter("td")]:
        _keep_numbers_whole(cell)
    box = scrolling(table, f"Table: {heading}")
    return folded([_contents(rows)], box) if len(rows) - 1 > _LONG_TABLE else box


def _keep_numbers_whole(cell: ET.Element) -> None:
    """Let no line break after the hyphen of a number such as 1e-29."""
    before, *others = _WITH_EXPONENT.split(cell.text or "")
    if others and not len(cell):
        cell.text = before
        for number, after in zip(others[::2], others[1::2], strict=True):
            whole = ET.SubElement(cell, "span", {"style": "white-space:nowrap"})
            whole.text, whole.tail = number, after


def _contents(rows: Sequence[Sequence[str]]) -> str:
    """Say what is in a table, of which the first row is the head."""
    names = [name for name in rows[0] if name]
    more = len(names) - _NAMED
    named = ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"Table of {len(rows) - 1} rows: {named}"


def _is_alone(paragraph: ET.Element) -> bool:
    """Whether a paragraph has one element in it and no text of its own."""
    return (
        paragraph.tag == "p"
        and len(paragraph) == 1
        and not paragraph.text
        and (not paragraph[0].tail)
    )


def _followed(new: ET.Element, old: ET.Element) -> ET.Element:
    new.tail, old.tail = old.tail, None
    return new


def _is_file(address: str) -> bool:
    return not urlsplit(address).scheme and not address.startswith("#")
