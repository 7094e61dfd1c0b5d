"""Try remedies for the gap between adaptive rules and GD, draw and tell what they do."""

from pathlib import Path

from simulations.evidence import to_json
from simulations.questions.remedies.draw import draw
from simulations.questions.remedies.experiment import Progress, run_experiment
from simulations.questions.remedies.report import report, results, statement, tables
from simulations.questions.remedies.settings import Remedies
from simulations.style import write_figure
from theory.artefacts import ensure_writable, write_json, write_text
from theory.findings import Status


def run(
    settings: Remedies, out: Path, progress: Progress = lambda done, total: None
) -> tuple[str, int]:
    """Answer the question; return what to print, and the exit code.

    Writes ``remedies.png`` and ``.svg``, ``summary.json``, ``remedies.csv``, ``report.md``, and the
    sweeps in ``sweeps``, with which an interrupted run goes on. The exit code is 1 if something
    that had to hold did not.

    Args:
        settings: what to run.
        out: folder to write to.
        progress: called with the number of runs done and their total.

    Raises:
        UserError: a setting is out of range, or the folder cannot be written or has sweeps of
            other settings.

    """
    settings.check()
    ensure_writable(out)
    experiment = run_experiment(settings, out / "sweeps", progress)
    title = "What remedies close of the gap to GD"
    files = write_figure(draw(settings, experiment), out / "remedies", title)
    evidence = to_json(settings, experiment.checks)
    write_json(out / "summary.json", {**evidence, "results": results(experiment)})
    for name, table in tables(experiment).items():
        write_text(out / f"{name}.csv", table.csv())
    write_text(out / "report.md", report(settings, experiment))
    disagrees = any(check.status is Status.CONTRADICTED for check in experiment.checks.values())
    said = [statement(settings, experiment), f"Figure: {files.png}", f"Report: {out / 'report.md'}"]
    return "\n\n".join(said), 1 if disagrees else 0
