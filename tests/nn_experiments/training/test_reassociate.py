import copy
from itertools import pairwise

import pytest
import torch
from torch import nn

from nn_experiments import models
from nn_experiments.specs import ModelSpec
from nn_experiments.training.reassociate import composing_is_cheaper, reassociated

EPS = torch.finfo(torch.float64).eps


class Doubling(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


def chain(*widths, bias=True):
    return [nn.Linear(a, b, bias) for a, b in pairwise(widths)]


NETWORKS = {
    "two-layer CNN": lambda: models.build(ModelSpec(), (1, 10, 10), 10, 0),
    "three linear layers": lambda: nn.Sequential(nn.Flatten(), *chain(100, 80, 60, 3)),
    "without bias": lambda: nn.Sequential(nn.Flatten(), *chain(100, 80, 3, bias=False)),
    "within": lambda: nn.Sequential(
        nn.Flatten(), nn.Sequential(*chain(100, 80)), nn.Sequential(*chain(80, 4)), nn.ReLU()
    ),
    "another flattening": lambda: nn.Sequential(nn.Flatten(2), nn.Flatten(), *chain(100, 80, 3)),
}


def value_and_gradients(forward, model, x):
    model.zero_grad()
    x = x.clone().requires_grad_()
    y = forward(x)
    (y.sin().sum()).backward()
    return [y.detach(), x.grad, *(p.grad for p in model.parameters())]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("rows", [1, 32])
@pytest.mark.parametrize("name", NETWORKS)
def test_values_and_gradients_are_the_models(name, rows, layout):
    model = NETWORKS[name]().double()
    x = torch.rand(rows, 1, 10, 10, dtype=torch.float64).contiguous(memory_format=layout)
    ours, theirs = (
        value_and_gradients(forward, model, x) for forward in (reassociated(model), model)
    )
    for a, b in zip(ours, theirs, strict=True):
        # A sum of n products is wrong by at most n roundings of its terms' sizes; no sum here has
        # more than rows * 64 terms (a convolution's gradient) or 2048 (a linear layer), and a
        # gradient passes through at most four of them.
        assert (a - b).abs().max() <= 4 * max(2048, 64 * rows) * EPS * (1 + b.abs().max())


def test_channels_reach_the_weights_in_their_order():
    # The failing twin: features taken in memory order, without reordering the weights, are others.
    model = nn.Sequential(nn.Flatten(), *chain(48, 40, 3)).double()
    x = torch.rand(32, 3, 4, 4, dtype=torch.float64).contiguous(memory_format=torch.channels_last)
    right = reassociated(model)(x)
    wrong = model(x.permute(0, 2, 3, 1).flatten(1))
    assert (right - model(x)).abs().max() < 1e-12
    assert (wrong - model(x)).abs().max() > 1e-2


def test_composes_only_where_that_saves_arithmetic():
    assert composing_is_cheaper(128, (21632, 100, 10))
    assert not composing_is_cheaper(1, (21632, 100, 10))
    assert not composing_is_cheaper(128, (100, 10, 100))
    # By hand: 2 * (4 * 5 + 5 * 3) = 70 one by one, 3 * 4 * 5 + 2 * 4 * 3 = 84 composed.
    assert not composing_is_cheaper(2, (4, 5, 3))
    # 20 rows: 700 against 60 + 240.
    assert composing_is_cheaper(20, (4, 5, 3))


MATRIX_PRODUCTS = ("aten::mm", "aten::addmm")


def flops_of(model, x):
    """Torch's own count, by its profiler: its counter hooks all modules, which may do anything."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, with_flops=True) as counted:
        model(x)
    return sum(event.flops for event in counted.key_averages() if event.key in MATRIX_PRODUCTS)


def test_counts_agree_with_torchs():
    model = nn.Sequential(*chain(500, 70, 6))
    x = torch.rand(40, 500)
    assert flops_of(model, x) == 2 * 40 * (500 * 70 + 70 * 6)
    # and one product of the first bias with the last weights.
    composed = flops_of(reassociated(model), x)
    assert composed - 2 * 70 * 6 == 2 * (6 * 70 * 500 + 40 * 500 * 6)


def hooked():
    model = nn.Sequential(*chain(20, 15, 2))
    model[0].register_forward_hook(lambda module, args, output: output + 1)
    return model


@pytest.mark.parametrize(
    "make",
    [hooked, lambda: nn.Sequential(Doubling(20, 15), nn.Linear(15, 2)), lambda: nn.Linear(20, 2)],
)
def test_what_is_not_plain_is_left_alone(make):
    model = make()
    assert reassociated(model) is model


def test_parameters_are_shared():
    model = nn.Sequential(*chain(50, 40, 2))
    forward, before = reassociated(model), copy.deepcopy(model)
    x = torch.rand(64, 50)
    with torch.no_grad():
        model[0].weight.mul_(2)
    assert not torch.allclose(forward(x), before(x))
    torch.testing.assert_close(forward(x), model(x))
