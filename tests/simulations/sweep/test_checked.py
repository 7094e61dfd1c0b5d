"""Grids of training runs: from a file and options to checked values."""

import json
from pathlib import Path

import pytest

from simulations.engine.rules import KINDS
from simulations.engine.spectrum import Variances
from simulations.sweep import checked
from simulations.sweep.checked import grid_of
from theory.common.errors import UserError


def of(*options):
    return grid_of(options=options)


def test_all_rules_are_an_axis():
    assert of("rule=all").sweep.axes[0].values == tuple(KINDS)
    own = of("rule=GD,all,Adam@0.5").sweep.axes[0].values
    assert own == (*KINDS, "Adam@0.5")


def test_a_measured_spectrum_is_known_by_its_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "energy.json"
    names = []
    for numbers in ([3.0, 2.0, 0.0], [3.0, 2.0, 0.0], [3.0, 2.0, 1.0]):
        file.write_text(json.dumps({"energy": numbers}))
        grid = of("spectrum=measured:energy.json")
        name = dict(grid.sweep.fixed)["spectrum"]
        assert dict(grid.spectra) == {name: Variances(tuple(numbers))}
        assert dict(grid.sweep.fixed)["d"] == 3
        names.append(name)
    assert names[0] == names[1] != names[2]
    assert names[0].startswith("measured:energy.json (sha256 ")


def test_a_file_and_options(tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text('seeds = 2\n[axes]\nrule = ["Adam"]\nd = "2:5"\n[fixed]\nbeta1 = 0.5\n')
    sweep = grid_of(file, ["d=16,64", "seeds=3"]).sweep
    assert [(axis.name, tuple(axis.values)) for axis in sweep.all_axes] == [
        ("rule", ("Adam",)),
        ("d", (16, 64)),
        ("seed", (0, 1, 2)),
    ]
    assert dict(sweep.fixed)["beta1"] == 0.5


def test_the_example_is_a_grid():
    grid = grid_of(Path(checked.__file__).parent / "example.toml")
    assert [axis.name for axis in grid.sweep.axes] == ["rule", "learning_rate"]
    assert grid.sweep.rows == 4 * 7 * 16


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (["rule=SGD"], r"rule: expected one of GD, momentum, .* all, or .*; got 'SGD'"),
        (
            ["rule=Adan,all@0.1"],
            r"rule: expected one of GD, .* all, or one with numbers of .*'all@",
        ),
        (["rule=Adam@0.1 eps"], r"Adam@0.1 eps: eps: expected numbers, got ''"),
        (["rule=GD,Adam@"], r"Adam@: learning_rate: expected numbers, got ''"),
        (["rule=Adam@x"], r"Adam@x: learning_rate: expected numbers, got 'x'"),
        (["rule=Adam@0.1 learning_rate=0.2"], r"each number of a rule once, got 'Adam@0.1 learn"),
        (["rule=GD@1 beta1=0.5"], r"GD@1 beta1=0.5: GD does not use beta1; expected learning_rate"),
        (["rule=GD,Adam@-0.1"], r"Adam: learning_rate: expected a finite number > 0, got -0.1"),
        (["rule=Adam@0.1 beta1=0.5:1.5:3"], r"Adam: beta1: expected a number from 0 to below 1"),
        (["rule=GD@0.5,GD@1/2"], r"rule: expected each rule once, got GD@0.5 twice"),
        (
            ["rule=GD@1,Adam@0.1", "learning_rate=0.1"],
            r"learning_rate: not used, as every rule has",
        ),
        (
            ["rule=Adam@1 beta1=0", "beta1=0.5"],
            r"beta1: not used, as every rule has one of its own",
        ),
        (
            ["rule=GD,Adam@0.1", "learning_rate=0.1,0.2,0.3"],
            r"learning_rate: expected one value, .*\(of which Adam@0.1 is none\), got 3 values",
        ),
        (["speed=3"], r"unknown speed; expected rule, d, .* epsilon, seeds"),
        (["beta1=0.5"], r"signGD does not use beta1; expected learning_rate, l2_penalty, weight_d"),
        (["rule=Adam,GD", "beta1=0.5"], r"^GD does not use beta1; expected"),
        (["rule=Adam,Lion", "eps=0"], r"Lion does not use eps; .* beta1, beta2, which it uses"),
        (["alpha=2"], r"signGD does not use alpha; .*The power law's is called exponent"),
        (["rule=Adam", "beta1=0.5,1.5"], r"Adam: beta1: expected a number from 0 to below 1, got"),
        (["learning_rate=0.1:-1:5"], r"learning_rate: expected a finite number > 0, got -1"),
        (["schedule=constant,cosine", "schedule_steps=3"], r"constant does not use schedule_steps"),
        (
            ["schedule=cosine", "power=3"],
            r"cosine does not use power; expected schedule=polynomial",
        ),
        (["schedule=cosine", "schedule_steps=0,5"], r"steps: expected an integer >= 1, got 0"),
        (["spectrum=white"], r"spectrum: expected power-law, measured:FILE, or given: .*'white'"),
        (["spectrum=given:1 x"], r"spectrum: expected numbers with blanks .*'1 x'"),
        (["spectrum=given:1 -1"], r"variances: expected numbers >= 0, got -1"),
        (["spectrum=given:1 0", "d=3"], r"d: expected 2, as the spectrum given:1 0 has so many"),
        (["spectrum=given:1 0,given:1 0 0"], r"d: expected 3, .* got 2\. Sweep spectra of one"),
        (["spectrum=given:1 0", "exponent=2"], r"spectrum given:1 0 does not use exponent"),
        (["spectrum=given:1 0,power-law", "sigma0_sq=1,2"], r"given:1 0 does not use sigma0_sq"),
        (
            ["exponent=1,99", "d=2,64"],
            r"at d = 64, exponent = 99.0, .* variances of at least 1e-60",
        ),
        # Each of them alone would do.
        (["exponent=1,30", "sigma0_sq=1e-10,1"], r"exponent = 30.0, sigma0_sq = 1e-10: alpha: exp"),
        (
            ["irrelevant=1", "irrelevant_share=0.5"],
            r"expected one of irrelevant, .* and irrelevant",
        ),
        (
            ["irrelevant=0:3", "d=3,4"],
            r"at d = 3, .*irrelevant: expected from 0 to 2 frequencies, got 3",
        ),
        (["irrelevant_at=2,x"], r"irrelevant_at: expected indices with blanks between, .* 'x'"),
        (
            ["irrelevant_at=2,64"],
            r"irrelevant: expected indices of frequencies from 1 to 63, got 64",
        ),
        (["irrelevant_share=1"], r"irrelevant_share: expected from 0 to below 1, got 1.0"),
        (["target_weights=1 2", "target_scale=1"], r"expected one of target_scale, target_weights"),
        (["start_weights=1 2", "d=3"], r"start: expected 3 weights, one for each frequency, got 2"),
        (["start_scale=-1"], r"scale: expected a standard deviation >= 0, got -1"),
        (["energy=0,-1"], r"energy: expected a variance >= 0, got -1"),
        (["d=0"], r"d: expected an integer from 1 to 1048576, got 0"),
        (["iterations=0"], r"iterations: expected from 1 to 4294967295, got 0"),
        (["samples_per_step=-1"], r"samples_per_step: expected from 0 to"),
        (["epsilon=-1,2"], r"epsilon: expected from 0 to 1e\+60, got -1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_swept_is_named(said, message):
    with pytest.raises(UserError, match=message):
        of(*said)


def test_values_in_the_middle_of_their_range_need_no_check():
    """Ranges are intervals, so that the ends are enough; a check of each would take minutes."""
    assert of("learning_rate=0.001:1:300000", "seeds=1").sweep.rows == 300_000


def test_each_rule_with_each_of_its_own_numbers():
    grid = of("rule=GD@0.1:10:3:log,signGD,Adam@1/4:1/2:2 beta1=0:0.5:2", "seeds=1")
    (rules,) = grid.sweep.axes
    adam = [f"Adam@{rate} beta1={beta1}" for rate in (0.25, 0.5) for beta1 in (0.0, 0.5)]
    assert rules.values == ("GD@0.1", "GD@1.0", "GD@10.0", "signGD", *adam)
    assert dict(grid.sweep.fixed)["learning_rate"] == 0.01
    assert "learning_rate" not in dict(of("rule=GD@1,Adam@0.1").sweep.fixed)


def test_own_numbers_in_a_file(tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text('[axes]\nrule = ["GD@0.5", "Adam@0.001,0.01 beta1=0.5"]\n[fixed]\nd = 3\n')
    (rules,) = grid_of(file).sweep.axes
    assert rules.values == ("GD@0.5", "Adam@0.001 beta1=0.5", "Adam@0.01 beta1=0.5")
    file.write_text('[fixed]\nrule = "Adam@0.001"\n')
    assert dict(grid_of(file).sweep.fixed)["rule"] == "Adam@0.001"
