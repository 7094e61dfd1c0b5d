"""Where attacks are known to have seen little: networks without gradients, engines' warnings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nn_experiments.plurals import counted
from nn_experiments.studies.optimizers.measurements import (
    GradientMasking,
    Measurements,
    MeasureName,
    RunMeasurements,
)
from theory.common.tables import TextTable


def about(run: RunMeasurements, measure: MeasureName) -> list[str]:
    """Return what is to be said about the attacks of a measure on one network."""
    masked = run.masked.get(measure)
    told = [] if masked is None else [_masked(masked)]
    return [*told, *_greatest(run.attack_notes.get(measure, ()))]


def _greatest(notes: Sequence[str]) -> list[str]:
    """Return warnings that differ in a count alone once, with the greatest."""
    found: dict[str, tuple[int, str]] = {}
    for note in notes:
        kind, count = re.sub(r"\d+", "n", note, count=1), re.search(r"\d+", note)
        ranked = int(count[0]) if count else 0, note.replace("\n", " ")
        found[kind] = max(found.get(kind, ranked), ranked)
    return [note for _, note in found.values()]


def notes_table(measurements: Measurements) -> TextTable:
    """Return one row for each network and warning, with the measures that it is about."""
    found: dict[tuple[str, int, str], list[MeasureName]] = {}
    for run in measurements.runs:
        for measure in dict.fromkeys((*run.masked, *run.attack_notes)):
            for text in about(run, measure):
                found.setdefault((run.optimizer, run.seed, text), []).append(measure)
    rows = [
        [title, str(seed), ", ".join(measures), text]
        for (title, seed, text), measures in found.items()
    ]
    return TextTable(["Optimization", "Seed", "Measures", "About the attacks"], rows)


def limits(measurements: Measurements, optimizer: str, measure: MeasureName) -> str:
    """Name an optimizer's networks without gradients at images behind a measure; empty if none.

    Args:
        measurements: of all trainings.
        optimizer: its title.
        measure: of attacked images, or a mean over those of one norm.

    """
    kind = measure.removeprefix("mean over ")
    told = []
    for run in measurements.finished(optimizer):
        ours = [m for m in run.masked if m == measure or m.startswith(f"{kind}/")]
        if ours:
            told.append(f"{optimizer} seed {run.seed}: {_masked(run.masked[ours[-1]])}")
    return "; ".join(told)


def _masked(found: GradientMasking) -> str:
    square = (
        "Square, which needs none, could not attack them"
        if found.broken is None
        else f"of them, Square, which needs none, broke {found.broken}"
    )
    return (
        f"no gradient (zero or not finite) at {counted(found.images, 'image')}, where gradient "
        f"attacks see nothing; {square}"
    )
