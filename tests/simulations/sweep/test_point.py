"""The rule, the schedule and the problem of a point of a grid."""

import pytest

from simulations.engine.rules import KINDS, Cosine, InverseTime, Polynomial, update_rule
from simulations.engine.spectrum import Fixed, Irrelevant, Normal, PowerLaw, Regression, Variances
from simulations.sweep.checked import grid_of
from simulations.sweep.point import problem_of, rule_of, schedule_of


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


def test_a_rule_has_its_own_numbers_before_those_of_all_rules():
    grid = of(
        "rule=GD,Adam@0.001 beta1=0.5,Adam,AdamW@0.25 weight_decay=0 l2_penalty=0.125",
        *("learning_rate=0.5", "weight_decay=0.75", "seeds=1"),
    )
    assert [rule_of(at(grid, row)) for row in range(4)] == [
        update_rule("GD", 0.5, weight_decay=0.75),
        update_rule("Adam", 0.001, weight_decay=0.75, beta1=0.5),
        update_rule("Adam", 0.5, weight_decay=0.75),
        update_rule("AdamW", 0.25, weight_decay=0.0, l2_penalty=0.125),
    ]


def test_a_schedule_is_of_the_rule_s_own_rate():
    grid = of("rule=Adam@0.25", "schedule=cosine", "iterations=70")
    assert rule_of(at(grid)) == update_rule("Adam", 0.25, schedule=Cosine(70))
