"""Where population GD ends from each start, in any dimension."""

import numpy as np
import sympy as sp

from simulations.engine.compile import compile_formula
from simulations.engine.device import computing
from simulations.engine.runs import Runs
from theory.model.dynamics import gd_converges_to


def gd_limit(runs: Runs) -> np.ndarray:
    """Error ẽ that population GD converges to from each start, shape (S, d).

    By :func:`theory.model.dynamics.gd_converges_to`: 0 where there is energy, and as at the start
    where there is none. That is the same for all learning rates at which GD converges, and
    frequencies do not mix, so that each may have a rate of its own: 1/σ̃_k², at which ησ̃_k² is 1.
    """
    e0_tilde = runs.initial_errors
    has_energy = np.broadcast_to(runs.sigma_tilde_sq > 0, e0_tilde.shape)
    with computing("cpu"):
        return np.asarray(_limit(e0_tilde, has_energy.astype(np.float64)))


def _limit_at_rate_one(e0: sp.Expr, sigma_sq: sp.Expr) -> sp.Expr:
    to_zero, stays = (gd_converges_to(e, e0, sigma_sq, sp.Integer(1)) for e in (sp.Integer(0), e0))
    return sp.Piecewise((0, to_zero), (e0, stays))


_limit = compile_formula(_limit_at_rate_one)
