"""Digits that rounding decides are not printed; those that hold on every processor are."""

import numpy as np
import pytest

from simulations.study import problems
from simulations.study.problems import FIGURE_4_7, POWER_LAW
from simulations.study.quartiles import ROUNDING_DECIDES, cells, held, words
from simulations.study.rounding import TWINS, ULPS, distance, moved, pairs


@pytest.mark.parametrize(
    ("value", "rounding", "printed"),
    [
        (0.47825, 0.0, "0.4783"),
        (0.47825, 1e-9, "0.4783"),
        (0.47825, 2e-5, "0.4783"),
        (0.47825, 3e-5, "0.478"),
        (0.47825, 0.002, "0.48"),
        (0.47825, 0.02, "0.5"),
        (0.47825, 0.03, ROUNDING_DECIDES),
        (54.28, 0.5, "5e+01"),
        (54.28, 30.0, ROUNDING_DECIDES),
        (1.1e-10, 1e-12, "1.1e-10"),
        (1.1e-10, 1e-10, "below 1e-09"),
        (1.3e-33, 4e-34, "below 1e-32"),
        (0.0, 1e-16, "below 1e-15"),
        (0.0, 0.0, "0"),
        (1.5, np.inf, ROUNDING_DECIDES),
        (np.nan, 0.0, "nan"),
    ],
)
def test_a_digit_is_printed_if_a_unit_of_it_is_four_times_what_rounding_moves(
    value, rounding, printed
):
    assert held(value, rounding) == printed


def test_in_tables_and_words_too():
    three = (1.206, 4.152, 11.35)
    assert cells(three, 0.001) == ("4.15", "1.21 to 11.35")
    assert cells(three, 50.0) == (ROUNDING_DECIDES, ROUNDING_DECIDES)
    assert words(three, 0.001) == "4.15 [1.21, 11.35]"
    assert words(three) == "4.152 [1.206, 11.350]"
    assert words(three, 50.0) == words(three, np.inf) == f"({ROUNDING_DECIDES})"


def test_quartiles_move_no_farther_than_is_said():
    """Whichever way each run moves, by as much as its twin is away or less."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal(9)
    twins = values + rng.standard_normal(9) * 10.0 ** rng.integers(-6, 1, 9)
    said = distance(values, twins)
    apart = np.abs(values - twins)
    either = values + rng.uniform(-1, 1, (2000, 9)) * apart
    levels = (0.25, 0.5, 0.75)
    moves = np.abs(np.quantile(either, levels, axis=1).T - np.quantile(values, levels)).max()
    assert 0.2 * said < moves <= said
    assert distance(values, values) == 0
    # One run that another rounding sends elsewhere does not move the quartiles with it.
    assert distance(values, np.where(values == values.max(), 1e6, values)) < 2


def test_a_run_that_stays_finite_only_with_one_rounding():
    assert distance(np.array([1.0, np.nan]), np.array([1.0, 2.0])) == np.inf
    assert distance(np.array([1.0, np.nan]), np.array([1.5, np.nan])) == 0.5
    assert distance(np.array([np.nan]), np.array([np.nan])) == 0


def test_twins_are_found_wherever_they_stand():
    points = [
        ({"x": x, ULPS: ulps, "y": y}, {"v": np.array([x + y + 0.01 * bool(ulps)])})
        for x in (1, 2)
        for ulps in TWINS
        for y in (10, 20)
    ]
    found = list(pairs(points))
    assert [pair.at for pair in found] == [{"x": x, "y": y} for x in (1, 2) for y in (10, 20)]
    assert all(pair.values["v"] == sum(pair.at.values()) for pair in found)
    assert all(distance(pair.values["v"], pair.twins["v"]) > 0.009 for pair in found)


@pytest.mark.parametrize("name", [FIGURE_4_7, POWER_LAW])
@pytest.mark.parametrize("zero", [False, True])
def test_a_twin_starts_at_other_errors_and_nowhere_visibly(name, zero):
    runs = problems.problem_of(name, 8, 1.0, 0.0 if zero else 0.02).runs(range(3))
    start = moved(runs, TWINS[1]).w0_tilde - runs.w0_tilde
    relevant = np.broadcast_to(runs.sigma_tilde_sq > 0, start.shape)
    assert (start[relevant] > 0).all()
    assert (start[~relevant] == 0).all()
    assert np.abs(start).max() < 1e-11 * np.abs(runs.w_star_tilde).max()
    np.testing.assert_array_equal(moved(runs, 0).w0_tilde, runs.w0_tilde)
