"""What may be swept of a training run: checks, and the problem and rule of a point."""

import json
from pathlib import Path

import pytest

from simulations.explore.rules import KINDS, Cosine, InverseTime, Polynomial, update_rule
from simulations.explore.spectrum import Fixed, Irrelevant, Normal, PowerLaw, Regression, Variances
from simulations.sweep import parameters
from simulations.sweep.parameters import (
    PARAMETERS,
    grid_of,
    parameters_table,
    problem_of,
    rule_of,
    schedule_of,
)
from theory.errors import UserError


def at(grid, row=0):
    """Name and value of everything at a point."""
    points = grid.sweep.points(row, row + 1)
    return {**points.fixed, **{name: of[0].item() for name, of in points.swept.items()}}


def of(*options):
    return grid_of(options=options)


def test_nothing_said_is_a_power_law_with_signgd():
    grid = of()
    assert grid.sweep.rows == 8
    assert problem_of(at(grid), grid.spectra) == Regression(
        PowerLaw(64, 1.0), Irrelevant.highest(21, 64), Normal(1.0), Normal(1.0)
    )
    assert rule_of(at(grid)) == update_rule("signGD", 0.01)
    assert dict(grid.sweep.fixed)["epsilon"] == pytest.approx(2**0.5)


def test_all_rules_are_an_axis():
    assert of("rule=all").sweep.axes[0].values == tuple(KINDS)


@pytest.mark.parametrize("rule", KINDS)
def test_every_option_of_a_rule_can_be_said(rule):
    given = {name: value or 0.25 for name, value in KINDS[rule].defaults.items()}
    options = {**given, "l2_penalty": 0.125, "weight_decay": 0.5, "learning_rate": 0.75}
    grid = of(f"rule={rule}", *(f"{name}={value!r}" for name, value in options.items()))
    assert rule_of(at(grid)) == update_rule(rule, 0.75, l2_penalty=0.125, weight_decay=0.5, **given)


def test_a_rule_has_its_own_defaults_where_nothing_is_said():
    grid = of("rule=AdamW,Adam")
    assert [rule_of(at(grid, row)).weight_decay for row in (0, 8)] == [0.01, 0.0]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (["schedule=polynomial", "power=2"], Polynomial(70, 2.0)),
        (["schedule=cosine"], Cosine(70)),
        (["schedule=cosine", "schedule_steps=5"], Cosine(5)),
        (["schedule=inverse-time", "schedule_steps=9"], InverseTime(9)),
    ],
)
def test_schedules(said, expected):
    assert schedule_of(at(of("iterations=70", *said))) == expected


def test_a_problem_of_given_numbers():
    grid = of(
        "spectrum=given:1/2 0.25 0 1e-3",
        "target_weights=5 10 0 sqrt(4)",
        "start_weights=0 0 -0.5 0",
        "energy=0.125",
    )
    assert problem_of(at(grid), grid.spectra) == Regression(
        Variances((0.5, 0.25, 0.0, 1e-3)),
        Irrelevant((2,), 0.125),
        Fixed((5.0, 10.0, 0.0, 2.0)),
        Fixed((0.0, 0.0, -0.5, 0.0)),
    )


@pytest.mark.parametrize(
    ("said", "frequencies"),
    [
        ("irrelevant=2", (6, 7)),
        ("irrelevant_share=0.5", (4, 5, 6, 7)),
        ("irrelevant_at=2 5", (2, 5)),
    ],
)
def test_which_frequencies_are_irrelevant(said, frequencies):
    for spectrum in ("power-law", "given:1 1 1 0 0 1 1 1"):
        grid = of("d=8", said, f"spectrum={spectrum}")
        assert problem_of(at(grid), grid.spectra).irrelevant.frequencies == frequencies


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
    grid = grid_of(Path(parameters.__file__).parent / "example.toml")
    assert [axis.name for axis in grid.sweep.axes] == ["rule", "learning_rate"]
    assert grid.sweep.rows == 4 * 7 * 16


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (["rule=SGD"], r"rule: expected one of GD, momentum, .* all, got 'SGD'"),
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


def test_the_table_tells_of_each_parameter():
    names = [row[0] for row in parameters_table().rows]
    assert names == [*(p.name for p in PARAMETERS), "seeds"]
    assert all(all(cell for cell in row) for row in parameters_table().rows)


def test_all_options_of_all_rules_are_parameters():
    options = {name for kind in KINDS.values() for name in kind.defaults}
    assert options <= {p.name for p in PARAMETERS}
