"""A verdict for each comparison that each prediction makes, and for each prediction as a whole.

Optimizers are compared with the *baseline*, the preset's first optimizer named SGD, or else its
first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nn_experiments.evidence.changes import Change, Rules, changes
from nn_experiments.evidence.outcomes import Outcome, all_of
from nn_experiments.evidence.store import Measurements
from nn_experiments.specs import OptimizerSpec, Preset
from nn_experiments.studies.optimizers.comparisons import Comparison, compared
from nn_experiments.studies.optimizers.predictions import (
    HIGH_BANDS,
    IRRELEVANT,
    LOW_BAND,
    PREDICTIONS,
    ROBUST,
    STANDARD,
    Summary,
    Verdict,
)
from nn_experiments.studies.optimizers.removal import costs

_CHANGED = "changed after the results: {}"


def baseline(preset: Preset) -> OptimizerSpec:
    """Return the optimizer that the others are compared with.

    Raises:
        ValueError: the preset has no optimizer.

    """
    if not preset.optimizers:
        raise ValueError("expected a preset with at least one optimizer, got none")
    return next((o for o in preset.optimizers if o.name == "SGD"), preset.optimizers[0])


def judge(
    preset: Preset, measurements: Measurements, fixed: Rules | None = None
) -> tuple[Verdict, ...]:
    """Return a verdict for each comparison that each prediction makes.

    The confidence is per comparison. Nothing here depends on another comparison's result.

    Args:
        preset: how it is judged, among others.
        measurements: what was measured.
        fixed: what was fixed before the results, if they are not new: what differs is told.

    Raises:
        ValueError: the preset has no optimizer, or trainings were tested on different images.

    """
    first = baseline(preset)
    verdicts: list[Verdict] = []
    for other in preset.optimizers:
        if other is not first:
            verdicts += compared(Comparison(preset, measurements, first, other))
    verdicts += costs(preset, measurements)
    changed = changes(fixed, preset)
    verdicts = [_told(verdict, changed) for verdict in verdicts]
    order = list(PREDICTIONS)
    return tuple(sorted(verdicts, key=lambda verdict: order.index(verdict.prediction)))


def summarise(verdicts: Sequence[Verdict]) -> tuple[Summary, ...]:
    """Return each prediction's outcome as a whole, by :func:`~.outcomes.all_of`.

    Where comparisons were measured and none of them counts, it is inconclusive, and told why.
    """
    summaries = []
    for prediction, where in PREDICTIONS.items():
        found = [v for v in verdicts if v.prediction == prediction]
        outcomes = [v.outcome for v in found if v.is_primary]
        counts = {outcome: outcomes.count(outcome) for outcome in Outcome}
        changed = dict.fromkeys(_CHANGED.format(v.changed) for v in found if v.changed)
        summary = Summary(prediction, all_of(outcomes), counts, where, "; ".join(changed))
        if not outcomes and (measured := [v for v in found if v.outcome != Outcome.NOT_RUN]):
            reasons = dict.fromkeys(v.uncounted for v in measured if v.uncounted)
            why = f"measured, but nothing counts: {'; '.join(reasons)}"
            note = "; ".join([why, *changed])
            summary = replace(summary, outcome=Outcome.INCONCLUSIVE, note=note)
        summaries.append(summary)
    return tuple(summaries)


def _told(verdict: Verdict, changed: Sequence[Change]) -> Verdict:
    """Say what of a verdict's rules was changed after the results."""
    found = "; ".join(c.text for c in changed if verdict.prediction in _concerned(c))
    if not found:
        return verdict
    notes = [verdict.note] if verdict.note else []
    return replace(verdict, changed=found, note="; ".join([*notes, _CHANGED.format(found)]))


def _concerned(change: Change) -> Sequence[str]:
    """Return the predictions whose verdicts a setting has a part in."""
    match change.part, change.name:
        case "margins", "accuracy":
            return (STANDARD,)
        case "margins", "drop":
            return (LOW_BAND,)
        case ("margins", "filtered") | ("frequency", "thresholds" | "filters"):
            return (IRRELEVANT,)
        case "robustness", _:
            return (ROBUST,)
        case "frequency", _:
            return (LOW_BAND, HIGH_BANDS)
    return tuple(PREDICTIONS)
