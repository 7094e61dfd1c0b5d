"""Training runs in any dimension: each with its own problem, rule's numbers and random numbers.

The state is the error e = w − w* rather than w: every gradient is a function of e alone and w* is
constant, so the sequence is the same in exact arithmetic, and an error far smaller than w* keeps
all its digits.

Gradients are those of :mod:`simulations.engine.gradients`. As a rule they are in the frequency
domain: GD, momentum and Nesterov commute with the DCT (:class:`simulations.engine.kinds.Kind`) and
run there throughout, w̃(t) = Cw(t), so that a step costs O(d); every other rule acts in space, and a
step costs one fast DCT and one inverse besides. An oracle in space, by the matrix C, is given
instead for few dimensions.

Each rule has a compiled loop of its own, which does not depend on the others that are trained with
it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import DTypeLike

from simulations.engine.arguments import (
    Rules,
    at_least_one,
    check_memory,
    check_oracle,
    check_pair,
    form_and_numbers,
    record_times,
    samples_of,
    transform_for,
)
from simulations.engine.compile import dct_matrix
from simulations.engine.device import computing, float_dtype
from simulations.engine.gradients import Draw, GradientOracle, InFrequency
from simulations.engine.outcome import Failure, Outcome
from simulations.engine.program import Batch, abreast, advance, begin, draw
from simulations.engine.rules import Form, Pair
from simulations.engine.runs import Runs
from simulations.engine.transform import Transform

# Of draws, which are made from as many others; and of updates, where there are none.
_DRAWN_PER_LAUNCH: Final = 2**21
_UPDATED_PER_LAUNCH: Final = 2**23
_STEPS_PER_LAUNCH: Final = 2**14
# Launches of one length, of which fewer would have another for the sake of the last.
_MANY: Final = 8
# Arrays of a run's size that a launch holds beside the records.
_ARRAYS_PER_RUN: Final = 12


def train(runs: Runs, rules: Rules, *, iterations: int, **options: Any) -> Outcome:
    """Train every run, and keep the errors at the last and other given iterations.

    Args:
        runs: problems, initial weights and seeds of S runs.
        rules: one for all runs, or one for each, alike but for their numbers. Or one's own, for all
            runs: an ``(init, update)`` pair as optax has them, which sees one run's weights and
            gradients in space, of shape (d,).
        iterations: number of updates.
        options: those of :func:`train_each`, which says what is raised.

    """
    return train_each(runs, {"": rules}, iterations=iterations, **options)[""]


def train_each(
    runs: Runs,
    rules: Mapping[str, Rules],
    *,
    iterations: int,
    samples_per_step: int | Sequence[int] | None = None,
    oracle: GradientOracle | None = None,
    record_at: Iterable[int] = (),
    device: str = "auto",
    dtype: DTypeLike = np.float64,
    transform: Transform | None = None,
    steps_per_launch: int = _STEPS_PER_LAUNCH,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Outcome]:
    """Train every run by each of several rules, which see the same minibatches.

    An interrupt (Ctrl-C) is raised between two launches.

    Args:
        runs: problems, initial weights and seeds of S runs.
        rules: by name, each as :func:`train` takes them.
        iterations: number of updates.
        samples_per_step: inputs n in a minibatch, for all runs or for each; the population
            gradient if left out.
        oracle: of gradients in space, in place of ``samples_per_step``; the runs have its spectrum.
        record_at: iterations to record besides the last; 0 is the start.
        device: ``auto``, ``cpu`` or ``gpu``.
        dtype: float64 or float32, of errors and random numbers.
        transform: to the frequency domain and back; by default the fast one, or none for a rule
            that commutes with it. Others serve to check these.
        steps_per_launch: updates between two calls of ``progress``; the result does not depend on
            it.
        progress: called with the number of updates done and their total.

    Returns:
        What came of each rule, by its name.

    Raises:
        UserError: an argument is out of range, or the records do not fit into memory.
        ValueError: ``dtype`` is neither float64 nor float32.
        DeviceError: the device is not there.

    """
    dtype = float_dtype(dtype)
    forms = {name: form_and_numbers(of, len(runs)) for name, of in rules.items()}
    record = record_times(iterations, record_at)
    at_least_one("steps_per_launch", steps_per_launch)
    samples = samples_of(samples_per_step, len(runs))
    if oracle is not None:
        check_oracle(oracle, runs, samples)
    numbers = _numbers_per_draw(runs.d, samples, oracle)
    length = launch_length(iterations, len(runs), runs.d, numbers, steps_per_launch)
    of_a_run = {"records": len(record), "drawn": length * numbers, "rules": len(rules)}
    check_memory(memory_needed(len(runs), runs.d, **of_a_run, dtype=dtype), runs)
    with computing(device, dtype) as place:
        loops = {
            name: _Loop(runs, form, {**samples, **of}, oracle, transform, record, dtype, place)
            for name, (form, of) in forms.items()
        }
        for launch in _launches(record, length):
            draws = next(iter(loops.values())).draws(launch.start, length) if numbers else ()
            for loop in loops.values():
                loop.advance(launch, draws)
            if progress is not None:
                progress(launch.stop, iterations)
            if all(loop.is_over for loop in loops.values()):
                break
    return {name: loop.outcome() for name, loop in loops.items()}


def log_spaced(iterations: int, points_per_decade: int = 50) -> np.ndarray:
    """Return 0, ``iterations``, and integers between at equal ratios, shape (K,), ascending.

    Raises:
        UserError: either argument is smaller than 1.

    """
    at_least_one("iterations", iterations)
    at_least_one("points_per_decade", points_per_decade)
    points = 1 + int(np.ceil(points_per_decade * np.log10(iterations)))
    between = np.rint(np.geomspace(1, iterations, points)).astype(np.int64)
    return np.unique([0, *between, iterations])


def launch_length(
    iterations: int, runs: int, d: int, drawn: int, steps_per_launch: int = _STEPS_PER_LAUNCH
) -> int:
    """Return the number of updates in a launch, whose draws fit a bounded memory.

    All have one length, of which few are compiled: it has three binary digits where the iterations
    bound it. The last may draw for more than is left; of few launches, hardly more than is needed.

    Args:
        iterations: number of updates.
        runs: number S of runs.
        d: their dimension.
        drawn: numbers that a run draws at an update.
        steps_per_launch: the most.

    """
    unit = 1 << max(0, iterations.bit_length() - 3)
    enough = -(-iterations // unit) * unit
    fitting = _DRAWN_PER_LAUNCH // (runs * drawn) if drawn else _UPDATED_PER_LAUNCH // (runs * d)
    longest = max(1, min(steps_per_launch, enough, fitting))
    launches = -(-iterations // longest)
    return -(-iterations // launches) if 1 < launches <= _MANY else longest


def memory_needed(
    runs: int, d: int, *, records: int, drawn: int, rules: int, dtype: DTypeLike
) -> int:
    """Return about how many bytes training takes at its peak, with two risks of each record.

    What the libraries take themselves, some 0.4 GB, is left out.

    Args:
        runs: number S of runs.
        d: their dimension.
        records: how many iterations are recorded.
        drawn: numbers that a launch draws for a run, from as many others.
        rules: how many rules are trained.
        dtype: of the numbers.

    """
    of_rules = rules * (records * 2 * (d + 1) + _ARRAYS_PER_RUN * d)
    return np.dtype(dtype).itemsize * runs * (2 * drawn + of_rules)


class _Launch(NamedTuple):
    """Some updates.

    Attributes:
        start: number of updates before it.
        stop: and after it.
        stops: where errors are kept: at records, and at its end; filled up to one length, shape
            (R,).
        kept: how many of these there are.
        here: which records they are, all but the end if that is none, shape (K,).

    """

    start: int
    stop: int
    stops: np.ndarray
    kept: int
    here: np.ndarray


def _launches(record: np.ndarray, length: int) -> Iterator[_Launch]:
    """Yield the launches that record at some iterations, the last of which is the end."""
    last = int(record[-1])
    starts = np.arange(0, last, length)
    most = 1 + int(np.diff(np.searchsorted(record, [*starts, last], side="right")).max())
    for start in starts.tolist():
        stop = min(start + length, last)
        here = (start < record) & (record <= stop)
        stops = np.full(most, stop, np.uint32)
        recorded = record[here]
        stops[: len(recorded)] = recorded
        yield _Launch(start, stop, stops, len(recorded) + int(stop not in recorded), here)


class _Loop:
    """One rule on all runs: its state and its records.

    Attributes:
        is_over: whether no run is finite any more.

    """

    def __init__(
        self,
        runs: Runs,
        form: Form | Pair,
        numbers: dict[str, np.ndarray],
        oracle: GradientOracle | None,
        transform: Transform | None,
        record: np.ndarray,
        dtype: np.dtype,
        place: jax.Device,
    ) -> None:
        if not isinstance(form, Form):
            check_pair(form, runs.d, dtype)
        self._runs, self._record, self._form = runs, record, form
        chosen = transform_for(form, transform)
        self._gradients = oracle or InFrequency(chosen, "samples" in numbers)
        self._outside = _jitted(chosen) if oracle is None else _by_matrix(runs.d)
        w_star = np.asarray(self._outside.inverse(runs.w_star_tilde.astype(dtype)))
        given = {**numbers, "sigma_tilde_sq": runs.sigma_tilde_sq, "w_star": w_star}
        own = {k for k, v in given.items() if v.ndim == (2 if k in _VECTORS else 1)}
        self._batch = Batch(
            shared={k: jnp.asarray(v, dtype) for k, v in given.items() if k not in own},
            own={k: jnp.asarray(given[k], dtype) for k in sorted(own)},
            seeds=jnp.asarray(runs.seeds, np.uint32),
        )
        e0 = np.asarray(self._outside.inverse(runs.initial_errors)).astype(dtype)
        self._state = begin(self._batch, jnp.asarray(e0), form=form)
        self._together = abreast(len(runs), runs.d, place.platform, in_space=oracle is not None)
        self._e_tilde = np.full((len(runs), len(record), runs.d), np.nan, dtype)
        self._e_tilde[:, record == 0] = np.asarray(self._outside.forward(e0))[:, None]
        self._good, self._done = np.zeros(len(runs), np.uint32), 0
        self.is_over = False

    def draws(self, start: int, length: int) -> Draw:
        """Return draws for ``length`` iterations from ``start`` on."""
        return draw(self._batch, np.uint32(start), gradients=self._gradients, length=length)

    def advance(self, launch: _Launch, draws: Draw) -> None:
        """Go through a launch, and record."""
        if self.is_over:
            return
        self._state, errors = advance(
            self._batch,
            self._state,
            draws,
            np.uint32(launch.start),
            launch.stops,
            np.int32(launch.kept),
            gradients=self._gradients,
            form=self._form,
            together=self._together,
        )
        if launch.here.any():
            kept = np.asarray(self._outside.forward(errors))
            self._e_tilde[:, launch.here] = kept[:, : launch.here.sum()]
        self._good, self._done = np.asarray(self._state.good), launch.stop
        self.is_over = bool((self._good < self._done).all())

    def outcome(self) -> Outcome:
        """Return where the runs are."""
        runs, good, record = self._runs, self._good, self._record
        failures = tuple(
            Failure(int(run), runs.seeds[run], int(good[run]) + 1)
            for run in np.flatnonzero(good < self._done)
        )
        for failure in failures:
            self._e_tilde[failure.run, record >= failure.iteration] = np.nan
        return Outcome(runs, record, self._e_tilde, failures)


class _Rows(NamedTuple):
    """Maps of rows to the frequency domain and back, outside the loop."""

    forward: Callable[[Any], Any]
    inverse: Callable[[Any], Any]


_VECTORS: Final = ("sigma_tilde_sq", "w_star")


def _jitted(transform: Transform) -> _Rows:
    return _Rows(jax.jit(transform.forward), jax.jit(transform.inverse))


def _by_matrix(d: int) -> _Rows:
    """Products with C and Cᵀ of arrays of numpy, outside the loop of an oracle in space."""

    def times(rows: Any, matrix: np.ndarray) -> Any:
        # BLAS rounds a row differently according to how many there are; einsum does not.
        return np.einsum("...j,jk->...k", np.asarray(rows), matrix.astype(rows.dtype))

    return _Rows(lambda x: times(x, dct_matrix(d).T), lambda x: times(x, dct_matrix(d)))


def _numbers_per_draw(d: int, samples: Mapping[str, Any], oracle: GradientOracle | None) -> int:
    if oracle is not None:
        return oracle.numbers_per_draw
    return 1 + d if samples else 0
