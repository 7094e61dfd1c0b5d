"""Pictures of pixels, packed into addresses: as WebP, which all browsers show, where it is smaller.

What a picture shows keeps every pixel, for it may have text and thin lines in it. A large map of
colours, such as one of random starts, is mostly noise from pixel to pixel, which takes nearly all
of its bytes and which nobody reads: it keeps its colours over small squares.
"""

import base64
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:  # loaded where there are pixels
    from PIL.Image import Image

_SMALL: Final = 250_000
"""Bytes of pixels that are packed as tight as can be, which takes a second at most."""
_LARGE: Final = 20_000
"""Bytes, when no pixel is lost, from which a map may lose noise."""
_QUALITY: Final = 92
SQUARE: Final = 4
"""Pixels along a square over which a map keeps its colours: 1/50 inch, two or three on a screen."""
LEVELS: Final = 8
"""Of 255, by which a square's red, green or blue may be off: 3 %."""


def packed(kind: str, data: bytes, *, is_map: bool = False) -> tuple[str, bytes]:
    """Return the kind and the bytes of the same picture, as WebP if that is smaller.

    Args:
        kind: of the bytes, such as ``image/png``, of which others than this are returned.
        data: the bytes.
        is_map: whether the pixels are colours of a map, and no text or line.

    """
    from PIL import Image, features

    if kind != "image/png" or not features.check("webp"):
        return kind, data
    file = BytesIO()
    with Image.open(BytesIO(data)) as image:
        effort = {"quality": 100, "method": 6} if len(data) < _SMALL else {"method": 3}
        image.save(file, "WEBP", lossless=True, exact=True, **effort)
        best = min(data, file.getvalue(), key=len)
        if is_map and len(best) > _LARGE and (smooth := _smooth(image)) is not None:
            best = min(best, smooth, key=len)
    return ("image/png" if best is data else "image/webp"), best


def _smooth(image: "Image") -> bytes | None:
    """Return an opaque map without its finest noise; None where its colours would change."""
    from PIL import Image

    if np.asarray(image.convert("RGBA"))[..., 3].min() < 255:
        return None
    file = BytesIO()
    image.convert("RGB").save(file, "WEBP", quality=_QUALITY, method=6)
    with Image.open(file) as after:
        lost = np.abs(_squares(after) - _squares(image)).max()
    return file.getvalue() if lost <= LEVELS else None


def _squares(image: "Image") -> np.ndarray:
    """Return the mean colours of squares, shape (rows, columns, 3); the rest at the ends is cut."""
    values = np.asarray(image.convert("RGB"), float)
    rows, columns = (size // SQUARE for size in values.shape[:2])
    whole = values[: rows * SQUARE, : columns * SQUARE]
    return whole.reshape(rows, SQUARE, columns, SQUARE, 3).mean((1, 3))


def address(kind: str, data: bytes) -> str:
    """Return bytes as an address that has them in it."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
