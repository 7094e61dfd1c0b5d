"""The report that people read, of any study: predictions, comparisons, numbers, where it ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nn_experiments.evidence.findings import Findings
from nn_experiments.evidence.store import MeasuredRun
from nn_experiments.evidence.tables import (
    MISSING,
    mean_and_spread,
    summary_table,
    training_table,
    verdict_table,
)
from nn_experiments.study import Study
from theory.common import escaping
from theory.common.tables import TextTable


def report(
    study: Study,
    runs: Sequence[MeasuredRun],
    findings: Findings,
    environment: Mapping[str, Any],
    figures: Sequence[str] = (),
) -> str:
    """Return the report in Markdown.

    Args:
        study: as it was run.
        runs: what was measured.
        findings: what it says.
        environment: code, versions and hardware of the machine that trained and measured.
        figures: file names of pictures beside the report, shown after the first table.

    """
    finished = sum(run.finished for run in runs)
    changed = "; ".join(escaping.markdown(change.text) for change in findings.changes)
    sections = [
        f"# {escaping.markdown(study.title or study.name)}",
        f"{finished} of {len(runs)} trainings finished.",
        "## Verdict",
        summary_table(findings.summaries).markdown(),
        *([f"**Changed after the results were there**: {changed}."] if changed else []),
        _how_judged(study),
        *(f"![{name}]({name})" for name in figures),
        "## What was run",
        bullets(_what_was_run(study)),
        "## Comparisons",
        verdict_table(findings.verdicts).markdown(),
        "## Accuracy (%)",
        accuracies(study, runs).markdown(),
        "## Trainings",
        trainings(study, runs).markdown(),
        "## Where",
        where(environment),
    ]
    return "\n\n".join(sections) + "\n"


def _how_judged(study: Study) -> str:
    fit = (
        f" A comparison with a network that fits less than {study.fitted:g} % of its training "
        "images is inconclusive."
        if study.fitted
        else ""
    )
    return (
        f"Intervals have confidence {study.confidence:.0%}, each for one comparison, over "
        "trainings and test images, paired by image. What lies inside what a prediction allows "
        f"supports it, what lies outside contradicts it, and all else is inconclusive.{fit}"
    )


def _what_was_run(study: Study) -> list[str]:
    levels = [f"{f.name}: {', '.join(level.name for level in f.levels)}." for f in study.factors]
    data, training = study.base.data, study.base.training
    n = "all" if data.train_images is None else f"{data.train_images:,}"
    return [
        f"Images: {data.name}, {n} to train on.",
        f"Model: {study.base.model.name}.",
        *levels,
        f"Training: {training.epochs:,} epochs; seeds {', '.join(map(str, study.seeds))}.",
    ]


def accuracies(study: Study, runs: Sequence[MeasuredRun]) -> TextTable:
    """Return a row a cell: the share of images that come out right, by what is done to them.

    Percent, the mean over seeds ± the standard deviation over seeds.
    """
    finished = [run for run in runs if run.finished]
    answers = dict.fromkeys(
        name for run in finished for name, a in run.found.arrays.items() if _are_answers(a)
    )
    rows = []
    for cell in study.cells():
        ours = [run.found.arrays for run in finished if run.cell == dict(cell.levels)]
        cells = [[100 * float(a[name].mean()) for a in ours if name in a] for name in answers]
        rows.append([cell.name, *(mean_and_spread(c) if c else MISSING for c in cells)])
    return TextTable([", ".join(f.name for f in study.factors), *answers], rows)


def _are_answers(array: Any) -> bool:
    return array.dtype == bool and array.ndim == 1


def trainings(study: Study, runs: Sequence[MeasuredRun]) -> TextTable:
    """Return a row a training: its status, and its loss and accuracy on its own images."""
    names = {cell.levels: cell.name for cell in study.cells()}
    called = ((names[tuple(run.cell.items())], run) for run in runs)
    return training_table(called, ", ".join(factor.name for factor in study.factors))


def bullets(lines: Sequence[str]) -> str:
    """Return lines as a list in Markdown."""
    return "\n".join(f"- {escaping.markdown(line)}" for line in lines)


def where(environment: Mapping[str, Any], more: Sequence[str] = ()) -> str:
    """Return code, versions and hardware as a list in Markdown, and more lines of it."""
    return bullets([*(f"{key}: {_flat(value)}" for key, value in environment.items()), *more])


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items() if item is not None)
    return str(value)
