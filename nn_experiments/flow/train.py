"""Train every run of a study, with progress; what was trained is not trained again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nn_experiments.flow.progress import Advance
from nn_experiments.flow.workspace import Workspace
from nn_experiments.specs import RunSpec
from nn_experiments.study import Study
from nn_experiments.training import RunRecord, folder_name, read_record, train_all
from nn_experiments.training.cluster import submit_all
from theory.common.errors import UserError


def train(study: Study, workspace: Workspace, advance: Advance) -> list[RunRecord]:
    """Train every run of a study; one that fails is reported by its record.

    Raises:
        UserError: data are missing.

    """
    runs = study.specs()
    if workspace.cluster is not None:
        return submit_all(
            runs,
            workspace.loader,
            workspace.runs,
            workspace.device,
            cluster=workspace.cluster,
            resources=workspace.resources,
        )
    names = titles(study)
    epochs = sum(run.training.epochs for run in runs)
    return train_all(
        runs,
        workspace.loader,
        workspace.runs,
        workspace.device,
        workspace.jobs,
        telling(lambda run: names[folder_name(run)], epochs, advance),
        threads=workspace.cpu_threads,
    )


def titles(study: Study) -> dict[str, str]:
    """Return what each training is called, by the name of its folder."""
    return {folder_name(run): f"{cell.name} seed {run.seed}" for cell, run in study.runs()}


def telling(
    title: Callable[[RunSpec], str], epochs: int, advance: Advance
) -> Callable[[RunSpec, Mapping[str, Any]], None]:
    """Return what tells the progress of trainings after each epoch of one, of so many in all."""

    def tell(spec: RunSpec, line: Mapping[str, Any]) -> None:
        loss = line.get("train_loss", line.get("loss"))
        shown = f", loss {loss:.3g}" if isinstance(loss, float) else ""
        advance(f"{title(spec)}, epoch {line.get('epoch')}{shown}", 1 / epochs)

    return tell


def told(study: Study, records: Sequence[RunRecord]) -> list[RunRecord]:
    """Say on standard error which runs were not trained, and return their records."""
    names, untrained = titles(study), [record for record in records if not record.finished]
    for record in untrained:
        print(f"not trained: {names[folder_name(record.spec)]}: {record.status}", file=sys.stderr)
    return untrained


def trained(study: Study, workspace: Workspace) -> list[RunRecord]:
    """Return what became of the trainings so far.

    Raises:
        UserError: none of them has begun.

    """
    found = [
        read_record(folder)
        for run in study.specs()
        if (folder := workspace.runs / folder_name(run)).joinpath("run.json").exists()
    ]
    if not found:
        raise untrained(workspace)
    return found


def untrained(workspace: Workspace) -> UserError:
    """Return the error that there are no trained networks of a study."""
    return UserError(
        f"expected trained networks in {workspace.runs}, found none of this preset. "
        "Run `python -m nn_experiments train` with the same options first."
    )
