"""Data sets by name: what is found where, what is downloaded, and what is refused."""

import gzip
import hashlib
import io
import os
import re
import resource
import shutil
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torch
from PIL import Image

from nn_experiments.__main__ import main
from nn_experiments.data import catalogue, describe, folders, load, search, source
from nn_experiments.data.published import PUBLISHED, Published, PublishedFile
from nn_experiments.specs import DataSpec
from theory.errors import UserError

BY_NAME = {data_set.name: data_set for data_set in PUBLISHED}


def describing(path: Path, address: str = "http://127.0.0.1:9/") -> PublishedFile:
    """Say of a file that was just made that it is the published one."""
    contents = path.read_bytes()
    checksum = f"sha256:{hashlib.sha256(contents).hexdigest()}"
    return PublishedFile(path.name, address + path.name, checksum, len(contents))


def tar_of(folder: Path, archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as opened:
        opened.add(folder, folder.name)


def png(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8), level, np.uint8)).save(path)


@pytest.fixture
def small_cifar(site: tuple[Path, str], tmp_path: Path) -> Published:
    """CIFAR-10 of two images a file, on a server on this machine."""
    served, address = site
    folder = tmp_path / "made" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    records = np.zeros((12, 3073), np.uint8)
    records[:, 0] = np.arange(12) % 10
    records[:, 1:] = 10 * np.arange(12)[:, None]
    for k, name in enumerate([*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]):
        records[2 * k : 2 * k + 2].tofile(folder / f"{name}.bin")
    tar_of(folder, served / "cifar-10-binary.tar.gz")
    file = describing(served / "cifar-10-binary.tar.gz", address)
    return replace(BY_NAME["cifar10"], files=(file,), images=(10, 2))


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


def test_an_unknown_name_is_told_the_names():
    with pytest.raises(UserError, match=r"mnist, .*synthetic-high, or folder:PATH .*'mnits'"):
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


def test_a_failed_download_is_told_what_to_put_where(tmp_path):
    file = PublishedFile("a.mat", "http://127.0.0.1:9/a.mat", "md5:0")
    with pytest.raises(UserError, match=r"(?s)cannot download .*Put the published files into"):
        catalogue.obtain(replace(BY_NAME["svhn"], files=(file, file)), tmp_path)


def places(data_set: Published, tmp_path: Path) -> list[Path]:
    """Where files may be, from what counts first to what counts last."""
    argument, variable = tmp_path / "argument", tmp_path / "variable"
    cache = tmp_path / "cache/theory-first-verifier"
    below = data_set.folders
    return [
        *(argument / folder for folder in below),
        argument,
        *(variable / folder for folder in below),
        variable,
        tmp_path / "system",
        *(cache / folder for folder in below),
    ]


def test_places_count_in_their_order(fashion_mnist, tmp_path, monkeypatch):
    monkeypatch.setenv(search.VARIABLE, str(tmp_path / "variable"))
    data_set = replace(fashion_mnist, installed=tmp_path / "system")
    for folder in reversed(places(data_set, tmp_path)):
        folder.mkdir(parents=True, exist_ok=True)
        for file in data_set.files:
            (folder / file.name).touch()
        found = search.find(data_set, tmp_path / "argument")
        assert found is not None
        assert found.folder == folder


def put(files: Iterable[PublishedFile], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file.name).touch()


@pytest.mark.parametrize("below", ["", "fashion-mnist", "FashionMNIST/raw"])
@pytest.mark.parametrize("by", ["argument", "variable"])
def test_a_named_folder_that_lacks_files_is_refused(
    fashion_mnist, tmp_path, monkeypatch, by, below
):
    """Another copy would be there, and used in silence."""
    put(BY_NAME["fashion-mnist"].files[:-2], tmp_path / below)
    data_dir = tmp_path if by == "argument" else None
    if by == "variable":
        monkeypatch.setenv(search.VARIABLE, str(tmp_path))
    missing = "t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz are missing"
    told = f"{tmp_path / below}: expected all of fashion-mnist, but {missing}. Put"
    for refused in (load, lambda spec, **where: source(spec.name, **where)):
        with pytest.raises(UserError, match=re.escape(told)):
            refused(DataSpec("fashion-mnist"), data_dir=data_dir, download=False)
    rows = {row[0]: row for row in describe(data_dir).rows}
    assert rows["fashion-mnist"][4] == f"{tmp_path / below}, incomplete"


def test_the_folder_that_is_named_first_is_the_one_that_counts(
    fashion_mnist, tmp_path, monkeypatch
):
    first, second = tmp_path / "argument", tmp_path / "variable"
    put(fashion_mnist.files[:-1], first)
    put(fashion_mnist.files, second)
    monkeypatch.setenv(search.VARIABLE, str(second))
    found = search.find(fashion_mnist, first)
    assert found == search.Part(first, ("t10k-labels-idx1-ubyte.gz",), published=True)
    # Another copy in the same folder is the user's as well.
    put(fashion_mnist.files, first / "FashionMNIST/raw")
    found = search.find(fashion_mnist, first)
    assert isinstance(found, search.Place)
    assert found.folder == first / "FashionMNIST/raw"


@pytest.mark.parametrize("below", ["", "cifar10"])
def test_unpacked_files_of_which_some_are_missing_are_named(small_cifar, tmp_path, below):
    folder = tmp_path / "data" / below
    shutil.copytree(tmp_path / "made", folder, dirs_exist_ok=True)
    (folder / "cifar-10-batches-bin/data_batch_3.bin").unlink()
    told = "but cifar-10-batches-bin/data_batch_3.bin is missing"
    # Unpacking the archive beside them would not replace them.
    for download in (False, True):
        with pytest.raises(UserError, match=told):
            catalogue.obtain(small_cifar, tmp_path / "data", download)
    assert not list(tmp_path.rglob("data/**/*.tar.gz"))


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


def test_which_copy_is_used_is_said(fashion_mnist, tmp_path, monkeypatch, capsys):
    system = str(fashion_mnist.installed)
    assert source("fashion-mnist") == system
    elsewhere = f"{system}, as there are none in {tmp_path}"
    assert source("fashion-mnist", tmp_path) == elsewhere
    assert main(["data", "fashion-mnist", "--data-dir", str(tmp_path)]) == 0
    assert f"From: {elsewhere}\n" in capsys.readouterr().out
    monkeypatch.setenv(search.VARIABLE, str(tmp_path))
    assert source("fashion-mnist") == elsewhere
    own = tmp_path / "fashion-mnist"
    shutil.copytree(system, own)
    assert source("fashion-mnist") == source("fashion-mnist", tmp_path) == str(own)
    assert source("mnist", tmp_path) == f"to be downloaded to {tmp_path / 'mnist'}"
    assert source("mnist", tmp_path, download=False) == "not found"
    assert source("synthetic", tmp_path) == "made by the project"
    assert source("folder:mine") == "mine"
    with pytest.raises(UserError, match="got 'mnits'"):
        source("mnits")


def test_uncompressed_files_do_as_well(fashion_mnist, tmp_path):
    for file in fashion_mnist.files:
        with gzip.open(fashion_mnist.installed / file.name) as compressed:
            (tmp_path / file.name.removesuffix(".gz")).write_bytes(compressed.read())
    images = catalogue.obtain(replace(fashion_mnist, installed=None), tmp_path, download=False)
    assert [len(part) for part in images] == [60_000, 10_000]


def test_fashion_mnist_is_not_taken_for_mnist(fashion_mnist, tmp_path):
    shutil.copytree(fashion_mnist.installed, tmp_path / "mnist")
    with pytest.raises(UserError, match="another data set's") as caught:
        load(DataSpec("mnist"), data_dir=tmp_path, download=False)
    assert BY_NAME["mnist"].files[0].contents in str(caught.value)


def test_a_file_instead_of_a_folder_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="expected a folder with data sets, got a file"):
        load(DataSpec("mnist"), data_dir=tmp_path / "file")
    monkeypatch.setenv(search.VARIABLE, str(tmp_path / "file"))
    with pytest.raises(UserError, match="expected a folder"):
        describe()


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


def test_a_folder_that_cannot_be_looked_into_is_named(fashion_mnist, tmp_path, monkeypatch):
    def denied(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", denied)
    with pytest.raises(UserError, match=f"cannot look into {tmp_path}.*Permission denied"):
        search.held(fashion_mnist, tmp_path)


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


def test_the_table_says_what_is_where(fashion_mnist, small_cifar, tmp_path):
    table = describe(tmp_path / "made")
    rows = {row[0]: row[1:] for row in table.rows}
    assert list(rows) == [*BY_NAME, "synthetic", "synthetic-high"]
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
