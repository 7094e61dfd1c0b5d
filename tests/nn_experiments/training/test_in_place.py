"""ReLUs that overwrite: the same bits as torch's in less memory, and only where nobody sees it."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from nn_experiments import models
from nn_experiments.specs import ModelSpec
from nn_experiments.training.in_place import in_place, relu_and_linear
from nn_experiments.training.reassociate import reassociated


def linear_layers():
    return [nn.Linear(100, 80), nn.ReLU(), nn.Linear(80, 3)]


NETWORKS = {
    "two-layer CNN": lambda: models.build(ModelSpec(), (1, 10, 10), 10, 0),
    "linear layers": lambda: nn.Sequential(nn.Flatten(), *linear_layers()),
    "within": lambda: nn.Sequential(nn.Sequential(nn.Flatten(), nn.Linear(100, 9)), nn.ReLU(),
                                    nn.Flatten(), nn.Sequential(nn.Linear(9, 3))),
    "chain": lambda: nn.Sequential(
        nn.Flatten(), nn.Linear(100, 80), nn.ReLU(), nn.Linear(80, 60, bias=False), nn.Linear(60, 3)
    ),
    "chain of rows of rows": lambda: nn.Sequential(
        nn.Flatten(2), nn.Linear(100, 80), nn.ReLU(), nn.Linear(80, 60), nn.Linear(60, 3)
    ),
    # A linear layer's output is then a view of what it computed.
    "rows of rows": lambda: nn.Sequential(
        nn.Flatten(2), nn.Linear(100, 20), nn.ReLU(), nn.Flatten(), nn.Linear(20, 3)
    ),
    "already in place": lambda: nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Conv2d(4, 2, 3), nn.Flatten()
    ),
}  # fmt: skip


def images(layout=torch.contiguous_format):
    x = torch.rand(32, 1, 10, 10, generator=torch.Generator().manual_seed(0)) - 0.5
    # As in training: a single channel leaves the strides open, and kernels are chosen by them.
    return torch.empty(x.shape, memory_format=layout).copy_(x)


def value_and_gradients(forward, model, x):
    model.zero_grad()
    y = forward(x)
    y.sin().sum().backward()
    # The value as it is after the backward pass.
    return [y.detach(), *(p.grad for p in model.parameters())]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("composed", [False, True], ids=["as it is", "composed"])
@pytest.mark.parametrize("name", NETWORKS)
def test_same_bits(name, composed, layout):
    model, x = NETWORKS[name](), images(layout)
    theirs, ours = (
        value_and_gradients(reassociated(net) if composed else net, model, x)
        for net in (model, in_place(model))
    )
    assert all(map(torch.equal, ours, theirs))


def storages(model, x):
    """Return the places of all layers' outputs, and which of them are overwritten going back."""
    outputs = []
    handles = [
        layer.register_forward_hook(lambda *args: outputs.append(args[2])) for layer in model
    ]
    y = model(x)
    for handle in handles:
        handle.remove()
    before = [output.detach().clone() for output in outputs]
    y.sin().sum().backward()
    changed = [not torch.equal(a, b) for a, b in zip(before, outputs, strict=True)]
    return [output.untyped_storage().data_ptr() for output in outputs], changed


def test_a_layer_and_its_relu_have_one_place():
    # The failing twin: torch's ReLU has another, and leaves it as it is.
    model = models.build(ModelSpec(), (1, 10, 10), 10, 0)
    for net, one_place in ((in_place(model), True), (model, False)):
        places, changed = storages(net, images())
        names = [name for name, _ in model.named_children()]
        for conv, relu in (("conv1", "relu1"), ("conv2", "relu2")):
            k, after = names.index(conv), names.index(relu)
            assert (places[k] == places[after]) == one_place
            assert changed[after] == one_place


class Keeping(nn.Linear):
    """A layer that keeps what it returns."""

    def forward(self, x):
        self.kept = super().forward(x)
        return self.kept


def hooked():
    layers = linear_layers()
    layers[1].register_forward_hook(lambda module, args, output: None)
    return nn.Sequential(nn.Flatten(), *layers)


@pytest.mark.parametrize(
    "make",
    [
        hooked,
        # Its output is the network's, or seen through a view; or others' gradients need its input.
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(100, 80), nn.ReLU()),
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten()),
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Identity(), nn.Conv2d(2, 2, 3)),
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh(), nn.ReLU(), nn.Conv2d(2, 2, 3)),
        lambda: nn.Sequential(nn.ReLU(), nn.Conv2d(1, 2, 3)),
        lambda: nn.Sequential(nn.Flatten(), Keeping(100, 9), nn.ReLU(), nn.Linear(9, 3)),
        nn.ReLU,
    ],
)  # fmt: skip
def test_what_others_see_is_left_alone(make):
    model = make()
    assert in_place(model) is model


def test_overwriting_after_tanh_would_be_wrong():
    # The failing twin of the rule on what stands before: tanh's gradient needs its own output.
    x = torch.full((1, 1), -1.0, requires_grad=True)
    z = x.tanh()
    z.relu_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


@pytest.mark.parametrize("bias", [True, False])
def test_a_product_and_its_gradient_have_one_place(bias):
    features, last = nn.Conv2d(1, 4, 3), nn.Linear(256, 3, bias)
    y = features(images())
    gradients = []
    y.register_hook(gradients.append)
    values = relu_and_linear(y.flatten(1), last.weight, last.bias)
    values.sin().sum().backward()
    [gradient] = gradients
    assert gradient.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()
    ours = [values, *(p.grad.clone() for p in (*features.parameters(), *last.parameters()))]
    theirs = nn.Sequential(features, nn.ReLU(), nn.Flatten(), last)
    assert all(map(torch.equal, ours, value_and_gradients(theirs, theirs, images())))


def test_where_a_product_cannot_overwrite_it_is_right():
    # Nothing to differentiate, another layout, and numbers of another kind.
    weight, bias = torch.rand(3, 5), torch.rand(3)
    y = torch.rand(5, 8).t() - 0.5
    expected = torch.nn.functional.linear(y.relu(), weight, bias)
    assert torch.equal(relu_and_linear(y, weight, bias), expected)
    z = (y * 1).requires_grad_()
    assert torch.equal(relu_and_linear(z * 1, weight, bias), expected)
    with torch.autocast("cpu", torch.bfloat16):
        low = relu_and_linear((z * 1).contiguous(), weight.bfloat16(), None)
    # Eight bits of each factor, of at most five products that are smaller than 1/2.
    assert (low.float() - (expected - bias)).abs().max() <= 3 * 5 * 0.5 / 256


def test_a_second_differentiation_is_refused():
    model = in_place(nn.Sequential(nn.Flatten(), *linear_layers()))
    y = model(images()).sum()
    y.backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_gradients_of_another_layout_are_not_put_in_place():
    model = in_place(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(256, 3)))
    reference = nn.Sequential(*model[:1], nn.ReLU(), *model[2:])
    x = images(torch.channels_last)
    ours, theirs = (value_and_gradients(net, model, x) for net in (model, reference))
    assert all(map(torch.equal, ours, theirs))
    assert not storages(model, x)[1][1]


def test_a_layer_used_twice_runs_twice():
    relu = nn.ReLU()
    layers = [nn.Linear(a, b) for a, b in pairwise((100, 30, 20, 10))]
    model = nn.Sequential(nn.Flatten(), layers[0], relu, layers[1], relu, layers[2])
    assert torch.equal(in_place(model)(images()), model(images()))


def test_weights_that_are_not_trained():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 3), nn.Flatten())
    model[0].requires_grad_(False)
    x = images()
    y = in_place(model)(x)
    assert torch.equal(y, model(x))
    y.sum().backward()
    assert model[0].weight.grad is None
    assert model[2].weight.grad is not None
