"""What is compiled: draws and updates of many runs, a launch at a time."""

from functools import partial
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from simulations.engine.gradients import Draw, Gradients
from simulations.engine.rules import Form, Pair, pair

NUMBERS_ABREAST: Final = 2**15
"""Of one array, in runs that advance together on a CPU: their state stays in the cache."""


class Batch(NamedTuple):
    """What stays the same through all updates.

    Attributes:
        shared: numbers and vectors of all runs, by name; scalars and shape (d,).
        own: the same of each run, with a leading axis: the S runs.
        seeds: shape (S,).

    """

    shared: dict[str, jax.Array]
    own: dict[str, jax.Array]
    seeds: jax.Array


class State(NamedTuple):
    """Runs between two updates; in a batch with a leading axis.

    Attributes:
        e: error where the rule acts, in space or in frequency, shape (d,).
        memory: state of the rule.
        good: number of updates after which the error was finite. A component that is not stays so:
            updates only add to it.

    """

    e: jax.Array
    memory: Any
    good: jax.Array


def abreast(runs: int, d: int, platform: str, *, in_space: bool) -> int:
    """Return how many runs advance together.

    On a CPU as many as fit its cache, in groups of nearly equal size; but runs in space by a matrix
    go one after another: XLA compiles a loop that touches less than about a kilobyte a step to
    plain machine code (0.1 µs a step of one run), and dispatches every operation of a wider one
    (2 µs a step). On other devices all runs go abreast.
    """
    if platform != "cpu":
        return runs
    most = 1 if in_space else max(1, NUMBERS_ABREAST // d)
    return -(-runs // -(-runs // most))


@partial(jax.jit, static_argnames="form")
def begin(batch: Batch, e0: jax.Array, *, form: Form | Pair) -> State:
    """Return all runs before their first update, from errors where the rule acts, shape (S, d)."""

    def one(own: dict[str, jax.Array], e: jax.Array) -> State:
        memory = pair(form, {**batch.shared, **own}).init(e)
        # A run is finite before its first update: its weights have been checked.
        return State(e, memory, jnp.zeros((), np.uint32))

    return jax.vmap(one)(batch.own, e0)


@partial(jax.jit, static_argnames=("gradients", "length"))
def draw(batch: Batch, start: jax.Array, *, gradients: Gradients, length: int) -> Draw:
    """Draw for iterations start, …, start + length − 1; leading axes (S, length).

    The key of an iteration is fold_in(key(seed), iteration): draws depend on seed and iteration
    alone, so that all rules of one seed see the same minibatches. They are made apart from the
    loop, as the sampler of χ²_n is a loop itself, long to compile and slow on few numbers.
    """
    iterations = start + jnp.arange(length, dtype=np.uint32)

    def one(own: dict[str, jax.Array], seed: jax.Array) -> Draw:
        oracle = gradients.of({**batch.shared, **own})

        def at(iteration: jax.Array) -> Draw:
            return oracle.draw(jax.random.fold_in(jax.random.key(seed), iteration))

        return jax.vmap(at)(iterations)

    return jax.vmap(one)(batch.own, batch.seeds)


@partial(jax.jit, static_argnames=("gradients", "form", "together"))
def advance(
    batch: Batch,
    state: State,
    draws: Draw,
    first: jax.Array,
    stops: jax.Array,
    count: jax.Array,
    *,
    gradients: Gradients,
    form: Form | Pair,
    together: int,
) -> tuple[State, jax.Array]:
    """Take updates first + 1, …, stops[count − 1] of all runs, in one launch.

    Args:
        batch: what stays the same.
        state: of all runs after ``first`` updates.
        draws: for iterations ``first`` and on.
        first: number of updates that were made before.
        stops: numbers of updates, ascending, shape (R,).
        count: how many of them there are; the rest is for the sake of the shape.
        gradients: where they come from.
        form: the rule without its numbers.
        together: how many runs advance together.

    Returns:
        The state at the last stop, and the errors at each, shape (S, R, d).

    """

    def run(arguments: tuple[dict[str, jax.Array], State, Draw]) -> tuple[State, jax.Array]:
        own, state, draws = arguments
        given = {**batch.shared, **own}
        oracle, update = gradients.of(given), pair(form, given).update

        def step(t: jax.Array, state: State) -> State:
            g = oracle.gradient(state.e, jax.tree.map(lambda x: x[t - first], draws))
            change, memory = update(g, state.memory, state.e + given["w_star"])
            e = state.e + change
            return State(e, memory, state.good + jnp.isfinite(e).all())

        def to_stop(i: jax.Array, at: tuple[State, jax.Array]) -> tuple[State, jax.Array]:
            begin = jnp.where(i == 0, first, stops[i - 1])
            state = jax.lax.fori_loop(begin, stops[i], step, at[0])
            return state, jax.lax.dynamic_update_index_in_dim(at[1], state.e, i, 0)

        errors = jnp.zeros((len(stops), *state.e.shape), state.e.dtype)
        return jax.lax.fori_loop(0, count, to_stop, (state, errors))

    arguments = (batch.own, state, draws)
    return jax.lax.map(run, arguments, batch_size=None if together == 1 else together)
