"""Settings of the question about memory."""

from dataclasses import dataclass

from simulations.engine.gradients import MAX_SAMPLES
from simulations.engine.rules import update_rule
from simulations.study.problems import check_problems
from theory.common.errors import UserError
from theory.common.settings import check_each_once, check_integers

_LONGEST = 10_000_000


@dataclass(frozen=True)
class Memory:
    """Vary what Adam and RMSProp remember: β1, β2, ε, batch size and learning rate.

    From signGD, which remembers nothing, to the defaults: what becomes of the irrelevant weight.
    Writes the figure, the runs and a report; prints what they say. The same command goes on after
    an interruption.

    Exit codes: 0 done; 1 Adam without memory is not signGD; 2 a setting or folder that cannot be
    used; 130 interrupted.
    """

    beta1: tuple[float, ...] = (0.0, 0.5, 0.9, 0.99)
    """β1 of Adam, the weight of the old memory; 0 is none."""
    beta2: tuple[float, ...] = (0.0, 0.5, 0.9, 0.99, 0.999)
    """β2 of Adam with each β1, and α of RMSProp."""
    eps: tuple[float, ...] = (1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
    """Values of ε, of each rule."""
    samples: tuple[int, ...] = (10, 100, 1000, 10000)
    """Inputs in a minibatch; all else has the population gradient."""
    learning_rates: tuple[float, ...] = (0.1, 0.03, 0.01, 0.003)
    """Learning rates, of each rule."""
    learning_rate: float = 0.01
    """Learning rate of all else."""
    distance: float = 100.0
    """Learning rate times number of updates, the same for all: a sign can move a weight so far."""
    seeds: int = 8
    """Seeds of starts, of targets of the power law and of minibatches: 0, 1, and so on."""
    start: float = 0.02
    """Standard deviation of the initial weights."""
    d: int = 32
    """Frequencies of the power law; the upper half is irrelevant."""
    alpha: float = 1.0
    """Exponent of the power law."""
    device: str = "auto"
    """Where to run: auto, cpu or gpu."""

    def check(self) -> None:
        """Check every setting, before long work starts.

        Raises:
            UserError: a setting is out of its range; the message says what was expected.

        """
        for name in ("beta1", "beta2", "eps", "samples", "learning_rates"):
            check_each_once(name, getattr(self, name), "two or more values", fewest=2)
        if 0 not in self.beta1 or 0 not in self.beta2:
            raise UserError(
                "beta1, beta2: expected 0, no memory, among the values, "
                f"got {self.beta1} and {self.beta2}"
            )
        self._check_rules()
        check_integers("samples", self.samples, 1, MAX_SAMPLES)
        self._check_length()
        check_problems(self)

    def _check_rules(self) -> None:
        for name in ("beta1", "beta2", "eps"):
            for value in getattr(self, name):
                update_rule("Adam", self.learning_rate, **{name: value})
        for learning_rate in self.learning_rates:
            update_rule("Adam", learning_rate)

    def _check_length(self) -> None:
        rates = (self.learning_rate, *self.learning_rates)
        fewest, most = (self.distance / rate for rate in (max(rates), min(rates)))
        if not (fewest >= 100 and most <= _LONGEST):
            raise UserError(
                f"distance, learning rates: expected from 100 to {_LONGEST} updates, distance over "
                f"learning rate, got {fewest:.3g} to {most:.3g}"
            )
