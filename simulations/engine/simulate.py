"""The engine: training runs of several optimizers, on many seeds and initial weights at once.

Training takes place in the spatial domain. The state is the error e = w − w* rather than w: every
gradient is a function of e alone and w* is constant, so the sequence is the same in exact
arithmetic, and an error far smaller than w* keeps all its digits.

Random numbers are made for blocks of iterations, each from the key fold_in(key(seed), iteration).
So they depend on the seed and the iteration only, and all optimizers of one seed see the same
minibatches. Each optimizer has a compiled loop of its own, which therefore does not depend on the
others.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import ArrayLike, DTypeLike

from simulations.engine.compile import compile_formula, dct_matrix
from simulations.engine.device import computing, float_dtype
from simulations.engine.gradients import Draw, GradientOracle
from simulations.engine.optimizers import OPTIMIZERS, rule
from theory.model import risk

MAX_SEED: Final = 2**32 - 1
# Random numbers are keyed by the iteration as 32 bits: from here on they would repeat.
MAX_ITERATIONS: Final = 2**32
_NUMBERS_PER_BLOCK: Final = 2**23
_STEPS_PER_BLOCK: Final = 4096


@dataclass(frozen=True)
class Failure:
    """The first NaN or infinity in the trajectories of one optimizer.

    Attributes:
        seed: seed of the run it appeared in.
        iteration: number of updates after which the error was no longer finite.

    """

    seed: int
    iteration: int


@dataclass(frozen=True)
class Trajectories:
    """Frequency-domain errors of S runs at K iterations.

    Attributes:
        iterations: number of updates before each record, ascending, shape (K,).
        seeds: seed of each run, length S.
        e_tilde: for each optimizer ẽ = Ce, shape (S, K, d). After a failure, which ends all runs of
            that optimizer, the records are NaN.
        failures: for each optimizer that failed, where it did.

    """

    iterations: np.ndarray
    seeds: tuple[int, ...]
    e_tilde: Mapping[str, np.ndarray]
    failures: Mapping[str, Failure]


def log_spaced(iterations: int, points_per_decade: int = 50) -> np.ndarray:
    """Return 0, ``iterations``, and integers between at equal ratios, shape (K,), ascending.

    Raises:
        ValueError: either argument is smaller than 1.

    """
    _at_least_one("iterations", iterations)
    _at_least_one("points_per_decade", points_per_decade)
    points = 1 + int(np.ceil(points_per_decade * np.log10(iterations)))
    between = np.rint(np.geomspace(1, iterations, points)).astype(np.int64)
    return np.unique([0, *between, iterations])


def simulate(
    oracle: GradientOracle,
    e0_tilde: ArrayLike,
    *,
    learning_rate: float,
    iterations: int,
    seeds: Sequence[int] = (0,),
    optimizers: Sequence[str] = OPTIMIZERS,
    record_at: Iterable[int] | None = None,
    device: str = "auto",
    dtype: DTypeLike = np.float64,
    steps_per_block: int = _STEPS_PER_BLOCK,
    progress: Callable[[int, int], None] | None = None,
) -> Trajectories:
    """Train with each optimizer from each initial error, and keep the errors at given iterations.

    Runs with the same seed see the same minibatches, whatever their optimizer and initial error.
    An interrupt (Ctrl-C) is raised between two blocks of iterations.

    Args:
        oracle: where gradients come from; it carries the variances of the d frequencies.
        e0_tilde: initial error ẽ(0) = w̃(0) − w̃*, shape (d,), or (S, d) with one row a run.
        learning_rate: η > 0.
        iterations: number of updates.
        seeds: seed of each run, length S; repeat one to give runs the same minibatches.
        optimizers: names out of :data:`simulations.engine.optimizers.OPTIMIZERS`.
        record_at: iterations to record, besides 0 and the last; log-spaced ones by default.
        device: ``auto``, ``cpu`` or ``gpu``.
        dtype: float64 or float32, of the error and of the random numbers.
        steps_per_block: iterations between two calls of ``progress``; the result does not depend
            on it.
        progress: called with the number of iterations done and their total.

    Raises:
        ValueError: an argument is out of range; the message says what was expected.
        DeviceError: the device is not there.

    """
    d = len(oracle.sigma_tilde_sq)
    dtype = float_dtype(dtype)
    _at_least_one("iterations", iterations)
    if iterations > MAX_ITERATIONS:
        raise ValueError(f"iterations: expected at most {MAX_ITERATIONS}, got {iterations}")
    _at_least_one("steps_per_block", steps_per_block)
    _check_names(optimizers)
    if not (np.isfinite(learning_rate) and learning_rate > 0):
        raise ValueError(f"learning_rate: expected a finite number > 0, got {learning_rate}")
    runs = _checked_seeds(seeds)
    e0 = _rows_times(_initial_errors(e0_tilde, len(runs), d), dct_matrix(d))
    record = _record_times(record_at, iterations)
    with computing(device, dtype) as place:
        loops = {
            name: _Loop(oracle, name, learning_rate, e0.astype(dtype), record, place.platform)
            for name in optimizers
        }
        length = _block_length(oracle, len(runs), iterations, steps_per_block)
        for start in range(0, iterations, length):
            draws = _draw_block(runs, np.uint32(start), oracle=oracle, length=length)
            for loop in loops.values():
                loop.advance(start, length, draws)
            if progress is not None:
                progress(min(start + length, iterations), iterations)
    return Trajectories(
        iterations=record,
        seeds=tuple(map(int, runs)),
        e_tilde={name: _rows_times(loop.records, dct_matrix(d).T) for name, loop in loops.items()},
        failures={
            name: Failure(int(runs[loop.failed_at[1]]), loop.failed_at[0])
            for name, loop in loops.items()
            if loop.failed_at is not None
        },
    )


def memory_needed(
    oracle: GradientOracle, runs: int, iterations: int, optimizers: int, itemsize: int = 8
) -> int:
    """Return about how many bytes a run takes at its peak, with its two risks.

    A block holds draws, and as many numbers that they are made from; the errors of one optimizer,
    on the device and copied. All optimizers hold ẽ at the recorded iterations, in both domains, and
    two risks. What the libraries take themselves, some 0.4 GB, is left out.

    Args:
        oracle: where gradients come from.
        runs: number S of runs.
        iterations: number of updates, recorded as :func:`log_spaced` says.
        optimizers: how many of them.
        itemsize: bytes of a floating-point number.

    """
    d = len(oracle.sigma_tilde_sq)
    block = _block_length(oracle, runs, iterations, _STEPS_PER_BLOCK)
    of_a_block = block * 2 * (oracle.numbers_per_draw + d)
    of_records = optimizers * len(log_spaced(iterations)) * 2 * (d + 1)
    return itemsize * runs * (of_a_block + of_records)


class _Loop:
    """One optimizer on all runs: its state, its records, and where it failed if it did."""

    def __init__(
        self,
        oracle: GradientOracle,
        name: str,
        learning_rate: float,
        e0: np.ndarray,
        record: np.ndarray,
        platform: str,
    ) -> None:
        self.record = record
        self.records = np.full((len(e0), len(record), e0.shape[1]), np.nan, e0.dtype)
        self.records[:, 0] = e0
        self.failed_at: tuple[int, int] | None = None
        self._learning_rate = e0.dtype.type(learning_rate)
        self._carry = _start(jnp.asarray(e0), name)
        self._advance = partial(_advance, oracle=oracle, name=name, platform=platform)

    def advance(self, start: int, length: int, draws: Draw) -> None:
        """Go from iteration ``start`` through the ``length`` iterations of ``draws``."""
        if self.failed_at is not None:
            return
        self._carry, errors = self._advance(self._carry, draws, self._learning_rate, length=length)
        path = np.asarray(errors)
        last = min(start + path.shape[1], self.record[-1])
        # A component that is not finite stays so: updates only add to it.
        if not np.isfinite(path[:, last - start - 1]).all():
            last = self._locate_failure(start, path)
        kept = (start < self.record) & (self.record <= last)
        self.records[:, kept] = path[:, self.record[kept] - start - 1]

    def _locate_failure(self, start: int, path: np.ndarray) -> int:
        bad = ~np.isfinite(path).all(axis=-1)
        step = int(np.argmax(bad.any(axis=0)))
        self.failed_at = (start + step + 1, int(np.argmax(bad[:, step])))
        return start + step


def _rows_times(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    # BLAS rounds a row differently according to how many there are; einsum does not.
    return np.einsum("...j,jk->...k", rows, matrix.astype(rows.dtype))


def _block_length(oracle: GradientOracle, runs: int, iterations: int, steps_per_block: int) -> int:
    """Number of iterations in a block: blocks of one length fit a bounded memory.

    The last block may run past ``iterations``; with blocks of nearly equal size it does so by
    fewer iterations than there are blocks.
    """
    numbers_per_step = runs * (oracle.numbers_per_draw + len(oracle.sigma_tilde_sq))
    longest = max(1, min(steps_per_block, _NUMBERS_PER_BLOCK // numbers_per_step))
    blocks = -(-iterations // longest)
    return -(-iterations // blocks)


@partial(jax.jit, static_argnames=("oracle", "length"))
def _draw_block(seeds: jax.Array, start: jax.Array, *, oracle: GradientOracle, length: int) -> Draw:
    """Draws of iterations start, …, start + length − 1; leading axes (S, length)."""

    def one(seed: jax.Array, iteration: jax.Array) -> Draw:
        return oracle.draw(jax.random.fold_in(jax.random.key(seed), iteration))

    iterations = start + jnp.arange(length, dtype=np.uint32)
    return jax.vmap(lambda seed: jax.vmap(partial(one, seed))(iterations))(seeds)


@partial(jax.jit, static_argnames="name")
def _start(e0: jax.Array, name: str) -> tuple[jax.Array, Any]:
    # The state an optimizer starts in does not depend on the learning rate.
    return e0, jax.vmap(rule(name, 1.0).init)(e0)


@partial(jax.jit, static_argnames=("oracle", "name", "length", "platform"))
def _advance(
    carry: tuple[jax.Array, Any],
    draws: Draw,
    learning_rate: jax.Array,
    *,
    oracle: GradientOracle,
    name: str,
    length: int,
    platform: str,
) -> tuple[tuple[jax.Array, Any], jax.Array]:
    """One optimizer through a block; also the errors after each step, shape (S, length, d).

    On a CPU runs go one after another: XLA compiles a loop that touches less than about a kilobyte
    a step to plain machine code (0.1 µs a step of one run), but dispatches every operation of a
    wider one (2 µs a step). On other devices all runs go abreast.
    """
    update = rule(name, learning_rate).update

    def step(state: tuple[jax.Array, Any], draw: Draw) -> tuple[tuple[jax.Array, Any], jax.Array]:
        e, memory = state
        updates, memory = update(oracle.gradient(e, draw), memory)
        e = optax.apply_updates(e, updates)
        return (e, memory), e

    def run(arguments: tuple[Any, Draw]) -> tuple[tuple[jax.Array, Any], jax.Array]:
        return jax.lax.scan(step, *arguments, length=length)

    if platform == "cpu":
        return jax.lax.map(run, (carry, draws))
    return jax.vmap(run)((carry, draws))


def standard_risk(sigma_tilde_sq: ArrayLike, e_tilde: ArrayLike) -> np.ndarray:
    """Standard population risk (4.9 at ε = 0) of errors of shape (..., d); shape (...)."""
    with computing("cpu"):
        return np.asarray(_standard_risk(_residual_variance(sigma_tilde_sq, e_tilde)))


def adversarial_risk(
    sigma_tilde_sq: ArrayLike, e_tilde: ArrayLike, w_star_tilde: ArrayLike, epsilon: float
) -> np.ndarray:
    """Adversarial population risk (4.9) in the ℓ2 ball of radius ``epsilon``.

    Args:
        sigma_tilde_sq: variances σ̃_i², shape (d,).
        e_tilde: errors ẽ = w̃ − w̃*, shape (..., d).
        w_star_tilde: true weights w̃*, shape (d,).
        epsilon: radius ε ≥ 0.

    Returns:
        The risk of each error, shape (...).

    """
    with np.errstate(over="ignore"):  # a diverging error may have an infinite risk
        rho = epsilon * np.linalg.norm(np.asarray(e_tilde) + np.asarray(w_star_tilde), axis=-1)
    with computing("cpu"):
        return np.asarray(_adversarial_risk(_residual_variance(sigma_tilde_sq, e_tilde), rho))


def _residual_variance(sigma_tilde_sq: ArrayLike, e_tilde: ArrayLike) -> np.ndarray:
    e = np.asarray(e_tilde, np.float64)
    variances = np.broadcast_to(np.asarray(sigma_tilde_sq, np.float64), e.shape)
    return np.asarray(_variance_coordinate(variances, e)).sum(axis=-1)


_standard_risk = jax.jit(compile_formula(risk.standard_risk))
_adversarial_risk = jax.jit(compile_formula(risk.adversarial_risk))
_variance_coordinate = jax.jit(
    compile_formula(lambda sigma_sq, e: risk.residual_variance([sigma_sq], [e]))
)


def _at_least_one(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name}: expected an integer >= 1, got {value}")


def _check_names(optimizers: Sequence[str]) -> None:
    for name in optimizers:
        rule(name, 1.0)
    if not optimizers or len(set(optimizers)) < len(optimizers):
        raise ValueError(
            f"optimizers: expected at least one, each once, got {', '.join(optimizers) or 'none'}"
        )


def _checked_seeds(seeds: Sequence[int]) -> np.ndarray:
    if not len(seeds):
        raise ValueError("seeds: expected at least one, got none")
    if not all(0 <= seed <= MAX_SEED for seed in seeds):
        raise ValueError(f"seeds: expected integers from 0 to {MAX_SEED}, got {list(seeds)}")
    return np.asarray(seeds, np.uint32)


def _initial_errors(e0_tilde: ArrayLike, runs: int, d: int) -> np.ndarray:
    e0 = np.asarray(e0_tilde, np.float64)
    if e0.shape not in ((d,), (runs, d)):
        raise ValueError(f"e0_tilde: expected shape ({d},) or ({runs}, {d}), got {e0.shape}")
    if not np.isfinite(e0).all():
        raise ValueError(f"e0_tilde: expected finite numbers, got {e0.tolist()}")
    return np.broadcast_to(e0, (runs, d))


def _record_times(record_at: Iterable[int] | None, iterations: int) -> np.ndarray:
    if record_at is None:
        return log_spaced(iterations)
    times = np.unique([0, *record_at, iterations])
    if times[0] < 0 or times[-1] > iterations:
        raise ValueError(
            f"record_at: expected iterations from 0 to {iterations}, got {times[0]} to {times[-1]}"
        )
    return times
