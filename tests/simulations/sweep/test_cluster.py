import os
import shutil
from dataclasses import replace

import pytest

from simulations.sweep import cluster
from simulations.sweep.blocks import planned
from simulations.sweep.cluster import Resources, submit_sweep
from simulations.sweep.run import Limits, run_sweep
from simulations.sweep.store import opened
from tests.simulations.sweep.small import DRAWN, sweep
from theory.common.errors import UserError
from theory.common.lock import locked

RESOURCES = Resources(minutes=5, cpus=1)


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("block-*"))}


def test_an_array_gives_the_files_that_one_process_gives(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_POLL_SECONDS", 0.05)
    here, there = tmp_path / "here", tmp_path / "there"
    run_sweep(DRAWN, sweep(), here, device="cpu")
    run_sweep(DRAWN, sweep(), there, device="cpu")
    for block in (0, 2, 5):
        (there / f"block-{block:05}.parquet").unlink()
    (there / "block-00003.parquet").write_bytes(b"PAR1")
    (there / "lock-00007").touch()
    told, submitted = [], []
    tidy = cluster._tidy

    def watched(folder):
        submitted.extend((folder / "jobs").glob("*_submitted.pkl"))
        tidy(folder)

    monkeypatch.setattr(cluster, "_tidy", watched)
    with pytest.warns(UserWarning, match=r"computed again: 3$"):
        outcome = submit_sweep(
            DRAWN,
            sweep(),
            there,
            3,
            device="cpu",
            cluster="local",
            resources=RESOURCES,
            progress=lambda *now: told.append(now),
        )
    assert outcome.computed == 4
    assert files(there) == files(here)
    # What was damaged does not count as done; all of the second job's blocks were there.
    assert told[0] == (14, 40)
    assert told[-1] == (40, 40)
    # Two jobs, of which one had been killed; nothing is left of either.
    assert len(submitted) == 2
    assert sorted(path.name for path in there.iterdir()) == sorted(
        path.name for path in here.iterdir()
    )
    again = submit_sweep(DRAWN, sweep(), there, 3, device="cpu", cluster="local")
    assert again.computed == 0


def test_a_job_that_ends_without_a_word_is_named_and_blocks_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_POLL_SECONDS", 0.05)
    # How long submitit looks for the result of a job that has ended, on a slow file system.
    monkeypatch.setattr("submitit.local.local.LocalJob._results_timeout_s", 1)
    exiting = replace(DRAWN, function=_exiting)
    with pytest.raises(UserError, match=r"1 of 1 jobs failed. Job \d+: It ended without.* Its"):
        submit_sweep(exiting, sweep(), tmp_path, 1, device="cpu", cluster="local")
    assert list(files(tmp_path)) == ["block-00000.parquet", "block-00001.parquet"]
    assert run_sweep(DRAWN, sweep(), tmp_path, device="cpu", accept_versions=True).computed == 4


def _exiting(points):
    if points.rows[0] == 14:
        os._exit(1)
    return DRAWN.function(points)


def test_a_job_that_fails_says_why_and_logs_where(tmp_path, capsys):
    def failing(points):
        raise ZeroDivisionError("no number")

    plan = planned(replace(DRAWN, function=failing), sweep())
    opened(tmp_path, plan)
    assert cluster._Job(plan, tmp_path, "cpu", 0, 1)() == "ZeroDivisionError: no number"
    assert "in failing" in capsys.readouterr().err


def test_jobs_share_a_folder_that_no_other_process_has(tmp_path):
    plan = planned(DRAWN, sweep())
    opened(tmp_path, plan)
    jobs = [cluster._Job(plan, tmp_path, "cpu", job, 2) for job in range(2)]
    with locked(tmp_path):
        assert "is in use" in jobs[0]()
    with locked(tmp_path, shared=True):
        assert [job() for job in jobs] == ["", ""]
        with pytest.raises(UserError, match="is in use"):
            run_sweep(DRAWN, sweep(), tmp_path, device="cpu")
    assert run_sweep(DRAWN, sweep(), tmp_path, device="cpu").computed == 0
    other = replace(jobs[0], plan=planned(DRAWN, sweep("steps=51")))
    assert "holds another sweep" in other()


def test_an_ended_job_is_queued_again_as_it_was(tmp_path):
    job = cluster._Job(planned(DRAWN, sweep()), tmp_path, "cpu", 0, 1)
    assert job.checkpoint().function is job


def test_what_an_array_cannot_be(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="jobs: expected 1 or more, got 0"):
        submit_sweep(DRAWN, sweep(), tmp_path, 0, cluster="local")
    with pytest.raises(UserError, match=r"seconds: expected no limit for an array of jobs, got 3."):
        submit_sweep(DRAWN, sweep(), tmp_path, 1, limits=Limits(seconds=3), cluster="local")
    monkeypatch.setattr(shutil, "which", lambda command: None)
    with pytest.raises(UserError, match="expected Slurm, but its command sbatch was not found"):
        submit_sweep(DRAWN, sweep(), tmp_path, 1)
    assert not list(tmp_path.iterdir())
