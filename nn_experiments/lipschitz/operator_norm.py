"""Norms of linear layers as the operators they are, between bounds that hold.

A convolution is taken with its padding and stride on the images that reach it. Everything is
computed in double precision, u = 2⁻⁵³, and rounding is accounted for: a sum of m products, in any
order, is off by at most γ_m Σ|aᵢbᵢ| with γ_m = mu / (1 − mu) (Higham, Accuracy and Stability of
Numerical Algorithms, section 3.1). That leaves out fast matrix multiplication of Strassen's kind,
which no BLAS uses by default, and underflow, which single-precision weights cannot cause.

The ℓ2 norm is bounded from above by a factorisation: if the Cholesky factorisation of sI − MᵀM
succeeds, then LLᵀ = sI − MᵀM + E with a known bound on ‖E‖, so that ‖M‖² ≤ s + ‖E‖ whatever was
used to guess s. A power iteration that stopped early guesses too small an s and is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor
from torch.nn import functional

InducedNorm = Literal["l2", "linf", "l1"]
"""The norm of inputs and outputs that a Lipschitz constant is about."""
NORMS: tuple[InducedNorm, ...] = ("l2", "linf", "l1")
UNIT = 2.0**-53
SMALL = 512
"""Operators of this rank or less are decomposed in full."""
LARGEST = 100_000_000
"""Products of more entries than this are not formed."""
TIGHT = 1e-9
"""First margin on a squared norm that a full decomposition computed."""


def gamma(terms: int) -> float:
    """Return γ_m, the relative error of a sum of ``terms`` products."""
    return terms * UNIT / (1 - terms * UNIT)


@dataclass(frozen=True)
class Enclosure:
    """A norm lies between ``lower`` and ``upper``."""

    lower: float
    upper: float
    method: str
    """What the upper bound rests on."""

    @property
    def gap(self) -> float:
        """(upper − lower) / upper, or 0 if both are."""
        return (self.upper - self.lower) / self.upper if self.upper else 0.0

    def widened(self, slack: float) -> Enclosure:
        """Return an enclosure of the norm of every operator within ``slack`` of this one."""
        return Enclosure(max(self.lower - slack, 0.0), self.upper + slack, self.method)


@dataclass(frozen=True, eq=False)
class Matrix:
    """x ↦ weight x, with ``weight`` of shape (outputs, inputs), float64."""

    weight: Tensor
    slack: float = 0.0
    """Bound on every norm of the difference to the operator that is meant."""

    @property
    def dimensions(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return len(self.weight), self.weight.shape[1]

    @property
    def terms(self) -> int:
        """How many products an entry of an image under the operator or its adjoint sums."""
        return max(self.weight.shape)

    def apply(self, x: Tensor) -> Tensor:
        """Map (N, inputs) to (N, outputs)."""
        return x @ self.weight.T

    def adjoint(self, y: Tensor) -> Tensor:
        """Map (N, outputs) to (N, inputs)."""
        return y @ self.weight

    @cached_property
    def absolute_sums(self) -> tuple[float, float]:
        """Largest absolute row sum and column sum, as computed."""
        size = self.weight.abs()
        return float(size.sum(dim=1).max()), float(size.sum(dim=0).max())


@dataclass(frozen=True, eq=False)
class Convolution:
    """Convolution of images of one size, zero-padded; ``weight`` is (C_out, C_in/groups, kh, kw).

    Attributes:
        weight: float64.
        size: height and width of the images that arrive.
        stride, dilation: vertical, horizontal.
        padding: zeros at the top, bottom, left and right.
        groups: how many groups of channels there are, as in torch.nn.Conv2d.
        slack: bound on every norm of the difference to the operator that is meant.

    """

    weight: Tensor
    size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    slack: float = 0.0

    @property
    def padded(self) -> tuple[int, int]:
        """Height and width with the zeros."""
        top, bottom, left, right = self.padding
        return self.size[0] + top + bottom, self.size[1] + left + right

    @property
    def out_size(self) -> tuple[int, int]:
        """Height and width of the output."""
        kernel = self.weight.shape[2:]
        spans = (d * (k - 1) + 1 for d, k in zip(self.dilation, kernel, strict=True))
        sides = zip(self.padded, spans, self.stride, strict=True)
        height, width = ((n - span) // s + 1 for n, span, s in sides)
        return height, width

    @property
    def inputs(self) -> int:
        """Channels that arrive."""
        return self.weight.shape[1] * self.groups

    @property
    def dimensions(self) -> tuple[int, int]:
        """Numbers of rows and columns of the operator's matrix."""
        return self.weight.shape[0] * math.prod(self.out_size), self.inputs * math.prod(self.size)

    @property
    def terms(self) -> int:
        """How many products an entry of an image under the operator or its adjoint sums."""
        return max(self.weight.shape[:2]) * math.prod(self.weight.shape[2:])

    def apply(self, x: Tensor) -> Tensor:
        """Map (N, C_in·h·w) to (N, C_out·h'·w')."""
        return self._forward(x.view(-1, self.inputs, *self.size), self.weight).flatten(1)

    def adjoint(self, y: Tensor) -> Tensor:
        """Map (N, C_out·h'·w') to (N, C_in·h·w)."""
        return self._backward(y.view(-1, len(self.weight), *self.out_size), self.weight).flatten(1)

    def _forward(self, x: Tensor, weight: Tensor) -> Tensor:
        top, bottom, left, right = self.padding
        x = functional.pad(x, (left, right, top, bottom))
        return functional.conv2d(x, weight, None, self.stride, 0, self.dilation, self.groups)

    def _backward(self, y: Tensor, weight: Tensor) -> Tensor:
        spread = functional.conv_transpose2d(
            y, weight, None, self.stride, 0, 0, self.groups, self.dilation
        )
        (height, width), (top, _, left, _) = self.padded, self.padding
        spread = functional.pad(spread, (0, width - spread.shape[3], 0, height - spread.shape[2]))
        return spread[:, :, top : top + self.size[0], left : left + self.size[1]]

    @cached_property
    def absolute_sums(self) -> tuple[float, float]:
        """Largest absolute row sum and column sum, as computed: |W| on images of ones."""
        size = self.weight.abs()
        rows = self._forward(size.new_ones(1, self.inputs, *self.size), size)
        columns = self._backward(size.new_ones(1, len(size), *self.out_size), size)
        return float(rows.max()), float(columns.max())

    def blocks(self) -> list[Convolution]:
        """Return a convolution per group, of which the operator is the direct sum; equals once."""
        parts = self.weight.view(self.groups, -1, *self.weight.shape[1:]).unique(dim=0)
        return [
            Convolution(part, self.size, self.stride, self.padding, self.dilation) for part in parts
        ]

    def matrix(self) -> Matrix:
        """Return the operator's matrix, exactly: images of unit vectors are single weights."""
        rows, columns = self.dimensions
        if rows <= columns:
            return Matrix(self.adjoint(torch.eye(rows).to(self.weight)))
        return Matrix(self.apply(torch.eye(columns).to(self.weight)).T.contiguous())


@dataclass(frozen=True, eq=False)
class Scaling:
    """Multiplication of each channel by a factor; ``factors`` has shape (channels,), float64."""

    factors: Tensor
    size: tuple[int, int]
    slack: float = 0.0

    @property
    def dimensions(self) -> tuple[int, int]:
        """Numbers of rows and columns of the operator's matrix."""
        side = len(self.factors) * math.prod(self.size)
        return side, side

    @property
    def terms(self) -> int:
        """One product per entry."""
        return 1

    def adjoint(self, y: Tensor) -> Tensor:
        """Map (N, channels·h·w) to the same."""
        return (y.view(len(y), len(self.factors), -1) * self.factors[:, None]).flatten(1)

    @cached_property
    def absolute_sums(self) -> tuple[float, float]:
        """Largest absolute row sum and column sum: the largest factor."""
        largest = float(self.factors.abs().max())
        return largest, largest


Operator = Matrix | Convolution | Scaling


def norms(
    operator: Operator, tolerance: float = 1e-3, max_flops: float = math.inf
) -> dict[InducedNorm, Enclosure]:
    """Return enclosures of the norms that ℓ2, ℓ∞ and ℓ1 induce.

    Args:
        operator: the linear layer.
        tolerance: relative gap of the ℓ2 enclosure to reach.
        max_flops: arithmetic that one factorisation may take; a convolution that needs more keeps
            the upper bound of the periodic convolution, which is looser and as true.

    Raises:
        ValueError: an entry is not finite, or the tolerance is not between 0 and 1.

    """
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance: expected a number in (0, 1), got {tolerance}")
    row, column = operator.absolute_sums
    if not math.isfinite(row + column):
        raise ValueError("expected finite weights")
    rounding = gamma(operator.terms + 2)
    found: dict[InducedNorm, Enclosure] = {
        "l2": _spectral(operator, tolerance, max_flops),
        "linf": Enclosure(row * (1 - rounding), row * (1 + rounding), "row sums"),
        "l1": Enclosure(column * (1 - rounding), column * (1 + rounding), "column sums"),
    }
    return {norm: enclosure.widened(operator.slack) for norm, enclosure in found.items()}


def absolute_bound(operator: Operator) -> float:
    """Return an upper bound on the ℓ2 norm of the matrix of absolute values: √(‖M‖₁ ‖M‖∞)."""
    row, column = operator.absolute_sums
    return math.sqrt(row * column) * (1 + gamma(operator.terms + 4))


def _spectral(operator: Operator, tolerance: float, max_flops: float) -> Enclosure:
    if operator.absolute_sums[0] == 0:
        return Enclosure(0.0, 0.0, "zero")
    match operator:
        case Scaling():
            factor = operator.absolute_sums[0]
            return Enclosure(factor, factor, "largest factor")
        case Matrix():
            return _of_matrix(operator, tolerance)
        case Convolution():
            parts = [_of_block(block, tolerance, max_flops) for block in operator.blocks()]
            largest = max(parts, key=lambda part: part.upper)
            return Enclosure(max(p.lower for p in parts), largest.upper, largest.method)


def _of_matrix(operator: Matrix, tolerance: float) -> Enclosure:
    rows, columns = operator.dimensions
    gram = DenseGram(operator.weight if rows <= columns else operator.weight.T)
    if gram.block <= SMALL:
        (product, _), margin = next(gram.bands()), TIGHT
        vector = torch.linalg.eigh(product).eigenvectors[None, :, -1]
        vector = operator.adjoint(vector) if rows <= columns else vector
    else:
        vector, margin = _lanczos(operator), tolerance
    return _certified(operator, gram, rayleigh(operator, vector), margin)


def _of_block(operator: Convolution, tolerance: float, max_flops: float) -> Enclosure:
    if operator.absolute_sums[0] == 0:
        return Enclosure(0.0, 0.0, "zero")
    if min(operator.dimensions) <= SMALL:
        return _of_matrix(operator.matrix(), tolerance)
    lower = rayleigh(operator, _lanczos(operator))
    periodic, gram = PeriodicGram(operator), BandedGram.cheapest(operator)
    s = lower**2 * (1 + tolerance)
    if periodic.factorises(s):
        return Enclosure(lower, periodic.bound(s), "Cholesky, periodic")
    if gram.flops > max_flops:
        return Enclosure(lower, periodic.least_bound(), "Cholesky, periodic")
    return _certified(operator, gram, lower, tolerance)


def rayleigh(operator: Matrix | Convolution, vector: Tensor) -> float:
    """Return a lower bound on the ℓ2 norm: ‖Mv‖ / ‖v‖ less what rounding can have added.

    The computed Mv is off by at most γ |M||v| in each entry, thus by γ ‖|M|‖ ‖v‖ in norm.
    """
    image = operator.apply(vector)
    ratio = float(image.norm() / vector.norm())
    rounding = gamma(operator.terms) * absolute_bound(operator)
    return max(ratio * (1 - gamma(image.numel() + vector.numel() + 4)) - rounding, 0.0)


def _lanczos(operator: Matrix | Convolution) -> Tensor:
    """Return a vector close to the leading right singular vector, shape (1, columns)."""
    rows, columns = operator.dimensions
    like = operator.weight

    def tensor(x: np.ndarray) -> Tensor:
        return torch.from_numpy(x.reshape(1, -1)).to(like)

    def product(x: np.ndarray) -> np.ndarray:
        once = operator.apply(tensor(x)) if columns <= rows else operator.adjoint(tensor(x))
        twice = operator.adjoint(once) if columns <= rows else operator.apply(once)
        return twice.cpu().numpy().ravel()

    n = min(rows, columns)
    gram = LinearOperator((n, n), matvec=product, dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(n)
    _, vectors = eigsh(gram, k=1, which="LA", v0=start, tol=1e-4)
    vector = tensor(vectors[:, 0])
    return vector if columns <= rows else operator.adjoint(vector)


@dataclass(frozen=True, eq=False)
class DenseGram:
    """WWᵀ of a matrix with no more rows than columns, as one block."""

    wide: Tensor

    @property
    def block(self) -> int:
        """Side of a diagonal block."""
        return len(self.wide)

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
        """Arithmetic of the factorisation: per block a root, a solution and an update."""
        return math.ceil(len(self.couplings) / self.reach) * 7 / 3 * float(self.block) ** 3

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
    """Say whether the Cholesky factorisation of sI − G succeeds, block row by block row."""
    update: Tensor | float = 0.0
    for diagonal, below in gram.bands():
        pivot = -(diagonal + update)
        pivot.diagonal().add_(s)
        root, failed = torch.linalg.cholesky_ex(pivot)
        if failed:
            return False
        if below is not None:
            # The block of L below the diagonal is −G_{j+1,j} L_j⁻ᵀ, its square leaves the next one.
            left = torch.linalg.solve_triangular(root, below.T, upper=False)
            update = left.T @ left
    return True


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


def _certified(
    operator: Matrix | Convolution, gram: DenseGram | BandedGram, lower: float, margin: float
) -> Enclosure:
    """Return an enclosure of the ℓ2 norm with the given lower end.

    The upper one is the root of the first s = lower² (1 + margin) that a factorisation proves, the
    margin growing fourfold until one does; at last it is √(‖M‖₁ ‖M‖∞).
    """
    absolute = absolute_bound(operator)
    start = max(lower, UNIT * absolute) ** 2
    while (s := start * (1 + margin)) < absolute**2:
        if factorises(gram, s):
            upper = math.sqrt(s + factorisation_error(gram, s, absolute)) * (1 + 4 * UNIT)
            return Enclosure(lower, upper, "Cholesky")
        margin *= 4
    return Enclosure(lower, absolute, "row and column sums")


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


def compose(first: Operator, second: Operator) -> Operator | None:
    """Return ``second`` after ``first`` as one operator; or none, where that has no short form.

    Scaling after or before a convolution is a convolution (before one of a single group), as is a
    scaling of a scaling; a matrix after anything is a matrix.
    """
    match first, second:
        case Scaling(), Scaling():
            return Scaling(
                first.factors * second.factors, first.size, _slack(first, second, terms=1)
            )
        case Convolution(), Scaling():
            weight = first.weight * second.factors[:, None, None, None]
        case Scaling(), Convolution() if second.groups == 1:
            weight = second.weight * first.factors[None, :, None, None]
        case _, Matrix() if len(second.weight) * first.dimensions[1] <= LARGEST:
            rows = first.adjoint(second.weight)
            return Matrix(rows, _slack(first, second, terms=first.terms))
        case _:
            return None
    like = first if isinstance(first, Convolution) else second
    assert isinstance(like, Convolution)
    return Convolution(
        weight,
        like.size,
        like.stride,
        like.padding,
        like.dilation,
        like.groups,
        _slack(first, second, terms=1),
    )


def _slack(first: Operator, second: Operator, terms: int) -> float:
    """Bound every norm of what rounding and the parts' own slacks change in a product.

    Rounding changes an entry by at most γ (|B||A|), whose norms are at most the products of those
    of |A| and |B|; the ℓ2 norm is at most the larger of the ℓ1 and ℓ∞ norms.
    """
    a, b = max(first.absolute_sums), max(second.absolute_sums)
    own = first.slack * (b + second.slack) + second.slack * a
    return (own + gamma(terms) * a * b) * (1 + gamma(first.terms + second.terms + 8))
