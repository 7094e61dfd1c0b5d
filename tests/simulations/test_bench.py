import numpy as np
import pytest

from simulations import bench
from simulations.bench import QUICK, Job, Measurement, jobs, main, measure, tables
from simulations.device import DeviceError
from simulations.population import follow_exactly


def test_time_is_scaled_to_the_whole_job(monkeypatch):
    clock = iter([0.0, 1.0, 10.0, 13.0])
    monkeypatch.setattr(bench.time, "perf_counter", lambda: next(clock))
    calls = []
    job = Job("job", lambda: calls.append("run"), 10, 50, "job", lambda: calls.append("prepare"))
    assert measure(job, 2).seconds == (5.0, 15.0)
    assert calls == ["run", "prepare", "run", "prepare", "run"]


def test_rows_carry_n_spread_and_ratio():
    measurements = [
        Measurement(Job("fast", None, 4, 4, "fast"), (1.0, 2.0, 3.0)),
        Measurement(Job("slow", None, 1, 4, "fast"), (30.0, 20.0, 25.0)),
        Measurement(Job("absent", None, 1, 4, "fast"), ()),
    ]
    (table,) = tables(measurements)
    columns = [list(column.cells) for column in table.columns]
    assert columns == [
        ["fast", "slow (scaled ×4)", "absent"],
        ["3", "3", "0"],
        ["2", "25", "not run (extra nn)"],
        ["1 to 3", "20 to 30", ""],
        ["2", "0.16", ""],
        ["1.0", "12.5", ""],
    ]


def test_without_torch_its_rows_are_not_run(monkeypatch):
    monkeypatch.setattr(bench, "_torch", lambda: None)
    absent = [job.name for job in jobs(QUICK) if job.run is None]
    assert absent == ["sampled, PyTorch", "new DataLoader a step", "signGD, PyTorch"]


@pytest.mark.parametrize("name", ["signGD, NumPy", "signGD, PyTorch"])
def test_rivals_of_the_population_job_do_the_same(name):
    found = {job.name: job for job in jobs(QUICK) if job.run is not None}
    if name not in found:
        pytest.skip("needs torch (extra nn)")
    ours, theirs = (np.array(found[job].run(), float) for job in ("signGD, JAX cpu", name))
    theirs[3, ours[3] == -1] = -1
    # At most six roundings a step of numbers no larger than 32.
    tolerance = QUICK.steps * 6 * 32 * 2.0**-53
    assert np.abs(ours - theirs).max() <= tolerance < np.abs(ours - theirs - 1e-10).min()


def test_rivals_of_the_exact_job_do_the_same():
    start = bench._lattice_starts(500)
    ours = follow_exactly(start, 7, device="cpu", threads=1)
    theirs = bench._array_loop(start, "cpu", 7)
    assert np.array_equal(ours, theirs)
    assert not np.array_equal(ours, bench._array_loop(start, "cpu", 6))


def test_every_job_names_a_baseline_that_is_run():
    found = list(jobs(QUICK))
    assert {job.baseline for job in found} <= {job.name for job in found if job.run is not None}


def test_main_prints_every_job(capsys):
    main(quick=True, repeats=1)
    printed = capsys.readouterr().out
    assert all(job.name in printed for job in jobs(QUICK))


def test_arguments_out_of_range():
    for repeats in (0, 1001, 10**15):
        with pytest.raises(ValueError, match=f"repeats: .* from 1 to 1000, got {repeats}"):
            measure(next(jobs(QUICK)), repeats)
    assert len(measure(Job("job", lambda: None, 1, 1, "job"), 1000).seconds) == 1000
    with pytest.raises(DeviceError, match="got 'tpu'"):
        list(jobs(QUICK, "tpu"))
