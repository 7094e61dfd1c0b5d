import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import jax
import numpy as np
import pytest

from simulations.engine.rules import Polynomial, update_rule
from simulations.engine.train import train
from simulations.studies.remedies import checks, report, study
from simulations.studies.remedies.ridge import penalised_gd_error, ridge_error
from simulations.studies.remedies.rows import Row, ridge_rows
from simulations.studies.remedies.runs import REMEDIES, RIDGE, RULES, WEIGHT_DECAY
from simulations.studies.remedies.settings import Remedies
from simulations.study import problems
from simulations.study.answer import answered
from simulations.study.problems import FIGURE_4_7, POWER_LAW
from simulations.study.quartiles import quartiles
from theory.common.errors import UserError

SMALL = Remedies(
    l2_penalty=(1e-3,),
    weight_decay=(0.1,),
    learning_rate=0.05,
    iterations=1000,
    seeds=2,
    d=3,  # as in Figure 4.7, so that each program is compiled once
    device="cpu",
)


# --- The ridge solution ---------------------------------------------------------------------------


def test_ridge_solution_is_chapter_3s():
    """μ_1/(μ_1 + λ) w*_1, with μ_1 = 3 and λ = 1 three quarters; 0 where there is no energy."""
    w_star = np.array([[1.0, 0.0], [-2.0, 5.0]])
    w = w_star + ridge_error(np.array([3.0, 0.0]), w_star, 1.0)
    np.testing.assert_allclose(w, [[0.75, 0.0], [-1.5, 0.0]], atol=1e-15)


def test_ridge_solution_is_least():
    runs = problems.problem_of(POWER_LAW, 6, 1.0, 0.5).runs(range(3))
    penalty = 0.003
    ridge = ridge_error(runs.sigma_tilde_sq, runs.w_star_tilde, penalty)

    def objective(e):
        w = e + runs.w_star_tilde
        return (runs.sigma_tilde_sq * e**2 + penalty * w**2).sum(axis=1) / 2

    step = 1e-3 * np.random.default_rng(0).standard_normal((50, *ridge.shape))
    assert all((objective(ridge + s) > objective(ridge)).all() for s in step)
    wrong = ridge_error(runs.sigma_tilde_sq, runs.w_star_tilde, 2 * penalty)
    assert not all((objective(wrong + s) > objective(wrong)).all() for s in step)


def test_ridge_is_in_double_precision_whatever_the_caller_has():
    arguments = np.array([0.01, 0.003]), np.array([[0.7, 0.3]])
    expected = ridge_error(*arguments, 0.001)
    with jax.enable_x64(False):
        np.testing.assert_array_equal(ridge_error(*arguments, 0.001), expected)


def test_penalised_gd_is_trained_gd():
    check = checks.penalised_gd(SMALL)
    assert check.status == "simulated"


@pytest.mark.parametrize("wrong", ["limit", "rate"])
def test_a_wrong_closed_form_is_caught(monkeypatch, wrong):
    right = penalised_gd_error

    def other(variances, w_star, w0, penalty, rate, iterations):
        if wrong == "limit":
            return right(variances, w_star, w0, penalty * (1 + 1e-6), rate, iterations)
        return right(variances, w_star, w0, penalty, rate, iterations + 1)

    monkeypatch.setattr(checks, "penalised_gd_error", other)
    assert checks.penalised_gd(SMALL).status == "contradicted by simulation"


def test_signgd_with_a_penalty_and_a_decaying_rate_ends_at_the_ridge_solution():
    """The penalised risk has one minimizer, and at a constant rate signGD stays O(η) off it."""
    runs = problems.problem_of(FIGURE_4_7, 4, 1.0, 0.5).runs(range(2))
    iterations, penalty = 4000, 0.005
    ridge = ridge_error(runs.sigma_tilde_sq, runs.w_star_tilde, penalty)
    rules = (
        update_rule("signGD", 0.02, l2_penalty=penalty),
        update_rule("signGD", 0.02, l2_penalty=penalty, schedule=Polynomial(iterations)),
        update_rule("signGD", 0.02, schedule=Polynomial(iterations)),
    )
    constant, decaying, without = (
        np.abs(train(runs, rule, iterations=iterations, device="cpu").e_tilde[:, -1] - ridge).max()
        for rule in rules
    )
    assert decaying < 0.02 / iterations * 10 < constant < 1 < without


# --- Weight decay ---------------------------------------------------------------------------------


def row_of(weight, strength=0.1):
    three = (0.0, 0.0, 0.0)
    return Row(
        *(POWER_LAW, "signGD", WEIGHT_DECAY, strength, three, three, three, three),
        greatest_weight=weight,
        n=2,
        rounding={},
    )


def test_weights_stay_in_the_cube_of_weight_decay():
    runs = problems.problem_of(FIGURE_4_7, 4, 1.0, 0.5).runs(range(2))
    rule = update_rule("signGD", 0.1, weight_decay=0.5)
    end = train(runs, rule, iterations=1000, device="cpu").w_tilde[:, -1]
    weight = float(problems.greatest_in_space(end).max())
    assert 1.9 < weight <= 2  # the target is outside
    assert checks.bounded_by_weight_decay(SMALL, [row_of(9.9)]).status == "simulated"
    beyond = checks.bounded_by_weight_decay(SMALL, [row_of(10.1)])
    assert beyond.status == "contradicted by simulation"


# --- The command ----------------------------------------------------------------------------------


def test_files_and_numbers(tmp_path):
    done = []
    text, code = answered(study.answer, SMALL, tmp_path, lambda *numbers: done.append(numbers))
    assert code == 0
    assert "zero start" in text
    assert done[-1] == (168, 168)  # with their twins
    names = ["remedies.csv", "remedies.png", "remedies.svg", "report.md", "summary.json", "sweeps"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names
    assert ET.parse(tmp_path / "remedies.svg").getroot().tag.endswith("svg")
    summary = json.loads((tmp_path / "summary.json").read_text())
    (picture,) = summary["pictures"]
    assert (picture["file"], picture["caption"]) == ("remedies.png", report.CAPTION)
    assert picture["alternative"].startswith(
        "Part of the gap to GD that is closed against standard risk. Figure 4.7, signGD"
    )
    assert {check["status"] for check in summary["checks"].values()} == {"simulated"}
    rows = summary["results"]["rows"]
    assert len(rows) == 2 * len(RULES) * len(REMEDIES) + 2
    for row in rows:
        if row["remedy"] == "none":
            assert row["closed"] == [0, 0, 0]
    # GD's own adversarial risk, with no penalty to speak of, closes all of the gap.
    assert {row["rule"] for row in rows if row["remedy"] == RIDGE} == {"GD"}
    with pytest.raises(UserError, match="iterations"):
        answered(study.answer, replace(SMALL, iterations=2000), tmp_path)


def test_a_vanishing_penalty_closes_what_irrelevant_weights_open():
    """As λ → 0 the ridge solution is w̃*: it closes the gap and what GD keeps of the start too."""
    settings = replace(SMALL, l2_penalty=(1e-12,))
    runs = problems.problem_of(FIGURE_4_7, 6, 1.0, 1.0).runs(range(2))
    of_gd = problems.gd_limit_risk(runs)
    gaps = dict.fromkeys([(FIGURE_4_7, "signGD"), (POWER_LAW, "signGD")], (0.5 * of_gd,) * 2)
    row = next(ridge_rows(settings, gaps))
    w_star, w2 = 125.0, runs.w0_tilde[:, 2] ** 2
    expected = 1 + w2 / (w_star + w2) / 0.5
    np.testing.assert_allclose(row.closed, quartiles(expected), rtol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"l2_penalty": ()}, "l2_penalty: expected one or more numbers > 0, each once"),
        ({"l2_penalty": (0.0,)}, "l2_penalty: expected one or more numbers > 0, each once"),
        ({"weight_decay": (0.1, 0.1)}, "weight_decay: expected one or more numbers > 0"),
        ({"weight_decay": (float("inf"),)}, "weight_decay: expected a finite number >= 0"),
        ({"learning_rate": -0.1}, "learning_rate: expected a finite number > 0, got -0.1"),
        ({"iterations": 10}, "iterations: expected an integer from 100 to 1000000, got 10"),
    ],
    ids=lambda x: "-".join(x) if isinstance(x, dict) else "",
)
def test_a_mistake_is_told(settings, message):
    with pytest.raises(UserError, match=re.escape(message)):
        replace(SMALL, **settings).check()
