"""Vary the memory of Adam and RMSProp, draw what comes of it, and say what it tells."""

from pathlib import Path

from simulations.studies.memory.draw import draw
from simulations.studies.memory.experiment import run_experiment
from simulations.studies.memory.report import (
    CAPTION,
    alternative,
    report,
    results,
    statement,
    tables,
)
from simulations.studies.memory.settings import Memory
from simulations.study.answer import Answer, Drawing, answered
from theory.common.progress import Progress


def answer(settings: Memory, out: Path, progress: Progress) -> Answer:
    """Return what the sweeps say, drawn and in words.

    The sweeps are in ``sweeps`` in ``out``, with which an interrupted run goes on. What has to hold
    is that Adam without memory is signGD.
    """
    experiment = run_experiment(settings, out / "sweeps", progress)
    title = "What the memory of Adam and RMSProp moves"
    return Answer(
        drawings=(
            Drawing(
                *("memory", title, draw(settings, experiment)),
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


def run(settings: Memory, out: Path, progress: Progress) -> tuple[str, int]:
    """Answer the question, and write the answer, as :func:`answered` does."""
    return answered(answer, settings, out, progress)
