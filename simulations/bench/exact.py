"""The exact population job: signGD from many starts in integers, with the final states.

Every update evaluates the map, and no start stops early. The starts are on two lattices: a fine
one, whose integers need 32 bits, and one of multiples of 1/192, for which 16 are enough. Rivals do
fewer steps on the same words, and their time is scaled up.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from types import ModuleType
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp

from simulations.bench.job import Count, Job, UnavailableError
from simulations.bench.pytorch import pytorch
from simulations.engine.device import computing
from simulations.engine.population import (
    FUSED,
    ExactEnds,
    follow_exactly,
    integer_moves,
    moves_and_signs,
    steps_in_one_loop,
)
from simulations.study.lattice import UNIT, closed_forms, nearest_starts
from theory.model.orbit import Start, follow_many

UNITS: Final = {"int32": UNIT, "int16": 64}
"""Units of the lattices, by the words that they need."""

_RATIO: Final = 0.25
_SAMPLE: Final = 1000
_CHECKED_AT_ONCE: Final = 1_000_000
_WORDS_OF_A_START: Final = 4 + 3
# A pass over all starts reads and writes a, b and c, and reads r and the unit.
_WORDS_OF_A_PASS: Final = 2 * 3 + 2
_COMPILERS: Final = ("c++", "g++", "clang++")


def exact_jobs(devices: Sequence[str], *, starts: int, steps: int, done: int) -> Iterator[Job]:
    """Yield the jobs.

    Args:
        devices: ``cpu`` and, where there is one, ``gpu``.
        starts: initial weights.
        steps: updates from each.
        done: updates that the slow rivals do, scaled up.

    """
    for word in UNITS:
        yield from _jobs_on(word, devices, starts, steps, done)


def _jobs_on(
    word: str, devices: Sequence[str], starts: int, steps: int, done: int
) -> Iterator[Job]:
    start = lattice_starts(starts, word)
    baseline = f"signGD, {word}, JAX cpu"
    size = np.dtype(word).itemsize
    ours = Count(operations_of_a_step(word), word, _WORDS_OF_A_START * size / steps)
    theirs = Count(ours.operations, word, _WORDS_OF_A_PASS * size)

    def job(name: str, run: Callable[[int], Any] | None, taken: int, **options: Any) -> Job:
        todo, whole = run and partial(run, taken), starts * steps
        return Job(name, todo, starts * taken, whole, baseline, unit="steps", **options)

    check = partial(confirmed, start, steps)
    alike = partial(same, start, done)
    for device in devices if word == "int32" else ["cpu"]:
        run = partial(_follow, start, device, None)
        count = ours if device == "cpu" else None
        yield job(f"signGD, {word}, JAX {device}", run, steps, check=check, count=count)
        name = f"loop over arrays, {word}, JAX {device}"
        count = theirs if device == "cpu" else None
        yield job(name, partial(array_loop, start, device), done, check=alike, count=count)
    one = partial(_follow, start, "cpu", 1)
    yield job(f"signGD, {word}, JAX cpu, one thread", one, steps, count=ours)
    numpy = partial(eager_loop, np, start)
    yield job(f"loop over arrays, {word}, NumPy", numpy, done, check=alike)
    torch = pytorch()
    tensors = torch and Start(*map(torch.from_numpy, start))
    eager = torch and partial(eager_loop, torch, tensors)
    yield job(f"loop over arrays, {word}, PyTorch", eager, done, check=alike)
    compiled = torch and partial(compiled_loop, torch, tensors)
    yield job(f"{done} steps at once, {word}, torch.compile", compiled, done, check=alike)


def lattice_starts(n: int, word: str) -> Start:
    """Return n starts in such words with |a|, |b| ≤ 30, none of which meets a tie."""
    a, b = np.random.default_rng(0).uniform(-30, 30, (2, n))
    start = nearest_starts(a, b, np.full(n, _RATIO), UNITS[word])
    return Start(*(x.astype(word) for x in start))


@cache
def operations_of_a_step(word: str) -> float:
    """Return how many operations on words a step of a start is, by XLA's count, unoptimised."""
    fused = FUSED["cpu"]

    def several(half_r: jax.Array, unit: jax.Array, *state: jax.Array) -> Any:
        return steps_in_one_loop(half_r, unit, fused, state)

    lowered = jax.jit(several).lower(*[jax.ShapeDtypeStruct((1,), word)] * 6)
    cost: Any = lowered.cost_analysis()
    return float(cost["flops"]) / fused


def confirmed(start: Start, steps: int, ends: ExactEnds) -> str:
    """Say how final states were found to be the exact ones.

    Raises:
        RuntimeError: they are not, or some orbit is not on its limit cycle yet.

    """
    n = len(start.a)
    for first in range(0, n, _CHECKED_AT_ONCE):
        part = slice(first, first + _CHECKED_AT_ONCE)
        some = Start(*(x[part].astype(np.int64) for x in start))
        cycle = closed_forms(some, "cpu").cycle
        now, then = ((x.a, x.b, 2 * x.c) for x in cycle)
        _compare([x[part] for x in ends], now, then, steps - cycle[0].t, "closed form")
    sample = Start(*(x[:_SAMPLE].astype(np.int64) for x in start))
    found = follow_many(sample)
    now, then = (
        (found[f"a{when}"], found[f"b{when}"], 2 * found[f"c{when}"]) for when in ("", "_next")
    )
    _compare([x[:_SAMPLE] for x in ends], now, then, steps - found["cycle_start"], "exact map")
    return (
        f"the final states from all {n:,} starts are those of the closed form, and those from "
        f"{len(sample.a):,} are those of the map stepped in 64 bits"
    )


def same(start: Start, steps: int, ends: Sequence[Any]) -> str:
    """Say that a rival ends where :func:`simulations.engine.population.follow_exactly` does.

    Raises:
        RuntimeError: it does not.

    """
    ours = follow_exactly(start, steps, device="cpu")
    if not all(map(np.array_equal, ours, map(np.asarray, ends))):
        raise RuntimeError(f"after {steps} steps a rival is elsewhere than follow_exactly")
    return f"the states after {steps} steps are those of follow_exactly"


def _compare(
    ends: Sequence[np.ndarray],
    now: Sequence[np.ndarray],
    then: Sequence[np.ndarray],
    since: np.ndarray,
    what: str,
) -> None:
    """Compare ends with a 2-cycle, at whose first state the start was ``since`` steps before."""
    if (since < 0).any():
        raise RuntimeError(f"{what}: expected enough steps for all starts to be on their cycles")
    expected = (np.where(since % 2, y, x) for x, y in zip(now, then, strict=True))
    if not all(map(np.array_equal, ends, expected)):
        raise RuntimeError(f"final states differ from those of the {what}")


def _follow(start: Start, device: str, threads: int | None, steps: int) -> ExactEnds:
    return follow_exactly(start, steps, device=device, threads=threads)


def array_loop(start: Start, device: str, steps: int) -> tuple[np.ndarray, ...]:
    """Do :func:`simulations.engine.population.follow_exactly`, a step of all starts at a time.

    Returns:
        3a·unit, 3b·unit and 2(c − c(0)), of shape (N,) each.

    """
    with computing(device):
        return tuple(map(np.asarray, _looped(*start, np.int32(steps))))


@jax.jit
def _looped(
    a: jax.Array, b: jax.Array, r: jax.Array, unit: jax.Array, steps: jax.Array
) -> tuple[jax.Array, ...]:
    def step(_: jax.Array, state: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        a, b, twice_c = state
        of_a, of_b, of_c = integer_moves(a, b)
        return a - unit * of_a, b - r // 2 * of_b, twice_c - of_c

    return jax.lax.fori_loop(0, steps, step, (a, b, jnp.zeros_like(a)))


def eager_loop(library: ModuleType, start: Any, steps: int) -> tuple[Any, ...]:
    """Do the same in NumPy or PyTorch, an operation of all starts at a time."""
    return _stepped(_moves_in(library), start, steps)


def _moves_in(library: ModuleType) -> Callable[..., Any]:
    symbols = sp.symbols("a b", real=True)
    moves, _ = moves_and_signs(*symbols)
    moves_of: Callable[..., Any] = sp.lambdify(symbols, moves, modules=library.__name__, cse=True)
    return moves_of


def _stepped(moves_of: Callable[..., Any], start: Any, steps: int) -> tuple[Any, ...]:
    a, b, r, unit = start
    half_r, twice_c = r // 2, 0 * a
    for _ in range(steps):
        of_a, of_b, of_c = moves_of(a, b)
        a, b, twice_c = a - unit * of_a, b - half_r * of_b, twice_c - of_c
    return a, b, twice_c


def compiled_loop(torch: Any, start: Any, steps: int) -> tuple[Any, ...]:
    """Do the same in PyTorch, all steps compiled into one pass over the starts.

    Raises:
        UnavailableError: there is no C++ compiler, which PyTorch needs for it.

    """
    if not any(map(shutil.which, _COMPILERS)):
        raise UnavailableError("needs a C++ compiler")
    ends: tuple[Any, ...] = _compiled(torch)(start, steps)
    return ends


@cache
def _compiled(torch: ModuleType) -> Callable[..., Any]:
    moves_of = _moves_in(torch)

    def stepped(start: Any, steps: int) -> tuple[Any, ...]:
        return _stepped(moves_of, start, steps)

    compiled: Callable[..., Any] = torch.compile(stepped, fullgraph=True, dynamic=False)
    return compiled
