"""Quartiles over the seeds at each point of a grid."""

from dataclasses import replace

import numpy as np
import pytest

from simulations.sweep.checked import grid_of
from simulations.sweep.run import run_sweep
from simulations.sweep.summary import QUANTITIES, quartiles, summarised
from tests.simulations.sweep.fake import FAKE, columns, value

SEEDS = 10


@pytest.fixture(scope="module")
def sweep():
    return grid_of(options=["rule=GD,Adam", "d=3,4,5", f"seeds={SEEDS}"]).sweep


def test_a_summary_is_over_the_seeds_of_each_point(tmp_path, sweep):
    run_sweep(FAKE, sweep, tmp_path, device="cpu")
    found = summarised(tmp_path, sweep)
    assert (len(found), found.seeds, found.failed) == (6, SEEDS, 0)
    assert found.values("rule").tolist() == ["GD"] * 3 + ["Adam"] * 3
    assert found.values("d").tolist() == [3, 4, 5] * 2
    for name in QUANTITIES:
        for point in range(6):
            of_point = [value(name, point, float(seed)) for seed in range(SEEDS)]
            expected = np.quantile(of_point, (0.25, 0.5, 0.75))
            assert found.quartiles[name][:, point].tolist() == expected.tolist()
            assert found.median(name)[point] == expected[1]


def test_runs_that_failed_are_counted_and_in_no_quartile(tmp_path, sweep):
    def failing(points):
        found = columns(points)
        bad = (points.rows // SEEDS == 4) | ((points.rows // SEEDS == 1) & (points["seed"] < 3))
        found["failed_at"] = np.where(bad, 90 + points["seed"], 0)
        return {n: x if n == "failed_at" else np.where(bad, np.nan, x) for n, x in found.items()}

    run_sweep(replace(FAKE, function=failing), sweep, tmp_path, device="cpu")
    found = summarised(tmp_path, sweep)
    assert found.finite.tolist() == [10, 7, 10, 10, 0, 10]
    assert found.first_failure.tolist() == [0, 90, 0, 0, 90, 0]
    assert found.failed == 13
    assert np.isnan(found.quartiles["ratio"][:, 4]).all()
    rest = [value("ratio", 1, float(seed)) for seed in range(3, SEEDS)]
    assert found.median("ratio")[1] == np.median(rest)
    row = found.table().rows[4]
    assert row[:2] == ["Adam", "4"]
    assert set(row[2:-3]) == {"–"}
    assert row[-3] == "no"
    assert row[-2:] == ["0 of 10", "90"]


def test_quartiles_take_what_is_finite():
    values = np.array([[1.0, 2.0, 3.0], [np.inf, 5.0, np.nan], [np.nan] * 3])
    found = quartiles(values)
    assert found[:, 0].tolist() == [1.5, 2.0, 2.5]
    assert found[:, 1].tolist() == [5.0] * 3
    assert np.isnan(found[:, 2]).all()
    assert np.isnan(quartiles(values[2:])).all()


def test_the_table_has_a_row_for_each_point_or_for_the_first(tmp_path, sweep):
    run_sweep(FAKE, sweep, tmp_path, device="cpu")
    found = summarised(tmp_path, sweep)
    table = found.table()
    assert table.header[:4] == ["rule", "d", "R_s", "quartiles"]
    assert len(table.rows) == 6
    assert table.rows[0][:4] == ["GD", "3", "21.5", "6.25 to 46.75"]
    assert found.table(2).rows == table.rows[:2]
    assert r"R\_a / R\_a(GD's limit)" in table.latex()


def test_the_table_for_programs_has_all_digits(tmp_path, sweep):
    def thirds(points):
        return {n: x / 3 if x.dtype == float else x for n, x in columns(points).items()}

    run_sweep(replace(FAKE, function=thirds), sweep, tmp_path, device="cpu")
    found = summarised(tmp_path, sweep)
    table = found.all_digits()
    assert len(set(table.header)) == len(table.header) == 2 + 3 * len(QUANTITIES) + 3
    place = table.header.index("ratio_upper_quartile")
    shown = [float(row[place]) for row in table.rows]
    assert shown == found.quartiles["ratio"][2].tolist()
    assert table.rows[4][:2] == ("Adam", "4")


def test_the_numbers_for_a_file_are_lists_with_an_entry_for_each_point(tmp_path, sweep):
    run_sweep(FAKE, sweep, tmp_path, device="cpu")
    data = summarised(tmp_path, sweep).as_json()
    assert data["points"]["d"].tolist() == [3, 4, 5, 3, 4, 5]
    assert data["quartiles"]["ratio"]["median"].shape == (6,)
