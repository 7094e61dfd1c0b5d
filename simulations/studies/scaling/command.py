"""Run the sweeps, draw them, and say what they tell."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulations.studies.scaling.draw import draw_bands, draw_energies
from simulations.studies.scaling.exact import at_three, check_of, summary
from simulations.studies.scaling.experiment import run_sweeps
from simulations.studies.scaling.report import report, results_of, tables
from simulations.studies.scaling.settings import Scaling
from simulations.studies.scaling.statement import statement
from simulations.study.answer import Answer, Drawing, Progress


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
    label = f"number of irrelevant frequencies, of {settings.counts_d}"
    for name, figure, what in (
        ("dimensions", draw_bands(rows["d"], "d", "dimension d"), "the dimension"),
        ("counts", draw_bands(rows["counts"], "irrelevant", label), label),
        ("energies", draw_energies(settings, rows["energies"]), "energy at the irrelevant ones"),
    ):
        title = f"Adversarial risk of update rules over that of GD, against {what}"
        yield Drawing(name, title, figure)
