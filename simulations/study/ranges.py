"""Checks of settings: a mistake is told as what was expected and what arrived."""

from collections.abc import Callable, Sequence
from typing import Any

from simulations.engine.device import DeviceError, resolve
from theory.common.errors import UserError


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


def check_device(name: str) -> None:
    """Check that the device ``auto``, ``cpu`` or ``gpu`` is there.

    Raises:
        UserError: it is none of them, or not there.

    """
    try:
        resolve(name)
    except DeviceError as error:
        raise UserError(str(error)) from error
