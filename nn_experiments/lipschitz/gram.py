"""Gram matrices of operators, and what it means that sI minus one can be factorised.

If the Cholesky factorisation of sI − MᵀM succeeds, then LLᵀ = sI − MᵀM + E with a known bound on
‖E‖, so that ‖M‖² ≤ s + ‖E‖ whatever was used to guess s. A power iteration that stopped early
guesses too small an s and is refused.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nn_experiments.lipschitz.elimination import Elimination, orders
from nn_experiments.lipschitz.operators import UNIT, Convolution, gamma

TIGHT = 1e-9
"""First margin on a squared norm that a full decomposition computed."""
_CPU_CALL, _GPU_CALL = 1e6, 1e9
"""How much arithmetic a device could do while it is told of a product of two blocks, roughly."""
_TILES = 400
"""An image is cut into no more tiles than this."""

_SIDES: tuple[Literal["in", "out"], ...] = ("in", "out")

_Taps = tuple[tuple[int, int], ...]
"""The taps by which two positions meet positions of the other side, pair by pair."""


@dataclass(frozen=True, eq=False)
class DenseGram:
    """WWᵀ of a matrix with no more rows than columns, as one block."""

    wide: Tensor

    @property
    def elimination(self) -> Elimination:
        """One step: there is one block."""
        return Elimination(((0, ()),), (len(self.wide),))

    @property
    def terms(self) -> int:
        """How many products an entry sums."""
        return self.wide.shape[1]

    def block(self, row: int = 0, column: int = 0) -> Tensor:
        """Return the one block."""
        del row, column
        return self.wide @ self.wide.T


@dataclass(frozen=True, eq=False)
class TiledGram:
    """MᵀM or MMᵀ of a convolution, in blocks between square tiles of an image's positions.

    Positions on one axis are coupled if some position of the other side meets both: in MᵀM an
    output that reads both, in MMᵀ an input that both read. An output o meets an input i by the tap
    k = (i + padding − o·stride) / dilation, if that is a whole number of the kernel's. With the
    matrices W_kl of channels, the block of MᵀM between the positions (i, j) and (i', j') is the sum
    of W_klᵀ W_k'l' over all outputs that meet both, by the taps (k, l) and (k', l').

    Attributes:
        operator: the convolution, of one group.
        side: ``in`` for MᵀM, ``out`` for MMᵀ.
        tile: side of a tile, in positions; tiles are numbered by rows, positions in a tile, too,
            and channels come last.

    """

    operator: Convolution
    side: Literal["in", "out"]
    tile: int = 1

    @classmethod
    def cheapest(cls, operator: Convolution) -> TiledGram:
        """Return the Gram matrix whose factorisation takes the least arithmetic."""
        largest = max(*operator.size, *operator.out_size)
        grams = [
            cls(operator, side, 1 << power)
            for side in _SIDES
            for power in range(largest.bit_length() + 1)
        ]
        return min((g for g in grams if len(g.tiles) <= _TILES), key=lambda gram: gram.flops)

    @property
    def channels(self) -> int:
        """Channels of this side."""
        return self.operator.weight.shape[1 if self.side == "in" else 0]

    @property
    def terms(self) -> int:
        """How many products an entry sums: the other side's channels, for each tap."""
        return self.operator.terms

    @cached_property
    def tiles(self) -> list[tuple[range, range]]:
        """The rows and the columns of the positions of each tile."""
        size = self.operator.size if self.side == "in" else self.operator.out_size
        rows, columns = (
            [range(start, min(start + self.tile, n)) for start in range(0, n, self.tile)]
            for n in size
        )
        return list(product(rows, columns))

    @cached_property
    def coupled(self) -> NDArray[np.bool_]:
        """Between which tiles there is a block that need not be 0."""
        return np.kron(self._coupled_parts(axis=0), self._coupled_parts(axis=1))

    @cached_property
    def elimination(self) -> Elimination:
        """The elimination of the tiles that takes the least arithmetic of those tried."""
        sizes = [len(tall) * len(wide) * self.channels for tall, wide in self.tiles]
        grid = [math.ceil(len(positions) / self.tile) for positions in self.couplings]
        found = (Elimination.of(self.coupled, order, sizes) for order in orders(*grid))
        return min(found, key=lambda elimination: elimination.flops(self._call))

    @property
    def flops(self) -> float:
        """Arithmetic of the factorisation: see :meth:`Elimination.flops`."""
        return self.elimination.flops(self._call)

    @property
    def _call(self) -> float:
        return _GPU_CALL if self.operator.weight.is_cuda else _CPU_CALL

    def taps(self, axis: int) -> list[dict[int, int]]:
        """For each position of this side: the other side's positions it meets, and by which tap."""
        op = self.operator
        outputs, inputs = op.out_size[axis], op.size[axis]
        found = [dict[int, int]() for _ in range(inputs if self.side == "in" else outputs)]
        for o in range(outputs):
            for k in range(op.weight.shape[2 + axis]):
                i = o * op.stride[axis] + k * op.dilation[axis] - op.padding[2 * axis]
                if 0 <= i < inputs:
                    here, there = (i, o) if self.side == "in" else (o, i)
                    found[here][there] = k
        return found

    @cached_property
    def couplings(self) -> tuple[list[dict[int, _Taps]], list[dict[int, _Taps]]]:
        """On each axis, for each position: those it is coupled with, and by which pairs of taps."""
        return _couplings(self.taps(axis=0)), _couplings(self.taps(axis=1))

    def _coupled_parts(self, axis: int) -> NDArray[np.bool_]:
        parts = math.ceil(len(self.couplings[axis]) / self.tile)
        coupled = np.eye(parts, dtype=bool)
        for a, others in enumerate(self.couplings[axis]):
            coupled[a // self.tile, [b // self.tile for b in others]] = True
        return coupled

    def block(self, row: int, column: int) -> Tensor:
        """Return the block between two tiles."""
        if row < column:
            return self.block(column, row).T
        (tall, wide), (other_tall, other_wide) = self.tiles[row], self.tiles[column]
        c = self.channels
        sizes = len(tall), len(wide), c, len(other_tall), len(other_wide), c
        block = self.operator.weight.new_zeros(sizes)
        for (a, i), (b, j) in product(enumerate(tall), enumerate(wide)):
            met = product(self.couplings[0][i].items(), self.couplings[1][j].items())
            for (x, vertical), (y, horizontal) in met:
                if x in other_tall and y in other_wide:
                    position = x - other_tall.start, y - other_wide.start
                    block[a, b, :, *position] = self._sum(vertical, horizontal)
        return block.view(len(tall) * len(wide) * c, -1)

    def _sum(self, vertical: _Taps, horizontal: _Taps) -> Tensor:
        """Return the sum of W_klᵀ W_k'l' over taps; for few different ones, each computed once."""
        taps = vertical, horizontal
        if taps not in self._sums:
            ours, theirs = (
                torch.cat([self._weights[k[side], m[side]] for k, m in product(*taps)])
                for side in (0, 1)
            )
            self._sums[taps] = ours.T @ theirs
        return self._sums[taps]

    @cached_property
    def _sums(self) -> dict[tuple[_Taps, _Taps], Tensor]:
        return {}

    @cached_property
    def _weights(self) -> Tensor:
        """Taps before channels, those of the other side first."""
        weight = self.operator.weight.permute(2, 3, 0, 1)
        return (weight if self.side == "in" else weight.mT).contiguous()


def _couplings(met: list[dict[int, int]]) -> list[dict[int, _Taps]]:
    """Return, per position, the positions that meet one that it meets, with both taps."""
    back: dict[int, list[tuple[int, int]]] = {}
    for position, taps in enumerate(met):
        for partner, k in taps.items():
            back.setdefault(partner, []).append((position, k))
    found: list[dict[int, _Taps]] = [{} for _ in met]
    for positions in back.values():
        for a, k in positions:
            for b, other in positions:
                found[a][b] = (*found[a].get(b, ()), (k, other))
    return found


def factorises(gram: DenseGram | TiledGram, s: float) -> bool:
    """Say whether the Cholesky factorisation of A = sI − G succeeds, block row by block row.

    A step takes the root L of its block row's own block of what is left of A, makes of a block
    below it X = block L⁻ᵀ, and takes X Yᵀ away from the block between any two of these. Blocks are
    made when they are first needed and given up with their step.
    """
    left = _Left(gram, s)
    for node, later in gram.elimination.steps:
        root, failed = torch.linalg.cholesky_ex(left.take(node, node))
        if failed:
            return False
        if not later:
            continue
        below = torch.cat([left.take(other, node) for other in later])
        solved = torch.linalg.solve_triangular(root, below.T, upper=False).T.contiguous()
        parts = solved.split([gram.elimination.sizes[other] for other in later])
        for a, row in enumerate(later):
            for b, column in enumerate(later[: a + 1]):
                left.at(row, column).addmm_(parts[a], parts[b].T, alpha=-1)
    return True


@dataclass(frozen=True)
class _Left:
    """What is left of sI − G during its factorisation: blocks with the later step's row first."""

    gram: DenseGram | TiledGram
    s: float
    blocks: dict[tuple[int, int], Tensor] = field(default_factory=dict)

    def at(self, row: int, column: int) -> Tensor:
        """Return a block, to be changed in place."""
        if (row, column) not in self.blocks:
            block = -self.gram.block(row, column)
            if row == column:
                block.diagonal().add_(self.s)
            self.blocks[row, column] = block
        return self.blocks[row, column]

    def take(self, row: int, column: int) -> Tensor:
        """Return a block, and forget it."""
        block = self.at(row, column)
        del self.blocks[row, column]
        return block


def factorisation_error(gram: DenseGram | TiledGram, s: float, absolute: float) -> float:
    """Return ρ such that ‖M‖² ≤ s + ρ if :func:`factorises` holds.

    ``absolute`` bounds ‖|M|‖. The computed G is off by at most γ_p |M|ᵀ|M| with p products an
    entry, in norm by γ_p ‖|M|‖². The difference sI − G rounds its diagonal, which is in [0, s]. And
    LLᵀ = sI − G + E with |E| ≤ γ_q |L||Lᵀ| / (1 − γ_q) for q products an entry (Higham, theorem
    10.3, in whichever order blocks are done, triangles being solved by substitution). A row of L
    has at most as many entries as one of LLᵀ, say w, thus q = w + 1; and of the entries of |L||Lᵀ|,
    at most w in a row, each is at most max (LLᵀ)ᵢᵢ ≤ s / (1 − γ_q), so that
    ‖E‖ ≤ w γ_q s / (1 − γ_q)².
    """
    w = gram.elimination.widest
    q = gamma(w + 2)
    return gamma(gram.terms) * absolute**2 + UNIT * s + w * q * s / (1 - q) ** 2
