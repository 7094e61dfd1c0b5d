"""Run the sweeps, draw them, and write what they say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulations.questions.answer import Answer, Drawing, Progress, answered, unheard
from simulations.questions.scaling.draw import draw_bands, draw_energies
from simulations.questions.scaling.exact import AtThree, at_three, check_of, summary
from simulations.questions.scaling.experiment import Ratios, run_sweeps
from simulations.questions.scaling.report import report, results_of, statement, tables
from simulations.questions.scaling.settings import Scaling


def run(settings: Scaling, out: Path, progress: Progress = unheard) -> tuple[str, int]:
    """Answer the question; return what to print, and the exit code.

    Writes the files of :func:`simulations.questions.answer.answered`; the runs are in ``sweep``,
    and a call with the same settings goes on with them. The exit code is 1 if two routes disagree.

    Args:
        settings: what to run.
        out: folder to write to.
        progress: called with the number of runs done and their total.

    Raises:
        UserError: a setting is out of range, the folder cannot be written, or ``sweep`` in it
            belongs to other settings or another version.

    """

    def question() -> Answer:
        found = run_sweeps(settings, out / "sweep", progress)
        return answer(settings, found, at_three(settings))

    return answered(settings, out, question)


def answer(settings: Scaling, found: dict[str, Ratios], three: AtThree) -> Answer:
    """Return what the runs say, drawn and in words."""
    results = {**results_of(settings, found), "at_three": summary(three)}
    checks = {"three_dimensions_are_the_closed_form": check_of(results["at_three"])}
    return Answer(
        drawings=tuple(_drawings(settings, results["rows"])),
        checks=checks,
        results=results,
        tables=tables(results),
        statement=statement(settings, results),
        report=report(settings, results, checks),
    )


def _drawings(settings: Scaling, rows: dict[str, Any]) -> Iterator[Drawing]:
    label = f"number of irrelevant frequencies, of {settings.counts_d}"
    for name, figure, what in (
        ("dimensions", draw_bands(rows["d"], "d", "dimension d"), "the dimension"),
        ("counts", draw_bands(rows["counts"], "irrelevant", label), label),
        ("energies", draw_energies(settings, rows["energies"]), "energy at the irrelevant ones"),
    ):
        title = f"Adversarial risk of update rules over that of GD, against {what}"
        yield Drawing(name, title, figure)
