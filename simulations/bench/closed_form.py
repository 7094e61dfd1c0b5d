"""The closed form's answers: each is T, Δc(T) and the limit cycle of a whole orbit."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from simulations.bench.exact import lattice_starts
from simulations.bench.job import Job
from simulations.study.lattice import closed_forms
from theory.model.limit import closed_form
from theory.model.orbit import Start


def closed_form_jobs(devices: Sequence[str], *, starts: int) -> Iterator[Job]:
    """Yield the jobs, of which an update is an answer.

    Args:
        devices: ``cpu`` and, where there is one, ``gpu``.
        starts: initial weights.

    """
    start = Start(*(x.astype(np.int64) for x in lattice_starts(starts, "int32")))
    baseline = "closed form, JAX cpu"
    for device in devices:
        run = partial(closed_forms, start, device)
        yield Job(f"closed form, JAX {device}", run, starts, starts, baseline, unit="answers")
    numpy = partial(closed_form, start)
    yield Job("closed form, NumPy", numpy, starts, starts, baseline, unit="answers")
