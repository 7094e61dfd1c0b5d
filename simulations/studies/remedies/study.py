"""Try remedies for the gap between adaptive rules and GD, draw and tell what they do."""

from pathlib import Path

from simulations.studies.remedies.draw import draw
from simulations.studies.remedies.experiment import run_experiment
from simulations.studies.remedies.report import (
    CAPTION,
    alternative,
    report,
    results,
    statement,
    tables,
)
from simulations.studies.remedies.settings import Remedies
from simulations.study.answer import Answer, Drawing, answered
from theory.common.progress import Progress


def answer(settings: Remedies, out: Path, progress: Progress) -> Answer:
    """Return what the remedies do, drawn and in words.

    The sweep is in ``sweeps`` in ``out``, with which an interrupted run goes on. What has to hold
    are the closed form of penalised GD and a bound on weights under weight decay.
    """
    experiment = run_experiment(settings, out / "sweeps", progress)
    title = "What remedies close of the gap to GD"
    return Answer(
        drawings=(
            Drawing(
                *("remedies", title, draw(settings, experiment)),
                alternative=alternative(experiment),
                caption=CAPTION,
            ),
        ),
        checks=experiment.checks,
        results=results(experiment),
        tables=tables(experiment),
        statement=statement(settings, experiment),
        report=report(settings, experiment),
    )


def run(settings: Remedies, out: Path, progress: Progress) -> tuple[str, int]:
    """Answer the question, and write the answer, as :func:`answered` does."""
    return answered(answer, settings, out, progress)
