"""Adam and RMSProp from no memory to the defaults: what is trained at each point of the sweeps."""

from typing import Any, Final

import numpy as np

from simulations.engine.outcome import risk_of_zero
from simulations.engine.rules import KINDS, Rule, update_rule
from simulations.engine.train import train
from simulations.studies.memory.settings import Memory
from simulations.study import problems
from simulations.study.problems import (
    alike_everywhere,
    epsilon,
    gd_limit_risk,
    late_times,
    movement,
    runs_at,
)
from simulations.study.rounding import TWINS, ULPS, moved
from simulations.sweep.blocks import Column, Computation
from simulations.sweep.grid import Parameter, Points, Sweep
from simulations.sweep.notation import sweep_over

NO_MEMORY: Final = "no memory"
MEMBERS: Final = (NO_MEMORY, "RMSProp", "Adam")
"""β1 = β2 = 0, ε = 0: signGD on population gradients; and PyTorch's defaults."""

_POPULATION: Final = 0
_DEFAULT: Final = -1.0
PARAMETERS: Final = (
    *problems.PARAMETERS,
    Parameter("member", str, "Adam", MEMBERS),
    # A number below 0 stands for the member's own.
    Parameter("beta1", float, _DEFAULT),
    Parameter("beta2", float, _DEFAULT),
    Parameter("eps", float, _DEFAULT),
    Parameter("samples", int, _POPULATION),
    Parameter("learning_rate", float),
    Parameter("distance", float),
)
COLUMNS: Final = tuple(
    Column(name, np.float64) for name in ("movement", "standard_risk", "adversarial_ratio")
)


def rule_of(member: str, learning_rate: float, **options: float) -> Rule:
    """Return a member's rule with some of its options replaced.

    Args:
        member: one of :data:`MEMBERS`; ``no memory`` is Adam with β1 = β2 = ε = 0.
        learning_rate: η > 0.
        options: ``beta1``, ``beta2`` and ``eps``; a number below 0 leaves the member's own.
            RMSProp's α is ``beta2`` here.

    Raises:
        UserError: an option is out of its range, or RMSProp is given a ``beta1``.

    """
    given: dict[str, Any] = {name: value for name, value in options.items() if value >= 0}
    if member == "RMSProp":
        renamed: dict[str, Any] = {
            ("alpha" if name == "beta2" else name): x for name, x in given.items()
        }
        return update_rule("RMSProp", learning_rate, **renamed)
    own: dict[str, Any] = dict.fromkeys(KINDS["Adam"].defaults, 0.0) if member == NO_MEMORY else {}
    return update_rule("Adam", learning_rate, **{**own, **given})


def sweeps_of(settings: Memory) -> dict[str, Sweep]:
    """Return what is computed, by name; each of both problems, all seeds, and their twins."""
    alike = {**alike_everywhere(settings), ULPS: TWINS, "distance": settings.distance}
    alike |= {"learning_rate": settings.learning_rate}
    asked: dict[str, dict[str, Any]] = {
        "betas of Adam": {"eps": 0, "beta1": settings.beta1, "beta2": settings.beta2},
        "alpha of RMSProp": {"member": "RMSProp", "eps": 0, "beta2": settings.beta2},
        "eps": {"member": MEMBERS, "eps": settings.eps},
        "samples": {"member": MEMBERS, "samples": settings.samples},
        "learning_rate": {"member": MEMBERS, "learning_rate": settings.learning_rates},
    }
    return {
        name: sweep_over(PARAMETERS, alike | values, settings.seeds)
        for name, values in asked.items()
    }


def measured(points: Points) -> dict[str, np.ndarray]:
    """Train from each point's start, and average over the last tenth of training; shapes (n,).

    ``movement`` is as in :func:`simulations.study.problems.movement`, ``standard_risk`` is over
    that of the weights 0, ``adversarial_ratio`` over the risk of GD's limit. NaN where a run did
    not stay finite.
    """
    return points.groupwise([p.name for p in PARAMETERS], _of_one_program)


def _of_one_program(points: Points) -> dict[str, np.ndarray]:
    at: Any = points.fixed
    runs = runs_at(at, points["seed"].tolist())
    iterations = round(at["distance"] / at["learning_rate"])
    outcome = train(
        moved(runs, at[ULPS]),
        rule_of(
            at["member"],
            at["learning_rate"],
            **{name: at[name] for name in ("beta1", "beta2", "eps")},
        ),
        iterations=iterations,
        samples_per_step=None if at["samples"] == _POPULATION else at["samples"],
        record_at=late_times(iterations),
        device=at["device"],
    )
    return {
        "movement": movement(outcome).mean(axis=1),
        "standard_risk": outcome.standard_risk().mean(axis=1) / risk_of_zero(runs),
        "adversarial_ratio": outcome.adversarial_risk(epsilon()).mean(axis=1) / gd_limit_risk(runs),
    }


COMPUTATION: Final = Computation("memory of adaptive rules", measured, COLUMNS, most_rows=512)
