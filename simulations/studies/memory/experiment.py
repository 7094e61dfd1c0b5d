"""The sweeps, what they found, and signGD's closed form beside it."""

from pathlib import Path
from typing import NamedTuple

from simulations.studies.memory.checks import against_closed_form
from simulations.studies.memory.rows import Row, rows_of
from simulations.studies.memory.runs import COMPUTATION, sweeps_of
from simulations.studies.memory.settings import Memory
from simulations.study.evidence import Check
from simulations.study.quartiles import Quartiles, quartiles
from simulations.study.sweeps import columns_of
from theory.common.progress import Progress


class Experiment(NamedTuple):
    """What was found.

    Attributes:
        rows: of each sweep, by name.
        closed_form: signGD's movement in Figure 4.7's problem by its closed form, quartiles over
            the seeds.
        checks: Adam without memory against that closed form.

    """

    rows: dict[str, list[Row]]
    closed_form: Quartiles
    checks: dict[str, Check]


def run_experiment(settings: Memory, folder: Path, progress: Progress) -> Experiment:
    """Compute, or go on with, all sweeps in ``folder``; ``progress`` is told of points done.

    Raises:
        UserError: the folder holds sweeps of other settings or of other code, or cannot be
            written.

    """
    sweeps = sweeps_of(settings)
    asked = {name: (COMPUTATION, sweep) for name, sweep in sweeps.items()}
    columns = columns_of(asked, folder, settings.device, progress)
    rows = {name: list(rows_of(sweep, columns[name])) for name, sweep in sweeps.items()}
    moved, check = against_closed_form(settings)
    return Experiment(rows, quartiles(moved), {"no_memory_is_signgd": check})
