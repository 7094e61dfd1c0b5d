"""Lower bounds from images, against closed forms and below the upper bounds."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from nn_experiments.data import load
from nn_experiments.data.images import Images
from nn_experiments.lipschitz import NORMS, bounds, local_lower_bound, pairwise_lower_bound
from nn_experiments.models import build
from nn_experiments.specs import DataSpec, ModelSpec
from theory.common.errors import UserError

SINGLE = 1e-4  # single precision, over some hundred operations a logit


def images(n: int, *shape: int) -> Images:
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (n, *shape), dtype=torch.uint8, generator=generator)
    return Images(pixels, torch.zeros(n, dtype=torch.int64), 3)


def linear() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 3))


@pytest.mark.parametrize("norm", NORMS)
def test_linear_model_attains_its_bound(norm):
    model, seen = linear(), images(5, 3, 2, 2)
    upper = bounds(model, (3, 2, 2)).product(norm)
    assert local_lower_bound(model, seen, norm, batch=2) == pytest.approx(upper, rel=1e-6)
    assert 0 < pairwise_lower_bound(model, seen, norm) <= upper * (1 + SINGLE)


@pytest.mark.parametrize("norm", NORMS)
def test_pair_that_attains_the_bound(norm):
    model = linear()
    weight = model[1].weight.detach()
    direction = {
        "l2": torch.linalg.svd(weight).Vh[0],
        "linf": weight[weight.abs().sum(dim=1).argmax()].sign(),
        "l1": torch.eye(12)[weight.abs().sum(dim=0).argmax()],
    }[norm]
    pixels = 0.5 + torch.stack([0 * direction, 0 * direction, 0.5 * direction]).view(3, 3, 2, 2)
    seen = Images(pixels, torch.zeros(3, dtype=torch.int64), 3)  # two of them equal
    upper = bounds(model, (3, 2, 2)).product(norm)
    assert pairwise_lower_bound(model, seen, norm) == pytest.approx(upper, rel=1e-5)


@pytest.mark.parametrize("norm", NORMS)
def test_against_autograd(norm):
    model = build(ModelSpec("preactresnet18", batch_norm=True), (1, 5, 6), 3, seed=0)
    seen = images(3, 1, 5, 6)
    order = {"l2": 2, "linf": float("inf"), "l1": 1}[norm]
    each = [
        torch.autograd.functional.jacobian(model.eval(), x[None]).reshape(3, 30)
        for x in seen.floats()
    ]
    expected = torch.stack([torch.linalg.matrix_norm(j, order) for j in each])
    model.train()
    for order_of in (expected.argsort(), expected.argsort(descending=True)):
        found = local_lower_bound(model, seen.at(order_of), norm, batch=2)
        assert found == pytest.approx(float(expected.max()), rel=1e-4)
    assert float(expected.min()) < (1 - 1e-3) * found
    assert model.training


def test_trained_network_lies_between_its_bounds():
    try:
        data = load(DataSpec(train_images=128, test_images=40), download=False)
    except UserError as error:
        pytest.skip(f"Fashion-MNIST: make system-deps ({error})")
    model = build(ModelSpec(), data.shape, data.classes, seed=0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(12):
        batch = data.train.at(slice(32 * (step % 4), 32 * (step % 4) + 32))
        optimizer.zero_grad()
        cross_entropy(model(batch.floats()), batch.labels).backward()
        optimizer.step()
    found = bounds(model, data.shape, max_flops=1e9)
    for norm in NORMS:
        upper = found.product(norm, composed=True)
        local = local_lower_bound(model, data.test, norm)
        pairs = pairwise_lower_bound(model, data.test, norm)
        assert 0 < pairs <= upper * (1 + SINGLE)
        assert 0 < local <= upper * (1 + SINGLE)
        assert local > 0.01 * upper  # both are about the same network


def test_too_few_images():
    with pytest.raises(ValueError, match="expected at least one image"):
        local_lower_bound(linear(), images(0, 3, 2, 2))
    with pytest.raises(ValueError, match="expected two different images"):
        pairwise_lower_bound(linear(), images(1, 3, 2, 2))
