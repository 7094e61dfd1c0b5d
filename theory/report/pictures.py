"""Pictures inside the page, as they were written: SVG or pixels, whichever has fewer bytes."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote
from xml.etree import ElementTree as ET

from markupsafe import Markup

from theory.common.errors import UserError
from theory.common.figure import WIDTH_INCHES
from theory.report.html import boxed

_PIXELS: Final = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
_KINDS: Final = (*_PIXELS, ".svg")
_UNQUOTED: Final = " :/;,()=.<>"
"""Characters of SVG that an address may have as they are."""


@dataclass(frozen=True)
class Picture:
    """A picture, and what its maker says of it.

    Attributes:
        file: where it is, relative to its report.
        title: what it is, in a few words.
        alternative: what is seen in it, for those who do not see it.
        caption: what stands below it.

    """

    file: str
    title: str
    alternative: str
    caption: str


def figure(folder: Path, picture: Picture) -> Markup:
    """Return a picture with its caption; a wide one scrolls in its own box.

    Args:
        folder: of the report.
        picture: where it is; a file beside it, of the same name and with fewer bytes in the page,
            is shown in its place.

    Raises:
        UserError: the file cannot be read, or is of no kind that a page can hold.

    """
    path = folder / picture.file
    if path.suffix.lower() not in _KINDS:
        raise UserError(f"{path}: expected a picture ({', '.join(_KINDS)}), got {path.suffix!r}.")
    beside = {path, path.with_suffix(".svg"), path.with_suffix(".png")} - {path}
    shown = [path, *sorted(each for each in beside if each.is_file())]
    address, share = min((_embedded(each) for each in shown), key=lambda found: len(found[0]))
    return boxed("figure", picture, address, f"{share:.3g}")


def _embedded(path: Path) -> tuple[str, float]:
    """Return an address that has a picture in it, and the picture's part of the text's width."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}.") from error
    try:
        is_drawn = path.suffix.lower() == ".svg"
        inches = _width_of_drawing(data) if is_drawn else _width_of_pixels(path)
    except (ET.ParseError, OSError, ValueError) as error:
        raise UserError(
            f"{path}: expected a picture, got {error}. Run the command that drew it again."
        ) from error
    share = min(1.0, inches / WIDTH_INCHES)
    if is_drawn:
        words = b" ".join(data.split())  # in SVG, space is space
        return f"data:image/svg+xml,{quote(words, safe=_UNQUOTED)}", share
    kind = _PIXELS[path.suffix.lower()]
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}", share


def _width_of_drawing(data: bytes) -> float:
    """Return the inches of SVG that says its points, as Matplotlib's does; else the text's."""
    width = ET.fromstring(data).get("width", "")
    return float(width.removesuffix("pt")) / 72 if width.endswith("pt") else WIDTH_INCHES


def _width_of_pixels(path: Path) -> float:
    """Return the inches of pixels that say how many are in one; else the text's."""
    from PIL import Image  # loaded where there are pixels

    with Image.open(path) as image:
        pixels_an_inch = image.info.get("dpi", (0, 0))[0]
        return image.width / float(pixels_an_inch) if pixels_an_inch else WIDTH_INCHES
