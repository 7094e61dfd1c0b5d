"""Reports in Markdown, which the other commands leave, as parts of the page."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from markdown_it import MarkdownIt

from theory.errors import UserError
from theory.html.alternatives import CAPTIONS, Words
from theory.html.figures import figure
from theory.html.markup import scrolling, text_of

_LOWEST = 6
_HEADINGS = tuple(f"h{level}" for level in range(1, _LOWEST + 1))


def section(path: Path, level: int, name: str, words: Words | None = None) -> ET.Element:
    """Return a report as a section.

    Tables and figures scroll in boxes of their own, figures are inlined, and links to files, which
    the page does not have with it, become text.

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
            parent[index] = _followed(scrolling(child, f"Table: {heading}"), child)
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
