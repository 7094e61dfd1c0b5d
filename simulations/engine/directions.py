"""Directions that optax does not have as PyTorch does, or as their authors do; each a pair.

- AMSGrad: PyTorch takes the maximum of the second moments before it corrects their bias, optax
  after.
- NAdam: PyTorch's momentum follows Dozat's schedule, optax's is constant.
- Adagrad: PyTorch starts its sum at 0 and adds ε outside the root, optax starts at 0.1 and adds ε
  inside.
- Adafactor: on a vector PyTorch factors nothing, weighs the newest square by t^−0.8, and bounds the
  relative step by 1/√t.
- Adan: its authors weigh the difference of gradients by β2, optax 0.2 by 1 − β2. PyTorch has none.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import optax

from simulations.engine.schedules import as_float

Scalar: TypeAlias = float | jax.Array
LearningRate: TypeAlias = Scalar | Callable[[jax.Array], jax.Array]
"""Learning rate, or the learning rate as a function of the number of updates made."""


class _Moments(NamedTuple):
    t: jax.Array
    m: jax.Array
    v: jax.Array


def _no_moments(params: jax.Array) -> _Moments:
    return _Moments(jnp.zeros((), jnp.int32), jnp.zeros_like(params), jnp.zeros_like(params))


def _average(beta: Scalar, old: jax.Array, new: jax.Array) -> jax.Array:
    return beta * old + (1 - beta) * new


def _quotient(v: jax.Array, beta2: Scalar, t: jax.Array, eps: Scalar) -> jax.Array:
    """√v/√(1 − β2ᵗ) + ε."""
    return jnp.sqrt(v) / jnp.sqrt(1 - beta2**t) + eps


class _AMSGradState(NamedTuple):
    moments: _Moments
    largest: jax.Array


def amsgrad(options: Mapping[str, Scalar], _: LearningRate) -> optax.GradientTransformation:
    """m̂/(√(max_s v(s))/√(1 − β2ᵗ) + ε)."""
    beta1, beta2, eps = (options[name] for name in ("beta1", "beta2", "eps"))

    def init(params: jax.Array) -> _AMSGradState:
        return _AMSGradState(_no_moments(params), jnp.zeros_like(params))

    def update(
        g: jax.Array, state: _AMSGradState, params: jax.Array | None = None
    ) -> tuple[jax.Array, _AMSGradState]:
        del params
        t = state.moments.t + 1
        m = _average(beta1, state.moments.m, g)
        v = _average(beta2, state.moments.v, g * g)
        largest = jnp.maximum(state.largest, v)
        direction = m / (1 - beta1**t) / _quotient(largest, beta2, t, eps)
        return direction, _AMSGradState(_Moments(t, m, v), largest)

    return optax.GradientTransformation(init, update)


class _NAdamState(NamedTuple):
    moments: _Moments
    product: jax.Array


def nadam(options: Mapping[str, Scalar], _: LearningRate) -> optax.GradientTransformation:
    """Adam with Nesterov's momentum μ_t = β1(1 − ½0.96^{tψ}), ψ the option ``momentum_decay``.

    The product of all μ has the weights' precision. PyTorch keeps it in its default type: unless
    ``torch.set_default_dtype(torch.float64)`` was called, that is float32 also where weights are
    float64, and its path differs, relatively by 10⁻⁹ to 10⁻⁸ in the first update and by more later.
    """
    beta1, beta2, eps = (options[name] for name in ("beta1", "beta2", "eps"))
    psi = options["momentum_decay"]

    def momentum(t: jax.Array) -> jax.Array:
        return beta1 * (1 - 0.5 * 0.96 ** (as_float(t) * psi))

    def init(params: jax.Array) -> _NAdamState:
        return _NAdamState(_no_moments(params), jnp.ones((), params.dtype))

    def update(
        g: jax.Array, state: _NAdamState, params: jax.Array | None = None
    ) -> tuple[jax.Array, _NAdamState]:
        del params
        t = state.moments.t + 1
        mu, mu_next = (momentum(s).astype(g.dtype) for s in (t, t + 1))
        product = state.product * mu
        m = _average(beta1, state.moments.m, g)
        v = _average(beta2, state.moments.v, g * g)
        ahead = (1 - mu) / (1 - product) * g + mu_next / (1 - product * mu_next) * m
        state = _NAdamState(_Moments(t, m, v), product)
        return ahead / _quotient(v, beta2, t, eps), state

    return optax.GradientTransformation(init, update)


class _AdagradState(NamedTuple):
    t: jax.Array
    total: jax.Array


def adagrad(options: Mapping[str, Scalar], _: LearningRate) -> optax.GradientTransformation:
    """g/(√(Σ g²) + ε)/(1 + (t − 1)·lr_decay)."""

    def init(params: jax.Array) -> _AdagradState:
        first = jnp.asarray(options["initial_accumulator_value"], params.dtype)
        return _AdagradState(jnp.zeros((), jnp.int32), jnp.full(params.shape, first))

    def update(
        g: jax.Array, state: _AdagradState, params: jax.Array | None = None
    ) -> tuple[jax.Array, _AdagradState]:
        del params
        total = state.total + g * g
        slower = (1 + as_float(state.t) * options["lr_decay"]).astype(g.dtype)
        direction = g / (jnp.sqrt(total) + options["eps"]) / slower
        return direction, _AdagradState(state.t + 1, total)

    return optax.GradientTransformation(init, update)


class _AdafactorState(NamedTuple):
    t: jax.Array
    v: jax.Array


def adafactor(
    options: Mapping[str, Scalar], learning_rate: LearningRate
) -> optax.GradientTransformation:
    """max(ε2, rms(w))·min(1, 1/(η√t))·u/max(1, rms(u)/clipping) with u = g/max(√v, ε1).

    rms is the root mean square of the d coordinates. PyTorch has min(η, 1/√t) where this, to be
    multiplied by η, has min(1, 1/(η√t)). ε1 is the machine epsilon.
    """

    def rms(x: jax.Array) -> jax.Array:
        return jnp.sqrt(jnp.mean(x * x))

    def init(params: jax.Array) -> _AdafactorState:
        return _AdafactorState(jnp.zeros((), jnp.int32), jnp.zeros_like(params))

    def update(
        g: jax.Array, state: _AdafactorState, params: jax.Array | None = None
    ) -> tuple[jax.Array, _AdafactorState]:
        if params is None:
            raise ValueError("Adafactor: expected the weights besides the gradient, got none")
        t = (state.t + 1).astype(g.dtype)
        eta = learning_rate(state.t) if callable(learning_rate) else learning_rate
        v = _average(1 - t ** options["beta2_decay"], state.v, g * g)
        u = g / jnp.maximum(jnp.sqrt(v), jnp.finfo(g.dtype).eps)
        size = jnp.maximum(options["eps2"], rms(params))
        size = size * jnp.minimum(1, 1 / (eta * jnp.sqrt(t)))
        size = size / jnp.maximum(1, rms(u) / options["clipping"])
        return size.astype(g.dtype) * u, _AdafactorState(state.t + 1, v)

    return optax.GradientTransformation(init, update)


class _AdanState(NamedTuple):
    moments: _Moments
    n: jax.Array
    before: jax.Array


def adan(options: Mapping[str, Scalar], _: LearningRate) -> optax.GradientTransformation:
    """(m̂ + β2 v̂)/(√n̂ + ε): m of g, v of Δg = g(t) − g(t − 1), n of (g + β2 Δg)²."""
    beta1, beta2, beta3 = (options[name] for name in ("beta1", "beta2", "beta3"))

    def init(params: jax.Array) -> _AdanState:
        return _AdanState(_no_moments(params), jnp.zeros_like(params), jnp.zeros_like(params))

    def update(
        g: jax.Array, state: _AdanState, params: jax.Array | None = None
    ) -> tuple[jax.Array, _AdanState]:
        del params
        t = state.moments.t + 1
        change = jnp.where(t == 1, 0, g - state.before)
        m = _average(beta1, state.moments.m, g)
        v = _average(beta2, state.moments.v, change)
        n = _average(beta3, state.n, (g + beta2 * change) ** 2)
        ahead = m / (1 - beta1**t) + beta2 * v / (1 - beta2**t)
        direction = ahead / _quotient(n, beta3, t, options["eps"])
        return direction, _AdanState(_Moments(t, m, v), n, g)

    return optax.GradientTransformation(init, update)
