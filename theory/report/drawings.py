"""Matplotlib's SVG, made small enough for a page that holds many: nothing that is seen is lost.

Text that was drawn letter by letter becomes text, which can be searched and read aloud, and which
keeps the width it was laid out with; lines lose points that no screen or printer shows; ticks are
drawn together; maps lose their finest noise.
"""

import base64
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from html import unescape
from itertools import groupby
from typing import Final
from xml.etree import ElementTree as ET

from theory.report.markup import node
from theory.report.paths import NUMBER, shorter
from theory.report.pixels import address, packed

_UNFILLED: Final = re.compile(r"fill: ?none(;|$)")
_PLACE_ALONE: Final = re.compile(r"(?:m[^a-z]*)?")
"""The data of a path that goes to a place at most, and draws nothing."""
_TICK: Final = re.compile(rf"m({NUMBER}) ?({NUMBER})l({NUMBER}) ?({NUMBER})")
"""The data of a path that is one line."""
_PLACE: Final = re.compile(r"translate\((?P<x>\S+) (?P<y>\S+)\)")

_LETTERS_AT: Final = re.compile(
    rf"(?P<place>translate\([^)]*\)(?: rotate\([^)]*\))?) scale\((?P<scale>{NUMBER}) -(?P=scale)\)"
)
_GLYPH: Final = re.compile(r"#(?:.*-)?DejaVuSans(?P<bold>-Bold)?-[0-9a-f]+")
_POWER: Final = re.compile(r"\$\\mathdefault\{([−-]?\d*)\^\{([−-]?\d+)\}\}\$")
_PLAIN: Final = re.compile(r"\$\\mathdefault\{([−0-9.-]+)\}\$")
_RAISED: Final = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_UNITS: Final = 100
"""Of a glyph's coordinates, to the size of the font."""
_FEW: Final = 3
"""Markers for which a group of their own is worth it."""
_SHORT: Final = 4
"""Characters up to which a text is about as wide in every font."""


def parsed(text: bytes) -> ET.Element:
    """Read SVG with its comments, in which Matplotlib leaves the texts it draws.

    Raises:
        ET.ParseError: it is not well formed.

    """
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    return ET.fromstring(text, parser=parser)


def compact(svg: ET.Element) -> None:
    """Make a drawing smaller in place; names are out of their namespaces already."""
    _write_texts(svg)
    _leave_out_styles(svg)
    for element in svg.iter("path"):
        element.set("d", shorter(element.get("d", "")))
    for element in svg.iter("image"):
        _pack(element)
    for element in svg.iter():
        for key in ("x", "y", "width", "height", "transform", "style"):
            if key in element.attrib:
                element.set(key, _tight(element.attrib[key]))
    _prune(svg)
    _draw_ticks(svg)
    _prune(svg)
    _share_size(svg)


# --- Texts ---------------------------------------------------------------------------------------


def _write_texts(svg: ET.Element) -> None:
    """Put text in the place of its letters' outlines, and the outlines still used in one place."""
    outlines = {o.get("id", ""): o for d in svg.iter("defs") for o in d if o.get("id")}
    for parent in [*svg.iter()]:
        words = ""
        for place, child in enumerate(list(parent)):
            if is_comment(child):
                words = unescape((child.text or "").strip())
            elif words and (text := _text(child, words)) is not None:
                parent[place] = text
                words = ""
    for parent in [*svg.iter()]:
        for child in [c for c in parent if is_comment(c) or c.tag == "defs"]:
            if is_comment(child) or all(o.get("id", "") in outlines for o in child):
                parent.remove(child)
    svg.insert(0, node("defs", *outlines.values()))


def is_comment(element: ET.Element) -> bool:
    """Whether an element is a comment, of which the tag is a function."""
    return callable(element.tag)


def _text(group: ET.Element, words: str) -> ET.Element | None:
    """Return a text for a group of outlines; None where it is set as a formula or in another font.

    Where there is more than a short word, it is as wide as the outlines were.
    """
    at = _LETTERS_AT.fullmatch(group.get("transform", ""))
    fonts = {_GLYPH.fullmatch(use.get("href", "")) for use in group.iter("use")}
    plain = _POWER.sub(lambda power: power[1] + power[2].translate(_RAISED), words)
    plain = _PLAIN.sub(r"\1", plain)
    if at is None or None in fonts or not fonts or "$" in plain:
        return None
    weights = {"bold" if font and font["bold"] else None for font in fonts}
    if len(weights) > 1:
        return None
    (weight,) = weights
    size = _UNITS * float(at["scale"])
    is_wide = len(plain) > _SHORT and plain == words
    straight = _PLACE.fullmatch(at["place"])
    return node(
        "text",
        plain,
        **(straight.groupdict() if straight else {"transform": at["place"]}),
        font_size=f"{size:g}",
        font_weight=weight,
        style=group.get("style"),
        textLength=f"{size * _width(plain, weight):.4g}" if is_wide else None,
    )


def _share_size(svg: ET.Element) -> None:
    """Tell the size that most texts have once, for the whole drawing."""
    texts = [*svg.iter("text")]
    if not texts or not all("font-size" in text.attrib for text in texts):
        return
    ((size, _),) = Counter(text.attrib["font-size"] for text in texts).most_common(1)
    svg.set("font-size", size)
    for text in (each for each in texts if each.attrib["font-size"] == size):
        del text.attrib["font-size"]


@cache
def _width(text: str, weight: str | None) -> float:
    """Return how wide a text is, in sizes of Matplotlib's own font."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(  # whatever a user's matplotlibrc says
        family="DejaVu Sans",
        style="normal",
        variant="normal",
        weight=weight or "normal",
        stretch="normal",
        size=_UNITS,
    )
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / _UNITS


# --- Ticks and maps ------------------------------------------------------------------------------


def _draw_ticks(svg: ET.Element) -> None:
    """Put one path in the place of the ticks of an axis, between which there are only texts.

    A tick is a copy of a line. Ticks and texts lie beside one another, so that it makes no
    difference which is drawn first.
    """
    lines = {
        f"#{path.get('id')}": path
        for defs in svg.iter("defs")
        for path in defs.iter("path")
        if _TICK.fullmatch(path.get("d", ""))
    }
    for parent in [each for each in svg.iter() if each.tag in ("svg", "g")]:
        kept: list[ET.Element] = []
        for is_axis, run in groupby(
            parent, lambda each: each.tag == "text" or _is_tick(each, lines)
        ):
            found = [*run]
            kept += _together_on_axis(found, lines) if is_axis else found
        parent[:] = kept


def _is_tick(element: ET.Element, lines: Mapping[str, ET.Element]) -> bool:
    is_plain = set(element.attrib) == {"href", "x", "y"}
    return element.tag == "use" and is_plain and element.attrib["href"] in lines


def _together_on_axis(
    run: list[ET.Element], lines: Mapping[str, ET.Element]
) -> Iterator[ET.Element]:
    places: dict[str, list[tuple[float, float]]] = {}
    for tick in (each for each in run if each.tag == "use"):
        at = float(tick.attrib["x"]), float(tick.attrib["y"])
        places.setdefault(tick.attrib["href"], []).append(at)
    for line, starts in places.items():
        yield _ticks(lines[line], starts)
    yield from (each for each in run if each.tag == "text")


def _ticks(line: ET.Element, places: list[tuple[float, float]]) -> ET.Element:
    numbers = _TICK.fullmatch(line.attrib["d"])
    assert numbers is not None
    x, y, dx, dy = map(float, numbers.groups())
    drawn = (f"M {a + x} {b + y} L {a + x + dx} {b + y + dy}" for a, b in places)
    return node("path", d=shorter(" ".join(drawn)), style=line.get("style"))


def _pack(image: ET.Element) -> None:
    kind, _, data = image.get("href", "").partition(";base64,")
    if kind == "data:image/png":
        found = packed("image/png", base64.b64decode(data), is_map=True)
        image.set("href", address(*found))


# --- What is left out ----------------------------------------------------------------------------


def _tight(value: str) -> str:
    value = re.sub(r"\d+\.\d{3,}(?![\de])", lambda number: f"{float(number[0]):.5g}", value)
    return value.replace(": ", ":").replace("; ", ";")


def _leave_out_styles(svg: ET.Element) -> None:
    """Leave out the style of what is defined with its own: that is the one that counts."""
    own = {e.get("id"): _properties(e) for d in svg.iter("defs") for e in d if e.tag == "path"}
    for use in svg.iter("use"):
        if _properties(use) <= own.get(use.get("href", "")[1:], set()):
            use.attrib.pop("style", None)


def _properties(element: ET.Element) -> set[str]:
    parts = element.get("style", "").split(";")
    return {name.strip() for name, _, _ in (part.partition(":") for part in parts)} - {""}


def _prune(svg: ET.Element) -> None:
    """Leave out what is not seen: unused definitions, names, empty groups, indentation."""
    values = " ".join(value for each in svg.iter() for value in each.attrib.values())
    used = set(re.findall(r"#([^)\s\"]+)", values))
    for element in svg.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
    _prune_inside(svg)


def _prune_inside(parent: ET.Element) -> None:
    for child in list(parent):
        _prune_inside(child)
    kept: list[ET.Element] = []
    for child in parent:
        if child.tag == "g" and not child.attrib:
            kept += child
        elif not _is_unseen(child, parent):
            kept.append(child)
    parent[:] = kept
    if parent.tag not in ("text", "tspan", "title"):
        parent.text = None
    for child in parent:
        child.tail = None
    parent[:] = _together(parent)


def _together(parent: ET.Element) -> Iterator[ET.Element]:
    """Put markers in a row that look alike into a group, which tells once how they look."""
    for (tag, style), run in groupby(parent, lambda child: (child.tag, child.get("style"))):
        markers = list(run)
        if tag != "use" or style is None or len(markers) < _FEW:
            yield from markers
            continue
        for marker in markers:
            del marker.attrib["style"]
        yield node("g", *markers, style=style)


def _is_unseen(element: ET.Element, parent: ET.Element) -> bool:
    if parent.tag == "defs":
        return element.get("id") is None
    if element.tag == "path" and parent.tag not in ("clipPath", "pattern"):
        style = element.get("style", "")
        is_without_ink = _UNFILLED.search(style) is not None and "stroke" not in style
        is_nowhere = _PLACE_ALONE.fullmatch(element.get("d", "")) is not None
        return (is_without_ink or is_nowhere) and element.get("id") is None
    return element.tag in ("g", "defs") and not len(element)
