"""What intervals are worth where trainings are not as they presume, by simulation with them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from nn_experiments.evidence.intervals import ONE_DISAGREEMENT, difference, difference_over_seeds
from nn_experiments.evidence.outcomes import Outcome, similar
from nn_experiments.evidence.reliability import coverage_if_correlated, unseen
from nn_experiments.studies.optimizers.measurements import LipschitzBound, Measurements
from nn_experiments.studies.optimizers.predictions import LIPSCHITZ, ROBUST
from tests.nn_experiments.studies.optimizers.truths import AS_PREDICTED, judge, of, report

REPLICATIONS = 4000


def binomial(share, replications=REPLICATIONS):
    """How far an observed share may be from the true one: passed by chance once in 3,000 times."""
    return float(stats.norm.ppf(1 - 1 / 6000) * np.sqrt(share * (1 - share) / replications))


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_coverage_of_correlated_seeds_is_what_simulation_with_the_interval_finds(seeds):
    rng = np.random.default_rng(seeds)
    root = np.linalg.cholesky([[1, -0.9], [-0.9, 1]])
    drawn = root @ rng.standard_normal((REPLICATIONS, 2, seeds))
    found = [difference_over_seeds(*pair) for pair in drawn]
    share = np.mean([i.low <= 0 <= i.high for i in found])
    expected = coverage_if_correlated(seeds, -0.9, 0.95)
    assert abs(share - expected) < binomial(expected)
    # The twin: seeds that are not correlated are another thing.
    assert abs(share - coverage_if_correlated(seeds, 0.0, 0.95)) > binomial(expected)


def test_coverage_without_correlation_is_welchs():
    # For equal variances of 3 and 3 an exact integral over the two χ², in test_intervals.py's way.
    s = (np.arange(200) + 0.5) / 200
    quantiles, weights = s * s * (3 - 2 * s), 6 * s * (1 - s) / 200
    U, V = np.meshgrid(*[stats.chi2.ppf(quantiles, 2) / 2] * 2)
    freedom = 2 * (U + V) ** 2 / (U**2 + V**2)
    inside = stats.chi2.cdf(stats.t.ppf(0.975, freedom) ** 2 * (U + V) / 2, 1)
    assert coverage_if_correlated(3, 0.0, 0.95) == pytest.approx(
        weights @ inside @ weights, abs=1e-3
    )


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_coverage_falls_from_one_to_what_seeds_against_each_other_leave(seeds):
    found = [coverage_if_correlated(seeds, rho, 0.95) for rho in (0.99, 0.5, 0.0, -0.5, -0.9)]
    assert found == sorted(found, reverse=True)
    assert 0.8 < found[-1] < 0.93 < found[2] < 0.98 < found[0] <= 1


def bad_seeds(rng, seeds, images):
    """Answers of an optimizer whose every training is bad with chance 0.2, by 20 points."""
    right = 0.85 - 0.2 * (rng.random((seeds, 1)) < 0.2) + 0.002 * rng.standard_normal((seeds, 1))
    return rng.random((seeds, images)) < right


def test_similarity_is_falsely_supported_about_as_often_as_no_training_is_bad():
    """Means differ by 4 points, the margin is 2: with three seeds in some 48 % of runs."""
    rng, seeds, runs = np.random.default_rng(0), 3, 1000
    rule, supported = similar(2.0), 0
    for _ in range(runs):
        bad = bad_seeds(rng, seeds, 10_000)
        good = rng.random((seeds, 10_000)) < 0.85
        effect = difference(bad, good, added_square=ONE_DISAGREEMENT).scaled(100)
        supported += rule.outcome(effect) == Outcome.SUPPORTED
    expected = unseen(0.2, seeds)
    assert expected == pytest.approx(0.512)
    # Where none is bad, images or luck can still leave it open; it is never more often.
    allowed = binomial(expected, runs)
    assert supported / runs < expected + allowed
    assert supported / runs > expected - allowed - 0.05


def test_answers_of_correlated_seeds_are_covered_less_than_promised():
    """As the seeds' part alone, but for what the images' part adds."""
    rng, runs, images = np.random.default_rng(1), 1000, 2000
    root, inside = 0.05 * np.linalg.cholesky([[1, -0.9], [-0.9, 1]]), 0
    for _ in range(runs):
        first, second = (
            rng.random((3, images)) < 0.7 + luck[:, None]
            for luck in root @ rng.standard_normal((2, 3))
        )
        effect = difference(first, second, added_square=ONE_DISAGREEMENT)
        inside += effect.low <= 0 <= effect.high
    least = coverage_if_correlated(3, -0.9, 0.95)
    assert least - binomial(least, runs) < inside / runs < 0.95 - binomial(0.95, runs)


def test_what_intervals_presume_is_told_with_the_number_of_seeds(preset, compare):
    told = "with 3 of each optimizer, a failure by 20 points that one training in 5 has shows in "
    text = report(preset, compare(AS_PREDICTED), {})
    assert told + "none of them 51% of the time, so that up to as often" in text
    assert "of means that are 4 points apart" in text
    percent = f"{coverage_if_correlated(3, -0.9, 0.95):.0%}"
    assert f"would hold the truth {percent} of the time, not 95%." in text
    two = report(replace(preset, seeds=(0, 1)), compare(AS_PREDICTED, seeds=2), {})
    assert "with 2 of each optimizer, a failure by 20 points" in two
    assert "none of them 64% of the time" in two
    one = report(replace(preset, seeds=(0,)), compare(AS_PREDICTED, seeds=1), {})
    assert "Intervals presume" not in one


def alike(measured, titles):
    """The same, with one bound for all trainings of some optimizers."""
    bounds = {"SGD": 2.1, "Adam": 6.3, "RMSProp": 6.1}
    runs = [
        replace(run, lipschitz={"l2": LipschitzBound(bounds[run.optimizer])})
        if run.optimizer in titles
        else run
        for run in measured.runs
    ]
    return Measurements(tuple(runs))


def test_a_bound_that_is_one_for_all_trainings_has_no_interval(preset, compare):
    measured = alike(compare(AS_PREDICTED), {"SGD", "Adam"})
    verdicts = {v.comparison: v for v in of(judge(preset, measured), LIPSCHITZ, "l2")}
    same, other = verdicts["Adam / SGD"], verdicts["RMSProp / SGD"]
    assert same.effect is not None
    assert same.effect.is_point
    assert same.effect.estimate == pytest.approx(np.log(3))
    assert same.outcome == Outcome.INCONCLUSIVE
    assert "all trainings (3+3) give the same values: no interval over trainings" in same.note
    # One that varies is compared as before.
    assert other.outcome == Outcome.SUPPORTED
    assert other.effect is not None
    assert not other.effect.is_point
    text = report(preset, measured, {})
    assert "| Adam / SGD | product, ℓ2 | +1.099 | none |" in text


def test_rounding_makes_no_spread_of_equal_numbers():
    # Their mean, computed, is not the number itself.
    a = [np.log(x) for x in (0.1, 0.1, 0.1)]
    assert np.mean(a) != a[0] or np.mean([0.1] * 3) != 0.1
    assert difference_over_seeds([0.1] * 3, [0.3] * 3).is_point
    assert difference_over_seeds(a, a).is_point


def test_of_one_image_it_is_said_that_it_is_one(preset, compare):
    measured = compare(AS_PREDICTED)
    runs = [
        replace(run, correct={m: c[:1] if "l2/" in m else c for m, c in run.correct.items()})
        for run in measured.runs
    ]
    notes = {v.note for v in of(judge(preset, Measurements(tuple(runs))), ROBUST, "l2")}
    assert all("one image tells nothing of the spread between images" in note for note in notes)
    assert not any("one seed" in note for note in notes)
    alone = of(judge(preset, compare(AS_PREDICTED, seeds=1)), ROBUST, "l2")
    assert all("one seed tells nothing" in v.note for v in alone)
