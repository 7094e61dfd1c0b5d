"""Linear regression problems of any dimension: spectrum, irrelevant frequencies, weights.

A problem is the one of section 4.4.1: inputs X̃ ~ N(0, diag(σ̃²)) and targets ⟨X̃, w̃*⟩. Numbers are
floating point here; exact ones are in :mod:`theory.model.problem`.
"""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

import numpy as np

from simulations.engine.runs import GREATEST, Runs, checked_seeds
from theory.common.errors import UserError
from theory.common.files import read_json

MAX_D: Final = 2**20
# Random targets and random initial weights of one seed are drawn apart.
_OF_TARGETS, _OF_STARTS = 0, 1


@dataclass(frozen=True)
class Variances:
    """A spectrum given by its numbers.

    Attributes:
        values: variances σ̃_k² ≥ 0, lowest frequency first, length d; at least one is positive.

    """

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        values = _vector("variances", self.values)
        if min(values) < 0:
            raise UserError(f"variances: expected numbers >= 0, got {min(values):g}")
        if not any(values):
            raise UserError("variances: expected at least one > 0, got zeros only")
        object.__setattr__(self, "values", values)

    @property
    def d(self) -> int:
        """Number of frequencies."""
        return len(self.values)


@dataclass(frozen=True)
class PowerLaw:
    """σ̃_k² = scale/(k + 1)^α for k = 0, …, d − 1, as the energy of natural images falls.

    Attributes:
        d: number of frequencies.
        alpha: exponent α ≥ 0.
        scale: variance of the lowest frequency, > 0.

    """

    d: int
    alpha: float
    scale: float = 1.0

    def __post_init__(self) -> None:
        _check_dimension(self.d)
        _check_number("alpha", self.alpha)
        _check_number("scale", self.scale)
        if self.alpha < 0:
            raise UserError(f"alpha: expected an exponent >= 0, got {self.alpha:g}")
        if self.scale <= 0:
            raise UserError(f"scale: expected a variance > 0, got {self.scale:g}")
        last = math.log10(self.scale) - self.alpha * math.log10(self.d)
        if last < -math.log10(GREATEST):
            raise UserError(
                f"alpha: expected variances of at least {1 / GREATEST:g}, got 1e{last:.0f} at the "
                f"last of {self.d} frequencies. Take a smaller alpha"
            )

    @property
    def values(self) -> tuple[float, ...]:
        """Variances, lowest frequency first, length d."""
        k = np.arange(1, self.d + 1, dtype=np.float64)
        return tuple((self.scale * k**-self.alpha).tolist())


Spectrum: TypeAlias = Variances | PowerLaw


@dataclass(frozen=True)
class Irrelevant:
    """Frequencies that the task hardly needs, if at all.

    Attributes:
        frequencies: their indices, from 1 on: the DC term is always relevant (section 4.4.1).
        energy: variance at each of them, in place of the spectrum's; the thesis idealises to 0.

    """

    frequencies: tuple[int, ...] = ()
    energy: float = 0.0

    def __post_init__(self) -> None:
        _check_number("energy", self.energy)
        if self.energy < 0:
            raise UserError(f"energy: expected a variance >= 0, got {self.energy:g}")
        for k in self.frequencies:
            if isinstance(k, bool) or not isinstance(k, int) or k < 1:
                raise UserError(
                    f"irrelevant: expected indices of frequencies from 1 on, got {k!r}; "
                    "the DC term 0 is always relevant"
                )
        if len(set(self.frequencies)) < len(self.frequencies):
            raise UserError(f"irrelevant: expected each frequency once, got {self.frequencies}")

    @classmethod
    def highest(cls, count: int, d: int, energy: float = 0.0) -> Self:
        """Return the ``count`` highest of ``d`` frequencies.

        Raises:
            UserError: there are not so many besides the DC term.

        """
        _check_dimension(d)
        if not 0 <= count < d:
            raise UserError(f"irrelevant: expected from 0 to {d - 1} frequencies, got {count}")
        return cls(tuple(range(d - count, d)), energy)


@dataclass(frozen=True)
class Fixed:
    """The same weights for every seed.

    Attributes:
        values: frequency-domain weights, length d.

    """

    values: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", _vector("weights", self.values))


@dataclass(frozen=True)
class Normal:
    """Independent N(0, scale²) weights, drawn for each seed; in either domain, as C is orthogonal.

    Attributes:
        scale: standard deviation ≥ 0; at 0 all weights are 0.

    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        _check_number("scale", self.scale)
        if self.scale < 0:
            raise UserError(f"scale: expected a standard deviation >= 0, got {self.scale:g}")


Weights: TypeAlias = Fixed | Normal


@dataclass(frozen=True)
class Regression:
    """A problem, and how its weights are drawn for a seed.

    Attributes:
        spectrum: variances of the d frequencies.
        irrelevant: which frequencies are irrelevant, and their energy.
        target: true weights w̃*; random ones are 0 at the irrelevant frequencies, as the thesis has
            them.
        start: initial weights w̃(0).

    """

    spectrum: Spectrum
    irrelevant: Irrelevant = field(default_factory=Irrelevant)
    target: Weights = field(default_factory=Normal)
    start: Weights = field(default_factory=lambda: Normal(0.0))

    def __post_init__(self) -> None:
        for k in self.irrelevant.frequencies:
            if k >= self.d:
                raise UserError(
                    f"irrelevant: expected indices of frequencies from 1 to {self.d - 1}, got {k}"
                )
        for name in ("target", "start"):
            weights = getattr(self, name)
            if isinstance(weights, Fixed) and len(weights.values) != self.d:
                raise UserError(
                    f"{name}: expected {self.d} weights, one for each frequency, got "
                    f"{len(weights.values)}"
                )
        if not self.sigma_tilde_sq.any():
            raise UserError(
                "irrelevant: expected a relevant frequency with a variance > 0, got none"
            )

    @property
    def d(self) -> int:
        """Number of frequencies."""
        return self.spectrum.d

    @property
    def sigma_tilde_sq(self) -> np.ndarray:
        """Variances σ̃_k² with those of the irrelevant frequencies, shape (d,)."""
        variances = np.array(self.spectrum.values, np.float64)
        variances[list(self.irrelevant.frequencies)] = self.irrelevant.energy
        return variances

    def w_star_tilde(self, seeds: Sequence[int]) -> np.ndarray:
        """Return the true weights of each seed, shape (S, d)."""
        weights = _draw(self.target, self.d, seeds, _OF_TARGETS)
        if isinstance(self.target, Normal):
            weights[:, list(self.irrelevant.frequencies)] = 0
        return weights

    def w0_tilde(self, seeds: Sequence[int]) -> np.ndarray:
        """Return the initial weights of each seed, shape (S, d)."""
        return _draw(self.start, self.d, seeds, _OF_STARTS)

    def runs(self, seeds: Sequence[int]) -> Runs:
        """Return one run for each seed.

        Raises:
            UserError: there is no seed, or one is out of its range.

        """
        checked = checked_seeds(seeds)
        return Runs(
            self.sigma_tilde_sq, self.w_star_tilde(checked), self.w0_tilde(checked), checked
        )


def measured(path: Path) -> Variances:
    """Read the spectrum of a data set: its mean squared DCT coefficients, lowest frequency first.

    Args:
        path: a ``.json`` file, a list of numbers or an object with such a list as ``energy``; or a
            ``.csv`` file with a column ``energy``, a row for each frequency, and, if it has a
            column ``frequency``, the numbers 0, 1, … in it. ``python -m nn_experiments data NAME
            --energy FILE`` writes such a ``.json`` file.

    Raises:
        UserError: the file cannot be read or holds something else; the message says where.

    """
    readers = {".json": _energies_of_json, ".csv": _energies_of_csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UserError(f"{path}: expected a file whose name ends in {' or '.join(readers)}")
    energies = reader(path)
    if not energies:
        raise UserError(f"{path}: expected the energy of one frequency or more, got no rows")
    try:
        return Variances(tuple(energies))
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def _energies_of_json(path: Path) -> list[Any]:
    data = read_json(path)
    energies = data.get("energy") if isinstance(data, dict) else data
    if not isinstance(energies, list):
        raise UserError(f"{path}: expected a list of numbers, or an object with one as energy")
    return energies


def _energies_of_csv(path: Path) -> list[Any]:
    try:
        rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")), strict=True)
        columns, table = rows.fieldnames or (), list(rows)
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, csv.Error) as error:
        raise UserError(f"{path}: expected CSV, got what is not: {error}") from error
    if "energy" not in columns:
        found = ", ".join(map(str, columns)) or "an empty file"
        raise UserError(f"{path}: expected a column energy, got {found}")
    for k, row in enumerate(table):
        if "frequency" in columns and row["frequency"] != str(k):
            raise UserError(
                f"{path}: expected the frequencies 0, 1, … in order, got {row['frequency']!r} in "
                f"the row of frequency {k}"
            )
    return [_number(row["energy"]) for row in table]


def _number(text: str | None) -> float | str | None:
    """Return the number that a cell says; the cell itself, if it says none."""
    if text is None:  # a row may be too short
        return None
    try:
        return float(text)
    except ValueError:
        return text


def _draw(weights: Weights, d: int, seeds: Sequence[int], purpose: int) -> np.ndarray:
    if isinstance(weights, Fixed):
        return np.tile(np.array(weights.values), (len(seeds), 1))
    if weights.scale == 0:
        return np.zeros((len(seeds), d))
    # A generator for each seed: the weights of a seed do not depend on the others.
    drawn = (np.random.default_rng((seed, purpose)).standard_normal(d) for seed in seeds)
    return weights.scale * np.stack(list(drawn))


def _check_dimension(d: int) -> None:
    if isinstance(d, bool) or not isinstance(d, int | np.integer) or not 1 <= d <= MAX_D:
        raise UserError(f"d: expected an integer from 1 to {MAX_D}, got {d!r}")


def _check_number(name: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise UserError(f"{name}: expected a number, got {value!r}")
    if not (value == 0 or 1 / GREATEST <= abs(value) <= GREATEST):
        raise UserError(
            f"{name}: expected 0 or a number between {1 / GREATEST:g} and {GREATEST:g} in size, "
            f"got {value!r}"
        )


def _vector(name: str, values: Iterable[Any]) -> tuple[float, ...]:
    numbers = []
    for k, value in enumerate(values):
        _check_number(f"{name}[{k}]", value)
        numbers.append(float(value))
    _check_dimension(len(numbers))
    return tuple(numbers)
