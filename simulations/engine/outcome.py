"""Where training runs are, and what their risks are there."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from simulations.engine.risk import adversarial_risk, standard_risk
from simulations.engine.runs import Runs
from theory.common.errors import UserError

LEARNT: Final = 0.01
"""Of the standard risk of the weights 0: where more is left, the task has not been learnt."""


class Failure(NamedTuple):
    """The first NaN or infinity of one run.

    Attributes:
        run: its index.
        seed: its seed.
        iteration: number of updates after which the error was no longer finite.

    """

    run: int
    seed: int
    iteration: int


@dataclass(frozen=True)
class Outcome:
    """Where S runs are at K iterations.

    Attributes:
        runs: what was trained.
        iterations: number of updates before each record, ascending, shape (K,).
        e_tilde: frequency-domain errors ẽ = w̃ − w̃*, shape (S, K, d); NaN from a run's failure on.
        failures: the runs that did not stay finite.

    """

    runs: Runs
    iterations: np.ndarray
    e_tilde: np.ndarray
    failures: tuple[Failure, ...]

    @property
    def w_tilde(self) -> np.ndarray:
        """Frequency-domain weights at the recorded iterations, shape (S, K, d)."""
        return np.asarray(self.e_tilde + _as_rows(self.runs.w_star_tilde)[:, None])

    def standard_risk(self) -> np.ndarray:
        """Standard population risk of every record, shape (S, K)."""
        return standard_risk(_as_rows(self.runs.sigma_tilde_sq)[:, None], self.e_tilde)

    def adversarial_risk(self, epsilon: float) -> np.ndarray:
        """Adversarial population risk (4.9) of every record in the ℓ2 ball of radius ``epsilon``.

        Returns:
            Shape (S, K).

        Raises:
            UserError: ``epsilon`` is negative or not finite.

        """
        if not (np.isfinite(epsilon) and epsilon >= 0):
            raise UserError(f"epsilon: expected a finite radius >= 0, got {epsilon}")
        variances, w_star = (
            _as_rows(x)[:, None] for x in (self.runs.sigma_tilde_sq, self.runs.w_star_tilde)
        )
        return adversarial_risk(variances, self.e_tilde, w_star, epsilon)


def risk_of_zero(runs: Runs) -> np.ndarray:
    """Return the standard risk of the weights 0, shape (S,)."""
    return standard_risk(_as_rows(runs.sigma_tilde_sq), -_as_rows(runs.w_star_tilde))


def _as_rows(x: np.ndarray) -> np.ndarray:
    """Shape (d,) to (1, d); (S, d) stays."""
    return np.atleast_2d(x)
