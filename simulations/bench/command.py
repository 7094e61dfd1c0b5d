"""The command ``bench``: which jobs there are, how large, and the tables."""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

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


Sizes: TypeAlias = Mapping[str, Mapping[str, Any]]
"""How much work the jobs of each name do: the arguments of what yields them."""

FULL: Final[Sizes] = MappingProxyType(
    {
        "limits": {"rounds": 80_000, "size": 2048},
        "training": {"whole": 200_001, "sampled": 4_000, "torch_loop": 400, "loader": 200},
        "population": {"starts": 1_000_000, "steps": 100},
        "exact": {"starts": 10_000_000, "steps": 1_920, "done": 20},
        "closed-form": {"starts": 1_000_000},
        "transform": {"d": 1024, "seeds": 10_000, "fast": 10, "slow": 1},
        "dimension": {
            "dimensions": (3, *(2**n for n in range(2, 13))),
            "numbers": 2**20,
            "steps": 20,
        },
        "phase-diagram": {"points": 1000},
    }
)
QUICK: Final[Sizes] = MappingProxyType(
    {
        "limits": {"rounds": 5, "size": 16},
        "training": {"whole": 500, "sampled": 20, "torch_loop": 5, "loader": 2},
        "population": {"starts": 2_000, "steps": 10},
        "exact": {"starts": 2_000, "steps": 320, "done": 2},
        "closed-form": {"starts": 2_000},
        "transform": {"d": 16, "seeds": 8, "fast": 2, "slow": 1},
        "dimension": {"dimensions": (3, 16), "numbers": 64, "steps": 4},
        "phase-diagram": {"points": 4},
    }
)

JOBS: Final[Mapping[str, Callable[..., Iterator[Job]]]] = MappingProxyType(
    {
        "limits": limit_jobs,
        "training": training_jobs,
        "population": population_jobs,
        "exact": exact_jobs,
        "closed-form": closed_form_jobs,
        "transform": transform_jobs,
        "dimension": dimension_jobs,
        "phase-diagram": phase_diagram_jobs,
    }
)
"""The jobs that ``--job`` names; each is compared in a table of its own.

What yields them takes the devices, ``cpu`` and, where there is one, ``gpu``, and its sizes.
"""


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
            yield from of(devices, **sizes.get(name, {}))


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
