"""Draw the partitions of Figures 4.8 and 4.9, and write what the pictures say."""

from pathlib import Path

from simulations.questions.answer import Answer, Drawing, Progress, answered, unheard
from simulations.questions.partitions.draw import draw_p, draw_r
from simulations.questions.partitions.experiment import Experiment, checks_of, run_experiment
from simulations.questions.partitions.report import report, statement, tables
from simulations.questions.partitions.settings import Partitions


def run(settings: Partitions, out: Path, progress: Progress = unheard) -> tuple[str, int]:
    """Answer the question; return what to print, and the exit code.

    Writes the files of :func:`simulations.questions.answer.answered`. The exit code is 1 if
    something that had to hold did not.

    Args:
        settings: what to draw.
        out: folder to write to.
        progress: called with the number of pictures done and their total.

    Raises:
        UserError: a setting is out of range, or the folder cannot be written.

    """
    return answered(settings, out, lambda: answer(settings, run_experiment(settings, progress)))


def answer(settings: Partitions, experiment: Experiment) -> Answer:
    """Return what the pictures say, with them and in words."""
    checks = checks_of(experiment.results)
    return Answer(
        drawings=(
            Drawing("figure_4_8", "Partition R, and limits", draw_r(experiment.of_r)),
            Drawing("figure_4_9", "Partition P, and counts", draw_p(experiment.of_p)),
        ),
        checks=checks,
        results=experiment.results,
        tables=tables(experiment.results),
        statement=statement(experiment.results),
        report=report(settings, experiment.results, checks),
    )
