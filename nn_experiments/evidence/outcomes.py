"""From an interval to an outcome: three kinds of prediction, one rule each.

Where an interval holds values on both sides of what a prediction draws the line at, the outcome is
inconclusive: the data do not tell.
"""

from __future__ import annotations

from enum import StrEnum

from nn_experiments.evidence.intervals import Interval


class Outcome(StrEnum):
    """What measurements say about a prediction."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not run"


def similar(interval: Interval, margin: float) -> Outcome:
    """Judge a prediction of similarity: the quantity lies within ± ``margin``.

    An equivalence test by interval inclusion. Two one-sided tests at level α ask for the 1 − 2α
    interval; with the 1 − α interval, as here, the level of a false "supported" is α/2.
    """
    if -margin <= interval.low and interval.high <= margin:
        return Outcome.SUPPORTED
    if interval.low > margin or interval.high < -margin:
        return Outcome.CONTRADICTED
    return Outcome.INCONCLUSIVE


def positive(interval: Interval) -> Outcome:
    """Judge a prediction of order: the quantity is > 0."""
    if interval.low > 0:
        return Outcome.SUPPORTED
    return Outcome.CONTRADICTED if interval.high < 0 else Outcome.INCONCLUSIVE


def at_most(interval: Interval, margin: float) -> Outcome:
    """Judge a prediction of a small cost: the quantity is ≤ ``margin``."""
    if interval.high <= margin:
        return Outcome.SUPPORTED
    return Outcome.CONTRADICTED if interval.low > margin else Outcome.INCONCLUSIVE


def all_of(outcomes: list[Outcome]) -> Outcome:
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
