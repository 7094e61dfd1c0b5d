"""Each comparison of two optimizers, on networks whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from nn_experiments.evidence import limits
from nn_experiments.evidence.findings import Verdict
from nn_experiments.evidence.intervals import ONE_DISAGREEMENT, Interval, difference
from nn_experiments.evidence.outcomes import Outcome
from nn_experiments.specs import DataSpec, OptimizerSpec
from nn_experiments.studies.optimizers import predictions
from nn_experiments.studies.optimizers.measurements import BandAccuracy, Measurements
from nn_experiments.studies.optimizers.preset import MarginsSpec
from nn_experiments.study import LN_RATIO, POINTS
from tests.nn_experiments.studies.optimizers.truths import (
    ALIKE,
    AS_PREDICTED,
    REVERSED,
    judge,
    of,
    outcomes,
)


def test_an_effect_is_the_difference_of_means_with_its_interval(preset, compare):
    measurements = compare(AS_PREDICTED)
    (verdict,) = [
        v
        for v in of(judge(preset, measurements), predictions.ROBUST, "l2/0.5")
        if v.comparison == "SGD − Adam"
    ]
    a, b = (
        np.array([r.correct["l2/0.5"] for r in measurements.finished(t)]) for t in ("SGD", "Adam")
    )
    assert verdict.effect is not None
    assert verdict.effect.estimate == pytest.approx(100 * (a.mean() - b.mean()))
    expected = difference(a, b, added_square=ONE_DISAGREEMENT)
    assert verdict.effect.low == pytest.approx(100 * expected.low)
    assert (verdict.n_seeds, verdict.n_images, verdict.unit) == ((3, 3), 200, "percentage points")
    assert verdict.published == pytest.approx(24.33 - 6.00)
    assert not verdict.is_primary


def test_published_effects_are_side_by_side(preset, compare):
    verdicts = judge(preset, compare(AS_PREDICTED))
    standard = of(verdicts, predictions.STANDARD)
    assert [v.published for v in standard] == pytest.approx([91.20 - 90.98, 91.20 - 91.15])
    lipschitz = of(verdicts, predictions.LIPSCHITZ, "l2")
    assert [v.published for v in lipschitz] == pytest.approx(np.log([8.12 / 3.83, 5.11 / 3.83]))
    average = of(verdicts, predictions.ROBUST, "mean over gaussian")
    expected = (87.78 + 84.30) / 2 - (85.03 + 78.91) / 2
    assert average[0].published == pytest.approx(expected)
    elsewhere = judge(replace(preset, published=""), compare(AS_PREDICTED))
    assert {v.published for v in elsewhere} == {None}


@pytest.mark.parametrize(("margin", "note"), [(-3.5, "floor"), (5.5, "ceiling")])
def test_both_at_one_end_of_the_scale_is_inconclusive(preset, compare, margin, note):
    measurements = compare({"SGD": 0.0, "Adam": 0.4, "RMSProp": 0.4}, margin=margin)
    found = of(judge(preset, measurements), predictions.ROBUST, "linf/")
    assert {v.outcome for v in found} == {Outcome.INCONCLUSIVE}
    assert all(note in v.note for v in found)
    # At the ceiling the networks are still similar.
    assert outcomes(preset, measurements)[predictions.STANDARD] is Outcome.SUPPORTED


def test_one_of_two_at_the_floor_can_be_judged(preset, compare):
    measurements = compare({"SGD": 0.0, "Adam": 3.0, "RMSProp": 3.0})
    found = of(judge(preset, measurements), predictions.ROBUST, "linf/0.03")
    assert {v.outcome for v in found} == {Outcome.SUPPORTED}


def test_an_interval_that_crosses_the_margin_is_inconclusive(preset, compare):
    measurements = compare(AS_PREDICTED)
    (first, _) = of(judge(preset, measurements), predictions.STANDARD)
    assert first.effect is not None
    reach = max(abs(first.effect.low), abs(first.effect.high))
    for margin, expected in (
        (1.01 * reach, Outcome.SUPPORTED),
        (0.99 * reach, Outcome.INCONCLUSIVE),
    ):
        strict = replace(preset, margins=MarginsSpec(accuracy=margin))
        found = of(judge(strict, measurements), predictions.STANDARD)[0]
        assert (found.outcome, found.margin) == (expected, margin)


def test_worse_standard_accuracy_is_not_similar(preset, compare):
    measurements = compare(AS_PREDICTED)
    runs = [
        replace(r, correct={**r.correct, "clean": r.correct["clean"] & (np.arange(1000) % 3 > 0)})
        if r.optimizer == "Adam"
        else r
        for r in measurements.runs
    ]
    found = of(judge(preset, Measurements(tuple(runs))), predictions.STANDARD)
    assert [v.outcome for v in found] == [Outcome.CONTRADICTED, Outcome.SUPPORTED]
    # Nor is it left open where the interval is too wide for the margin.
    strict = replace(preset, margins=MarginsSpec(accuracy=0.1))
    first = of(judge(strict, Measurements(tuple(runs))), predictions.STANDARD)[0]
    assert (first.outcome, first.note) == (Outcome.CONTRADICTED, "")


@pytest.mark.parametrize("share", [0.899, 0.9])
def test_networks_that_are_no_minimizers_say_nothing(preset, compare, share):
    found = compare(REVERSED)
    runs = [
        replace(r, training_accuracy=share) if (r.optimizer, r.seed) == ("Adam", 1) else r
        for r in found.runs
    ]
    verdicts = judge(preset, Measurements(tuple(runs)))
    by_comparison = {v.comparison: v for v in of(verdicts, predictions.ROBUST, "mean over l2")}
    adam, rmsprop = by_comparison["SGD − Adam"], by_comparison["SGD − RMSProp"]
    assert rmsprop.outcome is Outcome.CONTRADICTED
    assert adam.outcome is (Outcome.INCONCLUSIVE if share < 0.9 else Outcome.CONTRADICTED)
    said = "no minimizers of the standard risk: Adam seed 1 fits 89.90 %"
    assert (said in adam.note) is (share < 0.9)


def test_one_seed_is_inconclusive(preset, compare):
    verdicts = judge(preset, compare(AS_PREDICTED, seeds=1))
    assert {v.outcome for v in verdicts} == {Outcome.INCONCLUSIVE}
    assert "one seed" in of(verdicts, predictions.ROBUST)[0].note


def test_the_upper_half_of_the_bands_is_high(preset, compare):
    measurements = compare(AS_PREDICTED)
    found = of(judge(preset, measurements), predictions.HIGH_BANDS)[0]
    assert found.measure == "mean drop in bands 5 to 9"

    def drop(title: str) -> float:
        bands = [run.bands for run in measurements.finished(title) if run.bands is not None]
        return float(np.mean([b.clean.mean() - b.correct[5:].mean() for b in bands]))

    assert found.effect is not None
    assert found.effect.estimate == pytest.approx(100 * (drop("Adam") - drop("SGD")))


def test_networks_ordered_against_linear_models_contradict(preset, compare):
    measurements = compare(AS_PREDICTED)
    flip = [
        replace(
            r,
            gradient_energy={
                "network": r.gradient_energy["network"],
                "linear": 1 - r.gradient_energy["linear"],
            },
        )
        for r in measurements.runs
    ]
    verdicts = judge(preset, Measurements(tuple(flip)))
    assert {v.outcome for v in of(verdicts, predictions.SAME_ORDER)} == {Outcome.CONTRADICTED}
    assert {v.outcome for v in of(verdicts, predictions.ENERGY, "network")} == {Outcome.SUPPORTED}


def test_every_interval_has_the_presets_confidence(preset, compare):
    measured = compare(AS_PREDICTED)
    found = judge(replace(preset, margins=MarginsSpec(confidence=0.8)), measured)
    assert {v.effect.confidence for v in found} == {0.8}
    usual = judge(preset, measured)
    for narrow, wide in zip(found, usual, strict=True):
        assert (narrow.prediction, narrow.measure) == (wide.prediction, wide.measure)
        assert wide.effect.low < narrow.effect.low < narrow.effect.high < wide.effect.high


def test_each_prediction_has_its_own_margin(preset, compare):
    margins = MarginsSpec(accuracy=1.25, drop=1.5, filtered=1.75)
    verdicts = judge(replace(preset, margins=margins), compare(AS_PREDICTED))
    assert {v.prediction: v.margin for v in verdicts if v.margin is not None} == {
        predictions.STANDARD: 1.25,
        predictions.LOW_BAND: 1.5,
        predictions.IRRELEVANT: 1.75,
    }


@pytest.mark.parametrize("prediction", [predictions.STANDARD, predictions.LOW_BAND])
def test_an_interval_that_no_margin_could_hold_is_told(preset, compare, prediction):
    measured = compare(AS_PREDICTED)
    first = of(judge(preset, measured), prediction)[0]
    reach = (first.effect.high - first.effect.low) / 2
    for margin, is_told in ((1.01 * reach, False), (0.99 * reach, True)):
        strict = replace(preset, margins=MarginsSpec(accuracy=margin, drop=margin))
        found = of(judge(strict, measured), prediction)[0]
        assert (f"wider than ± {margin:g}: too few trainings or images" in found.note) is is_told
        assert not is_told or found.outcome is Outcome.INCONCLUSIVE


def test_trainings_are_counted_on_each_side_and_images_are_the_tested_ones(preset, compare):
    runs = [
        replace(r, status="diverged at step 9") if (r.optimizer, r.seed) == ("Adam", 2) else r
        for r in compare(AS_PREDICTED).runs
    ]
    verdicts = judge(preset, Measurements(tuple(runs)))
    counted = {(v.prediction, v.comparison): v.n_seeds for v in verdicts if "Adam" in v.comparison}
    assert counted == {
        (predictions.STANDARD, "SGD − Adam"): (3, 2),
        (predictions.ROBUST, "SGD − Adam"): (3, 2),
        (predictions.LIPSCHITZ, "Adam / SGD"): (2, 3),
        (predictions.LOW_BAND, "Adam − SGD"): (2, 3),
        (predictions.HIGH_BANDS, "Adam − SGD"): (2, 3),
        (predictions.IRRELEVANT, "Adam: all − filtered"): (2, 2),
        (predictions.ENERGY, "Adam − SGD"): (2, 3),
        (predictions.SAME_ORDER, "Adam − SGD"): (2, 3),
    }
    images = {v.measure: v.n_images for v in verdicts}
    attacked = {m for m in images if "l2" in m or "linf" in m} - {"product, l2", "product, linf"}
    assert {images[m] for m in attacked} == {200}
    assert {n for m, n in images.items() if "product" in m} == {0}
    assert {n for m, n in images.items() if m not in attacked and "product" not in m} == {1000}


def test_unanimous_answers_do_not_make_an_interval_of_width_zero(preset, compare):
    same = np.arange(1000) % 2 == 0
    runs = [
        replace(
            r,
            correct=dict.fromkeys(r.correct, same),
            bands=BandAccuracy(same, np.broadcast_to(same, (10, 4, 1000))),
            gradient_energy=dict.fromkeys(r.gradient_energy, np.full(1000, 0.5)),
        )
        for r in compare(ALIKE).runs
    ]
    # t with 999 degrees of freedom is 1.962; in points, and nothing else has any spread.
    expected = 100 * 1.962 / np.sqrt(999 * 1000)
    for v in judge(preset, Measurements(tuple(runs))):
        half = (v.effect.high - v.effect.low) / 2
        counts_answers = v.unit == POINTS and "energy" not in v.measure
        if counts_answers:
            assert half == pytest.approx(expected, rel=1e-3)
        elif v.unit == POINTS:
            assert half == 0


def test_the_middle_of_an_odd_number_of_bands_is_not_high(preset, compare):
    runs = [
        replace(r, bands=BandAccuracy(r.bands.clean, r.bands.correct[:5]))
        for r in compare(AS_PREDICTED).runs
    ]
    five = replace(preset, frequency=replace(preset.frequency, bands=5))
    found = of(judge(five, Measurements(tuple(runs))), predictions.HIGH_BANDS)[0]
    assert found.measure == "mean drop in bands 3 to 4"


@pytest.mark.parametrize(("right", "note"), [(4, "floor"), (5, "")])
@pytest.mark.parametrize("turned", [False, True], ids=["right", "wrong"])
def test_five_images_are_enough_at_an_end_of_the_scale(preset, compare, right, note, turned):
    def answers(optimizer):
        first = np.arange(200) < right if optimizer == "SGD" else np.zeros(200, bool)
        return ~first if turned else first

    runs = [
        replace(r, correct={**r.correct, "l2/0.5": answers(r.optimizer)})
        for r in compare(ALIKE).runs
    ]
    found = of(judge(preset, Measurements(tuple(runs))), predictions.ROBUST, "l2/0.5")
    said = note.replace("floor", "ceiling") if turned else note
    assert all(v.note.partition(":")[0] == said for v in found)
    assert all((v.outcome is Outcome.INCONCLUSIVE) is bool(note) for v in found) or not note


def test_the_effect_of_a_lower_half_is_of_the_lowest_band_alone(preset, compare):
    measured = compare(AS_PREDICTED)
    found = of(judge(preset, measured), predictions.LOW_BAND)[0]
    drops = [
        100 * np.mean([r.bands.clean.mean() - r.bands.correct[0].mean() for r in runs])
        for runs in (measured.finished("Adam"), measured.finished("SGD"))
    ]
    assert found.effect.estimate == pytest.approx(drops[0] - drops[1])


@pytest.mark.parametrize("name", ["SGD", "ASGD", "Adagrad"])
def test_what_is_no_adaptive_method_does_not_count(preset, compare, name):
    other = OptimizerSpec(name, label="other")
    two = replace(preset, optimizers=(preset.optimizers[0], other))
    verdicts = judge(two, compare({"SGD": 0.2, "other": 0.9}))
    assert any(v.is_primary for v in of(verdicts, predictions.ROBUST)) is (name == "Adagrad")


def test_linear_models_are_shown_and_networks_are_not_ordered_like_unknown_ones(preset, compare):
    measured = compare(AS_PREDICTED)
    verdicts = judge(preset, measured)
    counted = {v.measure: v.is_primary for v in of(verdicts, predictions.ENERGY)}
    assert counted == {
        "irrelevant gradient energy, network": True,
        "irrelevant gradient energy, linear": False,
    }
    energies = [r.gradient_energy for r in measured.runs]
    for linear, expected in (
        ([np.full(1000, 0.5) for _ in energies], Outcome.INCONCLUSIVE),
        ([None for _ in energies], Outcome.NOT_RUN),
    ):
        runs = [
            replace(
                r,
                gradient_energy={"network": e["network"]} | ({} if x is None else {"linear": x}),
            )
            for r, e, x in zip(measured.runs, energies, linear, strict=True)
        ]
        found = judge(preset, Measurements(tuple(runs)))
        assert {v.outcome for v in of(found, predictions.SAME_ORDER)} == {expected}
        assert {v.outcome for v in of(found, predictions.ENERGY, "network")} == {Outcome.SUPPORTED}


def test_energies_of_networks_and_of_linear_models_are_told_apart(preset, compare):
    measured = compare(AS_PREDICTED)
    runs = [
        replace(r, gradient_energy={**r.gradient_energy, "linear": r.gradient_energy["linear"] / 2})
        for r in measured.runs
    ]
    verdicts = judge(preset, Measurements(tuple(runs)))
    for model in ("network", "linear"):
        adam, sgd = (
            np.mean([r.gradient_energy[model] for r in runs if r.optimizer == title])
            for title in ("Adam", "SGD")
        )
        found = of(verdicts, predictions.ENERGY, model)[0]
        assert found.comparison == "Adam − SGD"
        assert found.effect.estimate == pytest.approx(100 * (adam - sgd))
    said = of(verdicts, predictions.SAME_ORDER)[0].note
    (linear, *_) = of(verdicts, predictions.ENERGY, "linear")
    assert said.startswith(f"linear: {linear.effect.estimate:+.2f} [")


def test_table_4_1_is_read_both_ways(preset, compare):
    """Its bounds for Fashion-MNIST are 3.83 (SGD) and 8.12 (Adam), of what it does not say."""
    verdicts = judge(preset, compare(AS_PREDICTED))
    found = of(verdicts, predictions.LIPSCHITZ, "l2")[0]
    assert found.comparison == "Adam / SGD"
    assert found.published == pytest.approx(np.log(8.12) - np.log(3.83), abs=1e-12)
    assert found.published_otherwise == pytest.approx(4.29, abs=1e-12)
    assert found.note == (
        "published: +0.751 = ln(8.12/3.83) if Table 4.1 shows products; if their logarithms, "
        "+4.290 = 8.12 − 3.83"
    )
    for v in verdicts:
        has_both = v.prediction == predictions.LIPSCHITZ and v.measure == "product, l2"
        assert (v.published_otherwise is not None) == has_both
    without = replace(preset, published="")
    assert not any("Table 4.1" in v.note for v in judge(without, compare(AS_PREDICTED)))


def test_networks_without_shares_of_gradients_are_named(preset, compare):
    preset = replace(
        preset,
        published="",
        data=DataSpec("synthetic"),
        training=replace(preset.training, flips=False),
        gradient_energy=True,
    )
    runs = [
        replace(r, gradient_energy={"linear": r.gradient_energy["linear"]})
        if (r.optimizer, r.seed) in (("Adam", 0), ("Adam", 2))
        else r
        for r in compare(AS_PREDICTED).runs
    ]
    verdicts = judge(preset, Measurements(tuple(runs)))
    told = "Adam seed 0, 2 left out: an input gradient that is zero has no shares"
    noted = [(v.comparison, v.measure) for v in verdicts if told in v.note]
    assert noted == [
        ("Adam − SGD", "irrelevant gradient energy, network"),
        ("Adam − SGD", "order of irrelevant gradient energy"),
    ]
    assert not any("left out" in v.note for v in judge(preset, compare(AS_PREDICTED)))


def test_an_interval_beyond_the_scale_says_why(preset, compare):
    """Two trainings, one right everywhere and one nowhere: ± 12.7 standard errors of 50 points."""
    runs = [
        replace(r, correct={**r.correct, "clean": np.full(1000, r.seed == 0)})
        for r in compare(AS_PREDICTED, seeds=2).runs
    ]
    two = replace(preset, seeds=(0, 1))
    (adam, _) = of(judge(two, Measurements(tuple(runs))), predictions.STANDARD)
    assert adam.effect.low < -100
    assert "the interval goes beyond ± 100 points, where no difference can be" in adam.note
    assert "too few seeds (2+2)" in adam.note
    for v in judge(two, compare(AS_PREDICTED, seeds=2)):
        assert ("beyond ± 100" in v.note) == (
            v.unit == POINTS and (v.effect.low < -100 or v.effect.high > 100)
        )


@pytest.mark.parametrize(
    ("low", "high", "unit", "is_told"),
    [
        (-101.0, 5.0, POINTS, True),
        (5.0, 101.0, POINTS, True),
        (-100.0, 100.0, POINTS, False),
        (-101.0, 101.0, LN_RATIO, False),
    ],
)
def test_either_end_may_be_beyond_the_scale(preset, low, high, unit, is_told):
    effect = Interval((low + high) / 2, low, high, 0.95)
    verdict = Verdict("p", "a − b", "clean", Outcome.INCONCLUSIVE, effect, unit, n_seeds=(2, 2))
    noted = limits.noted(verdict, [], {}, limits.Limits())
    assert ("beyond ± 100" in noted.note) == is_told
