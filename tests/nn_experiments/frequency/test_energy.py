"""Average amplitudes against plain sums and closed forms."""

import numpy as np
import pytest
import torch

from nn_experiments.frequency import blocks
from nn_experiments.frequency.energy import average_amplitude, diagonal
from nn_experiments.images import Images
from tests.nn_experiments.frequency.rounding import of_transform, slow_dct2


def images_of(pixels):
    return Images(pixels, torch.zeros(len(pixels), dtype=torch.int64), 1)


def test_average_of_magnitudes_by_plain_sums():
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (3, 2, 5, 4), generator=generator, dtype=torch.uint8)
    floats = pixels.float().double() / 255
    slow = np.stack(
        [np.mean([np.abs(slow_dct2(x[c].numpy())) for x in floats], axis=0) for c in range(2)]
    )
    # 8-bit values over 255 are rounded to float32 first.
    tolerance = of_transform(floats) + 2.0**-24 * np.sqrt(20)
    assert np.abs(average_amplitude(images_of(pixels)).numpy() - slow).max() <= tolerance
    # The twin: the magnitude of the average.
    mean = np.stack([np.abs(slow_dct2(floats[:, c].mean(0).numpy())) for c in range(2)])
    assert np.abs(mean - slow).max() > tolerance


def test_constant_images_have_energy_at_dc_only():
    pixels = torch.stack([torch.full((1, 6, 9), v, dtype=torch.uint8) for v in (0, 51, 255)])
    amplitude = average_amplitude(images_of(pixels))
    mean = (0.2 + 1) / 3 * np.sqrt(54)
    assert amplitude.dtype == torch.float64
    assert amplitude[0, 0, 0].item() == pytest.approx(mean, rel=2.0**-22)
    assert amplitude[0].flatten()[1:].max() <= of_transform(torch.ones(6, 9, dtype=torch.float64))


def test_blocks_do_not_matter(fashion, monkeypatch):
    images = fashion.test.first(50)
    whole = average_amplitude(images)
    monkeypatch.setattr(blocks, "_VALUES_PER_BLOCK", 7 * 28 * 28)
    assert (average_amplitude(images) - whole).abs().max() <= 60 * 2.0**-53 * whole.max()


def test_fewer_values_than_an_image_are_a_block_of_one(fashion, monkeypatch):
    monkeypatch.setattr(blocks, "_VALUES_PER_BLOCK", 1)
    assert len(list(blocks.blocks(fashion.test.first(3)))) == 3


def test_energy_of_real_images_concentrates_at_low_frequencies(fashion):
    amplitude = average_amplitude(fashion.train)[0]
    assert amplitude.argmax() == 0
    assert amplitude[:7, :7].mean() > 5 * amplitude[14:, 14:].mean()


def test_diagonal():
    amplitude = torch.arange(12.0).view(1, 3, 4)
    assert diagonal(amplitude).tolist() == [[0.0, 5.0, 10.0]]


def test_no_images():
    with pytest.raises(ValueError, match="expected images to average over, got none"):
        average_amplitude(images_of(torch.zeros(0, 1, 4, 4)))
