"""What a folder holds is never shown under other names, nor lost for dashes."""

import json
from dataclasses import asdict, replace

import pytest

from nn_experiments import presets
from nn_experiments.flow import kept
from nn_experiments.specs import DataSpec, OptimizerSpec
from nn_experiments.studies.optimizers import settling
from nn_experiments.studies.optimizers.preset import Preset
from tests.nn_experiments.tiny import PRESET
from theory.common.errors import UserError

COMMANDS = ("compare", "train", "evaluate", "frequency", "lipschitz", "tables", "figures")
READERS = COMMANDS[2:]
ALL_BUT_TRAIN = ("compare", *READERS)


def require_kept(preset, earlier, command, folder, *, measured):
    kept.require_kept(settling.losses(preset, earlier, command=command, measured=measured), folder)


def note(preset, folder, earlier):
    kept.note(preset if earlier is None else settling.with_those(preset, earlier), folder)


def noted(folder):
    return kept.noted(folder, Preset)


@pytest.fixture
def preset(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text(PRESET)
    return presets.read(str(path))


@pytest.fixture
def refused(preset, tmp_path):
    """Return for which commands a preset is refused in a folder of the tiny one, and its words."""
    earlier = json.loads(json.dumps(asdict(preset)))

    def by(changed, measured=True):
        found = {}
        for command in COMMANDS:
            try:
                require_kept(changed, earlier, command, tmp_path, measured=measured)
            except UserError as error:
                found[command] = str(error)
        return found

    return by


def test_the_same_settings_and_other_margins_are_no_loss(preset, refused):
    assert refused(preset) == {}
    other = replace(preset.margins, accuracy=50)
    assert refused(replace(preset, margins=other, title="Other", published="MNIST")) == {}


def with_rate(preset, rate):
    changed = replace(preset.optimizers[0], learning_rate=rate)
    return replace(preset, optimizers=(changed, *preset.optimizers[1:]))


def test_networks_keep_their_names(preset, refused):
    found = refused(with_rate(preset, 1.0))
    assert tuple(found) == COMMANDS
    assert "SGD.learning_rate: 0.1 there, 1.0 asked for" in found["tables"]
    momentum = replace(preset.optimizers[0], options={"momentum": 0.9})
    found = refused(replace(preset, optimizers=(momentum, preset.optimizers[1])))
    assert tuple(found) == COMMANDS
    assert "SGD.options: {} there, {'momentum': 0.9} asked for" in found["tables"]
    # As integers and fractions compare.
    assert refused(with_rate(preset, 0.1)) == {}


@pytest.mark.parametrize("measured", [True, False])
def test_nothing_is_left_out(preset, refused, measured):
    found = refused(replace(preset, seeds=(0,)), measured)
    assert tuple(found) == ALL_BUT_TRAIN
    assert "(seed 1: there, left out now)" in found["evaluate"]
    found = refused(replace(preset, optimizers=preset.optimizers[1:]), measured)
    assert tuple(found) == ALL_BUT_TRAIN
    assert "(SGD: there, left out now)" in found["compare"]


def test_a_training_of_some_networks_leaves_the_others_noted(preset, tmp_path):
    some = replace(preset, optimizers=preset.optimizers[:1], seeds=(0,))
    others = replace(preset, optimizers=preset.optimizers[1:], seeds=(1,))
    note(some, tmp_path, None)
    note(others, tmp_path, noted(tmp_path))
    there = noted(tmp_path)
    for command in COMMANDS:
        require_kept(preset, there, command, tmp_path, measured=False)
    with pytest.raises(UserError, match="SGD: there, left out now; seed 0: there, left out now"):
        require_kept(others, there, "evaluate", tmp_path, measured=False)
    note(preset, tmp_path, there)
    assert noted(tmp_path) == json.loads(json.dumps(asdict(preset)))
    # Nothing trained is left of what an earlier file has.
    note(others, tmp_path, None)
    assert noted(tmp_path)["seeds"] == [1]


def test_only_what_trains_adds_networks(preset, refused):
    assert tuple(refused(replace(preset, seeds=(0, 1, 2)))) == READERS
    more = (*preset.optimizers, OptimizerSpec("Adagrad"))
    found = refused(replace(preset, optimizers=more))
    assert tuple(found) == READERS
    assert "(Adagrad: not trained there)" in found["evaluate"]


@pytest.mark.parametrize(
    ("part", "changed", "commands"),
    [
        ("training", {"epochs": 4}, COMMANDS),
        ("data", {"test_images": 41}, COMMANDS),
        ("robustness", {"l2": ("0.2",)}, ("frequency", "lipschitz", "tables", "figures")),
        ("robustness", {"l2": ()}, COMMANDS),
        ("robustness", {"images": 5}, ("frequency", "lipschitz", "tables", "figures")),
        ("frequency", {"sigma": 0.2}, ("lipschitz", "tables", "figures")),
        ("frequency", {"thresholds": ()}, COMMANDS),
    ],
)
def test_who_measures_anew_may_and_who_does_not_may_not(preset, refused, part, changed, commands):
    other = replace(preset, **{part: replace(getattr(preset, part), **changed)})
    assert tuple(refused(other)) == commands


def test_bounds_that_were_measured_are_not_dropped(preset, refused):
    assert tuple(refused(replace(preset, lipschitz=False))) == COMMANDS
    # Where nothing was measured, levels and parts are free.
    assert refused(replace(preset, lipschitz=False), measured=False) == {}
    smaller = replace(preset, robustness=replace(preset.robustness, l2=()))
    assert refused(smaller, measured=False) == {}


def test_a_setting_that_an_earlier_version_did_not_write_is_no_difference(preset, tmp_path):
    earlier = json.loads(json.dumps(asdict(preset)))
    del earlier["training"]["precision"], earlier["robustness"]["engine"]
    require_kept(preset, earlier, "tables", tmp_path, measured=True)


def test_what_rules_chose_is_read_back(preset):
    held_out = DataSpec("synthetic", train_images=512, validation_images=20)
    asked = replace(preset, data=held_out, sweep=(0.5, 2.0), training_budget=60.0)
    chosen = with_rate(
        replace(asked, data=replace(held_out, train_images=128)),
        asked.optimizers[0].learning_rate * 2.0,
    )
    chosen = replace(
        chosen, optimizers=(chosen.optimizers[0], replace(asked.optimizers[1], learning_rate=5e-4))
    )
    earlier = json.loads(json.dumps(asdict(chosen)))
    assert settling.with_choices(asked, earlier) == chosen
    # What the rules cannot have chosen stays as it was asked for.
    fewer = replace(asked, data=replace(held_out, train_images=64), sweep=(3.0,))
    assert settling.with_choices(fewer, earlier) == fewer
    ruled_by_none = replace(asked, training_budget=None, sweep=())
    assert settling.with_choices(ruled_by_none, earlier) == ruled_by_none


@pytest.mark.parametrize("content", ["[]", "3", '{"data": {}}', "{"])
def test_a_spoilt_preset_is_told(tmp_path, content):
    (tmp_path / "preset.json").write_text(content)
    with pytest.raises(UserError, match=r"preset\.json: expected"):
        noted(tmp_path)
    assert noted(tmp_path / "none") is None


def test_spoilt_optimizers_are_told(preset):
    earlier = asdict(preset) | {"optimizers": [{"name": 3}]}
    with pytest.raises(UserError, match=r"preset\.json: expected optimizers"):
        settling.with_choices(preset, earlier)
