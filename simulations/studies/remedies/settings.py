"""Settings of the question about remedies."""

from dataclasses import dataclass

from simulations.engine.rules import update_rule
from simulations.study.problems import check_problems
from theory.common.settings import check_each_once, check_integer

_LONGEST = 1_000_000


@dataclass(frozen=True)
class Remedies:
    """Try zero initial weights, an ℓ2 penalty, weight decay and decaying learning rates.

    How much of the gap in adversarial risk to GD each closes, and what it costs in standard risk.
    Writes the figure, the runs and a report; prints what they say. The same command goes on after
    an interruption.

    Exit codes: 0 done; 1 something that had to hold did not; 2 a setting or folder that cannot be
    used; 130 interrupted.
    """

    l2_penalty: tuple[float, ...] = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
    """λ of the l2 penalty λ‖w̃‖²/2."""
    weight_decay: tuple[float, ...] = (1e-3, 1e-2, 3e-2, 1e-1, 3e-1)
    """λ of decoupled weight decay, which takes ηλw off the weights."""
    learning_rate: float = 0.01
    """Learning rate, before its schedule."""
    iterations: int = 10_000
    """Updates; a decaying learning rate is 0 after the last."""
    seeds: int = 16
    """Seeds of starts and of the power law's targets: 0, 1, and so on."""
    start: float = 1.0
    """Standard deviation of the initial weights, where they are not zero."""
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
        for name in ("l2_penalty", "weight_decay"):
            values = getattr(self, name)
            check_each_once(name, values, "one or more numbers > 0", holds=lambda value: value > 0)
            for value in values:
                update_rule("signGD", self.learning_rate, **{name: value})
        check_integer("iterations", self.iterations, 100, _LONGEST)
        check_problems(self)
