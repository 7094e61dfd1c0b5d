"""How long a sweep will take, told from its first blocks."""

import re
from dataclasses import replace

import numpy as np
import pytest

from simulations.sweep import forecast
from simulations.sweep.blocks import planned
from simulations.sweep.checked import grid_of
from simulations.sweep.forecast import Forecast, duration
from simulations.sweep.training import computation
from tests.simulations.sweep.small import DRAWN, sweep
from theory.common.errors import UserError

PLAN = planned(replace(DRAWN, most_rows=10), sweep())
"""Four blocks of ten points."""


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(forecast.time, "monotonic", lambda: now[0])
    return now


def test_the_first_block_stands_for_the_rest_and_is_told_once():
    told = []
    of = Forecast(PLAN, range(4), 1, tell=told.append)
    of.take(0, 50.0)
    of.take(1, 10.0)
    of.take(2, 10.0)
    assert told == ["about 2 minutes more, by the first of 4 blocks, which took 50 seconds"]


def test_blocks_count_by_their_work_and_devices_share_it():
    told = []
    heavy = replace(PLAN.computation, work=lambda points: 1.0 + 9 * (points.rows[0] >= 20))
    of = Forecast(replace(PLAN, computation=heavy), range(4), 3, tell=told.append)
    of.take(0, 6.0)
    # A block like the first and two of ten times its work, on three devices.
    assert told == ["about 42 seconds more, by the first of 4 blocks, which took 6 seconds"]


def test_what_does_not_fit_is_told_after_two_blocks_by_the_faster(clock):
    of = Forecast(PLAN, range(4), 1, limit=35.0)
    clock[0] = 20.0
    of.take(0, 20.0)  # compiling, too
    clock[0] = 26.0
    with pytest.raises(UserError, match=r"at most 35 s, got 4 blocks .* about 38 s in all"):
        of.take(1, 6.0)
    fits = Forecast(PLAN, range(4), 1, limit=65.0)
    fits.take(0, 20.0)
    fits.take(1, 6.0)


def test_a_first_block_that_takes_all_the_time_is_the_last_unless_it_is_the_only_one(clock):
    of, only = Forecast(PLAN, range(4), 1, limit=5.0), Forecast(PLAN, range(1), 1, limit=5.0)
    clock[0] = 6.0
    only.take(0, 6.0)
    with pytest.raises(UserError, match="at most 5 s"):
        of.take(0, 6.0)


def test_of_many_blocks_some_are_counted():
    counted = []

    def work(points):
        counted.append(len(points))
        return 1.0

    many = planned(replace(DRAWN, most_rows=1, work=work), sweep(seeds=200))
    told = []
    of = Forecast(many, range(many.blocks), 1, tell=told.append)
    assert (many.blocks, len(counted)) == (4000, 64)
    of.take(0, 1.0)
    (minutes,) = re.findall(r"about (\d+) minutes more", told[0])
    assert abs(60 * int(minutes) - 3999) <= 60


def test_the_work_of_training_is_updates_of_numbers():
    grid = grid_of(options=["d=2,64", "iterations=10,30", "seeds=3"])
    points = grid.sweep.points(0, grid.sweep.rows)
    assert computation(grid, "cpu").work(points) == 3 * (2 + 64) * (10 + 30)
    assert np.isfinite(computation(grid, "cpu").work(points))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.01, "1 second"),
        (119, "119 seconds"),
        (130, "2 minutes"),
        (36_000, "10 hours"),
        (3.2e7 * 2600, "2,638 years"),
    ],
)
def test_durations(seconds, words):
    assert duration(seconds) == words
