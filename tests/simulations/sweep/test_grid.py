import itertools

import numpy as np
import pytest

from simulations.sweep.grid import Parameter, Points
from simulations.sweep.notation import sweep_of

D = Parameter("d", int, 3)
R = Parameter("r", float, 0.5)
RULE = Parameter("rule", str, "GD", ("GD", "signGD", "Adam"))
FILE = Parameter("spectrum", str, "power law")
ALL = (D, R, RULE, FILE)


def test_rows_are_all_combinations_the_last_axis_fastest():
    sweep = sweep_of(ALL, options=["rule=Adam,GD", "d=3,16,64", "r=0.1,0.7,0.3,0.2"], seeds="10:14")
    expected = list(
        itertools.product((3, 16, 64), (0.1, 0.7, 0.3, 0.2), ("Adam", "GD"), range(10, 15))
    )
    assert sweep.rows == len(expected) == 120
    for first, stop in [(0, 120), (0, 1), (17, 90), (119, 120), (40, 40)]:
        points = sweep.points(first, stop)
        assert list(points.rows) == list(range(first, stop))
        assert list(points.swept) == ["d", "r", "rule", "seed"]
        found = zip(*(points[name].tolist() for name in points.swept), strict=True)
        assert list(found) == expected[first:stop]
        assert points.fixed == {"spectrum": "power law"}
        assert points["spectrum"].tolist() == ["power law"] * (stop - first)


def test_a_grid_that_no_memory_holds_has_its_points():
    sweep = sweep_of([D], options=["d=1:1000000000000"], seeds=1000)
    assert sweep.rows == 10**15
    points = sweep.points(10**15 - 2, 10**15)
    assert points["d"].tolist() == [10**12] * 2
    assert points["seed"].tolist() == [998, 999]


def test_no_axis_is_one_point():
    sweep = sweep_of(ALL)
    assert sweep.rows == len(sweep.points(0, 1)) == 1


def test_groups_are_put_together_in_the_order_of_the_points():
    sweep = sweep_of(ALL, options=["rule=Adam,GD", "d=64,3,16", "r=0.1:1:4"], seeds=3)
    points = sweep.points(5, 61)
    seen = []

    def of_group(group: Points):
        seen.append((group.fixed["d"], group.fixed["rule"]))
        assert set(group.swept) == {"r", "seed"}
        assert type(group.fixed["d"]) is int
        number = group.fixed["d"] * group["r"] + group["seed"]
        return {"x": number, "rows": np.stack([group.rows, -group.rows], axis=1)}

    found = points.groupwise(["d", "rule", "spectrum"], of_group)
    assert found["x"].tolist() == (points["d"] * points["r"] + points["seed"]).tolist()
    assert found["rows"].tolist() == [[row, -row] for row in range(5, 61)]
    assert sorted(seen) == sorted(itertools.product((3, 16, 64), ("Adam", "GD")))


def test_groups_that_return_different_columns():
    points = sweep_of(ALL, options=["d=3,16"]).points(0, 2)
    for wrong in (
        lambda p: {"x" if p.fixed["d"] == 3 else "y": p["r"]},
        lambda p: {"x": p["r"].astype(float if p.fixed["d"] == 3 else np.float32)},
        lambda p: {"x": np.zeros((1, p.fixed["d"]))},
    ):
        with pytest.raises(ValueError, match=r"alike columns of all groups"):
            points.groupwise(["d"], wrong)
