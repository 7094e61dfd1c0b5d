"""The commands' options, and what they say to bad input before anything is done."""

from dataclasses import replace

import pytest
from PIL import Image

import nn_experiments.__main__ as commands
from nn_experiments import presets
from nn_experiments.__main__ import main
from nn_experiments.flow import plan, train
from nn_experiments.specs import ModelSpec, OptimizerSpec
from nn_experiments.studies.optimizers.options import Shortcuts, chosen
from nn_experiments.studies.optimizers.study import study
from nn_experiments.training import RunRecord
from tests.nn_experiments.tiny import PRESET
from theory.common.errors import UserError


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["compare"], "expected a preset"),
        (["compare", "nope"], "expected a preset"),
        (["compere", "quick"], "expected a command"),
        (["compare", "quick", "--jobs", "0"], "--jobs: expected 1 or more, got 0"),
        (["bench", "--repeats", "0"], "--repeats: expected 1 or more, got 0"),
        (["compare", "quick", "--seeds", "1", "1"], "seeds: expected no repetition, got (1, 1)"),
        (["compare", "synthetic", "--momentum", "0.9", "--only", "Adam"], "--only: expected some"),
        (["compare", "quick", "--seeds", "-1"], "seeds: expected 0 or more"),
        (["compare", "quick", "--threads", "0"], "--threads: expected 1 or more, got 0"),
        (["train", "quick", "--published", "Fashon"], "published tables (MNIST, Fashion-MNIST, "),
        (["train", "synthetic", "--data.train-images", "9"], "expected at least 10, one of each"),
        (["compare", "quick", "--only", "SGD", "Adamax"], "--only: expected some of SGD, Adam"),
        (["compare", "quick", "--device", "tpu"], "expected a device"),
        (["evaluate", "synthetic"], "expected trained networks"),
        (["tables", "synthetic"], "expected measurements"),
        (["compare", "synthetic", "--frequency.bands", "100000"], "bands: expected from 1 to 784"),
        (["compare", "synthetic", "--robustness.images", "5000"], "robustness.images: expected at"),
        (["compare", "quick", "--threads", "99999999999"], "--threads: expected at most 4096"),
        (["compare", "cifar10", "--sweep", "inf"], "sweep: expected a number > 0, got inf"),
        (["compare", "quick", "--momentum", "inf"], "options: expected a finite number, got inf"),
        (["data", "mnits"], "data: expected one of mnist, "),
        (["train", "synthetic", "--cluster", "slurm"], "sbatch was not found"),
    ],
)  # fmt: skip
def test_bad_input_is_told_in_one_message(args, message, capsys, tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("it began")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan, "settled", refuse)
    assert main(args) == 2
    printed, told = capsys.readouterr()
    assert message in told
    assert (printed, told.count("error: ")) == ("", 1)
    assert not list(tmp_path.iterdir())


def test_each_commands_help_names_its_options(capsys):
    for command in ("compare", "tables"):
        with pytest.raises(SystemExit) as told:
            main([command, "--help"])
        assert told.value.code == 0
        printed = capsys.readouterr().out
        assert f"python -m nn_experiments {command} PRESET" in printed
        assert "--training.epochs" in printed
        assert "--data-dir" in printed


def test_images_of_one_class_are_not_trained_on(tmp_path, capsys):
    for part in ("train", "test"):
        (tmp_path / "images" / part / "cat").mkdir(parents=True)
        for i in range(4):
            path = tmp_path / "images" / part / "cat" / f"{i}.png"
            Image.new("L", (8, 8), 10 * i).save(path)
    preset, out = tmp_path / "preset.toml", tmp_path / "out"
    preset.write_text(PRESET.replace("gradient_energy = true", ""))
    data = [
        "--data.name",
        f"folder:{tmp_path / 'images'}",
        "--data.train-images",
        "4",
        "--data.test-images",
        "4",
    ]
    assert main(["compare", str(preset), "--out", str(out), *data]) == 2
    assert "expected images of two classes or more, got 1" in capsys.readouterr().err
    assert not out.exists()


def test_names_are_of_what_is_asked_for(monkeypatch):
    asked = []
    monkeypatch.setattr(commands, "_run_preset", lambda *args: asked.append(args[2]) or 0)
    other = ["--data.name", "folder:mine", "--optimizers.2.name", "AdamW", "--only", "AdamW"]
    assert main(["train", "quick", *other]) == 0
    (preset,) = asked
    assert (preset.title, preset.published) == ("", "")
    assert [o.title for o in preset.optimizers] == ["AdamW"]


def test_a_cluster_is_asked_for_before_anything_is_done(capsys, tmp_path):
    out = tmp_path / "out"
    minutes = ["--cluster", "local", "--cluster-minutes", "0"]
    assert main(["train", "quick", *minutes, "--out", str(out)]) == 2
    assert "minutes: expected 1 or more for a job, got 0" in capsys.readouterr().err
    assert not out.exists()


def test_which_images_are_used_is_said(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", "synthetic", "--training-budget", "None"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("synthetic: made by the project\nerror: expected trained networks")
    (tmp_path / "train-images-idx3-ubyte.gz").touch()
    where = ["--data-dir", str(tmp_path), "--out", str(tmp_path / "out")]
    for command in ("train", "compare"):
        assert main([command, "quick", *where]) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"error: {tmp_path}: expected all of ")
        assert "but train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz, t10k-labels" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "option",
    [
        ["--training.epochs", "0"],
        ["--epochs", "3"],
        ["--seeds", "x"],
        ["--robustness.l2", "0.2", "0.2"],
    ],
)
def test_options_that_are_none_are_told(option, capsys):
    assert main(["compare", "quick", *option]) == 2
    told = capsys.readouterr().err
    assert option[0].strip("-").split(".")[-1] in told
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("learning_rate = 0.001", "learning_rate = 0.001\noptions = {beta = 1}", "got 'beta'"),
        ('name = "linear"', 'name = "nonlinear"', "expected two-layer-cnn"),
        ('name = "Adam"', 'name = "Adom"', "Did you mean Adam?"),
    ],
)
def test_what_no_run_could_do_is_told_before_any(old, new, message, tmp_path, capsys):
    path = tmp_path / "mistaken.toml"
    assert old in PRESET
    path.write_text(PRESET.replace(old, new))
    out = tmp_path / "out"
    assert main(["train", str(path), "--out", str(out), "--jobs", "1", "--threads", "1"]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_a_mistake_is_told_once_and_not_for_each_factor_of_a_sweep(tmp_path, capsys):
    path, out = tmp_path / "mistaken.toml", tmp_path / "out"
    path.write_text(PRESET.replace("learning_rate = 0.1", "learning_rate = 0.1\noptions = {x = 1}"))
    sweep = ["--sweep", "0.5", "1.0", "--data.validation-images", "20", "--out", str(out)]
    assert main(["train", str(path), "--jobs", "1", "--threads", "1", *sweep]) == 2
    assert capsys.readouterr().err.count("got 'x'") == 1
    assert not out.exists()


@pytest.mark.parametrize("command", ["evaluate", "frequency", "lipschitz", "tables", "figures"])
def test_a_folder_without_networks_is_left_as_it_is(command, tmp_path, capsys):
    path, out = tmp_path / "preset.toml", tmp_path / "none"
    path.write_text(PRESET)
    assert main([command, str(path), "--out", str(out), "--jobs", "1"]) == 2
    assert f"expected {'measurements' if command in ('tables', 'figures') else 'trained'}" in (
        capsys.readouterr().err
    )
    assert not out.exists()


@pytest.mark.parametrize("command", ["compare", "train"])
def test_a_model_without_bounds_is_told_before_it_is_trained(command, tmp_path, capsys):
    path, out = tmp_path / "preset.toml", tmp_path / "out"
    path.write_text(
        PRESET.replace('name = "linear"', 'name = "tests.nn_experiments.own:Unbounded"')
    )
    assert main([command, str(path), "--out", str(out), "--jobs", "1", "--threads", "1"]) == 2
    told = capsys.readouterr().err
    assert "layer of the model (Unbounded): expected" in told
    assert "got the operation erf" in told
    assert "--no-lipschitz" in told
    assert not out.exists()
    path.write_text(path.read_text().replace("epochs = 3", "epochs = 1").replace("= [2]", "= []"))
    options = ["--no-lipschitz", "--no-gradient-energy", "--frequency.thresholds"]
    assert main(["train", str(path), "--out", str(out), "--jobs", "1", *options]) == 0


def asked(preset, **options):
    return chosen(preset, preset, Shortcuts(**options))


def test_with_momentum_plain_sgd_is_compared_with_it():
    preset = presets.read("quick")
    plain, momentum = asked(preset, momentum=0.9).optimizers
    assert plain == preset.optimizers[0]
    assert momentum == OptimizerSpec("SGD", 0.1, {"momentum": 0.9}, "SGD-m")
    without = replace(preset, optimizers=(momentum, *preset.optimizers[1:]))
    with pytest.raises(UserError, match="--momentum: expected a preset with plain SGD"):
        asked(without, momentum=0.9)


def test_options_change_what_they_name_and_nothing_else():
    preset = presets.read("cifar10")
    assert asked(preset) == preset
    normed = asked(preset, batch_norm=True)
    assert normed == replace(preset, model=ModelSpec("preactresnet18", batch_norm=True))
    # In the preset's order, by label or name.
    chosen = asked(preset, only=("RMSProp", "SGD"))
    assert chosen == replace(preset, optimizers=(preset.optimizers[0], preset.optimizers[2]))
    with pytest.raises(UserError, match="expected at least one in the preset, got none"):
        asked(replace(preset, optimizers=()))
    with pytest.raises(UserError, match=r"published: expected .* or none, got 'CIFAR10'"):
        asked(replace(preset, published="CIFAR10"))
    assert asked(replace(preset, published="")).published == ""


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (["finished", "finished"], 0),
        (["finished", "diverged at step 3"], 1),
        (["failed: out of memory", "diverged at step 3"], 2),
        (["failed: out of memory", "finished"], 2),
    ],
)
def test_exit_codes_tell_what_became_of_the_trainings(
    statuses, code, tmp_path, monkeypatch, capsys
):
    path = tmp_path / "preset.toml"
    path.write_text(PRESET)
    runs = study(presets.read(str(path))).specs()
    records = [RunRecord(run, status) for run, status in zip(runs, statuses, strict=False)]
    monkeypatch.setattr(train, "train", lambda *_: records)
    assert main(["train", str(path), "--out", str(tmp_path / "out"), "--jobs", "1"]) == code
    printed, told = capsys.readouterr()
    trained = statuses.count("finished")
    assert f"Trained networks: {trained} of 2, in " in printed
    assert [line.partition(": ")[2] for line in told.splitlines() if "not trained" in line] == [
        f"SGD seed {seed}: {status}" for seed, status in enumerate(statuses) if status != "finished"
    ]
