"""Tables of what was found: each prediction, each comparison, each training, each measure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from nn_experiments.evidence.findings import Summary, Verdict
from nn_experiments.evidence.intervals import Interval
from nn_experiments.evidence.outcomes import Outcome
from nn_experiments.study import LN_RATIO
from theory.common.tables import TextTable

MISSING = "–"


def summary_table(summaries: Sequence[Summary]) -> TextTable:
    """Return one row a prediction: the outcome, and how its comparisons came out."""
    shown = (Outcome.SUPPORTED, Outcome.CONTRADICTED, Outcome.INCONCLUSIVE, Outcome.NOT_RUN)
    rows = [
        [
            s.prediction,
            s.outcome,
            *(str(s.counts.get(outcome, 0)) for outcome in shown),
            s.where,
            s.note,
        ]
        for s in summaries
    ]
    return TextTable(["Prediction", "Verdict", *shown, "Where", "Note"], rows)


def verdict_table(
    verdicts: Sequence[Verdict], measure_text: Callable[[str], str] = str
) -> TextTable:
    """Return one row a comparison: effect, interval, margin, published effect, n, outcome."""
    header = ["Prediction", "Comparison", "Measure", "Effect", "Interval", "Unit", "Margin"]
    rows = [
        [
            v.prediction,
            v.comparison,
            measure_text(v.measure),
            MISSING if v.effect is None else _signed(v.effect.estimate, v.unit),
            _ends(v.effect, v.unit),
            v.unit,
            MISSING if v.margin is None else f"{v.margin:g}",
            _published(v),
            "+".join(map(str, v.n_seeds)),
            str(v.n_images) if v.n_images else MISSING,
            v.outcome,
            "yes" if v.is_primary else "no",
            v.note,
        ]
        for v in verdicts
    ]
    last = ["Published", "Seeds", "Images", "Verdict", "Counted", "Note"]
    return TextTable([*header, *last], rows)


def _published(v: Verdict) -> str:
    """Return the published effect, by each way to read it."""
    readings = [_signed(x, v.unit) for x in (v.published, v.published_otherwise) if x is not None]
    return " or ".join(readings) or MISSING


def _signed(value: float, unit: str) -> str:
    return f"{value:+.3f}" if unit == LN_RATIO else f"{value:+.2f}"


def _ends(effect: Interval | None, unit: str) -> str:
    if effect is None:
        return MISSING
    if not math.isfinite(effect.low):
        return "unknown"
    if effect.is_point:
        return "none"
    return f"[{_signed(effect.low, unit)}, {_signed(effect.high, unit)}]"


def training_table(runs: Iterable[tuple[str, Any]], what: str = "Optimization") -> TextTable:
    """Return one row a training: its status, and the loss and accuracy on its training images.

    Args:
        runs: what each is called, and the run.
        what: names are of.

    """
    rows = [
        [
            name,
            str(run.seed),
            run.status,
            MISSING if run.training_loss is None else f"{run.training_loss:.3g}",
            percent(None if run.training_accuracy is None else 100 * run.training_accuracy),
        ]
        for name, run in runs
    ]
    return TextTable([what, "Seed", "Status", "Training loss", "Training accuracy, %"], rows)


def mean_and_spread(values: Sequence[float] | np.ndarray, spread: bool = True) -> str:
    """Return the mean over seeds ± the standard deviation, which one seed does not have."""
    mean = f"{np.mean(values):.2f}"
    return f"{mean} ± {np.std(values, ddof=1):.2f}" if spread and len(values) > 1 else mean


def percent(value: float | None) -> str:
    """Return a percentage with two decimals; a dash where there is none."""
    return MISSING if value is None else f"{value:.2f}"
