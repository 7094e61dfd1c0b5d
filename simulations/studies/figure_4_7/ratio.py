"""The ratio of adversarial risks, signGD over GD: over seeds, and in the exact limit."""

from typing import Any, Final

import numpy as np
import sympy as sp

from simulations.studies.figure_4_7.experiment import Experiment, Theory
from theory.common.files import as_json

TOO_LARGE: Final = "too large for floating point"


def statistics(values: np.ndarray) -> dict[str, Any]:
    """Mean and standard deviation over the first axis (the seeds), and n.

    The standard deviation has n − 1 in its denominator, and is null for one seed. A number too
    large for floating point is null; then ``reason`` says so, which is null otherwise.
    """
    n = len(values)
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = np.std(values, axis=0, ddof=1) if n > 1 else None
        mean = np.mean(values, axis=0)
    are_finite = all(x is None or np.isfinite(x).all() for x in (mean, deviation))
    return {
        "mean": as_json(mean),
        "standard_deviation": as_json(deviation),
        "n": n,
        "reason": None if are_finite else TOO_LARGE,
    }


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
    failures, risks = experiment.failures, experiment.adversarial_risk
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
    return {"mean": as_float(exact), "exact": str(sp.expand(exact))}


def as_float(value: sp.Expr) -> float | None:
    """Return an exact number as a float; None if it is too large for one."""
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if np.isfinite(number) else None
