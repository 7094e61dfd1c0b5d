"""What removing coefficients costs, on networks whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from nn_experiments.evidence.intervals import ONE_DISAGREEMENT, difference
from nn_experiments.evidence.outcomes import Outcome
from nn_experiments.specs import FrequencySpec
from nn_experiments.studies.optimizers import predictions
from nn_experiments.studies.optimizers.measurements import Measurements, RunMeasurements
from tests.nn_experiments.studies.optimizers.truths import AS_PREDICTED, judge, of, summarise

KINDS = ("magnitude", "frequency")


def test_filters_that_cost_more_than_the_margin_contradict(preset, compare):
    measurements = compare(AS_PREDICTED)
    lost = np.arange(1000) % 10 > 0
    runs = [
        replace(r, correct={**r.correct, "filtered/frequency/70": r.correct["clean"] & lost})
        for r in measurements.runs
    ]
    verdicts = judge(preset, Measurements(tuple(runs)))
    found = {v.measure: v.outcome for v in of(verdicts, predictions.IRRELEVANT)}
    assert found["filtered/frequency/70"] is Outcome.CONTRADICTED
    assert found["filtered/magnitude/70"] is Outcome.SUPPORTED
    counted = {v.measure for v in of(verdicts, predictions.IRRELEVANT) if v.is_primary}
    assert counted == {"filtered/frequency/70", "filtered/magnitude/70"}


def test_thresholds_up_to_a_half_are_shown_and_told_not_to_count(preset, compare):
    measurements = compare(AS_PREDICTED)
    low = replace(preset, frequency=FrequencySpec(thresholds=(30,), noises=4))
    found = of(judge(low, measurements), predictions.IRRELEVANT)
    assert {(v.outcome, v.is_primary) for v in found} == {(Outcome.SUPPORTED, False)}
    why = "only the least threshold above 50 % counts"
    assert all(f"{why}: shown, not counted" in v.note for v in found)
    (whole,) = [s for s in summarise(low, measurements) if s.prediction == predictions.IRRELEVANT]
    assert whole.outcome is Outcome.INCONCLUSIVE
    assert whole.note == f"measured, but nothing counts: {why}"
    # With 70 % that one counts; with none measured nothing was run.
    assert {s.note for s in summarise(preset, measurements)} == {""}
    nothing = summarise(low, Measurements((RunMeasurements("SGD", 0),)))
    assert {(s.outcome, s.note) for s in nothing} == {(Outcome.NOT_RUN, "")}


@pytest.mark.parametrize("share", [0.899, 0.9])
@pytest.mark.parametrize("which", ["all", "filtered"])
def test_removal_is_judged_by_networks_that_fit_their_images(preset, compare, which, share):
    measure = "filtered/frequency/70"
    poor = (
        {"training_accuracy": share}
        if which == "all"
        else {"filtered_training_accuracy": {measure: share, "filtered/magnitude/70": 1.0}}
    )
    runs = [
        replace(r, **poor) if (r.optimizer, r.seed) == ("Adam", 1) else r
        for r in compare(AS_PREDICTED).runs
    ]
    verdicts = of(judge(preset, Measurements(tuple(runs))), predictions.IRRELEVANT)
    found = {(v.comparison.partition(":")[0], v.measure): v for v in verdicts}
    adam = found["Adam", measure]
    limited = share < 0.9
    assert adam.outcome is (Outcome.INCONCLUSIVE if limited else Outcome.SUPPORTED)
    assert ("no minimizers of the standard risk" in adam.note) is limited
    assert ("filtered, Adam seed 1 fits 89.90 %" in adam.note) is (limited and which == "filtered")
    # A network trained on other images, or by another rule, is judged by itself.
    assert found["SGD", measure].outcome is Outcome.SUPPORTED
    other = found["Adam", "filtered/magnitude/70"].outcome
    assert (other is Outcome.SUPPORTED) is (which == "filtered" or not limited)


@pytest.mark.parametrize(
    ("thresholds", "counted"), [((50, 60, 70), 60), ((30, 50), None), ((90, 51), 51)]
)
def test_the_least_threshold_above_a_half_counts(preset, compare, thresholds, counted):
    runs = [
        replace(
            r,
            correct=r.correct
            | {f"filtered/{k}/{p}": r.correct["clean"] for k in KINDS for p in thresholds},
        )
        for r in compare(AS_PREDICTED).runs
    ]
    some = replace(preset, frequency=FrequencySpec(thresholds=thresholds, noises=4))
    found = of(judge(some, Measurements(tuple(runs))), predictions.IRRELEVANT)
    assert len(found) == 3 * 2 * len(thresholds)
    assert {v.measure for v in found if v.is_primary} == {
        f"filtered/{k}/{counted}" for k in KINDS if counted is not None
    }


def test_the_cost_is_what_the_filter_loses(preset, compare):
    measured = compare(AS_PREDICTED)
    lost = np.arange(1000) % 50 > 0
    runs = [
        replace(r, correct={**r.correct, "filtered/frequency/70": r.correct["clean"] & lost})
        for r in measured.runs
    ]
    for v in of(judge(preset, Measurements(tuple(runs))), predictions.IRRELEVANT, "frequency/70"):
        runs = measured.finished(v.comparison.partition(":")[0])
        clean = np.array([run.correct["clean"] for run in runs])
        expected = difference(clean, clean & lost, added_square=ONE_DISAGREEMENT)
        assert v.effect.estimate == pytest.approx(100 * clean[:, ~lost].sum() / clean.size)
        assert (v.effect.low, v.effect.high) == pytest.approx(
            (100 * expected.low, 100 * expected.high)
        )
