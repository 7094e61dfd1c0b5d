"""Presets that come with the package, and TOML files of one's own."""

import csv
from dataclasses import replace
from importlib.resources import files

import pytest
import torch

from nn_experiments import presets
from nn_experiments.specs import OptimizerSpec, level
from nn_experiments.studies.optimizers import thesis_tables as published
from nn_experiments.studies.optimizers.options import renamed as renames
from nn_experiments.studies.optimizers.study import study
from nn_experiments.studies.optimizers.thesis_preset import of_thesis
from nn_experiments.updates import optimizers
from theory.common.errors import UserError

PUBLISHED = ("mnist", "fashion-mnist", "cifar10", "cifar100", "svhn", "caltech101", "imagenette")


def test_the_thesis_data_sets_and_the_small_ones_are_there():
    assert {*PUBLISHED, "quick", "synthetic", "synthetic-high"} == set(presets.names())


@pytest.mark.parametrize("name", PUBLISHED)
def test_full_presets_are_the_thesis_settings(name):
    preset = presets.read(name)
    rates = {
        (row["dataset"], row["optimizer"]): float(row["initial_learning_rate"])
        for row in csv.DictReader(
            files("nn_experiments.studies.optimizers.published")
            .joinpath("table_4_2_setup.csv")
            .read_text()
            .splitlines()
        )
    }
    assert {
        (preset.published, optimizer.title): optimizer.learning_rate
        for optimizer in preset.optimizers
    }.items() <= rates.items()
    assert preset.training.epochs == 200
    assert preset.training.milestones == (100, 150)
    assert preset.training.batch_size == 128
    assert preset.training.flips == (name not in ("mnist", "svhn"))
    assert preset.seeds == (0, 1, 2)
    assert preset.robustness.attacks == "autoattack"
    assert preset.robustness.images == 1000
    spec = preset.robustness
    for kind, levels in (("gaussian", spec.gaussian), ("l2", spec.l2), ("linf", spec.linf)):
        assert sorted(levels, key=level) == list(levels)
        for text in levels:
            for optimizer in preset.optimizers:
                assert published.accuracy(preset, optimizer, f"{kind}/{text}") is not None


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_thesiss_settings_are_found_by_the_published_name(name):
    # Not those of ``quick``, which stands beside the same published numbers.
    assert of_thesis(presets.read(name).published) == presets.read(name)


@pytest.mark.parametrize("published", ["", "ImageNet"])
def test_what_is_in_no_table_has_no_settings_of_the_thesis(published):
    assert of_thesis(published) is None


def test_a_published_level_is_not_any_level():
    preset = presets.read("fashion-mnist")
    assert published.accuracy(preset, preset.optimizers[0], "l2/0.11") is None


def test_the_control_differs_in_the_images_only():
    low, high = presets.read("synthetic"), presets.read("synthetic-high")
    assert low.data.name != high.data.name
    for name in ("model", "optimizers", "training", "robustness", "frequency", "margins", "seeds"):
        assert getattr(low, name) == getattr(high, name)


def test_observation_one_and_linear_models_are_trainings_of_their_own():
    preset = presets.read("cifar10")
    compared = study(preset)
    assert [len(compared.runs(grid)) for grid in compared.all_grids()] == [9, 9 * 9 * 2]
    assert len(set(map(repr, compared.specs()))) == 9 + 162
    numbers = {}
    for name in ("synthetic", "quick"):
        compared = study(presets.read(name))
        numbers[name] = [len(compared.runs(grid)) for grid in compared.all_grids()]
    assert numbers == {"synthetic": [9, 0, 9], "quick": [9, 0]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = ", "expected TOML"),
        ("sedes = [1]", "sedes: there is no such field"),
        ("[training]\nepochs = '3'", "training.epochs: .*integer, got '3'"),
        ("[training]\nepochs = 0", "epochs: expected 1 or more, got 0"),
        ("[robustness]\nl2 = ['0']", "expected a number > 0 as text"),
        ("seeds = [1, 1]", "expected no repetition"),
        ("sweep = [1.0]", "validation_images > 0"),
        ("gradient_energy = true", "expected synthetic images"),
        ("[data]\nfiltered_by = 'magnitude'", "filtered_percent"),
        ("[data]\nname = 'synthetic-high'", "training.flips: expected false"),
        ("sedes = [1]", r"there is no such field\. Did you mean seeds\?"),
        ("[training]\nepoch = 3", r"training\.epoch: .*Did you mean epochs\?$"),
        ("training_budget = nan", "expected"),
        ("[[optimizers]]\nlearning_rat = 3", r"optimizers\.0\..*Did you mean learning_rate\?"),
        ("[robustness]\ngaussian = [0.01]", r'gaussian\.0: expected text, in quotes: "0.01"'),
        ("[robustness]\nl2 = ['-0.2']", "robustness: l2: expected a number > 0 as text"),
        ("[robustness]\nlinf = ['1/4', '0.25']", "robustness: linf: expected no repetition"),
        ("[frequency]\nthresholds = [60, 60]", "thresholds: expected no repetition"),
        ("seeds = [0, -1]", "seeds: expected 0 or more"),
        (
            "[model]\noptions = {sizes = [1, 2]}",
            r"model\.options\.sizes: expected true or false, a number or text, got \[1, 2\]\.$",
        ),
        ("day = 2026-01-01", "expected TOML"),
    ],
)
def test_what_is_wrong_in_a_file_is_told(tmp_path, text, message):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        presets.read(str(path))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UserError, match="cannot read"):
        presets.read(str(tmp_path / "none.toml"))
    with pytest.raises(UserError, match=r"expected a preset .*quick"):
        presets.read("quik")


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        "[[optimizers]]\nname = 'SGD'\nlearning_rate = 1\noptions = {momentum = 0.9}\n"
        "[training]\nmilestones = []\n"
    )
    preset = presets.read(str(path))
    assert preset.optimizers[0].options == {"momentum": 0.9}
    assert preset.optimizers[0].learning_rate == 1.0
    assert preset.training.milestones == ()


def test_other_images_are_not_called_by_the_name_of_the_first():
    quick = presets.read("quick")
    own = replace(quick, data=replace(quick.data, name="folder:mine"))
    renamed = renames(own, quick)
    assert (renamed.title, renamed.published) == ("", "")
    assert renamed == replace(own, title="", published="")
    named = replace(own, title="Mine", published="MNIST")
    assert renames(named, quick) == named
    fewer = replace(quick, data=replace(quick.data, train_images=64))
    assert renames(fewer, quick) == fewer


def test_another_optimizer_is_not_called_by_the_label_of_the_first():
    quick = presets.read("quick")
    sgd, adam, rmsprop = quick.optimizers
    assert rmsprop.label == "RMSProp"
    other = replace(rmsprop, name="AdamW")
    more = OptimizerSpec("Adagrad", label="AG")
    for theirs, titles in (
        ((sgd, adam, other), ["SGD", "Adam", "AdamW"]),
        ((sgd, adam, other, more), ["SGD", "Adam", "AdamW", "AG"]),
        ((sgd, adam, replace(other, label="W")), ["SGD", "Adam", "W"]),
        ((sgd, adam), ["SGD", "Adam"]),
        ((sgd, adam, replace(rmsprop, learning_rate=0.1)), ["SGD", "Adam", "RMSProp"]),
    ):
        renamed = renames(replace(quick, optimizers=theirs), quick)
        assert [o.title for o in renamed.optimizers] == titles


def test_a_list_of_numbers_is_an_optimizers_option(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        "[[optimizers]]\nname = 'Adam'\noptions = {betas = [0.9, 0.95], amsgrad = true}"
    )
    (spec,) = presets.read(str(path)).optimizers
    assert spec.options == {"betas": "0.9,0.95", "amsgrad": True}
    adam = optimizers.build(spec, [torch.nn.Parameter(torch.ones(2))])
    assert adam.param_groups[0]["betas"] == (0.9, 0.95)
