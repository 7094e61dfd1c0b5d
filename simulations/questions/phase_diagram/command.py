"""Run the phase diagrams, draw them, and write what they say."""

from pathlib import Path

from simulations.questions.answer import Answer, Drawing, Progress, answered, unheard
from simulations.questions.phase_diagram.draw import draw
from simulations.questions.phase_diagram.experiment import Experiment, checks_of, run_experiment
from simulations.questions.phase_diagram.report import report, statement, tables
from simulations.questions.phase_diagram.settings import PhaseDiagram


def run(settings: PhaseDiagram, out: Path, progress: Progress = unheard) -> tuple[str, int]:
    """Answer the question; return what to print, and the exit code.

    Writes the files of :func:`simulations.questions.answer.answered`. The exit code is 1 if two
    routes disagree where they may not.

    Args:
        settings: what to run.
        out: folder to write to.
        progress: called with the number of starts done and their total.

    Raises:
        UserError: a setting is out of range, or the folder cannot be written.

    """
    return answered(settings, out, lambda: answer(settings, run_experiment(settings, progress)))


def answer(settings: PhaseDiagram, experiment: Experiment) -> Answer:
    """Return what the diagrams say, with them and in words."""
    checks = checks_of(experiment.results)
    title = "Ratio of adversarial risks, signGD over GD, over the starts"
    return Answer(
        drawings=(Drawing("phase_diagram", title, draw(settings, experiment)),),
        checks=checks,
        results=experiment.results,
        tables=tables(experiment.results),
        statement=statement(experiment.results),
        report=report(settings, experiment.results, checks),
    )
