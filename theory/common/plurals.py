"""Numbers of things, in words."""

from __future__ import annotations


def counted(number: int, things: str) -> str:
    """Return a number of things, whose plural ends in s: ``"1 test image"``, ``"1,000 epochs"``.

    Args:
        number: of them.
        things: what one of them is called.

    """
    return f"{number:,} {things}{'' if number == 1 else 's'}"
