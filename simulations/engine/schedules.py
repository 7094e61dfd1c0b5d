"""Schedules: the factor of the learning rate after t updates."""

from dataclasses import dataclass
from typing import TypeAlias

import jax
import jax.numpy as jnp
import optax

from theory.common.errors import UserError
from theory.common.settings import POSITIVE, check_range


@dataclass(frozen=True)
class Constant:
    """The learning rate stays."""

    def factor(self, t: jax.Array) -> jax.Array:
        """Return 1."""
        return jnp.ones_like(as_float(t))


@dataclass(frozen=True)
class Polynomial:
    """(1 − t/steps)^power, and 0 from ``steps`` on; PyTorch's ``PolynomialLR``."""

    steps: int
    power: float = 1.0

    def __post_init__(self) -> None:
        _check_steps(self.steps)
        check_range("power", self.power, POSITIVE)

    def factor(self, t: jax.Array) -> jax.Array:
        """Return the factor after ``t`` updates."""
        return optax.polynomial_schedule(1.0, 0.0, self.power, self.steps)(as_float(t))


@dataclass(frozen=True)
class Cosine:
    """½(1 + cos(πt/steps)), and 0 from ``steps`` on; until there, ``CosineAnnealingLR``."""

    steps: int

    def __post_init__(self) -> None:
        _check_steps(self.steps)

    def factor(self, t: jax.Array) -> jax.Array:
        """Return the factor after ``t`` updates."""
        return optax.cosine_decay_schedule(1.0, self.steps)(as_float(t))


@dataclass(frozen=True)
class InverseTime:
    """1/(1 + t/steps): half the rate after ``steps`` updates, 1/t in the long run."""

    steps: int

    def __post_init__(self) -> None:
        _check_steps(self.steps)

    def factor(self, t: jax.Array) -> jax.Array:
        """Return the factor after ``t`` updates."""
        return 1 / (1 + as_float(t) / self.steps)


def as_float(t: jax.Array) -> jax.Array:
    """Return a number of updates as a float of the precision that is set.

    Of 32-bit integers JAX makes single-precision numbers, in double precision too.
    """
    return jnp.asarray(t, float)


Schedule: TypeAlias = Constant | Polynomial | Cosine | InverseTime


def _check_steps(steps: int) -> None:
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise UserError(f"steps: expected an integer >= 1, got {steps!r}")
