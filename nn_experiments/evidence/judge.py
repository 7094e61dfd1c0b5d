"""A verdict for each comparison that each prediction makes, and for each prediction as a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nn_experiments.evidence import intervals, limits
from nn_experiments.evidence.changes import Change, Rules, changes
from nn_experiments.evidence.findings import Findings, Summary, Verdict
from nn_experiments.evidence.intervals import Interval
from nn_experiments.evidence.outcomes import Outcome, all_of, some_of
from nn_experiments.evidence.store import stacked
from nn_experiments.study import Agreement, Comparison, Prediction, Runs, Side, Study

_CHANGED = "changed after the results: {}"
# The rule of thumb for counts: at five or more a normal approximation is used.
_FEW_IMAGES = 5


def judge(study: Study, runs: Runs, fixed: Rules | None = None) -> Findings:
    """Return a verdict for each comparison that each prediction makes, and for each prediction.

    The confidence is per comparison. Nothing here depends on another comparison's result.

    Args:
        study: has the predictions.
        runs: what was measured, by cell, as the study's ``view`` gives it.
        fixed: what was fixed before the results, if they are not new: what differs is told.

    Raises:
        ValueError: trainings were tested on different images.

    """
    changed = changes(fixed, study.judged_by)
    verdicts = tuple(
        _told(_judged(study, prediction, comparison, runs), study, changed)
        for prediction in study.predictions
        for comparison in prediction.comparisons
    )
    summaries = tuple(_summary(prediction, verdicts) for prediction in study.predictions)
    return Findings(verdicts, summaries, fixed or study.judged_by, changed)


def _judged(study: Study, prediction: Prediction, comparison: Comparison, runs: Runs) -> Verdict:
    limited = study.limits(study, comparison, runs)
    verdict = _compared(study, prediction, comparison, comparison.sides, runs)
    note = "; ".join(filter(None, (comparison.note, limited.told, verdict.note)))
    verdict = replace(verdict, note=note)
    if isinstance(comparison, Agreement):
        other = _compared(study, prediction, comparison, comparison.beside, runs)
        verdict = _agreed(verdict, other, comparison.other)
    return limits.noted(verdict, limits.cells_of(comparison, study.reference), runs, limited)


def _compared(
    study: Study,
    prediction: Prediction,
    comparison: Comparison,
    sides: Sequence[Side],
    runs: Runs,
) -> Verdict:
    """Judge the statistic of some sides by the prediction's rule."""
    verdict = Verdict(
        prediction.says,
        comparison.name,
        comparison.measure,
        Outcome.NOT_RUN,
        unit=prediction.unit,
        margin=prediction.rule.margin,
        n_seeds=(0,) * len(sides),
        published=comparison.published,
        published_otherwise=comparison.published_otherwise,
        is_primary=comparison.is_counted,
        uncounted=comparison.uncounted,
    )
    groups = [_values(side, runs) for side in sides]
    if any(group is None for group in groups):
        return verdict
    effect = _effect(prediction, groups, [side.at for side in sides], study.confidence)
    note = _at_an_end(groups) if prediction.has_ends else ""
    outcome = Outcome.INCONCLUSIVE if note else prediction.rule.outcome(effect)
    return replace(
        verdict,
        outcome=outcome,
        effect=effect,
        n_seeds=tuple(len(group) for group in groups),
        n_images=groups[0].shape[1] if groups[0].ndim > 1 else 0,
        note=note or _too_wide(prediction, outcome, effect),
    )


def _values(side: Side, runs: Runs) -> Any:
    """Return what is compared of a side's finished runs, shape (seeds, …); None if nothing is."""
    found = (side.of(run) for run in runs[side.cell] if run.finished)
    return stacked(None if value is None else np.asarray(value) for value in found)


def _effect(
    prediction: Prediction, groups: Sequence[Any], at: Sequence[float], confidence: float
) -> Interval:
    if prediction.statistic == "ln ratio":
        first, second = groups
        return intervals.ln_ratio(list(first), list(second), confidence)
    weights = [1.0, -1.0] if prediction.statistic == "difference" else intervals.slope_weights(at)
    if groups[0].ndim == 1:
        found = intervals.contrast_over_seeds(groups, weights, confidence)
    else:
        square = intervals.ONE_DISAGREEMENT if prediction.answers else 0.0
        found = intervals.contrast(groups, weights, confidence, added_square=square)
    return found.scaled(prediction.scale)


def _too_wide(prediction: Prediction, outcome: Outcome, effect: Interval) -> str:
    """Say why similarity was left open, if its interval would fit nowhere between ± the margin."""
    rule = prediction.rule
    if rule.kind != "similar" or rule.margin is None or outcome != Outcome.INCONCLUSIVE:
        return ""
    if not 2 * rule.margin < effect.high - effect.low < math.inf:
        return ""
    return (
        f"an interval wider than ± {rule.margin:g}: too few trainings or images to find "
        "similarity, whatever the difference"
    )


def _at_an_end(groups: Sequence[Any]) -> str:
    """Say so if all accuracies are at one end of the scale, where no order can show.

    An end is fewer than five right, or fewer than five wrong, of the test images per training.
    """
    right = [values.mean() * values.shape[1] for values in groups]
    wrong = [values.shape[1] - r for values, r in zip(groups, right, strict=True)]
    if max(right) < _FEW_IMAGES:
        return f"floor: both have fewer than {_FEW_IMAGES} images right on average"
    if max(wrong) < _FEW_IMAGES:
        return f"ceiling: both have fewer than {_FEW_IMAGES} images wrong on average"
    return ""


def _agreed(verdict: Verdict, other: Verdict, called: str) -> Verdict:
    """Judge whether two effects have one sign; both intervals must tell it.

    A false verdict needs one of the two intervals to miss its true value, so its chance is at most
    the sum of theirs. The effect shown is the first.
    """
    orders = {verdict.outcome, other.outcome}
    if Outcome.NOT_RUN in orders:
        return replace(verdict, outcome=Outcome.NOT_RUN, effect=None)
    note = "; ".join(filter(None, (verdict.note, f"{called}: {_signed(other.effect)}")))
    if Outcome.INCONCLUSIVE in orders:
        return replace(verdict, outcome=Outcome.INCONCLUSIVE, note=note)
    same = verdict.outcome == other.outcome
    return replace(verdict, outcome=Outcome.SUPPORTED if same else Outcome.CONTRADICTED, note=note)


def _signed(effect: Interval | None) -> str:
    return (
        "" if effect is None else f"{effect.estimate:+.2f} [{effect.low:+.2f}, {effect.high:+.2f}]"
    )


def _summary(prediction: Prediction, verdicts: Sequence[Verdict]) -> Summary:
    """Return a prediction's outcome as a whole.

    Where comparisons were measured and none of them counts, it is inconclusive, and told why.
    """
    found = [v for v in verdicts if v.prediction == prediction.says]
    outcomes = [v.outcome for v in found if v.is_primary]
    counts = {outcome: outcomes.count(outcome) for outcome in Outcome}
    changed = dict.fromkeys(_CHANGED.format(v.changed) for v in found if v.changed)
    outcome = all_of(outcomes) if prediction.over == "every" else some_of(outcomes)
    summary = Summary(prediction.says, outcome, counts, prediction.where, "; ".join(changed))
    if outcomes or not (measured := [v for v in found if v.outcome != Outcome.NOT_RUN]):
        return summary
    reasons = dict.fromkeys(v.uncounted for v in measured if v.uncounted)
    why = f"measured, but nothing counts: {'; '.join(reasons)}"
    return replace(summary, outcome=Outcome.INCONCLUSIVE, note="; ".join([why, *changed]))


def _told(verdict: Verdict, study: Study, changed: Sequence[Change]) -> Verdict:
    """Say what of a verdict's rules was changed after the results."""
    found = "; ".join(c.text for c in changed if verdict.prediction in study.concerned(study, c))
    if not found:
        return verdict
    notes = [verdict.note] if verdict.note else []
    return replace(verdict, changed=found, note="; ".join([*notes, _CHANGED.format(found)]))
