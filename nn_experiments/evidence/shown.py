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


@dataclass(frozen=True)
class Drawing:
    """A figure that is drawn when its turn comes, and its title, if its file's name is none."""

    draw: Callable[[], Figure]
    title: str = ""


def tables(study: Study, runs: Sequence[MeasuredRun], findings: Findings) -> dict[str, TextTable]:
    """Return the tables that every study has, by name."""
    return {
        "verdict": summary_table(findings.summaries),
        "comparisons": verdict_table(findings.verdicts),
        "accuracy": accuracies(study, runs),
        "trainings": trainings(study, runs),
    }


def figures(study: Study, runs: Sequence[MeasuredRun], findings: Findings) -> dict[str, Drawing]:
    """Return the figure that every study has: all effects with their intervals."""
    from nn_experiments.evidence.figures import forest

    del runs
    rules = {prediction.says: prediction.rule for prediction in study.predictions}
    return {"effects": Drawing(partial(forest, findings.verdicts, rules))}


def _no_warnings(runs: Sequence[MeasuredRun]) -> Sequence[str]:
    del runs
    return ()


def _no_images(data: DataSet, models: Mapping[str, nn.Module]) -> dict[str, Drawing]:
    del data, models
    return {}


def _no_cost(pace: Pace) -> Sequence[Cost]:
    del pace
    return ()


@dataclass(frozen=True)
class Shown:
    """What a study shows; where it says nothing else, what every study does.

    Attributes:
        tables: returns tables by name.
        figures: returns figures of what was measured, by name; the report shows them.
        images: given the data and, by its cell's name, one network of each cell of the first grid,
            returns figures of images.
        has_images: whether it returns any.
        images_cost: says what the latter take.
        report: returns the report in Markdown.
        evidence: returns what programs read.
        warnings: returns what is told once networks are measured.

    """

    tables: Callable[..., dict[str, TextTable]] = tables
    figures: Callable[..., dict[str, Drawing]] = figures
    images: Callable[..., dict[str, Drawing]] = _no_images
    has_images: bool = False
    images_cost: Callable[[Pace], Sequence[Cost]] = _no_cost
    report: Callable[..., str] = report
    evidence: Callable[..., dict[str, Any]] = evidence
    warnings: Callable[[Sequence[MeasuredRun]], Sequence[str]] = _no_warnings
