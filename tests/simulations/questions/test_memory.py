import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import jax
import numpy as np
import pytest

from simulations.explore.rules import update_rule
from simulations.explore.train import train
from simulations.questions import answer, problems
from simulations.questions.memory import command, experiment
from simulations.questions.memory.command import run
from simulations.questions.memory.settings import Memory
from simulations.questions.problems import FIGURE_4_7, POWER_LAW
from simulations.style import Written
from theory.errors import UserError

SMALL = Memory(
    beta1=(0.0, 0.9),
    beta2=(0.0, 0.999),
    eps=(1e-8, 1e-1),
    samples=(100, 1000),
    learning_rates=(0.1, 0.05),
    learning_rate=0.05,
    distance=50.0,
    seeds=2,
    d=3,  # as in Figure 4.7, so that each program is compiled once
    device="cpu",
)


# --- The problems ---------------------------------------------------------------------------------


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


def test_risk_of_zero():
    """½ Σ σ̃² w̃*², of one spectrum and of one for each run."""
    runs = problems.problem_of(POWER_LAW, 4, 1.0, 0.5).runs(range(2))
    own = replace(runs, sigma_tilde_sq=np.array([[0.0, 2.0, 0.0, 0.0], [6.0, 0.0, 0.0, 0.0]]))
    w = runs.w_star_tilde
    expected = 0.005 * w[:, 0] ** 2 + 0.0025 * w[:, 1] ** 2
    np.testing.assert_allclose(problems.risk_of_zero(runs), expected, rtol=1e-14)
    np.testing.assert_allclose(
        problems.risk_of_zero(own), [w[0, 1] ** 2, 3 * w[1, 0] ** 2], rtol=1e-14
    )


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


# --- No memory is signGD --------------------------------------------------------------------------


def test_no_memory_is_signgd():
    runs = problems.problem_of(POWER_LAW, 6, 1.0, 0.5).runs(range(3))
    rules = (
        experiment.rule_of(experiment.NO_MEMORY, 0.05),
        experiment.rule_of("RMSProp", 0.05, beta2=0.0, eps=0.0),
        update_rule("signGD", 0.05),
    )
    ends = [train(runs, rule, iterations=300, device="cpu").e_tilde for rule in rules]
    size = np.abs(runs.w0_tilde - runs.w_star_tilde).max() * np.sqrt(6)
    bound = 16 * 301 * 2.0**-53 * size  # of rounding, see against_closed_form
    assert np.abs(ends[0] - ends[2]).max() <= bound
    assert np.abs(ends[1] - ends[2]).max() <= bound
    other = train(runs, update_rule("signGD", 0.05 + 1e-10), iterations=300, device="cpu")
    assert np.abs(other.e_tilde - ends[2]).max() > bound


def test_no_memory_ends_on_the_limit_cycle_of_the_closed_form():
    moved, check = experiment.against_closed_form(SMALL)
    assert check.status == "simulated"
    assert check.observed.startswith("2 of 2 starts do")
    assert (moved > 0.3).all()


@pytest.mark.parametrize("options", [{"beta1": 0.1}, {"beta2": 0.1}, {"eps": 1e-7}])
def test_any_memory_is_seen(monkeypatch, options):
    right = experiment.rule_of
    monkeypatch.setattr(experiment, "rule_of", lambda member, rate: right(member, rate, **options))
    assert experiment.against_closed_form(SMALL)[1].status == "contradicted by simulation"


def test_members_have_the_defaults_of_pytorch():
    assert experiment.rule_of("Adam", 0.1) == update_rule("Adam", 0.1)
    changed = experiment.rule_of("RMSProp", 0.1, beta1=-1.0, beta2=0.5, eps=-1.0)
    assert changed == update_rule("RMSProp", 0.1, alpha=0.5)
    with pytest.raises(UserError, match="RMSProp does not use the option beta1"):
        experiment.rule_of("RMSProp", 0.1, beta1=0.5)


# --- The command ----------------------------------------------------------------------------------


def test_files_numbers_and_going_on(tmp_path):
    done = []
    text, code = run(SMALL, tmp_path, lambda *numbers: done.append(numbers))
    assert code == 0
    assert "signGD's closed form says" in text
    assert done[-1] == (96, 96)
    tables = ("betas_of_Adam", "alpha_of_RMSProp", "eps", "samples", "learning_rate")
    names = [f"{name}.csv" for name in tables]
    names += ["memory.png", "memory.svg", "report.md", "summary.json", "sweeps"]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)
    assert ET.parse(tmp_path / "memory.svg").getroot().tag.endswith("svg")
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["checks"]["no_memory_is_signgd"]["status"] == "simulated"
    rows = summary["results"]["betas of Adam"]
    first = next(r for r in rows if r["problem"] == FIGURE_4_7)
    assert first["at"] == {"beta1": 0.0, "beta2": 0.0}
    # The mean over the last tenth is that over the cycle: two routes to one number.
    closed_form = summary["results"]["signgd_closed_form"]
    np.testing.assert_allclose(first["movement"], closed_form, rtol=1e-9)
    other = [r for r in rows if r["problem"] == FIGURE_4_7 and r["at"] != first["at"]]
    assert all(abs(r["movement"][1] / closed_form[1] - 1) > 1e-3 for r in other)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.glob("sweeps/*/*.parquet")}
    assert before
    experiment.run_experiment(SMALL, tmp_path / "sweeps", lambda done, total: None)
    assert before == {p: p.stat().st_mtime_ns for p in tmp_path.glob("sweeps/*/*.parquet")}
    with pytest.raises(UserError, match="distance"):
        run(replace(SMALL, distance=60.0), tmp_path)


def test_a_disagreement_is_told(tmp_path, monkeypatch):
    right = experiment.rule_of

    def with_memory(member, rate, **options):
        changed = {"beta1": 0.5} if member == experiment.NO_MEMORY and not options else options
        return right(member, rate, **changed)

    monkeypatch.setattr(experiment, "rule_of", with_memory)
    monkeypatch.setattr(command, "draw", lambda settings, experiment: None)
    monkeypatch.setattr(answer, "write_figure", lambda figure, path, title: Written(path, path))
    monkeypatch.setattr(
        command,
        "run_experiment",
        lambda settings, folder, progress: experiment.Experiment(
            {}, (0, 0, 0), experiment.against_closed_form(settings)[1]
        ),
    )
    monkeypatch.setattr(command, "statement", lambda settings, experiment: "")
    monkeypatch.setattr(command, "report", lambda settings, experiment: "")
    assert run(SMALL, tmp_path)[1] == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beta1": (0.5, 0.9)}, "expected 0, no memory, among the values"),
        ({"beta2": (0.0, 1.0)}, "beta2: expected a number from 0 to below 1, got 1.0"),
        ({"eps": (-1.0, 0.0)}, "eps: expected a finite number >= 0, got -1.0"),
        ({"eps": (0.1,)}, "eps: expected two or more values, each once"),
        ({"samples": (0, 10)}, "samples: expected integers from 1 to"),
        ({"learning_rates": (0.1, 0.0)}, "learning_rate: expected a finite number > 0"),
        ({"distance": 1.0}, "expected from 100 to 10000000 updates"),
        ({"distance": float("nan")}, "expected from 100 to 10000000 updates"),
        ({"seeds": 0}, "seeds: expected an integer from 1 to 10000, got 0"),
        ({"start": 0.0}, "start: expected a number above 0"),
        ({"d": 1}, "d: expected an integer from 2 to 4096, got 1"),
        ({"alpha": -1.0}, "alpha: expected an exponent >= 0"),
        ({"device": "abacus"}, "device: expected one of auto, cpu, gpu, got 'abacus'"),
    ],
    ids=lambda x: "-".join(x) if isinstance(x, dict) else "",
)
def test_a_mistake_is_told_before_work_starts(tmp_path, settings, message):
    with pytest.raises(UserError) as error:
        run(replace(SMALL, **settings), tmp_path / "out")
    assert message in str(error.value)
    assert not (tmp_path / "out").exists()
