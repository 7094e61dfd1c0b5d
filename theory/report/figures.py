"""Figures inside the page: SVG as elements, with a text alternative; else the pixels as text."""

from pathlib import Path
from xml.etree import ElementTree as ET

from theory.common.errors import UserError
from theory.common.figure import WIDTH_INCHES
from theory.report import drawings
from theory.report.markup import node, scrolling
from theory.report.pixels import address, packed

LARGEST_SVG = 2_000_000
"""Bytes of an SVG file beyond which the same picture's pixels are taken, where there are any."""

_DROPPED = {"metadata", "style", "script", "title", "desc"}
_KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".svg": "image/svg+xml"}


def figure(path: Path, alternative: str, caption: str = "") -> ET.Element:
    """Return a figure with its caption; wide ones scroll in their own box.

    An SVG file beside a picture of pixels, with the same name, is preferred. Its ids are those of
    the file, which other figures may have too.

    Args:
        path: the picture.
        alternative: what it shows, in words.
        caption: what stands below it, if not the same words.

    Raises:
        UserError: the file cannot be read, or is of no kind that a page can hold.

    """
    drawn = path.with_suffix(".svg")
    if drawn.is_file() and (path == drawn or drawn.stat().st_size <= LARGEST_SVG):
        picture = _drawing(drawn, alternative)
    else:
        picture = node("img", src=_pixels(path), alt=alternative)
    caption = caption or alternative
    return node("figure", scrolling(picture, f"Figure: {caption}"), node("figcaption", caption))


def _pixels(path: Path) -> str:
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise UserError(f"{path}: expected a picture ({', '.join(_KINDS)}), got {path.suffix!r}.")
    try:
        return address(*packed(kind, _read(path)))
    except OSError as error:
        raise UserError(f"{path}: expected a picture, got {error}.") from error


def _drawing(path: Path, alternative: str) -> ET.Element:
    try:
        svg = drawings.parsed(_read(path))
    except ET.ParseError as error:
        raise UserError(
            f"{path}: expected SVG, got {error}. Run the command that drew it again."
        ) from error
    _adopt(svg)
    drawings.compact(svg)
    svg.attrib.update({"role": "img", "aria-label": alternative})
    for size in ("width", "height"):  # the page's style says how wide a whole one is
        svg.attrib.pop(size, None)
    share = _share(svg)
    if share < 1:
        svg.set("style", f"--share:{share:.3g}")
    return svg


def _share(svg: ET.Element) -> float:
    """Return the width of a drawing as a part of the text's, so that letters are alike in all."""
    points = svg.get("viewBox", "").split()
    return float(points[2]) / (72 * WIDTH_INCHES) if len(points) == 4 else 1.0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}.") from error


def _adopt(element: ET.Element) -> None:
    """Take names out of their namespaces, as HTML has them, and leave out what is not drawn.

    A style sheet of the picture would be one of the whole page; what Matplotlib writes into it, the
    page's own has. A title would be one of a part, beside the figure's.
    """
    element.tag = _local(element.tag)
    attributes = {_local(key): value for key, value in element.attrib.items()}
    element.attrib.clear()
    element.attrib.update(attributes)
    for child in list(element):
        if drawings.is_comment(child):
            continue
        if _local(child.tag) in _DROPPED:
            element.remove(child)
        else:
            _adopt(child)


def _local(name: str) -> str:
    return name.rpartition("}")[2]
