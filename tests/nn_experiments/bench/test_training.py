import pytest
import torch

from nn_experiments import models
from nn_experiments.bench import training as training_bench
from nn_experiments.bench.training import FLOPS_PER_IMAGE, HEADER, bench_training
from nn_experiments.specs import ModelSpec


def test_arithmetic_is_what_torch_counts():
    from torch.utils.flop_counter import FlopCounterMode

    model = models.build(ModelSpec(), (1, 28, 28), 10, 0)
    with FlopCounterMode(display=False) as counter:
        model(torch.rand(3, 1, 28, 28)).sum().backward()
    assert counter.get_total_flops() == 3 * FLOPS_PER_IMAGE


@pytest.mark.parametrize("precisions", [["fp32"], ["fp32", "bf16"]])
def test_rows(precisions, monkeypatch):
    monkeypatch.setattr(training_bench, "has_bf16", lambda device: len(precisions) > 1)
    found = bench_training(rounds=2, steps=1, batch_size=4, threads=1)
    assert [(bench.optimizer, bench.precision) for bench in found] == [
        (optimizer, precision)
        for optimizer in ("SGD", "Adam", "RMSprop")
        for precision in precisions
    ]
    for bench in found:
        assert len(bench.cells()) == len(HEADER)
        assert len(bench.ratios) == 2
        assert min(bench.ratios) <= bench.ratio <= max(bench.ratios)


@pytest.mark.parametrize("supported", [False, True])
def test_bf16_is_measured_where_a_device_has_it(supported, monkeypatch):
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: supported)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: not supported)
    assert training_bench.has_bf16(torch.device("cpu")) is supported
    assert training_bench.has_bf16(torch.device("cuda")) is not supported
