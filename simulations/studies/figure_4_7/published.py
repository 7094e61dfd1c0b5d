"""The published numbers of Figure 4.7 beside ours, and why they differ where they do."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from simulations.studies.figure_4_7.experiment import Experiment, Theory, run_experiment
from simulations.studies.figure_4_7.ratio import TOO_LARGE, per_seed_ratio, ratio, ratio_to_gd_limit
from theory.logic.numbers import exact
from theory.model.dynamics import gd_contraction
from theory.model.limit import A_and_B, predicted_ratio
from theory.model.problem import LinearProblem
from theory.published import figure_4_7, half_unit

_WHERE = "§4.4.2, Empirical Validation"
_Z_95 = 1.96


@dataclass(frozen=True)
class Comparison:
    """A published number or interval beside ours.

    Attributes:
        name: what it is.
        where: place of publication.
        published: the number as printed, or both ends of an interval.
        ours: our value.
        standard_error: of our value; None where it is exact.
        agrees: whether they agree; None where the settings are not the published ones.
        explanation: computed reasons for a difference.

    """

    name: str
    where: str
    published: str | tuple[str, str]
    ours: float
    standard_error: float | None
    agrees: bool | None
    explanation: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready data; a number that is not finite is null."""
        if np.isfinite(self.ours):
            return asdict(self)
        return {**asdict(self), "ours": None, "agrees": None, "explanation": TOO_LARGE}


def comparisons(experiment: Experiment, theory: Theory) -> list[Comparison]:
    """Compare every published number of the figure with ours.

    A number agrees if it lies within half a unit of its last printed digit plus 1.96 of our
    standard errors; an interval agrees if it contains our value.
    """
    compared = list(_compare(experiment, theory))
    if experiment.settings.is_published_problem():
        return compared
    reason = "the settings are not the published ones"
    return [replace(c, agrees=None, explanation=reason) for c in compared]


def _compare(experiment: Experiment, theory: Theory) -> Iterator[Comparison]:
    printed, problem = figure_4_7(), experiment.problem
    A, B = (abs(float(x)) for x in A_and_B(problem, problem.e0_tilde))
    on_targets = (abs(float(x)) for x in A_and_B(problem, problem.w_star_tilde))
    for name, value, ours, on_target in zip(
        ("|A(0)|", "|B(0)|"),
        (printed.initial_A, printed.initial_B),
        (A, B),
        on_targets,
        strict=True,
    ):
        agrees = _close(value, ours)
        reason = None if agrees else _target_for_error(value, on_target)
        yield Comparison(name, _WHERE, value, ours, None, agrees, reason)
    names = ("lower end of (4.19)", "upper end of (4.19)")
    for name, value, end in zip(names, printed.ratio_interval, _predicted(problem), strict=False):
        yield Comparison(name, _WHERE, value, float(end), None, _close(value, float(end)), None)
    yield from _compare_ratios(experiment, theory)


def _predicted(problem: LinearProblem) -> tuple[sp.Expr, ...]:
    try:
        return predicted_ratio(problem)
    except ValueError:
        return ()


def _compare_ratios(experiment: Experiment, theory: Theory) -> Iterator[Comparison]:
    printed, ours = figure_4_7(), ratio(experiment, theory)
    for key, what in (("final", "at the last iteration"), ("limit", "in the exact limit")):
        if ours[key] is None or ours[key]["mean"] is None:
            continue
        mean, error = ours[key]["mean"], ours[key].get("standard_error")
        agrees = _close(printed.ratio_observed, mean, error)
        low, high = printed.ratio_interval
        inside = bool(exact(low) <= mean <= exact(high))
        explain = key == "final" and experiment.settings.is_published_problem()
        reason = " ".join(_reasons(experiment, theory)) if explain and not agrees else None
        name = f"ratio signGD/GD {what}"
        yield Comparison(name, _WHERE, printed.ratio_observed, mean, error, agrees, reason)
        yield Comparison(f"{name}: in the interval", _WHERE, (low, high), mean, error, inside, None)


def _close(printed: str, ours: float, standard_error: float | None = None) -> bool:
    slack = float(half_unit(printed)) + _Z_95 * (standard_error or 0.0)
    return bool(abs(ours - float(exact(printed))) <= slack)


def _target_for_error(printed: str, on_target: float) -> str | None:
    """Test the guess that the true weight stands in the place of the initial error."""
    if _close(printed, on_target):
        return f"With the true weight in the place of the initial error it is {on_target:.6g}."
    return None


def _reasons(experiment: Experiment, theory: Theory) -> Iterator[str]:
    """Yield what a difference may come from, each computed: GD's distance, n, a single run."""
    yield gd_distance(experiment)
    converged = ratio_to_gd_limit(experiment, theory)
    if converged is not None:
        yield f"With GD at its limit the ratio would be {_mean_and_error(converged)}."
    notebook = figure_4_7()
    settings = replace(
        experiment.settings,
        oracle="exact-law",  # the same law at a fraction of the time
        samples_per_step=notebook.notebook_samples_per_step,
        iterations=notebook.notebook_iterations,
        optimizers=("GD", "signGD"),
    )
    rerun = per_seed_ratio(run_experiment(settings))
    if rerun is not None and len(rerun) > 1:
        spread = rerun.std(ddof=1)
        distance = (float(exact(notebook.ratio_observed)) - rerun.mean()) / spread
        yield (
            f"With the notebook's {settings.samples_per_step} samples a step it is "
            f"{_mean_and_error(rerun)}; one run has standard deviation {spread:.4f}, and the "
            f"printed {notebook.ratio_observed} lies {distance:+.1f} of them from the mean."
        )


def gd_distance(experiment: Experiment) -> str:
    """Say how far GD is from its limit at the last iteration, along the slowest frequency."""
    problem, t = experiment.problem, experiment.settings.iterations
    unstable = problem.unstable_frequencies()
    if unstable:
        return f"GD has no limit: it does not converge along frequency {unstable[0]}."
    sizes = {
        i: float(abs(gd_contraction(variance, problem.eta)))
        for i, variance in enumerate(problem.sigma_tilde_sq)
        if variance > 0
    }
    slowest = max(sizes, key=lambda i: sizes[i])
    left = sizes[slowest] ** t
    expected = left * abs(float(problem.e0_tilde[slowest]))
    return (
        f"After {t} iterations GD still has |ẽ{slowest}| = {expected:.3g}: "
        f"{left:.2%} of its initial error along that frequency."
    )


def _mean_and_error(values: np.ndarray) -> str:
    if len(values) == 1:
        return f"{values[0]:.4f} (one seed)"
    return f"{values.mean():.4f} ± {values.std(ddof=1) / np.sqrt(len(values)):.4f}"
