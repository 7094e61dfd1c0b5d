"""Reports in Markdown, which the other commands leave, as parts of the page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup, escape

from theory.common.errors import UserError
from theory.report.html import boxed
from theory.report.pictures import Picture, figure

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


@dataclass(frozen=True)
class Report:
    """A report: what stands in its first heading, empty if it has none, and all below."""

    heading: Markup
    body: Markup


def report(path: Path, level: int, pictures: Sequence[Picture] = ()) -> Report:
    """Read a report for the page.

    Tables and figures scroll in boxes of their own, long tables and lists are folded, figures are
    inlined, and links to files, which the page does not have with it, become text.

    Args:
        path: the report.
        level: the level that its first heading has in the page; lower ones follow suit.
        pictures: as their maker describes them; others have the report's own words. Those that the
            report does not show come at its end.

    Raises:
        UserError: the report, or a picture in it, cannot be read.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}.") from error
    told = {_stem(each.file): _beside(text, each) for each in pictures}
    reader = _Reader(path.parent, level - 1, told)
    blocks = SyntaxTreeNode(reader.parser.parse(text)).children
    heading = Markup()
    if blocks and blocks[0].type == "heading":
        reader.heading = _text(blocks[0])
        heading = reader.rendered(blocks[0].children[0].to_tokens())
        blocks = blocks[1:]
    body = Markup().join(map(reader.block, blocks))
    return Report(heading, body + Markup().join(reader.left_out()))


class _Renderer(RendererHTML):
    """Renders parts of a report; ``env`` has the reader, which knows its pictures."""

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """A picture that is elsewhere is not fetched: its words stand for it."""
        address, caption = str(tokens[idx].attrGet("src")), tokens[idx].content
        is_elsewhere = urlsplit(address).scheme != ""
        return str(escape(caption) if is_elsewhere else env["reader"].figure(address, caption))

    def text(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Let no line break after the hyphen of a number such as 1e-29."""
        words = str(escape(tokens[idx].content))
        return _WITH_EXPONENT.sub(r'<span class="number">\1</span>', words)


class _Reader:
    """A report while it is read: where it is, and under which heading one is."""

    def __init__(self, folder: Path, deeper: int, pictures: dict[str, Picture]) -> None:
        self.folder = folder
        self.deeper = deeper
        self.pictures = pictures
        self.shown: set[str] = set()
        self.heading = ""
        options = {"html": False, "xhtmlOut": True}
        parser = MarkdownIt("commonmark", options, renderer_cls=_Renderer)
        self.parser = parser.enable("table")

    def rendered(self, tokens: list[Token]) -> Markup:
        """Return tokens as HTML."""
        for token in tokens:
            if token.type in ("heading_open", "heading_close"):
                token.tag = f"h{min(int(token.tag[1]) + self.deeper, _LOWEST)}"
            if token.type == "inline":
                _unlink(token.children or [])
        _make_room(tokens)
        return Markup(self.parser.renderer.render(tokens, self.parser.options, {"reader": self}))

    def block(self, node: SyntaxTreeNode) -> Markup:
        """Return a block of the report; a table is in its box, and what is long is folded."""
        tokens = node.to_tokens()
        if node.type == "heading":
            self.heading = _text(node)
        if node.type == "table":
            return self.table(node, tokens)
        found = self.rendered(tokens)
        if node.type.endswith("_list") and len(node.children) > _LONG_LIST:
            return boxed("fold", f"{self.heading}: {len(node.children)} entries", found)
        return found

    def table(self, node: SyntaxTreeNode, tokens: list[Token]) -> Markup:
        """Return a table in its box, folded if it is long.

        The width that it needs with no word or number broken is told to the style sheet, which sets
        it on paper as small as that takes.
        """
        rows = [[_text(cell) for cell in row.children] for row in node.walk() if row.type == "tr"]
        columns = [*zip_longest(*rows, fillvalue="")]
        letters = sum(max(len(word) for cell in c for word in [*cell.split(), ""]) for c in columns)
        ems = _EMS_OF_A_LETTER * letters + _EMS_OF_A_GAP * len(columns)
        tokens[0].attrSet("style", f"--ems:{ems:.3g}")
        box = boxed("wide", f"Table: {self.heading}", self.rendered(tokens))
        return boxed("fold", _contents(rows), box) if len(rows) - 1 > _LONG_TABLE else box

    def figure(self, address: str, caption: str) -> Markup:
        """Return a picture of the report, with its maker's words or else the report's."""
        stem = _stem(address)
        self.shown.add(stem)
        if caption in ("", address):  # no words at all
            caption = f"{self.heading}: {Path(stem).name.replace('_', ' ')}"
        told = self.pictures.get(stem, Picture(address, caption, caption, caption))
        return figure(self.folder, told)

    def left_out(self) -> list[Markup]:
        """Return the pictures that the report does not show."""
        others = (told for stem, told in self.pictures.items() if stem not in self.shown)
        return [figure(self.folder, each) for each in others]


def _beside(text: str, picture: Picture) -> Picture:
    """Return a picture with its title as caption, where the report says the caption itself."""
    is_said = picture.caption in text
    return replace(picture, caption=picture.title) if is_said else picture


def _stem(address: str) -> str:
    return Path(address).with_suffix("").as_posix()


def _text(node: SyntaxTreeNode) -> str:
    """Return the text in a heading or a cell."""
    return " ".join("".join(each.content for each in node.walk() if not each.children).split())


def _unlink(inside: Sequence[Token]) -> None:
    """Put plain text in the place of links to files."""
    is_to_file = False
    for token in inside:
        if token.type == "link_open":
            address = str(token.attrGet("href"))
            is_to_file = not urlsplit(address).scheme and not address.startswith("#")
        if is_to_file and token.type in ("link_open", "link_close"):
            token.tag, token.attrs = "span", {}


def _make_room(tokens: Sequence[Token]) -> None:
    """Put boxes in the place of paragraphs with pictures: a paragraph cannot have figures in it."""
    for before, inside, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if before.type == "paragraph_open" and any(
            child.type == "image" for child in inside.children or []
        ):
            before.tag = after.tag = "div"


def _contents(rows: Sequence[Sequence[str]]) -> str:
    """Say what is in a table, of which the first row is the head."""
    names = [name for name in rows[0] if name]
    more = len(names) - _NAMED
    named = ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"Table of {len(rows) - 1} rows: {named}"
