"""Training networks of one's own, and what the networks that come with the package are called."""

from dataclasses import replace

import pytest
import torch

from nn_experiments.data.images import DataSet, Images
from nn_experiments.specs import ModelSpec, OptimizerSpec, TrainingSpec
from nn_experiments.training import folder_name, read_record, train
from nn_experiments.training.folder import RunRecord, opened
from tests.nn_experiments.training.small import run_spec
from theory.common.errors import UserError

TRAINING = TrainingSpec(epochs=1, milestones=(), batch_size=8)
OPTIONS = {"inputs": 48, "classes": 3}


def data(black=()):
    pixels = torch.rand(20, 3, 4, 4, generator=torch.Generator().manual_seed(0)) * 0.9 + 0.1
    images = Images(pixels, torch.arange(20) % 3, 3)
    tested = pixels.clone()
    tested[list(black)] = 0
    return DataSet("given", images, replace(images, pixels=tested))


def own(name, rate=0.1):
    model = ModelSpec(f"tests.nn_experiments.unusual:{name}", options=OPTIONS)
    return run_spec(OptimizerSpec("SGD", rate), replace(TRAINING, flips=True), model=model)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_network_that_looks_at_its_input_in_memory_is_trained(tmp_path, precision):
    spec = own("Viewing")
    spec = replace(spec, training=replace(spec.training, precision=precision))
    assert train(spec, data(), tmp_path, "cpu").finished


def test_training_and_scoring_leave_the_images_to_an_in_place_network(tmp_path):
    given = data()
    pixels = given.train.pixels.clone(), given.test.pixels.clone()
    spoiling = train(own("InPlace"), given, tmp_path / "a", "cpu")
    sparing = train(own("Copying"), given, tmp_path / "b", "cpu")
    assert torch.equal(given.train.pixels, pixels[0])
    assert torch.equal(given.test.pixels, pixels[1])
    assert (spoiling.train_loss, spoiling.test_accuracy) == (
        sparing.train_loss,
        sparing.test_accuracy,
    )


def test_an_image_that_the_network_never_had_an_answer_to_is_named(tmp_path):
    with pytest.raises(UserError, match="test image 6: expected finite logits, got nan"):
        train(own("Dividing"), data(black=[6]), tmp_path, "cpu")


def test_a_last_update_that_breaks_the_weights_is_a_divergence(tmp_path):
    # One minibatch: its loss is finite, as the network is fresh.
    spec = own("Base", rate=3e38)
    spec = replace(spec, training=replace(spec.training, batch_size=20))
    assert train(spec, data(), tmp_path, "cpu").status == "diverged at step 1"


def test_networks_are_called_by_all_their_options(tmp_path):
    plain = run_spec(model=ModelSpec("preactresnet18"))
    off, on = (
        run_spec(model=ModelSpec("preactresnet18", options={"standardise": value}))
        for value in (False, True)
    )
    assert folder_name(plain) == folder_name(off) != folder_name(on)
    with opened(tmp_path, on) as run:
        run.write(RunRecord(on))
    assert read_record(tmp_path).spec == on
    told = "model.options.standardise: True there, False asked for"
    with pytest.raises(UserError, match=told), opened(tmp_path, plain):
        pass
