"""What has to hold of penalties and decays, by closed forms and bounds."""

import numpy as np

from simulations.engine.rounding import rounding_after
from simulations.engine.rules import update_rule
from simulations.engine.train import train
from simulations.studies.remedies.ridge import penalised_gd_error
from simulations.studies.remedies.rows import Row
from simulations.studies.remedies.runs import WEIGHT_DECAY
from simulations.studies.remedies.settings import Remedies
from simulations.study.evidence import Check, judged
from simulations.study.problems import PROBLEMS, greatest_in_space, runs_of
from theory.common.plurals import counted


def checks_of(settings: Remedies, rows: list[Row]) -> dict[str, Check]:
    """Return what had to hold, and whether it did."""
    return {
        "penalised_gd_closed_form": penalised_gd(settings),
        "weights_bounded_by_weight_decay": bounded_by_weight_decay(settings, rows),
    }


def penalised_gd(settings: Remedies) -> Check:
    """GD with an l2 penalty, and with weight decay, against the closed form.

    Within what :func:`simulations.engine.rounding.rounding_after` allows. A step rounds terms of
    size at most ‖ẽ‖ + ‖w̃‖, which no stable step makes exceed ‖ẽ(0)‖ + 2‖w̃*‖.
    """
    rate, worst, iterations = 1.0, 0.0, settings.iterations
    for problem in PROBLEMS:
        runs = runs_of(problem, settings)
        w_star, w0 = (np.linalg.norm(x, axis=1).max() for x in (runs.w_star_tilde, runs.w0_tilde))
        bound = rounding_after(iterations, w0 + 3 * w_star)
        for strength in (settings.l2_penalty[0], settings.l2_penalty[-1]):
            exact = penalised_gd_error(
                *(runs.sigma_tilde_sq, runs.w_star_tilde, runs.w0_tilde),
                *(strength, rate, iterations),
            )
            for rule in (
                update_rule("GD", rate, l2_penalty=strength),
                update_rule("GD", rate, weight_decay=strength),
            ):
                end = train(runs, rule, iterations=iterations, device=settings.device)
                worst = max(worst, float(np.abs(end.e_tilde[:, -1] - exact).max() / bound))
    return judged(
        worst <= 1,
        "GD with an l2 penalty, or with weight decay, is where (4.12) takes it towards the ridge "
        "solution, but for rounding",
        f"{worst:.2g} of the bound on rounding at most, over {4 * len(PROBLEMS)} cases of "
        f"{counted(settings.seeds, 'seed')}, {iterations} updates",
        of_simulator=True,
    )


def bounded_by_weight_decay(settings: Remedies, rows: list[Row]) -> Check:
    """SignGD with weight decay λ against the cube |w_j| ≤ 1/λ that it may not leave.

    A step takes w to (1 − ηλ)w − ηs with |s_j| ≤ 1, so what |w_j| exceeds 1/λ by shrinks by the
    factor 1 − ηλ: after t steps of a constant rate |w_j| ≤ 1/λ + (1 − ηλ)ᵗ|w_j(0)|.
    """
    worst = 0.0
    for row in rows:
        if row.rule == "signGD" and row.remedy == WEIGHT_DECAY:
            first = float(greatest_in_space(runs_of(row.problem, settings).w0_tilde).max())
            left = (1 - settings.learning_rate * row.strength) ** settings.iterations
            worst = max(worst, row.greatest_weight / (1 / row.strength + left * first))
    return judged(
        worst <= 1,
        "signGD with weight decay λ ends with |w_j| ≤ 1/λ + (1 − ηλ)ᵗ max|w_j(0)|",
        f"{worst:.3g} of the bound at most",
        of_simulator=True,
    )
