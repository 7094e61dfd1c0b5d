"""The ratio of adversarial risks, signGD over GD: over seeds, and in the exact limit."""

from typing import Any

import numpy as np
import sympy as sp

from simulations.figure_4_7.experiment import Experiment, Theory


def statistics(values: np.ndarray) -> dict[str, Any]:
    """Mean and standard deviation over the first axis (the seeds), and n.

    The standard deviation has n − 1 in its denominator, and is null for one seed; a number too
    large for floating point is null.
    """
    n = len(values)
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = np.std(values, axis=0, ddof=1) if n > 1 else None
        mean = np.mean(values, axis=0)
    return {"mean": _finite(mean), "standard_deviation": _finite(deviation), "n": n}


def _finite(value: np.ndarray | None) -> Any:
    if value is None:
        return None
    if value.ndim:
        return [_finite(entry) for entry in value]
    return float(value) if np.isfinite(value) else None


def ratio(experiment: Experiment, theory: Theory) -> dict[str, Any]:
    """Return R_a(signGD)/R_a(GD) at the last iteration, with GD at its limit, and in the limit.

    The first two are statistics over the seeds with a standard error, the third is exact.
    """
    final, converged = per_seed_ratio(experiment), ratio_to_gd_limit(experiment, theory)
    return {
        "final": None if final is None else with_standard_error(final),
        "final_with_gd_at_its_limit": None if converged is None else with_standard_error(converged),
        "limit": _limit_ratio(theory),
    }


def per_seed_ratio(experiment: Experiment) -> np.ndarray | None:
    """Return the last R_a(signGD)/R_a(GD) for each seed, shape (S,).

    None if one of the two was not run or did not stay finite, or if a risk of GD's is zero.
    """
    failures, risks = experiment.trajectories.failures, experiment.adversarial_risk
    if any(name in failures or name not in risks for name in ("GD", "signGD")):
        return None
    signgd, gd = (risks[name][:, -1] for name in ("signGD", "GD"))
    with np.errstate(over="ignore", invalid="ignore"):  # where a risk is infinite
        return signgd / gd if (gd > 0).all() else None


def ratio_to_gd_limit(experiment: Experiment, theory: Theory) -> np.ndarray | None:
    """Return the last R_a(signGD) for each seed over R_a of the exact GD limit, shape (S,).

    None where :func:`per_seed_ratio` is, or if the limit is unknown or zero.
    """
    limit = 0.0 if theory.gd is None else float(theory.gd.mean.adversarial)
    if per_seed_ratio(experiment) is None or not limit:
        return None
    with np.errstate(over="ignore"):
        return experiment.adversarial_risk["signGD"][:, -1] / limit


def with_standard_error(values: np.ndarray) -> dict[str, Any]:
    """Return the statistics of one number a seed, and the standard error of its mean."""
    summary = statistics(values)
    deviation = summary["standard_deviation"]
    error = None if deviation is None else deviation / np.sqrt(summary["n"])
    return {**summary, "standard_error": error}


def _limit_ratio(theory: Theory) -> dict[str, Any] | None:
    if theory.gd is None or theory.signgd is None or theory.gd.mean.adversarial == 0:
        return None
    exact = theory.signgd.mean.adversarial / theory.gd.mean.adversarial
    return {"mean": float(exact), "exact": str(sp.expand(exact))}
