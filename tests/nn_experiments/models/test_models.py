import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from nn_experiments.models import build
from nn_experiments.models.preact_resnet import PreActResNet18
from nn_experiments.models.standardise import Standardise
from nn_experiments.specs import ModelSpec
from theory.common.errors import UserError

CNN = ModelSpec("two-layer-cnn")
RESNET = ModelSpec("preactresnet18")
RESNET_BN = ModelSpec("preactresnet18", batch_norm=True)
STANDARDISED = ModelSpec("preactresnet18", options={"standardise": True})

OWN = """
from torch import nn

class Line(nn.Sequential):
    def __init__(self, inputs=12, outputs=3):
        super().__init__(nn.Flatten(), nn.Linear(inputs, outputs))

class Demanding(nn.Module):
    def __init__(self, width):
        super().__init__()

class Leaving(nn.Module):
    def __init__(self):
        raise SystemExit(7)

def function():
    pass
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "own_networks.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    yield "own_networks"
    sys.modules.pop("own_networks", None)


def images(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([p.flatten() for p in model.parameters()])


def test_cnn_has_the_layers_of_table_4_2():
    model = build(CNN, (1, 28, 28), 10, seed=0)
    shapes = [tuple(p.shape) for p in model.parameters() if p.ndim > 1]
    assert shapes == [(16, 1, 4, 4), (32, 16, 4, 4), (100, 21632), (10, 100)]


def test_cnn_by_hand():
    model = build(CNN, (1, 28, 28), 10, seed=1)
    p = dict(model.named_parameters())
    x = images(3, 1, 28, 28)
    a = functional.conv2d(x, p["conv1.weight"], p["conv1.bias"], padding=1).clamp(min=0)
    a = functional.conv2d(a, p["conv2.weight"], p["conv2.bias"], padding=1).clamp(min=0)
    a = a.flatten(1) @ p["fc1.weight"].T + p["fc1.bias"]
    torch.testing.assert_close(model(x), a @ p["fc2.weight"].T + p["fc2.bias"])


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 9, 14), (2, 3, 3)])
def test_cnn_takes_other_images(shape):
    assert build(CNN, shape, 7, seed=0)(images(2, *shape)).shape == (2, 7)


def test_cnn_refuses_images_that_it_convolves_away():
    with pytest.raises(UserError, match="expected images of 3 × 3 pixels or more, got 2 × 9"):
        build(CNN, (1, 2, 9), 10, seed=0)


def by_hand(model: nn.Module, x: torch.Tensor, large: bool, standardise: bool) -> torch.Tensor:
    """The network in evaluation, written once more from its published description."""
    p = {**dict(model.named_parameters()), **dict(model.named_buffers())}

    def norm(a: torch.Tensor, name: str) -> torch.Tensor:
        if f"{name}.weight" not in p:
            return a
        mean, var = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        scale = (p[f"{name}.weight"] / torch.sqrt(var + 1e-5))[:, None, None]
        return (a - mean[:, None, None]) * scale + p[f"{name}.bias"][:, None, None]

    d = x[0].numel()
    flat = x.flatten(1)
    std = torch.maximum(torch.std(flat, dim=1), torch.tensor(1 / d**0.5))
    a = ((flat - flat.mean(1, keepdim=True)) / std[:, None]).view_as(x) if standardise else x
    a = functional.conv2d(
        a, p["stem.0.weight"], stride=2 if large else 1, padding=3 if large else 1
    )
    a = functional.max_pool2d(a, 3, 2, 1) if large else a
    for i in range(8):
        b = f"blocks.{i}"
        stride = 2 if i in (2, 4, 6) else 1
        pre = functional.relu(norm(a, f"{b}.norm1"))
        branch = functional.conv2d(pre, p[f"{b}.conv1.weight"], stride=stride, padding=1)
        branch = functional.relu(norm(branch, f"{b}.norm2"))
        branch = functional.conv2d(branch, p[f"{b}.conv2.weight"], padding=1)
        short = (
            functional.conv2d(pre, p[f"{b}.shortcut.weight"], stride=stride) if stride == 2 else a
        )
        a = branch + short
    return functional.avg_pool2d(a, a.shape[-1]).flatten(1) @ p["fc.weight"].T + p["fc.bias"]


@pytest.mark.parametrize(
    "spec", [RESNET, RESNET_BN, STANDARDISED], ids=["plain", "batch-norm", "standardised"]
)
@pytest.mark.parametrize("side", [32, 224])
def test_resnet_by_hand(spec, side):
    model = build(spec, (3, side, side), 10, seed=2)
    x = images(2, 3, side, side)
    if spec.batch_norm:  # running statistics and scales that are not the initial ones
        generator = torch.Generator().manual_seed(3)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(generator=generator)
                module.running_var.uniform_(0.5, 2, generator=generator)
                nn.init.uniform_(module.weight, 0.5, 2, generator=generator)
                nn.init.normal_(module.bias, generator=generator)
    with torch.no_grad():
        ours, theirs = model.eval()(x), by_hand(model, x, side == 224, bool(spec.options))
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5 * float(theirs.abs().max()))


@pytest.mark.parametrize(
    ("spec", "parameters"), [(RESNET, 11_164_362), (RESNET_BN, 11_171_146)], ids=["plain", "bn"]
)
def test_resnet_counts_as_many_parameters_as_the_published_code(spec, parameters):
    assert len(weights(build(spec, (3, 32, 32), 10, seed=0))) == parameters


def test_resnet_trains_a_step():
    model = build(RESNET_BN, (1, 28, 28), 5, seed=0)
    x, y = images(8, 1, 28, 28), torch.arange(8) % 5
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    losses = []
    for _ in range(4):
        loss = functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_standardise_against_numpy():
    x = images(4, 3, 5, 7).double()
    x[1] = 0.25 + 1e-3 * x[1]  # below the floor 1/√105 of the deviation
    flat = x.numpy().reshape(4, -1)
    std = np.maximum(flat.std(axis=1, ddof=1), 1 / np.sqrt(105))
    expected = (flat - flat.mean(axis=1, keepdims=True)) / std[:, None]
    # A mean of d values in [0, 1] is off by at most d u, u = 2⁻⁵³, which the division enlarges √d
    # times.
    tolerance = 2 * 105**1.5 * 2**-53
    np.testing.assert_allclose(
        Standardise()(x).numpy().reshape(4, -1), expected, rtol=tolerance, atol=tolerance
    )
    wrong = (flat - flat.mean(axis=1, keepdims=True)) / np.maximum(
        flat.std(axis=1, ddof=0), 1 / np.sqrt(105)
    )[:, None]
    assert np.abs(wrong - expected).max() > 1e6 * tolerance


def test_standardise_constant_image_and_its_gradient():
    x = torch.full((2, 3, 4, 4), 0.5, requires_grad=True)
    y = Standardise()(x)
    assert torch.equal(y, torch.zeros_like(y))
    (gradient,) = torch.autograd.grad(y[0, 0, 0, 0], x)
    # √d times a row of the centring: √48 (1 − 1/48) on the diagonal.
    assert gradient[0, 0, 0, 0] == pytest.approx(48**0.5 * (1 - 1 / 48), rel=1e-6)
    assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("spec", [CNN, RESNET_BN], ids=["cnn", "resnet"])
def test_weights_depend_on_the_seed_alone(spec):
    first = weights(build(spec, (1, 28, 28), 10, seed=5))
    torch.manual_seed(123)
    state = torch.random.get_rng_state()
    assert torch.equal(first, weights(build(spec, (1, 28, 28), 10, seed=5)))
    assert torch.equal(state, torch.random.get_rng_state())
    assert not torch.equal(first, weights(build(spec, (1, 28, 28), 10, seed=6)))


def test_large_images_are_reduced_before_the_stages():
    small = PreActResNet18((3, 64, 64), 10, batch_norm=False).stem
    large = PreActResNet18((3, 65, 65), 10, batch_norm=False).stem
    assert (small[0].stride, large[0].stride) == ((1, 1), (2, 2))


def test_own_class(own):
    spec = ModelSpec(f"{own}:Line", options={"outputs": 4})
    model = build(spec, (3, 2, 2), 4, seed=0)
    assert model.training
    assert model(images(5, 3, 2, 2)).shape == (5, 4)
    assert torch.equal(weights(model), weights(build(spec, (3, 2, 2), 4, seed=0)))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (ModelSpec("resnet"), "expected two-layer-cnn, preactresnet18, linear or package"),
        (ModelSpec("two-layer-cnn", batch_norm=True), "expected batch_norm to be off"),
        (ModelSpec("two-layer-cnn", options={"a": 1}), "expected no options"),
        (ModelSpec("preactresnet18", options={"a": 1}), "no options but standardise"),
        (ModelSpec("preactresnet18", options={"standardise": 1}), "standardise, true or false"),
        (ModelSpec("no_such_module_anywhere:A"), "ModuleNotFoundError"),
        (ModelSpec("own_networks:Missing"), "AttributeError"),
        (ModelSpec("own_networks:function"), r"subclass of torch\.nn\.Module, got a function\."),
        (ModelSpec("own_networks:Leaving"), "got SystemExit: 7"),
        (ModelSpec("own_networks:Demanding"), "expected it to be built with the options {}"),
        (ModelSpec("own_networks:Line", options={"width": 1}), "unexpected keyword argument"),
        (ModelSpec("own_networks:Line", options={"inputs": 5}), r"images of shape \(N, 3, 2, 2\)"),
        (ModelSpec("own_networks:Line"), r"logits of shape \(N, 4\).*got \(N, 3\)"),
        (ModelSpec("own_networks:Line", batch_norm=True), "expected batch_norm to be off"),
    ],
    ids=lambda value: value.name if isinstance(value, ModelSpec) else "",
)
@pytest.mark.usefixtures("own")
def test_refused(spec, message):
    with pytest.raises(UserError, match=message):
        build(spec, (3, 2, 2), 4, seed=0)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("Pair", ":Pair: expected logits as one tensor of shape (N, 10), got a tuple."),
        ("One", "got RuntimeError: too many images. Change its options or the data set."),
    ],
)
def test_what_a_network_returns_or_raises_is_told_in_a_line(kind, told):
    with pytest.raises(UserError) as error:
        build(ModelSpec(f"tests.nn_experiments.unusual:{kind}"), (1, 28, 28), 10, 0)
    assert told in str(error.value)
    assert len(str(error.value).splitlines()) == 1
