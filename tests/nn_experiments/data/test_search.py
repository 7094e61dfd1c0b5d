"""Where data sets are looked for, and what is said of a folder that lacks files."""

import gzip
import re
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from nn_experiments.__main__ import main
from nn_experiments.data import catalogue, describe, load, search, source
from nn_experiments.data.published import Published, PublishedFile
from nn_experiments.specs import DataSpec
from tests.nn_experiments.data.made import BY_NAME
from theory.common.errors import UserError


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


def test_a_file_instead_of_a_folder_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="expected a folder with data sets, got a file"):
        load(DataSpec("mnist"), data_dir=tmp_path / "file")
    monkeypatch.setenv(search.VARIABLE, str(tmp_path / "file"))
    with pytest.raises(UserError, match="expected a folder"):
        describe()


def test_a_folder_that_cannot_be_looked_into_is_named(fashion_mnist, tmp_path, monkeypatch):
    def denied(_: Path) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "is_file", denied)
    with pytest.raises(UserError, match=f"cannot look into {tmp_path}.*Permission denied"):
        search.held(fashion_mnist, tmp_path)
