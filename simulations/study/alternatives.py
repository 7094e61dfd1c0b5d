"""Words of which text alternatives of pictures are made."""

from collections.abc import Iterable
from typing import Any


def each(pairs: Iterable[tuple[str, str]]) -> str:
    """Return names with what is said of each: ``signGD 1.2, Adam 1.3``."""
    return ", ".join(f"{name} {value}" for name, value in pairs)


def percent(share: float) -> str:
    """Return a share as a percentage of three digits."""
    return f"{100 * share:.3g} %"


def sentences(*parts: Any) -> str:
    """Return the parts that say something as sentences: with a capital and a full stop."""
    return " ".join(
        f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
        for text in (str(part) for part in parts if part)
    )
