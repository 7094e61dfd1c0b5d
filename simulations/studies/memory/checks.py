"""Adam without memory against the closed form of signGD: two routes to one number."""

from fractions import Fraction

import numpy as np

from simulations.engine.rounding import rounding_after
from simulations.engine.runs import Runs
from simulations.engine.train import train
from simulations.studies.memory.runs import NO_MEMORY, rule_of
from simulations.studies.memory.settings import Memory
from simulations.study.evidence import Check, judged
from simulations.study.problems import FIGURE_4_7, runs_of
from theory.model.limit import signgd_limit
from theory.model.orbit import SignGDLimit
from theory.model.problem import LinearProblem


def against_closed_form(settings: Memory) -> tuple[np.ndarray, Check]:
    """Adam with β1 = β2 = ε = 0 against the closed form of signGD, in Figure 4.7's problem.

    Within what :func:`simulations.engine.rounding.rounding_after` allows, until a sign differs; and
    that moves an error by (√6/6)η at least.

    Returns:
        The movement by the closed form, its mean over the limit cycle, shape (seeds,); the check.

    """
    runs = runs_of(FIGURE_4_7, settings)
    limits = [_closed_form(runs, seed, settings.learning_rate) for seed in range(settings.seeds)]
    iterations = round(settings.distance / settings.learning_rate)
    end = train(
        runs,
        rule_of(NO_MEMORY, settings.learning_rate),
        iterations=iterations,
        device=settings.device,
    ).e_tilde[:, -1]
    cycles = np.array([[[float(x) for x in e] for e in limit.cycle] for limit in limits])
    there = np.array([limit.cycle_start <= iterations for limit in limits])
    point = [(iterations - limit.cycle_start) % 2 for limit in limits]
    exact = cycles[np.arange(len(runs)), point]
    size = np.linalg.norm(runs.w0_tilde - runs.w_star_tilde, axis=1).max()
    bound = rounding_after(iterations, size)
    gap = np.abs(end - exact).max(axis=1)[there]
    w_star = np.linalg.norm(runs.w_star_tilde, axis=1)
    e0 = (runs.w0_tilde - runs.w_star_tilde)[:, 2]
    moved = np.abs(cycles[..., 2].mean(axis=1) - e0) / w_star
    return moved, judged(
        bool(there.all() and (gap <= bound).all()),
        "population Adam with β1 = β2 = ε = 0 ends on the limit cycle of signGD's closed form, "
        f"within {bound:.2g} of rounding",
        f"{int((gap <= bound).sum())} of {len(runs)} starts do; the greatest distance is "
        f"{gap.max(initial=0):.2g}",
        of_simulator=True,
    )


def _closed_form(runs: Runs, seed: int, learning_rate: float) -> SignGDLimit:
    sigma_sq, w_star, w0 = (
        [Fraction(number) for number in x.tolist()]
        for x in (runs.sigma_tilde_sq, runs.w_star_tilde[seed], runs.w0_tilde[seed])
    )
    return signgd_limit(LinearProblem.of(sigma_sq, w_star, w0, Fraction(learning_rate)))
