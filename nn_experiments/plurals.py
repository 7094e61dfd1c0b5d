"""Numbers of things, in words."""

from __future__ import annotations

from collections.abc import Sequence

from theory.common.plurals import counted

__all__ = ["counted", "either"]


def either(numbers: Sequence[int], things: str) -> str:
    """Return one of several numbers of things, in words: ``"1 or 2 seeds"``.

    Args:
        numbers: at least one, in the order to name them.
        things: what one of them is called.

    """
    *first, last = numbers
    return " or ".join([*(f"{n:,}" for n in first), counted(last, things)])
