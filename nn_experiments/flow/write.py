"""What a comparison writes about its measurements: tables, figures, report and evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from nn_experiments.evidence import attack_warnings as masking
from nn_experiments.evidence import store as kept
from nn_experiments.evidence.changes import PARTS, Rules
from nn_experiments.evidence.store import KINDS, Measurements
from nn_experiments.flow.progress import Advance
from nn_experiments.flow.workspace import Place
from nn_experiments.specs import Preset
from nn_experiments.studies.optimizers import evidence, report, tables
from nn_experiments.studies.optimizers import pictures as drawing
from nn_experiments.studies.optimizers.comparisons import measures_of
from nn_experiments.studies.optimizers.judge import judge, summarise
from nn_experiments.training import RunRecord, folder_name, load_model, resolve
from nn_experiments.training.device import hardware
from theory.common.environment import environment
from theory.common.errors import UserError
from theory.common.files import read_json, write_json, write_text
from theory.common.tables import TextTable

# Figures of a comparison of which every part is measured: of numbers, and of images.
_DRAWN, _PICTURES = 5, 6


def describe(
    preset: Preset,
    place: Place,
    measured: Measurements,
    seconds: Callable[[], Mapping[str, float]],
    advance: Advance,
) -> None:
    """Write tables, figures, report and, with the seconds that all of it took, evidence."""
    fixed = fixed_before(place.out)
    where = environment() | {
        "torch": torch.__version__,
        "device": hardware(resolve(place.device)),
        "jobs": place.jobs,
        "threads": place.cpu_threads,
    }
    write_tables(preset, measured, place)
    tell = _drawing(preset, advance)
    names = drawing.draw_all(preset, measured, place.into / "figures", tell, fixed)
    shown = [f"figures/{name}.png" for name in names]
    write_text(place.into / "report.md", report.report(preset, measured, where, shown, fixed))
    found = evidence.evidence(preset, measured, where, seconds(), fixed)
    write_json(place.into / "evidence.json", found)


def fixed_before(out: Path) -> Rules | None:
    """Return the margins and levels that were fixed before a comparison's results; None if new.

    Raises:
        UserError: its evidence cannot be read.

    """
    path = out / "evidence.json"
    if not path.exists():
        return None
    try:
        return _rules(read_json(path))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path}: expected the evidence of a comparison, got something else. Its margins are "
            "fixed there: put the file back, or delete it and judge by what the preset has now."
        ) from error


def _rules(earlier: dict[str, Any]) -> Rules:
    # Evidence that an earlier version wrote has the preset alone.
    found = (
        earlier["fixed_before_results"]
        if "fixed_before_results" in earlier
        else (earlier["preset"])
    )
    return {part: dict(found[part]) for part in PARTS}


def write_tables(preset: Preset, measured: Measurements, place: Place) -> list[str]:
    """Write the tables in Markdown, CSV and LaTeX; return their names."""
    folder = place.into / "tables"
    verdicts = judge(preset, measured, fixed_before(place.out))
    found: dict[str, TextTable] = {
        "verdict": tables.summary_table(summarise(verdicts)),
        "comparisons": tables.verdict_table(verdicts),
        "accuracy": tables.accuracies(preset, measured),
        "trainings": tables.training_table(preset, measured),
    }
    if any(run.lipschitz for run in measured.runs):
        found["lipschitz"] = tables.lipschitz_and_robustness([(preset, measured)])
        found["local_bounds"] = tables.local_bounds_table(preset, measured)
    if measured.bands():
        found["bands"] = tables.bands_table(preset, measured)
    if (notes := masking.notes_table(measured)).rows:
        found["attack_notes"] = notes
    if any(run.gradient_energy for run in measured.runs):
        found["gradient_energy"] = tables.gradients_table(preset, measured)
    for name, table in found.items():
        write_text(folder / f"{name}.md", table.markdown() + "\n")
        write_text(folder / f"{name}.csv", table.csv())
        write_text(folder / f"{name}.tex", table.latex())
    return list(found)


def draw_images(
    preset: Preset, place: Place, found: Sequence[RunRecord], advance: Advance
) -> list[str]:
    """Draw the data, and images perturbed for the first network of each optimizer, if wanted."""
    if not preset.pictures:
        return []
    device = resolve(place.device)
    models = {}
    for record in found:
        title = record.spec.optimizer.title
        is_network = record.spec in preset.runs()
        if record.finished and is_network and title not in models:
            models[title] = load_model(place.runs / folder_name(record.spec), device)[0]
    data = place.loader(preset.data).to(device)
    tell = _drawing(preset, advance)
    return drawing.draw_images(preset, data, models, place.into / "figures", tell)


def _drawing(preset: Preset, advance: Advance) -> drawing.Tell:
    drawn = _DRAWN + _PICTURES * preset.pictures
    return lambda name: advance(f"drawing {name}", 1 / drawn)


def draw_again(
    preset: Preset,
    place: Place,
    found: Sequence[RunRecord],
    measured: Measurements,
    advance: Advance,
) -> list[str]:
    """Draw every figure; return their names."""
    fixed = fixed_before(place.out)
    tell = _drawing(preset, advance)
    drawn = drawing.draw_all(preset, measured, place.into / "figures", tell, fixed)
    return drawn + draw_images(preset, place, found, advance)


def summary(preset: Preset, measured: Measurements, place: Place) -> TextTable:
    """Return one row for each prediction."""
    return tables.summary_table(summarise(judge(preset, measured, fixed_before(place.out))))


def load_measurements(preset: Preset, place: Place) -> Measurements:
    """Read what was measured.

    Raises:
        UserError: nothing was, or other levels than the preset's: their numbers, in the tables and
            figures that are there, would be lost for dashes.

    """
    path = place.measurements
    if not path.exists():
        raise UserError(
            f"expected measurements in {path}, found none. "
            "Run `python -m nn_experiments evaluate` with the same options first."
        )
    measured = kept.load(path)
    present = {measure for run in measured.runs for measure in run.correct}
    for kind in KINDS:
        levels = {m for m in present if m.startswith(f"{kind}/")}
        missing = [m for m in measures_of(preset, kind) if m not in levels]
        if levels and missing:
            raise UserError(
                f"expected measured levels, got {', '.join(missing)}; measured are "
                f"{', '.join(sorted(levels))}. Run `python -m nn_experiments evaluate` with the "
                "same options first."
            )
    return measured
