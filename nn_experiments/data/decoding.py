"""Image files, read as their makers meant them, or refused by name.

A file says more than its mode does. What is turned by its EXIF orientation is turned upright;
channels of more than 8 bits, transparency and several pictures in one file are refused, as each
could be brought to 8 bits of one opaque picture in more than one way. Of a JPEG with several
pictures (MPO, as telephones write them) the first is the photograph; the others are its preview or
depth. Color profiles are not applied: values are those stored, and CMYK is made RGB without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from theory.common.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("PNG", "JPEG", "BMP", "PPM", "TIFF", "WEBP")
_GRAY = ("1", "L")
_COLORED = ("P", "RGB", "CMYK", "YCbCr")
_TRANSPARENT = ("LA", "La", "PA", "RGBA", "RGBa")
_BITS_PER_SAMPLE = 258  # tag of TIFF 6.0, section 8


@contextmanager
def opened(path: Path) -> Iterator[Image]:
    """Open an image whose header says that it can be read as it is meant; pixels are not yet read.

    Raises:
        UserError: it is none, is damaged (also where that shows only within the block), or has
            more than 8 bits a channel, transparency or several pictures.

    """
    import PIL.Image

    damaged = OSError, SyntaxError, ValueError, EOFError, PIL.Image.DecompressionBombError
    try:
        with PIL.Image.open(path, formats=_FORMATS) as image:
            _require_plain(image, path)
            yield image
    except (*damaged, TypeError, LookupError, ArithmeticError, RuntimeError) as error:
        raise UserError(f"cannot read the image {path}: {error}. Get it again.") from error


def is_gray(path: Path) -> bool:
    """Say whether an image is stored without color; raises as :func:`opened`."""
    with opened(path) as image:
        return image.mode in _GRAY


def upright(image: Image, channels: int) -> Image:
    """Return an image that was opened as its orientation has it, of one channel or of three.

    Args:
        image: of :func:`opened`.
        channels: 1 for gray values, 3 for RGB.

    """
    from PIL import ImageOps

    return ImageOps.exif_transpose(image).convert("L" if channels == 1 else "RGB")


def _require_plain(image: Image, path: Path) -> None:
    got = None
    if image.mode in _TRANSPARENT or _has_transparent_color(image):
        got = f"transparency (Pillow's mode {image.mode}). Lay the image on a background"
    elif (bits := _bits(image)) > 8 or image.mode not in (*_GRAY, *_COLORED):
        got = f"{bits} bits (Pillow's mode {image.mode}). Convert the image"
    elif image.format != "MPO" and (pictures := getattr(image, "n_frames", 1)) > 1:
        got = f"{pictures} pictures in one file. Save the one that is meant"
    if got is not None:
        raise UserError(
            f"{path}: expected one picture of 8 bits a channel, gray or in color, without "
            f"transparency, got {got}."
        )


def _has_transparent_color(image: Image) -> bool:
    palette = getattr(image, "palette", None)
    return "transparency" in image.info or (palette is not None and palette.mode.endswith("A"))


def _bits(image: Image) -> int:
    """Return the bits of a channel as they are stored; Pillow's mode says those it would return."""
    if image.mode.startswith(("I", "F")):
        return 16 if ";16" in image.mode else 32
    if image.format == "TIFF":
        return int(max(image.tag_v2.get(_BITS_PER_SAMPLE, (8,))))  # type: ignore[attr-defined]
    tiles = getattr(image, "tile", ())
    stored = tiles[0][3] if tiles else ""
    match stored:
        case str() if image.format == "PNG" and ";16" in stored:
            return 16
        case (str(), int(largest)) if image.format == "PPM":
            return largest.bit_length()
    return 8
