"""Each prediction on networks whose truth is known: as predicted, reversed, alike, at an end."""

from dataclasses import replace

import numpy as np
import pytest

from nn_experiments.specs import FrequencySpec, MarginsSpec, OptimizerSpec, RobustnessSpec
from nn_experiments.verdict import predictions
from nn_experiments.verdict.intervals import ONE_DISAGREEMENT, difference
from nn_experiments.verdict.measurements import Measurements, RunMeasurements
from nn_experiments.verdict.outcomes import Outcome
from nn_experiments.verdict.predictions import Verdict, baseline, judge, summarise

AS_PREDICTED = {"SGD": 0.2, "Adam": 0.9, "RMSProp": 0.8}
REVERSED = {"SGD": 0.9, "Adam": 0.2, "RMSProp": 0.3}
ALIKE = dict.fromkeys(AS_PREDICTED, 0.4)


def of(verdicts: tuple[Verdict, ...], prediction: str, measure: str = "") -> list[Verdict]:
    found = [v for v in verdicts if v.prediction == prediction and measure in v.measure]
    assert found
    return found


def outcomes(preset, measurements) -> dict[str, Outcome]:
    return {s.prediction: s.outcome for s in summarise(judge(preset, measurements))}


def test_networks_as_predicted_support_every_prediction(preset, compare):
    found = outcomes(preset, compare(AS_PREDICTED))
    assert found == dict.fromkeys(predictions.PREDICTIONS, Outcome.SUPPORTED)


def test_reversed_networks_contradict_every_order(preset, compare):
    found = outcomes(preset, compare(REVERSED))
    orders = (predictions.ROBUST, predictions.LIPSCHITZ, predictions.HIGH_BANDS, predictions.ENERGY)
    assert [found[p] for p in orders] == [Outcome.CONTRADICTED] * 4
    # Similar, equal, removable and "as linear models" still hold.
    rest = set(predictions.PREDICTIONS) - set(orders)
    assert {found[p] for p in rest} == {Outcome.SUPPORTED}


def test_networks_alike_support_no_order(preset, compare):
    found = outcomes(preset, compare(ALIKE))
    assert found[predictions.ROBUST] is Outcome.INCONCLUSIVE
    assert found[predictions.HIGH_BANDS] is Outcome.INCONCLUSIVE
    assert found[predictions.STANDARD] is Outcome.SUPPORTED


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


def test_diverged_trainings_are_left_out_and_named(preset, compare):
    measurements = compare(AS_PREDICTED)
    runs = [
        RunMeasurements("Adam", r.seed, status="diverged at step 9")
        if (r.optimizer, r.seed) == ("Adam", 1) or r.optimizer == "RMSProp"
        else r
        for r in measurements.runs
    ]
    verdicts = judge(preset, Measurements(tuple(runs[:6])))
    adam, rmsprop = of(verdicts, predictions.STANDARD)
    assert adam.n_seeds == (3, 2)
    assert "seed 1 diverged at step 9" in adam.note
    assert rmsprop.outcome is Outcome.NOT_RUN
    # Without RMSProp's trainings the prediction is not supported as a whole.
    assert {s.outcome for s in summarise(verdicts)} == {Outcome.INCONCLUSIVE}


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
    said = "no minimizers of the standard risk: Adam seed 1 fits 90 %"
    assert (said in adam.note) is (share < 0.9)


def test_one_seed_is_inconclusive(preset, compare):
    verdicts = judge(preset, compare(AS_PREDICTED, seeds=1))
    assert {v.outcome for v in verdicts} == {Outcome.INCONCLUSIVE}
    assert "one seed" in of(verdicts, predictions.ROBUST)[0].note


def test_what_was_not_measured_is_not_run(preset):
    nothing = Measurements((RunMeasurements("SGD", 0), RunMeasurements("Adam", 0)))
    verdicts = judge(preset, nothing)
    assert {v.outcome for v in verdicts} == {Outcome.NOT_RUN}
    assert {s.outcome for s in summarise(verdicts)} == {Outcome.NOT_RUN}
    empty = replace(preset, robustness=RobustnessSpec((), (), ()), frequency=FrequencySpec(bands=1))
    assert {v.outcome for v in judge(empty, nothing)} == {Outcome.NOT_RUN}


def test_momentum_is_shown_and_not_counted(preset, compare):
    momentum = OptimizerSpec("SGD", options={"momentum": 0.9}, label="SGD-m")
    wider = replace(preset, optimizers=(*preset.optimizers, momentum))
    verdicts = judge(wider, compare({**AS_PREDICTED, "SGD-m": 0.0}))
    found = [v for v in verdicts if "SGD-m" in v.comparison and "filtered" not in v.measure]
    assert found
    assert not any(v.is_primary for v in found)
    assert (
        outcomes(wider, compare({**AS_PREDICTED, "SGD-m": 0.0}))[predictions.ROBUST]
        is Outcome.SUPPORTED
    )


def test_the_baseline_is_the_first_sgd(preset):
    assert baseline(preset).title == "SGD"
    adam, sgd = preset.optimizers[1], preset.optimizers[0]
    assert baseline(replace(preset, optimizers=(adam, sgd))) is sgd
    assert baseline(replace(preset, optimizers=(adam,))) is adam
    with pytest.raises(ValueError, match="at least one"):
        baseline(replace(preset, optimizers=()))


def test_the_upper_half_of_the_bands_is_high(preset, compare):
    measurements = compare(AS_PREDICTED)
    found = of(judge(preset, measurements), predictions.HIGH_BANDS)[0]
    assert found.measure == "mean drop in bands 5 to 9"

    def drop(title: str) -> float:
        bands = [run.bands for run in measurements.finished(title) if run.bands is not None]
        return float(np.mean([b.clean.mean() - b.correct[5:].mean() for b in bands]))

    assert found.effect is not None
    assert found.effect.estimate == pytest.approx(100 * (drop("Adam") - drop("SGD")))


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
    verdicts = judge(low, measurements)
    found = of(verdicts, predictions.IRRELEVANT)
    assert {(v.outcome, v.is_primary) for v in found} == {(Outcome.SUPPORTED, False)}
    why = "only the least threshold above 50 % counts"
    assert all(f"{why}: shown, not counted" in v.note for v in found)
    (whole,) = [s for s in summarise(verdicts) if s.prediction == predictions.IRRELEVANT]
    assert whole.outcome is Outcome.INCONCLUSIVE
    assert whole.note == f"measured, but nothing counts: {why}"
    # With 70 % that one counts; with none measured nothing was run.
    assert {s.note for s in summarise(judge(preset, measurements))} == {""}
    nothing = summarise(judge(low, Measurements((RunMeasurements("SGD", 0),))))
    assert {(s.outcome, s.note) for s in nothing} == {(Outcome.NOT_RUN, "")}


def test_where_only_momentum_is_compared_nothing_counts_and_why_is_told(preset, compare):
    momentum = OptimizerSpec("SGD", options={"momentum": 0.9}, label="SGD-m")
    two = replace(preset, optimizers=(preset.optimizers[0], momentum))
    found = {s.prediction: s for s in summarise(judge(two, compare({"SGD": 0.2, "SGD-m": 0.4})))}
    robust = found[predictions.ROBUST]
    assert robust.outcome is Outcome.INCONCLUSIVE
    assert robust.note == "measured, but nothing counts: SGD-m is no adaptive method"


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
    assert ("filtered, Adam seed 1 fits 90 %" in adam.note) is (limited and which == "filtered")
    # A network trained on other images, or by another rule, is judged by itself.
    assert found["SGD", measure].outcome is Outcome.SUPPORTED
    other = found["Adam", "filtered/magnitude/70"].outcome
    assert (other is Outcome.SUPPORTED) is (which == "filtered" or not limited)


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
    assert {v.outcome for v in of(verdicts, predictions.LINEAR)} == {Outcome.CONTRADICTED}
    assert {v.outcome for v in of(verdicts, predictions.ENERGY, "network")} == {Outcome.SUPPORTED}
