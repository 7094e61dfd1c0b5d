"""Intervals against scipy, against known truth by simulation, and with parts left out."""

import numpy as np
import pytest
from scipy import special, stats

from nn_experiments.evidence.intervals import (
    ONE_DISAGREEMENT,
    Interval,
    contrast,
    contrast_over_seeds,
    difference,
    difference_over_seeds,
    ln_ratio,
    mean,
    slope_weights,
)

SEEDS, IMAGES = 3, 200
NOMINAL, PROMISED = 0.95, 0.93


def allowance(replications: int) -> float:
    """Return how far a share that is observed may be from the true one, with 99.9 % confidence.

    3.09 standard deviations √(c(1 − c)/R), one-sided.
    """
    return float(stats.norm.ppf(0.999) * np.sqrt(PROMISED * (1 - PROMISED) / replications))


def half(interval: Interval) -> float:
    return (interval.high - interval.low) / 2


def crossed(rng: np.random.Generator, noises: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Numbers with effects of seeds, images and noises, of shapes (3, 50, K) and (4, 50, K)."""
    image, noise = rng.standard_normal((2, 1, 50, 1)), rng.standard_normal((2, 1, 1, noises))
    seeds = [rng.standard_normal((s, 1, 1)) for s in (3, 4)]
    rest = [rng.standard_normal((s, 50, noises)) for s in (3, 4)]
    a, b = (x + y + i + k for x, y, i, k in zip(seeds, rest, image, noise, strict=True))
    return a, b


def scipy_halves(a: np.ndarray, b: np.ndarray) -> list[float]:
    """Half widths that scipy gives for seeds alone, images alone, and noises alone."""
    seeds = stats.ttest_ind(a.mean(axis=(1, 2)), b.mean(axis=(1, 2)), equal_var=False)
    pairs = [(x.mean(axis=(0, 2)), x.mean(axis=(0, 1))) for x in (a, b)]
    paired = [stats.ttest_rel(x, y) for x, y in zip(*pairs, strict=True) if len(x) > 1]
    found = [test.confidence_interval(0.95) for test in (seeds, *paired)]
    return [(ci.high - ci.low) / 2 for ci in found]


def test_squared_half_widths_of_scipys_intervals_add_up():
    a, b = crossed(np.random.default_rng(0))
    interval = difference(a, b)
    assert interval.estimate == pytest.approx(a.mean() - b.mean())
    assert half(interval) == pytest.approx(np.hypot(*scipy_halves(a, b)), rel=1e-9)
    # Without pairing, the images' difficulty does not cancel.
    unpaired = difference(a, np.random.default_rng(1).permuted(b, axis=1))
    assert half(unpaired) != pytest.approx(half(interval), rel=1e-3)


def test_noises_are_a_third_part():
    a, b = crossed(np.random.default_rng(0), noises=5)
    parts = scipy_halves(a, b)
    assert len(parts) == 3
    assert half(difference(a, b)) == pytest.approx(np.linalg.norm(parts), rel=1e-9)


def test_a_mean_has_the_parts_that_scipy_gives():
    a, _ = crossed(np.random.default_rng(0), noises=5)
    halves = [
        stats.ttest_1samp(a.mean(axis=axes), 0).confidence_interval(0.95)
        for axes in ((1, 2), (0, 2), (0, 1))
    ]
    expected = np.linalg.norm([(ci.high - ci.low) / 2 for ci in halves])
    assert half(mean(a)) == pytest.approx(expected, rel=1e-9)


def test_over_seeds_it_is_welchs():
    a, b = [1.0, 2.0, 4.0], [2.0, 2.5, 2.2, 7.0]
    expected = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.9)
    found = difference_over_seeds(a, b, 0.9)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), rel=1e-9)
    logs = ln_ratio(a, b, 0.9)
    expected = stats.ttest_ind(np.log(a), np.log(b), equal_var=False).confidence_interval(0.9)
    assert (logs.low, logs.high) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_a_slope_is_that_of_least_squares_with_welchs_interval_of_its_weights():
    """By scipy's regression on all numbers, and by the variances of the means by hand."""
    rng, x = np.random.default_rng(5), [1.0, 2.0, 4.0, 5.0]
    groups = [rng.normal(2 * place, 1 + place, 5) for place in x]
    weights = slope_weights(x)
    found = contrast_over_seeds(groups, weights, 0.9)
    expected = stats.linregress(np.repeat(x, 5), np.concatenate(groups)).slope
    assert found.estimate == pytest.approx(expected, rel=1e-9)
    parts = [w * w * group.var(ddof=1) / 5 for w, group in zip(weights, groups, strict=True)]
    freedom = sum(parts) ** 2 / sum(part**2 / 4 for part in parts)
    width = stats.t.ppf(0.95, freedom) * np.sqrt(sum(parts))
    assert (found.low, found.high) == pytest.approx((expected - width, expected + width))


def test_a_slope_over_images_has_the_parts_that_scipy_gives():
    rng, weights = np.random.default_rng(6), slope_weights([0, 1, 3])
    groups = [rng.random((3, 40)) < 0.3 + 0.2 * k for k in range(3)]
    found = contrast(groups, weights)
    seeds = contrast_over_seeds([list(group.mean(1)) for group in groups], weights)
    summed = sum(w * group.mean(0) for w, group in zip(weights, groups, strict=True))
    images = stats.ttest_1samp(summed, 0).confidence_interval(0.95)
    expected = np.hypot(half(seeds), (images.high - images.low) / 2)
    assert half(found) == pytest.approx(expected, rel=1e-9)
    assert found.estimate == pytest.approx(seeds.estimate)
    # One more answer moves a sum of images by the largest weight.
    wider = contrast(groups, weights, added_square=ONE_DISAGREEMENT)
    added = max(w * w for w in weights) / 39 / 40 * stats.t.ppf(0.975, 39) ** 2
    assert half(wider) ** 2 == pytest.approx(half(found) ** 2 + added)


def test_a_difference_is_a_slope_between_two_places():
    a, b = crossed(np.random.default_rng(0), noises=5)
    slope, expected = contrast([b, a], slope_weights([2.0, 4.0])), difference(a, b).scaled(0.5)
    assert (slope.estimate, slope.low) == pytest.approx((expected.estimate, expected.low))


@pytest.mark.parametrize("x", [[], [1.0], [2.0, 2.0], [0.0, np.inf], [0.0, np.nan]])
def test_places_without_a_slope_are_refused(x):
    with pytest.raises(ValueError, match="expected two places or more that differ"):
        slope_weights(x)


def test_of_one_seed_in_one_group_the_slope_has_no_interval():
    found = contrast_over_seeds([[1.0, 2.0], [2.0], [4.0, 4.5]], slope_weights([0, 1, 3]))
    assert np.isinf(found.high)
    # In the middle place it has no weight.
    assert np.isfinite(
        contrast_over_seeds([[1.0, 2.0], [2.0], [4.0, 4.5]], slope_weights([0, 1, 2])).high
    )


# Networks answer x = 1 where μ_m + difficulty_i + taste_{m,i} + luck_{m,s} + rest > 0, the rest
# standard normal: the share of right answers is Φ(μ_m / √(1 + all variances)), exactly.
Answers = tuple[np.ndarray, np.ndarray]
CASES: dict[str, tuple[tuple[float, float], tuple[float, float], float, float]] = {
    # means, luck's deviations, difficulty's, taste's
    "seeds and images": ((1.0, 0.6), (0.15, 0.15), 2.0, 0.5),
    "seeds mostly": ((0.5, 0.5), (0.6, 0.6), 1.0, 0.0),
    "images mostly": ((0.8, 0.3), (0.0, 0.0), 2.0, 1.5),
    "one optimizer's seeds": ((0.5, 0.5), (0.1, 0.8), 1.0, 0.2),
    "near the ceiling": ((3.2, 3.0), (0.2, 0.2), 1.0, 0.3),
}


# The factors that an interval must not ignore in each case, and how many replications tell.
CASES_AND_TWINS: dict[str, tuple[tuple[str, ...], int]] = {
    "seeds and images": (("seeds",), 8_000),
    "seeds mostly": (("seeds",), 8_000),
    "images mostly": (("images",), 8_000),
    "one optimizer's seeds": (("seeds",), 30_000),
    "near the ceiling": ((), 8_000),
}


def truth(case: str) -> float:
    means, luck, difficulty, taste = CASES[case]
    scales = [np.sqrt(1 + s**2 + difficulty**2 + taste**2) for s in luck]
    return float(np.subtract(*(special.ndtr(m / s) for m, s in zip(means, scales, strict=True))))


def draw(rng: np.random.Generator, case: str, replications: int) -> Answers:
    """Answers of shape (replications, seeds, images) for each optimizer."""
    means, luck, difficulty, taste = CASES[case]

    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal((replications, *shape), dtype=np.float32)

    images = difficulty * normal(1, IMAGES)
    first, second = (
        m + images + taste * normal(1, IMAGES) + s * normal(SEEDS, 1) + normal(SEEDS, IMAGES) > 0
        for m, s in zip(means, luck, strict=True)
    )
    return first, second


def squares(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squared half widths of many intervals: the seeds' part and the images' part."""
    U, V = (x.mean(axis=2).var(axis=1, ddof=1) / SEEDS for x in (a, b))
    # Where all means are alike the seeds' part is 0, whatever the quantile.
    freedom = (SEEDS - 1) * (U + V) ** 2 / np.where(U + V > 0, U**2 + V**2, 1) + (U + V == 0)
    d = a.mean(axis=1) - b.mean(axis=1)
    images = (d.var(axis=1, ddof=1) + 1 / (IMAGES - 1)) / IMAGES
    return (
        special.stdtrit(freedom, 0.975) ** 2 * (U + V),
        special.stdtrit(IMAGES - 1, 0.975) ** 2 * images,
    )


def test_many_intervals_at_once_are_those_of_one_at_a_time():
    a, b = draw(np.random.default_rng(5), "seeds and images", 100)
    expected = np.sqrt(np.sum(squares(a, b), axis=0))
    found = [
        half(difference(x, y, added_square=ONE_DISAGREEMENT)) for x, y in zip(a, b, strict=True)
    ]
    assert found == pytest.approx(expected, rel=1e-9)


def coverages(case: str, replications: int) -> dict[str, float]:
    """How often the truth is inside: of ours, of the seeds' part alone, of the images' alone."""
    rng, value, block = np.random.default_rng(12), truth(case), 1000
    inside = np.zeros(3)
    for _ in range(replications // block):
        a, b = draw(rng, case, block)
        off = np.square(a.mean(axis=(1, 2)) - b.mean(axis=(1, 2)) - value)
        seeds, images = squares(a, b)
        inside += [np.sum(off <= h) for h in (seeds + images, seeds, images)]
    return dict(zip(("both", "seeds", "images"), inside / replications, strict=True))


@pytest.mark.parametrize("case", CASES_AND_TWINS)
def test_intervals_cover_the_truth_with_three_seeds(case):
    ignored, replications = CASES_AND_TWINS[case]
    found = coverages(case, replications)
    assert found["both"] >= PROMISED + allowance(replications)
    for factor in ignored:
        rest = "images" if factor == "seeds" else "seeds"
        assert found[rest] < PROMISED - allowance(replications)


def test_parts_with_quantiles_of_their_own_cover_where_common_degrees_of_freedom_do_not():
    # Two seeds of one optimizer carry half of the variance, many images the other half. Given the
    # seeds' part V = U/2, U ~ χ²₁, a half width h covers with probability F(h²): the mean over
    # quantiles of U is the coverage, by the midpoint rule, to some 1/10,000.
    U = special.chdtri(1, (np.arange(10_000) + 0.5) / 10_000)
    t1, z = special.stdtrit(1, 0.975), special.ndtri(0.975)
    apart = special.chdtr(1, t1**2 * U / 2 + z**2 / 2).mean()
    freedom = (U / 2 + 1 / 2) ** 2 / (U / 2) ** 2
    common = special.chdtr(1, special.stdtrit(freedom, 0.975) ** 2 * (U / 2 + 1 / 2)).mean()
    assert apart >= NOMINAL > PROMISED + 0.01 > common


def test_welchs_coverage_is_what_the_docstring_says():
    # Estimated variances of n means are χ² / freedom. Their quantiles at q = s²(3 − 2s), by the
    # midpoint rule in s, which is denser at both ends; the least coverage over shares of variance.
    s = (np.arange(200) + 0.5) / 200
    quantiles, weights = s * s * (3 - 2 * s), 6 * s * (1 - s) / 200

    def least(m: int, n: int) -> float:
        first, second = (special.chdtri(k - 1, 1 - quantiles) / (k - 1) for k in (m, n))
        found = []
        for share in (0.01, 0.03, 0.1, 0.5, 0.98):
            U, V = share * first[:, None], (1 - share) * second[None, :]
            freedom = (U + V) ** 2 / (U**2 / (m - 1) + V**2 / (n - 1))
            inside = special.chdtr(1, special.stdtrit(freedom, 0.975) ** 2 * (U + V))
            found.append(weights @ inside @ weights)
        return float(min(found))

    assert least(3, 3) == pytest.approx(0.941, abs=5e-4)
    assert least(2, 3) == pytest.approx(0.913, abs=5e-4)


def test_unanimous_answers_leave_room_for_one_disagreement():
    answers = np.ones((3, 200), bool)
    assert half(difference(answers, answers)) == 0
    found = difference(answers, answers, added_square=ONE_DISAGREEMENT)
    # t with 199 degrees of freedom is 1.972; Σ = 1 over 199 · 200.
    assert half(found) == pytest.approx(1.972 / np.sqrt(199 * 200), rel=1e-3)
    assert half(mean(answers)) == 0
    alone = mean(answers, added_square=ONE_DISAGREEMENT)
    assert half(alone) == pytest.approx(1.972 / np.sqrt(199 * 200), rel=1e-3)


def test_one_seed_or_one_image_tells_nothing_of_the_spread():
    rng = np.random.default_rng(0)
    for shape in ((1, 50), (3, 1)):
        found = difference(rng.random(shape), rng.random(shape))
        assert found.low == -np.inf
        assert found.high == np.inf
        assert np.isfinite(found.estimate)
    assert half(ln_ratio([2.0], [1.0])) == np.inf


def test_scaled_changes_units():
    assert Interval(0.1, -0.1, 0.3).scaled(100) == Interval(10.0, -10.0, 30.0)


def test_what_does_not_fit_is_refused():
    a = np.zeros((3, 5))
    with pytest.raises(ValueError, match="same images"):
        difference(a, np.zeros((3, 6)))
    with pytest.raises(ValueError, match="got shape"):
        difference(a[0], a[0])
    with pytest.raises(ValueError, match="got shape"):
        mean(np.zeros((3, 0)))
    with pytest.raises(ValueError, match="finite"):
        mean(a + np.nan)
    with pytest.raises(ValueError, match="positive"):
        ln_ratio([1.0, 0.0], [1.0, 2.0])
