"""The periodic convolution around a convolution: as large or larger, and diagonal by frequency."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from nn_experiments.lipschitz.gram import TIGHT
from nn_experiments.lipschitz.operators import UNIT, Convolution, gamma

_TOGETHER = 1 << 18
"""Entries of the matrices that are factorised before it is looked whether one failed."""


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
    def _found(self) -> list[Tensor]:
        return []

    def grams(self) -> Iterator[Tensor]:
        """Yield the matrices times their adjoints, some frequencies at a time, each made once."""
        for k, matrices in enumerate(self.symbol.split(max(1, _TOGETHER // self.rows**2))):
            if k == len(self._found):
                self._found.append(matrices @ matrices.mH)
            yield self._found[k]

    @property
    def rows(self) -> int:
        """Rows of a matrix."""
        return self.symbol.shape[1]

    @cached_property
    def absolute(self) -> float:
        """Upper bound on the norms of the matrices of absolute values: √(‖Σ|W|‖₁ ‖Σ|W|‖∞)."""
        total = self.operator.weight.abs().sum(dim=(2, 3))
        row, column = float(total.sum(dim=1).max()), float(total.sum(dim=0).max())
        return math.sqrt(row * column) * (1 + gamma(self.operator.terms + 4))

    def factorises(self, s: float) -> bool:
        """Say whether the Cholesky factorisation of sI − G succeeds at all frequencies."""
        for gram in self.grams():
            pivots = -gram
            pivots.diagonal(dim1=1, dim2=2).add_(s)
            if torch.linalg.cholesky_ex(pivots).info.any():
                return False
        return True

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
        margin, largest = TIGHT, max(float(torch.linalg.eigvalsh(g).max()) for g in self.grams())
        while (s := largest * (1 + margin)) < self.absolute**2:
            if self.factorises(s):
                return self.bound(s)
            margin *= 4
        return self.absolute
