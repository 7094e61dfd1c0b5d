"""The headers of safetensors files, in one order: equal contents are equal files."""

from __future__ import annotations

import json
from typing import IO


def order_names(file: IO[bytes]) -> None:
    """Sort the names of the metadata, so that equal contents are equal files.

    The library writes them in an order of chance. The header is its length in 8 bytes, then JSON
    that may end in spaces; the order does not change its length.

    Raises:
        OSError: the header is not as described.

    """
    length = int.from_bytes(file.read(8), "little")
    header = json.loads(file.read(length))
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) > length:
        raise OSError(f"expected a header of at most {length} bytes, got {len(text)}")
    file.seek(8)
    file.write(text.ljust(length))
