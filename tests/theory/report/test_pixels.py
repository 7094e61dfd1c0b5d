"""Pixels are packed: pictures without loss, and noisy maps with their colours kept."""

import base64
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from theory.report import pixels
from theory.report.figures import figure
from theory.report.pixels import LEVELS, SQUARE, packed


def png(values: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(values.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def pixels_of(data: bytes) -> np.ndarray:
    with Image.open(BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"), float)


def noisy(noise: float, size: int = 64) -> np.ndarray:
    """A map from one colour to another with noise from pixel to pixel, shape (size, size, 3)."""
    part = np.linspace(0, 1, size)[:, None] + noise * np.random.default_rng(1).normal(
        size=(size, size)
    )
    ends = np.array([[30.0, 90, 200], [240, 160, 40]])
    return np.rint(np.clip(ends[0] + part[..., None] * (ends[1] - ends[0]), 0, 255))


def squares(values: np.ndarray) -> np.ndarray:
    """Mean colours of squares, one by one."""
    rows, columns = values.shape[0] // SQUARE, values.shape[1] // SQUARE
    return np.array(
        [
            [
                values[SQUARE * i : SQUARE * (i + 1), SQUARE * j : SQUARE * (j + 1)].mean((0, 1))
                for j in range(columns)
            ]
            for i in range(rows)
        ]
    )


def test_a_picture_keeps_each_pixel() -> None:
    """Smooth colours, where WebP is smaller; noise too, as long as it is not said to be a map's."""
    x = np.linspace(0, 255, 96)
    for values in (np.stack(np.broadcast_arrays(x, x[:, None], 128), -1).round(), noisy(0.03)):
        before = png(values)
        kind, data = packed("image/png", before)
        assert kind == "image/webp"
        assert len(data) < len(before)
        assert np.array_equal(pixels_of(data), values.astype(np.uint8))


@pytest.fixture
def any_map_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packing a large one without loss takes seconds."""
    monkeypatch.setattr(pixels, "_LARGE", 1000)


@pytest.mark.usefixtures("any_map_is_large")
def test_a_noisy_map_keeps_its_colours_and_loses_bytes() -> None:
    values = noisy(0.03)
    _, exact = packed("image/png", png(values))
    kind, data = packed("image/png", png(values), is_map=True)
    assert kind == "image/webp"
    assert len(data) < len(exact) / 2
    lost = np.abs(squares(pixels_of(data)) - squares(values))
    assert 0 < lost.max() <= LEVELS


@pytest.mark.usefixtures("any_map_is_large")
def test_a_map_that_would_change_its_colours_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: at the least quality the squares are off by more than they may be."""
    values = noisy(0.03)
    monkeypatch.setattr(pixels, "_QUALITY", 0)
    _, data = packed("image/png", png(values), is_map=True)
    assert np.array_equal(pixels_of(data), values)


def test_a_small_map_stays() -> None:
    values = noisy(0.03)
    _, data = packed("image/png", png(values), is_map=True)
    assert len(data) < pixels._LARGE
    assert np.array_equal(pixels_of(data), values)


@pytest.mark.usefixtures("any_map_is_large")
def test_a_transparent_map_stays() -> None:
    values = np.dstack([noisy(0.03), np.full((64, 64), 128)])
    _, data = packed("image/png", png(values), is_map=True)
    with Image.open(BytesIO(data)) as image:
        assert np.array_equal(np.asarray(image), values.astype(np.uint8))


def test_pixels_of_other_kinds_stay() -> None:
    assert packed("image/jpeg", b"anything") == ("image/jpeg", b"anything")


@pytest.mark.usefixtures("any_map_is_large")
@pytest.mark.parametrize("is_noisy", [False, True], ids=["plain", "noisy"])
def test_a_map_in_a_drawing_is_packed(tmp_path: Path, is_noisy: bool) -> None:
    canvas = Figure(figsize=(1, 1))
    shades = noisy(0.02 * is_noisy)[..., 0]
    canvas.add_axes((0, 0, 1, 1)).imshow(shades, cmap="gray", rasterized=True)
    canvas.savefig(tmp_path / "map.svg", dpi=100)
    svg = next(figure(tmp_path / "map.svg", "A map").iter("svg"))
    (image,) = svg.iter("image")
    kind, _, data = image.get("href", "").partition(";base64,")
    assert kind == "data:image/webp"
    is_exact = b"VP8L" in base64.b64decode(data)[:64]  # the format's name for what loses nothing
    assert is_exact is not is_noisy
    with Image.open(BytesIO(base64.b64decode(data))) as shown:
        assert shown.size[0] >= 100
