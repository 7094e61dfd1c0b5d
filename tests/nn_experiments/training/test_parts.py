"""Schedule, order, flips and the conversion of pixels."""

import itertools

import pytest
import torch
from torch import nn

from nn_experiments.data.images import Images
from nn_experiments.specs import TrainingSpec
from nn_experiments.training import augment
from nn_experiments.training.schedule import learning_rate


def test_schedule_is_torchs_multi_step():
    training = TrainingSpec(epochs=200)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    reference = torch.optim.lr_scheduler.MultiStepLR(optimizer, [100, 150], gamma=0.1)
    for epoch in range(200):
        assert learning_rate(training, 0.3, epoch) == optimizer.param_groups[0]["lr"]
        optimizer.step()
        reference.step()


def test_orders_are_permutations_that_differ():
    orders = [augment.order(seed, epoch, 50) for seed, epoch in itertools.product((0, 1), (0, 1))]
    assert all(sorted(order.tolist()) == list(range(50)) for order in orders)
    assert len({tuple(order.tolist()) for order in orders}) == 4
    assert torch.equal(augment.order(1, 0, 50), orders[2])


def test_flips_are_fair_and_independent_of_the_order():
    n = 40_000
    flips = augment.flips(0, 0, n)
    # Five standard deviations of a fair coin: 5 * sqrt(n) / 2.
    assert abs(int(flips.sum()) - n / 2) < 2.5 * n**0.5
    first = augment.order(0, 0, n) < n / 2
    assert abs(int((flips & first).sum()) - n / 4) < 2.5 * n**0.5
    assert not torch.equal(flips, augment.flips(0, 1, n))
    starts = [augment.seeded(purpose, 0, 0).initial_seed() for purpose in ("order", "flips")]
    assert starts[0] != starts[1]
    assert torch.equal(flips, torch.randint(2, (n,), generator=augment.seeded("flips", 0, 0)) == 1)


def test_flip_mirrors_those_chosen(data):
    pixels = data.train.pixels[:3]
    flipped = augment.flip(pixels, torch.tensor([True, False, True]))
    assert torch.equal(flipped[0], pixels[0, :, :, [9 - k for k in range(10)]])
    assert torch.equal(flipped[1], pixels[1])
    assert torch.equal(flipped.flip(-1)[2], pixels[2])


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("channels", [1, 3])
def test_floats_are_those_of_images(layout, channels):
    every = torch.arange(256, dtype=torch.uint8).view(4, 1, 8, 8).expand(4, channels, 8, 8)
    images = Images(every, torch.zeros(4, dtype=torch.int64), 1)
    x = augment.floats(every, layout)
    assert torch.equal(x, images.floats())
    # With channels innermost, going one pixel right passes over all channels.
    assert x.stride()[-1] == (channels if layout is torch.channels_last else 1)
    assert torch.equal(augment.floats(x, layout), x)
