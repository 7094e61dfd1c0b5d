"""What measurements say: a verdict for each comparison, and for each prediction as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nn_experiments.evidence.changes import Change
from nn_experiments.evidence.intervals import Interval
from nn_experiments.evidence.outcomes import Outcome
from nn_experiments.study import POINTS


@dataclass(frozen=True)
class Verdict:
    """What measurements say about one comparison that a prediction makes.

    Attributes:
        prediction: what it says.
        comparison: what the effect is, such as ``"SGD − Adam"``.
        measure: what was measured, such as ``"l2/0.5"`` or ``"mean over l2"``.
        outcome: what the interval says.
        effect: the effect and its interval, or None if not run.
        unit: of the effect.
        margin: what the interval was held against, if not 0.
        n_seeds: trainings behind each side of the comparison, in the order that it names them.
        n_images: test images behind it; 0 where the quantity is of the network alone.
        published: the published effect, in the same unit.
        published_otherwise: what it would be if what is printed were read another way.
        is_primary: whether it counts for the prediction as a whole.
        uncounted: why it does not count, where what is compared and not only how is the reason.
        changed: what it is judged by that was changed after the results, if anything.
        note: what a reader should know.

    """

    prediction: str
    comparison: str
    measure: str
    outcome: Outcome
    effect: Interval | None = None
    unit: str = POINTS
    margin: float | None = None
    n_seeds: tuple[int, ...] = (0, 0)
    n_images: int = 0
    published: float | None = None
    published_otherwise: float | None = None
    is_primary: bool = True
    uncounted: str = ""
    changed: str = ""
    note: str = ""


@dataclass(frozen=True)
class Summary:
    """A prediction as a whole: all its primary comparisons together."""

    prediction: str
    outcome: Outcome
    counts: dict[Outcome, int]
    """How many primary comparisons came out how."""
    where: str
    note: str = ""
    """Why nothing counts, where something was measured; what was changed after the results."""


@dataclass(frozen=True)
class Findings:
    """All that was judged, once; tables, figures, report and evidence are given it.

    Attributes:
        verdicts: one for each comparison, prediction by prediction.
        summaries: one for each prediction.
        fixed: the settings that results are judged by, as they were fixed before them.
        changes: what of them was changed since.

    """

    verdicts: tuple[Verdict, ...]
    summaries: tuple[Summary, ...]
    fixed: Mapping[str, Mapping[str, Any]]
    changes: tuple[Change, ...] = ()
