"""Predictions as a whole, on networks whose truth is known: as predicted, reversed, alike."""

from dataclasses import replace

import pytest

from nn_experiments.evidence.outcomes import Outcome
from nn_experiments.specs import FrequencySpec, OptimizerSpec, RobustnessSpec
from nn_experiments.studies.optimizers import predictions
from nn_experiments.studies.optimizers.measurements import Measurements, RunMeasurements
from nn_experiments.studies.optimizers.preset import baseline
from tests.nn_experiments.studies.optimizers.truths import (
    ALIKE,
    AS_PREDICTED,
    REVERSED,
    findings,
    judge,
    of,
    outcomes,
    summarise,
)


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


def test_diverged_trainings_are_left_out_and_named(preset, compare):
    measurements = compare(AS_PREDICTED)
    runs = [
        RunMeasurements("Adam", r.seed, status="diverged at step 9")
        if (r.optimizer, r.seed) == ("Adam", 1) or r.optimizer == "RMSProp"
        else r
        for r in measurements.runs
    ]
    found = findings(preset, Measurements(tuple(runs[:6])))
    verdicts = found.verdicts
    adam, rmsprop = of(verdicts, predictions.STANDARD)
    assert adam.n_seeds == (3, 2)
    assert "seed 1 diverged at step 9" in adam.note
    assert rmsprop.outcome is Outcome.NOT_RUN
    # Without RMSProp's trainings the prediction is not supported as a whole.
    assert {s.outcome for s in found.summaries} == {Outcome.INCONCLUSIVE}


def test_what_was_not_measured_is_not_run(preset):
    nothing = Measurements((RunMeasurements("SGD", 0), RunMeasurements("Adam", 0)))
    found = findings(preset, nothing)
    assert {v.outcome for v in found.verdicts} == {Outcome.NOT_RUN}
    assert {s.outcome for s in found.summaries} == {Outcome.NOT_RUN}
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


def test_where_only_momentum_is_compared_nothing_counts_and_why_is_told(preset, compare):
    momentum = OptimizerSpec("SGD", options={"momentum": 0.9}, label="SGD-m")
    two = replace(preset, optimizers=(preset.optimizers[0], momentum))
    found = {s.prediction: s for s in summarise(two, compare({"SGD": 0.2, "SGD-m": 0.4}))}
    robust = found[predictions.ROBUST]
    assert robust.outcome is Outcome.INCONCLUSIVE
    assert robust.note == "measured, but nothing counts: SGD-m is no adaptive method"


def test_the_baseline_is_the_first_sgd(preset):
    assert baseline(preset).title == "SGD"
    adam, sgd = preset.optimizers[1], preset.optimizers[0]
    assert baseline(replace(preset, optimizers=(adam, sgd))) is sgd
    assert baseline(replace(preset, optimizers=(adam,))) is adam
    with pytest.raises(ValueError, match="at least one"):
        baseline(replace(preset, optimizers=()))
