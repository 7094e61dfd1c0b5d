r"""Confidence intervals that account for trainings *and* for test images.

The number that a comparison asks for is about trainings and images that were not drawn: another
seed, another test set. So both are factors of chance. Write x_{m,s,i} for the answer of the network
that optimizer m trained from seed s to image i (1 if it is right), S_m for the number of seeds, N
for that of images, and D for the difference of the two grand means. Every network answers the same
images: seeds and images are crossed, and

    x_{m,s,i} = μ_m + τ_{m,i} + α_{m,s} + ε_{m,s,i},

with τ the images' difficulty (shared, so that it nearly cancels in a difference), α the seeds'
luck, and ε the rest, which for answers of 0 or 1 contains the Bernoulli part. Hence

    Var D = σ_τ²/N + Σ_m (σ_{α,m}² / S_m + σ_{ε,m}² / (S_m N)),   σ_τ² = Var(τ_{A,i} − τ_{B,i}).

Two groups of mean squares are at hand. The variance of optimizer m's means per seed, divided by
S_m, has expectation (σ_{α,m}² + σ_{ε,m}²/N)/S_m. The variance of the paired differences per image,
divided by N, has expectation (σ_τ² + Σ_m σ_{ε,m}²/S_m)/N. Their sum is never less than Var D in
expectation: it counts the part of ε twice, on the safe side.

**From variances to an interval.** With three seeds an estimated variance is often far too small,
and a common t quantile with Satterthwaite's degrees of freedom then takes the images' degrees of
freedom for the sum's: it can cover as little as 92.5 % instead of 95 % with 3 seeds, and 89 % with
2. Instead each part keeps its own quantile (Banerjee 1961, *Sankhyā* A 23):

    half width² = Σ_c t(ν_c)² V_c.

That this covers is two lines. Let V_c = w_c Var(D) U_c with E U_c = 1, so that W = Σ_c w_c ≥ 1.
Given the U_c, an independent normal D lies in its interval with probability F(Σ_c w_c t_c² U_c), F
being the distribution function of χ² with one degree of freedom. F is concave and increasing, so
this is at least Σ_c (w_c/W) F(t_c² U_c), whose mean is an average of the parts' own coverages.

The parts are the seeds together by Welch's t (two variances, the degrees of freedom that Welch and
Satterthwaite give; whatever the variances, its own coverage is at least 94.1 % for 3 and 3 seeds,
and 91.3 % for 2 and 3), the images (N − 1), and, under band-limited noise, the K noises, which all
images share (K − 1).

Seeds of two optimizers are taken as independent. They may start from one initialisation; if that
makes them alike, the interval is too wide rather than too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]

ONE_DISAGREEMENT = 1.0
"""Sum of squares added to that of the images' differences where answers are counted.

Agresti and Min (2005, *Statistics in Medicine* 24) add half a pair to each of the four cells of a
2 × 2 table of paired answers: half a pair of difference +1 and half one of −1. So a few hundred
images on which two networks never disagree do not make an interval of width zero: its half width
is 1.96/N, beside the 3/N that the rule of three gives.
"""


@dataclass(frozen=True)
class Interval:
    """An estimate and its confidence interval; infinite where the data say nothing of the spread.

    Attributes:
        estimate: the estimate.
        low: lower end.
        high: upper end.
        confidence: how often such an interval holds the true value, nominally.

    """

    estimate: float
    low: float
    high: float
    confidence: float = 0.95

    @property
    def is_point(self) -> bool:
        """Whether nothing varied, so that there is no interval to speak of."""
        return self.low == self.high

    def scaled(self, factor: float) -> Interval:
        """Return the interval of ``factor`` > 0 times the quantity."""
        return replace(
            self, estimate=factor * self.estimate, low=factor * self.low, high=factor * self.high
        )


@dataclass(frozen=True)
class _Part:
    """A part of the variance of an estimate, and the degrees of freedom it is estimated with."""

    variance: float
    freedom: float


def mean(a: ArrayLike, confidence: float = 0.95, *, added_square: float = 0.0) -> Interval:
    """Return the interval for a mean over trainings and images.

    Args:
        a: shape (seeds, N), or (seeds, N, K) with K noises that all images share.
        confidence: of the interval.
        added_square: added to the images' sum of squares; see :data:`ONE_DISAGREEMENT`.

    Raises:
        ValueError: the shape is another, or a number is not finite.

    """
    values = _values(a)
    parts = [_over(values.mean(axis=(1, 2))), _over(values.mean(axis=(0, 2)), added_square)]
    if values.shape[2] > 1:
        parts.append(_over(values.mean(axis=(0, 1))))
    return _interval(float(values.mean()), parts, confidence)


def difference(
    a: ArrayLike, b: ArrayLike, confidence: float = 0.95, *, added_square: float = 0.0
) -> Interval:
    """Return the interval for mean(a) − mean(b), paired by image; derived above.

    Args:
        a: shape (seeds, N), or (seeds, N, K) with K noises that all images share.
        b: the same images and noises in the same order; the number of seeds may differ.
        confidence: of the interval.
        added_square: added to the images' sum of squares; see :data:`ONE_DISAGREEMENT`.

    Raises:
        ValueError: the shapes do not belong together, or a number is not finite.

    """
    return contrast([a, b], [1, -1], confidence, added_square=added_square)


def contrast(
    groups: Sequence[ArrayLike],
    weights: Sequence[float],
    confidence: float = 0.95,
    *,
    added_square: float = 0.0,
) -> Interval:
    """Return the interval for Σ w·mean(group), paired by image: of weights 1 and −1 a difference.

    What is derived above holds with w_m² before the variances of group m, and with the images'
    weighted sums in place of their differences. One answer more moves such a sum by max |w|.

    Args:
        groups: of shape (seeds, N), or (seeds, N, K) each, of the same images and noises.
        weights: one for each group.
        confidence: of the interval.
        added_square: as for :func:`difference`, of weights 1 and −1.

    Raises:
        ValueError: the shapes do not belong together, or a number is not finite.

    """
    values = [_values(group) for group in groups]
    shapes = [array.shape[1:] for array in values]
    if len(set(shapes)) > 1:
        raise ValueError(
            f"expected the same images and noises, got {' and '.join(map(str, shapes))}"
        )

    def summed(axes: tuple[int, ...]) -> Floats:
        return _weighted([array.mean(axis=axes) for array in values], weights)

    square = added_square * max(w * w for w in weights)
    parts = [
        _welch([array.mean(axis=(1, 2)) for array in values], weights),
        _over(summed((0, 2)), square),
    ]
    if shapes[0][1] > 1:
        parts.append(_over(summed((0, 1))))
    estimate = _weighted([array.mean() for array in values], weights)
    return _interval(float(estimate), parts, confidence)


def contrast_over_seeds(
    groups: Sequence[Sequence[float]], weights: Sequence[float], confidence: float = 0.95
) -> Interval:
    """Return the interval for Σ w·mean(group), one number per training.

    Raises:
        ValueError: a group has no number, or one is not finite.

    """
    values = [_values(np.reshape(group, (-1, 1))).ravel() for group in groups]
    estimate = _weighted([array.mean() for array in values], weights)
    return _interval(float(estimate), [_welch(values, weights)], confidence)


def difference_over_seeds(
    a: Sequence[float], b: Sequence[float], confidence: float = 0.95
) -> Interval:
    """Return Welch's interval for mean(a) − mean(b), one number per training.

    Raises:
        ValueError: there is no number, or one is not finite.

    """
    return contrast_over_seeds([a, b], [1, -1], confidence)


def ln_ratio(a: Sequence[float], b: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return the interval for ln of the ratio of geometric means a / b, one number per training.

    Raises:
        ValueError: there is no number, or one is not positive and finite.

    """
    if not all(0 < x < math.inf for x in (*a, *b)):
        raise ValueError(f"expected positive numbers, got {list(a)} and {list(b)}")
    return difference_over_seeds(list(np.log(a)), list(np.log(b)), confidence)


def slope_weights(x: Sequence[float]) -> list[float]:
    """Return the weights w = (x − x̄)/Σ(x − x̄)², with which Σ w·y is the least-squares slope.

    Raises:
        ValueError: x has fewer than two values that differ, or one that is not finite.

    """
    places = np.asarray(x, dtype=np.float64)
    if not np.isfinite(places).all() or len(set(places.tolist())) < 2:
        raise ValueError(f"expected two places or more that differ, got {list(x)}")
    centred = places - places.mean()
    return [float(w) for w in centred / np.square(centred).sum()]


def _weighted(values: Sequence[Any], weights: Sequence[float]) -> Any:
    """Return Σ w·value, from the first on."""
    total = weights[0] * values[0]
    for weight, value in zip(weights[1:], values[1:], strict=True):
        total = total + weight * value
    return total


def _values(a: ArrayLike) -> Floats:
    values = np.asarray(a, dtype=np.float64)
    if values.ndim == 2:
        values = values[:, :, None]
    if values.ndim != 3 or 0 in values.shape:
        raise ValueError(
            "expected at least one value, of shape (seeds, N) or (seeds, N, K), got shape "
            f"{np.shape(a)}"
        )
    if not np.isfinite(values).all():
        raise ValueError("expected finite numbers, got NaN or infinity among them")
    return values


def _over(means: Floats, added_square: float = 0.0) -> _Part:
    """Return the variance of the mean of n means: Σ(x − x̄)² / (n − 1) / n."""
    n = len(means)
    if n == 1:
        return _Part(math.inf, 0)
    # Rounding can put a mean of equal numbers beside them.
    middle = means[0] if (means == means[0]).all() else means.mean()
    squares = float(np.square(means - middle).sum()) + added_square
    return _Part(squares / (n - 1) / n, n - 1)


def _welch(groups: Sequence[Floats], weights: Sequence[float]) -> _Part:
    """Return the variance of a weighted sum of means, with Welch and Satterthwaite's freedom."""
    parts = [_over(group) for group in groups]
    variances = [w * w * part.variance for w, part in zip(weights, parts, strict=True) if w]
    variance = sum(variances)
    if not 0 < variance < math.inf:
        return _Part(variance, 0)
    freedoms = [part.freedom for w, part in zip(weights, parts, strict=True) if w]
    shares = [(v / variance) ** 2 / f for v, f in zip(variances, freedoms, strict=True)]
    return _Part(variance, 1 / sum(shares))


def _interval(estimate: float, parts: Sequence[_Part], confidence: float) -> Interval:
    half = math.sqrt(sum(_squared_half_width(part, confidence) for part in parts))
    return Interval(estimate, estimate - half, estimate + half, confidence)


def _squared_half_width(part: _Part, confidence: float) -> float:
    if part.variance in (0, math.inf):
        return part.variance
    return float(special.stdtrit(part.freedom, (1 + confidence) / 2)) ** 2 * part.variance
