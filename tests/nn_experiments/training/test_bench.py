from nn_experiments import models
from nn_experiments.specs import ModelSpec
from nn_experiments.training.bench import FLOPS_PER_IMAGE, HEADER, bench_training
from nn_experiments.training.memory import bench_memory


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


def test_memory():
    found = bench_memory(images=2000)
    assert found.data == 2000 * (28 * 28 + 8)
    # Four numbers a weight: itself, its gradient, and Adam's two; and a count of steps a tensor.
    weights = sum(p.numel() for p in models.build(ModelSpec(), (1, 28, 28), 10, 0).parameters())
    assert 0 <= found.state - 4 * 4 * weights < 100
    # Of each image: itself, and what each convolution and its ReLU give, once.
    outputs = 16 * 27**2 + 32 * 26**2
    assert found.activations >= 128 * 4 * (28**2 + outputs)
    assert found.peak > found.state
