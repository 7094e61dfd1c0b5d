"""Training from given errors by oracles in space, whatever the weights are."""

import numpy as np

from simulations.engine.rules import update_rule
from simulations.engine.runs import Runs
from simulations.engine.train import log_spaced, train_each
from simulations.studies.figure_4_7.settings import OPTIMIZERS


def simulate(
    oracle, e0_tilde, *, learning_rate, seeds=(0,), optimizers=OPTIMIZERS, record_at=None, **options
):
    """Return what came of each optimizer."""
    zero = np.zeros(len(oracle.sigma_tilde_sq))
    return train_each(
        Runs(np.array(oracle.sigma_tilde_sq), zero, zero, seeds, e0_tilde),
        {name: update_rule(name, learning_rate) for name in optimizers},
        oracle=oracle,
        record_at=log_spaced(options["iterations"]) if record_at is None else record_at,
        **options,
    )
