from dataclasses import replace

import pytest

from nn_experiments.specs import DataSpec, ModelSpec, OptimizerSpec
from nn_experiments.studies.optimizers.learning_rates import choose_learning_rates
from nn_experiments.studies.optimizers.preset import Preset
from nn_experiments.studies.optimizers.study import study
from nn_experiments.training import folder_name, grid, train_all
from nn_experiments.training.folder import opened, read_record
from tests.nn_experiments.training.small import (
    DATA,
    TRAINING,
    loader,
    run_spec,
    same_bits,
    weights,
)
from theory.common.errors import UserError

SGD, ADAM = OptimizerSpec("SGD", 0.1), OptimizerSpec("Adam", 0.001)
BROKEN = run_spec(OptimizerSpec("SGD", 1.0, {"momentum": -1}))
RAISING = run_spec(model=ModelSpec("tests.nn_experiments.training.small:Failing"))
DIVERGING = run_spec(OptimizerSpec("SGD", 1e30))
GRID = [run_spec(SGD), BROKEN, DIVERGING, RAISING, run_spec(ADAM), run_spec(ADAM, seed=1)]


def statuses(records):
    return [record.status.partition(":")[0].partition(" at")[0] for record in records]


EXPECTED = ["finished", "failed", "diverged", "failed", "finished", "finished"]


def test_the_number_of_jobs_does_not_matter(tmp_path, data):
    told = {1: [], 2: []}
    records = {}
    for jobs, lines in told.items():
        records[jobs] = train_all(
            GRID, loader(data), tmp_path / str(jobs), "cpu", jobs,
            lambda spec, line, lines=lines: lines.append((folder_name(spec), line["epoch"])),
            threads=1,
        )  # fmt: skip
    for found in records.values():
        assert [record.spec for record in found] == GRID
        assert statuses(found) == EXPECTED
        assert "Invalid momentum value" in found[1].status
        assert "ArithmeticError: no gradients today" in found[3].status
    for one, two in zip(records[1], records[2], strict=True):
        assert (one.train_loss, one.test_accuracy) == (two.train_loss, two.test_accuracy)
        if one.finished:
            name = folder_name(one.spec)
            assert same_bits(weights(tmp_path / "1" / name), weights(tmp_path / "2" / name))
    assert sorted(told[1]) == sorted(told[2])
    assert len(told[1]) == 3 * TRAINING.epochs


def test_what_is_over_is_not_loaded_again(tmp_path, data):
    first = train_all(GRID[:3], loader(data), tmp_path, "cpu")
    loads = []

    def load(spec):
        loads.append(spec)
        return data

    over = [GRID[0], DIVERGING]
    assert train_all(over, load, tmp_path, "cpu") == [first[0], first[2]]
    assert not loads
    # A run that lost its weights, or a part of them, is trained anew.
    path = tmp_path / folder_name(GRID[0]) / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    [again] = train_all(GRID[:1], load, tmp_path, "cpu")
    assert (again.status, len(loads), path.read_bytes()) == ("finished", 1, whole)
    path.unlink()
    [again] = train_all(GRID[:1], load, tmp_path, "cpu")
    assert (again.status, len(loads), path.read_bytes()) == ("finished", 2, whole)
    # A run that failed is tried again.
    found = train_all(GRID[:3], load, tmp_path, "cpu")
    assert found == [again, *first[1:]]
    assert loads == [DATA] * 3


def test_images_that_cannot_be_loaded_fail_their_runs_alone(tmp_path, data):
    def load(spec):
        if spec.name == "mnist":
            raise UserError("MNIST is not at hand.")
        return data

    missing = replace(run_spec(SGD), data=DataSpec("mnist"))
    records = train_all([missing, run_spec(SGD)], load, tmp_path, "cpu")
    assert [record.status for record in records] == ["failed: MNIST is not at hand.", "finished"]


def test_a_run_in_use_elsewhere_fails_alone(tmp_path, data):
    spec = run_spec(SGD)
    with opened(tmp_path / folder_name(spec), spec):
        records = train_all([spec, run_spec(ADAM)], loader(data), tmp_path, "cpu")
    assert statuses(records) == ["failed", "finished"]
    assert "in use by process" in records[0].status


@pytest.mark.parametrize(
    ("runs", "jobs", "threads", "told"),
    [
        (GRID[:1], 0, None, "jobs: expected 1 or more, got 0"),
        (GRID[:1], 1, 0, "threads: expected 1 or more, got 0"),
        (GRID[:1] * 2, 1, None, "got twice: SGD-seed0-"),
    ],
)
def test_a_wrong_grid(tmp_path, data, runs, jobs, threads, told):
    with pytest.raises(UserError, match=told):
        train_all(runs, loader(data), tmp_path, "cpu", jobs, threads=threads)


def test_a_process_that_dies_fails_its_run_alone(tmp_path, data, monkeypatch):
    start = grid._Worker.__init__

    def dying(worker, spec, task):
        start(worker, spec, task)
        if spec.seed == 1:
            worker._process.kill()

    monkeypatch.setattr(grid._Worker, "__init__", dying)
    records = train_all([run_spec(SGD), run_spec(SGD, seed=1)], loader(data), tmp_path, "cpu", 2)
    assert statuses(records) == ["finished", "failed"]
    assert "its process ended with code -9" in records[1].status


def test_runs_that_are_interrupted_together_say_so(tmp_path, data):
    runs = [run_spec(SGD), run_spec(ADAM)]
    without_end = [replace(r, training=replace(TRAINING, epochs=10**6)) for r in runs]
    begun = set()

    def interrupt(spec, _):
        begun.add(spec.optimizer.name)
        if len(begun) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_all(without_end, loader(data), tmp_path, "cpu", 2, interrupt)
    for spec in without_end:
        assert read_record(tmp_path / folder_name(spec)).status == "interrupted"


class TestSweep:
    def preset(self, optimizers, sweep):
        return Preset(
            data=DATA, optimizers=optimizers, training=TRAINING, seeds=(3, 4), sweep=sweep
        )

    def test_the_best_on_validation_images_is_chosen(self, tmp_path, data):
        preset = self.preset((SGD, ADAM), (0.01, 1.0, 1e30))
        choice = choose_learning_rates(preset, loader(data), tmp_path, "cpu")
        assert len(choice.tried) == 6
        assert {record.spec.seed for record in choice.tried} == {3}
        for chosen, name in zip(choice.optimizers, ("SGD", "Adam"), strict=True):
            found = [r for r in choice.tried if r.spec.optimizer.name == name]
            accuracies = [r.validation_accuracy for r in found if r.finished]
            best = next(r for r in found if r.spec.optimizer == chosen)
            assert best.validation_accuracy == max(accuracies)
        assert [record.status for record in choice.tried].count("diverged at step 2") >= 1

    def test_of_equal_ones_the_smaller_rate_is_chosen(self, tmp_path, data):
        # With steps this small no prediction changes.
        preset = self.preset((SGD,), (3e-9, 1e-9, 2e-9))
        choice = choose_learning_rates(preset, loader(data), tmp_path, "cpu")
        assert len({record.validation_accuracy for record in choice.tried}) == 1
        assert choice.optimizers[0].learning_rate == 0.1 * 1e-9

    def test_without_a_sweep_nothing_is_trained(self, tmp_path, data):
        choice = choose_learning_rates(self.preset((SGD,), ()), loader(data), tmp_path, "cpu")
        assert choice.optimizers == (SGD,)
        assert not list(tmp_path.iterdir())

    def test_no_rate_that_trains(self, tmp_path, data):
        with pytest.raises(UserError, match="SGD: expected a learning rate that trains, got 1e"):
            choose_learning_rates(self.preset((SGD,), (1e30,)), loader(data), tmp_path, "cpu")

    def test_the_chosen_run_is_the_comparisons(self, tmp_path, data, monkeypatch):
        preset = self.preset((SGD,), (0.1, 1.0))
        choice = choose_learning_rates(preset, loader(data), tmp_path, "cpu")
        [first, *_] = study(replace(preset, optimizers=choice.optimizers)).specs()
        assert grid.over_already(first, tmp_path) in choice.tried
