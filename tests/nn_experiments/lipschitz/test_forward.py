"""Networks with a forward of their own: bounds of what it does, or the name of what has none."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrize

from nn_experiments.data.images import Images
from nn_experiments.lipschitz import NORMS, bounds, local_lower_bound, require_known
from nn_experiments.models.preact_resnet import PreActBlock
from nn_experiments.models.standardise import Standardise
from tests.nn_experiments.own import Own
from theory.common.errors import UserError

ORDERS = {"l2": 2, "linf": math.inf, "l1": 1}
SHAPE = (3, 6, 6)
ROUNDING = 1 + 1e-9


class Net(nn.Module):
    """Layers to choose from, and a forward that a test gives."""

    def __init__(self, forward: Callable[..., Tensor], seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.wide = nn.Conv2d(3, 5, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.norm.running_var.uniform_(0.3, 3)
        nn.init.normal_(self.norm.weight)
        self.relu = nn.ReLU(inplace=True)
        self.fc = nn.Linear(108, 4)
        self.scale = nn.Parameter(torch.randn(3, 1, 1))
        self.flow = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.flow(self, x)


def residual(net: Net, x: Tensor) -> Tensor:
    out = functional.relu(net.norm(net.conv(x)))
    out = net.conv(out)
    out += x
    return net.fc(net.relu(out).flatten(1))


def downsampling(net: Net, x: Tensor) -> Tensor:
    shortcut = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 1, 1))
    branch = torch.nn.functional.conv2d(x, net.wide.weight, stride=2, padding=1)
    return functional.max_pool2d(branch - shortcut, 3).view(x.shape[0], -1)


def dense(net: Net, x: Tensor) -> Tensor:
    a = torch.cat([x, torch.tanh(net.conv(x))], dim=1)
    b = torch.cat([a[:, :3], net.conv(a[:, 3:]).sigmoid()], 1)
    return functional.log_softmax(functional.adaptive_avg_pool2d(b, 1).squeeze(-1).squeeze(-1), 1)


def scaled(net: Net, x: Tensor) -> Tensor:
    x = (x - 0.5) / torch.tensor([0.25, 0.5, 2.0]).view(3, 1, 1).to(x.dtype)
    x = functional.leaky_relu(x * net.scale, 0.1).clamp(-1, 3)
    x = functional.dropout(x, 0.5, net.training).mean(dim=(-2, -1))
    return functional.linear(x, net.scale.view(1, 3) * 2, torch.ones(1).to(x.dtype))


def transformed(net: Net, x: Tensor) -> Tensor:
    if x.ndim != 4 or x.size(1) != 3:
        raise ValueError("expected images")
    x = torch.stack([x, 1 - x], dim=1).reshape(len(x), 6, 6, 6)
    x = functional.avg_pool2d(x.permute(0, 3, 1, 2).transpose(1, 3), 2, stride=1)
    weight = torch.linspace(-1, 1, 300).view(150, 2).to(x.dtype)
    return functional.softmax(torch.flatten(x, 1) @ weight, dim=-1)


def in_statistics_of_training(net: Net, x: Tensor) -> Tensor:
    n = net.norm
    x = functional.batch_norm(x, n.running_mean, n.running_var, n.weight, n.bias)
    return functional.elu(x, alpha=2.0).flatten(1)


FORWARDS = [residual, downsampling, dense, scaled, transformed, in_statistics_of_training]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("flow", FORWARDS)
def test_no_derivative_is_above_the_bound(flow, seed):
    net = Net(flow, seed).double().eval()
    found = bounds(net, SHAPE)
    require_known(net, SHAPE)
    generator = torch.Generator().manual_seed(seed)
    for size in (1, 30):
        for _ in range(5):
            x = size * torch.randn(1, *SHAPE, generator=generator, dtype=torch.float64)
            jacobian = torch.autograd.functional.jacobian(net, x).reshape(-1, x.numel())
            for norm, order in ORDERS.items():
                true = float(torch.linalg.matrix_norm(jacobian, order))
                assert true <= found.product(norm, composed=True) * ROUNDING
    images = Images(torch.rand(4, *SHAPE), torch.zeros(4, dtype=torch.int64), 4)
    for norm in NORMS:
        assert local_lower_bound(net, images, norm) <= found.product(norm) * ROUNDING


def of_layers(found, names):
    layers = {layer.name: layer for layer in found.layerwise.layers()}
    return [{norm: layers[name].upper(norm) for norm in NORMS} for name in names]


def test_a_residual_forward_by_hand():
    net = Net(residual)
    found = bounds(net, SHAPE)
    conv, norm_, fc = of_layers(found, ["conv", "norm", "fc"])
    for norm in NORMS:
        by_hand = (1 + conv[norm] * norm_[norm] * conv[norm]) * fc[norm]
        assert found.product(norm) == pytest.approx(by_hand, rel=1e-12)


def test_branches_side_by_side_by_hand():
    net = Net(lambda net, x: torch.cat([net.conv(x), net.wide(x)], 1).flatten(1))
    found = bounds(net, SHAPE)
    a, b = of_layers(found, ["conv", "wide"])
    assert found.product("l1") == pytest.approx(a["l1"] + b["l1"], rel=1e-12)
    assert found.product("l2") == pytest.approx(math.hypot(a["l2"], b["l2"]), rel=1e-12)
    assert found.product("linf") == pytest.approx(max(a["linf"], b["linf"]), rel=1e-12)


@pytest.mark.parametrize("width", [3, 5])
def test_a_block_of_ones_own_is_bounded_as_the_package_s(width):
    torch.manual_seed(0)
    block = PreActBlock(3, width, 1, batch_norm=True)

    class Written(nn.Module):
        """The same block, as one would write it."""

        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.conv1 = block.norm1, block.conv1
            self.norm2, self.conv2 = block.norm2, block.conv2
            self.short = block.shortcut

        def forward(self, x: Tensor) -> Tensor:
            a = torch.relu(self.norm1(x))
            out = self.conv2(functional.relu(self.norm2(self.conv1(a)), inplace=True))
            return torch.add(x if self.short is None else self.short(a), out)

    own, packaged = bounds(Written(), SHAPE), bounds(block, SHAPE)
    for norm in NORMS:
        for composed in (False, True):
            assert own.product(norm, composed=composed) == pytest.approx(
                packaged.product(norm, composed=composed), rel=1e-12
            )


def test_what_adds_a_value_to_itself_doubles_it():
    def twice(net: Net, x: Tensor) -> Tensor:
        return (x + x).flatten(1)

    assert bounds(Net(twice), SHAPE).product("l2") == pytest.approx(2)


def test_a_class_of_ones_own_has_bounds_and_is_left_as_it_is():
    model = Own(108, 4).train()
    model.layers[0].eval()
    found = bounds(model, SHAPE)
    assert found.product("l2") == bounds(model.layers, SHAPE).product("l2")
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert not nn.modules.module._global_forward_hooks
    assert not nn.modules.module._global_forward_pre_hooks
    assert [layer.name for layer in found.layerwise.layers()] == ["layers.1"]


def test_standardisation_in_a_forward_is_the_floor_where_it_comes_first():
    class Standardised(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.standardise, self.fc = Standardise(), nn.Linear(108, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.fc(self.standardise(x).flatten(1))

    found = bounds(Standardised(), SHAPE)
    assert found.floor is not None
    assert found.floor.name == "standardise"


def _control(net: Net, x: Tensor) -> Tensor:
    return net.conv(x) if (x > 0).any() else x


def _reused(net: Net, x: Tensor) -> Tensor:
    y = net.conv(x)
    return net.relu(y) + y


def _reused_view(net: Net, x: Tensor) -> Tensor:
    y = net.conv(x)
    flat = y.view(2, -1)
    flat.relu_()
    return y


def _writing(net: Net, x: Tensor) -> Tensor:
    net.norm.bias.add_(x.flatten(1)[:, 0].view(2, 1)[0, 0])
    return x


REFUSED = {
    "an unknown function": (lambda net, x: torch.erf(x), "the operation erf"),
    "an unknown method": (lambda net, x: net.conv(x).exp().flatten(1), "operation Tensor.exp"),
    "a square": (lambda net, x: x**2, "operation Tensor.__pow__"),
    "a product": (lambda net, x: x * net.conv(x), "a product of two values"),
    "a value times itself": (lambda net, x: torch.mul(x, x), "a product of two values"),
    "a quotient": (lambda net, x: 1 / x, "operation Tensor.__rtruediv__"),
    "a divisor": (lambda net, x: x / x, "a divisor that depends on the image"),
    "0": (lambda net, x: x / 0, "a division by 0"),
    "control flow": (_control, "operation Tensor.__gt__"),
    "a number of it": (lambda net, x: x * x.mean((2, 3)).item(), "operation Tensor.item"),
    "its data": (lambda net, x: x.data, "the attribute data"),
    "numpy": (lambda net, x: torch.as_tensor(x.numpy()), "operation Tensor.numpy"),
    "a loop": (lambda net, x: torch.stack([net.fc(i) for i in x]), "a loop over images"),
    "other images": (
        lambda net, x: x - x.mean(0),
        "mean, which makes of 2 images something",
    ),
    "other axes": (lambda net, x: x.mean((1, 2)), "a mean over other axes"),
    "a truth value": (lambda net, x: x if x else -x, "operation Tensor.__bool__"),
    "images' axis": (lambda net, x: x.transpose(0, 1), "images something else than of each one"),
    "images' axis ": (lambda net, x: x[:, :2].transpose(0, 1), "moves the axis of images"),
    "images mixed": (lambda net, x: torch.cat([x, x]), "images something else than of each one"),
    "images flipped": (lambda net, x: torch.flip(x, [0]), "the operation flip"),
    "a broadcast": (lambda net, x: x + x[:, :, :1, :1], "one of them repeated along an axis"),
    "a constant's": (lambda net, x: x[:, :, :1, :1] + torch.ones(6, 6), "repeated along an axis"),
    "dropout": (lambda net, x: functional.dropout(x), "training=True in evaluation"),
    "a batch's": (
        lambda net, x: functional.batch_norm(x, None, None, training=True),
        "statistics of the images beside it",
    ),
    "a rounding": (lambda net, x: x.half(), "operation Tensor.half"),
    "bits": (lambda net, x: x.view(torch.int32), "images something else than of each one"),
    "an argument": (lambda net, x: torch.add(x, x, alpha=-3), "add with other arguments"),
    "a gather": (lambda net, x: x[:, [0, 0]], "an index other than of slices and numbers"),
    "a reflection": (lambda net, x: functional.pad(x, (1,) * 4, "reflect"), "mode 'reflect'"),
    "an overwritten value": (_reused, "a value that was overwritten in place and is used again"),
    "a value by its view": (_reused_view, "a value that was overwritten in place"),
    "a weight": (_writing, "overwrites a weight|images something else"),
    "no image": (lambda net, x: torch.ones(2, 4), "logits that its forward makes of the image"),
    "a tuple": (lambda net, x: (x, x), "logits that its forward makes of the image"),
    "a computed weight": (
        lambda net, x: functional.linear(x.flatten(1), x.flatten(1)),
        "a weight that is made from the image",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_known_is_named_in_one_line(what):
    flow, message = REFUSED[what]
    for check in (require_known, bounds):
        with pytest.raises(UserError, match=message) as told:
            check(Net(flow), SHAPE)
        assert "layer of the model (Net): expected" in str(told.value)
        assert "--no-lipschitz" in str(told.value)
        assert "\n" not in str(told.value)


def test_a_forward_that_asks_whether_it_gets_a_tensor_is_told_apart():
    def flow(net: Net, x: Tensor) -> Tensor:
        return net.conv(x).flatten(1) if isinstance(x, Tensor) else x.flatten(1)

    with pytest.raises(UserError, match="logits that its forward makes of the image"):
        bounds(Net(flow), SHAPE)


def test_a_forward_that_fails_says_where():
    with pytest.raises(UserError, match=r"layer fc \(Linear\): expected it to accept images of sh"):
        bounds(Net(lambda net, x: net.fc(x)), SHAPE)
    with pytest.raises(UserError, match=r"layer of the model \(Net\): expected it to accept"):
        bounds(Net(lambda net, x: net.missing(x)), SHAPE)


def test_refused_where_a_part_has_hooks_or_parametrizations():
    net = Net(residual)
    net.register_forward_hook(lambda _module, _inputs, logits: 10 * logits)
    with pytest.raises(UserError, match=r"layer of the model \(Net\).*got Net with a hook"):
        bounds(net, SHAPE)

    class Halved(nn.Module):
        def forward(self, weight: Tensor) -> Tensor:
            return weight / 2

    net = Net(residual)
    parametrize.register_parametrization(net, "scale", Halved())
    with pytest.raises(UserError, match="a parametrization"):
        bounds(net, SHAPE)


def test_weights_that_are_not_finite_are_told_of_operations_too():
    net = Net(scaled)
    nn.init.constant_(net.scale, math.nan)
    with pytest.raises(UserError, match="expected finite weights"):
        bounds(net, SHAPE)


def test_branches_of_branches_beyond_counting_are_refused():
    def flow(net: Net, x: Tensor) -> Tensor:
        values = [x]
        for _ in range(40):
            values.append(sum(values[-2:], start=0 * x))
        return values[-1].flatten(1)

    with pytest.raises(UserError, match="expected a forward of at most 10,000 steps"):
        bounds(Net(flow), SHAPE)


class _TwoMatrices(nn.Module):
    """Two linear maps without modules of their own, with norms 1/10 and 10."""

    def __init__(self):
        super().__init__()
        self.first = nn.Parameter(0.1 * torch.eye(4))
        self.second = nn.Parameter(10 * torch.eye(4))

    def forward(self, x):
        y = functional.linear(x.flatten(1), self.first)
        return functional.linear(functional.relu(y), self.second)


@pytest.mark.parametrize("name", ["block", "my block", "linear()"])
def test_operations_are_told_apart_whatever_their_module_is_called(name):
    model = nn.Sequential()
    model.add_module(name, _TwoMatrices())
    for norm in NORMS:
        assert bounds(model, (1, 2, 2)).product(norm) == pytest.approx(1, rel=1e-5)


class _Scaled(nn.Module):
    def __init__(self, factor, divides):
        super().__init__()
        self.factor, self.divides = factor, divides

    def forward(self, x):
        return (x / self.factor if self.divides else x * self.factor).flatten(1)


@pytest.mark.parametrize("factor", [0.7, 0.9, 0.1, 0.3])
@pytest.mark.parametrize("divides", [False, True])
def test_factors_hold_in_single_and_in_double_precision(factor, divides):
    """0.7 is rounded down in single precision, 0.1 up."""
    model = _Scaled(factor, divides)
    double = 1 / factor if divides else factor
    single = float(torch.tensor(factor))
    for norm in NORMS:
        product = bounds(model, (1, 2, 2)).product(norm)
        assert product >= max(double, 1 / single if divides else single)


def test_no_number_is_one_line():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3))
    model[1].bias.data[0] = float("nan")
    with pytest.raises(UserError, match="expected finite logits of a random image, got infinities"):
        bounds(model, (1, 2, 2))


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is:DeprecationWarning")
def test_what_torchscript_compiled_is_refused():
    for model in (torch.jit.script(nn.Linear(5, 3)), nn.Sequential(torch.jit.script(nn.ReLU()))):
        with pytest.raises(UserError, match="a forward that TorchScript compiled"):
            bounds(model, (5,))


class _Ends(nn.Module):
    def __init__(self, end):
        super().__init__()
        self.end = end

    def forward(self, x):
        return self.end(x.flatten(1))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_functions_and_methods_of_one_name_have_one_bound(name):
    ways = (
        getattr(functional, name),
        getattr(torch, name),
        lambda x, *settings: getattr(x, name)(*settings),
    )
    found = {bounds(_Ends(lambda x, f=f: f(x, 1)), (1, 2, 2)).product("l1") for f in ways}
    assert len(found) == 1
    assert found.pop() == pytest.approx(0.5 if name == "softmax" else 3)
    for f in ways[1:]:
        with pytest.raises(UserError, match="another precision"):
            bounds(_Ends(lambda x, f=f: f(x, 1, torch.float64)), (1, 2, 2))
