import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simulations.study.sweeps import columns_of, combinations
from simulations.sweep.blocks import Column, Computation
from simulations.sweep.grid import Parameter
from simulations.sweep.notation import sweep_of, sweep_over
from tests.simulations.study import child

PARAMETERS = (Parameter("x", int), Parameter("name", str), Parameter("scale", float, 1.0))


def computed(points):
    return {"y": points["x"] * points.fixed["scale"] + points["seed"] / 10}


COMPUTATION = Computation("numbers", computed, (Column("y", np.float64),), most_rows=4)
FIRST = sweep_of(PARAMETERS, options=["x=3,1", "name=p,q"], seeds=2)
SECOND = sweep_of(PARAMETERS, options=["x=5,6", "name=p", "scale=2"], seeds=3)
ASKED = {"the first": (COMPUTATION, FIRST), "second": (COMPUTATION, SECOND)}


def test_sweeps_are_told_as_one_and_each_has_its_folder(tmp_path):
    told = []
    found = columns_of(ASKED, tmp_path, "cpu", lambda *numbers: told.append(numbers))
    assert told == [(0, 14), (4, 14), (8, 14), (8, 14), (11, 14), (14, 14)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["second", "the_first"]
    np.testing.assert_array_equal(found["second"]["y"], [10, 10.1, 10.2, 12, 12.1, 12.2])
    again = columns_of(ASKED, tmp_path, "cpu", lambda done, total: told.append((done, total)))
    assert told[6:] == [(8, 14), (14, 14)]
    np.testing.assert_array_equal(again["the first"]["y"], found["the first"]["y"])


def test_values_are_written_in_the_notation_of_grids():
    assert sweep_over(PARAMETERS, {"name": ("p", "q"), "x": (3, 1)}, 2) == FIRST
    assert sweep_over(PARAMETERS, {"x": (5, 6), "name": "p", "scale": 2.0}, "0:2") == SECOND
    third = 1 / 3
    sweep = sweep_over(PARAMETERS, {"x": 1, "name": "p", "scale": (third, 0.1, 1e-12)}, 1)
    assert sweep.axes[0].values == (third, 0.1, 1e-12)


@pytest.mark.parametrize(
    ("sweep", "expected"),
    [
        (FIRST, [{"x": x, "name": name} for x in (3, 1) for name in "pq"]),
        (SECOND, [{"x": 5}, {"x": 6}]),
    ],
    ids=["two-axes", "one-axis"],
)
def test_combinations_have_their_seeds_together(tmp_path, sweep, expected):
    asked = {"one": (COMPUTATION, sweep)}
    columns = columns_of(asked, tmp_path, "cpu", lambda done, total: None)["one"]
    found = list(combinations(sweep, columns))
    assert [at for at, _ in found] == expected
    scale = dict(sweep.fixed).get("scale", 1.0)
    for at, values in found:
        np.testing.assert_array_equal(values["seed"], range(len(sweep.seeds)))
        np.testing.assert_array_equal(values["y"], at["x"] * scale + values["seed"] / 10)


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("block-*"))}


def test_blocks_of_a_question_run_on_all_devices_to_the_same_bytes(tmp_path):
    flags = f"--xla_force_host_platform_device_count=4 {os.environ.get('XLA_FLAGS', '')}"
    process = subprocess.run(
        [sys.executable, "-m", "tests.simulations.study.child", str(tmp_path / "four")],
        cwd=Path(__file__).resolve().parents[3],
        env=os.environ | {"XLA_FLAGS": flags},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (process.stdout, process.returncode) == ("devices: 0 0 1 1 2 2 3 3\n", 0), process.stderr
    child.run(tmp_path / "one")
    assert len(files(tmp_path / "one")) == 4  # each with its runs and their twins
    assert files(tmp_path / "four") == files(tmp_path / "one")
