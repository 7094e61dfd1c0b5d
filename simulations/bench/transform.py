"""Steps beyond three dimensions: the fast transform beside a dense one, and against d log d.

The rule is Adam, which acts in space: a step is a cosine transform, its inverse and O(d) more.
"""

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from simulations.bench.job import Count, Job
from simulations.engine.outcome import Outcome
from simulations.engine.rules import update_rule
from simulations.engine.spectrum import Irrelevant, Normal, PowerLaw, Regression, Runs
from simulations.engine.train import train
from simulations.engine.transform import FAST, Transform, dense

_ETA: Final = 0.01
_DECAY: Final = 1.5
# A transform of d real numbers takes 5/2 d log₂ d operations, and a product with a matrix 2d².
_FAST_FACTOR: Final = 2.5
_DENSE_FACTOR: Final = 2.0
# Time is told for as many times d log₂ d.
_WHOLE: Final = 10**9


def transform_jobs(_: Sequence[str], *, d: int, seeds: int, fast: int, slow: int) -> Iterator[Job]:
    """Yield the fast step and the dense one, each of ``seeds`` runs in dimension d.

    Args:
        d: dimension.
        seeds: runs.
        fast: steps done with the fast transform: enough that what surrounds them is small.
        slow: steps done with the dense one, scaled up.

    """
    runs, whole = _runs(d, seeds), seeds * fast
    baseline = f"fast transform, d = {d:,}"
    operations = 2 * _FAST_FACTOR * d * math.log2(d)
    yield Job(
        baseline,
        partial(_train, runs, fast, FAST),
        whole,
        whole,
        baseline,
        count=Count(operations, "float64"),
        unit="steps",
    )
    yield Job(
        f"dense d × d transform, d = {d:,}",
        partial(_train, runs, slow, dense(d)),
        seeds * slow,
        whole,
        baseline,
        count=Count(2 * _DENSE_FACTOR * d**2, "float64"),
        unit="steps",
    )


def dimension_jobs(
    _: Sequence[str], *, dimensions: Sequence[int], numbers: int, steps: int
) -> Iterator[Job]:
    """Yield ``steps`` steps in each dimension; the times are for 10⁹ times d log₂ d.

    A cost of O(d log d) a step keeps the times from growing with d.

    Args:
        dimensions: values of d.
        numbers: that all runs together hold: there are ``numbers`` // d runs.
        steps: steps of each run.

    """
    baseline = f"d = {dimensions[-1]:,}"
    for d in dimensions:
        runs = _runs(d, max(1, numbers // d))
        done = round(len(runs) * steps * d * math.log2(d))
        run = partial(_train, runs, steps, FAST)
        yield Job(f"d = {d:,}", run, done, _WHOLE, baseline, unit="d log₂ d")


def _runs(d: int, seeds: int) -> Runs:
    irrelevant = Irrelevant.highest(max(1, d // 4), d)
    problem = Regression(PowerLaw(d, _DECAY), irrelevant, Normal(), Normal(0.1))
    return problem.runs(range(seeds))


def _train(runs: Runs, steps: int, transform: Transform) -> Outcome:
    rule = update_rule("Adam", _ETA)
    return train(runs, rule, iterations=steps, transform=transform, device="cpu")
