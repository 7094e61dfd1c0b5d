"""HTML as a tree: what is text is escaped, and nothing can be left open."""

import re
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

Child = ET.Element | str | None
"""What an element may contain; None stands for nothing."""

_EMPTY: Final = re.compile(r"></(?:image|mspace|path|rect|use)>")
"""The ends of elements of drawings and formulas that have nothing in them."""


def node(tag: str, *children: Child, **attributes: str | None) -> ET.Element:
    """Return an element; ``class_`` is *class*, ``aria_label`` is *aria-label*, None is left out.

    An attribute without a value (``hidden``) is given the empty text.
    """
    named = {
        name.rstrip("_").replace("_", "-"): value
        for name, value in attributes.items()
        if value is not None
    }
    element = ET.Element(tag, named)
    add(element, *children)
    return element


def add(parent: ET.Element, *children: Child) -> None:
    """Append children, each after what is there."""
    for child in children:
        match child:
            case ET.Element():
                parent.append(child)
            case str() if len(parent):
                parent[-1].tail = (parent[-1].tail or "") + child
            case str():
                parent.text = (parent.text or "") + child


def text_of(element: ET.Element) -> str:
    """Return the text in an element, with single spaces."""
    return " ".join("".join(element.itertext()).split())


def scrolling(content: ET.Element, label: str) -> ET.Element:
    """Return a box in which wide content scrolls by itself, by keyboard too.

    Args:
        content: a table or a figure's picture.
        label: what it is, for those who hear the page.

    """
    return node("div", content, class_="wide", role="region", aria_label=label, tabindex="0")


def folded(summary: Sequence[Child], *content: Child) -> ET.Element:
    """Return what a screen shows once it is opened, and paper shows open.

    Args:
        summary: what is seen of it before; it should say what there is inside, and how much.
        content: what is inside.

    """
    return node("details", node("summary", *summary), *content, class_="fold")


def page_text(root: ET.Element) -> str:
    """Return the whole page as the text of an HTML file.

    Outside tags ``>`` needs no escape, and formulas have many; in drawings and formulas, unlike
    elsewhere in HTML, an element may end where it begins. No text has the end of a tag in it.
    """
    text = ET.tostring(root, encoding="unicode", method="html").replace("&gt;", ">")
    return f"<!DOCTYPE html>\n{_EMPTY.sub('/>', text)}\n"
