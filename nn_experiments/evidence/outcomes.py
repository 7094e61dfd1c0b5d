"""From an interval to an outcome: kinds of prediction, one rule each.

Where an interval holds values on both sides of what a prediction draws the line at, the outcome is
inconclusive: the data do not tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from nn_experiments.evidence.intervals import Interval


class Outcome(StrEnum):
    """What measurements say about a prediction."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Rule:
    """What an effect is predicted to be; made by :func:`similar`, :func:`positive` and so on.

    Attributes:
        kind: similar, the effect lies within ± the margin; positive, it is > 0; at most or at
            least, it is ≤ or ≥ the margin.
        margin: that the interval is held against; None for an order.

    """

    kind: Literal["similar", "positive", "at most", "at least"]
    margin: float | None = None

    def allowed(self) -> tuple[float, float]:
        """Return the ends of the effects that the prediction allows."""
        margin = self.margin or 0.0
        match self.kind:
            case "similar":
                return -margin, margin
            case "at most":
                return -math.inf, margin
        return margin, math.inf

    def outcome(self, interval: Interval) -> Outcome:
        """Judge an interval: supported inside what is allowed, contradicted outside of it.

        An order needs an interval that does not touch zero. Similarity is an equivalence test by
        interval inclusion: two one-sided tests at level α ask for the 1 − 2α interval; with the
        1 − α interval, as here, the level of a false "supported" is α/2.
        """
        low, high = self.allowed()
        inside = low <= interval.low and interval.high <= high
        if inside and not (self.kind == "positive" and interval.low == 0):
            return Outcome.SUPPORTED
        outside = interval.low > high or interval.high < low
        return Outcome.CONTRADICTED if outside else Outcome.INCONCLUSIVE


def similar(margin: float) -> Rule:
    """Return the rule that the effect lies within ± ``margin``."""
    return Rule("similar", margin)


def positive() -> Rule:
    """Return the rule that the effect is > 0."""
    return Rule("positive")


def at_most(margin: float) -> Rule:
    """Return the rule that the effect is ≤ ``margin``: a small cost."""
    return Rule("at most", margin)


def at_least(margin: float) -> Rule:
    """Return the rule that the effect is ≥ ``margin``: a large gain."""
    return Rule("at least", margin)


def all_of(outcomes: Sequence[Outcome]) -> Outcome:
    """Judge a prediction that makes several comparisons, and holds only if each does.

    Supported needs every comparison supported; the chance of that by error is no greater than that
    of one of them (intersection-union test). One contradicted comparison contradicts it; with k
    comparisons the chance of that by error is at most k times that of one. What was not run does
    not count, unless nothing was.
    """
    run = [outcome for outcome in outcomes if outcome != Outcome.NOT_RUN]
    if not run:
        return Outcome.NOT_RUN
    if Outcome.CONTRADICTED in run:
        return Outcome.CONTRADICTED
    if len(run) == len(outcomes) and set(run) == {Outcome.SUPPORTED}:
        return Outcome.SUPPORTED
    return Outcome.INCONCLUSIVE


def some_of(outcomes: Sequence[Outcome]) -> Outcome:
    """Judge a prediction that holds if one of several comparisons does: the mirror of all_of."""
    mirrored = {Outcome.SUPPORTED: Outcome.CONTRADICTED, Outcome.CONTRADICTED: Outcome.SUPPORTED}
    found = all_of([mirrored.get(outcome, outcome) for outcome in outcomes])
    return mirrored.get(found, found)
