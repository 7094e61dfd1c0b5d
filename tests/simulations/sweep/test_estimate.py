"""What a grid will take, told before it is begun."""

import re
import time
from dataclasses import replace

import numpy as np
import pytest

from simulations.sweep.blocks import planned
from simulations.sweep.checked import grid_of
from simulations.sweep.estimate import require_time
from simulations.sweep.run import local_devices
from simulations.sweep.training import COLUMNS, computation
from theory.errors import UserError

SECONDS_A_CALL, SECONDS_AN_UPDATE = 0.01, 1e-4


def plan_of(*options):
    """A plan of which each call takes a while, and an update of Adam three times that of others."""
    grid = grid_of(options=["d=2", "seeds=2", *options])

    def slow(points):
        factor = 3 if points["rule"][0].startswith("Adam") else 1
        updates = int(points["iterations"][0])
        time.sleep(SECONDS_A_CALL + factor * SECONDS_AN_UPDATE * updates)
        return {c.name: np.zeros(len(points), c.dtype) for c in COLUMNS}

    return planned(replace(computation(grid, "cpu"), function=slow), grid.sweep)


@pytest.fixture
def plan():
    """GD and Adam, 4,000 and 8,000 updates."""
    return plan_of("rule=GD,Adam", "iterations=4000,8000")


def test_what_a_block_takes_besides_its_updates_counts():
    plan = plan_of("rule=GD", "iterations=1:300")
    assert plan.blocks == 300
    with pytest.raises(UserError, match=r"got 600 points that take about (\S+) s") as told:
        require_time(plan, range(300), 5, local_devices("cpu"))
    # 300 calls of 10 ms and 45,150 updates.
    foretold = float(str(told.value).split("take about ")[1].split(" s")[0])
    assert foretold > 0.8 * (300 * SECONDS_A_CALL + 45_150 * SECONDS_AN_UPDATE)


def test_the_estimate_is_what_it_takes(plan):
    # 12,000 updates of each, and four calls.
    least = 12_000 * 4 * SECONDS_AN_UPDATE + 4 * SECONDS_A_CALL
    with pytest.raises(UserError, match=r"at most 2 s, got 8 points that take about") as told:
        require_time(plan, range(plan.blocks), 2, local_devices("cpu"))
    foretold = float(str(told.value).split("take about ")[1].split(" s")[0])
    # Sleeping takes longer than it is told to, on a busy machine by far; never shorter.
    assert 0.8 * least < foretold < 20 * least
    assert "The longest are rule = Adam: " in str(told.value)
    assert "nothing was begun" in str(told.value)


def test_rules_with_numbers_of_their_own_are_foretold_one_by_one():
    plan = plan_of("rule=GD,Adam@0.001,Adam@0.01 beta1=0.5", "iterations=4000")
    with pytest.raises(UserError, match=r"got 6 points that take about") as told:
        require_time(plan, range(plan.blocks), 2.5, local_devices("cpu"))
    (longest,) = re.findall(r"The longest are (.*)\. Take fewer", str(told.value))
    names = [each.rpartition(":")[0] for each in longest.split("; ")]
    assert sorted(names[:2]) == ["rule = Adam@0.001", "rule = Adam@0.01 beta1=0.5"]
    assert names[2] == "rule = GD"


def test_what_fits_is_not_refused_and_what_is_there_is_not_counted(plan):
    require_time(plan, range(plan.blocks), 600, local_devices("cpu"))
    require_time(plan, [], 1e-3, local_devices("cpu"))
    # On many devices it is faster.
    require_time(plan, range(plan.blocks), 50, 100 * local_devices("cpu"))


def test_the_estimate_itself_ends_when_the_time_is_up(plan):
    with pytest.raises(UserError, match=r"take more than .* The longest are rule = GD"):
        require_time(plan, range(plan.blocks), 0.01, local_devices("cpu"))
