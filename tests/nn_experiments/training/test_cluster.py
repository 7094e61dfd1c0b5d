import shutil

import pytest
import torch

from nn_experiments.__main__ import main
from nn_experiments.data.images import DataSet, Images
from nn_experiments.flow import train
from nn_experiments.specs import ModelSpec, OptimizerSpec
from nn_experiments.training import cluster, folder_name, train_all
from nn_experiments.training.cluster import Resources, submit_all
from tests.nn_experiments.tiny import PRESET
from tests.nn_experiments.training.small import loader, run_spec, same_bits, weights
from theory.common.errors import UserError

RESOURCES = Resources(minutes=5, cpus=1, gpus=0)


@pytest.fixture
def data() -> DataSet:
    # Each job is a process that imports torch anew, so images that need no reading are enough.
    generator = torch.Generator().manual_seed(0)

    def images(n):
        pixels = torch.randint(256, (n, 1, 8, 8), dtype=torch.uint8, generator=generator)
        return Images(pixels, torch.arange(n) % 10, 10)

    return DataSet("random", images(40), images(20))


def test_an_array_gives_what_training_here_gives(tmp_path, data, monkeypatch):
    # How long submitit looks for the result of a job that has ended, on a slow file system.
    monkeypatch.setattr("submitit.local.local.LocalJob._results_timeout_s", 1)
    over = run_spec(OptimizerSpec("SGD", 0.1))
    dying = run_spec(model=ModelSpec("tests.nn_experiments.training.small:Exiting"))
    runs = [run_spec(), over, dying]
    here = train_all(runs[:2], loader(data), tmp_path / "here", "cpu", threads=1)
    train_all([over], loader(data), tmp_path / "there", "cpu", threads=1)
    there = submit_all(
        runs, loader(data), tmp_path / "there", "cpu", cluster="local", resources=RESOURCES
    )
    assert [record.spec for record in there] == runs
    assert [record.status for record in there[:2]] == [record.status for record in here]
    assert there[0].train_loss == here[0].train_loss
    name = folder_name(runs[0])
    assert same_bits(weights(tmp_path / "here" / name), weights(tmp_path / "there" / name))
    # A process that ends without a word fails its run alone.
    assert there[2].status.startswith("failed: Job ")
    assert "Its log is" in there[2].status
    # What was over was not submitted again.
    assert len(list((tmp_path / "there" / "jobs").glob("*_submitted.pkl"))) == 2


@pytest.mark.parametrize(
    ("options", "cpus", "memory"),
    [([], 4, 16), (["--threads", "3"], 3, 16), (["--cluster-memory-gb", "2"], 4, 2)],
)
def test_a_jobs_threads_and_memory_are_options(tmp_path, monkeypatch, options, cpus, memory):
    asked = []
    path = tmp_path / "preset.toml"
    path.write_text(PRESET)

    def noted(*_, resources, **__):
        asked.append(resources)
        return []

    monkeypatch.setattr(train, "submit_all", noted)
    out = ["--out", str(tmp_path / "out")]
    assert main(["train", str(path), "--cluster", "local", *options, *out]) == 0
    assert [(r.cpus, r.memory_gb, r.gpus, r.minutes) for r in asked] == [(cpus, memory, 1, 240)]


def test_slurm_that_is_not_there(tmp_path, data, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda command: None)
    with pytest.raises(UserError, match="expected Slurm, but its command sbatch was not found"):
        submit_all([run_spec()], loader(data), tmp_path, "cpu")
    assert not list(tmp_path.iterdir())


def test_an_ended_job_is_queued_again_as_it_was(tmp_path, data):
    job = cluster._Job(run_spec(), loader(data), tmp_path, "cpu", 1)
    assert job.checkpoint().function is job
