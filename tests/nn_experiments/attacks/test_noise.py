import math

import pytest
import torch
from torch import nn

from nn_experiments.attacks.noise import correct_under_noise
from nn_experiments.data.images import Images


def test_noise_belongs_to_the_image_whatever_the_batch(networks, fashion):
    whole = correct_under_noise(networks[0], fashion, 0.05, 0, 200)
    assert torch.equal(correct_under_noise(networks[0], fashion, 0.05, 0, 7), whole)
    rest = correct_under_noise(networks[0], fashion.at(slice(120, None)), 0.05, 0, 64, first=120)
    assert torch.equal(rest, whole[120:])
    assert whole.dtype == torch.bool
    assert 0.2 < whole.float().mean() < 0.9
    assert not torch.equal(correct_under_noise(networks[0], fashion, 0.05, 1, 200), whole)


def test_no_noise_is_no_change(networks, fashion):
    found = correct_under_noise(networks[0], fashion, 0.0, 0, 64)
    assert torch.equal(found, networks[0](fashion.floats()).argmax(1) == fashion.labels)


def _on_a_line(n):
    """A linear network with logits ± w·x / 2 + b, and images at one distance from its boundary."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    direction = torch.full((16,), 0.25)
    with torch.no_grad():
        network[1].weight.copy_(torch.stack([direction, -direction]) / 2)
        network[1].bias.copy_(torch.tensor([-1.0, 1.0]) / 2 * (16 * 0.25 * 0.5 - 0.05))
    images = Images(torch.full((n, 1, 4, 4), 0.5), torch.zeros(n, dtype=torch.int64), 2)
    return network, images


@pytest.mark.parametrize(("variance", "agrees"), [(0.0025, True), (0.05, False)])
def test_accuracy_of_a_linear_network_is_known(variance, agrees):
    # x·w − b = 0.05 without noise, which adds a normal number of variance 0.0025 ‖w‖² = 0.0025:
    # the class is right with probability Φ(0.05 / 0.05). Values stay within ±10 σ of the middle,
    # so that nothing is cut off. The failing twin takes σ for σ².
    n = 4000
    network, images = _on_a_line(n)
    right = correct_under_noise(network, images, variance, 0, 1000).double().mean()
    p = (1 + math.erf(1 / math.sqrt(2))) / 2
    assert (abs(right - p) < 5 * math.sqrt(p * (1 - p) / n)) == agrees


def test_noise_is_cut_off_at_black_and_white():
    class Sees(nn.Module):
        def forward(self, x):
            assert x.min() == 0
            assert x.max() == 1
            return x.flatten(1)

    images = Images(torch.full((5, 1, 4, 4), 0.5), torch.zeros(5, dtype=torch.int64), 16)
    correct_under_noise(Sees(), images, 4.0, 0, 5)


def test_arguments_are_checked(networks, fashion):
    with pytest.raises(ValueError, match="variance"):
        correct_under_noise(networks[0], fashion, -1.0, 0, 5)
    with pytest.raises(ValueError, match="batch"):
        correct_under_noise(networks[0], fashion, 1.0, 0, 0)
