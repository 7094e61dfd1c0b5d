"""How a study shows what was found: tables, figures, a report and evidence, all given findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nn_experiments.evidence.findings import Findings
from nn_experiments.evidence.record import evidence
from nn_experiments.evidence.report import accuracies, report, trainings
from nn_experiments.evidence.store import MeasuredRun
from nn_experiments.evidence.tables import summary_table, verdict_table
from nn_experiments.study import Study
from theory.common.tables import TextTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import nn

    from nn_experiments.data.images import DataSet
    from nn_experiments.measures.measure import Cost, Pace

Runs = Sequence[MeasuredRun]


@dataclass(frozen=True)
class Drawing:
    """A figure that is drawn when its turn comes, and its title, if its file's name is none."""

    draw: Callable[[], Figure]
    title: str = ""


class Shown:
    """What every study shows; one that has more overrides what differs.

    Attributes:
        has_images: whether :meth:`images` gives any.

    """

    has_images = False

    def tables(self, study: Study, runs: Runs, findings: Findings) -> dict[str, TextTable]:
        """Return tables by name."""
        return {
            "verdict": summary_table(findings.summaries),
            "comparisons": verdict_table(findings.verdicts),
            "accuracy": accuracies(study, runs),
            "trainings": trainings(study, runs),
        }

    def figures(self, study: Study, runs: Runs, findings: Findings) -> dict[str, Drawing]:
        """Return figures of what was measured, by name; the report shows them."""
        from nn_experiments.evidence.figures import forest

        rules = {prediction.says: prediction.rule for prediction in study.predictions}
        return {"effects": Drawing(partial(forest, findings.verdicts, rules))}

    def images(self, data: DataSet, models: Mapping[str, nn.Module]) -> dict[str, Drawing]:
        """Return figures of images, given one network of each cell of the first grid by name."""
        return {}

    def images_cost(self, pace: Pace) -> Sequence[Cost]:
        """Return what the figures of images take."""
        return ()

    def report(
        self,
        study: Study,
        runs: Runs,
        findings: Findings,
        environment: Mapping[str, Any],
        figures: Sequence[str],
    ) -> str:
        """Return the report in Markdown, with the files of figures."""
        return report(study, runs, findings, environment, figures)

    def evidence(
        self,
        study: Study,
        runs: Runs,
        findings: Findings,
        environment: Mapping[str, Any],
        seconds: Mapping[str, float],
    ) -> dict[str, Any]:
        """Return what programs read, with the seconds that stages took."""
        return evidence(study, runs, findings, environment, seconds)

    def warnings(self, runs: Runs) -> Sequence[str]:
        """Return what is told once networks are measured, a line each."""
        return ()
