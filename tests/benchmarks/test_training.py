"""An epoch of ``python -m nn_experiments bench``, for pytest-benchmark. No time is asserted."""

import pytest
import torch

from nn_experiments.bench.training import OPTIMIZERS, fashion_like, loops
from nn_experiments.specs import DataSpec, ModelSpec, RunSpec, TrainingSpec


@pytest.mark.benchmark(group="training", warmup=False)
@pytest.mark.parametrize("loop", ["plain", "ours"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda spec: spec.name)
def test_epoch(benchmark, optimizer, loop):
    # Without --benchmark-enable each job runs once, and small.
    quick = not benchmark.enabled
    training = TrainingSpec(batch_size=4 if quick else 128)
    spec = RunSpec(DataSpec(), ModelSpec(), optimizer, training, 0)
    images = fashion_like(training.batch_size * (1 if quick else 8))
    plain, ours = loops(spec, images, torch.device("cpu"))
    benchmark.extra_info["images"] = len(images)
    benchmark.pedantic(plain if loop == "plain" else ours, rounds=5, warmup_rounds=1)
