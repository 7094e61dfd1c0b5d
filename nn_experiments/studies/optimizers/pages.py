"""What the comparison writes: its tables, figures, report and evidence, given the findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from nn_experiments.data.images import DataSet
from nn_experiments.evidence.findings import Findings
from nn_experiments.evidence.shown import Drawing, Runs, Shown
from nn_experiments.evidence.tables import summary_table, verdict_table
from nn_experiments.measures.attacked import attack_seconds
from nn_experiments.measures.measure import Cost, Pace
from nn_experiments.studies.optimizers import evidence as evidence_file
from nn_experiments.studies.optimizers import pictures
from nn_experiments.studies.optimizers import report as report_text
from nn_experiments.studies.optimizers import tables as thesis
from nn_experiments.studies.optimizers.attack_warnings import notes_table
from nn_experiments.studies.optimizers.measurements import KINDS, Measurements, view
from nn_experiments.studies.optimizers.predictions import measures_of
from nn_experiments.studies.optimizers.preset import Preset
from nn_experiments.study import Study
from theory.common.errors import UserError
from theory.common.tables import TextTable


def tables(preset: Preset, measured: Measurements, findings: Findings) -> dict[str, TextTable]:
    """Return the tables of measurements, by name."""
    found = {
        "verdict": summary_table(findings.summaries),
        "comparisons": verdict_table(findings.verdicts, thesis.measure_text),
        "accuracy": thesis.accuracies(preset, measured),
        "trainings": thesis.trainings(preset, measured),
    }
    if any(run.lipschitz for run in measured.runs):
        found["lipschitz"] = thesis.lipschitz_and_robustness([(preset, measured)])
        found["local_bounds"] = thesis.local_bounds_table(preset, measured)
    if measured.bands():
        found["bands"] = thesis.bands_table(preset, measured)
    if (notes := notes_table(measured)).rows:
        found["attack_notes"] = notes
    if any(run.gradient_energy for run in measured.runs):
        found["gradient_energy"] = thesis.gradients_table(preset, measured)
    return found


class Pages(Shown):
    """The comparison's pages, by its preset."""

    def __init__(self, preset: Preset) -> None:
        self.preset, self.has_images = preset, preset.pictures

    def tables(self, study: Study, runs: Runs, findings: Findings) -> dict[str, TextTable]:
        """Return the tables of what was measured."""
        return tables(self.preset, view(runs), findings)

    def figures(self, study: Study, runs: Runs, findings: Findings) -> dict[str, Drawing]:
        """Return the figures of what was measured."""
        rules = {prediction.says: prediction.rule for prediction in study.predictions}
        return pictures.measured_figures(self.preset, view(runs), findings, rules)

    def images(self, data: DataSet, models: Mapping[str, nn.Module]) -> dict[str, Drawing]:
        """Return the figures of the data and of perturbed images."""
        return pictures.image_figures(self.preset, data, models)

    def images_cost(self, pace: Pace) -> Sequence[Cost]:
        """Return the attacks whose images are drawn: of one network of each optimizer."""
        robustness = self.preset.robustness
        norms = bool(robustness.l2) + bool(robustness.linf)
        points = pictures.SHOWN * norms * len(self.preset.optimizers)
        if not (self.has_images and points):
            return ()
        seconds = points * attack_seconds(False, pace)
        return (Cost("attacks for pictures", points, seconds, "--no-pictures"),)

    def report(
        self,
        study: Study,
        runs: Runs,
        findings: Findings,
        environment: Mapping[str, Any],
        figures: Sequence[str],
    ) -> str:
        """Return the report."""
        return report_text.report(self.preset, view(runs), findings, environment, figures)

    def evidence(
        self,
        study: Study,
        runs: Runs,
        findings: Findings,
        environment: Mapping[str, Any],
        seconds: Mapping[str, float],
    ) -> dict[str, Any]:
        """Return what programs read."""
        return evidence_file.evidence(self.preset, view(runs), findings, environment, seconds)

    def warnings(self, runs: Runs) -> list[str]:
        """Return what is to be told about the attacks, a line for each network and warning."""
        rows = notes_table(view(runs)).rows
        return [f"{title} seed {seed}: {levels}: {text}" for title, seed, levels, text in rows]


def require_levels(preset: Preset, runs: Runs) -> None:
    """Refuse measurements at other levels than the preset's.

    Their numbers, in the tables and figures that are there, would be lost for dashes.

    Raises:
        UserError: so it is.

    """
    present = {measure for run in view(runs).runs for measure in run.correct}
    for kind in KINDS:
        levels = {m for m in present if m.startswith(f"{kind}/")}
        missing = [m for m in measures_of(preset, kind) if m not in levels]
        if levels and missing:
            raise UserError(
                f"expected measured levels, got {', '.join(missing)}; measured are "
                f"{', '.join(sorted(levels))}. Run `python -m nn_experiments evaluate` with the "
                "same options first."
            )
