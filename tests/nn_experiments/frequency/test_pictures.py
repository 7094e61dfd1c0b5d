"""What is drawn is what was given; files are whole."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from PIL import Image

from nn_experiments.data.images import Images
from nn_experiments.frequency import pictures
from nn_experiments.frequency.bands import masks, noise
from nn_experiments.frequency.energy import average_amplitude
from nn_experiments.frequency.filters import by_frequency
from nn_experiments.style import GREATEST_HEIGHT_INCHES, WIDTH_INCHES, looks
from theory.common.errors import UserError

TITLES = ("SGD", "Adam", "RMSprop")


def draws(figure):
    """Lay the figure out; warnings are errors. It fits a page's text."""
    figure.draw_without_rendering()
    width, height = figure.get_size_inches()
    assert width <= WIDTH_INCHES
    assert height <= GREATEST_HEIGHT_INCHES
    return figure


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text"))]


def heights(axes):
    return {line.get_label(): np.asarray(line.get_ydata(), float) for line in axes.lines}


def colour_image(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(3, 16, 12, generator=generator)


def test_energy(fashion):
    amplitude = average_amplitude(fashion.train)
    figure = draws(pictures.draw_energy({"Fashion-MNIST": amplitude, "again": amplitude}))
    panels = figure.axes[:8]
    mean = amplitude.mean(0).numpy()
    for axes in (panels[0], panels[2], panels[4]):
        assert np.allclose(axes.images[0].get_array(), mean, rtol=1e-12)
    for axes in (panels[1], panels[3]):
        assert np.allclose(axes.lines[0].get_ydata(), np.diag(mean), rtol=1e-12)
    assert [axes.get_yscale() for axes in panels[:4]] == ["linear", "linear", "linear", "log"]
    assert panels[2].images[0].norm.vmin == pytest.approx(mean.min())
    assert {"Fashion-MNIST", "again", "frequency i", "frequency j"} <= set(texts(figure))


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_energy_of_constant_images(value):
    images = Images(torch.full((2, 1, 8, 8), value), torch.zeros(2, dtype=torch.int64), 1)
    draws(pictures.draw_energy({"constant": average_amplitude(images)}))


def test_filtered_images(fashion):
    image = fashion.test.pixels[0]
    figure = draws(pictures.draw_filtered(image, (20, 60)))
    shown = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    x = image.double()[0] / 255
    y, kept = by_frequency(x, 60)
    assert np.allclose(shown[0], x, atol=1e-7)
    grid = [a for a in shown if a.shape == (28, 28)][-12:]
    # Row by row: filtered, difference and mask by magnitude, and by frequency.
    assert np.allclose(grid[7], y.clamp(0, 1), atol=1e-7)
    assert np.array_equal(grid[11], kept)
    difference = grid[9] - 0.5
    assert np.allclose(
        difference / np.abs(difference).max(), (y - x) / (y - x).abs().max(), atol=1e-6
    )
    assert {"20 %", "60 %", "by magnitude", "by frequency"} <= set(texts(figure))
    lost = float((y - x).norm() / x.norm())
    assert f"‖y − x‖ = {100 * lost:.2g} % of ‖x‖" in texts(figure)


@pytest.mark.parametrize(
    "image", [colour_image(), torch.zeros(1, 8, 8), torch.full((1, 8, 8), 7, dtype=torch.uint8)]
)
def test_filtered_images_of_other_kinds(image):
    draws(pictures.draw_filtered(image, (50,)))


@pytest.mark.parametrize(("channels", "bands"), [(1, 10), (3, 12), (1, 2)])
def test_bands(channels, bands):
    parts, noises = masks(9, 9, bands), noise((channels, 9, 9), bands, 1, 0.1, 0)[:, 0]
    figure = draws(pictures.draw_bands(parts, noises))
    shown = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    assert len(shown) == 2 * bands
    raised = [f"Δx⁽{''.join('⁰¹²³⁴⁵⁶⁷⁸⁹'[int(c)] for c in str(i))}⁾" for i in range(bands)]
    assert set(raised) <= set(texts(figure))
    assert np.array_equal(shown[1], parts[1])


def test_observation_one():
    rng = np.random.default_rng(0)
    original = {title: rng.uniform(0.8, 0.9, 3) for title in TITLES}
    filtered = {
        title: {
            (k, p): rng.uniform(0.5, 0.9, 3) for p in (90, 10) for k in ("frequency", "magnitude")
        }
        for title in TITLES
    }
    figure = draws(pictures.draw_observation_one(original, filtered, "3 seeds"))
    assert len(figure.axes) == 2
    for axes, kind in zip(figure.axes, ("magnitude", "frequency"), strict=True):
        for i, (container, star) in enumerate(
            zip(axes.containers[::2], axes.containers[1::2], strict=True)
        ):
            runs = filtered[TITLES[i]]
            assert np.allclose(
                container[0].get_ydata(), [100 * runs[kind, p].mean() for p in (10, 90)]
            )
            assert np.allclose(container[0].get_xdata(), [10 + i - 1, 90 + i - 1])
            assert star[0].get_ydata() == pytest.approx(100 * original[TITLES[i]].mean())
            lower, upper = container[2][0].get_segments()[1][:, 1]
            error = 100 * runs[kind, 90].std(ddof=1) / np.sqrt(3)
            assert (upper - lower) / 2 == pytest.approx(error)
    assert "3 seeds" in texts(figure)
    assert [axes.get_title("left")[:2] for axes in figure.axes] == ["a)", "b)"]


def test_observation_one_with_one_filter_and_one_seed():
    figure = draws(
        pictures.draw_observation_one({"SGD": [0.9]}, {"SGD": {("frequency", 50): [0.8]}})
    )
    assert len(figure.axes) == 1
    # Nothing stands beside it to be told apart from by a letter.
    assert figure.axes[0].get_title("left") == "basis vectors of high frequency removed"


def test_observation_one_with_trainings_that_failed():
    filtered = {"SGD": {("frequency", 50): [0.8]}, "Adam": {("frequency", 50): []}, "RMSprop": {}}
    figure = draws(pictures.draw_observation_one({"SGD": [], "Adam": [0.9]}, filtered))
    (axes,) = figure.axes
    drawn = [line for line in axes.lines if np.asarray(line.get_ydata()).size]
    assert {round(float(line.get_ydata()[0]), 9) for line in drawn} == {80.0, 90.0}


def test_observation_two():
    drops = {title: np.random.default_rng(i).normal(size=(3, 10)) for i, title in enumerate(TITLES)}
    figure = draws(pictures.draw_observation_two(drops, "3 seeds, 200 images"))
    (axes,) = figure.axes
    drawn = heights(axes)
    for collection, title in zip(axes.collections, TITLES, strict=True):
        points = 100 * drops[title]
        assert np.allclose(drawn[title], points.mean(0))
        edge = collection.get_paths()[0].vertices[:, 1]
        error = points.std(0, ddof=1) / np.sqrt(3)
        assert edge.max() == pytest.approx((points.mean(0) + error).max())
        assert edge.min() == pytest.approx((points.mean(0) - error).min())
    assert "band of the noise (0: lowest frequencies)" in texts(figure)


def test_observation_two_with_one_seed():
    figure = draws(pictures.draw_observation_two({"SGD": np.zeros((1, 4))}))
    assert list(figure.axes[0].get_xticks()) == [0, 1, 2, 3]


def test_looks_differ_and_know_pytorchs_spelling():
    titles = ["SGD", "Adam", "RMSprop", "SignSGD", "SGD-m", "AdamW", "Lion"]
    chosen = looks(titles)
    assert list(chosen) == titles
    assert len({to_hex(look["color"]) for look in chosen.values()}) == len(titles)
    assert len({look["marker"] for look in chosen.values()}) == len(titles)
    assert chosen["SGD-m"] == looks(["SGD-m"])["SGD-m"]
    assert chosen["RMSprop"] == looks(["RMSProp"])["RMSProp"]


def test_files(tmp_path):
    figure = pictures.draw_observation_two({"SGD": np.zeros((1, 3))})
    paths = pictures.write_figure(figure, tmp_path / "new" / "figure_4.6")
    assert [path.name for path in paths] == ["figure_4.6.png", "figure_4.6.pdf", "figure_4.6.svg"]
    with Image.open(paths[0]) as image:
        image.load()
        assert image.width == round(figure.get_size_inches()[0] * 300)
    assert paths[1].read_bytes().startswith(b"%PDF")
    again = pictures.write_figure(figure, tmp_path / "again" / "figure_4.6")
    assert [p.read_bytes() for p in again] == [p.read_bytes() for p in paths]
    assert len(list((tmp_path / "new").iterdir())) == 3


def test_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    figure = pictures.draw_observation_two({"SGD": np.zeros((1, 3))})
    with pytest.raises(UserError, match="cannot write"):
        pictures.write_figure(figure, tmp_path / "file" / "figure")
