"""How long a sweep will take, told from its first blocks."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from simulations.sweep.blocks import Plan
from theory.common.errors import UserError

_UNITS: Final = ((365 * 86400, "years"), (86400, "days"), (3600, "hours"), (60, "minutes"))
# Blocks whose work is counted; of more, these stand for all.
_MOST_COUNTED: Final = 64


class Forecast:
    """Foretells from the first two blocks how long all will take.

    The first one's time includes compilation, so that the faster of the two stands for the rest,
    each in proportion to its work.
    """

    def __init__(
        self,
        plan: Plan,
        todo: Sequence[int],
        abreast: int,
        limit: float | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        """Begin to measure.

        Args:
            plan: what is swept.
            todo: the blocks that are to be computed.
            abreast: how many are in work at once.
            limit: seconds that all may take, if there is a limit.
            tell: called with what is foretold, once the first block is there.

        """
        self._plan, self._limit, self._tell = plan, limit, tell
        self._blocks, self._abreast = len(todo), abreast
        some = todo[:: -(-len(todo) // _MOST_COUNTED) or 1]
        works = [self._work(block) for block in some]
        self._left = sum(works) * len(todo) / max(1, len(some))
        self._began = time.monotonic()
        self._rates: list[float] = []

    def _work(self, block: int) -> float:
        return self._plan.computation.work(self._plan.points(block))

    def take(self, block: int, seconds: float) -> None:
        """Take note of a block's time; raises UserError if what is left will not fit."""
        if len(self._rates) == 2:
            return
        work = self._work(block)
        self._left -= work
        self._rates.append(seconds / work)
        left = self._blocks - len(self._rates)
        if not left:
            return
        rest = max(0.0, self._left) * min(self._rates) / self._abreast
        if self._tell is not None and len(self._rates) == 1:
            self._tell(
                f"about {duration(rest)} more, by the first of {self._blocks:,} blocks, which took "
                f"{duration(seconds)}"
            )
        passed = time.monotonic() - self._began
        if self._limit is not None and (
            passed > self._limit or (len(self._rates) == 2 and passed + rest > self._limit)
        ):
            raise UserError(
                f"expected a sweep of at most {self._limit:g} s, got {self._blocks} blocks to "
                f"compute of {self._plan.rows_per_block} points, of which one takes "
                f"{seconds:.3g} s: about {passed + rest:.3g} s in all. Take fewer points, or "
                "allow more time; the blocks that are done are kept."
            )


def duration(seconds: float) -> str:
    """Return a number of seconds as people read it."""
    unit, name = next(((u, n) for u, n in _UNITS if seconds >= 2 * u), (1, "seconds"))
    number = f"{max(1.0, seconds / unit):,.0f}"
    return f"{number} {name.removesuffix('s') if number == '1' else name}"
