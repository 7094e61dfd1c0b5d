from nn_experiments import models
from nn_experiments.specs import ModelSpec
from nn_experiments.training.bench import FLOPS_PER_IMAGE, HEADER, bench_training


def test_arithmetic_is_what_torch_counts():
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    model = models.build(ModelSpec(), (1, 28, 28), 10, 0)
    with FlopCounterMode(display=False) as counter:
        model(torch.rand(3, 1, 28, 28)).sum().backward()
    assert counter.get_total_flops() == 3 * FLOPS_PER_IMAGE


def test_rows():
    found = bench_training(rounds=2, steps=1, batch_size=4, threads=1)
    assert [bench.optimizer for bench in found if bench.precision == "fp32"] == [
        "SGD", "Adam", "RMSprop",
    ]  # fmt: skip
    for bench in found:
        assert len(bench.cells()) == len(HEADER)
        assert len(bench.ratios) == 2
        assert min(bench.ratios) <= bench.ratio <= max(bench.ratios)
