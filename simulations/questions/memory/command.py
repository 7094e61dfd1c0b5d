"""Vary the memory of Adam and RMSProp, draw what comes of it, and write what it says."""

from pathlib import Path

from simulations.questions.answer import Answer, Drawing, Progress, answered, unheard
from simulations.questions.memory.draw import draw
from simulations.questions.memory.experiment import Experiment, run_experiment
from simulations.questions.memory.report import report, results, statement, tables
from simulations.questions.memory.settings import Memory


def run(settings: Memory, out: Path, progress: Progress = unheard) -> tuple[str, int]:
    """Answer the question; return what to print, and the exit code.

    Writes the files of :func:`simulations.questions.answer.answered`, with a table of each sweep,
    and the sweeps in ``sweeps``, with which an interrupted run goes on. The exit code is 1 if Adam
    without memory is not signGD.

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


def answer(settings: Memory, experiment: Experiment) -> Answer:
    """Return what the sweeps say, drawn and in words."""
    title = "What the memory of Adam and RMSProp moves"
    return Answer(
        drawings=(Drawing("memory", title, draw(settings, experiment)),),
        checks={"no_memory_is_signgd": experiment.check},
        results=results(experiment),
        tables=tables(experiment),
        statement=statement(settings, experiment),
        report=report(settings, experiment),
    )
