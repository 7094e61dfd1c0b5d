"""The IDX reader against files made by the format's description and against Fashion-MNIST's."""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
import torch

from nn_experiments.data import idx, load, source
from nn_experiments.data.published import Published
from nn_experiments.specs import DataSpec
from theory.common.errors import UserError

PIXELS = bytes(range(2 * 3 * 4))


def header(*shape: int, magic: bytes = b"\0\0\x08") -> bytes:
    return magic + bytes([len(shape)]) + b"".join(struct.pack(">I", n) for n in shape)


def write(path: Path, contents: bytes) -> Path:
    path.write_bytes(gzip.compress(contents) if path.suffix == ".gz" else contents)
    return path


@pytest.fixture(params=["", ".gz"], ids=["plain", "gzip"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    images = write(tmp_path / f"images{request.param}", header(2, 3, 4) + PIXELS)
    labels = write(tmp_path / f"labels{request.param}", header(2) + bytes([9, 0]))
    return images, labels


def test_a_pair_of_files_is_read_in_row_major_order(pair):
    images = idx.read_pair(*pair)
    assert images.pixels.shape == (2, 1, 3, 4)
    assert images.pixels.dtype == torch.uint8
    assert images.pixels[1, 0, 2, 1] == 12 + 2 * 4 + 1
    assert images.labels.tolist() == [9, 0]
    assert images.classes == 10


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (header(2, 3, 4, magic=b"\0\0\x0d") + PIXELS, "starts with 00000803, got 00000d03"),
        (header(2) + bytes(2), "with 3 axes"),
        (header(2, 3, 4) + PIXELS[:-1], "expected 24 bytes after the header"),
        (header(2, 3, 4) + PIXELS + b"\0", "got 25"),
        (header(2, 3, 4)[:9], "IDX file"),
        (b"", "an empty file"),
        (b"<html>404</html>", "got 3c68746d"),
    ],
    ids=["kind", "axes", "short", "long", "header", "empty", "web page"],
)
def test_another_format_is_named(pair, contents, message):
    images, labels = pair
    write(images, contents)
    with pytest.raises(UserError, match=message) as caught:
        idx.read_pair(images, labels)
    assert str(images) in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (header(2) + bytes([0, 10]), "labels from 0 to 9, got 0 to 10"),
        (header(3) + bytes(3), "got 2 images and 3 labels"),
    ],
    ids=["range", "number"],
)
def test_labels_that_do_not_fit_are_named(pair, labels, message):
    write(pair[1], labels)
    with pytest.raises(UserError, match=message):
        idx.read_pair(*pair)


def test_a_data_set_without_images_is_named(tmp_path):
    images = write(tmp_path / "images", header(0, 3, 4))
    labels = write(tmp_path / "labels", header(0))
    with pytest.raises(UserError, match="at least one"):
        idx.read_pair(images, labels)


@pytest.mark.parametrize("kept", [0, 1, 9, 10, 15, 20, -9, -5, -1])
def test_a_compressed_file_cut_anywhere_is_named(tmp_path, kept):
    path = write(tmp_path / "images.gz", header(2, 3, 4) + PIXELS)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"images\.gz"):
        idx.read(path, axes=3)


def test_a_flipped_bit_in_a_compressed_file_is_named(tmp_path):
    path = write(tmp_path / "images.gz", header(2, 3, 4) + PIXELS)
    whole = path.read_bytes()
    for place in range(10, len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(UserError, match=r"images\.gz"):
            idx.read(path, axes=3)


def test_a_missing_file_is_named(pair, tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*nowhere"):
        idx.read_pair(pair[0], tmp_path / "nowhere")


def test_a_truncated_file_is_told_what_it_should_hold(tmp_path):
    path = write(tmp_path / "images.gz", header(2, 3, 4) + PIXELS)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(UserError, match=r"images\.gz: .* should have the checksum md5:0c1. Get"):
        idx.read(path, axes=3, checksum="md5:0c1")


def test_contents_are_checked_not_how_they_are_compressed(tmp_path):
    contents = header(2, 3, 4) + PIXELS
    md5 = f"md5:{hashlib.md5(contents).hexdigest()}"
    for name in ("images", "images.gz"):
        path = write(tmp_path / name, contents)
        assert idx.read(path, 3, md5).shape == (2, 3, 4)
        write(path, contents[:-1] + b"\0")
        with pytest.raises(UserError, match=md5):
            idx.read(path, 3, md5)


def test_published_images_are_those_that_numpy_reads(fashion_mnist: Published):
    folder = fashion_mnist.installed
    assert folder is not None
    images, labels = (folder / file.name for file in fashion_mnist.files[2:])
    read = idx.read_pair(images, labels)
    with gzip.open(images) as file:
        expected = np.frombuffer(file.read(), np.uint8, offset=16).reshape(10_000, 1, 28, 28)
    with gzip.open(labels) as file:
        expected_labels = np.frombuffer(file.read(), np.uint8, offset=8)
    assert np.array_equal(read.pixels.numpy(), expected)
    assert np.array_equal(read.labels.numpy(), expected_labels)


def own(folder: Path, suffix: str = "", **changed: bytes) -> Path:
    """Files of one's own: three classes of 5 × 4 pixels, six to train on and four to test on."""
    pixels = bytes(range(200))
    contents = {
        "train_images": header(6, 5, 4) + pixels[:120],
        "train_labels": header(6) + bytes([0, 1, 2, 2, 1, 0]),
        "test_images": header(4, 5, 4) + pixels[120:],
        "test_labels": header(4) + bytes([2, 2, 0, 1]),
    } | changed
    for name, content in contents.items():
        part, what = name.split("_")
        axes = {"images": "idx3", "labels": "idx1"}[what]
        file = f"{ {'train': 'train', 'test': 't10k'}[part] }-{what}-{axes}-ubyte{suffix}"
        write(folder / file, content)
    return folder


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_ones_own_files_are_a_data_set_of_any_size(suffix, tmp_path):
    own(tmp_path, suffix)
    data = load(DataSpec(f"idx:{tmp_path}"))
    assert (data.shape, data.classes) == ((1, 5, 4), 3)
    assert data.train.labels.tolist() == [0, 1, 2, 2, 1, 0]
    assert data.train.pixels[1, 0, 0, 0] == 20
    # The first three to test on are one of each class; an image keeps its label.
    assert sorted(data.test.labels[:3].tolist()) == [0, 1, 2]
    labels = {120: 2, 140: 2, 160: 0, 180: 1}
    assert [labels[int(p)] for p in data.test.pixels[:, 0, 0, 0]] == data.test.labels.tolist()
    assert source(f"idx:{tmp_path}") == str(tmp_path)


def test_a_plain_file_is_read_before_a_compressed_one(tmp_path):
    own(own(tmp_path), ".gz", train_labels=header(6) + bytes(6))
    assert idx.read_own(tmp_path)[0].classes == 3


OWN_FAULTS = {
    "kind": ({"train_images": header(6, 5, 4, magic=b"\0\0\x0d") + bytes(120)}, "starts with 0000"),
    "short": ({"test_images": header(4, 5, 4) + bytes(79)}, "expected 80 bytes after the header"),
    "long": ({"test_labels": header(4) + bytes(5)}, "expected 4 bytes after the header"),
    "images for labels": ({"train_labels": header(6, 1, 1) + bytes(6)}, "IDX file of bytes with 1"),
    "empty": ({"train_images": b""}, "got an empty file"),
    "fewer labels": (
        {"train_labels": header(5) + bytes([0, 1, 2, 2, 1])},
        "a label for each image",
    ),
    "none": ({"test_images": header(0, 5, 4), "test_labels": header(0)}, "and at least one, got 0"),
    "a gap": ({"train_labels": header(6) + bytes([1, 1, 3, 3, 1, 1])}, "none that is 0 or 2"),
    "a class": ({"test_labels": header(4) + bytes([0, 1, 2, 3])}, "0 to 2, got 3 too"),
    "a size": ({"test_images": header(4, 4, 5) + bytes(80)}, "got 4 × 5 and 5 × 4"),
}


@pytest.mark.parametrize("fault", OWN_FAULTS)
def test_faults_of_ones_own_files_are_named(fault, tmp_path):
    changed, message = OWN_FAULTS[fault]
    with pytest.raises(UserError, match=message) as caught:
        load(DataSpec(f"idx:{own(tmp_path, **changed)}"))
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("part", ["train", "t10k"])
@pytest.mark.parametrize("what", ["images-idx3", "labels-idx1"])
def test_a_missing_file_of_ones_own_is_named(part, what, tmp_path):
    (own(tmp_path) / f"{part}-{what}-ubyte").unlink()
    with pytest.raises(UserError, match=f"got no {part}-{what}-ubyte. Put it there"):
        load(DataSpec(f"idx:{tmp_path}"))


def test_a_folder_of_ones_own_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match="nowhere: expected train-images-idx3-ubyte"):
        load(DataSpec(f"idx:{tmp_path / 'nowhere'}"))
