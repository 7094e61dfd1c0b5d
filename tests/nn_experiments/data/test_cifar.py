"""The CIFAR reader against records laid out by numpy, which knows nothing of it."""

from pathlib import Path

import numpy as np
import pytest

from nn_experiments.data import cifar
from theory.common.errors import UserError


def write(path: Path, n: int, labels: dict[str, np.ndarray], seed: int = 0) -> np.ndarray:
    fields = [(name, "u1") for name in labels] + [("pixels", "u1", (3, 32, 32))]
    records = np.zeros(n, dtype=fields)
    for name, values in labels.items():
        records[name] = values
    records["pixels"] = np.random.default_rng(seed).integers(0, 256, (n, 3, 32, 32))
    records.tofile(path)
    return records


def test_cifar10_is_read_file_after_file(tmp_path):
    paths = [tmp_path / "1.bin", tmp_path / "2.bin"]
    records = np.concatenate(
        [write(path, 4, {"label": np.arange(4) + k}, k) for k, path in enumerate(paths)]
    )
    images = cifar.read(paths, classes=10)
    assert np.array_equal(images.pixels.numpy(), records["pixels"])
    assert images.labels.tolist() == [0, 1, 2, 3, 1, 2, 3, 4]


def test_cifar100_has_its_fine_labels(tmp_path):
    path = tmp_path / "train.bin"
    records = write(path, 5, {"coarse": np.full(5, 19), "fine": np.arange(95, 100)})
    images = cifar.read([path], classes=100)
    assert np.array_equal(images.pixels.numpy(), records["pixels"])
    assert images.labels.tolist() == [95, 96, 97, 98, 99]
    assert images.classes == 100


@pytest.mark.parametrize("cut", [1, 3072], ids=["a byte", "all but the label"])
def test_a_truncated_file_is_named(tmp_path, cut):
    path = tmp_path / "1.bin"
    write(path, 2, {"label": np.arange(2)})
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(UserError, match=r"1\.bin: expected records of 3,073 bytes"):
        cifar.read([path], classes=10)


def test_an_empty_file_is_named(tmp_path):
    path = tmp_path / "1.bin"
    path.touch()
    with pytest.raises(UserError, match="got 0 bytes"):
        cifar.read([path], classes=10)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*1\.bin"):
        cifar.read([tmp_path / "1.bin"], classes=10)


def test_labels_out_of_range_are_named(tmp_path):
    path = tmp_path / "1.bin"
    write(path, 2, {"label": np.array([3, 10])})
    with pytest.raises(UserError, match="labels from 0 to 9, got 3 to 10"):
        cifar.read([path], classes=10)


def test_the_other_cifar_is_no_whole_number_of_records(tmp_path):
    path = tmp_path / "train.bin"
    write(path, 5, {"coarse": np.full(5, 1), "fine": np.arange(5)})
    with pytest.raises(UserError, match="3,073 bytes each"):
        cifar.read([path], classes=10)


def test_only_ten_or_a_hundred_classes_exist(tmp_path):
    with pytest.raises(ValueError, match="10 or 100"):
        cifar.read([tmp_path / "1.bin"], classes=20)
