"""Run the phase diagrams, draw them, and say what they tell."""

from pathlib import Path

from simulations.studies.phase_diagram.draw import draw
from simulations.studies.phase_diagram.experiment import checks_of, run_experiment
from simulations.studies.phase_diagram.report import CAPTION, alternative, report, statement, tables
from simulations.studies.phase_diagram.settings import PhaseDiagram
from simulations.study.answer import Answer, Drawing, answered
from theory.common.progress import Progress


def answer(settings: PhaseDiagram, _: Path, progress: Progress) -> Answer:
    """Return what the diagrams say, with them and in words; parts of the work are starts.

    What has to hold is that two routes agree wherever they may not disagree.
    """
    experiment = run_experiment(settings, progress)
    checks = checks_of(experiment.results)
    title = "Ratio of adversarial risks, signGD over GD, over the starts"
    return Answer(
        drawings=(
            Drawing(
                *("phase_diagram", title, draw(settings, experiment)),
                alternative=alternative(experiment.results),
                caption=CAPTION,
            ),
        ),
        checks=checks,
        results=experiment.results,
        tables=tables(experiment.results),
        statement=statement(experiment.results),
        report=report(settings, experiment.results, checks),
    )


def run(settings: PhaseDiagram, out: Path, progress: Progress) -> tuple[str, int]:
    """Answer the question, and write the answer, as :func:`answered` does."""
    return answered(answer, settings, out, progress)
