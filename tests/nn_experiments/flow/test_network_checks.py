"""What a network of one's own must be is told before anything is trained."""

import pytest
import torch

from nn_experiments import models
from nn_experiments.__main__ import main
from nn_experiments.data.images import DataSet, Images
from nn_experiments.flow.network_checks import require_usable
from nn_experiments.specs import ModelSpec, TrainingSpec
from tests.nn_experiments import unusual
from tests.nn_experiments.tiny import PRESET
from theory.common.errors import UserError

HERE = "tests.nn_experiments.unusual"
SHAPE = (1, 4, 4)


def images(n, black=()):
    pixels = torch.randint(1, 256, (n, *SHAPE), generator=torch.Generator().manual_seed(n))
    pixels[list(black)] = 0
    return Images(pixels.to(torch.uint8), torch.arange(n) % 3, 3)


def check(name, n=24, batch=8, black=(), precision="fp32", **fields):
    model = ModelSpec(name, options={"inputs": 16, "classes": 3} if ":" in name else {}, **fields)
    data = DataSet("given", images(n), images(20, black))
    training = TrainingSpec(epochs=1, milestones=(), batch_size=batch, precision=precision)
    network = models.build(model, SHAPE, 3, seed=0)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    random = torch.get_rng_state()
    try:
        require_usable(model, training, data, network, limited=False)
    finally:
        assert network.training
        assert torch.equal(random, torch.get_rng_state())
        assert all(torch.equal(before[k], v) for k, v in network.state_dict().items())


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", ["Base", "InPlace", "Copying", "Viewing", "Rounding", "Normed"])
def test_what_can_be_trained_and_measured_passes(name, precision):
    check(f"{HERE}:{name}", precision=precision)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Random", "expected the same answer each time in evaluation, got random ones"),
        ("Centring", "expected an image's answer in evaluation not to depend on other images"),
        ("Counting", "weights and buffers that evaluation leaves alone, got a change of calls"),
        ("Frozen", "expected weights to train, got 2, all frozen"),
        ("Detached", "expected one that can be trained on a minibatch of 8 images"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(name, told):
    with pytest.raises(UserError, match=told) as error:
        check(f"{HERE}:{name}")
    assert "\n" not in str(error.value)
    assert name in str(error.value)


@pytest.mark.parametrize(("name", "value"), [("Dividing", "nan"), ("Overflowing", "inf")])
def test_an_image_without_an_answer_is_named_wherever_it_stands(name, value):
    check(f"{HERE}:{name}")
    told = f"before training, test image 17: expected finite logits, got {value} for class 0"
    with pytest.raises(UserError, match=told):
        check(f"{HERE}:{name}", black=[17, 18])


@pytest.mark.parametrize(
    ("n", "batch", "better"),
    [(24, 23, "22 or 24"), (25, 8, "7 or 9"), (9, 2, "3"), (7, 1, "4")],
)
def test_a_minibatch_of_one_image_is_told_with_the_nearest_sizes_that_do(n, batch, better):
    with pytest.raises(UserError, match="a minibatch of one image") as error:
        check(f"{HERE}:Normed", n, batch)
    assert f"training.batch_size {better}, " in str(error.value)
    for size in better.split(" or "):
        check(f"{HERE}:Normed", n, int(size))
    check(f"{HERE}:Base", n, batch)


def test_so_it_is_of_the_networks_that_come_with_the_package():
    # Images of 4 × 4 pixels leave the last stage's BatchNorm one value per channel and image.
    with pytest.raises(UserError, match=r"preactresnet18.*Expected more than 1 value"):
        check("preactresnet18", 25, 8, batch_norm=True)
    check("preactresnet18", 24, 8, batch_norm=True)
    check("preactresnet18", 25, 8)


@pytest.mark.parametrize("name", ["Random", "Frozen", "Normed"])
def test_nothing_is_trained_before_it_is_told(name, tmp_path, capsys):
    preset = tmp_path / "tiny.toml"
    preset.write_text(PRESET.replace("gradient_energy = true", "lipschitz = false"))
    args = ["--model.name", f"{HERE}:{name}", "--training.batch-size", "59"]
    assert main(["compare", str(preset), "--out", str(tmp_path / "out"), *args]) == 2
    told = capsys.readouterr().err
    assert f"error: model {HERE}:{name}: expected" in told
    assert "Traceback" not in told
    assert not (tmp_path / "out" / "runs").exists()


def test_networks_are_as_their_text_says():
    x = torch.rand(2, 1, 28, 28)
    one, other = unusual.InPlace(), unusual.Copying()
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(x.clone()), other(x))
    one(x)
    assert x.min() < -1
