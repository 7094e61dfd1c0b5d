"""Data sets by name: what a spec asks of them, and what is told of them."""

import hashlib
from dataclasses import replace

import pytest
import torch

from nn_experiments.data import catalogue, describe, load, search, source
from nn_experiments.data.published import PUBLISHED
from nn_experiments.specs import DataSpec
from tests.nn_experiments.data.made import BY_NAME, png
from theory.common.errors import UserError


def test_fashion_mnist_is_found_where_debian_installs_it(fashion_mnist):
    data = load(DataSpec("fashion-mnist"), download=False)
    assert (len(data.train), len(data.test), data.shape) == (60_000, 10_000, (1, 28, 28))
    assert torch.bincount(data.train.labels).tolist() == [6_000] * 10
    assert torch.bincount(data.test.labels).tolist() == [1_000] * 10
    assert data.validation is None
    # The mean and standard deviation that are commonly quoted: 0.2860 and 0.3530.
    assert data.train.pixels.float().mean().item() / 255 == pytest.approx(0.2860, abs=5e-5)
    assert data.train.pixels.float().std().item() / 255 == pytest.approx(0.3530, abs=5e-5)


def test_a_spec_divides_the_images(fashion_mnist):
    spec = DataSpec("fashion-mnist", train_images=1000, validation_images=500, test_images=200)
    data = load(spec)
    assert data.validation is not None
    assert torch.bincount(data.train.labels).tolist() == [100] * 10
    assert torch.bincount(data.validation.labels).tolist() == [50] * 10
    shared = {image.numpy().tobytes() for image in data.train.pixels} & {
        image.numpy().tobytes() for image in data.validation.pixels
    }
    assert not shared
    larger = load(replace(spec, train_images=2000, test_images=None))
    assert torch.equal(data.test.pixels, larger.test.pixels[:200])
    assert len(larger.test) == 10_000
    assert {image.numpy().tobytes() for image in data.train.pixels} <= {
        image.numpy().tobytes() for image in larger.train.pixels
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train_images": 5}, "train_images: expected at most 4, .* got 5"),
        ({"train_images": 4, "validation_images": 1}, "train_images: expected at most 3"),
        ({"validation_images": 4}, "validation_images: expected fewer than the 4"),
        ({"test_images": 3}, "test_images: expected at most 2, .* got 3"),
    ],
    ids=["train", "train and validation", "validation", "test"],
)
def test_more_images_than_there_are_is_named(tmp_path, change, message):
    for part, n in (("train", 4), ("test", 2)):
        for k in range(n):
            png(tmp_path / f"{part}/cat/{k}.png", k)
    with pytest.raises(UserError, match=message):
        load(DataSpec(f"folder:{tmp_path}", **change))


def test_synthetic_images_need_no_files():
    data = load(DataSpec("synthetic-high", train_images=100), download=False)
    assert data.name == "synthetic-high"
    assert torch.bincount(data.train.labels).tolist() == [10] * 10


def test_ones_own_folder_is_loaded(tmp_path):
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            png(tmp_path / part / name / "1.png", 7)
    data = load(DataSpec(f"folder:{tmp_path}"))
    assert data.shape == (1, 8, 8)
    assert data.classes == 2


def test_a_folder_without_a_path_is_not_the_working_directory():
    for use in (lambda name: load(DataSpec(name)), source):
        for kind in ("folder:", "idx:"):
            with pytest.raises(UserError, match=f"a folder of your own images, {kind}PATH"):
                use(kind)


def test_a_folder_that_is_not_there_is_not_listed(tmp_path):
    with pytest.raises(UserError, match=r"--data-dir: expected a folder .*nowhere, which is not"):
        describe(tmp_path / "nowhere")


def test_an_unknown_name_is_told_the_names():
    with pytest.raises(
        UserError, match=r"mnist, .*synthetic-high, or folder:PATH or idx:PATH .*'mnits'"
    ):
        load(DataSpec("mnits"))


@pytest.mark.parametrize("name", [data_set.name for data_set in PUBLISHED])
def test_what_is_not_found_is_told_what_to_put_where(name, tmp_path, monkeypatch):
    data_set = replace(BY_NAME[name], installed=None)
    monkeypatch.setenv(search.VARIABLE, str(tmp_path / "variable"))
    with pytest.raises(UserError, match=f"{name}: not found") as caught:
        catalogue.obtain(data_set, tmp_path / "argument", download=False)
    for file in data_set.files:
        assert f"{file.name} " in str(caught.value)
        assert file.url in str(caught.value)
    for looked_into in ("argument", "variable", "cache"):
        assert f"{tmp_path / looked_into}" in str(caught.value)
    assert f"into {tmp_path / 'argument' / name}:" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_the_table_says_what_is_where(fashion_mnist, small_cifar, tmp_path):
    table = describe(tmp_path / "made")
    rows = {row[0]: row[1:] for row in table.rows}
    assert list(rows) == [*BY_NAME, "synthetic", "synthetic-high", "folder:PATH", "idx:PATH"]
    assert rows["fashion-mnist"] == (
        "60,000 + 10,000",
        "28 × 28 × 1",
        "10",
        "/usr/share/datasets/fashion-mnist",
        "MD5 of the contents",
    )
    assert rows["cifar10"][3:] == (
        str(tmp_path / "made"),
        "number, size and format of unpacked files",
    )
    assert rows["svhn"][3:] == ("not found", "SHA256")
    assert rows["caltech101"] == ("8,677", "224 × 224 × 3", "101", "not found", "MD5")
    assert rows["synthetic"][3] == "made by the project"
    assert "| imagenette | 9,469 + 3,925 |" in table.markdown()


def test_published_files_are_described_whole():
    for data_set in PUBLISHED:
        assert (data_set.archive is None) == (data_set.format in ("idx", "svhn"))
        for file in data_set.files:
            assert file.url.endswith(f"/{file.name}")
            for checksum in filter(None, (file.checksum, file.contents)):
                algorithm, _, digits = checksum.partition(":")
                assert len(bytes.fromhex(digits)) == hashlib.new(algorithm).digest_size
    checksums = [file.checksum for data_set in PUBLISHED for file in data_set.files]
    assert len(set(checksums)) == len(checksums)
