"""Bounds on whole networks: by hand, against derivatives, and against what images do."""

import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from nn_experiments.lipschitz import NORMS, Bounds, bounds
from nn_experiments.models import build
from nn_experiments.models.preact_resnet import PreActBlock
from nn_experiments.models.standardise import Standardise, standardise_lipschitz
from nn_experiments.specs import ModelSpec
from theory.common.errors import UserError

ORDERS = {"l2": 2, "linf": math.inf, "l1": 1}
ROUNDING = 1 + 1e-9  # double precision, over some hundred layers' operations


def doubles(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def trained_statistics(model: nn.Module, seed: int = 0) -> nn.Module:
    """Running statistics and scales as training leaves them: not the initial ones."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(generator=generator)
            module.running_var.uniform_(0.3, 3, generator=generator)
            nn.init.normal_(module.weight, generator=generator)
            nn.init.normal_(module.bias, generator=generator)
    return model


def jacobian_norms(model: nn.Module, x: torch.Tensor) -> dict[str, float]:
    jacobian = torch.autograd.functional.jacobian(model, x[None])
    matrix = jacobian.reshape(-1, x.numel())
    return {norm: float(torch.linalg.matrix_norm(matrix, order)) for norm, order in ORDERS.items()}


def names(found: Bounds) -> list[str]:
    return [layer.name for layer in found.all_layers()]


@pytest.fixture(scope="module")
def cnn() -> tuple[nn.Module, Bounds]:
    model = build(ModelSpec(), (1, 7, 7), 5, seed=0).double().eval()
    return model, bounds(model, (1, 7, 7))


@pytest.fixture(scope="module")
def resnet() -> tuple[nn.Module, Bounds]:
    spec = ModelSpec("preactresnet18", batch_norm=True, options={"standardise": True})
    model = build(spec, (3, 2, 2), 5, seed=0)
    model = trained_statistics(model).double().eval()
    return model, bounds(model, (3, 2, 2), tolerance=0.05)


def test_cnn_by_hand(cnn):
    model, found = cnn
    assert names(found) == ["conv1", "conv2", "fc1", "fc2", "fc2 ∘ fc1"]
    matrices = {
        "conv1": (model.conv1, (1, 1, 7, 7)),
        "conv2": (model.conv2, (1, 16, 6, 6)),
        "fc1": (model.fc1, (1, 800)),
        "fc2": (model.fc2, (1, 100)),
    }
    for norm, order in ORDERS.items():
        true = {}
        for name, (layer, shape) in matrices.items():
            jacobian = torch.autograd.functional.jacobian(layer, torch.zeros(shape).double())
            matrix = jacobian.reshape(-1, math.prod(shape))
            true[name] = float(torch.linalg.matrix_norm(matrix, order))
        product = (model.fc2.weight @ model.fc1.weight).detach()
        merged = float(torch.linalg.matrix_norm(product, order))
        apart = math.prod(true.values())
        assert found.product(norm) == pytest.approx(apart, rel=2e-3)
        assert found.product(norm) >= apart / ROUNDING
        assert found.ln_product(norm) == pytest.approx(math.log(apart), abs=2e-3)
        assert found.layer_sum(norm) == pytest.approx(sum(true.values()), rel=1e-3)
        composed = true["conv1"] * true["conv2"] * merged
        assert found.product(norm, composed=True) == pytest.approx(composed, rel=2e-3)
        assert found.product(norm, composed=True) < found.product(norm)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), size=st.floats(1e-6, 2))
@pytest.mark.parametrize("which", ["cnn", "resnet"])
def test_images_never_move_logits_further(which, request, seed, size):
    model, found = request.getfixturevalue(which)
    shape = (1, 7, 7) if which == "cnn" else (3, 2, 2)
    x = doubles(2, *shape, seed=seed)
    x[1] = x[0] + size * (x[1] - 0.5)
    with torch.no_grad():
        logits = model(x)
    for norm, order in ORDERS.items():
        moved = float(torch.linalg.vector_norm(logits[1] - logits[0], order))
        distance = float(torch.linalg.vector_norm(x[1] - x[0], order))
        assert moved <= found.product(norm, composed=True) * distance * ROUNDING + 1e-12


def test_resnet_lists_its_layers(resnet):
    _, found = resnet
    listed = names(found)
    assert listed[:3] == ["standardise", "stem.0", "blocks.0.norm1"]
    assert sum(name.endswith("shortcut") for name in listed) == 3
    assert sum("∘" not in name and "conv" in name for name in listed) == 16
    assert "blocks.0.norm2 ∘ blocks.0.conv1" in listed
    assert listed[-1] == "fc ∘ average"


def test_resnet_by_hand(resnet):
    _, found = resnet
    layers = {layer.name: layer for layer in found.all_layers()}
    for norm in NORMS:
        bound = layers["stem.0"].upper(norm)
        for i in range(8):
            part = {
                p: layers[f"blocks.{i}.{p}"].upper(norm)
                for p in ("norm1", "conv1", "norm2", "conv2", "shortcut")
                if f"blocks.{i}.{p}" in layers
            }
            branch = part["conv1"] * part["norm2"] * part["conv2"]
            if "shortcut" in part:
                bound *= part["norm1"] * (part["shortcut"] + branch)
            else:
                bound *= 1 + part["norm1"] * branch
        bound *= layers["average"].upper(norm) * layers["fc"].upper(norm)
        assert found.product(norm, floor=False) == pytest.approx(bound, rel=1e-12)
        floor = standardise_lipschitz(12)[norm]
        assert found.product(norm) == pytest.approx(bound * floor, rel=1e-12)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize(("channels", "width", "stride"), [(3, 3, 1), (2, 4, 2), (2, 3, 1)])
def test_residual_block(channels, width, stride, batch_norm):
    torch.manual_seed(0)
    block = trained_statistics(PreActBlock(channels, width, stride, batch_norm)).double().eval()
    found = bounds(block, (channels, 5, 5))
    for seed in range(5):
        x = doubles(channels, 5, 5, seed=seed) - 0.5
        for norm, true in jacobian_norms(block, x).items():
            assert true <= found.product(norm, composed=True) * ROUNDING
            assert found.product(norm, composed=True) <= found.product(norm) * ROUNDING


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(2, 3, 3, stride=2, padding=1),
        nn.Conv2d(2, 3, (3, 2), stride=(1, 2), padding=(2, 0)),
        nn.Conv2d(2, 3, 2, dilation=2),
        nn.Conv2d(2, 4, 3, padding=1, groups=2),
        nn.Conv2d(2, 3, 4, padding="same"),
        nn.Conv2d(2, 3, 3, padding="valid"),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
def test_a_convolution_is_bounded_as_the_operator_it_is(layer):
    nn.init.normal_(layer.weight, generator=torch.Generator().manual_seed(0))
    layer = layer.double()
    found = bounds(layer, (2, 6, 7))
    for norm, true in jacobian_norms(layer, doubles(2, 6, 7)).items():
        assert found.product(norm) == pytest.approx(true, rel=1e-8)
        assert found.product(norm) >= true / ROUNDING


def test_the_shortcut_counts():
    # With a branch of zeros the block is the identity: without the sum rule its bound would be 0.
    block = PreActBlock(2, 2, 1, batch_norm=False)
    nn.init.zeros_(block.conv2.weight)
    found = bounds(block, (2, 4, 4))
    for norm in NORMS:
        assert found.product(norm) == pytest.approx(1, rel=1e-12)
        assert found.product(norm) >= 1


def test_batch_norm_at_evaluation():
    layer = trained_statistics(nn.BatchNorm2d(3), seed=4).double().eval()
    true = jacobian_norms(layer, doubles(3, 2, 2))
    wrong = float((layer.weight.detach().abs() / layer.running_var.sqrt()).max())  # without eps
    for norm in NORMS:
        assert bounds(layer, (3, 2, 2)).product(norm) == pytest.approx(true[norm], rel=1e-12)
        assert wrong != pytest.approx(true[norm], rel=1e-7)
    training = nn.BatchNorm2d(3).train()
    bounds(training, (3, 2, 2))
    assert training.training


@pytest.mark.parametrize(
    "layer",
    [nn.AvgPool2d(2), nn.AvgPool2d(3, stride=1), nn.AvgPool2d(3, 2, 1), nn.AdaptiveAvgPool2d(1)],
    ids=str,
)
def test_average_pools_are_exact(layer):
    true = jacobian_norms(layer, doubles(2, 6, 5))
    found = bounds(layer, (2, 6, 5))
    for norm in NORMS:
        assert found.product(norm) == pytest.approx(true[norm], rel=1e-8)
        assert found.product(norm) >= true[norm] / ROUNDING


def test_maximum_over_overlapping_windows():
    layer = nn.MaxPool2d(3, stride=2, padding=1)
    found = bounds(layer, (1, 6, 6))
    uppers = {norm: found.product(norm) for norm in NORMS}
    assert uppers == pytest.approx({"l2": 2, "linf": 1, "l1": 4})
    # Reached by an image whose largest value is in four windows.
    image = torch.zeros(1, 6, 6, dtype=torch.float64)
    image[0, 3, 3] = 1
    assert jacobian_norms(layer, image) == pytest.approx(uppers)


@pytest.mark.parametrize("d", [2, 3, 12, 48])
def test_standardisation_against_its_derivative(d):
    found = bounds(Standardise(), (1, 1, d))
    constant = torch.full((1, 1, d), 0.5, dtype=torch.float64)
    points = [constant, constant + 1e-9 * doubles(1, 1, d)]
    for seed in range(20):  # inside the ball, near its border, and outside of it
        noise = doubles(1, 1, d, seed=seed) - 0.5
        deviation = float(noise.std())
        points += [constant + noise * t / (deviation * d**0.5) for t in (0.5, 1.0001, 1.5, 20)]
    largest = dict.fromkeys(NORMS, 0.0)
    for point in points:
        for norm, true in jacobian_norms(Standardise(), point).items():
            largest[norm] = max(largest[norm], true)
    for norm in NORMS:
        assert largest[norm] <= found.product(norm) * ROUNDING
        assert found.product(norm, floor=False) == 1
    assert largest["l2"] == pytest.approx(d**0.5, rel=1e-9)
    assert found.product("l2") == pytest.approx(d**0.5, rel=1e-12)


def test_standardisation_has_another_constant_in_other_norms():
    # A row of the derivative with Q_ii = (1 + 1/√d)/2 and equal entries else nearly attains it: √d,
    # the constant in ℓ2, is none in ℓ∞.
    d = 49
    u = torch.ones(d, dtype=torch.float64)
    u[: d // 2] = -1
    u[0] = 6.5
    u -= u.mean()
    image = (0.5 + u / (u.std() * d**0.5) * 1.000001).view(1, 1, d)
    true = jacobian_norms(Standardise(), image)["linf"]
    assert 2 * d**0.5 < true <= standardise_lipschitz(d)["linf"]


def test_own_sequential_and_its_json():
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding="same", groups=2),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Sequential(nn.AvgPool2d(2), nn.Dropout(0.5), nn.Flatten(), nn.Linear(16, 3)),
    ).double()
    model.eval()
    found = bounds(model, (2, 4, 4))
    assert names(found) == ["0", "1", "3.0", "3.3", "1 ∘ 0", "3.3 ∘ 3.0"]
    for seed in range(5):
        for norm, true in jacobian_norms(model, doubles(2, 4, 4, seed=seed)).items():
            assert true <= found.product(norm, composed=True) * ROUNDING
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert [layer["name"] for layer in data["layers"]] == names(found)
    assert data["layers"][0]["l2"]["upper"] >= data["layers"][0]["l2"]["lower"] > 0
    network = data["network"]["linf"]
    assert network["product"] == found.product("linf")
    assert network["ln_product_composed"] == found.ln_product("linf", composed=True)
    table = found.table()
    assert table.header == ["layer", "kind", "l2", "linf", "l1"]
    assert len(table.rows) == len(names(found)) + 6


def test_a_layer_used_twice_counts_twice():
    layer = nn.Linear(3, 3).double()
    relu = nn.ReLU()
    once = bounds(nn.Sequential(layer), (3,))
    thrice = bounds(nn.Sequential(layer, relu, layer, relu, layer), (3,))
    for norm in NORMS:
        assert thrice.product(norm) == pytest.approx(once.product(norm) ** 3, rel=1e-12)


def test_a_layer_used_on_images_of_two_sizes_is_bounded_on_each():
    layer = nn.Conv2d(1, 1, 3)
    nn.init.ones_(layer.weight)
    found = bounds(nn.Sequential(layer, nn.ReLU(), layer), (1, 6, 6))
    apart = [bounds(layer, (1, side, side)).product("l2") for side in (6, 4)]
    assert apart[1] < 0.9 * apart[0]
    assert found.product("l2") == pytest.approx(math.prod(apart), rel=1e-9)


class Shifted(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) ** 2


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.Softplus(), r"layer 1 \(Softplus\): expected one of Linear, Conv2d"),
        (Shifted(4, 4), r"layer 1 \(Shifted\): expected one of"),
        (nn.Linear(5, 4), r"layer 1 \(Linear\): expected it to accept images of shape \(4,\)"),
        (nn.Sequential(Standardise()), "1.0: expected standardisation as the first layer"),
    ],
    ids=["unknown", "overridden", "shape", "late"],
)
def test_refused_after_a_linear_layer(layer, message):
    with pytest.raises(UserError, match=message):
        bounds(nn.Sequential(nn.Linear(3, 4), layer), (3,))


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect"), "padding_mode='zeros'"),
        (nn.BatchNorm2d(2, track_running_stats=False), "track_running_stats=True"),
        (nn.AvgPool2d(2, ceil_mode=True), "the same number of values"),
        (nn.AvgPool2d(3, padding=1, count_include_pad=False), "the same number of values"),
        (nn.MaxPool2d(2, dilation=2), "dilation=1"),
        (nn.AdaptiveAvgPool2d(2), "one of Linear"),
        (nn.Linear(5, 2), "one of Linear"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_refused_layers(layer, message):
    with pytest.raises(UserError, match=message):
        bounds(layer, (2, 5, 5))


def test_refused_forward_of_one_module():
    layer = nn.Linear(2, 2)
    layer.forward = lambda x: 100 * x
    with pytest.raises(UserError, match=r"layer of the model \(Linear\): expected one of"):
        bounds(layer, (2,))


@pytest.mark.parametrize("tolerance", [0, -1, 1, math.nan])
def test_refused_tolerance(tolerance):
    with pytest.raises(ValueError, match="tolerance: expected a number in"):
        bounds(nn.Linear(2, 2), (2,), tolerance=tolerance)


def test_refused_weights():
    layer = nn.Linear(2, 2)
    nn.init.constant_(layer.weight, math.nan)
    with pytest.raises(UserError, match=r"expected finite weights.*diverged"):
        bounds(layer, (2,))
