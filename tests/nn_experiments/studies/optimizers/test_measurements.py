"""What was measured, as the comparison reads it: stacked by optimizer, and refused if it is odd."""

import numpy as np
import pytest

from nn_experiments.evidence.store import Found, MeasuredRun
from nn_experiments.studies.optimizers import predictions
from nn_experiments.studies.optimizers.measurements import (
    BandAccuracy,
    LipschitzBound,
    Measurements,
    RunMeasurements,
    view,
)

YES_NO = np.array([True, False, True])


def test_answers_are_stacked_over_finished_trainings():
    runs = [
        RunMeasurements("SGD", 0, correct={"clean": YES_NO, "l2/1": YES_NO}),
        RunMeasurements("SGD", 1, correct={"clean": ~YES_NO}),
        RunMeasurements("SGD", 2, status="diverged at step 3", correct={"clean": YES_NO}),
        RunMeasurements("Adam", 0, correct={"clean": ~YES_NO, "l2/1": ~YES_NO}),
    ]
    found = Measurements(tuple(runs))
    clean = found.correct("SGD", "clean")
    assert clean is not None
    assert clean.tolist() == [YES_NO.tolist(), (~YES_NO).tolist()]
    assert found.correct("SGD", "linf/1") is None


def test_drops_are_those_of_equation_4_5():
    clean = np.array([True, True, False, True])
    correct = np.zeros((3, 2, 4), bool)
    correct[1, :, 0] = True
    correct[2, 0] = [True, True, True, False]
    run = RunMeasurements("SGD", 0, bands=BandAccuracy(clean, correct))
    assert Measurements((run,)).bands() == 3
    # By (4.5): 3/4 less 0, 2 and 3 of 8.
    expected = [3 / 4, 3 / 4 - 2 / 8, 3 / 4 - 3 / 8]
    by_band = [predictions._drop_in(run, slice(i, i + 1)).mean() for i in range(3)]
    assert by_band == pytest.approx(expected)
    assert Measurements((run,)).drops_by_band("SGD").tolist() == [pytest.approx(expected)]
    every = predictions._drop_in(run, slice(None))
    assert every.shape == (4, 2)
    assert every.mean() == pytest.approx(np.mean(expected))


def test_accuracy_over_levels_is_of_runs_that_have_them_all():
    run = RunMeasurements("SGD", 0, correct={"clean": YES_NO, "l2/1": np.array([True, True, True])})
    assert predictions._share_right(run, ["clean", "l2/1"]).tolist() == [1, 0.5, 1]
    assert predictions._share_right(run, ["clean", "l2/2"]) is None
    assert predictions._share_right(run, []) is None


def test_where_no_norm_of_the_noise_is_kept_none_is_told():
    arrays = {"bands/clean": YES_NO, "bands/correct": np.zeros((2, 5, len(YES_NO)), bool)}
    cell = {"optimizer": "SGD", "training images": "all", "model": "network"}
    for values, norm in (({"bands/norm": 0.885}, 0.885), ({}, None)):
        found = view([MeasuredRun("", cell, 0, found=Found(arrays, values))])
        assert found.noise_norm() == norm
        assert found.drops_by_band("SGD").tolist() == [[YES_NO.mean()] * 2]


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(ValueError, match="once"):
        Measurements((RunMeasurements("SGD", 0), RunMeasurements("SGD", 0)))
    with pytest.raises(ValueError, match="bands, noises, N"):
        BandAccuracy(YES_NO, np.zeros((2, 5, 4), bool))
    with pytest.raises(ValueError, match="names that differ"):
        LipschitzBound(2.0, (("a", 1.0), ("a", 2.0)))
    runs = [RunMeasurements("SGD", s, correct={"clean": np.ones(3 + s, bool)}) for s in (0, 1)]
    with pytest.raises(ValueError, match="same images"):
        Measurements(tuple(runs)).correct("SGD", "clean")
