"""Shares of gradient energy against gradients worked out by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from nn_experiments.data.images import Images
from nn_experiments.frequency.bands import masks
from nn_experiments.frequency.dct import idct2
from nn_experiments.frequency.gradient_energy import shares
from tests.nn_experiments.frequency.models import linear, trained, two_layers
from tests.nn_experiments.frequency.rounding import slow_dct2

MASKS = masks(28, 28, 4)
# Gradients in float32 are sums over at most 32 hidden units and 10 classes, whose terms cancel by
# less than a factor of 100 here: relative errors of 100·44 u, and twice that of squares.
TOLERANCE = 2 * 4400 * 2.0**-24


@pytest.fixture(scope="module")
def few(fashion):
    return fashion.test.first(6)


def shares_of(gradients):
    """By plain sums, for (N, 784) gradients."""
    spectra = np.stack([slow_dct2(g.reshape(28, 28)) for g in gradients])
    energy = (spectra**2).astype(np.float64)
    return (
        np.stack([(energy * mask.numpy()).sum((1, 2)) for mask in MASKS], 1)
        / energy.sum((1, 2))[:, None]
    )


def doubles(layer):
    return layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()


def rival(logits, label):
    return max((j for j in range(len(logits)) if j != label), key=lambda j: logits[j])


def test_margin_of_a_linear_model(linear_model, few):
    """Its gradient is w_y − w_j."""
    W, b = doubles(linear_model[1])
    x, labels = few.floats().double().numpy().reshape(6, -1), few.labels.tolist()
    gradients = [W[y] - W[rival(W @ v + b, y)] for v, y in zip(x, labels, strict=True)]
    got = shares(linear_model, few, MASKS)
    assert np.abs(got.numpy() - shares_of(gradients)).max() <= TOLERANCE
    # The twin: the gradient of the label's logit alone.
    assert np.abs(got.numpy() - shares_of([W[y] for y in labels])).max() > TOLERANCE


def test_loss_of_a_linear_model(linear_model, few):
    """Its gradient is Σ_k (p_k − [k = y]) w_k."""
    W, b = doubles(linear_model[1])
    x = few.floats().double().numpy().reshape(6, -1)
    logits = x @ W.T + b
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    gradients = (p - np.eye(10)[few.labels.numpy()]) @ W
    got = shares(linear_model, few, MASKS, of="loss").numpy()
    assert np.abs(got - shares_of(gradients)).max() <= TOLERANCE
    assert np.abs(got - shares(linear_model, few, MASKS).numpy()).max() > TOLERANCE


def test_margin_of_a_relu_network(fashion, few):
    """Its gradient is W₁ᵀ(1[W₁x + b₁ > 0] ⊙ W₂ᵀ(e_y − e_j))."""
    model = trained(two_layers(fashion.shape, 10), fashion.train)
    (W1, b1), (W2, b2) = doubles(model[1]), doubles(model[3])
    gradients = []
    for v, y in zip(few.floats().double().numpy().reshape(6, -1), few.labels.tolist(), strict=True):
        hidden = W1 @ v + b1
        logits = W2 @ np.maximum(hidden, 0) + b2
        gradients.append(W1.T @ ((hidden > 0) * (W2[y] - W2[rival(logits, y)])))
    got = shares(model, few, MASKS).numpy()
    assert np.abs(got - shares_of(gradients)).max() <= TOLERANCE


def test_weights_in_one_band_have_all_their_energy_there(few):
    generator = torch.Generator().manual_seed(0)
    spectra = torch.randn(10, 28, 28, generator=generator, dtype=torch.float64) * MASKS[2]
    model = linear((1, 28, 28), 10)
    with torch.no_grad():
        model[1].weight.copy_(idct2(spectra).flatten(1))
    got = shares(model, few, MASKS)
    # Weights rounded to float32 have norm 2⁻²⁴ of theirs outside; squares are far below.
    assert got[:, 2].sub(1).abs().max() <= 1e-12
    assert got[:, [0, 1, 3]].max() <= 1e-12
    assert got[:, 2].min() > 0.5


def test_shares_of_a_partition_add_to_one_and_of_all_bases_are_one(fashion, few):
    model = two_layers(fashion.shape, 10)
    everything = torch.ones(1, 28, 28, dtype=torch.bool)
    got = shares(model, few, torch.cat([MASKS, everything, ~everything]))
    assert got.shape == (6, 6)
    assert got.dtype == torch.float64
    assert (got[:, :4].sum(1) - 1).abs().max() <= 1e-12
    assert (got[:, 4] - 1).abs().max() <= 1e-12
    assert got[:, 5].max() == 0


def test_channels_are_added(fashion):
    generator = torch.Generator().manual_seed(0)
    images = Images(torch.rand(2, 3, 28, 28, generator=generator), torch.tensor([0, 1]), 2)
    model = linear(images.shape, 2)
    W = doubles(model[1])[0].reshape(2, 3, 28, 28)
    energy = sum((slow_dct2(W[0, c] - W[1, c]) ** 2).astype(float) for c in range(3))
    wanted = [(energy * mask.numpy()).sum() / energy.sum() for mask in MASKS]
    assert np.abs(shares(model, images, MASKS).numpy() - wanted).max() <= TOLERANCE


def test_certain_labels_leave_a_margin_gradient_and_no_loss_gradient(fashion, few):
    model = linear(fashion.shape, 10)
    W = model[1].weight.detach()
    labels = model(few.floats()).argmax(1)
    sure = Images(few.pixels, labels, 10)
    before = shares(model, sure, MASKS)
    with torch.no_grad():
        model[1].weight.copy_(W * 1e5)
        model[1].bias.mul_(1e5)
    assert shares(model, sure, MASKS, of="loss").isnan().any()
    assert (shares(model, sure, MASKS) - before).abs().max() <= TOLERANCE


def test_small_gradients_do_not_underflow(fashion, few):
    model = linear(fashion.shape, 10)
    before = shares(model, few, MASKS)
    with torch.no_grad():
        model[1].weight.mul_(2.0**-90)
        model[1].bias.mul_(2.0**-90)
    assert (shares(model, few, MASKS) - before).abs().max() <= TOLERANCE


def test_zero_gradients_have_no_shares(fashion, few):
    model = linear(fashion.shape, 10)
    with torch.no_grad():
        model[1].weight.zero_()
    assert shares(model, few, MASKS).isnan().all()


def test_evaluation_mode_and_batches(fashion, few):
    """In training mode BatchNorm would mix the images of a batch."""
    model = nn.Sequential(
        nn.Conv2d(1, 2, 5), nn.BatchNorm2d(2), nn.ReLU(), *linear((2, 24, 24), 10)
    )
    model.train()
    together, alone = (shares(model, few, MASKS, batch=batch) for batch in (6, 1))
    assert (together - alone).abs().max() <= TOLERANCE
    assert all(module.training for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_gradients_are_taken_where_they_are_switched_off(fashion, few):
    model = two_layers(fashion.shape, 10)
    with torch.no_grad():
        inside = shares(model, few, MASKS)
    assert torch.equal(inside, shares(model, few, MASKS))


@pytest.mark.parametrize(
    "bad", [MASKS[0], MASKS.float(), masks(27, 28, 2)], ids=["axes", "kind", "size"]
)
def test_bad_masks(bad, fashion, few):
    with pytest.raises(ValueError, match=r"expected masks of shape \(masks, 28, 28\), bool"):
        shares(linear(fashion.shape, 10), few, bad)
