"""The attack engines on the two-layer CNN, for pytest-benchmark. No time is asserted."""

import pytest
import torch

from nn_experiments.bench.attacks import bench_attacks
from nn_experiments.data.images import Images
from nn_experiments.models import build
from nn_experiments.specs import ModelSpec


def _case(n):
    """An untrained network, and images that it classifies correctly, as what they look like."""
    network = build(ModelSpec(), (1, 28, 28), 10, 0)
    pixels = torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    return network, Images(pixels, network(pixels).argmax(1).detach(), 10)


@pytest.mark.benchmark(warmup=False, group="attacks")
def test_engines(benchmark):
    # Without --benchmark-enable it runs once, and small.
    quick = not benchmark.enabled
    torch.set_num_threads(1)
    network, images = _case(2 if quick else 64)
    radii = ("0.05", "0.1") if quick else ("0.005", "0.01")
    rows = benchmark.pedantic(
        bench_attacks, args=([network], images, "linf", radii, 1), rounds=1 if quick else 3
    )
    assert [row.name for row in rows][:2] == ["reference", "batched"]
    for row in rows:
        benchmark.extra_info[row.name] = {"seconds": row.seconds, "accuracy": row.accuracy}
