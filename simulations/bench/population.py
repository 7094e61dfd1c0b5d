"""The population job: signGD in the normalised variables from many starts, in float64.

It keeps T and Δc(T); every update evaluates the map.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from types import ModuleType
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp

from simulations.bench.job import Job
from simulations.bench.pytorch import pytorch
from simulations.engine.device import computing
from simulations.engine.population import STARTS_ABREAST, run_signgd
from theory.model.dynamics import NormalisedState, normalised_step

_RATIO: Final = 0.25


def population_jobs(devices: Sequence[str], *, starts: int, steps: int) -> Iterator[Job]:
    """Yield the jobs.

    Args:
        devices: ``cpu`` and, where there is one, ``gpu``.
        starts: initial weights.
        steps: updates from each.

    """
    a, b, c = states = np.random.default_rng(0).uniform(-30, 30, (3, starts))
    work = starts * steps
    baseline = "signGD, JAX cpu"
    for device in devices:
        run = partial(run_signgd, a, b, c, _RATIO, steps, device=device)
        yield Job(f"signGD, JAX {device}", run, work, work, baseline)
        for what, bound in (("a multiply-add", _multiply_adds), ("a pass over memory", _passes)):
            name = f"{what} a step, JAX {device}"
            yield Job(name, partial(bound, states, steps, device), work, work, baseline)
    run = partial(_population_loop, np, states, steps)
    yield Job("signGD, NumPy", run, work, work, baseline)
    torch = pytorch()
    yield Job(
        "signGD, PyTorch",
        torch and partial(_population_loop, torch, torch.tensor(states), steps),
        work,
        work,
        baseline,
    )


def _multiply_adds(starts: np.ndarray, steps: int, device: str) -> None:
    """One multiply-add a step and start, in the loop that signGD has: a bound by arithmetic.

    signGD's own step is some twenty operations, so it cannot come nearer than that.
    """
    with computing(device) as place:
        _advanced(starts[0], np.int32(steps), platform=place.platform).block_until_ready()


@partial(jax.jit, static_argnames="platform")
def _advanced(starts: jax.Array, steps: jax.Array, *, platform: str) -> jax.Array:
    def one(x: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(0, steps, lambda _, x: x * 0.5 + 1.0, x)

    if platform == "cpu":
        return jax.lax.map(one, starts, batch_size=STARTS_ABREAST)
    return jax.vmap(one)(starts)


def _passes(starts: np.ndarray, steps: int, device: str) -> None:
    """Read and write the state of all starts once a step: a bound by memory on unfused steps."""
    with computing(device):
        state = jnp.asarray(starts)
        for _ in range(steps):
            state = _incremented(state)
        state.block_until_ready()


@partial(jax.jit, donate_argnums=0)
def _incremented(state: jax.Array) -> jax.Array:
    return state + 1.0


def _population_loop(library: ModuleType, starts: Any, steps: int) -> Any:
    """Do what :func:`simulations.engine.population.run_signgd` does, in NumPy or PyTorch."""
    symbols = sp.symbols("a b c r", real=True)
    image = tuple(normalised_step(NormalisedState(*symbols[:3]), symbols[3]))
    step = sp.lambdify(symbols, image, modules=library.__name__, cse=True)
    a, b, c = starts
    T, delta_c = 0 * c, 0 * c
    outside = T == 0
    for _ in range(steps):
        outside = outside & (abs(a) >= 1)
        a, b, after = step(a, b, c, _RATIO)
        T, delta_c, c = T + outside, delta_c + outside * (after - c), after
    return a, b, c, T, delta_c
