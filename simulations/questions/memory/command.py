"""Vary the memory of Adam and RMSProp, draw what comes of it, and write what it says."""

from pathlib import Path

from simulations.evidence import to_json
from simulations.questions.memory.draw import draw
from simulations.questions.memory.experiment import Progress, run_experiment
from simulations.questions.memory.report import report, results, statement, tables
from simulations.questions.memory.settings import Memory
from simulations.style import write_figure
from theory.artefacts import ensure_writable, write_json, write_text
from theory.findings import Status


def run(
    settings: Memory, out: Path, progress: Progress = lambda done, total: None
) -> tuple[str, int]:
    """Answer the question; return what to print, and the exit code.

    Writes ``memory.png`` and ``.svg``, ``summary.json``, a table of each sweep as CSV,
    ``report.md``, and the sweeps in ``sweeps``, with which an interrupted run goes on. The exit
    code is 1 if Adam without memory is not signGD.

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
    files = write_figure(
        draw(settings, experiment), out / "memory", "What the memory of Adam and RMSProp moves"
    )
    checks = {"no_memory_is_signgd": experiment.check}
    write_json(out / "summary.json", {**to_json(settings, checks), "results": results(experiment)})
    for name, table in tables(experiment).items():
        write_text(out / f"{name}.csv", table.csv())
    write_text(out / "report.md", report(settings, experiment))
    said = [statement(settings, experiment), f"Figure: {files.png}", f"Report: {out / 'report.md'}"]
    return "\n\n".join(said), 1 if experiment.check.status is Status.CONTRADICTED else 0
