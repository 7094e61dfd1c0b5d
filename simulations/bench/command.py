"""The command ``bench``: which jobs there are, how large, and the tables."""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import jax

from simulations.bench.closed_form import closed_form_jobs
from simulations.bench.exact import exact_jobs
from simulations.bench.job import Job, Measurement, measure
from simulations.bench.limits import limit_jobs
from simulations.bench.phase_diagram import phase_diagram_jobs
from simulations.bench.population import population_jobs
from simulations.bench.pytorch import pytorch
from simulations.bench.table import checks, tables
from simulations.bench.training import training_jobs
from simulations.bench.transform import dimension_jobs, transform_jobs
from simulations.engine.device import resolve
from theory.common.console import console
from theory.common.errors import UserError

_WIDTH: Final = 110
_NO_SHARES: Final = (
    "Small sizes, to see that it runs: no share of the machine's limits is told, as neither the "
    "limits nor the jobs reach their speed."
)


@dataclass(frozen=True)
class Sizes:
    """How much work the jobs do.

    Attributes:
        rounds: of the loops that measure the machine's limits.
        matrix: rows of the matrices that do.
        iterations: iterations of the training job.
        sampled: iterations done, and scaled up, with sampled minibatches in JAX.
        torch: the same for the PyTorch loop.
        loader: the same for the loop that builds a DataLoader at every iteration.
        starts: initial weights of the population job.
        steps: steps of the population job.
        exact_starts: initial weights of the exact population job.
        exact_steps: steps of the exact population job.
        exact_done: steps that its slow rivals do, scaled up.
        solved: starts that the closed form is evaluated for.
        d: dimension of the transforms compared.
        seeds: runs that take steps with them.
        fast: steps with the fast transform.
        dimensions: values of d of the steps held against d log d.
        numbers: that all runs of one of these hold.
        points: along each axis of the phase diagram.

    """

    rounds: int
    matrix: int
    iterations: int
    sampled: int
    torch: int
    loader: int
    starts: int
    steps: int
    exact_starts: int
    exact_steps: int
    exact_done: int
    solved: int
    d: int
    seeds: int
    fast: int
    dimensions: tuple[int, ...]
    numbers: int
    points: int


FULL: Final = Sizes(
    rounds=80_000,
    matrix=2048,
    iterations=200_001,
    sampled=4_000,
    torch=400,
    loader=200,
    starts=1_000_000,
    steps=100,
    exact_starts=10_000_000,
    exact_steps=1_920,
    exact_done=20,
    solved=1_000_000,
    d=1024,
    seeds=10_000,
    fast=10,
    dimensions=(3, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096),
    numbers=2**20,
    points=1000,
)
QUICK: Final = Sizes(
    rounds=5,
    matrix=16,
    iterations=500,
    sampled=20,
    torch=5,
    loader=2,
    starts=2_000,
    steps=10,
    exact_starts=2_000,
    exact_steps=320,
    exact_done=2,
    solved=2_000,
    d=16,
    seeds=8,
    fast=2,
    dimensions=(3, 16),
    numbers=64,
    points=4,
)


def _limits(sizes: Sizes, _: Sequence[str]) -> Iterator[Job]:
    return limit_jobs(sizes.rounds, sizes.matrix)


def _training(sizes: Sizes, devices: Sequence[str]) -> Iterator[Job]:
    return training_jobs(
        devices,
        whole=sizes.iterations,
        sampled=sizes.sampled,
        torch_loop=sizes.torch,
        loader=sizes.loader,
    )


def _population(sizes: Sizes, devices: Sequence[str]) -> Iterator[Job]:
    return population_jobs(devices, starts=sizes.starts, steps=sizes.steps)


def _exact(sizes: Sizes, devices: Sequence[str]) -> Iterator[Job]:
    return exact_jobs(
        devices, starts=sizes.exact_starts, steps=sizes.exact_steps, done=sizes.exact_done
    )


def _closed_form(sizes: Sizes, devices: Sequence[str]) -> Iterator[Job]:
    return closed_form_jobs(devices, starts=sizes.solved)


def _transform(sizes: Sizes, _: Sequence[str]) -> Iterator[Job]:
    return transform_jobs(d=sizes.d, seeds=sizes.seeds, fast=sizes.fast, slow=1)


def _dimension(sizes: Sizes, _: Sequence[str]) -> Iterator[Job]:
    return dimension_jobs(dimensions=sizes.dimensions, numbers=sizes.numbers, steps=2 * sizes.fast)


def _phase_diagram(sizes: Sizes, _: Sequence[str]) -> Iterator[Job]:
    return phase_diagram_jobs(points=sizes.points)


JOBS: Final[Mapping[str, Callable[[Sizes, Sequence[str]], Iterator[Job]]]] = MappingProxyType(
    {
        "limits": _limits,
        "training": _training,
        "population": _population,
        "exact": _exact,
        "closed-form": _closed_form,
        "transform": _transform,
        "dimension": _dimension,
        "phase-diagram": _phase_diagram,
    }
)
"""The jobs that ``--job`` names; each is compared in a table of its own."""


def jobs(sizes: Sizes, device: str = "auto", job: str = "") -> Iterator[Job]:
    """Yield all jobs, or the limits and one; those on a GPU only where ``device`` finds one.

    Raises:
        DeviceError: the device is not there.
        UserError: there is no such job.

    """
    if job and job not in JOBS:
        raise UserError(f"job: expected one of {', '.join(JOBS)}, got {job!r}")
    devices = ["cpu", "gpu"] if resolve(device).platform == "gpu" else ["cpu"]
    for name, of in JOBS.items():
        if not job or name in ("limits", job):
            yield from of(sizes, devices)


def _hardware() -> str:
    torch = pytorch()
    versions = f"JAX {jax.__version__}, " + (
        f"PyTorch {torch.__version__}" if torch else "no PyTorch"
    )
    devices = ", ".join({device.device_kind for device in jax.devices()})
    return f"{os.cpu_count()} CPU cores, {devices}; {versions}"


def main(quick: bool = False, repeats: int = 5, device: str = "auto", job: str = "") -> None:
    """Measure jobs, and print each table as soon as its jobs are measured.

    On a terminal, standard error says what is being measured.

    Args:
        quick: small sizes, to see that everything runs; the numbers mean nothing, and shares of
            limits are left out.
        repeats: timed runs of each job.
        device: ``auto``, ``cpu`` or ``gpu``; the jobs on the CPU always run.
        job: one of :data:`JOBS`, measured besides the limits; all if empty.

    Raises:
        DeviceError: the device is not there.
        UserError: there is no such job.
        ValueError: ``repeats`` is out of range.

    """
    screen = console()
    screen.width = max(_WIDTH, screen.width)
    rates: dict[str, float] = {}
    asked = jobs(QUICK if quick else FULL, device, job)
    of_baselines = itertools.groupby(asked, lambda each: each.baseline)
    for number, (_, of_baseline) in enumerate(of_baselines):
        group = [_measured(each, repeats) for each in of_baseline]
        if number == 0:
            screen.print(f"On {_hardware()}")
            if quick:
                screen.print(_NO_SHARES)
        if not quick:
            rates |= {m.job.name: m.rate for m in group if m.seconds}
        for shown in (*tables(group, rates), *checks(group)):
            screen.print(shown)


def _measured(job: Job, repeats: int) -> Measurement:
    with console(stderr=True).status(f"measuring {job.name}"):
        return measure(job, repeats)
