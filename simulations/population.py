"""Population signGD for d = 3, over many starts at once, in the normalised variables.

See :class:`theory.dynamics.NormalisedState`. There |A| < σ̃0²η reads |a| < 1, so T is the first
iteration at which |a| < 1, and Δw̃2 = (√6/3)η(c(T) − c(0)).
"""

from functools import partial
from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from simulations.compile import compile_formula
from simulations.device import computing, float_dtype
from theory.dynamics import NormalisedState, normalised_step

# Starts advanced together on a CPU: their state stays in the cache through all steps.
STARTS_ABREAST: Final = 2**15
# T is counted in 32 bits, of which one is the sign.
MAX_STEPS: Final = 2**31 - 1


class SignGDRuns(NamedTuple):
    """Where population signGD is after a number of steps, for N starts; each of shape (N,).

    Attributes:
        a: normalised A at the end.
        b: normalised B at the end.
        c: normalised error at the irrelevant frequency at the end.
        T: first iteration with |a| < 1, or −1 if the steps did not reach it.
        delta_c: c(T) − c(0), or c − c(0) at the end where T is −1.

    """

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    T: np.ndarray
    delta_c: np.ndarray


def run_signgd(
    a: ArrayLike,
    b: ArrayLike,
    c: ArrayLike,
    r: float,
    steps: int,
    *,
    device: str = "auto",
    dtype: DTypeLike = np.float64,
) -> SignGDRuns:
    """Take ``steps`` steps of population signGD from N starts (4.15).

    Args:
        a: normalised A(0), shape (N,).
        b: normalised B(0), shape (N,).
        c: normalised error at the irrelevant frequency at the start, shape (N,).
        r: ratio σ̃1²/σ̃0² > 0.
        steps: number of updates.
        device: ``auto``, ``cpu`` or ``gpu``.
        dtype: float64 or float32.

    Raises:
        ValueError: shapes differ, or ``r`` or ``steps`` is out of range.
        DeviceError: the device is not there.

    """
    dtype = float_dtype(dtype)
    starts = tuple(np.asarray(x, dtype) for x in (a, b, c))
    if starts[0].ndim != 1 or len({x.shape for x in starts}) > 1:
        raise ValueError(f"a, b, c: expected one shape (N,), got {[x.shape for x in starts]}")
    if not r > 0:
        raise ValueError(f"r: expected a ratio > 0, got {r}")
    if not 1 <= steps <= MAX_STEPS:
        raise ValueError(f"steps: expected an integer from 1 to {MAX_STEPS}, got {steps}")
    with computing(device, dtype) as place:
        runs = _run(*starts, dtype.type(r), np.int32(steps), platform=place.platform)
        return SignGDRuns(*map(np.asarray, runs))


@partial(jax.jit, static_argnames="platform")
def _run(
    a: jax.Array, b: jax.Array, c: jax.Array, r: jax.Array, steps: jax.Array, *, platform: str
) -> tuple[jax.Array, ...]:
    def one(start: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        return _run_one(NormalisedState(*start), r, steps)

    if platform == "cpu":
        return jax.lax.map(one, (a, b, c), batch_size=STARTS_ABREAST)
    return jax.vmap(one)((a, b, c))


def _run_one(start: NormalisedState, r: jax.Array, steps: jax.Array) -> tuple[jax.Array, ...]:
    """Return the fields of :class:`SignGDRuns` for one start."""

    # While no |a| < 1 has been met, t steps have been taken outside: T counts them.
    def step(_: jax.Array, carry: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        a, b, c, outside, T, delta_c = carry
        outside = outside & (jnp.abs(a) >= 1)
        after = _step(a, b, c, r)
        return (*after, outside, T + outside, delta_c + jnp.where(outside, after[2] - c, 0))

    nothing = jnp.zeros_like(start.c)
    carry = (*start, nothing == 0, nothing.astype(np.int32), nothing)
    a, b, c, outside, T, delta_c = jax.lax.fori_loop(0, steps, step, carry)
    reached = ~outside | (jnp.abs(a) < 1)
    return a, b, c, jnp.where(reached, T, -1), delta_c


_step = compile_formula(lambda a, b, c, r: normalised_step(NormalisedState(a, b, c), r))
