import itertools
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest

from simulations.engine.population import run_signgd
from simulations.sweep import record
from simulations.sweep.blocks import Column, Computation, planned
from simulations.sweep.record import begun
from simulations.sweep.run import Limits, compute_blocks, local_devices, run_sweep
from simulations.sweep.store import opened, read_columns
from tests.simulations.sweep import child as child_of_sweeps
from tests.simulations.sweep.small import DRAWN, SIGNGD, sweep
from theory.common.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
BLOCKS = 6


@pytest.fixture(autouse=True, scope="module")
def one_code():
    """Functions that stand in for that of DRAWN are taken to be its code, here and in children."""
    with pytest.MonkeyPatch.context() as patch:
        child_of_sweeps.take_as_one_code(patch.setattr)
        yield


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("block-*"))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Bytes of all blocks of a sweep that nothing interrupts."""
    folder = tmp_path_factory.mktemp("whole")
    outcome = run_sweep(DRAWN, sweep(), folder, device="cpu")
    assert (outcome.rows, outcome.blocks, outcome.computed) == (40, BLOCKS, BLOCKS)
    assert len(files(folder)) == BLOCKS
    return files(folder)


def child(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.simulations.sweep.child", *map(str, arguments)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_sweep_of_signgd_is_what_the_engine_gives_point_by_point(tmp_path):
    # Three blocks, the second with points of both r.
    grid = sweep("r=0.2,1.1", seeds=3)
    run_sweep(SIGNGD, grid, tmp_path, device="cpu")
    found = read_columns(tmp_path)
    ratios = (0.5, 5.375, 10.25, 15.125, 20.0)
    expected = list(itertools.product((0.2, 1.1), ratios, range(3)))
    assert list(zip(*(found[n].tolist() for n in ("r", "ratio", "seed")), strict=True)) == expected
    for row in (0, 7, 13, 16, 29):
        key = jax.random.fold_in(jax.random.key(expected[row][2]), row)
        a = 5 + np.asarray(jax.random.uniform(key))
        alone = run_signgd([a], [a * expected[row][1]], [0.0], expected[row][0], 50, device="cpu")
        assert found["T"][row] == alone.T[0]
        assert found["delta_c"][row] == alone.delta_c[0]
        assert found["ab"][row].tolist() == [alone.a[0], alone.b[0]]
    assert len(np.unique(found["ab"])) == found["ab"].size


@pytest.mark.parametrize("call", range(1, BLOCKS + 1))
def test_ctrl_c_at_any_block(tmp_path, whole, call):
    calls = itertools.count(1)

    def interrupted(points):
        if next(calls) == call:
            raise KeyboardInterrupt
        return DRAWN.function(points)

    with pytest.raises(KeyboardInterrupt):
        run_sweep(replace(DRAWN, function=interrupted), sweep(), tmp_path, device="cpu")
    done = files(tmp_path)
    assert done.items() <= whole.items()
    assert len(done) == call - 1
    assert run_sweep(DRAWN, sweep(), tmp_path, device="cpu").computed == BLOCKS - call + 1
    assert files(tmp_path) == whole


def test_numbers_that_depend_on_the_order_would_be_seen(tmp_path, whole):
    """The comparison above tells a generator that goes on from block to block."""

    def going_on(generator):
        def draw(points):
            return {"z": generator.normal(size=(len(points), 3))}

        return replace(DRAWN, function=draw)

    run_sweep(going_on(np.random.default_rng(0)), sweep(), tmp_path / "a", device="cpu")
    wrong = files(tmp_path / "a")
    (tmp_path / "a" / "block-00003.parquet").unlink()
    run_sweep(going_on(np.random.default_rng(0)), sweep(), tmp_path / "a", device="cpu")
    assert files(tmp_path / "a") != wrong


def test_killed_within_a_file_and_at_any_time(tmp_path, whole):
    process = child(tmp_path, "within", 2)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == -9
    assert len(files(tmp_path)) == 1
    assert len(list(tmp_path.glob(".part-*/block-*"))) == 1
    process = child(tmp_path, "slowly")
    try:
        while len(files(tmp_path)) < 2:
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.002)
        with pytest.raises(UserError, match=rf"is in use by process {process.pid} on"):
            run_sweep(DRAWN, sweep(), tmp_path, device="cpu")
        # Within a block, or between two.
        time.sleep(np.random.default_rng().uniform(0, 0.06))
    finally:
        process.kill()
        process.communicate(timeout=60)
    assert files(tmp_path).items() <= whole.items()
    outcome = run_sweep(DRAWN, sweep(), tmp_path, device="cpu")
    assert outcome.computed <= BLOCKS - 2
    assert files(tmp_path) == whole
    assert not list(tmp_path.glob(".part-*"))


def test_two_devices_give_the_same_files(tmp_path, whole):
    two = "--xla_force_host_platform_device_count=2"
    process = child(tmp_path, "devices", XLA_FLAGS=two)
    assert process.communicate(timeout=60)[1] == "devices: 0 1\n"
    assert process.returncode == 0
    assert files(tmp_path) == whole


def test_damaged_and_foreign_blocks_are_computed_again(tmp_path, whole):
    run_sweep(DRAWN, sweep(), tmp_path, device="cpu")
    paths = sorted(tmp_path.glob("block-*"))
    paths[0].write_bytes(paths[0].read_bytes()[:-100])
    paths[2].write_bytes(paths[3].read_bytes())
    paths[4].write_bytes(b"")
    seen = []

    def watched(points):
        seen.append(points.rows[0])
        return DRAWN.function(points)

    with pytest.warns(UserWarning, match=r"got 3 of 6 damaged .* computed again: 0, 2, 4$"):
        outcome = run_sweep(replace(DRAWN, function=watched), sweep(), tmp_path, device="cpu")
    assert outcome.computed == 3
    assert seen == [0, 14, 28]
    assert files(tmp_path) == whole
    # Nothing is left to do.
    assert run_sweep(DRAWN, sweep(), tmp_path, device="cpu").computed == 0


def test_a_resumed_sweep_keeps_its_blocks(tmp_path, whole):
    run_sweep(DRAWN, sweep(), tmp_path, device="cpu")
    (tmp_path / "block-00005.parquet").unlink()
    longer = replace(DRAWN, most_rows=40)
    assert run_sweep(longer, sweep(), tmp_path, device="cpu").computed == 1
    assert files(tmp_path) == whole
    with pytest.raises(UserError, match=r"got 7 points that take about .* or choose another fol"):
        run_sweep(DRAWN, sweep(), tmp_path, limits=Limits(memory=500), device="cpu")


def test_other_settings_are_refused_and_nothing_is_lost(tmp_path, whole):
    run_sweep(DRAWN, sweep(), tmp_path, device="cpu")
    for other in (sweep("steps=51"), sweep("ratio=1:2:100"), sweep(seeds=3)):
        with pytest.raises(UserError, match=r"holds another sweep\. .* asked for"):
            run_sweep(DRAWN, other, tmp_path, device="cpu")
    with pytest.raises(UserError, match=r"what is computed: draws there, signGD in three dimensio"):
        run_sweep(SIGNGD, sweep(), tmp_path, device="cpu")
    assert files(tmp_path) == whole


def test_other_versions_are_refused_unless_accepted(tmp_path, whole, monkeypatch):
    run_sweep(DRAWN, sweep(), tmp_path, device="cpu")
    (tmp_path / "block-00005.parquet").unlink()
    monkeypatch.setattr(record, "_code_digest", lambda _: "later")
    with pytest.raises(UserError, match="computed by other versions"):
        run_sweep(DRAWN, sweep(), tmp_path, device="cpu")
    outcome = run_sweep(DRAWN, sweep(), tmp_path, device="cpu", accept_versions=True)
    assert outcome.computed == 1
    assert len(begun(tmp_path).versions) == 2


def test_what_does_not_fit_on_the_disk_is_not_begun(tmp_path):
    with pytest.raises(UserError, match=r"fits into the .* free at .*, got 800000000000 points"):
        run_sweep(
            replace(DRAWN, columns=(Column("z", float, 10**6),), most_rows=2**30),
            sweep("steps=1:20000000000"),
            tmp_path / "far",
            limits=Limits(memory=2**60),
            device="cpu",
        )
    assert not list(tmp_path.iterdir())


def test_what_does_not_fit_into_the_time_says_so_after_two_blocks(tmp_path):
    seconds = 0.05

    def slow(points):
        time.sleep(seconds)
        return DRAWN.function(points)

    slowly = replace(DRAWN, function=slow, most_rows=2)
    # All take at least 20 · 0.05 s = 1 s, however busy the machine is.
    with pytest.raises(
        UserError, match=r"at most 0.9 s, got 20 blocks .* about \S+ s in all"
    ) as told:
        run_sweep(slowly, sweep(), tmp_path, limits=Limits(seconds=0.9), device="cpu")
    assert float(str(told.value).split("about ")[1].split(" s")[0]) >= 1
    assert 1 <= len(files(tmp_path)) <= 2
    kept = files(tmp_path)
    # What is left in the end has its own time; a limit that is met lets it finish.
    run_sweep(replace(slowly, function=DRAWN.function), sweep(), tmp_path, device="cpu")
    assert kept.items() <= files(tmp_path).items()
    generous = Limits(seconds=600)
    run_sweep(slowly, sweep(), tmp_path / "b", limits=generous, device="cpu")
    assert files(tmp_path / "b") == files(tmp_path)


def test_a_first_block_that_takes_all_the_time_is_the_last(tmp_path):
    with pytest.raises(UserError, match=r"at most 1e-09 s, got 6 blocks"):
        run_sweep(DRAWN, sweep(), tmp_path, limits=Limits(seconds=1e-9), device="cpu")
    assert len(files(tmp_path)) == 1


def test_progress_counts_points_and_what_was_there(tmp_path):
    told = []
    run_sweep(DRAWN, sweep(), tmp_path, device="cpu", progress=lambda *now: told.append(now))
    assert told == [(n, 40) for n in (0, 7, 14, 21, 28, 35, 40)]
    told.clear()
    (tmp_path / "block-00001.parquet").unlink()
    run_sweep(DRAWN, sweep(), tmp_path, device="cpu", progress=lambda *now: told.append(now))
    assert told == [(33, 40), (40, 40)]


def test_a_failing_function_loses_no_block(tmp_path, whole):
    def failing(points):
        if points.rows[0] == 14:
            raise ZeroDivisionError
        return DRAWN.function(points)

    with pytest.raises(ZeroDivisionError):
        run_sweep(replace(DRAWN, function=failing), sweep(), tmp_path, device="cpu")
    assert len(files(tmp_path)) == 2
    run_sweep(DRAWN, sweep(), tmp_path, device="cpu")
    assert files(tmp_path) == whole


def test_blocks_in_work_on_other_devices_are_kept_when_one_fails(tmp_path, whole):
    started = []

    def failing(points):
        started.append(points.rows[0])
        if points.rows[0] == 7:
            raise ZeroDivisionError
        return DRAWN.function(points)

    plan = planned(replace(DRAWN, function=failing), sweep())
    two = 2 * local_devices("cpu")
    with pytest.raises(ZeroDivisionError):
        compute_blocks(plan, opened(tmp_path, plan), range(BLOCKS), two)
    done = files(tmp_path)
    assert done.items() <= whole.items()
    # Each that was begun is kept, but for that which failed.
    assert len(done) == len(started) - 1 < BLOCKS
    assert run_sweep(DRAWN, sweep(), tmp_path, device="cpu").computed == BLOCKS - len(done)
    assert files(tmp_path) == whole


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        run_sweep(DRAWN, sweep(), tmp_path / "file" / "folder", device="cpu")


def test_devices():
    assert local_devices("cpu") == jax.local_devices(backend="cpu")
    with pytest.raises(UserError, match="expected one of auto, cpu, gpu, got 'tpu'"):
        local_devices("tpu")


def test_a_computation_is_on_the_device_of_its_block(tmp_path):
    (device,) = local_devices("cpu")

    def where(points):
        one = jax.numpy.ones(len(points))
        return {"there": np.full(len(points), one.devices() == {device})}

    run_sweep(
        Computation("where", where, (Column("there", bool),)), sweep(), tmp_path, device="cpu"
    )
    assert read_columns(tmp_path, ["there"])["there"].all()
