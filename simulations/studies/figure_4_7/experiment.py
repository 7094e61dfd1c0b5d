"""Run the experiment of Figure 4.7 and put exact theory beside it."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulations.engine.outcome import Failure, Outcome
from simulations.engine.rules import update_rule
from simulations.engine.runs import Runs
from simulations.engine.train import log_spaced, train_each
from simulations.studies.figure_4_7.settings import Settings
from theory.model.limit import Risks, gd_limit, risks_at, signgd_limit
from theory.model.orbit import SignGDLimit
from theory.model.problem import LinearProblem

# Exact steps along an orbit that may have ties, for which there is no closed form: ten seconds.
_EXACT_STEPS = 10_000


@dataclass(frozen=True)
class Experiment:
    """Runs of all optimizers and their population risks.

    Attributes:
        settings: what was run.
        problem: the problem, exact.
        runs: for each optimizer, errors ẽ of shape (S, K, 3).
        standard_risk: for each optimizer, shape (S, K).
        adversarial_risk: for each optimizer, shape (S, K).

    """

    settings: Settings
    problem: LinearProblem
    runs: dict[str, Outcome]
    standard_risk: dict[str, np.ndarray]
    adversarial_risk: dict[str, np.ndarray]

    @property
    def iterations(self) -> np.ndarray:
        """Number of updates before each record, shape (K,)."""
        return next(iter(self.runs.values())).iterations

    @property
    def failures(self) -> dict[str, Failure]:
        """The first failure of each optimizer that did not stay finite at all seeds."""
        return {
            name: min(of.failures, key=lambda failure: failure.iteration)
            for name, of in self.runs.items()
            if of.failures
        }


def run_experiment(
    settings: Settings, progress: Callable[[int, int], None] | None = None
) -> Experiment:
    """Train with every optimizer from every seed.

    Warns of a learning rate with which GD diverges, naming the frequency.

    Raises:
        UserError: a setting is out of range, or the device is not there.

    """
    settings.check()
    problem = settings.problem()
    for i in problem.unstable_frequencies():
        warnings.warn(
            f"GD does not converge along frequency {i}: η σ̃_{i}² = "
            f"{float(problem.eta * problem.sigma_tilde_sq[i]):g}, expected less than 2",
            stacklevel=2,
        )
    variances, w_star, w0, e0 = (
        np.array(_floats(x))
        for x in (
            problem.sigma_tilde_sq,
            problem.w_star_tilde,
            problem.w0_tilde,
            problem.e0_tilde,
        )
    )
    found = train_each(
        Runs(variances, w_star, w0, settings.seed_list(), e0),
        {name: update_rule(name, float(problem.eta)) for name in settings.optimizers},
        iterations=settings.iterations,
        oracle=settings.gradient_oracle(),
        record_at=log_spaced(settings.iterations),
        device=settings.device,
        dtype=settings.dtype,
        progress=progress,
    )
    epsilon = float(problem.epsilon)
    return Experiment(
        settings,
        problem,
        found,
        {name: of.standard_risk() for name, of in found.items()},
        {name: of.adversarial_risk(epsilon) for name, of in found.items()},
    )


def _floats(values: tuple) -> tuple[float, ...]:
    return tuple(map(float, values))


@dataclass(frozen=True)
class ExactLimit:
    """Where population training ends, in exact numbers.

    Attributes:
        errors: the error ẽ it converges to, or those of its limit cycle.
        risks: the risks at each of them.

    """

    errors: tuple
    risks: tuple[Risks, ...]

    @property
    def mean(self) -> Risks:
        """The mean of the risks over the limit cycle."""
        n = len(self.risks)
        standard, adversarial = zip(*self.risks, strict=True)
        return Risks(sum(standard) / n, sum(adversarial) / n)


@dataclass(frozen=True)
class Theory:
    """What theory says of a problem; ``reasons`` says why something is None."""

    gd: ExactLimit | None
    signgd: ExactLimit | None
    orbit: SignGDLimit | None
    reasons: dict[str, str]


def exact_theory(problem: LinearProblem) -> Theory:
    """Compute the exact limits of population GD and signGD on a problem."""
    reasons = {
        name: f"{name} remembers earlier gradients; no exact limit is derived"
        for name in ("Adam", "RMSProp")
    }
    gd = orbit = signgd = None
    try:
        gd = _limit(problem, (gd_limit(problem),))
    except ValueError as error:
        reasons["GD"] = str(error)
    try:
        orbit = signgd_limit(problem, _EXACT_STEPS)
        signgd = _limit(problem, tuple(tuple(x.to_sympy() for x in e) for e in orbit.cycle))
    except ValueError as error:
        reasons["signGD"] = str(error)
    return Theory(gd, signgd, orbit, reasons)


def _limit(problem: LinearProblem, errors: tuple) -> ExactLimit:
    return ExactLimit(errors, tuple(risks_at(problem, e) for e in errors))
