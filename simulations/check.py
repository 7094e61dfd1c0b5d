"""Simulated trajectories against theory, written as evidence that ``theory verify`` reads.

Two kinds of checks. Those of the simulation compare it with theory, within bounds that are derived
here; if one fails the simulator is wrong. Those of a claim say whether an observation that the text
reports shows in our runs; they may turn out either way.
"""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import sympy as sp

from simulations.engine.gradients import Population
from simulations.engine.outcome import Outcome
from simulations.engine.rounding import rounding_after
from simulations.engine.rules import update_rule
from simulations.engine.runs import Runs
from simulations.engine.train import log_spaced, train
from simulations.studies.figure_4_7.experiment import Experiment, exact_theory, run_experiment
from simulations.studies.figure_4_7.observations import observations
from simulations.studies.figure_4_7.settings import Settings
from simulations.study.evidence import Check, judged
from theory.common.plurals import counted
from theory.logic.findings import Status
from theory.model.dynamics import gd_contraction
from theory.model.minibatch import second_moment_step
from theory.model.orbit import PopulationSignGD
from theory.model.problem import LinearProblem

# With Gaussian means P(|z| > 5) is 6e-7; some fifty comparisons leave 3e-5 for a false alarm.
_Z = 5.0


def run_checks(
    settings: Settings, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Check]:
    """Run every check with the given settings of Figure 4.7.

    Raises:
        UserError: a setting is out of range.

    """
    problem = settings.problem()
    checks = {}
    progress("population GD against its closed form")
    checks["gd_closed_form"] = gd_closed_form(problem, settings)
    progress("population signGD against the exact orbit")
    checks["signgd_exact_orbit"] = signgd_exact_orbits(settings)
    progress("the four optimizers on minibatches")
    experiment, theory = run_experiment(settings), exact_theory(problem)
    checks["gd_monte_carlo"] = gd_monte_carlo(experiment)
    progress("observations of Figure 4.7")
    checks.update(observations(experiment, theory))
    return checks


def gd_closed_form(problem: LinearProblem, settings: Settings) -> Check:
    """Population GD against ẽ(t) = (1 − ησ̃_i²)ᵗẽ(0).

    Within what :func:`simulations.engine.rounding.rounding_after` allows, and as much for the
    closed form.
    """
    times = log_spaced(settings.iterations)
    run = _population_run(problem, "GD", times, settings.device)
    factors = [float(gd_contraction(s, problem.eta)) for s in problem.sigma_tilde_sq]
    e0 = np.array(_floats(problem.e0_tilde))
    closed = np.array(factors) ** times[:, None] * e0
    bound = rounding_after(times, float(np.linalg.norm(e0)))
    # The factor itself is rounded: (c(1 + u))ᵗ differs from cᵗ by at most tu times cᵗ ≤ 1.
    worst = _shares(np.abs(run.e_tilde[0] - closed), 2 * bound[:, None]).max()
    return judged(
        bool(worst <= 1),
        "|simulated − closed form| ≤ 32(t + 1)u‖ẽ(0)‖ at every recorded t",
        f"{worst:.2g} of the bound at most, over {len(times)} times up to {settings.iterations}",
        of_simulator=True,
    )


def _population_run(problem: LinearProblem, rule: str, times: np.ndarray, device: str) -> Outcome:
    """Train by population gradients, and keep the errors at ``times``, which begin with 0."""
    variances, w_star, w0, e0 = map(
        _floats,
        (problem.sigma_tilde_sq, problem.w_star_tilde, problem.w0_tilde, problem.e0_tilde),
    )
    return train(
        Runs(np.array(variances), np.array(w_star), np.array(w0), (0,), np.array(e0)),
        update_rule(rule, float(problem.eta)),
        iterations=int(times[-1]),
        oracle=Population(variances),
        record_at=times,
        device=device,
    )


def signgd_exact_orbits(settings: Settings, starts: int = 24, steps: int = 400) -> Check:
    """Population signGD against the exact map over ℚ(√2, √3), step for step, from random starts.

    A wrong sign moves some ẽ_i by at least (√6/6)η. Rounding (:mod:`simulations.engine.rounding`)
    moves it less than that by orders of magnitude, so half of it tells the two apart.
    """
    rng = np.random.default_rng(0)
    worst = 0.0
    for _ in range(starts):
        problem = _random_problem(rng)
        exact = np.array(
            [[float(x) for x in e] for e in PopulationSignGD(problem).trajectory(steps)]
        )
        run = _population_run(problem, "signGD", np.arange(steps + 1), settings.device)
        gap = np.abs(run.e_tilde[0] - exact).max()
        worst = max(worst, gap / (float(problem.eta) * np.sqrt(6) / 12))
    return judged(
        worst <= 1,
        "|simulated − exact| ≤ (√6/12)η at every step",
        f"{worst:.2g} of the bound at most, over {starts} random problems of {steps} steps",
        of_simulator=True,
    )


def _random_problem(rng: np.random.Generator) -> LinearProblem:
    """Draw a problem with three-digit rationals; starts on a tie have probability nearly zero."""

    def number(low: int, high: int) -> Fraction:
        return Fraction(int(rng.integers(low, high)), 997)

    s0 = number(200, 2000)
    return LinearProblem.of(
        [s0, s0 * number(50, 2000), 0],
        [number(-9000, 9000) for _ in range(3)],
        [number(-900, 900) for _ in range(3)],
        number(10, 100),
    )


def gd_monte_carlo(experiment: Experiment) -> Check:
    """Mean of minibatch GD over the seeds against its expectation, with the derived error.

    The expectation is the closed form, as the drawn gradient is unbiased; the variance follows the
    linear recursion of :func:`theory.model.minibatch.second_moment_step`.
    """
    runs = experiment.runs.get("GD")
    if runs is None or runs.failures:
        return Check(Status.NOT_RUN, "", "GD was not run, or did not stay finite", True)
    problem, settings = experiment.problem, experiment.settings
    mean, deviation = gd_moments(problem, settings.samples_per_step, runs.iterations)
    observed = runs.e_tilde.mean(axis=0)
    rounding = 2 * rounding_after(runs.iterations[:, None], float(np.linalg.norm(mean[0])))
    allowed = _Z * deviation / np.sqrt(len(runs.runs)) + rounding
    gap = np.abs(observed - mean)
    worst = _shares(gap, allowed).max()
    return judged(
        bool((gap <= allowed).all()),
        f"|mean over seeds − expectation| ≤ {_Z:g} derived standard errors + rounding",
        f"{worst:.2g} of the bound at most, over {len(runs.iterations)} times, "
        f"{counted(len(runs.runs), 'seed')}",
        of_simulator=True,
    )


def _shares(gap: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Return gap/allowed; 0 where there is no gap, though none be allowed."""
    with np.errstate(divide="ignore"):
        return np.divide(gap, allowed, out=np.zeros_like(gap), where=gap > 0)


def gd_moments(
    problem: LinearProblem, samples: int, times: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Expectation and standard deviation of ẽ(t) in minibatch GD, each of shape (K, d)."""
    step = _second_moment_matrix(problem, samples)
    d, e0 = problem.d, np.array(_floats(problem.e0_tilde))
    factors = np.array([float(gd_contraction(s, problem.eta)) for s in problem.sigma_tilde_sq])
    mean = factors ** times[:, None] * e0
    second, now, moments = np.outer(e0, e0).reshape(-1), 0, []
    for t in times:
        second, now = np.linalg.matrix_power(step, int(t) - now) @ second, int(t)
        moments.append(second.reshape(d, d).diagonal())
    variance = np.array(moments) - mean**2
    # Where the variance is zero the difference is rounding.
    return mean, np.sqrt(np.maximum(variance, 0))


def _second_moment_matrix(problem: LinearProblem, samples: int) -> np.ndarray:
    """Matrix, d² × d², of the linear recursion of E[ẽẽᵀ], read off its action on a symbol."""
    d = problem.d
    M = sp.Matrix(d, d, sp.symbols(f"m_0:{d * d}"))
    image = second_moment_step(
        M, sp.diag(*problem.sigma_tilde_sq), problem.eta, sp.Integer(samples)
    )
    return np.array(image.reshape(d * d, 1).jacobian(list(M)).tolist(), dtype=float)


def _floats(values: tuple[sp.Expr, ...]) -> tuple[float, ...]:
    return tuple(map(float, values))
