"""Norms of linear layers, between bounds that hold; see :mod:`operators` and :mod:`gram`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor

from nn_experiments.lipschitz.gram import (
    TIGHT,
    DenseGram,
    TiledGram,
    factorisation_error,
    factorises,
)
from nn_experiments.lipschitz.operators import (
    UNIT,
    Convolution,
    Matrix,
    Operator,
    Scaling,
    absolute_bound,
    gamma,
)
from nn_experiments.lipschitz.periodic import PeriodicGram

InducedNorm = Literal["l2", "linf", "l1"]
"""The norm of inputs and outputs that a Lipschitz constant is about."""
NORMS: tuple[InducedNorm, ...] = ("l2", "linf", "l1")
SMALL = 512
"""Operators of this rank or less are decomposed in full."""
_WORTH = 0.02  # of the squared norm, which all the arithmetic that is allowed must be able to gain


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


def norms(
    operator: Operator, tolerance: float = 1e-3, max_flops: float = math.inf
) -> dict[InducedNorm, Enclosure]:
    """Return enclosures of the norms that ℓ2, ℓ∞ and ℓ1 induce.

    Args:
        operator: the linear layer.
        tolerance: relative gap of the ℓ2 enclosure to reach.
        max_flops: arithmetic that one factorisation may take if it can lower the bound by 1 %, and
            in proportion if by less; a convolution that needs more keeps the upper bound of the
            periodic convolution, which is looser and as true.

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
    if min(rows, columns) <= SMALL:
        margin = TIGHT
        vector = torch.linalg.eigh(gram.block()).eigenvectors[None, :, -1]
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
    periodic, gram = PeriodicGram(operator), TiledGram.cheapest(operator)
    s = lower**2 * (1 + tolerance)
    if periodic.factorises(s):
        return Enclosure(lower, periodic.bound(s), "Cholesky, periodic")
    # Arithmetic is spent in proportion to what it can gain.
    gain = max(tolerance, _WORTH * gram.flops / max_flops) if max_flops else math.inf
    if gram.flops > max_flops or periodic.factorises(lower**2 * (1 + gain)):
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
    """Return a vector close to the leading right singular vector, shape (1, columns), float64.

    It is sought in single precision, in which convolutions are several times as fast: a vector that
    is off by δ makes the norm come out too small by δ² alone, and whatever it is, what
    :func:`rayleigh` makes of it is a lower bound.
    """
    rows, columns = operator.dimensions
    exact, operator = operator, replace(operator, weight=operator.weight.float())
    like = operator.weight

    def tensor(x: np.ndarray) -> Tensor:
        return torch.from_numpy(x.reshape(1, -1)).to(like)

    def product(x: np.ndarray) -> np.ndarray:
        once = operator.apply(tensor(x)) if columns <= rows else operator.adjoint(tensor(x))
        twice = operator.adjoint(once) if columns <= rows else operator.apply(once)
        return twice.cpu().numpy().ravel()

    n = min(rows, columns)
    gram = LinearOperator((n, n), matvec=product, dtype=np.float32)
    start = np.random.default_rng(0).standard_normal(n).astype(np.float32)
    _, vectors = eigsh(gram, k=1, which="LA", v0=start, tol=1e-4)
    vector = tensor(vectors[:, 0]).double()
    return vector if columns <= rows else exact.adjoint(vector)


def _certified(
    operator: Matrix | Convolution, gram: DenseGram | TiledGram, lower: float, margin: float
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
