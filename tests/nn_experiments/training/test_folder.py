import os
from dataclasses import dataclass, replace

import pytest

from nn_experiments import presets
from nn_experiments.ranges import Natural
from nn_experiments.specs import DataSpec, ModelSpec, OptimizerSpec, TrainingSpec
from nn_experiments.studies.optimizers.study import study
from nn_experiments.training.folder import (
    Metrics,
    RunRecord,
    folder_name,
    hashed,
    opened,
    read_record,
    require_same,
)
from tests.nn_experiments.training.small import TRAINING, run_spec
from tests.nn_experiments.training.test_checkpoint import files_of_at_most
from theory.common.errors import UserError

SPEC = run_spec()


def test_one_process_does_not_open_twice(tmp_path):
    with (
        opened(tmp_path, SPEC),
        pytest.raises(UserError, match=f"in use by process {os.getpid()}"),
        opened(tmp_path, SPEC),
    ):
        pass


def test_a_record_is_read_back_as_it_was(tmp_path):
    spec = run_spec(OptimizerSpec("SGD", 1, {"momentum": 0.9, "nesterov": True, "a": 1, "b": "x"}))
    record = RunRecord(spec, "finished", (1, 2, 3), 10, "ab", 2, ("cpu",), 3, 12, 1.5, 0.25)
    with opened(tmp_path, spec) as run:
        assert run.record is None
        run.write(record)
    found = read_record(tmp_path)
    assert found == record
    assert [type(value) for value in found.spec.optimizer.options.values()] == [
        float, bool, int, str,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (replace(SPEC, seed=1), "seed: 0 there, 1 asked for"),
        (replace(SPEC, training=replace(TRAINING, epochs=9)), "training.epochs: 3 there, 9 asked"),
        (run_spec(OptimizerSpec("Adam", 0.002)), "optimizer.learning_rate: 0.001 there"),
        (run_spec(OptimizerSpec("Adam", 0.001, {"eps": 1e-7})), "options.eps: nothing there"),
        (replace(SPEC, data=DataSpec("mnist")), "data.name: fashion-mnist there, mnist asked"),
        (run_spec(model=ModelSpec("preactresnet18")), "model.name: two-layer-cnn there"),
    ],
)
def test_another_runs_folder_is_refused_by_the_field(tmp_path, other, told):
    with opened(tmp_path, SPEC) as run:
        run.write(RunRecord(SPEC))
    with pytest.raises(UserError, match=told), opened(tmp_path, other):
        pass


def test_how_often_a_run_is_saved_does_not_matter(tmp_path):
    often = run_spec(training=replace(TRAINING, checkpoint_seconds=1))
    require_same(SPEC, often, tmp_path)
    assert folder_name(often) == folder_name(SPEC)


def test_names_tell_runs_apart():
    specs = [
        SPEC,
        replace(SPEC, seed=1),
        run_spec(OptimizerSpec("Adam", 0.002)),
        run_spec(OptimizerSpec("Adam", 0.001, label="Adam / 2")),
    ]
    assert len({folder_name(spec) for spec in specs}) == 4
    assert folder_name(specs[3]).startswith("Adam_2-seed0-")
    assert folder_name(run_spec(OptimizerSpec("SGD", 1))) == folder_name(
        run_spec(OptimizerSpec("SGD", 1.0))
    )


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"spec": 3}', '{"spec": {}, "status": "finished"}']
)
def test_a_broken_record_is_one_message(tmp_path, content):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(UserError, match=r"run\.json"):
        read_record(tmp_path)


def test_no_record(tmp_path):
    with pytest.raises(UserError, match="Train it first"):
        read_record(tmp_path)


def test_what_a_killed_process_was_writing_is_removed(tmp_path):
    (tmp_path / ".part-abc").mkdir()
    (tmp_path / ".part-abc" / "run.json").write_text("{")
    with opened(tmp_path, SPEC) as run:
        assert run.record is None
    assert not (tmp_path / ".part-abc").exists()


class TestMetrics:
    def test_lines_of_epochs_to_be_repeated_are_dropped(self, tmp_path):
        metrics = Metrics(tmp_path / "m")
        for epoch in (1, 2, 3):
            metrics.append({"epoch": epoch})
        metrics.keep(2)
        assert metrics.read() == [{"epoch": 1}, {"epoch": 2}]

    @pytest.mark.parametrize("rest", ['{"epoch": 3', '{"epoch": 3}', "\x00\x00", '{"ep\n{"epoch"'])
    def test_a_line_cut_off_is_dropped(self, tmp_path, rest):
        metrics = Metrics(tmp_path / "m")
        metrics.append({"epoch": 1})
        with (tmp_path / "m").open("a") as file:
            file.write(rest)
        assert metrics.read() == [{"epoch": 1}]
        metrics.keep(5)
        assert (tmp_path / "m").read_text() == '{"epoch": 1}\n'

    def test_a_full_disk_is_one_message(self, tmp_path):
        with files_of_at_most(10), pytest.raises(UserError, match="goes on from its last"):
            Metrics(tmp_path / "m").append({"epoch": 1, "train_loss": 0.5})


@dataclass(frozen=True)
class Later(TrainingSpec):
    """A training with a field that no run had at first."""

    warm_up: Natural = 0


def test_runs_of_an_earlier_version_keep_their_folders():
    """Names that were written when every field was hashed."""
    runs = study(presets.read("quick")).specs()[:4:3] + study(presets.read("cifar10")).specs()[9:10]
    assert [folder_name(run) for run in runs] == [
        "SGD-seed0-8d94081e",
        "Adam-seed0-caf524fe",
        "SGD-seed0-bd0f67ae",
    ]
    assert hashed(Later()) == hashed(TrainingSpec())
    assert hashed(Later(warm_up=1)) == hashed(TrainingSpec()) | {"warm_up": 1}
