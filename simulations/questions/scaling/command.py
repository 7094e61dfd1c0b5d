"""Run the sweeps, draw them, and write what they say."""

from pathlib import Path

from simulations.evidence import to_json
from simulations.questions.scaling.draw import draw_bands, draw_energies
from simulations.questions.scaling.exact import at_three, check_of, summary
from simulations.questions.scaling.experiment import Progress, run_sweeps
from simulations.questions.scaling.report import report, results_of, statement, tables
from simulations.questions.scaling.settings import Scaling
from simulations.style import write_figure
from theory.artefacts import ensure_writable, write_json, write_text
from theory.findings import Status


def run(
    settings: Scaling, out: Path, progress: Progress = lambda done, total: None
) -> tuple[str, int]:
    """Answer the question; return what to print, and the exit code.

    Writes ``dimensions``, ``counts`` and ``energies``, each as ``.png``, ``.svg`` and ``.csv``,
    ``laws.csv``, ``summary.json`` and ``report.md``; the runs are in ``sweep``, and a call with the
    same settings goes on with them. The exit code is 1 if two routes disagree.

    Args:
        settings: what to run.
        out: folder to write to.
        progress: called with the number of runs done and their total.

    Raises:
        UserError: a setting is out of range, the folder cannot be written, or ``sweep`` in it
            belongs to other settings or another version.

    """
    settings.check()
    ensure_writable(out)
    found = run_sweeps(settings, out / "sweep", progress)
    results = {**results_of(settings, found), "at_three": summary(at_three(settings))}
    checks = {"three_dimensions_are_the_closed_form": check_of(results["at_three"])}
    rows = results["rows"]
    label = f"number of irrelevant frequencies, of {settings.counts_d}"
    for name, figure, what in (
        ("dimensions", draw_bands(rows["d"], "d", "dimension d"), "the dimension"),
        ("counts", draw_bands(rows["counts"], "irrelevant", label), label),
        ("energies", draw_energies(settings, rows["energies"]), "energy at the irrelevant ones"),
    ):
        title = f"Adversarial risk of update rules over that of GD, against {what}"
        write_figure(figure, out / name, title)
    write_json(out / "summary.json", {**to_json(settings, checks), "results": results})
    for name, table in tables(results).items():
        write_text(out / f"{name}.csv", table.csv())
    write_text(out / "report.md", report(settings, results, checks))
    disagrees = any(check.status is Status.CONTRADICTED for check in checks.values())
    said = [statement(settings, results), f"Report: {out / 'report.md'}"]
    return "\n\n".join(said), 1 if disagrees else 0
