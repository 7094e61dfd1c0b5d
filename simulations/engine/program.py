"""What is compiled: updates of many runs at once, a launch at a time."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import DTypeLike

from simulations.engine.gradients import (
    norm_and_direction,
    population_coordinate,
    response_coordinate,
)
from simulations.engine.rules import Form, Pair, pair
from simulations.engine.transform import Transform

NUMBERS_ABREAST: Final = 2**15
"""Of one array, in runs that advance together on a CPU: their state stays in the cache."""


class Batch(NamedTuple):
    """What stays the same through all updates.

    Attributes:
        shared: numbers and vectors of all runs, by name; scalars and shape (d,).
        own: the same of each run, with two leading axes: groups and runs of a group.
        seeds: shape (groups, runs of a group).

    """

    shared: dict[str, jax.Array]
    own: dict[str, jax.Array]
    seeds: jax.Array


class State(NamedTuple):
    """One run between two updates.

    Attributes:
        e: error where the rule acts, in space or in frequency, shape (d,).
        memory: state of the rule.
        good: number of updates after which the error was finite. A component that is not stays so:
            updates only add to it.

    """

    e: jax.Array
    memory: Any
    good: jax.Array


@dataclass(frozen=True)
class Groups:
    """How S runs are put into groups that advance together; run S − 1 fills up the last."""

    runs: int
    groups: int
    abreast: int

    @classmethod
    def of(cls, runs: int, d: int, platform: str) -> "Groups":
        """Groups that fit the cache of a CPU; on other devices all runs go abreast."""
        most = max(1, NUMBERS_ABREAST // d) if platform == "cpu" else runs
        groups = -(-runs // most)
        return cls(runs, groups, -(-runs // groups))

    def split(self, rows: Any, dtype: DTypeLike) -> jax.Array:
        """Shape (S, ...) to (groups, abreast, ...)."""
        array = np.asarray(rows, dtype)
        filler = np.repeat(array[-1:], self.groups * self.abreast - self.runs, axis=0)
        filled = np.concatenate([array, filler])
        return jnp.asarray(filled.reshape(self.groups, self.abreast, *array.shape[1:]))

    def join(self, groups: jax.Array) -> np.ndarray:
        """Shape (groups, abreast, ...) to (S, ...)."""
        array = np.asarray(groups)
        return array.reshape(-1, *array.shape[2:])[: self.runs]


@partial(jax.jit, static_argnames=("form", "transform"))
def begin(batch: Batch, e0_tilde: jax.Array, *, form: Form | Pair, transform: Transform) -> State:
    """Return all runs before their first update; ``e0_tilde`` has two leading axes as ``own``."""

    def one(own: dict[str, jax.Array], e_tilde: jax.Array) -> State:
        e = transform.inverse(e_tilde)
        memory = pair(form, {**batch.shared, **own}).init(e)
        # A run is finite before its first update: its weights have been checked.
        return State(e, memory, jnp.zeros((), np.uint32))

    return jax.lax.map(lambda group: jax.vmap(one)(*group), (batch.own, e0_tilde))


@partial(jax.jit, static_argnames=("form", "transform"))
def advance(
    batch: Batch,
    state: State,
    q: jax.Array | None,
    span: jax.Array,
    *,
    form: Form | Pair,
    transform: Transform,
) -> State:
    """Take updates start + 1, …, stop of all runs, in one launch; ``span`` is (start, stop).

    ``q`` holds the χ²_n of a block of iterations, a multiple of its length from the first, in
    which the launch lies.
    """

    def one(own: dict[str, jax.Array], seed: jax.Array, state: State, q: jax.Array | None) -> State:
        given = {**batch.shared, **own}
        w_star = transform.inverse(given["w_star_tilde"])
        update = pair(form, given).update
        key = jax.random.key(seed)

        def step(t: jax.Array, state: State) -> State:
            e_tilde = transform.forward(state.e)
            if q is None:
                g_tilde = population_coordinate(e_tilde, given["sigma_tilde_sq"])
            else:
                _, for_g = _keys(key, t)
                g_tilde = _minibatch_gradient(e_tilde, given, q[t % len(q)], for_g)
            change, memory = update(transform.inverse(g_tilde), state.memory, state.e + w_star)
            e = state.e + change
            return State(e, memory, state.good + jnp.isfinite(e).all())

        return jax.lax.fori_loop(span[0], span[1], step, state)

    return jax.lax.map(lambda group: jax.vmap(one)(*group), (batch.own, batch.seeds, state, q))


@partial(jax.jit, static_argnames="transform")
def errors_of(state: State, transform: Transform) -> jax.Array:
    """Return ẽ of all runs; shape (groups, runs of a group, d)."""
    return jax.lax.map(transform.forward, state.e)


@partial(jax.jit, static_argnames="length")
def chi_squares(batch: Batch, start: jax.Array, *, length: int) -> jax.Array:
    """Draw χ²_n of iterations start, …, start + length − 1; (groups, runs of a group, length).

    Apart from the loop, as its sampler is a loop itself, long to compile and slow on few numbers.
    """

    def one(own: dict[str, jax.Array], seed: jax.Array) -> jax.Array:
        samples = {**batch.shared, **own}["samples"]
        iterations = start + jnp.arange(length, dtype=np.uint32)
        for_q, _ = jax.vmap(partial(_keys, jax.random.key(seed)))(iterations)
        return jax.vmap(lambda key: jax.random.chisquare(key, samples, dtype=samples.dtype))(for_q)

    return jax.lax.map(lambda group: jax.vmap(one)(*group), (batch.own, batch.seeds))


def _keys(key: jax.Array, iteration: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Keys of the χ²_n and of the normal numbers of an iteration, as ``ExactLawMinibatch`` has."""
    for_q, for_g = jax.random.split(jax.random.fold_in(key, iteration))
    return for_q, for_g


def _minibatch_gradient(
    e_tilde: jax.Array, given: dict[str, jax.Array], q: jax.Array, for_g: jax.Array
) -> jax.Array:
    """Σ̃^{1/2}Sv in the frequency domain, shape (d,); ``q`` is the draw of χ²_n."""
    root = jnp.sqrt(given["sigma_tilde_sq"])
    g = jax.random.normal(for_g, e_tilde.shape, e_tilde.dtype)
    norm, u = norm_and_direction(root * e_tilde)
    g_orthogonal = g - jnp.sum(g * u) * u
    return root * response_coordinate(norm, given["samples"], q, u, g_orthogonal)
