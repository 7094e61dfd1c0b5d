"""Matplotlib's SVG, made small enough for a page that holds many: nothing that is seen is lost.

Text that was drawn letter by letter becomes text, which can be searched and read aloud, and which
keeps the width it was laid out with; lines lose points that no screen or printer shows; pixels are
packed without loss.
"""

import base64
import re
from collections.abc import Iterator
from functools import cache
from html import unescape
from io import BytesIO
from itertools import groupby
from typing import Final
from xml.etree import ElementTree as ET

import numpy as np

from theory.html.markup import node

TOLERANCE: Final = 0.1
"""How far a line may be from its points, in Matplotlib's unit, 1/72 inch: a fifth of a pixel."""

_NUMBER: Final = r"-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?"
_TOKEN: Final = re.compile(rf"([A-Za-z])|({_NUMBER})")
_PAIRS: Final = {"M": 1, "L": 1, "Q": 2, "C": 3, "Z": 0}
"""How many points each of the commands that Matplotlib writes has."""
_SMALL: Final = 250_000
"""Bytes of pixels that are packed as tight as can be, which takes a second at most."""
_UNSEEN: Final = re.compile(r"fill: ?none(;|$)")

_LETTERS_AT: Final = re.compile(
    rf"(?P<place>translate\([^)]*\)(?: rotate\([^)]*\))?) scale\((?P<scale>{_NUMBER}) -(?P=scale)\)"
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


# --- Lines ---------------------------------------------------------------------------------------


def shorter(path: str) -> str:
    """Return a path's data with fewer points and digits.

    Lines are off by ``TOLERANCE`` and rounding to 1/100 at most, and by that much again where they
    were curves. Data with commands that Matplotlib does not write are returned as they are.
    """
    steps = _steps(path)
    if steps is None:
        return path
    written, before = "", ""
    at = start = np.zeros(2, int)
    for command, points in _thinned(steps):
        hundredths = np.rint(100 * points).astype(int)
        if command == "Z":
            at = start
            written += "z"
        else:
            repeated = command == before and command != "M"
            written += _numbers((hundredths - at).ravel(), " " if repeated else command.lower())
            at = hundredths[-1]
            start = at if command == "M" else start
        before = command
    return written


def _steps(path: str) -> list[tuple[str, np.ndarray]] | None:
    """Return a path's commands with their points, shape (points, 2), none if there is another."""
    steps: list[tuple[str, list[float]]] = []
    for command, number in _TOKEN.findall(path):
        if command:
            steps.append((command.upper() if command == "z" else command, []))
        elif not steps:
            return None
        else:
            steps[-1][1].append(float(number))
    if any(c not in _PAIRS or len(numbers) != 2 * _PAIRS[c] for c, numbers in steps):
        return None
    return [(command, np.reshape(numbers, (-1, 2))) for command, numbers in steps]


def _thinned(steps: list[tuple[str, np.ndarray]]) -> Iterator[tuple[str, np.ndarray]]:
    """Leave out points of lines that are nearly straight there; a flat curve is a line."""
    line: list[np.ndarray] = []
    for command, points in steps:
        if line and (command == "L" or (command in "QC" and _is_flat(line[-1], points))):
            line.append(points[-1])
            continue
        yield from (("L", p[None]) for p in _few(line)[1:])
        yield command, points
        line = [points[-1]] if len(points) else []
    yield from (("L", p[None]) for p in _few(line)[1:])


def _is_flat(start: np.ndarray, points: np.ndarray) -> bool:
    """Whether a curve, which lies within the hull of its points, is as near its chord."""
    return float(_distances(points[:-1], start, points[-1]).max()) <= TOLERANCE


def _few(line: list[np.ndarray]) -> np.ndarray:
    """Return the points from which no point of the line is farther than the tolerance.

    Ramer, Douglas and Peucker's method: the farthest point from a chord divides it.
    """
    points = np.array(line).reshape(-1, 2)
    kept = np.zeros(len(points), bool)
    kept[[0, -1] if len(points) else []] = True
    chords = [(0, len(points) - 1)]
    while chords:
        first, last = chords.pop()
        if last - first < 2:
            continue
        away = _distances(points[first + 1 : last], points[first], points[last])
        far = int(away.argmax())
        if away[far] > TOLERANCE:
            middle = first + 1 + far
            kept[middle] = True
            chords += [(first, middle), (middle, last)]
    return points[kept]


def _distances(points: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the distances of points from the chord between two."""
    along = last - first
    squared = float(along @ along)
    part = np.clip((points - first) @ along / squared, 0, 1) if squared else np.zeros(len(points))
    return np.hypot(*(points - first - part[:, None] * along).T)


def _numbers(hundredths: np.ndarray, text: str) -> str:
    """Write numbers after a text, as short as can be: 0.50, -0.25 and 1.00 as .5-.25 1."""
    for number in hundredths.tolist():
        one = f"{number / 100:.2f}".rstrip("0").rstrip(".")
        one = re.sub(r"^(-?)0\.", r"\1.", one)
        text += one if text[-1:].isalpha() or one.startswith("-") else f" {one}"
    return text.replace("  ", " ").replace(" -", "-")


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
    return node(
        "text",
        plain,
        transform=at["place"],
        font_size=f"{size:g}",
        font_weight=weight,
        style=group.get("style"),
        textLength=f"{size * _width(plain, weight):.4g}" if is_wide else None,
    )


@cache
def _width(text: str, weight: str | None) -> float:
    """Return how wide a text is, in sizes of Matplotlib's own font."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", weight=weight or "normal", size=_UNITS)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / _UNITS


# --- Pixels --------------------------------------------------------------------------------------


def _pack(image: ET.Element) -> None:
    kind, _, data = image.get("href", "").partition(";base64,")
    if kind == "data:image/png":
        image.set("href", address(*packed("image/png", base64.b64decode(data))))


def packed(kind: str, data: bytes) -> tuple[str, bytes]:
    """Return the kind and the bytes of the same pixels, as WebP if that is smaller."""
    from PIL import Image, features

    if kind != "image/png" or not features.check("webp"):
        return kind, data
    file = BytesIO()
    with Image.open(BytesIO(data)) as image:
        effort = {"quality": 100, "method": 6} if len(data) < _SMALL else {"method": 3}
        image.save(file, "WEBP", lossless=True, exact=True, **effort)
    return ("image/webp", file.getvalue()) if file.tell() < len(data) else (kind, data)


def address(kind: str, data: bytes) -> str:
    """Return bytes as an address that has them in it."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


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
    style = element.get("style", "")
    if parent.tag == "defs":
        return element.get("id") is None
    if element.tag == "path" and _UNSEEN.search(style) and "stroke" not in style:
        return parent.tag not in ("clipPath", "pattern") and element.get("id") is None
    return element.tag in ("g", "defs") and not len(element)
