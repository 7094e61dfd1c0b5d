"""Settings of the scaling question."""

from dataclasses import dataclass
from typing import Final

from simulations.engine.device import check_device
from simulations.engine.rules import KINDS
from theory.common.errors import UserError
from theory.common.settings import check_each_once, check_integer, check_integers, check_number
from theory.published import figure_4_7

_PUBLISHED = figure_4_7().problem
GREATEST_D: Final = 2**16
BASELINE: Final = "GD"
"""The rule by whose adversarial risk those of the others are divided."""


@dataclass(frozen=True)
class Scaling:
    """See how the adversarial risks of all update rules, over GD's, grow with the dimension.

    Random targets and initial weights in d = 3 to 4,096, and several numbers and energies of
    irrelevant frequencies. Writes the figures, the runs, fitted laws and a report; prints what they
    say. The same command goes on after an interruption.

    Exit codes: 0 done; 1 at d = 3 signGD is not its closed form; 2 a setting or folder that cannot
    be used; 130 interrupted.
    """

    dimensions: tuple[int, ...] = (3, 16, 64, 512, 4096)
    """Dimensions d, each of which one third of the frequencies is irrelevant in."""
    rules: tuple[str, ...] = tuple(KINDS)
    """Update rules, GD among them, each with its default options."""
    counts: tuple[int, ...] = (1, 4, 16, 32, 56)
    """Numbers of irrelevant frequencies, in the dimension counts_d."""
    counts_d: int = 64
    """Dimension in which the number of irrelevant frequencies varies, and their energy."""
    energies: tuple[float, ...] = (0.0, 1e-5, 1e-4, 1e-3, 1e-2)
    """Variances of the irrelevant frequencies, in units of the largest, σ̃0²."""
    energy_steps: tuple[int, ...] = (250, 1000, 4000)
    """Numbers of updates after which they are looked at."""
    energy_rules: tuple[str, ...] = ("GD", "signGD", "Adam")
    """Rules that they are looked at for, GD among them."""
    steps: int = 1000
    """Updates of a run."""
    alpha: float = 0.5
    """Relevant frequencies have variances σ̃0²/(k + 1)^alpha."""
    rate: float = 0.05
    """First learning rate of rules with steps of their own size; weights are N(0, 1). It falls to 0
    linearly. GD, momentum and Nesterov have 1/σ̃0² throughout, Adagrad 20 times the first one."""
    numbers: int = 2**13
    """Seeds in a dimension times the dimension: more seeds where d is small, within 16 to 256."""
    tolerance: float = 0.02
    """A run has converged if ‖ẽ‖ at the relevant frequencies is at most this much of ‖w̃*‖."""
    exact_starts: int = 2000
    """Starts in d = 3 at which signGD is compared with the closed form of its limit."""
    exact_rate: float = 0.01
    """Learning rate there, which is constant."""
    sigma0_sq: float = float(_PUBLISHED.sigma_tilde_sq[0])
    """Largest variance σ̃0²."""
    epsilon: float = float(_PUBLISHED.epsilon)
    """Radius of the l2 ball of perturbations."""
    seed: int = 0
    """First seed."""
    device: str = "auto"
    """Where to run: auto, cpu or gpu."""

    def check(self) -> None:
        """Check every setting, before long work starts.

        Raises:
            UserError: a setting is out of its range; the message says what was expected.

        """
        self._check_numbers()
        for name in ("dimensions", "counts", "energies", "energy_steps", "rules", "energy_rules"):
            check_each_once(name, getattr(self, name), "one or more")
        for name in ("rules", "energy_rules"):
            unknown = [rule for rule in getattr(self, name) if rule not in KINDS]
            if unknown or BASELINE not in getattr(self, name):
                raise UserError(
                    f"{name}: expected {BASELINE} and others of {', '.join(KINDS)}, got "
                    f"{', '.join(getattr(self, name))}"
                )
        dimensions = (*self.dimensions, self.counts_d)
        check_integers("dimensions, counts_d", dimensions, 3, GREATEST_D)
        check_integers("counts", self.counts, 1, self.counts_d - 1)
        if not all(e == 0 or 1e-12 <= e <= 1 for e in self.energies):
            raise UserError(f"energies: expected 0 or from 1e-12 to 1, got {self.energies}")
        check_device(self.device)

    def _check_numbers(self) -> None:
        for name, least, most in (
            ("steps", 10, 10**6),
            ("numbers", 1, 2**30),
            ("exact_starts", 10, 10**6),
            ("seed", 0, 2**31),
        ):
            check_integer(name, getattr(self, name), least, most)
        for name, low, high in (
            ("alpha", 0, 4),
            ("rate", 1e-4, 1),
            ("tolerance", 1e-6, 0.5),
            ("exact_rate", 1e-3, 0.1),
            ("sigma0_sq", 1e-4, 1e4),
            ("epsilon", 1e-4, 1e4),
        ):
            check_number(name, getattr(self, name), low, high)
        check_integers("energy_steps", self.energy_steps, 10, 10**6)

    def seeds_in(self, d: int) -> int:
        """Return how many runs there are in a dimension."""
        return min(256, max(16, self.numbers // d))
