"""Population signGD for d = 3, over many starts at once, in the normalised variables.

See :class:`theory.model.dynamics.NormalisedState`. There |A| < σ̃0²η reads |a| < 1, so T is the
first iteration at which |a| < 1, and Δw̃2 = (√6/3)η(c(T) − c(0)).

:func:`run_signgd` takes any starts, in floating point. :func:`follow_exactly` takes starts on a
lattice, in integers, so that nothing is ever rounded, and is the faster one. It goes by what XLA
does on a CPU, which is to fuse operations into one loop over the starts if they end in one array.
A step moves three numbers, but by amounts that are linear in three signs. So a loop takes many
steps, with the state in registers, adds up each of the three signs, and writes the sums in one
word; three short loops then make the moves.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, DTypeLike

from simulations.engine.compile import compile_formula
from simulations.engine.device import computing, float_dtype, usable_cores
from theory.model.dynamics import NormalisedState, normalised_step
from theory.model.orbit import Start

# Starts advanced together on a CPU: their state stays in the cache through all steps.
STARTS_ABREAST: Final = 2**15
# T is counted in 32 bits, of which one is the sign.
MAX_STEPS: Final = 2**31 - 1

# Starts of an exact run advanced together on a CPU: the launch of a loop costs as much as thousands
# of them, and more leave the cache.
_MOST_ABREAST: Final = 2**16
_LEAST_ABREAST: Final = 2**10
# Steps in one loop. Three sums of as many even numbers from −2 to 2 fit into a word, see _packed.
FUSED: Final = {"cpu": 15, "gpu": 32}
# The words that exact runs may have, the faster first.
_WORDS: Final = {"cpu": (np.int16, np.int32), "gpu": (np.int32,)}
# Twice 2(c − c(0)), which moves by at most 4 a step, has to fit into a word.
MAX_EXACT_STEPS: Final = 2**29 - 1


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
    """Where population signGD is after a number of steps, exactly; int16 or int32 of shape (N,).

    Attributes:
        a: 3a·unit, as in :class:`theory.model.orbit.Start`.
        b: 3b·unit.
        twice_c: 2(c − c(0)); even where no tie was met.

    """

    a: np.ndarray
    b: np.ndarray
    twice_c: np.ndarray


def follow_exactly(
    start: Start, steps: int, *, device: str = "auto", threads: int | None = None
) -> ExactEnds:
    """Take ``steps`` steps of population signGD (4.15) from N starts, in integers.

    Every step evaluates the map, ties (a = 0, |a| = |b|) included, with sign(0) = 0. A step is 15
    operations on words, and three more add up its signs. On a CPU the words have 16 bits where all
    sums fit into them (:func:`word_for`), twice as many of which go through a core at once, and
    else 32.

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
    if not 1 <= steps <= MAX_EXACT_STEPS:
        raise ValueError(f"steps: expected an integer from 1 to {MAX_EXACT_STEPS}, got {steps}")
    if threads is not None and threads < 1:
        raise ValueError(f"threads: expected an integer from 1, got {threads}")
    with computing(device) as place:
        platform = place.platform
    word = word_for(start, steps, platform)
    n, parts = len(start.a), (threads or usable_cores()) if platform == "cpu" else 1
    share = max(1, -(-n // parts))
    # Shares of one shape, in whole blocks, so that they are compiled once.
    abreast = _abreast(share) if platform == "cpu" else share
    share = -(-share // abreast) * abreast
    ends = ExactEnds(*(np.empty(n, word) for _ in range(3)))

    def follow(first: int) -> None:
        part = slice(first, first + share)
        words = _words(Start(*(np.asarray(x)[part] for x in start)), share, word)
        # What `computing` sets, it sets for one thread.
        with computing(device):
            found = _follow(words, np.int32(steps), fused=FUSED[platform], abreast=abreast)
            for end, x in zip(ends, found, strict=True):
                end[part] = np.asarray(x)[: n - first]

    with ThreadPoolExecutor(parts) as pool:
        list(pool.map(follow, range(0, n, share)))
    return ends


def word_for(start: Start, steps: int, platform: str = "cpu") -> np.dtype:
    """Return the type of the words in which ``steps`` steps from ``start`` are taken.

    No step makes |3a·unit| or |3b·unit| greater than the greater of itself and 3·unit or 3r·unit:
    both move towards zero, by no more than that. Words hold twice these numbers and 2(c − c(0)),
    and twice the sums and differences of the first two.

    Args:
        start: starts, integers of shape (N,).
        steps: number of updates.
        platform: ``cpu`` or ``gpu``.

    Raises:
        ValueError: shapes or types are not those that :func:`follow_exactly` takes, or 32 bits are
            too few.

    """
    needed = 2 * max(_greatest_sum(start), 2 * steps)
    for word in _WORDS[platform]:
        if needed <= np.iinfo(word).max:
            return np.dtype(word)
    raise ValueError(
        "start: expected |a| + |b|, with 3·unit and r in their place where greater, below 2³⁰; "
        "choose a coarser unit"
    )


def _greatest_sum(start: Start) -> int:
    """Return the greatest max(|a|, 3·unit) + max(|b|, r), of starts that it checks."""
    arrays = tuple(map(np.asarray, start))
    if arrays[0].ndim != 1 or len({x.shape for x in arrays}) > 1:
        raise ValueError(f"start: expected one shape (N,), got {[x.shape for x in arrays]}")
    if not all(np.issubdtype(x.dtype, np.signedinteger) for x in arrays):
        raise ValueError(f"start: expected signed integers, got {[str(x.dtype) for x in arrays]}")
    limit = 2**30
    if any(x.min(initial=0) <= -limit or x.max(initial=0) >= limit for x in arrays):
        raise ValueError("start: expected integers below 2³⁰ in size; choose a coarser unit")
    greatest = 0
    # In parts that stay in the cache.
    for first in range(0, len(arrays[0]), _MOST_ABREAST):
        a, b, r, unit = (x[first : first + _MOST_ABREAST].astype(np.int64) for x in arrays)
        if (r <= 0).any() or (unit <= 0).any():
            raise ValueError("start: expected r > 0 and unit > 0")
        if (r % 2).any():
            raise ValueError("start: expected even r, got an odd one; double a, b, r and unit")
        sums = np.maximum(abs(a), 3 * unit) + np.maximum(abs(b), r)
        greatest = max(greatest, int(sums.max()))
    return greatest


def _abreast(n: int) -> int:
    """Return how many of ``n`` starts a CPU advances together: a power of two."""
    return min(_MOST_ABREAST, max(_LEAST_ABREAST, 1 << (n - 1).bit_length()))


def _words(start: Start, n: int, word: np.dtype) -> list[np.ndarray]:
    """Return a, b, r/2 and unit as ``n`` words each, filled up with ones."""
    a, b, r, unit = start
    arrays = (a, b, r // 2, unit)
    return [np.pad(x.astype(word), (0, n - len(x)), constant_values=1) for x in arrays]


@partial(jax.jit, static_argnames=("fused", "abreast"))
def _follow(
    words: list[jax.Array], steps: jax.Array, *, fused: int, abreast: int
) -> tuple[jax.Array, ...]:
    def one(words: list[jax.Array]) -> tuple[jax.Array, ...]:
        return _follow_one(steps, fused, *words)

    return jax.lax.map(one, words, batch_size=abreast)


def _follow_one(
    steps: jax.Array, fused: int, a: jax.Array, b: jax.Array, half_r: jax.Array, unit: jax.Array
) -> tuple[jax.Array, ...]:
    """Return the fields of :class:`ExactEnds` for one start.

    Numbers and signs are doubled, since of an even number x twice the sign is min(max(x, −2), 2):
    two operations. (LLVM knows min(max(x, −1), 1) as a sign, and makes three of it.)
    """
    state = (2 * a, 2 * b, jnp.zeros_like(a), jnp.zeros_like(a))
    for times, count in ((steps // fused, fused), (steps % fused, 1)):
        several = partial(steps_in_one_loop, half_r, unit, count)
        state = jax.lax.fori_loop(0, times, lambda _, state, go=several: go(state), state)
    return tuple(x >> 1 for x in _settled(half_r, unit, state))


def steps_in_one_loop(
    half_r: jax.Array, unit: jax.Array, count: int, state: tuple[jax.Array, ...]
) -> tuple[jax.Array, ...]:
    """Settle the steps taken before, and take ``count`` more.

    Args:
        half_r: half of 3r·unit, words of any shape.
        unit: the unit.
        count: number of steps, at most 15 in words of 16 bits.
        state: 6a·unit, 6b·unit and 4(c − c(0)) before the last steps, and the sums of their signs.

    """
    a, b, twice_c = _settled(half_r, unit, state)
    return a, b, twice_c, _packed(*_sums_of_signs(count, a, b, half_r, unit))


def _settled(
    half_r: jax.Array, unit: jax.Array, state: tuple[jax.Array, ...]
) -> tuple[jax.Array, ...]:
    *ends, sums = state
    moves = _moves(*_unpacked(sums))
    return tuple(x - by * m for x, by, m in zip(ends, (unit, half_r, 1), moves, strict=True))


def _sums_of_signs(
    count: int, a: jax.Array, b: jax.Array, half_r: jax.Array, unit: jax.Array
) -> tuple[jax.Array, ...]:
    """Return twice the sum of each sign over ``count`` steps from (a, b), given doubled."""
    sums: tuple[Any, ...] = (0, 0, 0)
    for _ in range(count):
        signs = [jnp.minimum(jnp.maximum(x, -2), 2) for x in _arguments(a, b)]
        of_a, of_b, _ = _moves(*signs)
        a, b = a - unit * of_a, b - half_r * of_b
        sums = tuple(sum_ + sign for sum_, sign in zip(sums, signs, strict=True))
    return sums


def _field(word: jax.Array) -> int:
    """Return the bits of a sum in a word that packs three: 5 of 16, 10 of 32."""
    return 8 * word.dtype.itemsize // 3


def _packed(first: jax.Array, second: jax.Array, third: jax.Array) -> jax.Array:
    """Return first + 2ᶠ(second + 2ᶠthird) of even numbers below 2ᶠ in size, f = 5 or 10."""
    field = _field(first)
    return first + ((second + (third << field)) << field)


def _unpacked(sums: jax.Array) -> tuple[jax.Array, ...]:
    """Undo :func:`_packed`: the others, being even, leave the low f + 1 bits to the first."""
    field = _field(sums)
    first = _low_bits(sums, field + 1)
    rest = (sums - first) >> field
    second = _low_bits(rest, field + 1)
    return first, second, (rest - second) >> field


def _low_bits(word: jax.Array, bits: int) -> jax.Array:
    """Return the low ``bits`` of ``word`` as a signed number: the shift back repeats the sign."""
    above = 8 * word.dtype.itemsize - bits
    return (word << above) >> above


def moves_and_signs(a: sp.Expr, b: sp.Expr) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """Return how often a step takes 1/3 off a, r/2 off b and 1/2 off c, and the signs in these."""
    r, c = sp.Symbol("r", positive=True), sp.Symbol("c", real=True)
    after = normalised_step(NormalisedState(a, b, c), r)
    moves = (3 * (a - after.a), 2 * (b - after.b) / r, 2 * (c - after.c))
    expanded = [sp.expand(move) for move in moves]
    return expanded, sorted(sp.Tuple(*expanded).atoms(sp.sign), key=sp.default_sort_key)


def _in_terms_of_signs(x: sp.Expr, y: sp.Expr, z: sp.Expr) -> tuple[sp.Expr, ...]:
    moves, signs = moves_and_signs(*sp.symbols("a b", real=True))
    values = dict(zip(signs, (x, y, z), strict=True))
    return tuple(move.subs(values) for move in moves)


# The signs are those of 3a·unit, 3b·unit and so on, and those of even multiples of these.
_arguments = compile_formula(lambda a, b: tuple(s.args[0] for s in moves_and_signs(a, b)[1]))
_moves = compile_formula(_in_terms_of_signs)


def integer_moves(a: jax.Array, b: jax.Array) -> tuple[jax.Array, ...]:
    """Return how often a step takes unit off 3a·unit, 3r·unit/2 off 3b·unit, and 1 off 2c (4.16).

    Args:
        a: the integers 3a·unit, of any shape.
        b: the integers 3b·unit, of the same shape.

    """
    return tuple(_moves(*map(jnp.sign, _arguments(a, b))))
