"""Draw the partitions of Figures 4.8 and 4.9, and write what the pictures say."""

from collections.abc import Callable
from pathlib import Path

from simulations.evidence import to_json
from simulations.questions.partitions.draw import draw_p, draw_r
from simulations.questions.partitions.experiment import checks_of, run_experiment
from simulations.questions.partitions.report import report, statement, tables
from simulations.questions.partitions.settings import Partitions
from simulations.style import write_figure
from theory.artefacts import ensure_writable, write_json, write_text
from theory.findings import Status


def run(
    settings: Partitions,
    out: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[str, int]:
    """Answer the question; return what to print, and the exit code.

    Writes ``figure_4_8`` and ``figure_4_9`` as PNG and SVG, ``summary.json``, three tables as CSV,
    and ``report.md``. The exit code is 1 if something that had to hold did not.

    Args:
        settings: what to draw.
        out: folder to write to.
        progress: called with the number of pictures done and their total.

    Raises:
        UserError: a setting is out of range, or the folder cannot be written.

    """
    settings.check()
    ensure_writable(out)
    experiment = run_experiment(settings, progress)
    checks = checks_of(experiment.results)
    figures = [
        write_figure(draw_r(experiment.of_r), out / "figure_4_8", "Partition R, and limits"),
        write_figure(draw_p(experiment.of_p), out / "figure_4_9", "Partition P, and counts"),
    ]
    write_json(out / "summary.json", {**to_json(settings, checks), "results": experiment.results})
    for name, table in tables(experiment.results).items():
        write_text(out / f"{name}.csv", table.csv())
    write_text(out / "report.md", report(settings, experiment.results, checks))
    disagrees = any(check.status is Status.CONTRADICTED for check in checks.values())
    shown = [f"Figure: {files.png}" for files in figures]
    said = [statement(experiment.results), *shown, f"Report: {out / 'report.md'}"]
    return "\n\n".join(said), 1 if disagrees else 0
