"""Draw the partitions of Figures 4.8 and 4.9, and say what the pictures tell."""

from pathlib import Path

from simulations.studies.partitions.checks import checks_of
from simulations.studies.partitions.draw import draw_p, draw_r
from simulations.studies.partitions.experiment import run_experiment
from simulations.studies.partitions.report import (
    CAPTION_OF_P,
    CAPTION_OF_R,
    alternative,
    report,
    statement,
    tables,
)
from simulations.studies.partitions.settings import Partitions
from simulations.study.answer import Answer, Drawing, answered
from theory.common.progress import Progress


def answer(settings: Partitions, _: Path, progress: Progress) -> Answer:
    """Return what the pictures say, with them and in words; parts of the work are pictures."""
    experiment = run_experiment(settings, progress)
    checks = checks_of(experiment.results)
    return Answer(
        drawings=(
            Drawing(
                *("figure_4_8", "Partition R, and limits", draw_r(experiment.of_r)),
                alternative=alternative(experiment.results["R"]),
                caption=CAPTION_OF_R,
            ),
            Drawing(
                *("figure_4_9", "Partition P, and counts", draw_p(experiment.of_p)),
                alternative=alternative(experiment.results["P"]),
                caption=CAPTION_OF_P,
            ),
        ),
        checks=checks,
        results=experiment.results,
        tables=tables(experiment.results),
        statement=statement(experiment.results),
        report=report(settings, experiment.results, checks),
    )


def run(settings: Partitions, out: Path, progress: Progress) -> tuple[str, int]:
    """Answer the question, and write the answer, as :func:`answered` does."""
    return answered(answer, settings, out, progress)
