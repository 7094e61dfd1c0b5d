"""The SVHN reader against files that scipy writes in MATLAB's format, as the published ones are."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from nn_experiments.data import svhn
from nn_experiments.data.published import PublishedFile
from theory.common.errors import UserError

DIGITS = np.arange(1, 11, dtype=np.uint8)[:, None]


@pytest.fixture
def X() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (32, 32, 3, 10), dtype=np.uint8)


def write(path: Path, **variables: np.ndarray) -> Path:
    scipy.io.savemat(path, variables, do_compression=True)
    return path


def test_pixels_keep_their_place_and_ten_is_the_digit_zero(tmp_path, X):
    images = svhn.read(write(tmp_path / "train.mat", X=X, y=DIGITS))
    assert images.pixels.shape == (10, 3, 32, 32)
    for n, channel, row, column in [(0, 0, 0, 0), (3, 2, 5, 17), (9, 1, 31, 2)]:
        assert images.pixels[n, channel, row, column] == X[row, column, channel, n]
    assert images.labels.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": DIGITS - 1}, "labels from 0 to 9, got -1 to 8"),
        ({"y": DIGITS + 1}, "got 1 to 10"),
        ({"y": DIGITS[:-1]}, "10 images and 9 labels"),
        ({"y": DIGITS.astype(float)}, "y of integers"),
        ({"X": np.zeros((28, 28, 3, 10), np.uint8)}, r"shape \(32, 32, 3, N\)"),
        ({"X": np.zeros((32, 32, 3, 10))}, "uint8"),
        ({"X": np.zeros((32, 32, 3), np.uint8)}, r"shape \(32, 32, 3, N\)"),
    ],
    ids=["zero", "eleven", "fewer labels", "real labels", "28 pixels", "real pixels", "one image"],
)
def test_what_is_not_svhn_is_named(tmp_path, X, change, message):
    path = write(tmp_path / "train.mat", **({"X": X, "y": DIGITS} | change))
    with pytest.raises(UserError, match=message):
        svhn.read(path)


def test_a_file_without_the_variables_is_named(tmp_path):
    with pytest.raises(UserError, match="expected X"):
        svhn.read(write(tmp_path / "train.mat", Z=DIGITS))


@pytest.mark.parametrize("kept", [0, 60, 127, 200, 5_000])
def test_a_truncated_file_is_named(tmp_path, X, kept):
    path = write(tmp_path / "train.mat", X=X, y=DIGITS)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"train\.mat"):
        svhn.read(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.mat"):
        svhn.read(tmp_path / "nowhere.mat")


def test_a_damaged_published_file_never_reaches_scipy(tmp_path, X, monkeypatch):
    path = write(tmp_path / "train.mat", X=X, y=DIGITS)
    whole = path.read_bytes()
    checksum = f"sha256:{hashlib.sha256(whole).hexdigest()}"
    file = PublishedFile("train.mat", "http://nowhere", checksum, len(whole))
    assert len(svhn.read_published(path, file)) == 10

    monkeypatch.setattr(scipy.io, "loadmat", lambda *_, **__: pytest.fail("scipy was called"))
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(UserError, match=checksum):
        svhn.read_published(path, file)
    path.write_bytes(whole[:-1])
    with pytest.raises(UserError, match=f"{len(whole):,} bytes, got {len(whole) - 1:,} bytes"):
        svhn.read_published(path, file)
