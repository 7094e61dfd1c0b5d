"""What the machine does at most: operations of a loop that stays in registers, and a copy.

Each number comes from work that has nothing else to do, on all cores, so that a share of it says
how far other work is from the machine's limit.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np

from simulations.bench.job import Job
from simulations.engine.device import computing, usable_cores

BYTES: Final = "bytes copied"
"""The name of the job that measures main memory."""

# A core does up to four operations a cycle if none waits for another: here each needs the one six
# before it, and the last eleven stay in registers, of which a core has sixteen.
_NEAR: Final = 6
_FAR: Final = 11
_OPERATIONS: Final = 256
# As many fit into the fastest cache.
_NUMBERS: Final = 2**12
_COPIED: Final = 16


def operations(dtype: str) -> str:
    """Return the name of the job that measures operations on ``int16``, ``int32``, ``float64``."""
    return f"{dtype} operations"


def limit_jobs(_: Sequence[str], *, rounds: int, size: int) -> Iterator[Job]:
    """Yield what measures the machine's limits, on its CPU.

    Args:
        rounds: times that a loop over 4,096 numbers runs on each core, of 276 operations each.
        size: rows of two matrices that are multiplied; an array of 16 of them is copied.

    """
    cores = usable_cores()
    baseline = operations("int32")
    for dtype in ("int32", "int16"):
        done = (_OPERATIONS + 2 * (_FAR - 1)) * _NUMBERS * rounds * cores
        run = partial(_each, [partial(in_registers, dtype, rounds)] * cores)
        yield Job(operations(dtype), run, done, done, baseline)
    matrix, done = np.ones((size, size)), 2 * size**3
    yield Job(operations("float64"), partial(_square, matrix), done, done, baseline)
    source = np.ones((_COPIED, size, size))
    target = np.zeros_like(source)
    parts = zip(np.array_split(target, cores), np.array_split(source, cores), strict=True)
    run = partial(_each, [partial(np.copyto, *part) for part in parts])
    yield Job(BYTES, run, 2 * source.nbytes, 2 * source.nbytes, baseline)


def _each(tasks: Sequence[Callable[[], Any]]) -> None:
    """Do every task in a thread of its own."""
    with ThreadPoolExecutor(len(tasks)) as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result()


def in_registers(dtype: str, rounds: int) -> np.ndarray:
    """Add and xor 4,096 numbers ``rounds`` times, 276 operations each; return what is left."""
    with computing("cpu"):
        numbers = jnp.arange(_NUMBERS, dtype=dtype)
        return np.asarray(_mixed(numbers, np.int32(rounds)))


@jax.jit
def _mixed(numbers: jax.Array, rounds: jax.Array) -> jax.Array:
    def mix(_: jax.Array, x: jax.Array) -> jax.Array:
        last = [x] + [x + j for j in range(1, _FAR)]
        for i in range(_OPERATIONS):
            # Sums alone could be collected into one.
            near, far = last[-_NEAR], last[0]
            last = [*last[1:], near + far if i % 2 else near ^ far]
        for y in last[1:]:
            last[0] ^= y
        return last[0]

    return jax.lax.fori_loop(0, rounds, mix, numbers)


def _square(matrix: np.ndarray) -> None:
    with computing("cpu"):
        _product(matrix, matrix).block_until_ready()


_product = jax.jit(jnp.matmul)
