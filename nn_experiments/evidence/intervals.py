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
    first, second = _values(a), _values(b)
    if first.shape[1:] != second.shape[1:]:
        raise ValueError(
            f"expected the same images and noises, got {first.shape[1:]} and {second.shape[1:]}"
        )
    images = first.mean(axis=(0, 2)) - second.mean(axis=(0, 2))
    parts = [
        _welch(first.mean(axis=(1, 2)), second.mean(axis=(1, 2))),
        _over(images, added_square),
    ]
    if first.shape[2] > 1:
        parts.append(_over(first.mean(axis=(0, 1)) - second.mean(axis=(0, 1))))
    return _interval(float(first.mean() - second.mean()), parts, confidence)


def difference_over_seeds(
    a: Sequence[float], b: Sequence[float], confidence: float = 0.95
) -> Interval:
    """Return Welch's interval for mean(a) − mean(b), one number per training.

    Raises:
        ValueError: there is no number, or one is not finite.

    """
    first, second = (_values(np.reshape(x, (-1, 1))).ravel() for x in (a, b))
    return _interval(float(first.mean() - second.mean()), [_welch(first, second)], confidence)


def ln_ratio(a: Sequence[float], b: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return the interval for ln of the ratio of geometric means a / b, one number per training.

    Raises:
        ValueError: there is no number, or one is not positive and finite.

    """
    if not all(0 < x < math.inf for x in (*a, *b)):
        raise ValueError(f"expected positive numbers, got {list(a)} and {list(b)}")
    return difference_over_seeds(list(np.log(a)), list(np.log(b)), confidence)


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


def _welch(a: Floats, b: Floats) -> _Part:
    """Return the variance of a difference of means, with Welch and Satterthwaite's freedom."""
    first, second = _over(a), _over(b)
    variance = first.variance + second.variance
    if not 0 < variance < math.inf:
        return _Part(variance, 0)
    shares = [(part.variance / variance) ** 2 / part.freedom for part in (first, second)]
    return _Part(variance, 1 / sum(shares))


def _interval(estimate: float, parts: Sequence[_Part], confidence: float) -> Interval:
    half = math.sqrt(sum(_squared_half_width(part, confidence) for part in parts))
    return Interval(estimate, estimate - half, estimate + half, confidence)


def _squared_half_width(part: _Part, confidence: float) -> float:
    if part.variance in (0, math.inf):
        return part.variance
    return float(special.stdtrit(part.freedom, (1 + confidence) / 2)) ** 2 * part.variance
