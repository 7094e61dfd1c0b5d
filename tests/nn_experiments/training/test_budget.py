"""How many images can be trained on in a given time."""

import math
from dataclasses import replace

import pytest

from nn_experiments.flow.budget import images_within_budget, training_seconds
from nn_experiments.specs import ModelSpec, OptimizerSpec, RunSpec
from nn_experiments.training import train_all
from tests.nn_experiments.training.small import DATA, STEPS_PER_EPOCH, TRAINING, loader
from theory.common.errors import UserError

SGD, ADAM = OptimizerSpec("SGD", 0.1), OptimizerSpec("Adam", 0.001)


def trainings(train_images=None, training=TRAINING, seeds=(0, 1, 2)):
    """SGD and Adam, from each seed."""
    data = replace(DATA, train_images=train_images)
    return [RunSpec(data, ModelSpec(), o, training, seed) for o in (SGD, ADAM) for seed in seeds]


def within(budget, data, train_images=None, training=TRAINING, **how):
    """Return the estimate for these trainings."""
    return images_within_budget(trainings(train_images, training), data, budget, "cpu", **how)


def test_seconds_by_hand():
    # 64 images are 2 steps an epoch, 6 in all; evaluating 64 + 32 is counted as 3.
    seconds = {32: {"SGD": 1.0, "Adam": 2.0}}
    assert training_seconds(trainings(), 64, 32, seconds, 1) == 3 * 9 * 1 + 3 * 9 * 2
    # Two at once: SGD's take 9 and 9, then 9 more beside Adam's 18, and 18, 18 after those.
    assert training_seconds(trainings(), 64, 32, seconds, 2) == 9 + 18 + 18


def test_a_smaller_last_minibatch_by_hand():
    # 40 images are a step of 32 and one of 8; evaluating 40 + 24 is two steps of 32.
    seconds = {32: {"SGD": 1.0, "Adam": 2.0}, 8: {"SGD": 0.25, "Adam": 0.5}}
    expected = 3 * (3 * 1.25 + 2) * (1 + 2)
    assert training_seconds(trainings(), 40, 24, seconds, 1) == expected


def test_fewer_images_than_a_minibatch_cost_less(data, monkeypatch):
    monkeypatch.setattr(
        "nn_experiments.flow.budget._timed",
        lambda _, images, __: {"SGD": len(images) / 32, "Adam": len(images) / 16},
    )
    # Steps of 32, 16 images take 1, 0.5 with SGD; evaluation is (images + 100) / 32 steps.
    needs = {n: 9 * (3 * n / 32 + (n + 100) / 32) for n in (64, 32, 16)}
    for n, seconds in needs.items():
        estimate = within(seconds, data)
        assert (estimate.images, estimate.seconds) == (n, seconds)
    assert estimate.step_seconds == {"SGD": 1.0, "Adam": 2.0}
    assert estimate.smaller == {16: {"SGD": 0.5, "Adam": 1.0}}
    least = math.ceil(needs[16])
    told = f"at least {least} seconds, which training on 16 .* --training-budget {least}"
    with pytest.raises(UserError, match=told):
        within(needs[16] - 1, data)
    assert within(least, data).images == 16


def test_steps_that_are_timed_have_their_size(data):
    estimate = within(1e6, data, train_images=16)
    assert estimate.images == 16
    assert set(estimate.smaller) == {16}


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_largest_power_of_two_that_fits(data, jobs):
    plenty = within(1e6, data, jobs=jobs)
    assert plenty.images == 64
    assert set(plenty.step_seconds) == {"SGD", "Adam"}
    half = within(1e6, data, train_images=63)
    assert half.images == 32


def test_is_below_what_does_not_fit(data, monkeypatch):
    monkeypatch.setattr("nn_experiments.flow.budget._timed", lambda *_: {"SGD": 1.0, "Adam": 2.0})
    # Evaluation is counted as (images + 100) / 32 steps; 64 images take 6 steps, 32 or fewer 3.
    needs = {n: 9 * (s + (n + 100) / 32) for n, s in ((64, 6), (32, 3), (16, 3))}
    for n, seconds in needs.items():
        assert within(seconds, data).images == n
    assert within(needs[64] - 1, data).images == 32
    with pytest.raises(UserError, match="training_budget: expected at least 60 seconds"):
        within(needs[16] - 1, data)


def test_the_record_is_used_again(tmp_path, data, monkeypatch):
    path = tmp_path / "budget.json"
    first = within(1e6, data, train_images=16, record=path)
    with monkeypatch.context() as patched:
        patched.setattr("nn_experiments.flow.budget._timed", None)
        assert within(1e6, data, train_images=16, record=path) == first
    first = within(1e6, data, record=path)
    monkeypatch.setattr("nn_experiments.flow.budget._timed", None)
    assert within(1e6, data, record=path) == first
    longer = replace(TRAINING, epochs=TRAINING.epochs + 1)
    for budget, training in ((1e7, TRAINING), (1e6, longer)):
        with pytest.raises(TypeError):
            within(budget, data, training=training, record=path)
    path.write_text("{}")
    with pytest.raises(UserError, match="expected an estimate of this program"):
        within(1e6, data, record=path)


def test_the_estimate_is_about_the_time_taken(tmp_path, data):
    runs = trainings(seeds=(0,))
    estimate = images_within_budget(runs, data, 1e6, "cpu")
    assert estimate.timed > 0
    records = train_all(runs, loader(data), tmp_path, "cpu")
    steps = sum(record.steps for record in records)
    assert steps == 2 * TRAINING.epochs * STEPS_PER_EPOCH
    # Other work on the machine and the writing of checkpoints take time too; the order of
    # magnitude is what is checked.
    assert estimate.seconds / 30 < sum(r.seconds for r in records) < 30 * estimate.seconds
