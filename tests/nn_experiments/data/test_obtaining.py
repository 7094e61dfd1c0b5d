"""From published files, downloaded and unpacked, to images; and what is refused on the way."""

import io
import os
import resource
import shutil
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torch

from nn_experiments.data import catalogue, folders, load, search
from nn_experiments.data.published import PublishedFile
from nn_experiments.specs import DataSpec
from tests.nn_experiments.data.made import BY_NAME, describing, png, tar_of
from theory.common.errors import UserError


def test_a_failed_download_is_told_what_to_put_where(tmp_path):
    file = PublishedFile("a.mat", "http://127.0.0.1:9/a.mat", "md5:0")
    with pytest.raises(UserError, match=r"(?s)cannot download .*Put the published files into"):
        catalogue.obtain(replace(BY_NAME["svhn"], files=(file, file)), tmp_path)


def test_a_download_that_was_interrupted_goes_on(site, tmp_path):
    served, address = site
    X = np.zeros((32, 32, 3, 2), np.uint8)
    for name in ("train_32x32.mat", "test_32x32.mat"):
        scipy.io.savemat(served / name, {"X": X, "y": np.array([[10], [1]], np.uint8)})
    files = tuple(describing(served / file.name, address) for file in BY_NAME["svhn"].files)
    data_set = replace(BY_NAME["svhn"], files=files, images=(2, 2))
    folder = tmp_path / "data" / "svhn"
    folder.mkdir(parents=True)
    shutil.copy(served / "train_32x32.mat", folder)
    with pytest.raises(UserError, match=r"test_32x32\.mat is missing"):
        catalogue.obtain(data_set, tmp_path / "data", download=False)
    # What another folder lacks is not downloaded beside it.
    with pytest.raises(UserError, match=r"test_32x32\.mat is missing"):
        catalogue.obtain(data_set, folder)
    train, _ = catalogue.obtain(data_set, tmp_path / "data")
    assert train.labels.tolist() == [0, 1]


def test_fashion_mnist_is_not_taken_for_mnist(fashion_mnist, tmp_path):
    shutil.copytree(fashion_mnist.installed, tmp_path / "mnist")
    with pytest.raises(UserError, match="another data set's") as caught:
        load(DataSpec("mnist"), data_dir=tmp_path, download=False)
    assert BY_NAME["mnist"].files[0].contents in str(caught.value)


def test_an_archive_is_downloaded_checked_unpacked_and_read(small_cifar, tmp_path):
    train, test = catalogue.obtain(small_cifar, tmp_path / "data")
    assert train.labels.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert train.pixels[:, 0, 0, 0].tolist() == [10 * k for k in range(10)]
    assert test.labels.tolist() == [0, 1]
    folder = tmp_path / "data/cifar10"
    assert {path.name for path in folder.iterdir()} == {
        "cifar-10-batches-bin",
        "cifar-10-binary.tar.gz",
    }
    (folder / "cifar-10-binary.tar.gz").unlink()
    again = catalogue.obtain(small_cifar, tmp_path / "data", download=False)
    assert torch.equal(again[0].pixels, train.pixels)


def test_an_archive_where_nothing_can_be_written_is_unpacked_in_the_cache(
    small_cifar, site, tmp_path, monkeypatch
):
    place = search.held(small_cifar, site[0])
    assert place is not None
    assert place.packed
    # Permissions do not stop the superuser, who runs tests in some places.
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != site[0])
    catalogue.read(small_cifar, place)
    assert (tmp_path / "cache/theory-first-verifier/cifar10/cifar-10-batches-bin").is_dir()
    assert [path.name for path in site[0].iterdir()] == ["cifar-10-binary.tar.gz"]


def test_a_damaged_archive_is_named_and_not_unpacked(small_cifar, site):
    archive = site[0] / "cifar-10-binary.tar.gz"
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(UserError, match=small_cifar.files[0].checksum):
        catalogue.obtain(small_cifar, site[0], download=False)
    assert [path.name for path in site[0].iterdir()] == [archive.name]


def test_an_archive_that_lacks_files_is_named(small_cifar, site, tmp_path):
    (tmp_path / "made/cifar-10-batches-bin/test_batch.bin").unlink()
    archive = site[0] / "cifar-10-binary.tar.gz"
    tar_of(tmp_path / "made/cifar-10-batches-bin", archive)
    data_set = replace(small_cifar, files=(describing(archive),))
    with pytest.raises(UserError, match=r"expected all of .* got less"):
        catalogue.obtain(data_set, site[0], download=False)


def test_an_incomplete_folder_stays_and_is_named(small_cifar, site):
    mine = site[0] / "cifar-10-batches-bin/mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(UserError, match=f"{mine.parent}: expected all .* got less"):
        catalogue.obtain(small_cifar, site[0], download=False)
    assert list(mine.parent.iterdir()) == [mine]


@pytest.mark.usefixtures("capsys")  # so that what is printed goes to no file
def test_a_full_disk_leaves_the_archive_and_nothing_half_written(small_cifar, tmp_path):
    """No file may become larger than 1,000 bytes, which the archive is not and its files are."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    folder = tmp_path / "data/cifar10"
    assert small_cifar.files[0].size is not None
    assert small_cifar.files[0].size < 1000
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        with pytest.raises(UserError, match=f"cannot unpack .* in {folder}: File too large"):
            catalogue.obtain(small_cifar, tmp_path / "data")
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        with pytest.raises(UserError, match=r"cannot download .* File too large"):
            catalogue.obtain(small_cifar, tmp_path / "other")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in folder.iterdir()] == ["cifar-10-binary.tar.gz"]
    assert not list((tmp_path / "other/cifar10").iterdir())
    assert len(catalogue.obtain(small_cifar, tmp_path / "data", download=False)[0]) == 10


def test_unpacked_files_of_another_number_are_named(small_cifar, tmp_path):
    with pytest.raises(UserError, match=r"50,000 \+ 10,000 images .* got 10 \+ 2 images"):
        catalogue.obtain(BY_NAME["cifar10"], tmp_path / "made", download=False)


def test_svhn_is_found_and_checked(tmp_path):
    X = np.zeros((32, 32, 3, 2), np.uint8)
    for name in ("train_32x32.mat", "test_32x32.mat"):
        scipy.io.savemat(tmp_path / name, {"X": X, "y": np.array([[10], [1]], np.uint8)})
    files = tuple(describing(tmp_path / file.name) for file in BY_NAME["svhn"].files)
    data_set = replace(BY_NAME["svhn"], files=files, images=(2, 2))
    train, _ = catalogue.obtain(data_set, tmp_path, download=False)
    assert train.labels.tolist() == [0, 1]
    with pytest.raises(UserError, match="182,040,794 bytes"):
        catalogue.obtain(BY_NAME["svhn"], tmp_path, download=False)


@pytest.fixture
def _small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("read_caltech101", "read_imagenette"):
        read = getattr(folders, name)
        monkeypatch.setattr(folders, name, lambda folder, read=read: read(folder, 8))


@pytest.mark.usefixtures("_small_pictures")
def test_caltech101_is_a_tar_file_in_a_zip_file(tmp_path):
    for c in range(3):
        for k in range(5):
            png(tmp_path / f"101_ObjectCategories/class{c}/image_{k:04}.jpg", 80 * c)
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w:gz") as opened:
        opened.add(tmp_path / "101_ObjectCategories", "101_ObjectCategories")
    shutil.rmtree(tmp_path / "101_ObjectCategories")
    archive = tmp_path / "caltech101/caltech-101.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("caltech-101/101_ObjectCategories.tar.gz", inner.getvalue())
        opened.writestr("__MACOSX/caltech-101/._101_ObjectCategories.tar.gz", b"")
    data_set = replace(
        BY_NAME["caltech101"],
        files=(describing(archive),),
        images=(15,),
        classes=3,
        shape=(3, 8, 8),
    )
    train, test = catalogue.obtain(data_set, tmp_path, download=False)
    assert (len(train), len(test)) == (12, 3)
    # They count before the archive, wherever they are found.
    archive.unlink()
    again = catalogue.obtain(data_set, tmp_path, download=False)
    assert torch.equal(again[0].pixels, train.pixels)


@pytest.mark.usefixtures("_small_pictures")
def test_imagenette_is_unpacked(tmp_path):
    for part in ("train", "val"):
        for name in ("n01", "n02"):
            png(tmp_path / f"imagenette2-320/{part}/{name}/1.JPEG", 0)
    tar_of(tmp_path / "imagenette2-320", tmp_path / "imagenette2-320.tgz")
    data_set = replace(
        BY_NAME["imagenette"],
        files=(describing(tmp_path / "imagenette2-320.tgz"),),
        images=(2, 2),
        classes=2,
        shape=(3, 8, 8),
    )
    shutil.rmtree(tmp_path / "imagenette2-320")
    train, test = catalogue.obtain(data_set, tmp_path, download=False)
    assert (train.labels.tolist(), sorted(test.labels.tolist())) == ([0, 1], [0, 1])
