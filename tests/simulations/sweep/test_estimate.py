"""What a grid will take, told before it is begun."""

import re
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from simulations.engine.program import advance, begin, chi_squares
from simulations.sweep import estimate
from simulations.sweep.blocks import Plan, planned
from simulations.sweep.checked import grid_of
from simulations.sweep.estimate import duration, estimated, points_in, require_time
from simulations.sweep.run import local_devices
from simulations.sweep.training import COLUMNS, computation
from theory.common.errors import UserError

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


def _require(plan, blocks, seconds, devices):
    require_time(estimated(plan, blocks, devices, seconds), seconds)


@pytest.fixture
def plan():
    """GD and Adam, 4,000 and 8,000 updates."""
    return plan_of("rule=GD,Adam", "iterations=4000,8000")


def test_what_a_block_takes_besides_its_updates_counts():
    plan = plan_of("rule=GD", "iterations=1:300")
    assert plan.blocks == 300
    with pytest.raises(UserError, match=r"got 600 points that take about (\S+) s") as told:
        _require(plan, range(300), 5, local_devices("cpu"))
    # 300 calls of 10 ms and 45,150 updates.
    foretold = float(str(told.value).split("take about ")[1].split(" s")[0])
    assert foretold > 0.8 * (300 * SECONDS_A_CALL + 45_150 * SECONDS_AN_UPDATE)


def test_the_estimate_is_what_it_takes(plan):
    # 12,000 updates of each, and four calls.
    least = 12_000 * 4 * SECONDS_AN_UPDATE + 4 * SECONDS_A_CALL
    with pytest.raises(UserError, match=r"at most 2 s, got 8 points that take about") as told:
        _require(plan, range(plan.blocks), 2, local_devices("cpu"))
    foretold = float(str(told.value).split("take about ")[1].split(" s")[0])
    # Sleeping takes longer than it is told to, on a busy machine by far; never shorter.
    assert 0.8 * least < foretold < 20 * least
    assert "The longest are rule = Adam: " in str(told.value)
    assert "nothing was begun" in str(told.value)


def test_rules_with_numbers_of_their_own_are_foretold_one_by_one():
    plan = plan_of("rule=GD,Adam@0.001,Adam@0.01 beta1=0.5", "iterations=4000")
    with pytest.raises(UserError, match=r"got 6 points that take about") as told:
        _require(plan, range(plan.blocks), 2.5, local_devices("cpu"))
    (longest,) = re.findall(r"The longest are (.*)\. Take fewer", str(told.value))
    names = [each.rpartition(":")[0] for each in longest.split("; ")]
    assert sorted(names[:2]) == ["rule = Adam@0.001", "rule = Adam@0.01 beta1=0.5"]
    assert names[2] == "rule = GD"


def test_what_fits_is_not_refused_and_what_is_there_is_not_counted(plan):
    _require(plan, range(plan.blocks), 600, local_devices("cpu"))
    _require(plan, [], 1e-3, local_devices("cpu"))
    # On many devices it is faster.
    _require(plan, range(plan.blocks), 50, 100 * local_devices("cpu"))


def test_the_estimate_itself_ends_when_the_time_is_up(plan):
    with pytest.raises(
        UserError, match=r"take about .* \(1 of 2 programs measured\)\. The longest"
    ):
        _require(plan, range(plan.blocks), 0.01, local_devices("cpu"))


def test_what_is_not_measured_is_foretold_from_what_is():
    """Of four rules of equal work one is measured; compiling takes half a second for each."""
    compiled = set()

    def slow(points):
        rule, d = points["rule"][0], int(points["d"][0])
        time.sleep(SECONDS_A_CALL + SECONDS_AN_UPDATE * int(points["iterations"][0]))
        time.sleep(0 if (rule, d) in compiled else 0.5)
        compiled.add((rule, d))
        return {c.name: np.zeros(len(points), c.dtype) for c in COLUMNS}

    grid = grid_of(options=["rule=GD,Adam,Lion,signGD", "d=2", "seeds=2", "iterations=20000"])
    plan = planned(replace(computation(grid, "cpu"), function=slow), grid.sweep)
    found = estimated(plan, range(plan.blocks), local_devices("cpu"), 0)
    assert (found.measured, found.programs, compiled) == (1, 4, {("GD", 2)})
    # Four runs of 2 s; that which was measured is compiled. Sleeping may take longer.
    assert 0.9 * 8 < sum(found.running.values()) < 20 * 8
    assert 0.9 * 1.5 < sum(found.compiling.values()) < 20 * 1.5
    assert re.fullmatch(
        r"about \d+ \w+ \(\d+ seconds? of it compiling; 1 of 4 programs measured\)",
        found.words(),
    )
    compiled.clear()
    elsewhere = estimated(plan, range(plan.blocks), local_devices("cpu"), 0, here=False)
    assert sum(elsewhere.compiling.values()) > 0.9 * 2


def test_what_is_needed_first_is_measured_first_and_then_the_longest_of_other_rules():
    """What is compiled for the first block is kept, also if the sweep is killed after it."""
    grid = grid_of(options=["rule=GD,Adam", "d=2,64,16", "samples_per_step=0,5"])
    plan = planned(computation(grid, "cpu"), grid.sweep)
    work = list(estimate._work(plan, range(plan.blocks)))
    order = [each.name for each in estimate._in_order(work)]
    assert order[:4] == [
        "rule = GD, d = 2, samples_per_step = 0",
        "rule = Adam, d = 64, samples_per_step = 5",
        "rule = Adam, d = 64, samples_per_step = 0",
        "rule = GD, d = 64, samples_per_step = 5",
    ]


@pytest.mark.parametrize("samples", [0, 5])
@pytest.mark.parametrize("iterations", [600, 1200])
def test_what_measuring_compiles_is_not_compiled_again(samples, iterations):
    """Of real runs, by how many compiled programs JAX holds."""
    grid = grid_of(
        options=[
            *("rule=GD", "d=5", f"iterations={iterations}", f"samples_per_step={samples}"),
            f"seeds={iterations // 100}",
        ]
    )
    plan = planned(computation(grid, "cpu"), grid.sweep)
    found = estimated(plan, range(plan.blocks), local_devices("cpu"), 60)
    assert list(found.compiling.values()) == [0.0]
    held = [each._cache_size() for each in (begin, advance, chi_squares)]
    plan.computation(plan.points(0))
    assert [each._cache_size() for each in (begin, advance, chi_squares)] == held


def test_numbers_of_a_rule_are_not_compiled_and_lengths_of_minibatches_are():
    plan = plan_of("rule=Adam@0.0001:0.1:40:log,Adam", "iterations=10:30")
    work = list(estimate._work(plan, range(plan.blocks)))
    assert len(work) == 41
    assert len({shape for each in work for shape in each.shapes}) == 1
    plan = plan_of("rule=Adam", "iterations=10:40", "samples_per_step=5")
    (each,) = estimate._work(plan, range(plan.blocks))
    assert {shape.drawn for shape in each.shapes} == {16, 32, 64}


def test_of_many_points_some_stand_for_all(monkeypatch):
    """Each point takes a millisecond and each of its updates a tenth, however many there are."""
    grid = grid_of(options=["d=2", "rule=GD", "seeds=1000", "iterations=50"])
    most = []

    def slow(points):
        most.append(len(points))
        time.sleep(len(points) * (1e-3 + 1e-4 * int(points["iterations"][0])))
        return {c.name: np.zeros(len(points), c.dtype) for c in COLUMNS}

    plan = planned(replace(computation(grid, "cpu"), function=slow, most_rows=500), grid.sweep)
    monkeypatch.setattr(estimate, "_NUMBERS", 16)
    found = estimated(plan, range(plan.blocks), local_devices("cpu"), 60)
    assert max(most) == 8
    assert (found.points, found.measured, list(found.seconds)) == (1000, 1, ["all"])
    # Sleeping takes longer than it is told to, on a busy machine by far; never shorter.
    assert 0.9 * 6 < found.seconds["all"] < 20 * 6


def test_programs_are_counted_as_the_points_of_the_blocks_say():
    """Against a count point by point, for blocks that cut programs and for those that hold some."""
    options = ["d=2,3", "rule=GD,signGD", "iterations=1:9", "schedule=constant,cosine", "seeds=3"]
    grid = grid_of(options=options)
    work = computation(grid, "cpu")
    for rows in (2, 6, 27, 40):
        plan = Plan(work, grid.sweep, rows)
        blocks = range(0, plan.blocks, 2)
        points, updates = Counter(), Counter()
        for block in blocks:
            at = plan.points(block)
            for rule, d, schedule, iterations in zip(
                *(at[name].tolist() for name in ("rule", "d", "schedule", "iterations")),
                strict=True,
            ):
                name = f"rule = {rule}, d = {d}, schedule = {schedule}"
                if schedule != "constant":
                    name += f", iterations = {iterations}"
                points[name] += 1
                updates[name] += iterations
        found = list(estimate._work(plan, blocks))
        assert {each.name: each.points for each in found} == points
        assert {each.name: each.updates for each in found} == updates
        assert all(0 < each.stop - each.first <= rows for each in found)
        assert points_in(plan, blocks) == sum(points.values())


def test_of_very_many_blocks_some_stand_for_all(plan, monkeypatch):
    whole = list(estimate._work(plan, range(plan.blocks)))
    monkeypatch.setattr(estimate, "_MOST_CALLS", 2)
    cost = estimate._Cost(0.0, 1 / plan.sweep.points(0, 1).fixed["d"], 0.0)
    monkeypatch.setattr(estimate._Work, "cost", lambda work, plan: cost)
    many = Plan(plan.computation, plan.sweep, 1)
    found = estimated(many, range(many.blocks), local_devices("cpu"), 60)
    assert sum(found.seconds.values()) == pytest.approx(sum(w.updates for w in whole), rel=0.5)
    assert found.points == 8


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
