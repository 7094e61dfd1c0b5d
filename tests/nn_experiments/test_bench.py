"""The benchmarks' command runs, on little work."""

from functools import partial

import pytest

from nn_experiments import bench
from nn_experiments.loading import Loader
from nn_experiments.specs import DataSpec


@pytest.fixture(autouse=True)
def little(monkeypatch):
    short = partial(bench.bench_training, steps=1, batch_size=4)
    monkeypatch.setattr(bench, "bench_training", short)
    monkeypatch.setattr(bench, "_DATA", DataSpec("synthetic", train_images=16, test_images=2))
    monkeypatch.setattr(bench, "bench_memory", partial(bench.bench_memory, images=200))
    monkeypatch.setattr(bench, "_EPOCHS", 1)
    monkeypatch.setattr(bench, "_RADII", {"l2": ("0.1", "4.0")})


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_all_kinds_of_work_are_measured(device, tmp_path):
    (_, training), (title, attacks), (_, memory) = bench.tables(
        1, device, Loader(tmp_path, download=False)
    )
    assert [row[0].partition(",")[0] for row in training.rows] == ["SGD", "Adam", "RMSprop"]
    assert "2 images, 1 network(s), l2 radii 0.1 and 4.0" in title
    assert attacks.rows[0][0] == "reference"
    assert all(float(row[1]) >= 0 for row in attacks.rows)
    _, *parts, peak, ratio = map(float, memory.rows[0][1:-1])
    # Four numbers are rounded to a megabyte, and the ratio to two digits.
    assert abs(ratio * sum(parts) - peak) <= 0.5 + 1.5 * ratio + 0.005 * sum(parts)
