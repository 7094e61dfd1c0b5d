"""Write what was measured and found: tables, figures, report and evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nn_experiments.evidence.changes import Rules
from nn_experiments.evidence.findings import Findings
from nn_experiments.evidence.shown import Drawing
from nn_experiments.evidence.store import MeasuredRun
from nn_experiments.flow.progress import Advance
from nn_experiments.flow.workspace import Workspace
from nn_experiments.study import Study
from nn_experiments.style import write_figure
from nn_experiments.training import RunRecord, folder_name, load_model, resolve
from nn_experiments.training.device import hardware
from theory.common.environment import environment
from theory.common.errors import UserError
from theory.common.files import read_json, write_json, write_text


def fixed_before(out: Path, parts: Sequence[str]) -> Rules | None:
    """Return the settings that were fixed before a study's results; None if there are none yet.

    Args:
        out: folder of the study.
        parts: of the settings.

    Raises:
        UserError: its evidence cannot be read.

    """
    path = out / "evidence.json"
    if not path.exists():
        return None
    try:
        earlier = read_json(path)
        # Evidence that an earlier version wrote has the preset alone.
        fixed = earlier.get("fixed_before_results", earlier.get("preset"))
        return {part: dict(fixed[part]) for part in parts}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path}: expected the evidence of a comparison, got something else. Its margins are "
            "fixed there: put the file back, or delete it and judge by what the preset has now."
        ) from error


def tables(
    study: Study, runs: Sequence[MeasuredRun], findings: Findings, workspace: Workspace
) -> list[str]:
    """Write the tables in Markdown, CSV and LaTeX; return their names."""
    found = study.shown.tables(study, runs, findings)
    for name, table in found.items():
        path = workspace.into / "tables" / name
        write_text(path.with_suffix(".md"), table.markdown() + "\n")
        write_text(path.with_suffix(".csv"), table.csv())
        write_text(path.with_suffix(".tex"), table.latex())
    return list(found)


def figures(
    study: Study,
    runs: Sequence[MeasuredRun],
    findings: Findings,
    records: Sequence[RunRecord],
    workspace: Workspace,
    advance: Advance,
) -> tuple[list[str], list[str]]:
    """Draw every figure as PNG, PDF and SVG; return the names of those of numbers, and of images.

    Those without a title of their own are called as their files are.
    """
    numbers = study.shown.figures(study, runs, findings)
    pictures = _images(study, records, workspace) if study.shown.has_images else {}
    for name, drawing in (numbers | pictures).items():
        advance(f"drawing {name}", 1 / len(numbers | pictures))
        write_figure(drawing.draw(), workspace.into / "figures" / name, drawing.title)
    return list(numbers), list(pictures)


def _images(study: Study, records: Sequence[RunRecord], workspace: Workspace) -> dict[str, Drawing]:
    """Return figures of the data, and of images put to the first network of each cell."""
    device = resolve(workspace.device)
    cells = {folder_name(run): cell.name for cell, run in study.runs(study.all_grids()[0])}
    models: dict[str, nn.Module] = {}
    for record in records:
        folder = folder_name(record.spec)
        if record.finished and folder in cells and cells[folder] not in models:
            models[cells[folder]] = load_model(workspace.runs / folder, device)[0]
    return study.shown.images(workspace.loader(study.base.data).to(device), models)


def report(
    study: Study,
    runs: Sequence[MeasuredRun],
    findings: Findings,
    drawn: Sequence[str],
    seconds: Callable[[], Mapping[str, float]],
    workspace: Workspace,
) -> None:
    """Write the report and, with the seconds that all of it took, the evidence."""
    where: dict[str, Any] = environment() | {
        "torch": torch.__version__,
        "device": hardware(resolve(workspace.device)),
        "jobs": workspace.jobs,
        "threads": workspace.cpu_threads,
    }
    pictures = [f"figures/{name}.png" for name in drawn]
    text = study.shown.report(study, runs, findings, where, pictures)
    write_text(workspace.into / "report.md", text)
    found = study.shown.evidence(study, runs, findings, where, seconds())
    write_json(workspace.into / "evidence.json", found)
