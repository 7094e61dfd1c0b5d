import math
from dataclasses import replace

import pytest

from nn_experiments.specs import DataSpec, ModelSpec, OptimizerSpec, Preset, RobustnessSpec
from nn_experiments.studies.optimizers.learning_rates import choose_learning_rates
from nn_experiments.training import folder_name, grid, train_all
from nn_experiments.training.budget import images_within_budget, training_seconds
from nn_experiments.training.folder import opened, read_record
from tests.nn_experiments.training.small import (
    DATA,
    STEPS_PER_EPOCH,
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
        table = choice.table()
        assert [row[3] for row in table.rows].count("chosen") == 2
        assert [row[2] for row in table.rows].count("diverged at step 2") >= 1

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
        [first, *_] = replace(preset, optimizers=choice.optimizers).runs()
        assert grid.over_already(first, tmp_path) in choice.tried


class TestBudget:
    def preset(self, budget, train_images=None):
        data = replace(DATA, train_images=train_images)
        return Preset(
            data=data, optimizers=(SGD, ADAM), training=TRAINING, seeds=(0, 1, 2),
            training_budget=budget,
        )  # fmt: skip

    def test_seconds_by_hand(self):
        # 64 images are 2 steps an epoch, 6 in all; evaluating 64 + 32 is counted as 3.
        seconds = {32: {"SGD": 1.0, "Adam": 2.0}}
        preset = self.preset(1.0)
        assert training_seconds(preset, 64, 32, seconds, 1) == 3 * 9 * 1 + 3 * 9 * 2
        # Two at once: SGD's take 9 and 9, then 9 more beside Adam's 18, and 18, 18 after those.
        assert training_seconds(preset, 64, 32, seconds, 2) == 9 + 18 + 18

    def test_a_smaller_last_minibatch_by_hand(self):
        # 40 images are a step of 32 and one of 8; evaluating 40 + 24 is two steps of 32.
        seconds = {32: {"SGD": 1.0, "Adam": 2.0}, 8: {"SGD": 0.25, "Adam": 0.5}}
        expected = 3 * (3 * 1.25 + 2) * (1 + 2)
        assert training_seconds(self.preset(1.0), 40, 24, seconds, 1) == expected

    def test_fewer_images_than_a_minibatch_cost_less(self, data, monkeypatch):
        monkeypatch.setattr(
            "nn_experiments.training.budget._timed",
            lambda _, images, __: {"SGD": len(images) / 32, "Adam": len(images) / 16},
        )
        # Steps of 32, 16 images take 1, 0.5 with SGD; evaluation is (images + 100) / 32 steps.
        needs = {n: 9 * (3 * n / 32 + (n + 100) / 32) for n in (64, 32, 16)}
        for n, seconds in needs.items():
            estimate = images_within_budget(self.preset(seconds), data, "cpu")
            assert (estimate.images, estimate.seconds) == (n, seconds)
        assert estimate.step_seconds == {"SGD": 1.0, "Adam": 2.0}
        assert estimate.smaller == {16: {"SGD": 0.5, "Adam": 1.0}}
        least = math.ceil(needs[16])
        told = f"at least {least} seconds, which training on 16 .* --training-budget {least}"
        with pytest.raises(UserError, match=told):
            images_within_budget(self.preset(needs[16] - 1), data, "cpu")
        assert images_within_budget(self.preset(least), data, "cpu").images == 16

    def test_steps_that_are_timed_have_their_size(self, data):
        estimate = images_within_budget(self.preset(1e6, train_images=16), data, "cpu")
        assert estimate.images == 16
        assert set(estimate.smaller) == {16}

    @pytest.mark.parametrize("jobs", [1, 2])
    def test_the_largest_power_of_two_that_fits(self, data, jobs):
        plenty = images_within_budget(self.preset(1e6), data, "cpu", jobs=jobs)
        assert plenty.images == 64
        assert set(plenty.step_seconds) == {"SGD", "Adam"}
        half = images_within_budget(self.preset(1e6, train_images=63), data, "cpu")
        assert half.images == 32

    def test_is_below_what_does_not_fit(self, data, monkeypatch):
        monkeypatch.setattr(
            "nn_experiments.training.budget._timed", lambda *_: {"SGD": 1.0, "Adam": 2.0}
        )
        # Evaluation is counted as (images + 100) / 32 steps; 64 images take 6 steps, 32 or fewer 3.
        needs = {n: 9 * (s + (n + 100) / 32) for n, s in ((64, 6), (32, 3), (16, 3))}
        for n, seconds in needs.items():
            assert images_within_budget(self.preset(seconds), data, "cpu").images == n
        assert images_within_budget(self.preset(needs[64] - 1), data, "cpu").images == 32
        with pytest.raises(UserError, match="training_budget: expected at least 60 seconds"):
            images_within_budget(self.preset(needs[16] - 1), data, "cpu")

    def test_the_record_is_used_again(self, tmp_path, data, monkeypatch):
        path = tmp_path / "budget.json"
        small = self.preset(1e6, train_images=16)
        first = images_within_budget(small, data, "cpu", record=path)
        with monkeypatch.context() as patched:
            patched.setattr("nn_experiments.training.budget._timed", None)
            assert images_within_budget(small, data, "cpu", record=path) == first
        first = images_within_budget(self.preset(1e6), data, "cpu", record=path)
        monkeypatch.setattr("nn_experiments.training.budget._timed", None)
        assert images_within_budget(self.preset(1e6), data, "cpu", record=path) == first
        judged = replace(
            self.preset(1e6), title="of another title", robustness=RobustnessSpec(images=7)
        )
        assert images_within_budget(judged, data, "cpu", record=path) == first
        longer = replace(TRAINING, epochs=TRAINING.epochs + 1)
        for other in (self.preset(1e7), replace(self.preset(1e6), training=longer)):
            with pytest.raises(TypeError):
                images_within_budget(other, data, "cpu", record=path)
        path.write_text("{}")
        with pytest.raises(UserError, match="expected an estimate of this program"):
            images_within_budget(self.preset(1e6), data, "cpu", record=path)

    def test_the_estimate_is_about_the_time_taken(self, tmp_path, data):
        preset = replace(self.preset(1e6), seeds=(0,))
        estimate = images_within_budget(preset, data, "cpu")
        assert estimate.timed > 0
        records = train_all(preset.runs(), loader(data), tmp_path, "cpu")
        steps = sum(record.steps for record in records)
        assert steps == 2 * TRAINING.epochs * STEPS_PER_EPOCH
        # Other work on the machine and the writing of checkpoints take time too; the order of
        # magnitude is what is checked.
        assert estimate.seconds / 30 < sum(r.seconds for r in records) < 30 * estimate.seconds
