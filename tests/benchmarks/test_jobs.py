"""The jobs of ``python -m simulations bench``, for pytest-benchmark. No time is asserted."""

import pytest

from simulations.bench import FULL, QUICK, jobs


def pytest_generate_tests(metafunc):
    # Without --benchmark-enable each job runs once, and small.
    quick = metafunc.config.getoption("benchmark_disable")
    found = [job for job in jobs(QUICK if quick else FULL) if job.run is not None]
    metafunc.parametrize("job", found, ids=[job.name for job in found])


@pytest.mark.benchmark(warmup=False)
def test_job(benchmark, job):
    benchmark.extra_info["updates"] = job.done
    benchmark.pedantic(job.run, setup=lambda: job.prepare() and None, rounds=5, warmup_rounds=1)
