"""Image folders, made with Pillow; resizing is held against torch's own."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nn_experiments.data import folders
from theory.common.errors import UserError


def save(path: Path, array: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def colors(seed: int, height: int = 5, width: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Two classes; three images of each to train on, two to test on."""
    for c, name in enumerate(("cat", "dog")):
        for k in range(3):
            save(tmp_path / f"train/{name}/{k}.png", colors(10 * c + k))
        for k in range(2):
            save(tmp_path / f"test/{name}/{k}.png", colors(100 + 10 * c + k))
    return tmp_path


def test_ones_own_images_are_read_as_they_are_stored(own):
    train, test = folders.read_own(own)
    assert train.shape == (3, 5, 4)
    assert train.labels.tolist() == [0, 0, 0, 1, 1, 1]
    for n, seed in enumerate((0, 1, 2, 10, 11, 12)):
        assert np.array_equal(train.pixels[n].permute(1, 2, 0).numpy(), colors(seed))
    assert sorted(test.labels.tolist()) == [0, 0, 1, 1]
    assert sorted(test.labels[:2].tolist()) == [0, 1]


def test_gray_images_have_one_channel_only_if_all_are_gray(tmp_path):
    gray = np.random.default_rng(0).integers(0, 256, (5, 4), dtype=np.uint8)
    for part in ("train", "test"):
        save(tmp_path / part / "cat/1.png", gray)
    train, _ = folders.read_own(tmp_path)
    assert np.array_equal(train.pixels.numpy(), gray[None, None])
    save(tmp_path / "test/cat/2.png", colors(0))
    train, _ = folders.read_own(tmp_path)
    assert np.array_equal(train.pixels.numpy(), np.stack([gray] * 3)[None])


def test_only_images_count(own):
    expected, _ = folders.read_own(own)
    (own / "train/cat/.hidden.png").write_text("no image")
    (own / "train/cat/notes.txt").write_text("no image")
    (own / "train/.cache").mkdir()
    (own / "train/readme.png").write_text("not in a class")
    assert torch.equal(folders.read_own(own)[0].pixels, expected.pixels)


def test_an_image_may_be_named_by_another_format(own):
    expected, _ = folders.read_own(own)
    (own / "train/cat/0.png").rename(own / "train/cat/0.JPEG")
    assert torch.equal(folders.read_own(own)[0].pixels, expected.pixels)


def test_an_image_of_another_size_is_named(own):
    path = save(own / "test/dog/9.png", colors(0, 4, 5))
    with pytest.raises(UserError, match=r"expected 4 × 5 pixels, .* got 5 × 4") as caught:
        folders.read_own(own)
    assert str(path) in str(caught.value)


def test_a_class_that_cannot_be_learned_is_named(own):
    save(own / "test/fox/1.png", colors(0))
    with pytest.raises(UserError, match="fox"):
        folders.read_own(own)


def test_a_class_without_images_to_train_on_is_named(own):
    for path in (own / "train/dog").iterdir():
        path.unlink()
    with pytest.raises(UserError, match="expected images of each class, got none of dog"):
        folders.read_own(own)


def test_transparency_is_named(own):
    Image.fromarray(np.zeros((5, 4, 4), np.uint8), "RGBA").save(own / "train/cat/9.png")
    with pytest.raises(UserError, match=r"9\.png: .* mode RGBA"):
        folders.read_own(own)


def test_sixteen_bits_are_named(own):
    Image.fromarray(np.zeros((5, 4), np.uint16)).save(own / "train/cat/9.png")
    with pytest.raises(UserError, match=r"9\.png: .* mode I;16"):
        folders.read_own(own)


@pytest.mark.parametrize("kept", [0, 8, 30, 60, 90])
def test_a_damaged_image_is_named(own, kept):
    path = own / "train/cat/1.png"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"train/cat/1\.png"):
        folders.read_own(own)


def test_missing_folders_and_images_are_named(own, tmp_path):
    with pytest.raises(UserError, match=r"nowhere/train.*one folder a class"):
        folders.read_own(tmp_path / "nowhere")
    for path in (own / "test").rglob("*.png"):
        path.unlink()
    with pytest.raises(UserError, match=r"test: expected images \(\.png"):
        folders.read_own(own)
    for path in (own / "test").iterdir():
        path.rmdir()
    with pytest.raises(UserError, match="got none"):
        folders.read_own(own)


def imagenette(folder: Path, height: int, width: int) -> Path:
    for part, classes in (("train", ("n01", "n02")), ("val", ("n01", "n02"))):
        for c, name in enumerate(classes):
            for k in range(2):
                save(folder / part / name / f"{k}.png", colors(c + k, height, width))
    return folder


@pytest.mark.parametrize(("height", "width"), [(64, 64), (70, 96), (96, 70), (20, 31), (33, 200)])
def test_the_shorter_side_is_resized_and_the_center_cropped(tmp_path, height, width):
    size = 48
    train, test = folders.read_imagenette(imagenette(tmp_path, height, width), size)
    assert train.pixels.shape == (4, 3, size, size)
    assert test.pixels.shape == (4, 3, size, size)
    shorter = min(height, width)
    resized = torch.nn.functional.interpolate(
        torch.from_numpy(colors(0, height, width)).permute(2, 0, 1)[None].float(),
        size=(round(height * size / shorter), round(width * size / shorter)),
        mode="bilinear",
        antialias=True,
    )[0]
    top, left = (resized.shape[1] - size) // 2, (resized.shape[2] - size) // 2
    expected = resized[:, top : top + size, left : left + size]
    # Pillow rounds to bytes after each axis: half a level, which the other axis's weights, positive
    # and of sum 1, do not increase, and half a level again. They are fixed-point numbers of 22
    # bits. There are no more than 200 of them, so that this costs 255 · 200 · 2⁻²³ < 0.01 at most.
    assert (train.pixels[0].float() - expected).abs().max() < 1.01
    shifted = resized.roll((1, 1), (1, 2))[:, top : top + size, left : left + size]
    assert (train.pixels[0].float() - shifted).abs().max() > 1.01


def test_imagenette_is_tested_on_its_validation_images_in_fair_order(tmp_path):
    train, test = folders.read_imagenette(imagenette(tmp_path, 8, 8), 8)
    assert train.labels.tolist() == [0, 0, 1, 1]
    assert sorted(test.labels[:2].tolist()) == [0, 1]
    assert np.array_equal(train.pixels[1].permute(1, 2, 0).numpy(), colors(1, 8, 8))


def test_caltech101_is_divided_without_its_background(tmp_path):
    counts = {"BACKGROUND_Google": 7, "Faces": 11, "ant": 4, "wrench": 5}
    for name, count in counts.items():
        for k in range(count):
            number = 40 * sorted(counts).index(name) + k
            save(tmp_path / name / f"image_{k:04}.png", np.full((6, 6), number, np.uint8))
    train, test = folders.read_caltech101(tmp_path, 6)
    assert train.classes == 3
    assert torch.bincount(train.labels).tolist() == [9, 4, 4]
    assert torch.bincount(test.labels, minlength=3).tolist() == [2, 0, 1]
    assert train.shape == (3, 6, 6)
    train_numbers, test_numbers = (part.pixels[:, 0, 0, 0].tolist() for part in (train, test))
    every = [40 * c + k for c, n in ((1, 11), (2, 4), (3, 5)) for k in range(n)]
    assert sorted(train_numbers + test_numbers) == every
    for part in (train, test):
        assert torch.equal(part.labels, part.pixels[:, 0, 0, 0].long() // 40 - 1)
    again = folders.read_caltech101(tmp_path, 6)
    assert torch.equal(again[1].pixels, test.pixels)
