"""Run the sweeps, draw them, and say what they tell."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulations.studies.scaling.draw import draw_bands, draw_energies
from simulations.studies.scaling.exact import at_three, check_of, summary
from simulations.studies.scaling.experiment import run_sweeps
from simulations.studies.scaling.report import CAPTION, alternative, report, results_of, tables
from simulations.studies.scaling.settings import Scaling
from simulations.studies.scaling.statement import statement
from simulations.study.answer import Answer, Drawing, answered
from theory.common.progress import Progress


def answer(settings: Scaling, out: Path, progress: Progress) -> Answer:
    """Return what the runs say, drawn and in words.

    The runs are in ``sweep`` in ``out``, with which an interrupted run goes on. What has to hold is
    that at d = 3 signGD is its closed form.
    """
    found = run_sweeps(settings, out / "sweep", progress)
    three = at_three(settings)
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
    number = "the number of irrelevant frequencies"
    label = f"number of irrelevant frequencies, of {settings.counts_d}"
    of_d, of_counts, of_energies = (rows[name] for name in ("d", "counts", "energies"))
    for name, figure, what, said in (
        (
            *("dimensions", draw_bands(of_d, "d", "dimension d")),
            *("the dimension", alternative(of_d, "d", "d")),
        ),
        (
            *("counts", draw_bands(of_counts, "irrelevant", label)),
            *(label, alternative(of_counts, number, "irrelevant")),
        ),
        (
            *("energies", draw_energies(settings, of_energies)),
            *(
                "energy at the irrelevant ones",
                alternative(of_energies, "the energy there", "energy"),
            ),
        ),
    ):
        title = f"Adversarial risk of update rules over that of GD, against {what}"
        yield Drawing(name, title, figure, said, CAPTION)


def run(settings: Scaling, out: Path, progress: Progress) -> tuple[str, int]:
    """Answer the question, and write the answer, as :func:`answered` does."""
    return answered(answer, settings, out, progress)
