"""In which order the blocks of a sparse symmetric matrix are eliminated, and what that fills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Elimination:
    """The steps of a Cholesky factorisation by blocks.

    Attributes:
        steps: in order, the block row that is eliminated, with those after it that are then coupled
            with it, be it by the matrix or by what was eliminated before.
        sizes: of the block rows.

    """

    steps: tuple[tuple[int, tuple[int, ...]], ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(
        cls, coupled: NDArray[np.bool_], order: Sequence[int], sizes: Sequence[int]
    ) -> Elimination:
        """Return the steps of an order.

        Args:
            coupled: which block rows share a block that is not 0, shape (n, n), symmetric.
            order: of the n block rows.
            sizes: of the block rows.

        """
        filled = coupled[np.ix_(order, order)]
        steps = []
        for k, node in enumerate(order):
            later = [k + 1 + int(i) for i in np.flatnonzero(filled[k, k + 1 :])]
            filled[np.ix_(later, later)] = True
            steps.append((node, tuple(order[i] for i in later)))
        return cls(tuple(steps), tuple(sizes))

    @cached_property
    def widest(self) -> int:
        """Most entries of a row of LLᵀ that are not 0; no row of L has more."""
        entries = list(self.sizes)
        for node, later in self.steps:
            entries[node] += sum(self.sizes[other] for other in later)
            for other in later:
                entries[other] += self.sizes[node]
        return max(entries)

    def flops(self, call: float) -> float:
        """Return the arithmetic, a product of two blocks counted as at least ``call``.

        A step takes a root of m³/3, per later block the solution of a triangular system, and per
        pair of them, of which half are done, a product and a difference.
        """
        sizes, total = np.array(self.sizes, dtype=float), 0.0
        for node, later in self.steps:
            m, others = sizes[node], sizes[list(later)]
            total += m**3 / 3 + m**2 * others.sum() + m * (others.sum() ** 2 + others @ others)
            total += call * (1 + len(others) * (len(others) + 1) / 2)
        return float(total)


def orders(height: int, width: int) -> Iterator[list[int]]:
    """Yield orders of the places of a grid, numbered by rows, of which one takes little arithmetic.

    On a long strip, it is best to go from one end to the other. On a square, it is to start in the
    four corners and to leave the middle row and column, which keep them apart, for the end: where
    places are coupled that are 2 apart, that spares a sixth of the arithmetic on 8 × 8 places and
    more than a quarter on 16 × 16.
    """
    places = range(height * width)

    def from_cross(place: int) -> tuple[float, int]:
        i, j = divmod(place, width)
        return -min(abs(2 * i - height + 1), abs(2 * j - width + 1)), place

    yield sorted(places, key=lambda place: divmod(place, width)[:: 1 if height >= width else -1])
    yield sorted(places, key=from_cross)
