"""The benchmarks' command runs, on little work."""

from contextlib import contextmanager
from functools import partial

import pytest

from nn_experiments.__main__ import main
from nn_experiments.bench import tables as bench
from nn_experiments.bench import training as training_bench
from nn_experiments.data.loader import Loader
from nn_experiments.specs import DataSpec


@pytest.fixture(autouse=True)
def little(monkeypatch):
    short = partial(bench.bench_training, steps=1, batch_size=4)
    monkeypatch.setattr(bench, "bench_training", short)
    monkeypatch.setattr(bench, "_DATA", DataSpec("synthetic", train_images=16, test_images=2))
    monkeypatch.setattr(bench, "bench_memory", partial(bench.bench_memory, images=200))
    monkeypatch.setattr(bench, "_EPOCHS", 1)
    monkeypatch.setattr(bench, "_RADII", {"l2": ("0.1", "4.0")})


PRECISIONS = {False: ["fp32"], True: ["fp32", "bf16"]}


@pytest.mark.parametrize("device", ["auto", "cpu"])
@pytest.mark.parametrize("bf16", [False, True])
def test_all_kinds_of_work_are_measured(device, bf16, tmp_path, monkeypatch):
    monkeypatch.setattr(training_bench, "has_bf16", lambda device: bf16)
    told = {}

    @contextmanager
    def watch(name):
        told[name] = []
        yield lambda doing, share: told[name].append((doing, share))

    (_, training), (title, attacks), (_, memory) = bench.tables(
        1, device, Loader(tmp_path, download=False), watch
    )
    assert [row[0].split(", ")[:2] for row in training.rows] == [
        [optimizer, precision]
        for optimizer in ("SGD", "Adam", "RMSprop")
        for precision in PRECISIONS[bf16]
    ]
    assert "2 images, 1 network, l2 radii 0.1 and 4.0" in title
    # What a bf16 row's ratio is to, too.
    assert {"plain loop, fp32 (ms a step)", "ratio of plain fp32 to ours"} <= set(training.header)
    assert attacks.rows[0][0] == "reference"
    assert all(float(row[1]) >= 0 for row in attacks.rows)
    _, *parts, peak, ratio = map(float, memory.rows[0][1:-1])
    # Four numbers are rounded to a megabyte, and the ratio to two digits.
    assert abs(ratio * sum(parts) - peak) <= 0.5 + 1.5 * ratio + 0.005 * sum(parts)

    assert list(told) == ["training", "networks to attack", "l2 attacks", "memory"]
    for name, steps in told.items():
        assert sum(share for _, share in steps) == pytest.approx(1), name
    assert told["l2 attacks"][0] == ("reference, round 1 of 1", 0.0)


def test_what_is_measured_is_told_while_it_is(tmp_path, capsys):
    assert main(["bench", "--repeats", "1", "--device", "cpu", "--data-dir", str(tmp_path)]) == 0
    printed, told = capsys.readouterr()
    assert "training: 0 %, SGD, fp32" in told
    assert "l2 attacks: 0 %, reference, round 1 of 1" in told
    assert "memory: 0 %, process 1 of 1" in told
    assert "round" not in printed.replace("rounds", "")
