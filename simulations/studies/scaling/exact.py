"""In d = 3 signGD's limit is known: the ratio by training against the ratio by the closed form."""

from typing import Any, Final, NamedTuple

import jax
import numpy as np
import sympy as sp

from simulations.engine.compile import compile_formula
from simulations.engine.device import computing
from simulations.engine.risk import adversarial_risk
from simulations.engine.rules import update_rule
from simulations.engine.runs import Runs
from simulations.engine.train import train
from simulations.studies.scaling.experiment import problem
from simulations.studies.scaling.settings import Scaling
from simulations.study.agreement import steps_to_the_limit
from simulations.study.evidence import Check, judged
from simulations.study.lattice import UNIT, as_floats, closed_forms, nearest_starts
from theory.model.dynamics import NormalisedState, denormalise, normalise
from theory.model.orbit import Start

ROUNDING: Final = 1e-9
"""Greatest relative difference of two ratios that float64 explains.

A weight is the sum of at most some 10⁴ steps, each with a rounding of 2⁻⁵³ of a number below 10,
and the ratio, of sums of squares of O(1), has twice their relative error: some 10⁻¹¹. One step that
differs changes a weight by η, and the ratio by some 10⁻³.
"""


class AtThree(NamedTuple):
    """Ratios signGD / GD from N starts in d = 3, each of shape (N,).

    Attributes:
        trained: by training, the mean of the last two iterations over GD's limit.
        exact: of the closed form, the mean over the limit cycle.
        condition: sign of Δw̃2(Δw̃2 + 2w̃2(0)), which decides as η → 0.

    """

    trained: np.ndarray
    exact: np.ndarray
    condition: np.ndarray


def _normalised(e0: sp.Expr, e1: sp.Expr, e2: sp.Expr, r: sp.Expr, eta: sp.Expr) -> Any:
    return tuple(normalise((e0, e1, e2), r, eta))


def _denormalised(a: sp.Expr, b: sp.Expr, c: sp.Expr, r: sp.Expr, eta: sp.Expr) -> Any:
    return denormalise(NormalisedState(a, b, c), r, eta)


_to_state = jax.jit(compile_formula(_normalised))
_to_error = jax.jit(compile_formula(_denormalised))


def at_three(settings: Scaling) -> AtThree:
    """Compare both routes from the starts of the sweep in d = 3, moved by 10⁻⁶η to meet no ties."""
    seeds = range(settings.seed, settings.seed + settings.exact_starts)
    drawn = problem(3, 1, 0.0, settings.alpha, settings.sigma0_sq).runs(seeds)
    r = float(drawn.sigma_tilde_sq[1] / drawn.sigma_tilde_sq[0])
    start, c0 = _starts(drawn, r, settings.exact_rate)
    a, b, exact_r = as_floats(start)
    variances = settings.sigma0_sq * np.array([1.0, exact_r[0], 0.0])
    e0 = _errors(a, b, c0, exact_r, settings.exact_rate)
    runs = Runs(variances, drawn.w_star_tilde, e0 + drawn.w_star_tilde, tuple(seeds))
    found = closed_forms(start, settings.device)
    limits = [
        _errors(s.a / (3 * UNIT), s.b / (3 * UNIT), c0 + s.c, exact_r, settings.exact_rate)
        for s in found.cycle
    ]
    gd = _risk(runs, np.where(variances > 0, 0.0, e0), settings.epsilon)
    steps = steps_to_the_limit(start)
    trained = train(
        runs,
        update_rule("signGD", settings.exact_rate),
        iterations=steps,
        record_at=[steps - 1],
        device=settings.device,
    )
    mean = (_risk(runs, limits[0], settings.epsilon) + _risk(runs, limits[1], settings.epsilon)) / 2
    moved = found.at_T.c
    return AtThree(
        trained.adversarial_risk(settings.epsilon).mean(axis=1) / gd,
        mean / gd,
        np.sign(moved * (moved + 2 * c0)),
    )


def _starts(drawn: Runs, r: float, eta: float) -> tuple[Start, np.ndarray]:
    """Starts without ties next to those drawn, and c there; each of shape (N,)."""
    e0 = (drawn.w0_tilde - drawn.w_star_tilde).T
    with computing("cpu"):
        a, b, c = map(np.asarray, _to_state(*e0, r, eta))
    return nearest_starts(a, b, np.full(len(a), r)), c


def _errors(a: Any, b: Any, c: Any, r: Any, eta: float) -> np.ndarray:
    """Return ẽ, shape (N, 3)."""
    with computing("cpu"):
        return np.stack([np.asarray(x) for x in _to_error(a, b, c, r, eta)], axis=1)


def _risk(runs: Runs, e_tilde: np.ndarray, epsilon: float) -> np.ndarray:
    """R_a of errors of shape (N, 3), shape (N,)."""
    return adversarial_risk(
        np.broadcast_to(runs.sigma_tilde_sq, e_tilde.shape), e_tilde, runs.w_star_tilde, epsilon
    )


def summary(found: AtThree) -> dict[str, Any]:
    """Return the counts and the greatest difference that go into ``summary.json``."""
    return {
        "starts": len(found.exact),
        "above_one_trained": int((found.trained > 1).sum()),
        "above_one_exact": int((found.exact > 1).sum()),
        "above_one_as_rate_vanishes": int((found.condition > 0).sum()),
        "greatest_relative_difference": float(np.abs(found.trained / found.exact - 1).max()),
    }


def check_of(numbers: dict[str, Any]) -> Check:
    """Return what had to hold in d = 3, and whether it did."""
    n = numbers["starts"]
    return judged(
        numbers["greatest_relative_difference"] <= ROUNDING
        and numbers["above_one_trained"] == numbers["above_one_exact"],
        "in d = 3 as many starts have a ratio signGD / GD above 1 by training as by the closed "
        f"form, and no ratio differs by more than {ROUNDING:g} of it",
        f"{numbers['above_one_trained']:,} and {numbers['above_one_exact']:,} of {n:,} starts; "
        f"greatest difference {numbers['greatest_relative_difference']:.2g}",
        of_simulator=True,
    )
