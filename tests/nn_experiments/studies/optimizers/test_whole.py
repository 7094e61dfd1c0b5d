"""Whole comparisons, small: synthetic images, tiny trainings, every stage and every file."""

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from nn_experiments import presets
from nn_experiments.__main__ import main
from nn_experiments.evidence import store
from nn_experiments.evidence.judge import judge
from nn_experiments.flow import kept, measure, plan, progress, train, write
from nn_experiments.flow import run as flow
from nn_experiments.flow.write import fixed_before
from nn_experiments.studies.optimizers import measurements, pages, settling
from nn_experiments.studies.optimizers import pictures as drawing
from nn_experiments.studies.optimizers.study import study
from nn_experiments.training import folder_name
from tests.nn_experiments.tiny import PRESET
from theory.common import files as artefacts
from theory.common.errors import UserError

REPOSITORY = Path(__file__).parents[4]
# Files that a comparison writes, but for trainings.
PARTS = ("margins", "robustness", "frequency")
FILES = ("evidence.json", "report.md", "measurements.safetensors", "preset.json", "seconds.json")


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """The folder of a finished comparison, and the preset's file."""
    folder = tmp_path_factory.mktemp("compared")
    preset = folder / "tiny.toml"
    preset.write_text(PRESET)
    out = folder / "out"
    assert main(["compare", str(preset), "--out", str(out), "--jobs", "1", "--threads", "1"]) == 0
    return out, preset


@pytest.fixture
def undrawn(monkeypatch):
    """Leave figures out: they take longer than all else here."""
    monkeypatch.setattr(pages.Pages, "figures", lambda *_: {})
    monkeypatch.setattr(pages.Pages, "images", lambda *_: {})


def again(compared, tmp_path, command, *options):
    """Run another command on a copy of the comparison."""
    out, preset = compared
    copy = tmp_path / "copy"
    shutil.copytree(out, copy)
    code = main(
        [command, str(preset), "--out", str(copy), "--jobs", "1", "--threads", "1", *options]
    )
    return code, copy


def measured_in(path):
    """What was measured, by optimizer and seed."""
    return measurements.view(store.load(path))


def contents(folder):
    """Every file's bytes, but for the seconds that a command took."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "seconds.json"
    }


def test_everything_is_written(compared):
    out, _ = compared
    for name in FILES:
        assert (out / name).stat().st_size > 0
    for name in ("verdict", "comparisons", "accuracy", "trainings", "lipschitz", "gradient_energy"):
        for suffix in (".md", ".csv", ".tex"):
            assert (out / "tables" / name).with_suffix(suffix).stat().st_size > 0
    drawn = {path.stem for path in (out / "figures").iterdir()}
    kinds = {path.suffix for path in (out / "figures").glob("effects.*")}
    assert kinds == {".png", ".pdf", ".svg"}
    assert drawn == {
        *("figure_4_1", "effects", "lipschitz", "observation_one", "observation_two"),
        *("spectrum", "filters", "bands", "gaussian_noise", "l2_attack", "linf_attack"),
    }


def test_every_part_of_the_preset_was_measured(compared):
    out, _ = compared
    found = measured_in(out / "measurements.safetensors")
    assert [(run.optimizer, run.seed) for run in found.runs] == [
        ("SGD", 0), ("SGD", 1), ("Adam", 0), ("Adam", 1),
    ]  # fmt: skip
    for run in found.runs:
        assert run.finished
        sizes = {measure: len(correct) for measure, correct in run.correct.items()}
        assert sizes == {
            "clean": 40, "gaussian/0.01": 40, "l2/0.5": 4, "linf/0.03": 4,
            "filtered/frequency/50": 40,
        }  # fmt: skip
        assert run.bands.correct.shape == (4, 2, 30)
        assert set(run.lipschitz) == set(run.lipschitz_local) == {"l2", "linf", "l1"}
        for norm, bound in run.lipschitz.items():
            assert 0 < run.lipschitz_local[norm] <= bound.product * (1 + 1e-5)
        assert run.gradient_energy["network"].shape == (40,)
        assert run.training_loss > 0
        # On the images that it was trained on, as the runs' own records have it.
        ((measure, fitted),) = run.filtered_training_accuracy.items()
        assert measure == "filtered/frequency/50"
        of_this = {
            record["spec"]["data"]["filtered_percent"]: record["train_accuracy"]
            for record in (json.loads(path.read_text()) for path in out.glob("runs/*/run.json"))
            if (record["spec"]["optimizer"]["name"], record["spec"]["seed"])
            == (run.optimizer, run.seed)
        }
        assert of_this == {0: run.training_accuracy, 50: fitted}


def test_evidence_says_what_ran_where(compared):
    out, _ = compared
    evidence = json.loads((out / "evidence.json").read_text())
    assert evidence["kind"] == "observed"
    assert evidence["is_small_sample"]
    assert evidence["environment"]["device"] == "cpu"
    assert evidence["environment"]["threads"] == 1
    assert set(evidence["seconds"]) >= {"preparing", "training", "measuring"}
    assert {record["verdict"] for record in evidence["summary"]} <= {
        "supported", "contradicted", "inconclusive", "not run",
    }  # fmt: skip


def test_what_was_done_is_not_repeated(undrawn, compared, tmp_path):
    before = {p: p.stat().st_mtime_ns for p in (compared[0] / "runs").rglob("*") if p.is_file()}
    code, copy = again(compared, tmp_path, "compare")
    assert code == 0
    for path, written in before.items():
        assert (copy / path.relative_to(compared[0])).stat().st_mtime_ns == written
    folders = (compared[0], copy)
    old, new = (measured_in(folder / "measurements.safetensors").runs for folder in folders)
    assert [run.correct.keys() for run in old] == [run.correct.keys() for run in new]


def test_a_changed_level_is_measured_anew_and_alone(undrawn, compared, tmp_path):
    code, copy = again(compared, tmp_path, "evaluate", "--robustness.l2", "0.5", "1.0")
    assert code == 0
    for run in measured_in(copy / "measurements.safetensors").runs:
        assert {"l2/0.5", "l2/1.0", "linf/0.03"} <= set(run.correct)
        assert (run.correct["l2/1.0"] <= run.correct["l2/0.5"]).all()


@pytest.mark.parametrize("command", ["evaluate", "tables"])
def test_predictions_are_judged_once_for_all_that_is_written(
    undrawn, compared, tmp_path, monkeypatch, command
):
    judged = []
    monkeypatch.setattr(flow, "judge", lambda *args: judged.append(judge(*args)) or judged[-1])
    code, copy = again(compared, tmp_path, command)
    assert code == 0
    (findings,) = judged
    rows = (copy / "tables" / "comparisons.csv").read_text().splitlines()[1:]
    assert len(rows) == len(findings.verdicts)


@pytest.mark.parametrize("command", ["frequency", "lipschitz", "tables", "figures"])
def test_single_stages(undrawn, compared, tmp_path, command):
    code, copy = again(compared, tmp_path, command)
    assert code == 0
    # What other stages measured is kept.
    kept, before = (f / "measurements.safetensors" for f in (copy, compared[0]))
    assert kept.read_bytes() == before.read_bytes()


def test_margins_changed_after_the_results_are_told(undrawn, compared, tmp_path, capsys):
    before = json.loads((compared[0] / "evidence.json").read_text())
    assert before["fixed_before_results"]["margins"] == before["preset"]["margins"]
    code, copy = again(compared, tmp_path, "tables", "--margins.accuracy", "50")
    assert code == 0
    # Evidence that has the preset alone says as much.
    (tmp_path / "earlier").mkdir()
    (tmp_path / "earlier" / "evidence.json").write_text(json.dumps({"preset": before["preset"]}))
    assert fixed_before(tmp_path / "earlier", PARTS) == before["fixed_before_results"]
    assert fixed_before(tmp_path, PARTS) is None
    told = "changed after the results: margins.accuracy: 2, now 50"
    for name in ("verdict", "comparisons"):
        assert told in (copy / "tables" / name).with_suffix(".md").read_text()
        assert told not in (compared[0] / "tables" / name).with_suffix(".md").read_text()
    arguments = [str(compared[1]), "--out", str(copy), "--jobs", "1", "--threads", "1"]
    # A second time, too: what was fixed first is kept.
    for _ in range(2):
        capsys.readouterr()
        assert main(["evaluate", *arguments, "--margins.accuracy", "50"]) == 0
        assert "changed after" in capsys.readouterr().out
        assert "Margins, changed after the results" in (copy / "report.md").read_text()
    assert main(["evaluate", *arguments]) == 0
    assert "Margins, unchanged since the first results here" in (copy / "report.md").read_text()
    after = json.loads((copy / "evidence.json").read_text())
    assert after["fixed_before_results"] == before["fixed_before_results"]


@pytest.mark.parametrize("command", ["tables", "figures"])
def test_numbers_are_not_lost_for_levels_without_any(compared, tmp_path, capsys, command):
    code, copy = again(compared, tmp_path, command, "--robustness.l2", "0.2", "0.5")
    assert code == 2
    assert "expected measured levels, got l2/0.2; measured are l2/0.5" in capsys.readouterr().err
    assert contents(copy) == contents(compared[0])


def test_seconds_in_the_evidence_count_the_drawing(compared, tmp_path, monkeypatch):
    def drawn_slowly(*_):
        time.sleep(0.3)
        return {}

    monkeypatch.setattr(pages.Pages, "figures", drawn_slowly)
    monkeypatch.setattr(pages.Pages, "images", drawn_slowly)
    before = json.loads((compared[0] / "seconds.json").read_text())["describing"]
    code, copy = again(compared, tmp_path, "evaluate")
    assert code == 0
    seconds = json.loads((copy / "evidence.json").read_text())["seconds"]
    # Rounded to tenths before and after.
    assert seconds["describing"] >= before + 0.6 - 0.1
    assert seconds["describing"] <= json.loads((copy / "seconds.json").read_text())["describing"]


def test_other_settings_need_another_folder(compared, tmp_path, capsys, monkeypatch):
    monkeypatch.delattr(plan, "settled")  # nothing is timed nor tried before
    code, copy = again(compared, tmp_path, "train", "--training.epochs", "4")
    assert code == 2
    told = capsys.readouterr().err
    assert "holds a comparison with other settings (training.epochs: 3 there, 4 asked for)" in told
    assert contents(copy) == contents(compared[0])


@pytest.mark.parametrize("command", ["evaluate", "lipschitz", "tables", "figures"])
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--optimizers.0.learning-rate", "1"], "SGD.learning_rate: 0.1 there, 1.0 asked for"),
        (["--seeds", "0"], "seed 1: there, left out now"),
        (["--seeds", "0", "1", "7"], "seed 7: not trained there"),
        (["--only", "Adam"], "SGD: there, left out now"),
    ],
)
def test_results_are_not_shown_under_other_names_nor_lost(
    compared, tmp_path, capsys, command, options, told
):
    code, copy = again(compared, tmp_path, command, *options)
    assert code == 2
    assert told in (message := capsys.readouterr().err)
    assert "or name another folder with --out" in message
    assert contents(copy) == contents(compared[0])


def test_training_adds_networks_and_comparing_leaves_none_out(compared, tmp_path, capsys):
    code, copy = again(compared, tmp_path, "compare", "--only", "Adam")
    assert code == 2
    assert "SGD: there, left out now" in capsys.readouterr().err
    assert contents(copy) == contents(compared[0])
    arguments = [str(compared[1]), "--out", str(copy), "--jobs", "1", "--threads", "1"]
    assert main(["train", *arguments, "--seeds", "0", "1", "2"]) == 0
    assert json.loads((copy / "preset.json").read_text())["seeds"] == [0, 1, 2]
    assert main(["train", *arguments, "--only", "Adam", "--seeds", "0"]) == 0
    noted = json.loads((copy / "preset.json").read_text())
    assert sorted(o["name"] for o in noted["optimizers"]) == ["Adam", "SGD"]
    assert sorted(noted["seeds"]) == [0, 1, 2]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("evidence.json", "[]"),
        ("evidence.json", '{"a": 1}'),
        ("evidence.json", '{"fixed_before_results": []}'),
        ("evidence.json", '{"preset": {"margins": 3}}'),
        ("evidence.json", '{"preset": {"margins": "few"}}'),
        ("seconds.json", "[1]"),
        ("seconds.json", '{"training": "long"}'),
        ("preset.json", "[]"),
    ],
)
@pytest.mark.parametrize("command", ["compare", "tables"])
def test_a_spoilt_file_is_told_before_anything_is_written(
    compared, tmp_path, capsys, command, name, content
):
    spoilt = tmp_path / "spoilt"
    shutil.copytree(compared[0], spoilt)
    (spoilt / name).write_text(content)
    code, copy = again((spoilt, compared[1]), tmp_path, command)
    assert code == 2
    told = capsys.readouterr().err
    assert f"{copy / name}: expected" in told
    assert told.count("error: ") == 1
    assert contents(copy) == contents(spoilt)
    assert (copy / "seconds.json").read_text() == (spoilt / "seconds.json").read_text()


def test_what_a_rule_chose_is_read_back_and_not_chosen_again(
    undrawn, compared, tmp_path, monkeypatch
):
    monkeypatch.delattr(settling, "images_within_budget")
    monkeypatch.delattr(settling, "choose_learning_rates")
    for command in ("tables", "lipschitz"):
        code, copy = again(compared, tmp_path, command, "--training-budget", "60")
        assert code == 0
        noted = json.loads((copy / "preset.json").read_text())
        assert noted["data"]["train_images"] == 60
        shutil.rmtree(copy)


def test_drawing_tells_its_progress(compared, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(progress._Lines, "_SECONDS", 0.0)
    monkeypatch.setattr(write, "write_figure", lambda *_: None)
    code, _ = again(compared, tmp_path, "figures")
    assert code == 0
    lines = [ln for ln in capsys.readouterr().err.splitlines() if ln.startswith("describing: ")]
    names = [line.partition("drawing ")[2] for line in lines]
    assert len(names) == 11 == len(set(names))
    assert names[0] == "figure_4_1"
    assert lines[-1].startswith("describing: 100 %")


@pytest.mark.parametrize(("command", "name"), [("evaluate", "verdict.csv"), ("tables", "preset")])
def test_a_full_disk_leaves_the_results_that_were_there(
    undrawn, compared, tmp_path, capsys, monkeypatch, command, name
):
    whole = artefacts.write_whole

    def full(path, write):
        if path.name.startswith(name):
            raise UserError(f"cannot write {path}")
        whole(path, write)

    monkeypatch.setattr(artefacts, "write_whole", full)
    # Tables would be others, as these margins were not fixed before the results.
    code, copy = again(compared, tmp_path, command, "--margins.accuracy", "50")
    assert code == 2
    assert f"cannot write {copy}" in capsys.readouterr().err
    assert results(copy) == results(compared[0])
    assert not list(copy.glob(".part-*"))
    monkeypatch.setattr(artefacts, "write_whole", whole)
    shutil.rmtree(copy)
    code, copy = again(compared, tmp_path, command, "--margins.accuracy", "50")
    assert code == 0
    assert (
        results(copy)[Path("tables/verdict.md")] != results(compared[0])[Path("tables/verdict.md")]
    )


def results(folder):
    """Every result's bytes; trainings and seconds are none."""
    found = contents(folder)
    return {name: data for name, data in found.items() if name.parts[0] != "runs"}


def test_pictures_can_be_left_out(compared, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(progress._Lines, "_SECONDS", 0.0)
    monkeypatch.delattr(drawing, "image_figures")
    monkeypatch.setattr(write, "write_figure", lambda *_: None)
    code, _ = again(compared, tmp_path, "figures", "--no-pictures")
    assert code == 0
    lines = [ln for ln in capsys.readouterr().err.splitlines() if ln.startswith("describing: ")]
    assert len(lines) == 5
    assert lines[-1].startswith("describing: 100 %")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_threads_and_seed_reach_the_pictures(compared, tmp_path, monkeypatch, jobs):
    found = []

    def attacked(*args, **options):
        found.append((torch.get_num_threads(), args[5]))
        return attack(*args, **options)

    attack = drawing.attack
    monkeypatch.setattr(drawing, "attack", attacked)
    monkeypatch.setattr(drawing, "_right_everywhere", lambda *_: [0, 1])
    monkeypatch.setattr(write, "write_figure", lambda *_: None)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        out, preset = compared
        shutil.copytree(out, tmp_path / "copy")
        # Pictures alone are drawn here, and with another seed than the code could have fixed.
        monkeypatch.setattr(kept, "require_kept", lambda *_, **__: None)
        options = ["--jobs", jobs, "--threads", "1", "--robustness.noise-seed", "5"]
        assert main(["figures", str(preset), "--out", str(tmp_path / "copy"), *options]) == 0
        assert torch.get_num_threads() == 2  # put back
    finally:
        torch.set_num_threads(before)
    assert found == [(1, 5), (1, 5)]


def test_a_folder_in_which_nothing_was_trained_does_not_bind(tmp_path):
    path, out = tmp_path / "preset.toml", tmp_path / "out"
    path.write_text(PRESET.replace("gradient_energy = true\n", "").replace("= [50]", "= []"))
    out.mkdir()
    (out / "preset.json").write_text('{"data": {}, "model": {}, "training": {}}')
    assert main(["train", str(path), "--out", str(out), "--jobs", "1", "--threads", "1"]) == 0
    assert json.loads((out / "preset.json").read_text())["model"]["name"] == "linear"


def test_networks_of_other_optimizers_are_not_noted_as_this_presets(compared, tmp_path, capsys):
    before = (compared[0] / "preset.json").read_text()
    other = tmp_path / "other.toml"
    other.write_text(PRESET.replace('name = "SGD"', 'name = "Adagrad"').replace("seeds = [0, 1]",
        "seeds = [7]"))  # fmt: skip
    code, copy = again((compared[0], other), tmp_path, "evaluate")
    assert code == 2
    assert "SGD: there, left out now; " in capsys.readouterr().err
    assert (copy / "preset.json").read_text() == before


def test_what_cannot_be_measured_is_told_before_anything_is(
    compared, tmp_path, capsys, monkeypatch
):
    monkeypatch.delattr(measure, "measure_all")
    code, copy = again(compared, tmp_path, "evaluate", "--frequency.bands", "100000")
    assert code == 2
    assert "bands: expected from 1 to 784" in capsys.readouterr().err
    assert contents(copy) == contents(compared[0])


def test_networks_under_other_names_are_not_measured(compared, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(compared[0], copy)
    for run in (copy / "runs").iterdir():
        run.rename(run.with_name(f"other-{run.name}"))
    before = contents(copy)
    assert main(["evaluate", str(compared[1]), "--out", str(copy), "--jobs", "1"]) == 2
    assert f"trained networks in {copy / 'runs'}, found none of this" in capsys.readouterr().err
    assert contents(copy) == before


def test_a_run_that_fails_leaves_the_others(tmp_path, capsys):
    path, out = tmp_path / "preset.toml", tmp_path / "out"
    path.write_text(PRESET)
    runs = study(presets.read(str(path))).specs()
    spoilt = out / "runs" / folder_name(runs[0])
    spoilt.mkdir(parents=True)
    (spoilt / "run.json").write_text("{")
    assert main(["train", str(path), "--out", str(out), "--jobs", "1", "--threads", "1"]) == 2
    printed, told = capsys.readouterr()
    assert f"Trained networks: {len(runs) - 1} of {len(runs)}, in " in printed
    assert told.count("not trained: ") == 1
    assert "not trained: SGD seed 0: failed: " in told
    assert len(list(out.glob("runs/*/model.safetensors"))) == len(runs) - 1


def test_an_interrupt_says_how_to_go_on(tmp_path, capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    path = tmp_path / "preset.toml"
    path.write_text(PRESET)
    monkeypatch.setattr(train, "train", interrupted)
    assert main(["train", str(path), "--out", str(tmp_path / "out")]) == 130
    assert capsys.readouterr().err.endswith("whole; the same command goes on from them\n")


def test_a_comparison_that_is_killed_goes_on_to_the_same_result(undrawn, compared, tmp_path):
    out, preset = compared
    copy = tmp_path / "killed"
    command = [
        *(sys.executable, "-m", "nn_experiments", "compare", str(preset)),
        *("--out", str(copy), "--jobs", "1", "--threads", "1"),
    ]
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
    for _ in range(1200):
        if list(copy.glob("runs/*/measured/*")) or process.poll() is not None:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert main(command[3:]) == 0
    old, new = (measured_in(folder / "measurements.safetensors").runs for folder in (out, copy))
    for a, b in zip(old, new, strict=True):
        assert a.training_loss == b.training_loss
        for name in a.correct:
            assert (a.correct[name] == b.correct[name]).all()


def test_attacks_that_saw_no_gradient_are_told_in_every_file(tmp_path, capsys):
    path, out = tmp_path / "preset.toml", tmp_path / "out"
    text = PRESET.replace('name = "linear"', 'name = "tests.nn_experiments.unusual:Cut"')
    text = text.replace("= [50]", "= []").replace("gradient_energy = true\n", "")
    path.write_text(text.replace("images = 4", "images = 16").replace("epochs = 3", "epochs = 4"))
    options = ["--jobs", "1", "--threads", "1", "--no-pictures", "--no-lipschitz"]
    assert main(["compare", str(path), "--out", str(out), *options]) == 0
    told = "no gradient (zero or not finite) at "
    assert told in capsys.readouterr().err
    for name in ("report.md", "evidence.json", "tables/attack_notes.csv", "tables/comparisons.csv"):
        assert told in (out / name).read_text(), name
    runs = measured_in(out / "measurements.safetensors").runs
    masked = [(run, m) for run in runs for m in run.masked]
    assert masked
    for run, kind in masked:
        # All images that are right: of the network's input no gradient is known anywhere.
        right = run.correct[measurements.CLEAN][:16].sum()
        assert run.masked[kind].images == right
