"""The problems that questions about adaptive rules are asked of, and what is measured in them."""

import re
from dataclasses import replace

import jax
import numpy as np
import pytest

from simulations.engine.rules import update_rule
from simulations.engine.train import train
from simulations.studies.memory.settings import Memory
from simulations.studies.remedies.settings import Remedies
from simulations.study import problems
from simulations.study.problems import FIGURE_4_7, POWER_LAW
from simulations.study.rounding import ULPS
from theory.common.errors import UserError


def test_gd_limit_is_where_gd_goes():
    runs = problems.problem_of(FIGURE_4_7, 4, 1.0, 0.5).runs(range(3))
    end = train(runs, update_rule("GD", 50.0), iterations=400, device="cpu")
    # The slowest factor is 1 − 50 · 0.0025 = 7/8, and (7/8)⁴⁰⁰ < 1e-23.
    expected = end.adversarial_risk(problems.epsilon())[:, -1]
    np.testing.assert_allclose(problems.gd_limit_risk(runs), expected, rtol=1e-12)
    early = train(runs, update_rule("GD", 50.0), iterations=40, device="cpu")
    assert np.abs(early.adversarial_risk(problems.epsilon())[:, -1] / expected - 1).min() > 1e-12


def test_gd_limit_is_in_double_precision_whatever_the_caller_has():
    runs = problems.problem_of(POWER_LAW, 6, 1.0, 0.5).runs(range(3))
    expected = problems.gd_limit_risk(runs), problems.greatest_in_space(runs.w0_tilde)
    with jax.enable_x64(False):
        got = problems.gd_limit_risk(runs), problems.greatest_in_space(runs.w0_tilde)
    np.testing.assert_array_equal(expected, got)


def test_power_law_has_the_upper_half_irrelevant():
    problem = problems.problem_of(POWER_LAW, 6, 2.0, 0.1)
    np.testing.assert_allclose(problem.sigma_tilde_sq, [0.01, 0.0025, 0.01 / 9, 0, 0, 0])
    assert not problem.w_star_tilde(range(4))[:, 3:].any()


@pytest.mark.parametrize("iterations", [100, 1000, 10_000, 12_345])
def test_late_times_show_both_points_of_a_cycle(iterations):
    times = np.array(problems.late_times(iterations))
    assert len(times) == 20
    assert times[0] == iterations
    assert times.min() >= 0.79 * iterations
    assert {0, 1} == set((times % 2).tolist())


def test_movement_is_at_the_irrelevant_frequencies_alone():
    runs = problems.problem_of(FIGURE_4_7, 4, 1.0, 0.5).runs(range(2))
    outcome = train(runs, update_rule("signGD", 0.1), iterations=60, device="cpu")
    w2 = outcome.w_tilde[:, -1, 2] - runs.w0_tilde[:, 2]
    expected = np.abs(w2) / np.sqrt(125)
    np.testing.assert_allclose(problems.movement(outcome)[:, 0], expected, rtol=1e-12)


def test_a_point_has_the_runs_of_its_problem():
    settings = Memory(d=6, alpha=2.0, start=0.5, seeds=3)
    for name in problems.PROBLEMS:
        at = {"problem": name, **problems.alike_everywhere(settings)}
        assert {ULPS, *at} == {parameter.name for parameter in problems.PARAMETERS}
        expected = problems.problem_of(name, 6, 2.0, 0.5).runs(range(3))
        for runs in (problems.runs_of(name, settings), problems.runs_at(at, [0, 1, 2])):
            np.testing.assert_array_equal(runs.w0_tilde, expected.w0_tilde)
            np.testing.assert_array_equal(runs.sigma_tilde_sq, expected.sigma_tilde_sq)


@pytest.mark.parametrize(
    "asked", [Memory(device="cpu"), Remedies(device="cpu")], ids=["memory", "remedies"]
)
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"seeds": 0}, "seeds: expected an integer from 1 to 10000, got 0"),
        ({"start": 0.0}, "start: expected a number above 0, up to 100, got 0.0"),
        ({"start": -1.0}, "start: expected a number above 0"),
        ({"d": 1}, "d: expected an integer from 2 to 4096, got 1"),
        ({"alpha": -1.0}, "alpha: expected an exponent >= 0"),
        ({"device": "abacus"}, "device: expected one of auto, cpu, gpu, got 'abacus'"),
    ],
    ids=lambda x: "-".join(x) if isinstance(x, dict) else "",
)
def test_a_mistake_is_told(asked, changed, message):
    with pytest.raises(UserError, match=re.escape(message)):
        replace(asked, **changed).check()
