"""The numbers of the experiment, as they go into ``summary.json``."""

from dataclasses import asdict
from typing import Any

import numpy as np
import sympy as sp

from simulations.studies.figure_4_7.experiment import ExactLimit, Experiment, Theory
from simulations.studies.figure_4_7.published import comparisons
from simulations.studies.figure_4_7.ratio import as_float, ratio, statistics
from theory.common.environment import environment
from theory.model.limit import Risks

SCHEMA = 1


def summarise(experiment: Experiment, theory: Theory) -> dict[str, Any]:
    """Return the summary; its top-level keys are those of the dictionary below."""
    return {
        "settings": asdict(experiment.settings),
        "optimizers": {
            name: _optimizer(experiment, theory, name) for name in experiment.settings.optimizers
        },
        "ratio_signgd_over_gd": ratio(experiment, theory),
        "population_signgd": _population_signgd(theory),
        "published": [c.to_json() for c in comparisons(experiment, theory)],
        "environment": {"schema": SCHEMA, **environment()},
    }


def _optimizer(experiment: Experiment, theory: Theory, name: str) -> dict[str, Any]:
    limit = {"GD": theory.gd, "signGD": theory.signgd}.get(name)
    failure = experiment.failures.get(name)
    if failure is not None:
        final: dict[str, Any] = dict.fromkeys(("w_tilde", "standard_risk", "adversarial_risk"))
    else:
        w_star = np.array([float(w) for w in experiment.problem.w_star_tilde])
        final = {
            "w_tilde": statistics(experiment.runs[name].e_tilde[:, -1] + w_star),
            "standard_risk": statistics(experiment.standard_risk[name][:, -1]),
            "adversarial_risk": statistics(experiment.adversarial_risk[name][:, -1]),
        }
    return {
        **final,
        "limit": None if limit is None else _exact_limit(experiment, limit),
        "limit_reason": theory.reasons.get(name),
        "failure": failure and {"seed": failure.seed, "iteration": failure.iteration},
    }


def _exact_limit(experiment: Experiment, limit: ExactLimit) -> dict[str, Any]:
    """Each point of the limit (two of them where it is a 2-cycle) and the mean of their risks."""
    w_star = experiment.problem.w_star_tilde
    points = [
        {"w_tilde": [_exact(x + s) for x, s in zip(e, w_star, strict=True)], **_risks(risks)}
        for e, risks in zip(limit.errors, limit.risks, strict=True)
    ]
    return {"points": points, "mean": _risks(limit.mean)}


def _risks(risks: Risks) -> dict[str, Any]:
    return {
        "standard_risk": _exact(risks.standard),
        "adversarial_risk": _exact(risks.adversarial),
    }


def _exact(value: sp.Expr) -> dict[str, Any]:
    """Return an exact number as text and as a float, null where it is too large for one."""
    return {"exact": str(sp.expand(value)), "value": as_float(value)}


def _population_signgd(theory: Theory) -> dict[str, Any]:
    orbit = theory.orbit
    if orbit is None:
        nothing = dict.fromkeys(("T", "count", "delta_w2", "first_sign_change_of_e0"))
        return {**nothing, "reason": theory.reasons["signGD"]}
    return {
        "T": orbit.T,
        "count": orbit.count,
        "delta_w2": _exact(orbit.delta_w2.to_sympy()),
        "first_sign_change_of_e0": orbit.first_sign_change,
        "limit_cycle": {"first_iteration": orbit.cycle_start, "period": len(orbit.cycle)},
        "drift_of_w2_after_T": _exact(orbit.drift_of_w2.to_sympy()),
    }
