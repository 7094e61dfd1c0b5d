"""The problems that questions about adaptive rules are asked of, and what is measured in them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import jax.numpy as jnp
import numpy as np

from simulations.engine.device import check_device, computing
from simulations.engine.limit import gd_limit
from simulations.engine.outcome import Outcome
from simulations.engine.risk import adversarial_risk
from simulations.engine.spectrum import (
    Fixed,
    Irrelevant,
    Normal,
    PowerLaw,
    Regression,
    Runs,
    Variances,
)
from simulations.engine.transform import FAST
from simulations.study.rounding import ULPS
from simulations.sweep.grid import Parameter
from theory.common.errors import UserError
from theory.common.settings import check_integer
from theory.published import figure_4_7

FIGURE_4_7: Final = "Figure 4.7"
POWER_LAW: Final = "power law"
PROBLEMS: Final = (FIGURE_4_7, POWER_LAW)

PARAMETERS: Final = (
    Parameter("problem", str, ",".join(PROBLEMS), PROBLEMS),
    Parameter("start", float),
    Parameter("d", int),
    Parameter("alpha", float),
    Parameter("device", str),
    Parameter(ULPS, int, 0),
)
"""What decides, with the seed, which run a point of a sweep is, but for its rule."""

_RECORDS: Final = 20


class Drawn(Protocol):
    """The settings that problems, targets and starts are drawn by, and where they are trained."""

    @property
    def d(self) -> int:
        """Number of frequencies of the power law."""

    @property
    def alpha(self) -> float:
        """Its exponent."""

    @property
    def start(self) -> float:
        """Standard deviation of the initial weights."""

    @property
    def seeds(self) -> int:
        """How many seeds: 0, 1, and so on."""

    @property
    def device(self) -> str:
        """Where to run: auto, cpu or gpu."""


def check_problems(settings: Drawn) -> None:
    """Check that both problems can be drawn, and that the device is there.

    Raises:
        UserError: a setting is out of its range; the message says what was expected.

    """
    check_integer("seeds", settings.seeds, 1, 10_000)
    if not 0 < settings.start <= 100:
        raise UserError(f"start: expected a number above 0, up to 100, got {settings.start}")
    check_integer("d", settings.d, 2, 4096)
    for name in PROBLEMS:
        problem_of(name, settings.d, settings.alpha, settings.start)
    check_device(settings.device)


def alike_everywhere(settings: Drawn) -> dict[str, Any]:
    """Return those of :data:`PARAMETERS` that are the same at all points, by name."""
    return {name: getattr(settings, name) for name in ("start", "d", "alpha", "device")}


def runs_of(name: str, settings: Drawn) -> Runs:
    """Return a run of the problem ``name`` for each seed."""
    return runs_at({"problem": name, **alike_everywhere(settings)}, range(settings.seeds))


def runs_at(at: Mapping[str, Any], seeds: Sequence[int]) -> Runs:
    """Return a run for each seed, of the problem of a point, which has :data:`PARAMETERS`."""
    return problem_of(at["problem"], at["d"], at["alpha"], at["start"]).runs(seeds)


def problem_of(name: str, d: int, alpha: float, start: float) -> Regression:
    """Return a problem whose irrelevant frequencies have no energy.

    Args:
        name: ``Figure 4.7``, the problem of section 4.4.2; or ``power law``, σ̃_k² = σ̃0²/(k + 1)^α
            with that problem's σ̃0², the upper half of the frequencies irrelevant, and true weights
            N(0, 1) at the others.
        d: number of frequencies of the power law.
        alpha: its exponent.
        start: standard deviation of the initial weights, which are normal.

    """
    published = figure_4_7().problem
    if name == FIGURE_4_7:
        spectrum, w_star = (
            tuple(map(float, x)) for x in (published.sigma_tilde_sq, published.w_star_tilde)
        )
        irrelevant = Irrelevant(tuple(sorted(published.irrelevant)))
        return Regression(Variances(spectrum), irrelevant, Fixed(w_star), Normal(start))
    spectrum_of = PowerLaw(d, alpha, float(published.sigma_tilde_sq[0]))
    return Regression(spectrum_of, Irrelevant.highest(d // 2, d), Normal(), Normal(start))


def epsilon() -> float:
    """Radius of the ℓ2 ball of perturbations, that of Figure 4.7."""
    return float(figure_4_7().problem.epsilon)


def gd_limit_risk(runs: Runs) -> np.ndarray:
    """Adversarial risk of the limit that population GD has from each start, shape (S,)."""
    limit = gd_limit(runs)
    w_star = np.broadcast_to(runs.w_star_tilde, limit.shape)
    return adversarial_risk(runs.sigma_tilde_sq[None], limit, w_star, epsilon())


def late_times(iterations: int) -> tuple[int, ...]:
    """Iterations of the last tenth of training, an odd distance apart.

    A rule without memory ends on a cycle of period 2, of which records an even distance apart would
    show one point only.
    """
    step = max(1, iterations // (10 * _RECORDS)) | 1
    times = (iterations - step * j for j in range(_RECORDS))
    return tuple(t for t in times if t >= 0)


def movement(outcome: Outcome) -> np.ndarray:
    """‖w̃ − w̃(0)‖ at the frequencies without energy over ‖w̃*‖, of every record; shape (S, K)."""
    runs = outcome.runs
    moved = outcome.w_tilde - runs.w0_tilde[:, None]
    without = runs.sigma_tilde_sq == 0
    size = np.linalg.norm(runs.w_star_tilde, axis=-1)
    return np.asarray(np.linalg.norm(moved[..., without], axis=-1) / size[:, None])


def greatest_in_space(w_tilde: np.ndarray) -> np.ndarray:
    """Return max_j |w_j| of frequency-domain weights of shape (S, d), in space; shape (S,)."""
    with computing("cpu"):
        return np.asarray(jnp.abs(FAST.inverse(jnp.asarray(w_tilde))).max(axis=-1))
