"""Responses to noise against a linear model's logits, which shift by what the noise adds."""

import numpy as np
import pytest
import torch
from torch import nn

from nn_experiments.frequency.bands import masks, noise
from nn_experiments.frequency.dct import idct2
from nn_experiments.frequency.observation_two import BandResponse, drops
from nn_experiments.specs import FrequencySpec
from tests.nn_experiments.frequency.models import linear

SIGMA = 0.5 * 5**0.5
SPEC = FrequencySpec(bands=5, noises=3, sigma=SIGMA, seed=11)


@pytest.fixture(scope="module")
def response(linear_model, fashion):
    return drops(linear_model, fashion.test, SPEC)


def weights(model):
    return model[1].weight.detach().double().numpy(), model[1].bias.detach().double().numpy()


def margins(logits, labels):
    """The label's logit less the greatest other one."""
    logits = logits.copy()
    own = np.take_along_axis(logits, labels[:, None], 1)[:, 0]
    np.put_along_axis(logits, labels[:, None], -np.inf, 1)
    return own - logits.max(1)


def test_linear_model_by_its_logits(linear_model, fashion, response):
    """⟨w, x + Δx⟩ = ⟨w, x⟩ + ⟨w, Δx⟩, in float64."""
    W, b = weights(linear_model)
    x = fashion.test.floats().double().numpy().reshape(200, -1)
    labels = fashion.test.labels.numpy()
    noises = noise(fashion.shape, 5, 3, SIGMA, 11).double().numpy().reshape(5, 3, -1)
    shifts = noises @ W.T
    clean = x @ W.T + b
    # A logit is a sum of 785 products in float32, of x + Δx, which is rounded once: an error of at
    # most 787 u (‖w‖‖x + Δx‖ + |b|) for each of two logits.
    longest = np.linalg.norm(x, axis=1).max() + np.linalg.norm(noises, axis=2).max()
    size = np.linalg.norm(W, axis=1).max() * longest + np.abs(b).max()
    unsure = 2 * 787 * 2.0**-24 * size
    margin = margins(clean, labels)
    sure = np.abs(margin) > unsure
    assert sure.mean() > 0.95
    assert np.array_equal((margin > 0)[sure], response.clean.numpy()[sure])
    for band in range(5):
        for k in range(3):
            margin = margins(clean + shifts[band, k], labels)
            sure = np.abs(margin) > unsure
            assert sure.mean() > 0.95
            assert np.array_equal((margin > 0)[sure], response.correct[band, k].numpy()[sure])


def test_drop_is_the_printed_double_sum(response):
    N, K = 200, 3
    for band in range(5):
        perturbed = sum(int(response.correct[band, k, n]) for k in range(K) for n in range(N)) / (
            N * K
        )
        clean = sum(int(correct) for correct in response.clean) / N
        assert float(response.drop[band]) == pytest.approx(clean - perturbed, abs=1e-12)
    assert response.drop.shape == (5,)
    assert response.drop.max() > 0.05  # the noise is large enough for the test to mean something


def test_batches_do_not_matter(linear_model, fashion, response):
    """Nor does the place in a batch: all images meet the same noises."""
    backwards = fashion.test.at(torch.arange(199, -1, -1))
    assert torch.equal(
        drops(linear_model, backwards, SPEC, batch=17).correct.flip(-1), response.correct
    )


def test_first_images_only(linear_model, fashion, response):
    few = drops(linear_model, fashion.test, FrequencySpec(5, 3, SIGMA, images=60, seed=11))
    assert torch.equal(few.clean, response.clean[:60])
    assert torch.equal(few.correct, response.correct[:, :, :60])


@pytest.fixture(scope="module")
def deaf_model(fashion):
    """Two classes, told apart by one DCT coefficient, of frequency (1, 1), in the lowest band."""
    spectrum = torch.zeros(28, 28, dtype=torch.float64)
    spectrum[1, 1] = 1
    direction = idct2(spectrum).float().flatten()
    model = linear(fashion.shape, 2)
    with torch.no_grad():
        model[1].weight.copy_(torch.stack([direction, -direction]))
        model[1].bias.zero_()
    return model


class Clamped(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x.clamp(0, 1))


def test_noise_in_other_bands_is_not_seen_unless_it_is_clamped(deaf_model, fashion):
    assert masks(28, 28, 10)[0, 1, 1]
    x = fashion.test.floats().flatten(1)
    logits = x @ deaf_model[1].weight.T
    # Labels of the model's own making, of images with margins beyond rounding (see above); noise in
    # other bands moves them by 2⁻²⁴ of its norm, which is less.
    # The direction's norm is 1, and those of image and noise are at most 28 and 0.3·28.
    sure = (logits[:, 0] - logits[:, 1]).abs() > 2 * 787 * 2.0**-24 * 1.3 * 28
    labels = logits.argmax(1)
    images = type(fashion.test)(fashion.test.pixels[sure], labels[sure], 2)
    assert len(images) > 190
    spec = FrequencySpec(sigma=0.3)
    plain = drops(deaf_model, images, spec).drop
    assert plain[0] > 0.05
    assert plain[1:].abs().max() == 0
    assert drops(Clamped(deaf_model), images, spec).drop[1:].max() > 0


def test_networks_are_evaluated_as_such_and_left_as_they_were(fashion):
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Dropout(0.5), *linear(fashion.shape, 10))
    model.train()
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first = drops(model, fashion.test.first(40), SPEC)
    second = drops(model, fashion.test.first(40), SPEC, batch=3)
    assert torch.equal(first.correct, second.correct)
    assert [module.training for module in model] == [True, False, True, True]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_networks_are_left_as_they_were_after_an_error(fashion):
    model = linear((1, 5, 5), 10)
    with pytest.raises(RuntimeError):
        drops(model, fashion.test, SPEC)
    assert model.training


@pytest.mark.parametrize(
    ("clean", "correct"),
    [
        (torch.ones(3), torch.ones(1, 1, 3, dtype=torch.bool)),
        (torch.ones(3, dtype=torch.bool), torch.ones(1, 1, 4, dtype=torch.bool)),
        (torch.ones(3, dtype=torch.bool), torch.ones(1, 3, dtype=torch.bool)),
    ],
    ids=["kind", "images", "axes"],
)
def test_bad_response(clean, correct):
    with pytest.raises(ValueError, match="expected bools of shapes"):
        BandResponse(clean, correct)
