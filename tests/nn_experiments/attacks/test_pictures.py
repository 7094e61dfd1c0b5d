"""What is drawn of perturbed images is what was given, and says what became of each."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from nn_experiments.attacks import pictures
from nn_experiments.attacks.pictures import Attacked, magnification
from nn_experiments.data.images import Images
from nn_experiments.style import GREATEST_HEIGHT_INCHES, WIDTH_INCHES


def draws(figure):
    """Lay the figure out; warnings are errors. It fits a page's text."""
    figure.draw_without_rendering()
    width, height = figure.get_size_inches()
    assert width <= WIDTH_INCHES
    assert height <= GREATEST_HEIGHT_INCHES
    return figure


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text"))]


def random_images(n, channels=1, seed=0):
    pixels = torch.rand(n, channels, 8, 8, generator=torch.Generator().manual_seed(seed))
    return Images(pixels, torch.arange(n) % 7, 7)


def shown(figure, n):
    """What is drawn, shape (rows, n, height, width) or with channels last."""
    drawn = np.stack([np.asarray(axes.images[0].get_array()) for axes in figure.axes])
    return drawn.reshape(-1, n, *drawn.shape[1:])


def as_drawn(pixels):
    drawn = pixels.clamp(0, 1).movedim(1, -1).numpy()
    return drawn if drawn.shape[-1] == 3 else drawn[..., 0]


@pytest.mark.parametrize(("n", "channels"), [(1, 1), (5, 3), (12, 1)])
def test_noisy_images(n, channels):
    images = random_images(n, channels)
    rows = {f"σ² = {level}": images.pixels + level for level in (0.01, 0.1)}
    figure = draws(pictures.draw_noisy(images, rows, "a note"))
    drawn = shown(figure, n)
    assert len(drawn) == 3
    for row, pixels in zip(drawn, (images.pixels, *rows.values()), strict=True):
        assert np.allclose(row, as_drawn(pixels), atol=1e-6)
    assert {"original", "σ² = 0.01", "σ² = 0.1", "class 0", "a note"} <= set(texts(figure))


@pytest.mark.parametrize("channels", [1, 3])
def test_attacked_images_stand_above_what_was_added_to_them(channels):
    images = random_images(3, channels)
    change = torch.zeros(3, channels, 8, 8)
    change[1, 0, 2] = 0.03
    change[2, 0, :, 1] = -0.015
    attacked = {
        "SGD": Attacked(images.pixels + change, [None, 4, 0]),
        "Adam": Attacked(images.pixels, [None] * 3),
    }
    figure = draws(pictures.draw_attacked(images, attacked, "a note"))
    rows = [images.pixels, images.pixels + change, 0.5 + 16 * change, images.pixels]
    drawn = shown(figure, 3)
    for row, pixels in zip(drawn, [*rows, torch.full_like(change, 0.5)], strict=True):
        assert np.allclose(row, as_drawn(pixels), atol=1e-5)
    labels = [axes.get_ylabel() for axes in figure.axes[::3]]
    assert labels == ["original", "SGD", "change\n× 16", "Adam", "change\n× 16"]
    captions = [axes.get_xlabel() for axes in figure.axes]
    assert captions[:3] == ["class 0", "class 1", "class 2"]
    assert captions[3:6] == ["stands", "taken for 4", "taken for 0"]
    assert captions[9:12] == ["stands"] * 3
    assert set(captions[6:9] + captions[12:]) == {""}


@pytest.mark.parametrize(("n", "optimizers"), [(1, 1), (8, 3), (2, 9)])
def test_attacked_images_fit_a_page(n, optimizers):
    images = random_images(n)
    found = Attacked(images.pixels, [None] * n)
    rows = {f"optimizer {i}": found for i in range(optimizers)}
    figure = draws(pictures.draw_attacked(images, rows, "a long note " * 20))
    # The images are not so small that their captions run into each other.
    boxes = [axes.xaxis.label.get_window_extent() for axes in figure.axes[:n]]
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))
    assert all(axes.get_window_extent().height > 0.1 * figure.dpi for axes in figure.axes)


def test_without_images_the_note_is_all():
    images = random_images(3).first(0)
    for figure in (pictures.draw_attacked(images, {}, "why"), pictures.draw_noisy(images, {}, "y")):
        assert not draws(figure).axes
    assert "why" in texts(pictures.draw_attacked(images, {}, "why"))


def test_changes_are_magnified_as_far_as_they_stay_on_the_scale():
    assert magnification([]) == magnification([torch.zeros(2, 3)]) == 1
    # 0.5 / 0.03 = 16.67 and 0.5 / 0.0007 = 714.3, rounded down to two digits.
    assert magnification([torch.zeros(9), torch.tensor([0.01, -0.03])]) == 16
    assert magnification([torch.full((4,), -0.0007)]) == pytest.approx(710)
    assert magnification([torch.tensor([1.0])]) == 0.5
    # One strong pixel in a thousand, beside as many that do not change, is cut off.
    many = torch.full((1000,), 0.03)
    many[7] = 0.9
    assert magnification([many, torch.zeros(1000)]) == 16
    assert magnification([many[:50]]) == pytest.approx(0.55)
