"""Gradient oracles of the linear problem, behind one interface.

An oracle splits a step in two: ``draw`` makes the random numbers of one iteration from a key, and
``gradient`` is a function of the error and of that draw. So draws are made for many iterations at
once, and every optimizer that is given the same draw sees the same minibatch.

Three have one spectrum for all runs, act in space, and multiply by the exact matrix C. Those of
:class:`InFrequency` have numbers of each run's own and cost O(d) and two transforms: nothing of
size d × d is formed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol, Self, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from simulations.engine.compile import compile_formula, dct_matrix
from simulations.engine.transform import Transform
from theory.model.dynamics import gd_step
from theory.model.minibatch import gradient_response

Draw: TypeAlias = Any

# Floating point counts so far without gaps.
MAX_SAMPLES: Final = 2**53


class Oracle(Protocol):
    """A gradient at the error e = w − w* of one run, shape (d,)."""

    def draw(self, key: jax.Array) -> Draw:
        """Make the random numbers of one iteration."""

    def gradient(self, e: jax.Array, draw: Draw) -> jax.Array:
        """Gradient where the rule acts, shape (d,), in the dtype of ``e``."""


class Gradients(Protocol):
    """Where the gradients of many runs come from.

    Frozen and hashable, so that a function compiled for it is found again.
    """

    def of(self, given: Mapping[str, jax.Array]) -> Oracle:
        """Return the oracle of a run, given its numbers and vectors by name."""


class GradientOracle(Gradients, Oracle, Protocol):
    """The oracle of all runs, in the spatial domain."""

    @property
    def sigma_tilde_sq(self) -> tuple[float, ...]:
        """Variances σ̃_i² of the d frequencies."""

    @property
    def numbers_per_draw(self) -> int:
        """How many floating-point numbers a draw holds."""


@dataclass(frozen=True)
class _Spectrum:
    """What every oracle has: the variances, as a tuple of floats, checked."""

    sigma_tilde_sq: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma_tilde_sq", _variances(self.sigma_tilde_sq))

    def of(self, given: Mapping[str, jax.Array]) -> Self:
        """Return itself: all runs have one spectrum and number of inputs."""
        del given
        return self


@dataclass(frozen=True)
class _Minibatch(_Spectrum):
    """What every oracle of minibatches has besides: the number n of inputs, checked."""

    n: int

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.n <= MAX_SAMPLES:
            raise ValueError(f"n: expected from 1 to {MAX_SAMPLES} samples, got {self.n}")


@dataclass(frozen=True)
class Population(_Spectrum):
    """The population gradient Σe of (4.11); it draws nothing."""

    @property
    def numbers_per_draw(self) -> int:
        """No number is drawn."""
        return 0

    def draw(self, key: jax.Array) -> tuple[()]:
        """Return an empty draw."""
        del key
        return ()

    def gradient(self, e: jax.Array, draw: tuple[()]) -> jax.Array:
        """Σe = CᵀΣ̃Ce, shape (d,)."""
        del draw
        C = jnp.asarray(dct_matrix(len(self.sigma_tilde_sq)), e.dtype)
        variances = jnp.asarray(self.sigma_tilde_sq, e.dtype)
        return population_coordinate(C @ e, variances) @ C


@dataclass(frozen=True)
class SampledMinibatch(_Minibatch):
    """The gradient on n fresh inputs, x = CᵀΣ̃^{1/2}z with z standard normal (section 4.4.2)."""

    @property
    def numbers_per_draw(self) -> int:
        """Return nd, for the inputs."""
        return self.n * len(self.sigma_tilde_sq)

    def draw(self, key: jax.Array) -> jax.Array:
        """Inputs in the spatial domain, shape (n, d)."""
        root = jnp.asarray(_spectral_root(self.sigma_tilde_sq), float)
        return jax.random.normal(key, (self.n, len(root)), root.dtype) @ root

    def gradient(self, e: jax.Array, draw: jax.Array) -> jax.Array:
        """Return Xᵀ(Xe)/n for the inputs X, shape (d,)."""
        inputs = draw.astype(e.dtype)
        return (inputs @ e) @ inputs / self.n


class ResponseDraw(NamedTuple):
    """What the exact law of a minibatch gradient is a function of, besides the error.

    Attributes:
        q: a draw of χ²_n, scalar.
        g: standard normal numbers, one for each frequency of positive variance, shape (k,).

    """

    q: jax.Array
    g: jax.Array


@dataclass(frozen=True)
class ExactLawMinibatch(_Minibatch):
    """The gradient on n fresh inputs, drawn from its exact law given the error.

    With A = Σ̃^{1/2}C restricted to the k frequencies of positive variance, v = Ae and S the sample
    covariance of n standard normal vectors, the gradient is AᵀSv. The law of Sv is derived in
    :mod:`theory.model.minibatch`; a draw is k + 1 numbers whatever n is.
    """

    @property
    def numbers_per_draw(self) -> int:
        """Return k + 1."""
        return 1 + len(_spectral_root(self.sigma_tilde_sq))

    def draw(self, key: jax.Array) -> ResponseDraw:
        """Draw q ~ χ²_n and, independently, a standard normal g of shape (k,)."""
        for_q, for_g = jax.random.split(key)
        shape = (len(_spectral_root(self.sigma_tilde_sq)),)
        return ResponseDraw(
            jax.random.chisquare(for_q, float(self.n)), jax.random.normal(for_g, shape)
        )

    def gradient(self, e: jax.Array, draw: ResponseDraw) -> jax.Array:
        """Return AᵀSv, shape (d,); exactly zero if v = 0."""
        root = jnp.asarray(_spectral_root(self.sigma_tilde_sq), e.dtype)
        norm, u = norm_and_direction(root @ e)
        g_orthogonal = draw.g - jnp.sum(draw.g * u) * u
        return response_coordinate(norm, float(self.n), draw.q, u, g_orthogonal) @ root


@dataclass(frozen=True)
class InFrequency:
    """Gradients in the frequency domain, with the variances and the number of inputs of each run.

    Σ̃ẽ for the population, and by the exact law of a minibatch Σ̃^{1/2}Sv with v = Σ̃^{1/2}ẽ. A draw
    is that of :class:`ExactLawMinibatch`, with d normal numbers: those of frequencies without
    variance meet a factor zero.

    Attributes:
        transform: to the frequency domain and back from where the rule acts.
        minibatches: whether they are drawn; the population gradient if not.

    """

    transform: Transform
    minibatches: bool

    def of(self, given: Mapping[str, jax.Array]) -> Oracle:
        """Return the oracle of the run with ``sigma_tilde_sq``, and ``samples`` if it draws."""
        variances = given["sigma_tilde_sq"]
        if self.minibatches:
            return _MinibatchInFrequency(self.transform, variances, given["samples"])
        return _PopulationInFrequency(self.transform, variances)


class _PopulationInFrequency(NamedTuple):
    transform: Transform
    sigma_tilde_sq: jax.Array

    def draw(self, key: jax.Array) -> tuple[()]:
        del key
        return ()

    def gradient(self, e: jax.Array, draw: tuple[()]) -> jax.Array:
        del draw
        g_tilde = population_coordinate(self.transform.forward(e), self.sigma_tilde_sq)
        return self.transform.inverse(g_tilde)


class _MinibatchInFrequency(NamedTuple):
    transform: Transform
    sigma_tilde_sq: jax.Array
    samples: jax.Array

    def draw(self, key: jax.Array) -> ResponseDraw:
        for_q, for_g = jax.random.split(key)
        dtype = self.sigma_tilde_sq.dtype
        return ResponseDraw(
            jax.random.chisquare(for_q, self.samples, dtype=dtype),
            jax.random.normal(for_g, self.sigma_tilde_sq.shape, dtype),
        )

    def gradient(self, e: jax.Array, draw: ResponseDraw) -> jax.Array:
        root = jnp.sqrt(self.sigma_tilde_sq)
        norm, u = norm_and_direction(root * self.transform.forward(e))
        g_orthogonal = draw.g - jnp.sum(draw.g * u) * u
        response = response_coordinate(norm, self.samples, draw.q, u, g_orthogonal)
        return self.transform.inverse(root * response)


def norm_and_direction(v: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return ‖v‖ and v/‖v‖ for ``v`` of shape (k,); the direction of zero is zero.

    With x = v/max_i|v_i| one entry of x is ±1, so squares neither overflow nor vanish, and
    ‖x‖ ≥ 1 unless v = 0. Flooring the two divisors, the first at the smallest normal number and
    the second at 1, therefore changes nothing but the case v = 0.
    """
    scale = jnp.max(jnp.abs(v))
    scaled = v / jnp.maximum(scale, jnp.finfo(v.dtype).tiny)
    norm = jnp.sqrt(jnp.sum(scaled * scaled))
    return scale * norm, scaled / jnp.maximum(norm, 1)


population_coordinate = compile_formula(lambda e, sigma_sq: e - gd_step(e, sigma_sq, 1))
"""Return a coordinate of Σ̃ẽ, which (4.11) subtracts from ẽ at η = 1, from those of ẽ and σ̃²."""
response_coordinate = compile_formula(gradient_response)
"""Return a coordinate of Sv, as :func:`theory.model.minibatch.gradient_response` has it."""


def _spectral_root(sigma_tilde_sq: tuple[float, ...]) -> np.ndarray:
    """Rows of Σ̃^{1/2}C of positive variance, shape (k, d): white noise z gives inputs zᵀ root."""
    variances = np.array(sigma_tilde_sq)
    root = np.sqrt(variances)[:, None] * dct_matrix(len(variances))
    return root[variances > 0]


def _variances(values: tuple[float, ...]) -> tuple[float, ...]:
    variances = tuple(map(float, values))
    if not all(np.isfinite(variance) and variance >= 0 for variance in variances):
        raise ValueError(f"sigma_tilde_sq: expected finite variances >= 0, got {variances}")
    if not any(variances):
        raise ValueError(f"sigma_tilde_sq: expected at least one variance > 0, got {variances}")
    return variances
