"""The checks of the simulator: they pass, and each notices a wrong simulator or a wrong theory."""

from dataclasses import replace

import numpy as np
import pytest

from simulations import check
from simulations.studies.figure_4_7 import observations as observed
from simulations.studies.figure_4_7.experiment import exact_theory, run_experiment
from simulations.studies.figure_4_7.settings import Settings
from theory.logic.findings import Status

SHORT = Settings(seeds=8, iterations=2000)


@pytest.fixture(scope="module")
def short_run():
    return run_experiment(SHORT)


def test_gd_follows_its_closed_form():
    assert check.gd_closed_form(SHORT.problem(), SHORT).status is Status.SIMULATED


def test_a_wrong_contraction_is_noticed(monkeypatch):
    # One unit in the twelfth digit of η σ̃² changes the factor by 1e-16, and its 2000th power by
    # 2e-13 of ẽ(0), which the bound of some 1e-11 lets pass; one in the eighth digit it does not.
    monkeypatch.setattr(check, "gd_contraction", lambda s, eta: 1 - eta * s * (1 + 1e-8))
    assert check.gd_closed_form(SHORT.problem(), SHORT).status is Status.CONTRADICTED


def test_signgd_follows_the_exact_orbit():
    assert check.signgd_exact_orbits(SHORT, starts=6, steps=200).status is Status.SIMULATED


def test_a_wrong_orbit_is_noticed(monkeypatch):
    class Late(check.PopulationSignGD):
        def moves(self):
            for t, m in enumerate(super().moves()):
                yield m if t < 150 else (m[0] + 1, *m[1:])

    monkeypatch.setattr(check, "PopulationSignGD", Late)
    outcome = check.signgd_exact_orbits(SHORT, starts=1, steps=200)
    assert outcome.status is Status.CONTRADICTED


def test_minibatch_gd_has_the_derived_mean(short_run):
    assert check.gd_monte_carlo(short_run).status is Status.SIMULATED


def test_a_biased_mean_is_noticed(short_run, monkeypatch):
    mean, deviation = check.gd_moments(SHORT.problem(), 1000, short_run.iterations)
    shifted = mean + 10 * deviation / np.sqrt(SHORT.seeds)
    monkeypatch.setattr(check, "gd_moments", lambda *_: (shifted, deviation))
    assert check.gd_monte_carlo(short_run).status is Status.CONTRADICTED


def test_derived_moments_are_those_of_many_runs():
    """With n = 3 the noise is large, and the derived deviation is seen in 4,000 runs.

    The sample variance of N runs has relative standard error √((κ − 1)/N) with kurtosis κ. The
    products of the noise make κ about 10 here, so 5 of them are some 24 %.
    """
    settings = replace(SHORT, samples_per_step=3, iterations=300, seeds=4000, optimizers=("GD",))
    runs = run_experiment(settings).runs["GD"]
    mean, deviation = check.gd_moments(settings.problem(), 3, runs.iterations)
    sample = runs.e_tilde[:, -1, :2]
    centred = sample - sample.mean(axis=0)
    kurtosis = (centred**4).mean(axis=0) / (centred**2).mean(axis=0) ** 2
    slack = 5 * np.sqrt((kurtosis - 1) / settings.seeds)
    ratio = sample.var(axis=0, ddof=1) / deviation[-1, :2] ** 2
    assert (np.abs(ratio - 1) < slack).all()
    wrong = check.gd_moments(settings.problem(), 5, runs.iterations)[1]
    assert (np.abs(sample.var(axis=0, ddof=1) / wrong[-1, :2] ** 2 - 1) > slack).any()
    assert (np.abs(sample.mean(axis=0) - mean[-1, :2]) < 5 * deviation[-1, :2] / 4000**0.5).all()


def test_observations_need_the_published_problem_and_length(short_run):
    other = replace(SHORT, eta="0.02", iterations=200_001, seeds=1)
    assert observed.observations(run_experiment(other), exact_theory(other.problem())) == {}
    assert observed.observations(short_run, exact_theory(SHORT.problem())) == {}


def test_a_start_at_the_true_weights_is_no_contradiction():
    at_rest = replace(SHORT, w0_tilde=SHORT.w_star_tilde)
    for outcome in (
        check.gd_monte_carlo(run_experiment(at_rest)),
        check.gd_closed_form(at_rest.problem(), at_rest),
    ):
        assert outcome.status is Status.SIMULATED
        assert "nan" not in outcome.observed


def test_observations_can_turn_out_either_way(short_run, monkeypatch):
    monkeypatch.setattr(
        observed, "_ratio_observed", lambda *_: observed.judged(False, "criterion", "")
    )
    published = replace(observed.figure_4_7(), notebook_iterations=SHORT.iterations)
    monkeypatch.setattr(observed, "figure_4_7", lambda: published)
    theory = exact_theory(SHORT.problem())
    seen = observed.observations(short_run, theory)
    assert seen["adaptive_less_robust"].status is Status.SIMULATED
    assert seen["standard_risk_near_zero"].status is Status.CONTRADICTED  # GD is far off at 2000
    swapped = dict(short_run.adversarial_risk)
    swapped["GD"], swapped["Adam"] = swapped["Adam"], swapped["GD"]
    worse_gd = replace(short_run, adversarial_risk=swapped)
    outcome = observed.observations(worse_gd, theory)["adaptive_less_robust"]
    assert outcome.status is Status.CONTRADICTED
