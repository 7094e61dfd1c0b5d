"""Run the experiment of Figure 4.7, draw it, and compare it with theory and print."""

from pathlib import Path

from simulations.studies.figure_4_7.draw import NAME, TITLE, draw, write_figure
from simulations.studies.figure_4_7.experiment import exact_theory, run_experiment
from simulations.studies.figure_4_7.published import gd_distance
from simulations.studies.figure_4_7.report import (
    CAPTION,
    alternative,
    comparison_table,
    optimizer_table,
    report,
)
from simulations.studies.figure_4_7.settings import Settings
from simulations.studies.figure_4_7.summary import summarise
from simulations.study.answer import Drawing
from simulations.study.evidence import described
from theory.common.files import ensure_writable, write_json, write_text
from theory.common.progress import Progress, unheard


def run(settings: Settings, out: Path, progress: Progress = unheard) -> tuple[str, int]:
    """Run, draw and report; return what to print, and the exit code.

    Writes ``figure_4_7.png``, ``.pdf`` and ``.svg``, ``summary.json``, ``report.md``, and the
    report's tables as CSV and LaTeX. The exit code is 1 if an optimizer ended in NaN or infinity.

    Raises:
        UserError: a setting is out of range, or the folder cannot be written.

    """
    settings.check()
    ensure_writable(out)
    theory = exact_theory(settings.problem())
    experiment = run_experiment(settings, progress)
    summary = summarise(experiment, theory)
    figure = draw(experiment, theory)
    drawing = Drawing(NAME, TITLE, figure, alternative(summary), CAPTION)
    text = report(summary, gd_distance(experiment))
    told = {**described(settings, text), **summary, "pictures": [drawing.words()]}
    write_json(out / "summary.json", told)
    png, *_ = write_figure(figure, out)
    tables = {"optimizers": optimizer_table(summary), "published": comparison_table(summary)}
    for name, table in tables.items():
        write_text(out / f"{name}.csv", table.csv())
        write_text(out / f"{name}.tex", table.latex())
    write_text(out / "report.md", text)
    failures = [
        f"{name}: not finite from iteration {f.iteration} on (seed {f.seed}); the others went on"
        for name, f in experiment.failures.items()
    ]
    shown = [f"{table.markdown()}\n" for table in tables.values()]
    lines = [*shown, *failures, f"Figure: {png}", f"Report: {out / 'report.md'}"]
    return "\n".join(lines), 1 if failures else 0
