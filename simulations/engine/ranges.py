"""Ranges of the numbers of rules and schedules, in words and as a condition."""

import math
from collections.abc import Callable
from typing import Final, NamedTuple

from theory.common.errors import UserError


class Range(NamedTuple):
    """What a number may be.

    Attributes:
        text: the range in words.
        holds: whether a number is in it.

    """

    text: str
    holds: Callable[[float], bool]


FRACTION: Final = Range("a number from 0 to below 1", lambda x: 0 <= x < 1)
NOT_NEGATIVE: Final = Range("a finite number >= 0", lambda x: 0 <= x < math.inf)
POSITIVE: Final = Range("a finite number > 0", lambda x: 0 < x < math.inf)
AT_LEAST_ONE: Final = Range("a finite number >= 1", lambda x: 1 <= x < math.inf)
NOT_POSITIVE: Final = Range("a finite number <= 0", lambda x: -math.inf < x <= 0)


def check_range(name: str, value: float, allowed: Range) -> None:
    """Check a number.

    Raises:
        UserError: it is none, or out of its range; ``name`` says which.

    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not allowed.holds(value):
        raise UserError(f"{name}: expected {allowed.text}, got {value!r}")
