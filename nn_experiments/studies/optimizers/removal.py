"""Observation I: what removing coefficients costs, judged for each optimizer by itself."""

from __future__ import annotations

from dataclasses import replace

from nn_experiments.evidence import limits
from nn_experiments.evidence.intervals import ONE_DISAGREEMENT, difference
from nn_experiments.evidence.outcomes import Outcome, at_most
from nn_experiments.evidence.store import CLEAN, Measure, Measurements
from nn_experiments.specs import OptimizerSpec, Preset
from nn_experiments.studies.optimizers.predictions import IRRELEVANT, Verdict

_HALF = 50  # percent: section 4.3.1 says that more than half can be removed


def costs(preset: Preset, measurements: Measurements) -> list[Verdict]:
    """Return a verdict for each optimizer, filter and threshold: what removing coefficients costs.

    "More than half" of the coefficients can be removed, says section 4.3.1: the least threshold
    above 50 % counts for the prediction, the others are shown. Both networks must fit the images
    that they were trained on: the one the full images, the other the filtered ones.

    Raises:
        ValueError: trainings were tested on different images.

    """
    thresholds = preset.frequency.thresholds
    counted = min((threshold for threshold in thresholds if threshold > _HALF), default=None)
    verdicts = []
    for optimizer in preset.optimizers:
        for kind in preset.frequency.filters:
            for threshold in thresholds or (None,):
                verdict = _cost(preset, measurements, optimizer, kind, threshold)
                if threshold != counted:
                    reason = f"only the least threshold above {_HALF} % counts"
                    verdict = replace(verdict, is_primary=False, uncounted=reason)
                poor = _unfitted_to_either(preset, measurements, optimizer, verdict.measure)
                verdicts.append(limits.noted(verdict, (optimizer,), measurements, poor))
    return verdicts


def _unfitted_to_either(
    preset: Preset, measurements: Measurements, optimizer: OptimizerSpec, measure: Measure
) -> list[str]:
    """Name the networks that fit too few of their images, full or filtered."""
    runs = [run for run in measurements.runs if run.optimizer == optimizer.title]
    accuracies = {run.seed: run.training_accuracy for run in runs}
    on_all = limits.unfitted(accuracies, preset, optimizer.title)
    on_filtered = limits.unfitted(
        {run.seed: run.filtered_training_accuracy.get(measure) for run in runs},
        preset,
        f"filtered, {optimizer.title}",
    )
    return [text for text in (on_all, on_filtered) if text]


def _cost(
    preset: Preset,
    measurements: Measurements,
    optimizer: OptimizerSpec,
    kind: str,
    threshold: int | None,
) -> Verdict:
    margin = preset.margins.filtered
    name = f"filtered/{kind}" if threshold is None else f"filtered/{kind}/{threshold}"
    verdict = Verdict(
        IRRELEVANT, f"{optimizer.title}: all − filtered", name, Outcome.NOT_RUN, margin=margin
    )
    full = measurements.correct(optimizer.title, CLEAN)
    filtered = measurements.correct(optimizer.title, name)
    if full is None or filtered is None:
        return verdict
    effect = difference(
        full, filtered, preset.margins.confidence, added_square=ONE_DISAGREEMENT
    ).scaled(100)
    return replace(
        verdict,
        outcome=at_most(effect, margin),
        effect=effect,
        n_seeds=(len(full), len(filtered)),
        n_images=full.shape[1],
    )
