"""Settings of all packages: ranges of numbers, checks, and what two sets of settings differ in.

A mistake is told as what was expected and what arrived.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeGuard

from theory.common.errors import UserError

_MOST_CHARACTERS: Final = 60


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


def check_integer(name: str, value: int, least: int, most: int | None = None) -> None:
    """Check that ``value`` is from ``least`` to ``most``, if there is a most.

    Raises:
        UserError: it is not; ``name`` says of which setting.

    """
    if value < least or (most is not None and value > most):
        allowed = f">= {least}" if most is None else f"from {least} to {most}"
        raise UserError(f"{name}: expected an integer {allowed}, got {value}")


def check_integers(name: str, values: Sequence[int], least: int, most: int) -> None:
    """Check that all ``values`` are from ``least`` to ``most``; raises as :func:`check_integer`."""
    if not all(least <= value <= most for value in values):
        raise UserError(f"{name}: expected integers from {least} to {most}, got {values}")


def check_number(name: str, value: float, low: float, high: float) -> None:
    """Check that ``value`` is from ``low`` to ``high``; raises as :func:`check_integer`."""
    if not low <= value <= high:
        raise UserError(f"{name}: expected a number from {low:g} to {high:g}, got {value}")


def check_each_once(
    name: str,
    values: Sequence[Any],
    expected: str,
    *,
    fewest: int = 1,
    most: int | None = None,
    holds: Callable[[Any], bool] = lambda value: True,
) -> None:
    """Check that ``values`` are enough and not too many, that all differ, and what each has to be.

    Args:
        name: of the setting.
        values: what it is.
        expected: how many of what, in words.
        fewest: how many there are at least.
        most: how many there are at most, if there is a most.
        holds: what each has to be.

    Raises:
        UserError: they are not.

    """
    many = len(set(values)) < len(values) or (most is not None and len(values) > most)
    if len(values) < fewest or many or not all(map(holds, values)):
        raise UserError(f"{name}: expected {expected}, each once, got {values}")


def differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[str]:
    """Yield what settings differ in, those that were kept and those that are asked for.

    As they are written, so that 0 and −0, or 1 and 1.0, differ. Of two lists the first place is
    told in which they do.

    Args:
        there: those that were kept, by name; what is left out is told as nothing.
        here: those that are asked for.

    """
    for name in {**there, **here}:
        old, new = there.get(name), here.get(name)
        if repr(old) == repr(new):
            continue
        if _is_list(old) and _is_list(new):
            yield f"{name}: {_in_lists(old, new)}"
        else:
            yield f"{name}: {_shortened(old)} there, {_shortened(new)} asked for"


def _is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _in_lists(there: Sequence[Any], here: Sequence[Any]) -> str:
    place = next(
        (i for i, (a, b) in enumerate(zip(there, here, strict=False)) if repr(a) != repr(b)),
        min(len(there), len(here)),
    )
    old, new = (str(of[place]) if place < len(of) else "no more" for of in (there, here))
    sizes = f"{len(there)} values there, {len(here)} asked for"
    return f"{sizes}; value {place + 1}: {old} there, {new} asked for"


def _shortened(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:40]} … {text[-10:]}"
