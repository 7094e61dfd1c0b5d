"""What was measured: written, read back, joined and stacked, and refused if it does not fit."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from nn_experiments.evidence.store import Found, MeasuredRun, load, save, stacked
from theory.common.errors import UserError

YES_NO = np.array([True, False, True])
VALUES = {"engine/l2/1": "ours", "notes": ["a", "b"], "bound": 2.5, "layers": [["conv", 1.0]]}
RUN = MeasuredRun(
    "SGD-seed0-12345678",
    {"optimizer": "SGD"},
    0,
    training_loss=0.25,
    training_accuracy=1.0,
    found=Found({"clean": YES_NO, "energy": np.array([0.25, 0.5])}, VALUES),
    provenance={"clean": {"settings": {}, "torch": "2"}},
)


def same(a: MeasuredRun, b: MeasuredRun) -> bool:
    plain = [replace(run, found=Found({}, run.found.values)) for run in (a, b)]
    x, y = a.found.arrays, b.found.arrays
    return (
        plain[0] == plain[1]
        and list(x) == list(y)
        and all(np.array_equal(x[name], y[name]) and x[name].dtype == y[name].dtype for name in x)
    )


def test_what_is_saved_is_read_back(tmp_path):
    failed = MeasuredRun("Adam-seed9", {"optimizer": "Adam"}, 9, status="diverged at step 7")
    save([RUN, failed], tmp_path / "m.safetensors")
    (tmp_path / "new").touch()
    assert (tmp_path / "m.safetensors").stat().st_mode == (tmp_path / "new").stat().st_mode
    found = load(tmp_path / "m.safetensors")
    assert [same(a, b) for a, b in zip((RUN, failed), found, strict=True)] == [True, True]
    assert [run.finished for run in found] == [True, False]
    changed = replace(found[0], found=Found({**RUN.found.arrays, "clean": ~YES_NO}, VALUES))
    assert not same(found[0], changed)


def test_equal_measurements_are_equal_files(tmp_path):
    for name in "abcdefgh":
        save([RUN], tmp_path / name)
    first, *others = (path.read_bytes() for path in sorted(tmp_path.iterdir()))
    assert set(others) == {first}


def test_measures_are_joined_by_name():
    """Images follow one another, lists are united, and other values are the later ones."""
    more = Found({"clean": ~YES_NO, "l2/1": YES_NO}, {"notes": ["b", "c"], "bound": 3.0})
    joined = RUN.with_measure("l2-3", more, {"torch": "3"})
    assert joined.found.arrays["clean"].tolist() == [*YES_NO.tolist(), *(~YES_NO).tolist()]
    assert list(joined.found.arrays) == ["clean", "energy", "l2/1"]
    assert joined.found.values == VALUES | {"notes": ["a", "b", "c"], "bound": 3.0}
    assert joined.provenance == RUN.provenance | {"l2-3": {"torch": "3"}}


def test_a_view_is_saved_as_it_looks(tmp_path):
    transposed = np.arange(6).reshape(2, 3).T % 2 == 0
    save([replace(RUN, found=Found({"clean": transposed[:, 0]}))], tmp_path / "m.safetensors")
    (found,) = load(tmp_path / "m.safetensors")
    assert np.array_equal(found.found.arrays["clean"], transposed[:, 0])


def test_files_that_are_not_whole_or_not_ours_are_refused(tmp_path):
    path = tmp_path / "m.safetensors"
    with pytest.raises(UserError, match="cannot read"):
        load(path)
    save([RUN], path)
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
    # As the version before wrote them.
    save_file({"x": YES_NO}, path, {"schema": "nn-experiments-measurements", "version": "1"})
    with pytest.raises(UserError, match=r"version 1\. Delete the file and evaluate again\."):
        load(path)
    header = {"schema": "nn-experiments-measurements", "version": "2", "runs": '[{"seed": 1}]'}
    save_file({"x": YES_NO}, path, header)
    with pytest.raises(UserError, match="evaluate again"):
        load(path)


def test_a_failed_save_leaves_the_earlier_file(tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    save([RUN], path)
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nn_experiments.evidence.store.save_file", full)
    with pytest.raises(UserError, match="No space left"):
        save([RUN], path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.safetensors"]


def test_what_runs_have_is_stacked():
    assert stacked([YES_NO, None, ~YES_NO]).tolist() == [YES_NO.tolist(), (~YES_NO).tolist()]
    assert stacked([None]) is None
    with pytest.raises(ValueError, match="same images"):
        stacked([YES_NO, YES_NO[:2]])
