"""Run the phase diagrams, draw them, and write what they say."""

from pathlib import Path

from simulations.evidence import to_json
from simulations.questions.phase_diagram.draw import draw
from simulations.questions.phase_diagram.experiment import Progress, checks_of, run_experiment
from simulations.questions.phase_diagram.report import report, statement, tables
from simulations.questions.phase_diagram.settings import PhaseDiagram
from simulations.style import write_figure
from theory.artefacts import ensure_writable, write_json, write_text
from theory.findings import Status


def run(
    settings: PhaseDiagram, out: Path, progress: Progress = lambda done, total: None
) -> tuple[str, int]:
    """Answer the question; return what to print, and the exit code.

    Writes ``phase_diagram.png`` and ``.svg``, ``summary.json``, two tables as CSV, and
    ``report.md``. The exit code is 1 if two routes disagree where they may not.

    Args:
        settings: what to run.
        out: folder to write to.
        progress: called with the number of starts done and their total.

    Raises:
        UserError: a setting is out of range, or the folder cannot be written.

    """
    settings.check()
    ensure_writable(out)
    experiment = run_experiment(settings, progress)
    checks = checks_of(experiment.results)
    title = "Ratio of adversarial risks, signGD over GD, over the starts"
    files = write_figure(draw(settings, experiment), out / "phase_diagram", title)
    write_json(out / "summary.json", {**to_json(settings, checks), "results": experiment.results})
    for name, table in tables(experiment.results).items():
        write_text(out / f"{name}.csv", table.csv())
    write_text(out / "report.md", report(settings, experiment.results, checks))
    disagrees = any(check.status is Status.CONTRADICTED for check in checks.values())
    said = [statement(experiment.results), f"Figure: {files.png}", f"Report: {out / 'report.md'}"]
    return "\n\n".join(said), 1 if disagrees else 0
