"""Pictures of perturbed images, of networks that look at one pixel: what they do is known."""

import numpy as np
import pytest
import torch
from torch import nn

from nn_experiments.attacks.noise import noisy
from nn_experiments.data.images import DataSet, Images
from nn_experiments.frequency import pictures
from nn_experiments.specs import RobustnessSpec
from nn_experiments.studies.optimizers import pictures as drawing
from nn_experiments.studies.optimizers.preset import Preset

PRESET = Preset(
    robustness=RobustnessSpec(gaussian=("0.01",), l2=(), linf=("0.01", "0.1"), noise_seed=3)
)
N = 100
# More than one batch of images has to be looked at to find eight.
RIGHT = (2, 5, 40, 64, 65, 70, 90, 95, 96, 99)
NEAR, FAR = 0.05, 0.3  # from where the class changes; the attack goes as far as 0.1


class OnePixel(nn.Module):
    """Takes an image for class 1 where one of its pixels is above 0.5, else for 0; never for 2."""

    def __init__(self, pixel):
        super().__init__()
        self.pixel = pixel
        self.scale = nn.Parameter(torch.tensor(10.0))

    def forward(self, x):
        above = self.scale * (x.flatten(1)[:, self.pixel] - 0.5)
        return torch.stack([-above, above, torch.full_like(above, -20.0)], 1)


def is_near(number, pixel):
    return (number + pixel) % 3 == 0


def made(right):
    """Images of which both networks get the chosen ones right, and one of them each other one."""
    labels = torch.arange(N) // 2 % 2
    pixels = torch.full((N, 1, 4, 4), 0.5)
    for n in range(N):
        for pixel in (0, 1):
            distance = NEAR if is_near(n, pixel) else FAR
            is_above = bool(labels[n]) == (n in right or n % 2 == pixel)
            pixels[n, 0, 0, pixel] += distance if is_above else -distance
    images = Images(pixels, labels, 3)
    return DataSet("made", images, images)


@pytest.fixture
def draw(monkeypatch):
    """Return the figures by name."""
    for name in ("draw_energy", "draw_filtered", "draw_bands"):
        monkeypatch.setattr(pictures, name, lambda *_: None)

    def drawn(data, models):
        found = drawing.image_figures(PRESET, data, models)
        figures = {name: made.draw() for name, made in found.items()}
        return {name: figure for name, figure in figures.items() if figure is not None}

    return drawn


def two():
    return {"A": OnePixel(0), "B": OnePixel(1)}


def rows(figure, n):
    drawn = np.stack([np.asarray(axes.images[0].get_array()) for axes in figure.axes])
    return drawn.reshape(-1, n, 4, 4)


def note(figure):
    return figure.get_supxlabel().replace("\n", " ")


def test_what_is_drawn_became_of_the_images_what_is_said(draw):
    data = made(RIGHT)
    figure = draw(data, two())["linf_attack"]
    numbers = RIGHT[:8]
    original, *attacked = rows(figure, 8)
    assert np.allclose(original, data.test.pixels[list(numbers), 0], atol=1e-7)
    captions = np.array([axes.get_xlabel() for axes in figure.axes]).reshape(-1, 8)
    labels = data.test.labels.tolist()
    assert captions[0].tolist() == [f"class {labels[n]}" for n in numbers]
    for pixel, (image, change) in enumerate(zip(attacked[::2], attacked[1::2], strict=True)):
        words = [f"taken for {1 - labels[n]}" if is_near(n, pixel) else "stands" for n in numbers]
        assert captions[1 + 2 * pixel].tolist() == words
        label = figure.axes[8 * (2 + 2 * pixel)].get_ylabel()
        factor = float(label.removeprefix("change\n× "))
        assert 0.49 <= factor * 0.1 <= 0.5
        assert np.allclose(change, np.clip(0.5 + factor * (image - original), 0, 1), atol=1e-5)
        for i, n in enumerate(numbers):
            is_class_1 = image[i].ravel()[pixel] > 0.5
            assert is_class_1 == (bool(labels[n]) != is_near(n, pixel))
            assert np.array_equal(image[i], original[i]) == (not is_near(n, pixel))
            assert np.abs(image[i] - original[i]).max() <= 0.1 + 1e-6
    assert "radius 0.1 on one network of each optimizer: the first 8 of 100 test" in note(figure)


def test_noise_is_drawn_on_the_same_images_as_it_was_measured(draw):
    data = made(RIGHT)
    figure = draw(data, two())["gaussian_noise"]
    original, with_noise = rows(figure, 8)
    numbers = list(RIGHT[:8])
    assert np.allclose(original, data.test.pixels[numbers, 0], atol=1e-7)
    assert np.allclose(with_noise, noisy(data.test, 0.01, 3)[numbers, 0], atol=1e-7)
    assert "the first 8 of 100 test images that one network of each" in note(figure)


def test_fewer_images_that_all_get_right_are_drawn_and_counted(draw):
    figures = draw(made((7, 80)), two())
    for figure in figures.values():
        assert len(rows(figure, 2)) == (2 if figure is figures["gaussian_noise"] else 5)
        assert "the only 2 of 100 test images" in note(figure)


def test_where_no_image_is_right_for_all_networks_the_figure_says_so(draw):
    data = made(())
    figures = draw(data, two())
    assert not figures["linf_attack"].axes
    assert note(figures["linf_attack"]).startswith("None of the 100 test images is classified")
    # Noise needs no network.
    assert np.allclose(rows(figures["gaussian_noise"], 8)[0], data.test.pixels[:8, 0], atol=1e-7)
    assert note(figures["gaussian_noise"]) == "Gaussian noise on the first 8 test images."


def test_without_networks_noise_alone_is_drawn(draw):
    figures = draw(made(RIGHT), {})
    assert list(figures) == ["gaussian_noise"]
    assert note(figures["gaussian_noise"]) == "Gaussian noise on the first 8 test images."


def test_the_same_figure_twice_is_the_same(draw):
    first, second = (rows(draw(made((7, 80)), two())["linf_attack"], 2) for _ in range(2))
    assert np.array_equal(first, second)
