"""Outcomes: inclusion of an interval, two one-sided tests, and predictions of several parts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nn_experiments.evidence.intervals import Interval, difference_over_seeds
from nn_experiments.evidence.outcomes import (
    Outcome,
    all_of,
    at_least,
    at_most,
    positive,
    similar,
    some_of,
)

YES, NO, OPEN, NONE = (
    Outcome.SUPPORTED,
    Outcome.CONTRADICTED,
    Outcome.INCONCLUSIVE,
    Outcome.NOT_RUN,
)


def interval(low: float, high: float) -> Interval:
    return Interval((low + high) / 2, low, high)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-1.9, 1.9, YES),
        (-2.0, 2.0, YES),
        (-2.1, 1.9, OPEN),
        (1.9, 2.1, OPEN),
        (2.1, 5.0, NO),
        (-5.0, -2.1, NO),
        (-9.0, 9.0, OPEN),
        (-np.inf, np.inf, OPEN),
    ],
)
def test_similar_is_inside_the_margin(low, high, expected):
    assert similar(2.0).outcome(interval(low, high)) is expected


@pytest.mark.parametrize(
    ("low", "high", "order", "cost", "gain"),
    [
        (0.1, 1, YES, YES, NO),
        (-1, -0.1, NO, YES, NO),
        (-1, 0.0, OPEN, YES, NO),
        (0.0, 1, OPEN, YES, NO),
        (0.0, 0.0, OPEN, YES, NO),
        (1, 3, YES, OPEN, OPEN),
        (2, 3, YES, OPEN, YES),
        (3, 4, YES, NO, YES),
        (-np.inf, np.inf, OPEN, OPEN, OPEN),
    ],
)
def test_orders_costs_and_gains(low, high, order, cost, gain):
    assert positive().outcome(interval(low, high)) is order
    assert at_most(2.0).outcome(interval(low, high)) is cost
    assert at_least(2.0).outcome(interval(low, high)) is gain


ends = st.floats(-10, 10)


@given(ends, ends, st.floats(0.01, 5))
def test_an_interval_on_both_sides_of_a_line_is_inconclusive(x, y, margin):
    low, high = min(x, y), max(x, y)
    found = interval(low, high)
    for line in (-margin, margin):
        if low < line < high:
            assert similar(margin).outcome(found) is OPEN
    if low < margin < high:
        assert at_most(margin).outcome(found) is OPEN
        assert at_least(margin).outcome(found) is OPEN
    if low < 0 < high:
        assert positive().outcome(found) is OPEN


def test_similar_agrees_with_two_one_sided_tests():
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(100):
        a, b = rng.normal(0, 1, 6), rng.normal(rng.uniform(-3, 3), 1, 6)
        p = max(
            stats.ttest_ind(a + 2, b, equal_var=False, alternative="greater").pvalue,
            stats.ttest_ind(a - 2, b, equal_var=False, alternative="less").pvalue,
        )
        found = similar(2.0).outcome(difference_over_seeds(list(a), list(b)))
        assert (found is YES) == (p <= 0.025)
        seen.add(found)
    assert seen == {YES, NO, OPEN}


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([YES, YES], YES),
        ([YES, OPEN], OPEN),
        ([YES, NO], NO),
        ([OPEN, NO], NO),
        ([YES, NONE], OPEN),
        ([NONE, NONE], NONE),
        ([], NONE),
    ],
)
def test_a_prediction_holds_only_if_each_part_does(parts, expected):
    assert all_of(parts) is expected


def test_a_prediction_of_some_part_is_the_mirror_of_one_of_all():
    turned = {YES: NO, NO: YES}
    for parts in ([YES, NO], [NO, NO], [NO, OPEN], [YES, NONE], [NONE], []):
        mirrored = all_of([turned.get(part, part) for part in parts])
        assert some_of(parts) is turned.get(mirrored, mirrored)
    assert (some_of([YES, NO, OPEN]), some_of([NO, NO]), some_of([NO, OPEN])) == (YES, NO, OPEN)
