"""The sweep, what it found, and what had to hold."""

from pathlib import Path
from typing import NamedTuple

from simulations.evidence import Check
from simulations.questions.answer import Progress
from simulations.questions.remedies.checks import checks_of
from simulations.questions.remedies.rows import Row, rows_of
from simulations.questions.remedies.runs import SWEEP, computation, sweep_for
from simulations.questions.remedies.settings import Remedies
from simulations.questions.rounding import pairs
from simulations.questions.sweeps import columns_of, combinations


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
