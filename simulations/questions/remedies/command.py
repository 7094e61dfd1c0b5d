"""Try remedies for the gap between adaptive rules and GD, draw and tell what they do."""

from pathlib import Path

from simulations.questions.answer import Answer, Drawing, Progress, answered, unheard
from simulations.questions.remedies.draw import draw
from simulations.questions.remedies.experiment import Experiment, run_experiment
from simulations.questions.remedies.report import report, results, statement, tables
from simulations.questions.remedies.settings import Remedies


def run(settings: Remedies, out: Path, progress: Progress = unheard) -> tuple[str, int]:
    """Answer the question; return what to print, and the exit code.

    Writes the files of :func:`simulations.questions.answer.answered`, and the sweep in ``sweeps``,
    with which an interrupted run goes on. The exit code is 1 if something that had to hold did not.

    Args:
        settings: what to run.
        out: folder to write to.
        progress: called with the number of runs done and their total.

    Raises:
        UserError: a setting is out of range, or the folder cannot be written or has sweeps of
            other settings.

    """
    return answered(
        settings, out, lambda: answer(settings, run_experiment(settings, out / "sweeps", progress))
    )


def answer(settings: Remedies, experiment: Experiment) -> Answer:
    """Return what the remedies do, drawn and in words."""
    title = "What remedies close of the gap to GD"
    return Answer(
        drawings=(Drawing("remedies", title, draw(settings, experiment)),),
        checks=experiment.checks,
        results=results(experiment),
        tables=tables(experiment),
        statement=statement(settings, experiment),
        report=report(settings, experiment),
    )
