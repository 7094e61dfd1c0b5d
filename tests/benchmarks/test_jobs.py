"""The jobs of ``python -m simulations bench``, for pytest-benchmark. No time is asserted."""

import pytest

from simulations.bench import FULL, QUICK, jobs


def pytest_generate_tests(metafunc):
    names = [job.name for job in jobs(QUICK) if job.run is not None]
    metafunc.parametrize("name", names)


@pytest.mark.benchmark(warmup=False)
def test_job(benchmark, name):
    # Without --benchmark-enable each job runs once, and small.
    job = next(job for job in jobs(FULL if benchmark.enabled else QUICK) if job.name == name)
    benchmark.extra_info["updates"] = job.done
    benchmark.pedantic(job.run, setup=lambda: job.prepare() and None, rounds=5, warmup_rounds=1)
