"""The phase diagram as one asks for it: all starts, the simulation, the figure and the report."""

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from simulations.bench.job import Job
from simulations.studies.phase_diagram.settings import PhaseDiagram
from simulations.studies.phase_diagram.study import run
from theory.common.progress import unheard

_MOST_REPEATS: Final = 3


def phase_diagram_jobs(_: Sequence[str], *, points: int) -> Iterator[Job]:
    """Yield the command, compilation included, at ``points`` × ``points`` points a diagram."""
    settings = PhaseDiagram(points=points, device="cpu")
    starts = points**2 * (2 + len(settings.sizes))
    name = f"phase diagram, {points:,} × {points:,}"
    yield Job(
        name,
        partial(_answer, settings),
        starts,
        starts,
        name,
        check=_agreed,
        unit="starts",
        most_repeats=_MOST_REPEATS,
    )


def _answer(settings: PhaseDiagram) -> int:
    with tempfile.TemporaryDirectory() as folder:
        _, exit_code = run(settings, Path(folder), unheard)
    return exit_code


def _agreed(exit_code: int) -> str:
    if exit_code:
        raise RuntimeError("phase diagram: two routes disagree where they may not")
    return "closed form, simulation and condition agree wherever they have to"
