"""Measurements: written and read back, stacked by optimizer, and refused when they do not fit."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from nn_experiments.evidence.store import (
    BandAccuracy,
    LipschitzBound,
    Measurements,
    RunMeasurements,
    load,
    save,
)
from theory.common.errors import UserError

YES_NO = np.array([True, False, True])


def same(a: RunMeasurements, b: RunMeasurements) -> bool:
    arrays = {"correct", "gradient_energy", "bands"}
    plain = [{k: v for k, v in vars(run).items() if k not in arrays} for run in (a, b)]
    pairs = [(getattr(a, name), getattr(b, name)) for name in ("correct", "gradient_energy")]
    if a.bands is not None and b.bands is not None:
        pairs.append((vars(a.bands), vars(b.bands)))
    return plain[0] == plain[1] and all(
        list(x) == list(y) and all(np.array_equal(x[k], y[k]) for k in x) for x, y in pairs
    )


def test_what_is_saved_is_read_back(compare, tmp_path):
    measurements = compare({"SGD": 0.1, "Adam": 0.5})
    failed = RunMeasurements("Adam", 9, status="diverged at step 7")
    measurements = Measurements((*measurements.runs, failed))
    save(measurements, tmp_path / "m.safetensors")
    (tmp_path / "new").touch()
    assert (tmp_path / "m.safetensors").stat().st_mode == (tmp_path / "new").stat().st_mode
    found = load(tmp_path / "m.safetensors")
    assert len(found.runs) == 7
    assert all(same(a, b) for a, b in zip(measurements.runs, found.runs, strict=True))
    assert found.runs[0].correct["clean"].dtype == bool
    changed = replace(found.runs[0], correct={"clean": ~found.runs[0].correct["clean"]})
    assert not same(found.runs[0], changed)


def test_equal_measurements_are_equal_files(compare, tmp_path):
    for name in "abcdefgh":
        save(compare({"SGD": 0.1}), tmp_path / name)
    first, *others = (path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert set(others) == {first}


def test_a_file_without_accuracies_on_filtered_images_is_read(tmp_path):
    run = RunMeasurements("SGD", 0, filtered_training_accuracy={"filtered/frequency/70": 0.5})
    path = tmp_path / "m.safetensors"
    save(Measurements((run,)), path)
    assert load(path).runs[0] == run
    with safe_open(path, framework="numpy") as file:
        header = file.metadata()
    (record,) = json.loads(header["runs"])
    del record["filtered_training_accuracy"]
    save_file({}, path, metadata={**header, "runs": json.dumps([record])})
    assert load(path).runs[0] == replace(run, filtered_training_accuracy={})


def test_a_view_is_saved_as_it_looks(tmp_path):
    transposed = np.arange(6).reshape(2, 3).T % 2 == 0
    run = RunMeasurements("SGD", 0, correct={"clean": transposed[:, 0]})
    save(Measurements((run,)), tmp_path / "m.safetensors")
    found = load(tmp_path / "m.safetensors").runs[0]
    assert np.array_equal(found.correct["clean"], transposed[:, 0])


def test_files_that_are_not_whole_or_not_ours_are_refused(compare, tmp_path):
    path = tmp_path / "m.safetensors"
    with pytest.raises(UserError, match="cannot read"):
        load(path)
    save(compare({"SGD": 0.1}), path)
    whole = path.read_bytes()
    for size in (0, 4, 100, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(UserError, match="expected measurements"):
            load(path)
    save_file({"x": YES_NO}, path)
    with pytest.raises(UserError, match="version"):
        load(path)
    save_file({"x": YES_NO}, path, {"schema": "nn-experiments-measurements", "version": "99"})
    with pytest.raises(UserError, match="got nn-experiments-measurements version 99"):
        load(path)
    header = {"schema": "nn-experiments-measurements", "version": "1", "runs": '[{"seed": 1}]'}
    save_file({"x": YES_NO}, path, header)
    with pytest.raises(UserError, match="evaluate again"):
        load(path)


def test_a_failed_save_leaves_the_earlier_file(compare, tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    measurements = compare({"SGD": 0.1})
    save(measurements, path)
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nn_experiments.evidence.store.save_file", full)
    with pytest.raises(UserError, match="No space left"):
        save(measurements, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


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
    both = found.correct_over("SGD", ["clean", "l2/1"])
    assert both is not None
    assert both.tolist() == [[1, 0, 1]]
    assert found.correct_over("Lion", ["clean"]) is None


def test_drops_are_those_of_equation_4_5():
    clean = np.array([True, True, False, True])
    correct = np.zeros((3, 2, 4), bool)
    correct[1, :, 0] = True
    correct[2, 0] = [True, True, True, False]
    run = RunMeasurements("SGD", 0, bands=BandAccuracy(clean, correct))
    found = Measurements((run,))
    assert found.bands() == 3
    # By (4.5): 3/4 less 0, 2 and 3 of 8.
    expected = [3 / 4, 3 / 4 - 2 / 8, 3 / 4 - 3 / 8]
    by_band = [found.drops("SGD", slice(i, i + 1)) for i in range(3)]
    assert [float(d.mean()) for d in by_band if d is not None] == pytest.approx(expected)
    every = found.drops("SGD")
    assert every is not None
    assert every.shape == (1, 4, 2)
    assert every.mean() == pytest.approx(np.mean(expected))


def test_noise_in_bands_of_another_version_is_not_taken_for_this_ones(tmp_path):
    bands = BandAccuracy(YES_NO, np.zeros((2, 5, len(YES_NO)), bool), 0.885)
    save(Measurements((RunMeasurements("SGD", 0, bands=bands),)), tmp_path / "now")
    found = load(tmp_path / "now")
    assert found.noise_norm() == 0.885
    drops = found.drops_by_band("SGD")
    assert drops is not None
    assert drops.tolist() == [[YES_NO.mean()] * 2]
    with safe_open(tmp_path / "now", "numpy") as file:
        header = file.metadata()
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    (run,) = json.loads(header["runs"])
    del run["band_noise_norm"]
    save_file(arrays, tmp_path / "old", metadata=header | {"runs": json.dumps([run])})
    with pytest.raises(UserError, match=r"of which no ℓ2 norm is kept\. Delete the file"):
        load(tmp_path / "old")


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
