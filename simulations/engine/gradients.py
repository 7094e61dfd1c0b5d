"""Three gradient oracles of the linear problem, behind one interface.

An oracle splits a step in two: ``draw`` makes the random numbers of one iteration from a key, and
``gradient`` is a function of the error and of that draw. So draws are made for many iterations at
once, and every optimizer that is given the same draw sees the same minibatch.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from simulations.engine.compile import compile_formula, dct_matrix
from theory.model.dynamics import gd_step
from theory.model.minibatch import gradient_response

Draw: TypeAlias = Any

# Floating point counts so far without gaps.
MAX_SAMPLES: Final = 2**53


class GradientOracle(Protocol):
    """A gradient at the spatial-domain error e = w − w*, shape (d,).

    An oracle is frozen and hashable, so that a function compiled for it is found again.
    """

    @property
    def sigma_tilde_sq(self) -> tuple[float, ...]:
        """Variances σ̃_i² of the d frequencies."""

    @property
    def numbers_per_draw(self) -> int:
        """How many floating-point numbers a draw holds."""

    def draw(self, key: jax.Array) -> Draw:
        """Make the random numbers of one iteration."""

    def gradient(self, e: jax.Array, draw: Draw) -> jax.Array:
        """Gradient in the spatial domain, shape (d,), in the dtype of ``e``."""


@dataclass(frozen=True)
class _Spectrum:
    """What every oracle has: the variances, as a tuple of floats, checked."""

    sigma_tilde_sq: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma_tilde_sq", _variances(self.sigma_tilde_sq))


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
