import itertools
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from simulations.sweep import blocks
from simulations.sweep.blocks import (
    Column,
    Computation,
    Plan,
    planned,
    require_few,
    row_bytes,
    size,
)
from tests.simulations.sweep.small import DRAWN, SIGNGD, sweep
from theory.common.errors import UserError


@pytest.mark.parametrize("most_rows", [1, 3, 7, 39, 40, 41])
def test_blocks_have_every_row_once_and_nearly_equal_sizes(most_rows):
    plan = planned(replace(DRAWN, most_rows=most_rows), sweep())
    spans = [plan.span(block) for block in range(plan.blocks)]
    assert list(itertools.chain(*(range(*span) for span in spans))) == list(range(40))
    sizes = [stop - first for first, stop in spans]
    assert max(sizes) <= most_rows
    assert set(sizes[:-1]) <= {plan.rows_per_block}
    assert 0 < sizes[-1] <= plan.rows_per_block
    # No other equal size makes as few blocks with smaller ones.
    assert plan.blocks == -(-40 // most_rows)
    assert plan.rows_per_block == 1 or -(-40 // (plan.rows_per_block - 1)) > plan.blocks


def test_a_block_takes_no_more_memory_than_allowed():
    working = 5 * 8

    def compute(points):
        numbers = np.repeat(points["ratio"][:, None], working // 8, axis=1)
        return {"z": numbers[:, :3] + 1}

    wide = sweep("ratio=1:2:100000", "r=0.1,0.2")
    each = working + 2 * row_bytes(DRAWN, wide) + 8
    for memory in (2**20, 2**22):
        plan = planned(Computation("x", compute, DRAWN.columns, working), wide, memory=memory)
        assert memory // 2 < plan.rows_per_block * each <= memory
        wide.points(0, 1)  # the values of the axes, which all blocks share
        tracemalloc.start()
        points = plan.points(0)
        columns = plan.computation(points)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert set(columns) == {"z"}
        # Without what writing takes, which is a copy of points and columns at most; indices into
        # the axes take some more while points are made.
        assert 0.4 * memory < peak <= memory


def test_what_does_not_fit_into_memory():
    with pytest.raises(
        UserError, match=r"fit into 9.77 KiB of memory, got 1 points that take about"
    ):
        planned(replace(DRAWN, working_bytes=10**5), sweep(), memory=10**4)
    with pytest.raises(UserError, match=r"got 20 points .* choose another folder"):
        planned(DRAWN, sweep(), memory=10**3, rows_per_block=20)


def test_too_many_blocks_are_refused():
    many = planned(replace(DRAWN, most_rows=1), sweep("ratio=1:2:100001"))
    with pytest.raises(UserError, match=r"expected at most 100000 blocks, each a file, got 800008"):
        require_few(many)
    require_few(planned(replace(DRAWN, most_rows=9), sweep("ratio=1:2:100001")))


def test_every_setting_changes_the_digest():
    plan = planned(DRAWN, sweep())
    assert plan.digest == planned(DRAWN, sweep()).digest
    others = [
        Plan(replace(DRAWN, name="other"), sweep(), plan.rows_per_block),
        Plan(replace(DRAWN, columns=(Column("z", np.float32, 3),)), sweep(), plan.rows_per_block),
        Plan(replace(DRAWN, columns=(Column("z", np.float64, 4),)), sweep(), plan.rows_per_block),
        Plan(replace(DRAWN, columns=(Column("y", np.float64, 3),)), sweep(), plan.rows_per_block),
        Plan(DRAWN, sweep(), plan.rows_per_block + 1),
        *(
            Plan(DRAWN, sweep(option), plan.rows_per_block)
            for option in (
                "r=0.2:1.1:5",
                f"ratio=0.5,5.375,10.25,15.125,{float(np.nextafter(20, 21))!r}",
                "steps=51",
                "rule=GD",
                "seeds=3",
                "seeds=1:2",
            )
        ),
    ]
    assert len({plan.digest, *(other.digest for other in others)}) == len(others) + 1


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"y": np.zeros((2, 3))},
        {"z": np.zeros((2, 3)), "y": np.zeros(2)},
        {"z": np.zeros(2)},
        {"z": np.zeros((3, 3))},
        {"z": np.zeros((2, 3), np.float32)},
    ],
    ids=str,
)
def test_columns_are_those_declared(wrong):
    computation = Computation("x", lambda points: wrong, DRAWN.columns)
    with pytest.raises(ValueError, match=r"x: expected columns .* got"):
        computation(sweep().points(0, 2))


def test_columns_have_names_of_their_own():
    twice = replace(SIGNGD, columns=(Column("ratio", float),))
    with pytest.raises(ValueError, match=r"expected columns of different names, got .*'ratio'"):
        planned(twice, sweep())


def test_by_default_a_block_takes_a_part_of_main_memory(monkeypatch):
    each = row_bytes(DRAWN, sweep()) * 2 + 8
    monkeypatch.setattr(blocks, "main_memory", lambda: 8 * 5 * each)
    assert planned(DRAWN, sweep()).rows_per_block == 5


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (2**10, "1 KiB"),
        (3 * 2**29, "1.5 GiB"),
        (2**60, "1.02e+03 PiB"),
    ],
)
def test_sizes_as_people_read_them(number, text):
    assert size(number) == text
