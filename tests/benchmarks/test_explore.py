"""Steps of the fast transform beside dense ones, and the cost of a step against d log d.

``ns_per_d_log_d`` is the time of a step of one run over d log₂ d: a cost of O(d log d) keeps it
from growing. No time is asserted.
"""

import numpy as np
import pytest

from simulations.explore.rules import update_rule
from simulations.explore.spectrum import Irrelevant, Normal, PowerLaw, Regression
from simulations.explore.train import train
from simulations.explore.transform import FAST, dense

RULE = update_rule("Adam", 0.01)
ROUNDS = 3


def runs_of(d, seeds):
    problem = Regression(PowerLaw(d, 1.5), Irrelevant.highest(d // 4, d), Normal(), Normal(0.1))
    return problem.runs(range(seeds))


def steps(benchmark, runs, iterations, **options):
    """Time ``iterations`` updates of all runs, and say what one costs."""

    def job():
        return train(runs, RULE, iterations=iterations, **options)

    outcome = benchmark.pedantic(job, rounds=ROUNDS, warmup_rounds=1)
    assert np.isfinite(outcome.e_tilde).all()
    if benchmark.stats is not None:
        per_run = benchmark.stats.stats.median / iterations / len(runs) * 1e9
        benchmark.extra_info["runs"], benchmark.extra_info["d"] = len(runs), runs.d
        benchmark.extra_info["ns_per_run_and_step"] = per_run
        benchmark.extra_info["ns_per_d_log_d"] = per_run / (runs.d * np.log2(runs.d))


@pytest.mark.benchmark(group="one step, d = 1024, 10,000 seeds", warmup=False)
@pytest.mark.parametrize("route", ["fast", "dense"])
def test_fast_and_dense_step(benchmark, route):
    # Without --benchmark-enable each job runs once, and small.
    d, seeds = (1024, 10_000) if benchmark.enabled else (16, 8)
    # Enough steps that what surrounds them is small beside them.
    transform, iterations = {"fast": (FAST, 10), "dense": (dense(d), 1)}[route]
    steps(benchmark, runs_of(d, seeds), iterations, transform=transform)


@pytest.mark.benchmark(group="a step against d log d", warmup=False)
@pytest.mark.parametrize("d", [64, 128, 256, 512, 1024, 2048, 4096])
def test_cost_of_a_step(benchmark, d):
    runs = runs_of(d, 2**16 // d) if benchmark.enabled else runs_of(16, 2)
    steps(benchmark, runs, 20 if benchmark.enabled else 2)
