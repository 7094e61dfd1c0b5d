"""Settings of the experiment of Figure 4.7: the published ones, changed by a file or by options."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, Self, get_args, get_type_hints

from simulations.engine.arguments import MAX_ITERATIONS
from simulations.engine.device import main_memory, resolve
from simulations.engine.gradients import (
    MAX_SAMPLES,
    ExactLawMinibatch,
    GradientOracle,
    Population,
    SampledMinibatch,
)
from simulations.engine.runs import MAX_SEED
from simulations.engine.train import launch_length, log_spaced, memory_needed
from theory.common.errors import UserError
from theory.model.problem import LinearProblem
from theory.published import figure_4_7

_PUBLISHED = figure_4_7()
OPTIMIZERS = ("GD", "signGD", "Adam", "RMSProp")
OUT = Path("results/figure_4_7")
# Sizes of numbers, or of their inverses. In double precision squares and products of settings stay
# within the range of floating point; in single precision the settings themselves do.
_GREATEST = {"float64": 1e60, "float32": 1e30}
_NUMBERS = ("sigma_tilde_sq", "w_star_tilde", "w0_tilde", "eta", "epsilon")
# A larger exponent, as in 1e999999999, would become an integer of as many digits.
_HUGE_EXPONENT = re.compile(r"e[+-]?[0_]*[1-9][\d_]{4,}", re.IGNORECASE)
_GIB = 2**30


@dataclass(frozen=True)
class Settings:
    """Run the experiment of Figure 4.7, draw it, and compare it with theory and print.

    Writes the figure as PNG, PDF and SVG, all numbers in summary.json, the report in report.md, and
    its two tables as CSV and LaTeX; prints the tables.

    Exit codes: 0 done; 1 done, but an optimizer ended in NaN or infinity; 2 a setting or folder
    that cannot be used, and nothing was run; 130 interrupted, and files are whole or not there.
    """

    sigma_tilde_sq: tuple[str, ...] = tuple(_PUBLISHED.settings["sigma_tilde_sq"])
    """Variances of the three frequencies."""
    w_star_tilde: tuple[str, ...] = tuple(_PUBLISHED.settings["w_star_tilde"])
    """True weights."""
    w0_tilde: tuple[str, ...] = tuple(_PUBLISHED.settings["w0_tilde"])
    """Initial weights."""
    eta: str = _PUBLISHED.settings["eta"]
    """Learning rate."""
    epsilon: str = _PUBLISHED.settings["epsilon"]
    """Radius of the l2 ball of perturbations."""
    oracle: Literal["exact-law", "sampled", "population"] = "exact-law"
    """Minibatch gradients by their exact law, by sampling inputs, or the population gradient."""
    samples_per_step: int = _PUBLISHED.samples_per_step
    """Inputs in a minibatch. The authors' notebook has 5000."""
    iterations: int = _PUBLISHED.notebook_iterations
    """Updates; the text is silent, the authors' notebook has 200001."""
    seeds: int = 16
    """How many seeds."""
    first_seed: int = 0
    """The seeds are first_seed, first_seed + 1, and so on."""
    optimizers: tuple[str, ...] = OPTIMIZERS
    """Optimizers to run, out of GD, signGD, Adam and RMSProp."""
    device: Literal["auto", "cpu", "gpu"] = "auto"
    """Where to run."""
    dtype: Literal["float64", "float32"] = "float64"
    """Floating-point type of the simulation."""

    @classmethod
    def from_toml(cls, path: Path) -> Self:
        """Read settings from a TOML file; what it leaves out is as published.

        Raises:
            UserError: the file cannot be read, is not TOML, or has an unknown or mistyped setting.

        """
        try:
            # Decimals stay text, so that 0.1 is one tenth.
            data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=str)
        except OSError as error:
            raise UserError(f"cannot read {path}: {error.strerror or error}") from error
        except ValueError as error:  # syntax, encoding, or integers of thousands of digits
            raise UserError(f"{path}: expected TOML, got what is not: {error}") from error
        spelled = {name.replace("-", "_"): value for name, value in data.items()}
        return cls().changed(spelled, source=str(path))

    def changed(self, values: Mapping[str, Any], source: str) -> Self:
        """Return these settings with some replaced.

        Raises:
            UserError: a setting is unknown or has the wrong type; ``source`` says where.

        """
        known = {f.name: getattr(self, f.name) for f in fields(self)}
        unknown = sorted(set(values) - set(known))
        if unknown:
            raise UserError(
                f"{source}: unknown setting {', '.join(unknown)}; expected {', '.join(known)}"
            )
        typed = {name: _typed(source, name, v, known[name]) for name, v in values.items()}
        for name, value in typed.items():
            choices = get_args(get_type_hints(Settings)[name])
            if isinstance(value, str) and choices and value not in choices:
                raise UserError(
                    f"{source}: {name}: expected one of {', '.join(choices)}, got {value!r}"
                )
        return replace(self, **typed)

    def check(self) -> None:
        """Check every setting, before long work starts.

        Raises:
            UserError: a setting is out of its range; the message says what was expected.

        """
        self.problem()
        for name, greatest in (
            ("iterations", MAX_ITERATIONS - 1),
            ("samples_per_step", MAX_SAMPLES),
            ("seeds", MAX_SEED + 1),
        ):
            if not 1 <= getattr(self, name) <= greatest:
                raise UserError(
                    f"{name}: expected an integer from 1 to {greatest}, got {getattr(self, name)}"
                )
        self._check_optimizers()
        self._check_memory()
        self.seed_list()

    def _check_optimizers(self) -> None:
        if not self.optimizers or len(set(self.optimizers)) < len(self.optimizers):
            given = ", ".join(self.optimizers) or "none"
            raise UserError(f"optimizers: expected at least one, each once, got {given}")
        for name in self.optimizers:
            if name not in OPTIMIZERS:
                raise UserError(f"optimizer: expected one of {', '.join(OPTIMIZERS)}, got {name!r}")
        try:
            resolve(self.device)
        except ValueError as error:
            raise UserError(str(error)) from error

    def _check_memory(self) -> None:
        needed = self.memory_needed()
        if needed > main_memory():
            raise UserError(
                f"seeds, samples_per_step: expected a run that fits into the "
                f"{main_memory() / _GIB:.1f} GiB of memory of this machine, got {self.seeds} seeds "
                f"({self.oracle}, {self.samples_per_step} samples a step), which take about "
                f"{needed / _GIB:.1f} GiB. Take fewer, or several runs with other values of "
                "first_seed"
            )

    def memory_needed(self) -> int:
        """Return about how many bytes the run takes at its peak."""
        drawn = self.gradient_oracle().numbers_per_draw
        length = launch_length(self.iterations, self.seeds, 3, drawn)
        return memory_needed(
            self.seeds,
            3,
            records=len(log_spaced(self.iterations)),
            drawn=length * drawn,
            rules=len(self.optimizers),
            dtype=self.dtype,
        )

    def problem(self) -> LinearProblem:
        """Return the linear problem, checked.

        Raises:
            UserError: a number is out of its range, or a length is not three.

        """
        if len(self.sigma_tilde_sq) != 3:
            raise UserError(
                f"sigma_tilde_sq: expected 3 variances, got {len(self.sigma_tilde_sq)}; "
                "Figure 4.7 is about d = 3"
            )
        for name, text in _numbers(self):
            if _HUGE_EXPONENT.search(text.replace(" ", "")):
                raise UserError(self._out_of_range(name, text))
        try:
            problem = LinearProblem.of(
                self.sigma_tilde_sq, self.w_star_tilde, self.w0_tilde, self.eta, self.epsilon
            )
        except ValueError as error:
            raise UserError(str(error)) from error
        greatest = _GREATEST[self.dtype]
        for name, number in _numbers(problem):
            if number != 0 and not 1 / greatest < abs(number) < greatest:
                raise UserError(self._out_of_range(name, str(number)))
        return problem

    def _out_of_range(self, name: str, number: str) -> str:
        greatest = _GREATEST[self.dtype]
        shown = number if len(number) <= 60 else f"{number[:40]}… ({len(number)} characters)"
        return (
            f"{name}: expected 0 or a number between {1 / greatest:g} and {greatest:g} in size "
            f"({self.dtype}), got {shown}"
        )

    def seed_list(self) -> tuple[int, ...]:
        """Return the seeds.

        Raises:
            UserError: there is none.

        """
        if self.seeds < 1:
            raise UserError(f"seeds: expected at least 1, got {self.seeds}")
        last = self.first_seed + self.seeds - 1
        if self.first_seed < 0 or last > MAX_SEED:
            raise UserError(
                f"first_seed: expected seeds from 0 to {MAX_SEED}, got {self.first_seed} to {last}"
            )
        return tuple(range(self.first_seed, self.first_seed + self.seeds))

    def is_published_problem(self) -> bool:
        """Whether problem and minibatch size are those of the text."""
        samples = None if self.oracle == "population" else self.samples_per_step
        return samples == _PUBLISHED.samples_per_step and self.problem() == _PUBLISHED.problem

    def gradient_oracle(self) -> GradientOracle:
        """Return where gradients come from.

        Raises:
            UserError: a number of the problem is out of its range, or there are no samples.

        """
        variances = tuple(map(float, self.problem().sigma_tilde_sq))
        try:
            match self.oracle:
                case "exact-law":
                    return ExactLawMinibatch(variances, self.samples_per_step)
                case "sampled":
                    return SampledMinibatch(variances, self.samples_per_step)
                case "population":
                    return Population(variances)
        except ValueError as error:
            raise UserError(str(error)) from error
        raise UserError(f"oracle: expected exact-law, sampled or population, got {self.oracle!r}")


def _numbers(holder: "Settings | LinearProblem") -> Iterator[tuple[str, Any]]:
    """Yield each number of settings or of a problem, with the name of the setting."""
    for name in _NUMBERS:
        value = getattr(holder, name)
        for number in value if isinstance(value, tuple) else (value,):
            yield name, number


def _typed(source: str, name: str, value: Any, default: Any) -> Any:
    """Convert a TOML value to the type of the setting's default."""
    match default, value:
        case int(), int() if not isinstance(value, bool):
            return value
        case str(), str() | int() if not isinstance(value, bool):
            return str(value)
        case tuple(), list() if not any(isinstance(v, bool | list | dict) for v in value):
            return tuple(map(str, value))
    kind = {int: "an integer", str: "a number or text", tuple: "a list"}[type(default)]
    raise UserError(f"{source}: {name}: expected {kind}, got {value!r}")
