"""Numbers of things, in words."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, things: str) -> str:
    """Return a number of things, whose plural ends in s: ``"1 test image"``, ``"1,000 epochs"``.

    Args:
        number: of them.
        things: what one of them is called.

    """
    return f"{number:,} {things}{'' if number == 1 else 's'}"


def either(numbers: Sequence[int], things: str) -> str:
    """Return one of several numbers of things, in words: ``"1 or 2 seeds"``.

    Args:
        numbers: at least one, in the order to name them.
        things: what one of them is called.

    """
    *first, last = numbers
    return " or ".join([*(f"{n:,}" for n in first), counted(last, things)])
