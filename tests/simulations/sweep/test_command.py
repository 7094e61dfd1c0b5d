"""The command ``sweep``: files, exit codes, messages, and going on after a kill."""

import csv
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

from simulations.__main__ import main
from simulations.engine.rules import update_rule
from simulations.engine.spectrum import Irrelevant, Normal, PowerLaw, Regression
from simulations.engine.train import train
from simulations.sweep import cluster, command, record, store
from simulations.sweep.record import begun
from simulations.sweep.run import Limits, run_sweep
from theory.common.lock import locked
from theory.report.runs import Folders

# Its first import closes the handlers of logging, and with absl's what pytest captures into, unless
# it is imported while nothing else captures.

ROOT = Path(__file__).resolve().parents[3]
GRID = ["rule=GD", "d=3", "learning_rate=0.5,1", "iterations=40", "seeds=3"]
POINT = ["rule=GD", "d=3", "iterations=40", "seeds=3"]
MANY = ["rule=GD", "d=3", "iterations=20000:20019", "seeds=2"]


def sweep(out, grid, *options):
    return main(["sweep", "--set", *grid, "--out", str(out), "--device", "cpu", *options])


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A small sweep that is finished, and is not to be changed."""
    out = tmp_path_factory.mktemp("done")
    assert sweep(out, GRID) == 0
    return out


@pytest.fixture(scope="module")
def point(tmp_path_factory):
    """A sweep of one point, of which there is no figure to draw."""
    out = tmp_path_factory.mktemp("point")
    assert sweep(out, POINT) == 0
    return out


def test_files_and_their_numbers(done):
    assert set(files(done)) == {
        *("report.md", "summary.csv", "summary.json", "summary.tex", "sweep.png", "sweep.svg"),
        *("runs/sweep.json", "runs/block-00000.parquet"),
    }
    runs = Regression(PowerLaw(3, 1.0), Irrelevant.highest(1, 3), start=Normal()).runs(range(3))
    rows = list(csv.DictReader((done / "summary.csv").read_text().splitlines()))
    for row, rate in zip(rows, (0.5, 1.0), strict=True):
        alone = train(runs, update_rule("GD", rate), iterations=40, device="cpu")
        risks = alone.adversarial_risk(2**0.5)[:, -1]
        assert (float(row["learning_rate"]), row["finite"]) == (rate, "3")
        assert float(row["adversarial_risk_median"]) == pytest.approx(np.median(risks), rel=1e-12)
        assert float(row["standard_risk_upper_quartile"]) == pytest.approx(
            np.quantile(alone.standard_risk(), 0.75), rel=1e-9, abs=1e-15
        )
    summary = json.loads((done / "summary.json").read_text())
    assert summary["environment"]["packages"]["jax"]
    assert summary["sweep"]["fixed"]["d"] == 3
    assert len(summary["quartiles"]["ratio"]["median"]) == 2
    table = pq.read_table(done / "runs/block-00000.parquet").to_pydict()
    assert table["learning_rate"] == [0.5] * 3 + [1.0] * 3
    assert table["seed"] == [0, 1, 2] * 2


def test_the_page_of_all_results_finds_it(done):
    (run,) = Folders(done).reports()
    assert run.path == done / "report.md"
    assert run.package == "simulations"
    assert [picture.file for picture in run.pictures] == ["sweep.png"]


def test_what_is_printed(tmp_path, capsys):
    assert sweep(tmp_path, POINT) == 0
    printed = capsys.readouterr()
    assert "3 runs: 1 point, 3 seeds at each." in printed.out
    assert f"Report: {tmp_path / 'report.md'}" in printed.out
    assert "Computed 1 of 1 block " in printed.out
    assert "3 runs: 3 of 3 points" in printed.err
    before = files(tmp_path)
    assert "No figure" in before["report.md"].decode()
    assert sweep(tmp_path, POINT) == 0
    assert "Computed 0 of 1 block " in capsys.readouterr().out
    assert files(tmp_path) == before


def test_a_file_of_a_grid(tmp_path, point):
    grid = tmp_path / "grid.toml"
    grid.write_text('seeds = 3\n[fixed]\nrule = "GD"\nd = 3\niterations = 7\n')
    out = tmp_path / "out"
    assert main(["sweep", str(grid), "--set", "iterations=40", "--out", str(out)]) == 0
    assert files(out) == files(point)


def test_a_run_that_diverges_is_exit_code_1(tmp_path, capsys):
    assert sweep(tmp_path, [*GRID, "sigma0_sq=1,1e12"]) == 1
    assert (
        "6 of them did not stay finite, at 2 points, the first of which is sigma0_sq = 1e+12"
        in (capsys.readouterr().out)
    )
    assert "null" in (tmp_path / "summary.json").read_text()


@pytest.mark.parametrize(
    ("grid", "options", "message"),
    [
        (["rule=SGD"], [], "rule: expected one of GD, momentum, Nesterov, signGD"),
        (["speed=3"], [], "unknown speed; expected rule, d, schedule"),
        (["beta1=0.5"], [], "signGD does not use beta1; expected learning_rate"),
        (["rule=GD@0.1 beta1=0.5"], [], "GD@0.1 beta1=0.5: GD does not use beta1; expected learn"),
        (["d=3"], ["--jobs", "2"], "jobs: not used without a cluster"),
        (["d=3"], ["--cluster", "local"], "jobs: expected among how many jobs"),
        (["d=3"], ["--cluster", "local", "--jobs", "0"], "jobs: expected 1 or more, got 0"),
        (
            ["d=3"],
            ["--cluster", "local", "--jobs", "1", "--seconds", "9"],
            "seconds: expected no limit for an array of jobs",
        ),
        (
            ["d=3"],
            ["--cluster", "local", "--jobs", "1", "--minutes", "0"],
            "minutes: expected 1 or more, got 0",
        ),
        (
            ["d=3"],
            ["--cluster", "local", "--jobs", "1", "--partition", "foo", "--cpus", "2"],
            "cpus, partition: not used with --cluster local, whose jobs are processes",
        ),
        (
            ["d=3"],
            ["--cluster", "slurm", "--jobs", "1", "--gpus", "1"],
            "gpus: not used with --device cpu, got 1",
        ),
        (["d=3"], ["--seconds", "0"], "seconds: expected a number > 0, got 0"),
        (["d=3"], ["--device", "tpu"], "device: expected one of auto, cpu, gpu, got 'tpu'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_message_and_nothing_is_begun(tmp_path, capsys, grid, options, message):
    out = tmp_path / "out"
    assert sweep(out, grid, *options) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert not out.exists()


@pytest.mark.parametrize("text", [None, "", "# later\n[axes]\n"], ids=["none", "empty", "tables"])
def test_nothing_to_sweep_is_told_with_an_example(tmp_path, capsys, text):
    out, file = tmp_path / "out", tmp_path / "grid.toml"
    if text is not None:
        file.write_text(text)
    assert main(["sweep", *([] if text is None else [str(file)]), "--out", str(out)]) == 2
    assert (
        f"{'sweep' if text is None else file}: expected something to sweep or to fix, got nothing. "
        "Say it after --set, as in --set rule=GD,signGD,Adam d=64"
    ) in capsys.readouterr().err
    assert not out.exists()


def test_an_option_away_from_set_is_told_where_it_belongs(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["sweep", "--set", "rule=GD", "--out", str(out), "iterations=10"]) == 2
    assert (
        "iterations=10: expected a TOML file, got NAME=VALUES, which belong together after --set: "
        "--set rule=GD iterations=10\n"
    ) in capsys.readouterr().err
    assert not out.exists()


def _not_looked_at(*arguments, **options):
    raise AssertionError("the folder was not looked at first")


def test_a_folder_that_cannot_be_used_is_refused_before_anything_is_computed(
    tmp_path, point, capsys, monkeypatch
):
    monkeypatch.setattr(command, "run_sweep", _not_looked_at)
    (tmp_path / "file").write_text("mine")
    assert sweep(tmp_path / "file", POINT) == 2
    assert f"{tmp_path / 'file'}: it is a file. Choose another" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"
    out = shutil.copytree(point, tmp_path / "out")
    (out / "runs/block-00000.parquet").unlink()
    with locked(out / "runs"):
        assert sweep(out, POINT) == 2
    assert f"is in use by process {os.getpid()} on" in capsys.readouterr().err
    monkeypatch.setattr(record, "_code_digest", lambda _: "later")
    assert sweep(out, POINT) == 2
    assert "was computed by other versions" in capsys.readouterr().err


def test_gpus_that_are_not_there_are_not_asked_for(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    out = tmp_path / "out"
    options = ["--cluster", "local", "--jobs", "1", "--gpus", "1", "--device", "auto"]
    assert sweep(out, ["d=3"], *options) == 2
    assert "gpus: expected a GPU that JAX can use on this machine" in capsys.readouterr().err
    assert not out.exists()


def test_what_does_not_fit_on_the_disk_is_not_begun(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(store.shutil, "disk_usage", lambda place: SimpleNamespace(free=2**20))
    out = tmp_path / "out"
    assert sweep(out, ["d=3", "seeds=100000"]) == 2
    assert "expected a sweep that fits into the 1 MiB free at" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (["d=4"], "d: 3 there, 4 asked for"),
        (["learning_rate=0.5,2"], "axis learning_rate: 2 values there, 2 asked for; value 2: 1.0"),
        (["seeds=4"], "axis seed: 3 values there, 4 asked for"),
        (["energy=1"], "energy: 0.0 there, 1.0 asked for"),
        (["momentum=0.5", "rule=momentum"], "momentum: nothing there, 0.5 asked for"),
        (["rule=GD weight_decay=0.5"], "rule: GD there, GD weight_decay=0.5 asked for"),
    ],
    ids=" ".join,
)
def test_other_settings_are_refused_and_nothing_is_lost(done, capsys, changed, told):
    before = files(done)
    names = {option.partition("=")[0] for option in changed}
    kept = [option for option in GRID if option.partition("=")[0] not in names]
    assert sweep(done, [*kept, *changed]) == 2
    error = capsys.readouterr().err
    assert f"{done / 'runs'} holds another sweep." in error
    assert told in error
    assert files(done) == before


@pytest.mark.filterwarnings("always::UserWarning")
def test_a_damaged_block_is_told_and_computed_again(tmp_path, point, capsys):
    out = shutil.copytree(point, tmp_path / "out")
    block = out / "runs/block-00000.parquet"
    block.write_bytes(block.read_bytes()[:-9])
    assert sweep(out, POINT) == 0
    printed = capsys.readouterr()
    assert "Computed 1 of 1 block " in printed.out
    assert "1 of 1 damaged or of another sweep; computed again: 0\n" in printed.err
    assert files(out) == files(point)


def test_runs_of_another_version_are_accepted_where_it_is_said(
    tmp_path, point, capsys, monkeypatch
):
    out = shutil.copytree(point, tmp_path / "out")
    monkeypatch.setattr(record, "_code_digest", lambda _: "later")
    assert sweep(out, POINT) == 2
    assert "was computed by other versions" in capsys.readouterr().err
    assert files(out) == files(point)
    assert sweep(out, POINT, "--accept-versions") == 0
    assert len(begun(out / "runs").versions) == 2


def test_the_time_is_told_after_the_first_block_and_kept_to(tmp_path, capsys):
    assert sweep(tmp_path / "a", MANY) == 0
    told = capsys.readouterr().err
    assert re.search(r"about \d+ \w+ more, by the first of 20 blocks, which took \d+ second", told)
    assert sweep(tmp_path / "b", MANY, "--seconds", "1e-9") == 2
    assert "expected a sweep of at most 1e-09 s, got 20 blocks" in capsys.readouterr().err
    assert len(list((tmp_path / "b/runs").glob("block-*"))) == 1


def test_time_that_is_enough_is_no_matter(tmp_path, point):
    assert sweep(tmp_path, POINT, "--seconds", "1000") == 0
    assert files(tmp_path) == files(point)


def test_ctrl_c_is_exit_code_130(tmp_path, capsys, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run_sweep", interrupted)
    assert sweep(tmp_path, GRID) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_killed_sweep_goes_on_to_the_same_bytes(tmp_path):
    """Kill -9 at a random moment after the first of twenty blocks."""
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    began = time.monotonic()
    assert sweep(whole, MANY) == 0
    took = time.monotonic() - began
    options = ["sweep", "--set", *MANY, "--out", str(killed), "--device", "cpu"]
    process = subprocess.Popen(
        [sys.executable, "-m", "simulations", *options],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )
    try:
        while not (killed / "runs/block-00000.parquet").exists():
            assert process.poll() is None, process.communicate()[1].decode()
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.5 * took))
    finally:
        process.kill()
        process.communicate(timeout=60)
    left = files(killed)
    left.pop("runs/lock", None)
    done = {name: data for name, data in left.items() if ".part-" not in name}
    assert done.items() <= files(whole).items()
    assert sweep(killed, MANY) == 0
    assert files(killed) == files(whole)


def test_an_array_of_jobs_is_asked_for_as_it_is_said(tmp_path, point, monkeypatch, capsys):
    """The array itself is that of ``submit_sweep``, which has its own tests."""
    asked = {}

    def submitted(work, sweep, folder, jobs, *, limits, progress, **options):
        asked.update(jobs=jobs, limits=limits, **options)
        return run_sweep(work, sweep, folder, device="cpu", progress=progress)

    monkeypatch.setattr(command, "submit_sweep", submitted)
    said = ["--cluster", "slurm", "--jobs", "7", "--minutes", "5", "--gpus", "2"]
    assert sweep(tmp_path, POINT, *said, "--device", "auto") == 0
    assert asked == {
        "jobs": 7,
        "limits": Limits(),
        "device": "auto",
        "cluster": "slurm",
        "resources": cluster.Resources(minutes=5, gpus=2),
        "accept_versions": False,
    }
    assert files(tmp_path) == files(point)
    assert "in 1 block: in 1 job in place of 7, as there are no more blocks, up to" in (
        capsys.readouterr().err
    )


def _stopped(*arguments, **options):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("options", "changes", "told"),
    [
        (
            [],
            {"seeds": "400000000", "iterations": "10"},
            r"400,000,000 runs to compute in [\d,]+ bl",
        ),
        (
            ["--seconds", "1e9"],
            {},
            r"3 runs to compute in 1 block: up to 16.2 KiB of",
        ),
    ],
    ids=["large", "small"],
)
def test_what_is_left_and_its_disk_are_told_before_anything_is_begun(
    tmp_path, capsys, monkeypatch, options, changes, told
):
    monkeypatch.setattr(command, "run_sweep", _stopped)
    monkeypatch.setattr(store.shutil, "disk_usage", lambda place: SimpleNamespace(free=2**60))
    grid = [f"{n}={changes.get(n, x)}" for n, _, x in (option.partition("=") for option in POINT)]
    out = tmp_path / "out"
    assert sweep(out, grid, *options) == 130
    said = capsys.readouterr().err
    assert re.search(told, said)
    assert re.search(r"blocks?: up to \S+ [KMGT]iB of disk\n", said)
    assert not out.exists()


def test_too_many_blocks_are_foretold_and_not_begun(tmp_path, capsys, monkeypatch):
    """The message once asked for more memory, which there is no option for."""
    monkeypatch.setattr(store.shutil, "disk_usage", lambda place: SimpleNamespace(free=2**60))
    out = tmp_path / "out"
    assert sweep(out, ["rule=GD", "d=4096", "seeds=1000000", "iterations=1000000"]) == 2
    said = capsys.readouterr().err
    assert re.search(r"1,000,000 runs to compute in 1,000,000 blocks: up to", said)
    assert re.search(r"at most 100000 blocks, .* up to 15.3 GiB. Take fewer points, or", said)
    assert "memory than" not in said
    assert not out.exists()


def test_the_parameters_are_listed(capsys):
    assert main(["sweep", "--parameters"]) == 0
    assert "| learning_rate | 0.01 |" in capsys.readouterr().out


def test_help_says_what_the_command_does(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["sweep", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert exit_.value.code == 0
    assert "[FILE.toml]" in told
    words = ("example.toml", "--parameters", "Exit codes: 0", "; 1 done, but", "; 2 ", "130")
    assert [word for word in words if word not in told] == []
