"""What Table 4.1 compares: bounds on Lipschitz constants, and accuracy averaged over perturbations.

The table does not say which norm its bounds are in, nor whether it shows the product (4.20), its
logarithm or another summary. Bounds of 3.8 for networks of four layers and 45 for ResNets can
hardly be products. :func:`sizes` says which of our numbers are of the published size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nn_experiments.evidence.intervals import ONE_DISAGREEMENT, Interval, mean
from nn_experiments.specs import OptimizerSpec
from nn_experiments.studies.optimizers import thesis_tables as published
from nn_experiments.studies.optimizers.measurements import (
    KINDS,
    LipschitzBound,
    Measurements,
    MeasureName,
)
from nn_experiments.studies.optimizers.preset import Preset

FACTOR = 2.0
"""Numbers within this factor of each other are called of one size."""


@dataclass(frozen=True)
class Size:
    """One way to summarise our bounds, held against Table 4.1.

    Attributes:
        norm: the norm of the bounds.
        summary: how a network's bounds become one number, such as ``"product"``.
        ours: for each optimizer of Table 4.1, the mean over seeds.
        published: for each of these optimizers, Table 4.1's value.

    """

    norm: str
    summary: str
    ours: Mapping[str, float]
    published: Mapping[str, float]

    @property
    def is_of_published_size(self) -> bool:
        """Whether all are within a factor of two of the published value."""
        return all(
            value > 0 and 1 / FACTOR <= value / self.published[title] <= FACTOR
            for title, value in self.ours.items()
        )

    @property
    def has_published_order(self) -> bool:
        """Whether our values put the optimizers in the published order."""
        by_ours = sorted(self.ours, key=lambda title: self.ours[title])
        return by_ours == sorted(self.ours, key=lambda title: self.published[title])


def summaries(bound: LipschitzBound) -> dict[str, float]:
    """Return what one number a network's bounds can be shown as, by name."""
    found = {"product": bound.product, "ln(product)": _ln(bound.product)}
    layers = [value for _, value in bound.layers]
    if layers:
        found["largest layer"] = max(layers)
        found["sum of layers"] = math.fsum(layers)
        found["mean of layers"] = math.fsum(layers) / len(layers)
    for name, value in bound.variants.items():
        found[name] = value
        found[f"ln({name})"] = _ln(value)
    return found


def _ln(value: float) -> float:
    return math.log(value) if value > 0 else -math.inf


def sizes(preset: Preset, measurements: Measurements) -> tuple[Size, ...]:
    """Return all our summaries in all norms beside Table 4.1's values.

    Empty if Table 4.1 has none of the preset's optimizers on its data set, or nothing was measured.
    """
    theirs = {
        optimizer.title: value
        for optimizer in preset.optimizers
        if (value := published.lipschitz_bound(preset, optimizer)) is not None
        and measurements.finished(optimizer.title)
    }
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    for title in theirs:
        for run in measurements.finished(title):
            for norm, bound in run.lipschitz.items():
                for summary, value in summaries(bound).items():
                    by_title = found.setdefault((norm, summary), {})
                    by_title.setdefault(title, []).append(value)
    return tuple(
        Size(norm, summary, {t: float(np.mean(v)) for t, v in ours.items()}, theirs)
        for (norm, summary), ours in found.items()
    )


def perturbed_measures(preset: Preset) -> tuple[tuple[MeasureName, ...], bool]:
    """Return the three measures that are averaged, and whether they are the published ones.

    Those of Figure 4.1 if the preset has them. Otherwise the middle level of each kind, the lower
    of two, which is fixed by the preset and not by results; kinds without a level are left out.
    """
    found = published.figure_levels(preset)
    if found is not None:
        return found.measures, True
    chosen = []
    for kind in KINDS:
        levels = getattr(preset.robustness, kind)
        if levels:
            chosen.append(f"{kind}/{levels[(len(levels) - 1) // 2]}")
    return tuple(chosen), False


def average_robust_accuracy(
    preset: Preset, measurements: Measurements, optimizer: OptimizerSpec
) -> Interval | None:
    """Return the mean accuracy in percent over the highlighted perturbations, with its interval.

    Attacks may be put to fewer images than noise; then the mean is over the images that all three
    have, the first ones, and over the trainings that have all three; None if there is none.
    """
    measures, _ = perturbed_measures(preset)
    found = [
        [run.correct[measure] for measure in measures]
        for run in measurements.finished(optimizer.title)
        if all(measure in run.correct for measure in measures)
    ]
    if not found or not measures:
        return None
    images = min(len(answers) for run in found for answers in run)
    average = np.mean([[answers[:images] for answers in run] for run in found], axis=1)
    return mean(average, preset.margins.confidence, added_square=ONE_DISAGREEMENT).scaled(100)
