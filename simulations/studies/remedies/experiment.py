"""The sweep, what it found, and what had to hold."""

from pathlib import Path
from typing import NamedTuple

from simulations.studies.remedies.checks import checks_of
from simulations.studies.remedies.rows import Row, rows_of
from simulations.studies.remedies.runs import SWEEP, computation, sweep_for
from simulations.studies.remedies.settings import Remedies
from simulations.study.evidence import Check
from simulations.study.rounding import pairs
from simulations.study.sweeps import columns_of, combinations
from theory.common.progress import Progress


class Experiment(NamedTuple):
    """What was found: the rows, and what had to hold."""

    rows: list[Row]
    checks: dict[str, Check]


def run_experiment(settings: Remedies, folder: Path, progress: Progress) -> Experiment:
    """Compute, or go on with, the sweep in ``folder``; ``progress`` is told of points done.

    Raises:
        UserError: the folder holds sweeps of other settings or of other code, or cannot be
            written.

    """
    sweep = sweep_for(settings)
    asked = {SWEEP: (computation(sweep), sweep)}
    columns = columns_of(asked, folder, settings.device, progress)
    rows = rows_of(settings, pairs(combinations(sweep, columns[SWEEP])))
    return Experiment(rows, checks_of(settings, rows))
