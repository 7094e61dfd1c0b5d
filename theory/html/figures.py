"""Figures inside the page: SVG as elements, with a text alternative; else the pixels as text."""

import base64
import re
from pathlib import Path
from xml.etree import ElementTree as ET

from theory.errors import UserError
from theory.html.markup import node, scrolling

LARGEST_SVG = 2_000_000
"""Bytes of an SVG file beyond which the same picture's pixels are taken, where there are any."""

# Matplotlib's unit is 1/72 inch: a hundredth of it is less than any screen or printer shows.
_LONG_DECIMAL = re.compile(r"-?\d+\.\d{3,}(?![\de])")
_DROPPED = {"metadata", "style", "script"}
_KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}


def figure(path: Path, alternative: str, name: str) -> ET.Element:
    """Return a figure with its caption; wide ones scroll in their own box.

    An SVG file beside a picture of pixels, with the same name, is preferred.

    Args:
        path: the picture.
        alternative: what it shows, in words: the text alternative, and the caption.
        name: a word that no other figure of the page has.

    Raises:
        UserError: the file cannot be read, or is of no kind that a page can hold.

    """
    drawn = path.with_suffix(".svg")
    if drawn.is_file() and (path == drawn or drawn.stat().st_size <= LARGEST_SVG):
        picture = _drawing(drawn, alternative, name)
    else:
        picture = node("img", src=_pixels(path), alt=alternative)
    caption = node("figcaption", alternative)
    return node("figure", scrolling(picture, f"Figure: {alternative}"), caption)


def _pixels(path: Path) -> str:
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise UserError(f"{path}: expected a picture ({', '.join(_KINDS)}), got {path.suffix!r}.")
    return f"data:{kind};base64,{base64.b64encode(_read(path)).decode('ascii')}"


def _drawing(path: Path, alternative: str, name: str) -> ET.Element:
    try:
        svg = ET.fromstring(_read(path))
    except ET.ParseError as error:
        raise UserError(
            f"{path}: expected SVG, got {error}. Run the command that drew it again."
        ) from error
    _simplify(svg, f"{name}-")
    title = node("title", alternative, id=f"{name}-title")
    for old in [child for child in svg if child.tag in ("title", "desc")]:
        svg.remove(old)
    svg.insert(0, title)
    svg.attrib.update({"role": "img", "aria-labelledby": f"{name}-title"})
    for size in ("width", "height"):  # the page's style says how wide it is
        svg.attrib.pop(size, None)
    return svg


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}.") from error


def _simplify(element: ET.Element, prefix: str) -> None:
    """Take names out of their namespaces, as HTML has them, and make ids the figure's own.

    A style sheet of the picture would be one of the whole page; what Matplotlib writes into it, the
    page's own has.
    """
    element.tag = _local(element.tag)
    attributes = {_local(key): value for key, value in element.attrib.items()}
    element.attrib.clear()
    for key, value in attributes.items():
        element.set(key, _own(key, value, prefix))
    for child in list(element):
        if not isinstance(child.tag, str) or _local(child.tag) in _DROPPED:
            element.remove(child)
        else:
            _simplify(child, prefix)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _own(key: str, value: str, prefix: str) -> str:
    if key == "id":
        return prefix + value
    if key == "href" and value.startswith("#"):
        return f"#{prefix}{value[1:]}"
    if key == "d":
        return _LONG_DECIMAL.sub(lambda number: f"{float(number[0]):.2f}", value)
    return value.replace("url(#", f"url(#{prefix}")
