"""A sweep in words."""

from simulations.sweep import report as module
from simulations.sweep.checked import grid_of
from simulations.sweep.grid import Axis
from simulations.sweep.report import report, statement
from tests.simulations.sweep.fake import RATES, RULES, summary


def test_the_statement_names_extremes_and_counts():
    found = summary(RULES, RATES)
    ratio = found.quartiles["ratio"]
    ratio[:] = [[0.9], [1.0], [1.1]]
    ratio[:, 0] = ratio[:, 1] = (1 + 1e-9, 1 + 2e-9, 1 + 3e-9)
    ratio[:, 2], ratio[:, 7], ratio[:, 8] = (0.5, 0.6, 0.7), (1.2, 1.3, 1.4), (1.01, 1.1, 1.2)
    said = statement(found)
    assert "72 runs: 9 points, 8 seeds at each." in said
    assert (
        "medians from 0.6 [0.5, 0.7] at rule = GD, learning_rate = 0.1 to 1.3 [1.2, 1.4] at "
        "rule = Adam, learning_rate = 0.01."
    ) in said
    assert (
        "By more than 0.1%, GD's limit is the more robust at 2 of 9 points, by the lower quartile, "
        "and the less robust at 1, by the upper one."
    ) in said


def test_points_that_have_not_learnt_are_in_no_comparison():
    found = summary(RULES, RATES)
    ratio, share = found.quartiles["ratio"], found.quartiles["standard_share"]
    ratio[:] = [[1.0], [1.0], [1.0]]
    ratio[:, 3], ratio[:, 4], ratio[:, 5] = (0.5, 0.6, 0.7), (1.2, 1.3, 1.4), (8.0, 9.0, 9.5)
    share[1, 3], share[1, 4], share[1, 5] = 0.00999, 0.5, 0.01
    said = statement(found)
    assert (
        "At 2 of 9 points the task has not been learnt: the median standard risk is 1% of that of "
        "zero weights, or more."
    ) in said
    assert "medians from 0.6 [0.5, 0.7] at rule = signGD, learning_rate = 0.001 to 1 [1, 1]" in said
    assert (
        "the more robust at 0 of 7 points, by the lower quartile, and the less robust at 1" in said
    )
    assert "GD itself" not in said
    assert [row[-3] for row in found.table().rows] == ["yes"] * 4 + ["no"] * 2 + ["yes"] * 3
    share[1] = 1.0
    assert "No adversarial risk can be compared" in statement(found)


def test_gd_that_is_not_at_its_limit_is_told():
    found = summary(RULES, RATES)
    found.quartiles["ratio"][:] = 1.0
    found.quartiles["ratio"][1, :3] = 1.0009, 1.0011, 5.0
    found.quartiles["standard_share"][1, 2] = 0.3
    assert (
        "GD itself is more than 0.1% off its limit at 1 of the 2 points of it that have learnt, by "
        "the median."
    ) in statement(found)


def test_one_point_is_told_as_one():
    found = summary(Axis("d", (3,)))
    found.quartiles["ratio"][:] = [[0.5], [0.6], [0.7]]
    said = statement(found)
    assert "By more than 0.1%, GD's limit is the less robust, by the upper quartile." in said
    assert "1 point" in said.partition("\n")[0]
    assert "points" not in said
    found.quartiles["ratio"][:] = [[0.9], [1.0], [1.1]]
    assert "GD's limit is neither the more robust" in statement(found)
    found.quartiles["standard_share"][:] = 1.0
    said = statement(found)
    assert (
        "At the only point the task has not been learnt: the median standard risk is 1% of that "
        "of zero weights, or more.\n"
    ) in said
    assert "They" not in said


def test_one_of_several_points_is_told_as_one():
    found = summary(Axis("rule", ("GD", "Adam", "Lion")), failing=[1], seeds=1)
    found.quartiles["ratio"][:, 0] = 2.0
    found.quartiles["standard_share"][:, 2] = 1.0
    said = statement(found)
    assert "1 of them did not stay finite, at rule = Adam; it is in no quartile." in said
    assert "At 1 of 3 points the task has not been learnt" in said
    assert "It is in no comparison below." in said
    assert "off its limit at the only point of it that has learnt, by the median." in said


def test_the_report_says_what_single_runs_are_worth():
    grid = grid_of(options=["rule=GD,signGD,Adam", "learning_rate=0.001,0.01,0.1"])
    text = report(grid, summary(RULES, RATES), None)
    assert "single runs then differ between implementations and versions" in text


def test_failures_are_told_first():
    said = statement(summary(RULES, RATES, failing=[4, 5]))
    assert (
        "16 of them did not stay finite, at 2 points, the first of which is rule = signGD, "
        "learning_rate = 0.01; they are in no quartile."
    ) in said
    assert "No adversarial risk can be compared" in statement(summary(RATES, failing=range(3)))


def test_a_point_alone():
    said = statement(summary(seeds=1, spread=0))
    assert said.startswith(
        "- 1 run: 1 point, 1 seed at each.\n- Adversarial risk over that of GD's"
    )
    assert "limit: 1 [1, 1]." in said


def test_the_report_tells_numbers_of_all_rules_from_those_of_one():
    rules = ("GD@0.3333333333333333", "Adam@0.1 beta1=0.5", "signGD")
    grid = grid_of(options=[f"rule={','.join(rules)}", "d=12"])
    text = report(grid, summary(grid.sweep.axes[0]), None)
    assert "- rule: GD@0.333333, Adam@0.1 beta1=0.5, signGD\n" in text
    assert "- learning_rate = 0.01, where the rule has none of its own\n" in text
    assert "- d = 12, at all points\n" in text
    assert "\n| GD@0.333333 |" in text
    assert "learning_rate" not in report(grid_of(options=["rule=GD@1,Adam@0.1"]), summary(), None)


def test_the_report_says_what_was_swept_and_by_what(monkeypatch):
    grid = grid_of(options=["rule=GD,signGD,Adam", "learning_rate=0.001,0.01,0.1", "d=12"])
    text = report(grid, summary(RULES, RATES), "sweep.png")
    for words in (
        "![Adversarial risk, standard risk and movement](sweep.png)",
        "- rule: GD, signGD, Adam",
        "- learning_rate: 0.001, 0.01, 0.1",
        "- d = 12, at all points",
        "- seeds: 0 to 7",
        "| rule | learning_rate | R_s |",
        "observed, not proved",
        "Made by version",
    ):
        assert words in text
    assert text.count("\n| GD |") == 3
    monkeypatch.setattr(module, "MOST_ROWS", 2)
    short = report(grid, summary(RULES, RATES), None)
    assert short.count("\n| GD |") == 2
    assert "the first 2 of 9; summary.csv has all" in short
    assert "No figure" in short
    assert "GD, signGD, … (3 in all)" in short
