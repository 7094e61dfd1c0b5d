"""Arrays of jobs: what they ask for, what Slurm refuses, and how failures are told."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from theory.common.cluster import Job, Resources, failure, require, submitted, with_log
from theory.common.errors import UserError

RESOURCES = Resources(minutes=5, cpus=1)


@dataclass(frozen=True)
class Add(Job):
    a: int
    b: int

    def __call__(self):
        return self.a + self.b


def raises():
    raise RuntimeError("no such node")


def exits():
    os._exit(1)


@pytest.fixture
def commands(tmp_path, monkeypatch):
    """A folder of commands that are found before all others, as on a node of a cluster."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def add(name, script):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return add


def test_results_and_failures_of_processes_of_this_machine(tmp_path, monkeypatch):
    # How long submitit looks for the result of a job that has ended, on a slow file system.
    monkeypatch.setattr("submitit.local.local.LocalJob._results_timeout_s", 1)
    jobs = submitted([Add(1, 2), raises, exits], tmp_path / "jobs", "tests", "local", RESOURCES)
    assert failure(jobs[0]) == ""
    assert jobs[0].result() == 3
    assert all(job.done() for job in jobs[:1])
    told = [failure(job) for job in jobs[1:]]
    numbers = [job.job_id for job in jobs[1:]]
    assert told[0].startswith(f"Job {numbers[0]}: RuntimeError: no such node. Its log is ")
    assert told[1].startswith(f"Job {numbers[1]}: It ended without a word; a lack of memory is")
    for why in told:
        log = Path(why.rpartition("Its log is ")[2].removesuffix("."))
        assert log.parent == tmp_path / "jobs"
    assert "RuntimeError: no such node" in (jobs[1].paths.stderr).read_text()


def test_no_jobs_are_not_queued(tmp_path):
    assert submitted([], tmp_path / "jobs", "tests", "local", RESOURCES) == []
    assert not (tmp_path / "jobs").exists()


def test_a_job_that_is_ended_early_is_queued_again_as_it_was():
    job = Add(1, 2)
    assert job.checkpoint().function is job


def test_a_reason_of_a_jobs_own_is_told_with_its_log():
    job: Any = SimpleNamespace(job_id="7", paths=SimpleNamespace(stderr=Path("jobs/7.err")))
    assert with_log(job, "no number") == "Job 7: no number. Its log is jobs/7.err."
    assert with_log(job, "no number.") == with_log(job, "no number")


@pytest.mark.parametrize("missing", ["sbatch", "srun"])
def test_slurm_that_is_not_there(commands, monkeypatch, missing):
    for command in {"sbatch", "srun"} - {missing}:
        commands(command, "exit 0")
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda c: None if c == missing else which(c))
    with pytest.raises(UserError, match=f"expected Slurm, but its command {missing} was not found"):
        require("slurm")
    require("local")


def test_what_slurm_is_asked_for_and_what_it_refuses(commands, tmp_path):
    commands("srun", "exit 0")
    commands("sbatch", "echo 'sbatch: error: invalid partition specified: nowhere' >&2; exit 1")
    require("slurm")
    asked = Resources(7, 3, 2, 5, "nowhere", 1)
    with pytest.raises(UserError) as told:
        submitted([Add(1, 2), Add(3, 4)], tmp_path / "jobs", "tests", "slurm", asked)
    message = str(told.value)
    assert message.startswith("expected Slurm to accept an array of 2 jobs, got ")
    assert "invalid partition specified: nowhere. Change the resources" in message
    (script,) = (tmp_path / "jobs").glob(".submission_file_*.sh")
    lines = script.read_text().splitlines()
    for option in (
        "job-name=tests",
        "time=7",
        "cpus-per-task=3",
        "gpus-per-node=2",
        "mem=5GB",
        "partition=nowhere",
        "array=0-1%1",
    ):
        assert f"#SBATCH --{option}" in lines


def test_an_answer_of_slurm_that_is_none(commands, tmp_path):
    commands("srun", "exit 0")
    commands("sbatch", "echo what?")
    with pytest.raises(UserError, match="expected Slurm to accept an array of 1 jobs, got"):
        submitted([Add(1, 2)], tmp_path, "tests", "slurm", RESOURCES)


@pytest.mark.parametrize(
    ("name", "least"), [("minutes", 1), ("cpus", 1), ("gpus", 0), ("memory_gb", 1), ("abreast", 1)]
)
def test_resources_that_no_job_can_have(name, least):
    assert getattr(Resources(**{name: least}), name) == least
    with pytest.raises(UserError, match=f"{name}: expected {least} or more for a job, got"):
        Resources(**{name: least - 1})
