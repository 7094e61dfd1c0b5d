"""Average amplitudes against plain sums and closed forms."""

import json

import numpy as np
import pytest
import torch

from nn_experiments.__main__ import main
from nn_experiments.data.images import DataSet, Images
from nn_experiments.frequency import blocks
from nn_experiments.frequency.energy import average_amplitude, diagonal, mean_square, spectrum
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


def test_mean_squares_are_the_energy_of_the_pixels():
    """As the transform is orthonormal; and basis by basis by plain sums."""
    generator = torch.Generator().manual_seed(1)
    images = images_of(torch.rand((6, 2, 5, 4), generator=generator))
    found = mean_square(images).numpy()
    floats = images.pixels.double().numpy()
    slow = np.mean([[slow_dct2(x) ** 2 for x in image] for image in floats], axis=0)
    # A coefficient, below √20, is off by this much, its square by twice as much times it.
    tolerance = 2 * np.sqrt(20) * of_transform(images.pixels.double())
    assert np.abs(found - slow).max() <= tolerance
    assert found.sum((1, 2)) == pytest.approx((floats**2).mean(0).sum((1, 2)), rel=1e-13)
    # The twin: the square of the mean magnitude.
    assert np.abs(average_amplitude(images).numpy() ** 2 - slow).max() > tolerance


def test_a_spectrum_is_in_the_order_of_frequencies_and_averages_channels():
    images = images_of(torch.rand((4, 2, 2, 3), generator=torch.Generator().manual_seed(2)))
    found = spectrum(DataSet("mine", images, images))
    mean = mean_square(images).mean(0)
    # (i/2)² + (j/3)²: 0; 1/9 (0, 1); 1/4 (1, 0); 13/36 (1, 1); 4/9 (0, 2); 25/36 (1, 2).
    order = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (1, 2)]
    assert found["energy"] == [mean[place].item() for place in order]
    assert (found["data_set"], found["images"], found["shape"]) == ("mine", 4, (2, 2, 3))


def test_the_command_writes_what_the_explorer_reads(tmp_path, capsys):
    from simulations.engine.spectrum import measured  # the packages meet in files only

    path = tmp_path / "energy.json"
    assert main(["data", "synthetic", "--energy", str(path)]) == 0
    written = json.loads(path.read_text())
    values = measured(path).values
    assert values == tuple(written["energy"])
    size = written["shape"][1] * written["shape"][2]
    assert len(values) == size
    assert (written["data_set"], written["images"] > 0) == ("synthetic", True)
    assert f"Energy of {size:,} frequencies: {path}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--energy", "a.json"], "--energy: expected a data set to measure, got no NAME."),
        (["synthetic", "--energy", "a.csv"], "--energy: expected a file FILE.json, got a.csv."),
        (["synthetic", "--energy", "folder.json"], "folder.json: it is a folder"),
    ],
    ids=["no name", "csv", "folder"],
)
def test_an_energy_file_that_cannot_be_is_told(tmp_path, monkeypatch, capsys, args, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.json").mkdir()
    assert main(["data", *args]) == 2
    assert message in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["folder.json"]


def test_no_images():
    with pytest.raises(ValueError, match="expected images to average over, got none"):
        average_amplitude(images_of(torch.zeros(0, 1, 4, 4)))
