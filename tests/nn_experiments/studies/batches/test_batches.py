"""A study of one's own is found by its folder, and run, kept and judged as those of the package."""

import json
from pathlib import Path

import numpy as np
import pytest

from nn_experiments.__main__ import main
from nn_experiments.evidence import store

HERE = Path(__file__).parent
ALONE = ["--jobs", "1", "--threads", "1"]


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    out = tmp_path_factory.mktemp("batches") / "out"
    assert main(["compare", str(HERE), "--out", str(out), *ALONE]) == 0
    return out


def test_every_cell_is_trained_measured_and_judged(compared):
    runs = store.load(compared / "measurements.safetensors")
    assert len({run.run for run in runs}) == 3 * 2 * 2
    evidence = json.loads((compared / "evidence.json").read_text())
    assert (evidence["study"], evidence["kind"]) == ("batches", "observed")
    by_cell = {
        (run.cell["batch"], run.cell["rate"], run.seed): run.found.arrays["clean"] for run in runs
    }

    def accuracies(batch, rate):
        return [100 * by_cell[f"batch {batch}", f"rate {rate}", seed].mean() for seed in (0, 1)]

    *trends, same = evidence["verdicts"]
    for verdict, rate in zip(trends, (0.05, 0.1), strict=True):
        slope, _ = np.polyfit([2, 3, 5], [accuracies(n, rate) for n in (4, 8, 32)], 1)
        assert verdict["effect"]["estimate"] == pytest.approx(slope.mean())
        assert (verdict["n_seeds"], verdict["n_images"]) == ([2, 2, 2], 60)
        assert verdict["effect"]["low"] < verdict["effect"]["estimate"] < verdict["effect"]["high"]
    difference = np.mean(accuracies(4, 0.05)) - np.mean(accuracies(4, 0.1))
    assert same["effect"]["estimate"] == pytest.approx(difference)
    assert same["margin"] == 5.0


def test_its_pages_are_written(compared):
    report = (compared / "report.md").read_text()
    for words in ("# Batches of SGD", "accuracy falls with the batch size", "batch 8, rate 0.1"):
        assert words in report
    assert {path.stem for path in (compared / "tables").iterdir()} == {
        "verdict", "comparisons", "accuracy", "trainings",
    }  # fmt: skip
    assert (compared / "figures" / "effects.svg").exists()


def test_a_margin_changed_after_the_results_is_told_and_other_settings_are_refused(
    compared, capsys
):
    again = [str(HERE), "--out", str(compared), *ALONE]
    before = (compared / "report.md").read_text()
    assert main(["tables", *again, "--margins.same", "50"]) == 0
    told = "changed after the results: margins.same: 5, now 50"
    assert told in (compared / "tables" / "verdict.md").read_text()
    assert main(["tables", *again]) == 0
    assert told not in (compared / "tables" / "verdict.md").read_text()
    capsys.readouterr()
    assert main(["compare", *again, "--epochs", "3"]) == 2
    assert "epochs: 2 there, 3 asked for" in capsys.readouterr().err
    assert (compared / "report.md").read_text() == before


def test_a_preset_names_its_study_and_several_processes_find_it(compared, tmp_path):
    preset = tmp_path / "mine.toml"
    preset.write_text(f'study = "{HERE}"\nbatch_sizes = [4, 8]\nseeds = [0]\n')
    out = tmp_path / "out"
    assert main(["compare", str(preset), "--out", str(out), "--jobs", "2", "--threads", "1"]) == 0
    alone = {run.run: run for run in store.load(compared / "measurements.safetensors")}
    together = store.load(out / "measurements.safetensors")
    assert len(together) == 4
    for run in together:
        assert np.array_equal(run.found.arrays["clean"], alone[run.run].found.arrays["clean"])


def test_what_cannot_be_judged_is_told_before_anything_is_trained(tmp_path, capsys):
    assert main(["compare", str(HERE), "--batch-sizes", "4", "--out", str(tmp_path / "out")]) == 2
    assert "falls with the batch size: rate 0.05: expected two places" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("raise ArithmeticError('no')", "expected the module of a study, got ArithmeticError: no"),
        ("x = 1", "expected a dataclass Settings and a function study(settings)"),
    ],
)
def test_what_is_no_study_is_told_in_a_line(tmp_path, capsys, text, told):
    (tmp_path / "study.py").write_text(text)
    assert main(["compare", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
