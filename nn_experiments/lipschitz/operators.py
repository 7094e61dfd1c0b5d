"""Linear layers as the operators they are: a convolution has its padding, stride and image size.

Everything is computed in double precision, u = 2⁻⁵³, and rounding is accounted for: a sum of m
products, in any order, is off by at most γ_m Σ|aᵢbᵢ| with γ_m = mu / (1 − mu) (Higham, Accuracy and
Stability of Numerical Algorithms, section 3.1). That leaves out fast matrix multiplication of
Strassen's kind, which no BLAS uses by default, and underflow, which single-precision weights cannot
cause.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

UNIT = 2.0**-53
LARGEST = 100_000_000
"""Products of more entries than this are not formed."""


def gamma(terms: int) -> float:
    """Return γ_m, the relative error of a sum of ``terms`` products."""
    return terms * UNIT / (1 - terms * UNIT)


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


def absolute_bound(operator: Operator) -> float:
    """Return an upper bound on the ℓ2 norm of the matrix of absolute values: √(‖M‖₁ ‖M‖∞)."""
    row, column = operator.absolute_sums
    return math.sqrt(row * column) * (1 + gamma(operator.terms + 4))


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
