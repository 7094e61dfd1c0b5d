"""Population signGD for d = 3, over many starts at once, in the normalised variables.

See :class:`theory.dynamics.NormalisedState`. There |A| < σ̃0²η reads |a| < 1, so T is the first
iteration at which |a| < 1, and Δw̃2 = (√6/3)η(c(T) − c(0)).

:func:`run_signgd` takes any starts, in floating point. :func:`follow_exactly` takes starts on a
lattice, in integers, so that nothing is ever rounded, and is the faster one. A step moves a by
multiples of 1/3, b of r/2 and c of 1/2; the three integers that count these multiples are all the
state there is besides the start. In one word of 32 bits they leave XLA with a single array to
write, so that it fuses many steps into one loop over the starts, with the state in registers.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, DTypeLike

from simulations.compile import compile_formula
from simulations.device import computing, float_dtype
from theory.dynamics import NormalisedState, normalised_step
from theory.orbit import Start

# Starts advanced together on a CPU: their state stays in the cache through all steps.
STARTS_ABREAST: Final = 2**15
# T is counted in 32 bits, of which one is the sign.
MAX_STEPS: Final = 2**31 - 1

# Of exact runs: 2(c − c(0)) moves by at most 2 a step, and has to stay below 2³¹.
MAX_EXACT_STEPS: Final = 2**30 - 1
# Starts of an exact run advanced together on a CPU: six words each, which a core's cache holds.
EXACT_STARTS_ABREAST: Final = 2**13
# Steps fused into one loop over the starts: on a CPU more run out of registers, and on a GPU as
# many hide the word that is read and the one that is written.
_FUSED: Final = {"cpu": 4, "gpu": 32}
# A step adds at most 3 to the count of a's moves and 2 to the others, in size, and a packed count
# holds sizes up to 511; 160 is a multiple of all _FUSED.
_COUNTED: Final = 160
_BITS: Final = 32
_FIELD: Final = 10


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


class ExactEnds(NamedTuple):
    """Where population signGD is after a number of steps, exactly; int32 of shape (N,) each.

    Attributes:
        a: 3a·unit, as in :class:`theory.orbit.Start`.
        b: 3b·unit.
        twice_c: 2(c − c(0)); even where no tie was met.

    """

    a: np.ndarray
    b: np.ndarray
    twice_c: np.ndarray


def follow_exactly(
    start: Start, steps: int, *, device: str = "auto", threads: int | None = None
) -> ExactEnds:
    """Take ``steps`` steps of population signGD (4.15) from N starts, in integers of 32 bits.

    Every step evaluates the map, ties (a = 0, |a| = |b|) included, with sign(0) = 0. That is 17
    operations on words of 32 bits, and five more to count the moves. A core that does three vectors
    of eight words a cycle at 3 GHz could take 3.3·10⁹ steps a second.

    Args:
        start: starts on a lattice, integers of shape (N,). 3r·unit is even, since a tie moves b by
            half of r.
        steps: number of updates.
        device: ``auto``, ``cpu`` or ``gpu``.
        threads: parts that a CPU works on at once; all cores of this process if None.

    Raises:
        ValueError: shapes, types or ranges are not those above, or a sum could leave 32 bits.
        DeviceError: the device is not there.

    """
    words = _checked(start)
    if not 1 <= steps <= MAX_EXACT_STEPS:
        raise ValueError(f"steps: expected an integer from 1 to {MAX_EXACT_STEPS}, got {steps}")
    if threads is not None and threads < 1:
        raise ValueError(f"threads: expected an integer from 1, got {threads}")
    with computing(device) as place:
        platform = place.platform
    # Shares of one shape, in whole blocks, so that they are compiled once.
    parts, block = (threads or _cores(), EXACT_STARTS_ABREAST) if platform == "cpu" else (1, 1)
    n = len(words[0])
    words = [np.pad(word, (0, -n % (parts * block)), constant_values=1) for word in words]
    shares = zip(*(np.split(word, parts) for word in words), strict=True)

    # What `computing` sets, it sets for one thread.
    def follow(share: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        with computing(device):
            return tuple(map(np.asarray, _follow(*share, np.int32(steps), platform=platform)))

    with ThreadPoolExecutor(parts) as pool:
        ends = list(pool.map(follow, shares))
    return ExactEnds(*(np.concatenate(words)[:n] for words in zip(*ends, strict=True)))


def _cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _checked(start: Start) -> list[np.ndarray]:
    """Return a, b, r/2 and unit as int32.

    No step makes |3a·unit| or |3b·unit| greater than the greater of itself and 3·unit or 3r·unit:
    both move towards zero, by no more than that. Sums and differences of the two then fit.
    """
    arrays = tuple(map(np.asarray, start))
    if arrays[0].ndim != 1 or len({x.shape for x in arrays}) > 1:
        raise ValueError(f"start: expected one shape (N,), got {[x.shape for x in arrays]}")
    if not all(np.issubdtype(x.dtype, np.signedinteger) for x in arrays):
        raise ValueError(f"start: expected signed integers, got {[str(x.dtype) for x in arrays]}")
    limit = 2 ** (_BITS - 1)
    if any(x.min(initial=0) <= -limit or x.max(initial=0) >= limit for x in arrays):
        raise ValueError("start: expected integers below 2³¹ in size; choose a coarser unit")
    a, b, r, unit = (x.astype(np.int64) for x in arrays)
    if (r <= 0).any() or (unit <= 0).any():
        raise ValueError("start: expected r > 0 and unit > 0")
    if (r % 2).any():
        raise ValueError("start: expected even r, got an odd one; double a, b, r and unit")
    if (np.maximum(abs(a), 3 * unit) + np.maximum(abs(b), r) >= limit).any():
        raise ValueError("start: expected |a| + |b| below 2³¹; choose a coarser unit")
    return [x.astype(np.int32) for x in (a, b, r // 2, unit)]


@partial(jax.jit, static_argnames="platform")
def _follow(
    a: jax.Array,
    b: jax.Array,
    half_r: jax.Array,
    unit: jax.Array,
    steps: jax.Array,
    *,
    platform: str,
) -> tuple[jax.Array, ...]:
    def one(words: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        return _follow_one(steps, _FUSED[platform], *words)

    if platform == "cpu":
        return jax.lax.map(one, (a, b, half_r, unit), batch_size=EXACT_STARTS_ABREAST)
    return jax.vmap(one)((a, b, half_r, unit))


def _follow_one(
    steps: jax.Array, fused: int, a: jax.Array, b: jax.Array, half_r: jax.Array, unit: jax.Array
) -> tuple[jax.Array, ...]:
    """Return the fields of :class:`ExactEnds` for one start."""

    def take(steps: jax.Array | int, ends: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        a, b, twice_c = ends

        def several(count: int, moves: jax.Array) -> jax.Array:
            return _fused_steps(a, b, half_r, unit, moves, count)

        moves = jnp.zeros_like(a)
        moves = jax.lax.fori_loop(0, steps // fused, lambda _, m: several(fused, m), moves)
        moves = jax.lax.fori_loop(0, steps % fused, lambda _, m: several(1, m), moves)
        of_a, of_b, of_c = _unpacked(moves)
        return a - unit * of_a, b - half_r * of_b, twice_c - of_c

    ends = (a, b, jnp.zeros_like(a))
    ends = jax.lax.fori_loop(0, steps // _COUNTED, lambda _, ends: take(_COUNTED, ends), ends)
    return take(steps % _COUNTED, ends)


def _fused_steps(
    a: jax.Array, b: jax.Array, half_r: jax.Array, unit: jax.Array, moves: jax.Array, count: int
) -> jax.Array:
    """Return packed ``moves`` after ``count`` steps more, where they count from (a, b)."""
    of_a, of_b, _ = _unpacked(moves)
    a, b = a - unit * of_a, b - half_r * of_b
    for _ in range(count):
        of_a, of_b, of_c = integer_moves(a, b)
        a, b = a - unit * of_a, b - half_r * of_b
        moves = moves + _packed(of_a, of_b, of_c)
    return moves


def _packed(first: jax.Array, second: jax.Array, third: jax.Array) -> jax.Array:
    """Return first + 2¹⁰(second + 2¹¹third), which adds where the parts add."""
    return first + ((second + (third << (_FIELD + 1))) << _FIELD)


def _unpacked(moves: jax.Array) -> tuple[jax.Array, ...]:
    """Undo :func:`_packed` for parts of at most 511, 1023 and 1023 in size."""
    first = _low_bits(moves, _FIELD)
    rest = (moves - first) >> _FIELD
    second = _low_bits(rest, _FIELD + 1)
    return first, second, (rest - second) >> (_FIELD + 1)


def _low_bits(word: jax.Array, bits: int) -> jax.Array:
    """Return the low ``bits`` of ``word`` as a signed number: the shift back repeats the sign."""
    return (word << (_BITS - bits)) >> (_BITS - bits)


def _signed_moves(a: sp.Expr, b: sp.Expr) -> tuple[sp.Expr, ...]:
    """Return how often a step takes 1/3 off a, r/2 off b and 1/2 off c, for integers a and b.

    The signs do not change when a and b are multiplied by 3·unit. Of an integer the sign is
    min(max(·, −1), 1), which costs two operations.
    """
    r, c = sp.Symbol("r", positive=True), sp.Symbol("c", real=True)
    after = normalised_step(NormalisedState(a, b, c), r)
    moves = (3 * (a - after.a), 2 * (b - after.b) / r, 2 * (c - after.c))
    return tuple(sp.expand(m).replace(sp.sign, lambda x: sp.Min(sp.Max(x, -1), 1)) for m in moves)


integer_moves = compile_formula(_signed_moves)
"""Return how often a step takes unit off 3a·unit, 3r·unit/2 off 3b·unit, and 1 off 2c, from (4.16).

A function of the integers 3a·unit and 3b·unit, of one shape, as arrays of JAX.
"""
