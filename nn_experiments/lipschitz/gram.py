"""Gram matrices of operators, and what it means that sI minus one can be factorised.

If the Cholesky factorisation of sI − MᵀM succeeds, then LLᵀ = sI − MᵀM + E with a known bound on
‖E‖, so that ‖M‖² ≤ s + ‖E‖ whatever was used to guess s. A power iteration that stopped early
guesses too small an s and is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from nn_experiments.lipschitz.operators import UNIT, Convolution, gamma

TIGHT = 1e-9
"""First margin on a squared norm that a full decomposition computed."""


@dataclass(frozen=True, eq=False)
class DenseGram:
    """WWᵀ of a matrix with no more rows than columns, as one block."""

    wide: Tensor

    @property
    def block(self) -> int:
        """Side of a diagonal block."""
        return len(self.wide)

    @property
    def row(self) -> int:
        """All of it: there is one block."""
        return self.block

    @property
    def terms(self) -> int:
        """How many products an entry sums."""
        return self.wide.shape[1]

    def bands(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield the one block."""
        yield self.wide @ self.wide.T, None


@dataclass(frozen=True, eq=False)
class BandedGram:
    """MᵀM or MMᵀ of a convolution, block-tridiagonal over groups of image rows.

    Positions on one axis are coupled if some position of the other side meets both: in MᵀM an
    output that reads both, in MMᵀ an input that both read. An output o meets an input i by the tap
    k = (i + padding − o·stride) / dilation, if that is a whole number of the kernel's. With the
    matrices W_kl of channels, the block of MᵀM between the positions (i, j) and (i', j') is the sum
    of W_klᵀ W_k'l' over all outputs that meet both, by the taps (k, l) and (k', l').

    Attributes:
        operator: the convolution, of one group.
        side: ``in`` for MᵀM, ``out`` for MMᵀ.

    """

    operator: Convolution
    side: Literal["in", "out"]

    @classmethod
    def cheapest(cls, operator: Convolution) -> BandedGram:
        """Return the Gram matrix whose factorisation takes less arithmetic."""
        return min((cls(operator, "in"), cls(operator, "out")), key=lambda gram: gram.flops)

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
    def couplings(self) -> list[dict[int, list[tuple[int, int]]]]:
        """For each image row: the rows it is coupled with, and by which pairs of taps."""
        return _couplings(self.taps(axis=0))

    @cached_property
    def reach(self) -> int:
        """How far apart coupled rows can be, at least 1: rows of a block."""
        distances = [abs(a - b) for a, others in enumerate(self.couplings) for b in others]
        return max([1, *distances])

    @property
    def channels(self) -> int:
        """Channels of this side."""
        return self.operator.weight.shape[1 if self.side == "in" else 0]

    @property
    def row(self) -> int:
        """How many values an image row has, all channels together."""
        op = self.operator
        return self.channels * (op.size if self.side == "in" else op.out_size)[1]

    @property
    def block(self) -> int:
        """Side of a diagonal block."""
        return min(self.reach, len(self.couplings)) * self.row

    @property
    def terms(self) -> int:
        """How many products an entry sums: the other side's channels, for each tap."""
        return self.operator.terms

    @property
    def flops(self) -> float:
        """Arithmetic of the factorisation: per block a root, a solution and an update.

        With reach 2 these are 1/3, 5/8 and 1 of the cube of a block's side: see :func:`factorises`.
        """
        return math.ceil(len(self.couplings) / self.reach) * 47 / 24 * float(self.block) ** 3

    def bands(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield each diagonal block with the block below it, lazily; positions before channels."""
        products = self._row_products()
        starts = [*range(0, len(self.couplings), self.reach), len(self.couplings)]
        groups = [range(a, b) for a, b in pairwise(starts)]
        for here, below in pairwise([*groups, range(0)]):
            yield (
                self._assemble(products, here, here),
                self._assemble(products, below, here) if below else None,
            )

    def _row_products(self) -> dict[tuple[int, int], Tensor]:
        """Return, per pair of vertical taps, what it adds to the block between two rows."""
        weight = self.operator.weight.permute(2, 3, 0, 1)  # taps before channels
        weight = weight if self.side == "in" else weight.mT
        across = _couplings(self.taps(axis=1))
        products = {}
        for k in range(len(weight)):
            for k_other in range(len(weight)):
                # Axes: horizontal taps of the one and of the other, then channels.
                pairs = weight[k, :, None].mT @ weight[k_other, None]
                block = weight.new_zeros(len(across), self.channels, len(across), self.channels)
                for a, others in enumerate(across):
                    for b, taps in others.items():
                        for tap in taps:
                            block[a, :, b] += pairs[tap]
                products[k, k_other] = block.view(self.row, self.row)
        return products

    def _assemble(
        self, products: dict[tuple[int, int], Tensor], rows: range, columns: range
    ) -> Tensor:
        block = self.operator.weight.new_zeros(len(rows), self.row, len(columns), self.row)
        for a, row in enumerate(rows):
            for b, column in enumerate(columns):
                for taps in self.couplings[row].get(column, []):
                    block[a, :, b] += products[taps]
        return block.view(len(rows) * self.row, -1)


def _couplings(met: list[dict[int, int]]) -> list[dict[int, list[tuple[int, int]]]]:
    """Return, per position, the positions that meet one that it meets, with both taps."""
    back: dict[int, list[tuple[int, int]]] = {}
    for position, taps in enumerate(met):
        for partner, k in taps.items():
            back.setdefault(partner, []).append((position, k))
    found: list[dict[int, list[tuple[int, int]]]] = [{} for _ in met]
    for positions in back.values():
        for a, k in positions:
            for b, other in positions:
                found[a].setdefault(b, []).append((k, other))
    return found


def factorises(gram: DenseGram | BandedGram, s: float) -> bool:
    """Say whether the Cholesky factorisation of sI − G succeeds, block row by block row.

    A block below the diagonal is of image rows by image rows, of which the a-th below and the c-th
    above are r + a − c apart. No more than the reach r couples, so that it is zero where c < a, and
    so is, transposed, the block of L.
    """
    update: Tensor | float = 0.0
    for diagonal, below in gram.bands():
        pivot = -(diagonal + update)
        pivot.diagonal().add_(s)
        root, failed = torch.linalg.cholesky_ex(pivot)
        if failed:
            return False
        if below is not None:
            # The block of L below the diagonal is −G_{j+1,j} L_j⁻ᵀ, its square leaves the next one.
            update = _square(_solved(root, below, gram.row))
    return True


def _solved(root: Tensor, below: Tensor, row: int) -> list[Tensor]:
    """Return root⁻¹ belowᵀ, image row by image row of ``below``, the a-th without a·row zeros."""
    return [
        torch.linalg.solve_triangular(root[a:, a:], below[a : a + row, a:].T, upper=False)
        for a in range(0, len(below), row)
    ]


def _square(left: Sequence[Tensor]) -> Tensor:
    """Return leftᵀ left of what :func:`_solved` returns."""
    row = left[0].shape[1]
    square = left[0].new_empty(len(left) * row, len(left) * row)
    blocks = square.view(len(left), row, len(left), row)
    for b, second in enumerate(left):
        for a, first in enumerate(left[: b + 1]):
            product = first[len(first) - len(second) :].T @ second
            blocks[a, :, b], blocks[b, :, a] = product, product.T
    return square


def factorisation_error(gram: DenseGram | BandedGram, s: float, absolute: float) -> float:
    """Return ρ such that ‖M‖² ≤ s + ρ if :func:`factorises` holds.

    ``absolute`` bounds ‖|M|‖. The computed G is off by at most γ_p |M|ᵀ|M| with p products an
    entry, in norm by γ_p ‖|M|‖². The difference sI − G rounds its diagonal, which is in [0, s]. And
    LLᵀ = sI − G + E with |E| ≤ γ_q |L||Lᵀ| / (1 − γ_q) for q products an entry (Higham, theorem
    10.3, in whichever order blocks are done, triangles being solved by substitution). Rows of L
    have at most two blocks of side m, thus q = 2m + 1; |L||Lᵀ| has at most 3m entries a row, each
    at most max (LLᵀ)ᵢᵢ ≤ s / (1 − γ_q), so that ‖E‖ ≤ 3m γ_q s / (1 − γ_q)².
    """
    m = gram.block
    q = gamma(2 * m + 2)
    return gamma(gram.terms) * absolute**2 + UNIT * s + 3 * m * q * s / (1 - q) ** 2


@dataclass(frozen=True, eq=False)
class PeriodicGram:
    """MMᵀ or MᵀM of the periodic convolution around a convolution of one group, by frequency.

    On a torus that holds the padded image nothing wraps: the operator is the periodic convolution
    between a restriction of inputs and one of outputs, so that its norm is no larger. The Fourier
    transform turns the periodic one into a matrix per frequency, of shape (C_out, aliases · C_in):
    with stride s on an axis of N, frequencies that differ by multiples of N/s fall together, each
    with the factor 1/√s.
    """

    operator: Convolution

    @cached_property
    def symbol(self) -> Tensor:
        """The matrices, or their adjoints if those have fewer rows: (frequencies, rows, columns).

        Half of the frequencies suffice: a negative one has the complex conjugate matrix.
        """
        op, sides, waves = self.operator, list[int](), list[Tensor]()
        for n, stride, dilation, taps in zip(
            op.padded, op.stride, op.dilation, op.weight.shape[2:], strict=True
        ):
            period = math.ceil(n / stride) * stride
            phases = torch.outer(torch.arange(taps) * dilation, torch.arange(period)) % period
            turns = phases.to(op.weight) / period
            waves.append(torch.polar(torch.ones_like(turns), -2 * math.pi * turns))
            sides += [stride, period // stride]
        weight = op.weight.to(torch.complex128)
        symbol = torch.einsum("oiuv,uf,vg->fgoi", weight, *waves)
        split = symbol.reshape(*sides, *op.weight.shape[:2]).permute(1, 3, 4, 0, 2, 5)
        half = split[:, : sides[3] // 2 + 1].flatten(0, 1)
        matrices = half.reshape(len(half), len(weight), -1) / math.sqrt(math.prod(op.stride))
        return matrices if matrices.shape[1] <= matrices.shape[2] else matrices.mH

    @cached_property
    def gram(self) -> Tensor:
        """Each matrix times its adjoint."""
        return self.symbol @ self.symbol.mH

    @cached_property
    def absolute(self) -> float:
        """Upper bound on the norms of the matrices of absolute values: √(‖Σ|W|‖₁ ‖Σ|W|‖∞)."""
        total = self.operator.weight.abs().sum(dim=(2, 3))
        row, column = float(total.sum(dim=1).max()), float(total.sum(dim=0).max())
        return math.sqrt(row * column) * (1 + gamma(self.operator.terms + 4))

    def factorises(self, s: float) -> bool:
        """Say whether the Cholesky factorisation of sI − G succeeds at all frequencies."""
        pivots = -self.gram
        pivots.diagonal(dim1=1, dim2=2).add_(s)
        return not bool(torch.linalg.cholesky_ex(pivots).info.any())

    def bound(self, s: float) -> float:
        """Return the upper bound on the operator's ℓ2 norm that holds if :meth:`factorises` does.

        As in :func:`factorisation_error`, complex products counting fourfold (Higham, lemma 3.5).
        Before that, an entry of a matrix sums t weights times two roots of unity each. The angle of
        a root, below 2π, has three roundings, and its sine and cosine one: 20 u, for two roots 40 u
        and for their product a few more. With the sum's own rounding that makes an error of at most
        (4t + 60) u Σ|W|, thus of η = (4t + 60) u a in norm.
        """
        taps = math.prod(self.operator.weight.shape[2:])
        eta = (4 * taps + 60) * UNIT * self.absolute
        rows, columns = self.symbol.shape[1:]
        q = gamma(4 * (rows + 2))
        error = gamma(4 * columns) * (self.absolute + eta) ** 2 + UNIT * s
        error += rows * q * s / (1 - q) ** 2
        return (math.sqrt(s + error) + eta) * (1 + 4 * UNIT)

    def least_bound(self) -> float:
        """Return the least bound, to within rounding."""
        margin, largest = TIGHT, float(torch.linalg.eigvalsh(self.gram).max())
        while (s := largest * (1 + margin)) < self.absolute**2:
            if self.factorises(s):
                return self.bound(s)
            margin *= 4
        return self.absolute
