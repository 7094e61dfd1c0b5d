import json
import random
import time
from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from nn_experiments import models
from nn_experiments.specs import ModelSpec, OptimizerSpec
from nn_experiments.training import checkpoint as checkpoints
from nn_experiments.training import load_model, loop, read_record, score, train
from nn_experiments.training.processes import fork_context
from nn_experiments.training.step import Stepper
from tests.nn_experiments.training.small import (
    STEPS_PER_EPOCH,
    TRAINING,
    run_spec,
    same_bits,
    weights,
)
from tests.nn_experiments.training.test_checkpoint import files_of_at_most
from theory.common.errors import UserError

NOISY = ModelSpec("tests.nn_experiments.training.small:Noisy")
SAVED_EACH_STEP = replace(TRAINING, checkpoint_seconds=0)
SHORT = replace(TRAINING, epochs=1, milestones=())


class Killed(BaseException):
    """Ends a run without a chance to save."""


def lines_of(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def timeless(lines):
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def ends_at(monkeypatch, step, how):
    """Raise when a run is about to make its ``step``-th step from now on, counted from 0."""
    advance, made = Stepper.advance, iter(range(10**6))

    def until(stepper, place):
        if next(made) == step:
            raise how
        advance(stepper, place)

    monkeypatch.setattr(Stepper, "advance", until)


def train_until(monkeypatch, step, how, *run, **options):
    with monkeypatch.context() as patch:
        ends_at(patch, step, how)
        train(*run, **options)


def test_a_run_from_start_to_end(tmp_path, data):
    told = []
    spec = run_spec()
    record = train(spec, data, tmp_path, "cpu", progress=lambda run, line: told.append((run, line)))
    assert (record.status, record.epochs, record.steps) == ("finished", 3, 3 * STEPS_PER_EPOCH)
    assert (record.shape, record.classes, record.threads) == ((1, 10, 10), 10, 1)
    assert record.devices == ("cpu",)
    assert read_record(tmp_path) == record
    lines = lines_of(tmp_path)
    assert told == [(spec, line) for line in lines]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert [line["learning_rate"] for line in lines] == [0.001, 0.001, 0.001 * 0.1]
    assert lines[-1]["train_loss"] < lines[0]["train_loss"]
    assert sum(line["seconds"] for line in lines) <= record.seconds
    left = {"metrics.jsonl", "model.safetensors", "run.json"}
    assert {p.name for p in tmp_path.iterdir()} == left


def test_the_record_is_of_the_final_weights_on_images_as_they_are(tmp_path, data):
    record = train(run_spec(), data, tmp_path, "cpu")
    model, found = load_model(tmp_path, "cpu")
    assert found == record
    assert not model.training
    with torch.no_grad():
        logits = model.double()(data.train.floats().double())
        loss = functional.cross_entropy(logits, data.train.labels).item()
    # Logits of size 1 from sums of 2048 terms at most, in single precision.
    assert abs(record.train_loss - loss) < 2048 * torch.finfo(torch.float32).eps
    assert record.train_accuracy == (logits.argmax(1) == data.train.labels).double().mean()
    for images, accuracy in (
        (data.test, record.test_accuracy),
        (data.validation, record.validation_accuracy),
    ):
        right = (model(images.floats().double()).argmax(1) == images.labels).sum()
        assert accuracy == int(right) / len(images)
    # The failing twin: the last epoch's running mean is another number.
    assert abs(record.train_loss - lines_of(tmp_path)[-1]["train_loss"]) > 1e-3


def test_without_validation_images(tmp_path, data):
    record = train(run_spec(), replace(data, validation=None), tmp_path, "cpu")
    assert record.validation_accuracy is None


def test_scores_do_not_depend_on_how_images_are_split(data, monkeypatch):
    model = models.build(ModelSpec(), data.shape, data.classes, 0)
    whole = score(model, data.train)
    monkeypatch.setattr("nn_experiments.training.evaluation.batch_size", lambda device: 7)
    split = score(model, data.train)
    assert split.accuracy == whole.accuracy
    assert abs(split.loss - whole.loss) < 1e-6
    assert model.training


def test_scores_are_of_the_model_in_evaluation_mode(data):
    model = models.build(NOISY, data.shape, data.classes, 0)
    # BatchNorm's running means are not yet those of any minibatch.
    found = score(model, data.train)
    model.eval()
    with torch.no_grad():
        right = (model(data.train.floats()).argmax(1) == data.train.labels).sum()
    assert found.accuracy == int(right) / len(data.train)
    assert found == score(model, data.train)


@pytest.mark.parametrize("model", [ModelSpec(), NOISY], ids=["cnn", "dropout and BatchNorm"])
def test_the_same_bits_twice_and_others_for_another_seed(tmp_path, data, model):
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        # Whatever was drawn before does not matter.
        torch.manual_seed(random.randrange(100))
        train(run_spec(seed=seed, model=model), data, tmp_path / folder, "cpu")
    assert same_bits(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not same_bits(weights(tmp_path / "a"), weights(tmp_path / "c"))


def test_torchs_settings_are_put_back(tmp_path, data):
    state = torch.get_rng_state()
    train(run_spec(training=SHORT), data, tmp_path, "cpu", threads=2)
    assert read_record(tmp_path).threads == 2
    assert torch.get_num_threads() == 1
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.equal(torch.get_rng_state(), state)


def test_a_finished_run_is_not_repeated(tmp_path, data, monkeypatch):
    record = train(run_spec(), data, tmp_path, "cpu")
    monkeypatch.setattr(loop, "_Training", None)
    assert train(run_spec(), data, tmp_path, "cpu") == record


def test_a_finished_run_without_its_weights_begins_anew(tmp_path, data):
    record = train(run_spec(), data, tmp_path, "cpu")
    before = weights(tmp_path)
    path = tmp_path / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-10])
    with pytest.raises(UserError, match="Delete the file; the run then begins anew"):
        load_model(tmp_path, "cpu")
    # What the message says to do works.
    path.unlink()
    with pytest.raises(UserError, match="found no such file"):
        load_model(tmp_path, "cpu")
    (tmp_path / "measured").mkdir()
    (tmp_path / "measured" / "clean.safetensors").touch()
    again = train(run_spec(), data, tmp_path, "cpu")
    assert replace(again, seconds=record.seconds) == record
    assert same_bits(weights(tmp_path), before)
    assert path.read_bytes() == content
    assert len(lines_of(tmp_path)) == TRAINING.epochs
    # It would be of the weights that were lost.
    assert not (tmp_path / "measured").exists()


def test_other_images_do_not_replace_a_run_that_lost_its_weights(tmp_path, data):
    train(run_spec(), data, tmp_path, "cpu")
    (tmp_path / "model.safetensors").unlink()
    files = {path.name for path in tmp_path.iterdir()}
    other = replace(data, train=replace(data.train, labels=data.train.labels.flip(0)))
    with pytest.raises(UserError, match="begun with other images"):
        train(run_spec(), other, tmp_path, "cpu")
    assert {path.name for path in tmp_path.iterdir()} == files


# In all four, weights, the rule's memory and the random state matter.
@pytest.mark.parametrize(
    ("optimizer", "model"),
    [
        (OptimizerSpec("SGD", 0.1), ModelSpec()),
        (OptimizerSpec("SignSGD", 0.001, {"momentum": 0.9}), ModelSpec()),
        (OptimizerSpec("Adam", 0.001), NOISY),
        (OptimizerSpec("RMSprop", 0.001, {"centered": True}), NOISY),
    ],
    ids=["SGD", "Signum", "Adam", "RMSprop"],
)
@pytest.mark.parametrize("step", [1, STEPS_PER_EPOCH, STEPS_PER_EPOCH + 2])
def test_a_run_ended_before_a_step_goes_on_bit_for_bit(
    tmp_path, data, optimizer, model, step, monkeypatch
):
    spec = run_spec(optimizer, SAVED_EACH_STEP, model=model)
    whole = train(spec, data, tmp_path / "whole", "cpu")
    with pytest.raises(Killed):
        train_until(monkeypatch, step, Killed(), spec, data, tmp_path / "parts", "cpu")
    torch.manual_seed(step)
    record = train(spec, data, tmp_path / "parts", "cpu")
    assert same_bits(weights(tmp_path / "whole"), weights(tmp_path / "parts"))
    assert timeless(lines_of(tmp_path / "whole")) == timeless(lines_of(tmp_path / "parts"))
    assert record.train_loss == whole.train_loss


@pytest.mark.parametrize("lost", ["optimizer", "random"])
def test_what_a_checkpoint_holds_is_needed(tmp_path, data, monkeypatch, lost):
    # The failing twin of the test above: without the rule's memory, or without the random state,
    # the weights are others.
    spec = run_spec(OptimizerSpec("Adam", 0.001), SAVED_EACH_STEP, model=NOISY)
    train(spec, data, tmp_path / "whole", "cpu")
    step = STEPS_PER_EPOCH + 1
    with pytest.raises(Killed):
        train_until(monkeypatch, step, Killed(), spec, data, tmp_path / "parts", "cpu")
    path = tmp_path / "parts" / "checkpoint.safetensors"
    found = checkpoints.load(path, "cpu")
    state = dict(found.state)
    if lost == "optimizer":
        state["optimizer"] = {**state["optimizer"], "state": {}}
    else:
        state["random"] = torch.get_rng_state()
    checkpoints.save(path, checkpoints.Checkpoint(found.header, state))
    train(spec, data, tmp_path / "parts", "cpu")
    assert not same_bits(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_killed_at_random_moments(tmp_path, data):
    """Kill -9 a process again and again, at moments that fall within steps and within writing."""
    spec = run_spec(OptimizerSpec("Adam", 0.001), replace(SAVED_EACH_STEP, epochs=6))
    train(spec, data, tmp_path / "whole", "cpu")
    folder, moments = tmp_path / "parts", random.Random(0)
    checkpoint = folder / "checkpoint.safetensors"
    kills = 0
    while kills < 6:
        process = fork_context().Process(
            target=train, args=(spec, data, folder, "cpu"), kwargs={"threads": 1}
        )
        seen = written(checkpoint)
        process.start()
        while process.is_alive() and written(checkpoint) == seen:
            time.sleep(0.001)
        time.sleep(moments.uniform(0, 0.1))
        process.kill()
        process.join()
        if process.exitcode == 0:
            break
        kills += 1
    assert kills > 0
    train(spec, data, folder, "cpu")
    assert same_bits(weights(tmp_path / "whole"), weights(folder))
    assert timeless(lines_of(tmp_path / "whole")) == timeless(lines_of(folder))
    assert {p.name for p in folder.iterdir()} == {p.name for p in (tmp_path / "whole").iterdir()}


def written(path):
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return None


def test_a_resumed_run_keeps_its_threads(tmp_path, data, monkeypatch):
    with pytest.raises(Killed):
        train_until(
            monkeypatch, 2, Killed(), run_spec(training=SHORT), data, tmp_path, "cpu", threads=2
        )
    assert train(run_spec(training=SHORT), data, tmp_path, "cpu", threads=1).threads == 2


def test_ctrl_c_keeps_the_last_checkpoint(tmp_path, data, monkeypatch):
    spec = run_spec(training=SAVED_EACH_STEP)
    with pytest.raises(KeyboardInterrupt):
        train_until(monkeypatch, 6, KeyboardInterrupt(), spec, data, tmp_path, "cpu")
    assert read_record(tmp_path).status == "interrupted"
    header = checkpoints.load(tmp_path / "checkpoint.safetensors", "cpu").header
    assert (header["epoch"], header["step"]) == (1, 6 - STEPS_PER_EPOCH)
    with pytest.raises(UserError, match="got one that is interrupted"):
        load_model(tmp_path, "cpu")


def test_saved_by_the_clock(tmp_path, data, monkeypatch):
    saves = []
    monkeypatch.setattr(
        checkpoints, "save", lambda path, found: saves.append((path.name, found.header))
    )
    train(run_spec(training=replace(TRAINING, checkpoint_seconds=3600)), data, tmp_path, "cpu")
    assert [name for name, _ in saves] == ["checkpoint.safetensors", "model.safetensors"]


@pytest.mark.parametrize("training", [TRAINING, SAVED_EACH_STEP], ids=["rarely", "often"])
def test_divergence_is_named_by_its_step(tmp_path, data, training):
    spec = run_spec(OptimizerSpec("SGD", 1e25), training)
    record = train(spec, data, tmp_path, "cpu")
    first = first_bad_step(spec, data)
    assert record.status == f"diverged at step {first}"
    assert record.train_loss is None
    assert train(spec, data, tmp_path, "cpu") == record
    with pytest.raises(UserError, match=f"diverged at step {first}"):
        load_model(tmp_path, "cpu")


def first_bad_step(spec, data):
    model = models.build(spec.model, data.shape, data.classes, spec.seed)
    optimizer = torch.optim.SGD(model.parameters(), spec.optimizer.learning_rate)
    stepper = Stepper(spec, model, optimizer, data.train)
    stepper.begin(0)
    for step in range(stepper.steps):
        stepper.advance(step)
        if not stepper.losses[step].isfinite():
            return step + 1
    raise AssertionError("it does not diverge")


def test_divergence_at_the_last_update(tmp_path, data):
    # Each loss is finite, as it is taken before the update; the weights after the last are not.
    training = replace(TRAINING, epochs=1, milestones=(), batch_size=100)
    record = train(run_spec(OptimizerSpec("SGD", 1e38), training), data, tmp_path, "cpu")
    assert record.status == "diverged at step 1"


def test_other_images_are_noticed(tmp_path, data):
    train(run_spec(), data, tmp_path, "cpu")
    pixels = data.train.pixels.clone()
    pixels[0, 0, 0, 0] ^= 1
    other = replace(data, train=replace(data.train, pixels=pixels))
    with pytest.raises(UserError, match="begun with other images"):
        train(run_spec(), other, tmp_path, "cpu")


@pytest.fixture
def stopped(tmp_path, data, monkeypatch):
    """Give the folder of a run that was ended in its second epoch."""
    spec, folder = run_spec(training=SAVED_EACH_STEP), tmp_path / "stopped"
    with pytest.raises(Killed):
        train_until(monkeypatch, 6, Killed(), spec, data, folder, "cpu")
    return folder


def test_a_truncated_checkpoint(stopped, data):
    path = stopped / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UserError, match=r"checkpoint\.safetensors: expected a whole checkpoint"):
        train(run_spec(), data, stopped, "cpu")
    # What the message says to do works.
    path.unlink()
    assert train(run_spec(), data, stopped, "cpu").finished
    assert len(lines_of(stopped)) == 3


def test_a_checkpoint_of_other_settings(stopped, tmp_path, data):
    other = run_spec(OptimizerSpec("Adam", 0.002))
    (tmp_path / "other").mkdir()
    path = tmp_path / "other" / "checkpoint.safetensors"
    path.write_bytes((stopped / "checkpoint.safetensors").read_bytes())
    with pytest.raises(UserError, match=r"optimizer.learning_rate: 0.001 there, 0.002 asked"):
        train(other, data, tmp_path / "other", "cpu")


def test_weights_of_another_model(tmp_path, data):
    train(run_spec(), data, tmp_path, "cpu")
    path = tmp_path / "model.safetensors"
    found = checkpoints.load(path, "cpu")
    model = {**found.state["model"], "fc2.weight": torch.zeros(10, 99)}
    checkpoints.save(path, checkpoints.Checkpoint(found.header, {"model": model}))
    with pytest.raises(UserError, match="expected the weights of this model, got others"):
        load_model(tmp_path, "cpu")


def test_a_full_disk_is_one_message_and_the_run_goes_on(tmp_path, data):
    spec = run_spec(training=SAVED_EACH_STEP)
    train(run_spec(seed=1), data, tmp_path / "finished", "cpu")
    before = {p.name: p.read_bytes() for p in (tmp_path / "finished").iterdir()}
    with files_of_at_most(100_000), pytest.raises(UserError, match="Make room there and give"):
        train(spec, data, tmp_path / "full", "cpu")
    assert before == {p.name: p.read_bytes() for p in (tmp_path / "finished").iterdir()}
    train(spec, data, tmp_path / "full", "cpu")
    train(spec, data, tmp_path / "whole", "cpu")
    assert same_bits(weights(tmp_path / "full"), weights(tmp_path / "whole"))


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
    ids=["gpu", "cpu"],
)
def test_out_of_memory_is_one_message(tmp_path, data, monkeypatch, error):
    ends_at(monkeypatch, 3, error)
    with pytest.raises(UserError, match="out of memory on cpu while training two-layer-cnn with"):
        train(run_spec(), data, tmp_path, "cpu")


@pytest.mark.parametrize("device", ["tpu9", "cuda:77", "mps", "meta"])
def test_a_device_that_is_not_there(tmp_path, data, device):
    with pytest.raises(UserError, match="expected a device"):
        train(run_spec(), data, tmp_path, device)


def test_nothing_is_left_of_a_run_that_cannot_begin(tmp_path, data):
    with pytest.raises(UserError, match="Did you mean RMSprop"):
        train(run_spec(OptimizerSpec("RMSProp")), data, tmp_path, "cpu")
    assert read_record(tmp_path).status == "running"
