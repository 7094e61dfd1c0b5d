import math

import pytest
import torch

from nn_experiments.attacks import draws


@pytest.mark.parametrize("draw", [draws.normals, draws.uniforms])
def test_numbers_belong_to_the_image(draw):
    together = draw(3, 1, torch.arange(10), (1, 5, 5))
    alone = torch.cat([draw(3, 1, torch.tensor([i]), (1, 5, 5)) for i in range(10)])
    assert torch.equal(together, alone)
    assert torch.equal(draw(3, 1, torch.tensor([7, 2]), (1, 5, 5)), together[[7, 2]])


@pytest.mark.parametrize("draw", [draws.normals, draws.uniforms])
def test_seeds_streams_and_images_have_numbers_of_their_own(draw):
    rows = [draw(seed, stream, torch.arange(3), (4,)) for seed in (0, 1, -1) for stream in (0, 1)]
    assert len({tuple(row) for row in torch.cat(rows).tolist()}) == 18


def test_there_may_be_no_image():
    assert draws.normals(0, 0, torch.arange(0), (2, 3)).shape == (0, 2, 3)


@pytest.mark.parametrize(("draw", "variance"), [(draws.normals, 1), (draws.uniforms, 1 / 3)])
def test_mean_and_variance(draw, variance):
    found = draw(0, 0, torch.arange(1000), (100,)).double()
    n = found.numel()
    # Five standard errors; the variance of x² is 2 for normals, 4/45 for uniforms.
    assert abs(found.mean()) < 5 * math.sqrt(variance / n)
    spread = math.sqrt(2 if variance == 1 else 4 / 45)
    assert abs(found.square().mean() - variance) < 5 * spread / math.sqrt(n)
    assert found.dtype == torch.float64
    assert draw(0, 0, torch.arange(1), (1,)).dtype == torch.float32
