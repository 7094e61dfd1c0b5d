"""How far long work is."""

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of parts done and their total."""


def unheard(done: int, total: int) -> None:
    """Tell nobody of the progress."""
