"""Training runs in any dimension: each with its own problem, rule's numbers and random numbers.

Gradients are those of :mod:`simulations.gradients`, in the frequency domain, where they cost O(d):
Σ̃ẽ for the population, and by the exact law of a minibatch Σ̃^{1/2}Sv with v = Σ̃^{1/2}ẽ, see
:mod:`theory.minibatch`. Nothing of size d × d is formed.

GD, momentum and Nesterov commute with the DCT (:class:`simulations.explore.rules.Kind`): they run
in the frequency domain throughout, w̃(t) = Cw(t), and a step costs O(d). Every other rule acts in
space, and a step costs one DCT and one inverse besides.

The state is the error e = w − w*, as in :mod:`simulations.simulate`, and random numbers come from
the key fold_in(key(seed), iteration): they depend on the seed and the iteration only, so that all
rules of one seed see the same minibatches. A draw is χ²_n and d normal numbers; those of
frequencies without variance meet a factor zero.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import DTypeLike

from simulations.compile import compile_formula
from simulations.device import computing, float_dtype, main_memory
from simulations.explore.rules import KINDS, Form, Rule, pair
from simulations.explore.spectrum import Runs
from simulations.explore.transform import FAST, IDENTITY, Transform
from simulations.gradients import MAX_SAMPLES, norm_and_direction
from simulations.simulate import MAX_ITERATIONS, adversarial_risk, standard_risk
from theory.dynamics import gd_step
from theory.errors import UserError
from theory.minibatch import gradient_response

# Numbers of one array that runs advanced together on a CPU have: their state stays in the cache.
_NUMBERS_ABREAST: Final = 2**15
_STEPS_PER_LAUNCH: Final = 1000
_DRAWS_PER_LAUNCH: Final = 2**22
# Arrays of a run's size that a launch holds beside the records.
_ARRAYS_PER_RUN: Final = 12
_GIB: Final = 2**30


class Failure(NamedTuple):
    """The first NaN or infinity of one run.

    Attributes:
        run: its index.
        seed: its seed.
        iteration: number of updates after which the error was no longer finite.

    """

    run: int
    seed: int
    iteration: int


@dataclass(frozen=True)
class Outcome:
    """Where S runs are at K iterations.

    Attributes:
        runs: what was trained.
        iterations: number of updates before each record, ascending, shape (K,).
        e_tilde: frequency-domain errors ẽ = w̃ − w̃*, shape (S, K, d); NaN from a run's failure on.
        failures: the runs that did not stay finite.

    """

    runs: Runs
    iterations: np.ndarray
    e_tilde: np.ndarray
    failures: tuple[Failure, ...]

    @property
    def w_tilde(self) -> np.ndarray:
        """Frequency-domain weights at the recorded iterations, shape (S, K, d)."""
        return np.asarray(self.e_tilde + _as_rows(self.runs.w_star_tilde)[:, None])

    def standard_risk(self) -> np.ndarray:
        """Standard population risk of every record, shape (S, K)."""
        return standard_risk(_as_rows(self.runs.sigma_tilde_sq)[:, None], self.e_tilde)

    def adversarial_risk(self, epsilon: float) -> np.ndarray:
        """Adversarial population risk (4.9) of every record in the ℓ2 ball of radius ``epsilon``.

        Returns:
            Shape (S, K).

        Raises:
            UserError: ``epsilon`` is negative or not finite.

        """
        if not (np.isfinite(epsilon) and epsilon >= 0):
            raise UserError(f"epsilon: expected a finite radius >= 0, got {epsilon}")
        variances, w_star = (
            _as_rows(x)[:, None] for x in (self.runs.sigma_tilde_sq, self.runs.w_star_tilde)
        )
        return adversarial_risk(variances, self.e_tilde, w_star, epsilon)


def train(
    runs: Runs,
    rules: Rule | Sequence[Rule],
    *,
    iterations: int,
    samples_per_step: int | Sequence[int] | None = None,
    record_at: Iterable[int] = (),
    device: str = "auto",
    dtype: DTypeLike = np.float64,
    transform: Transform | None = None,
    steps_per_launch: int = _STEPS_PER_LAUNCH,
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Train every run, and keep the errors at the last and other given iterations.

    An interrupt (Ctrl-C) is raised between two launches.

    Args:
        runs: problems, initial weights and seeds of S runs.
        rules: one for all runs, or one for each, alike but for their numbers.
        iterations: number of updates.
        samples_per_step: inputs n in a minibatch, for all runs or for each; the population
            gradient if left out.
        record_at: iterations to record besides the last; 0 is the start.
        device: ``auto``, ``cpu`` or ``gpu``.
        dtype: float64 or float32, of errors and random numbers.
        transform: to the frequency domain and back; by default the fast one, or none for a rule
            that commutes with it. Others serve to check these.
        steps_per_launch: updates between two calls of ``progress``; the result does not depend on
            it.
        progress: called with the number of updates done and their total.

    Raises:
        UserError: an argument is out of range, or the records do not fit into memory.
        ValueError: ``dtype`` is neither float64 nor float32.
        DeviceError: the device is not there.

    """
    dtype = float_dtype(dtype)
    form, numbers = _form_and_numbers(rules, len(runs))
    record = _record_times(iterations, record_at)
    _at_least_one("steps_per_launch", steps_per_launch)
    _check_memory(len(runs), runs.d, len(record), dtype.itemsize)
    chosen = _transform_for(form, transform)
    given = {
        "sigma_tilde_sq": runs.sigma_tilde_sq,
        "w_star_tilde": runs.w_star_tilde,
        **_samples(samples_per_step, len(runs)),
        **numbers,
    }
    with computing(device, dtype) as place:
        groups = _Groups.of(len(runs), runs.d, place.platform)
        batch = _Batch(
            shared={k: jnp.asarray(v, dtype) for k, v in given.items() if not _is_own(k, v)},
            own={k: groups.split(v, dtype) for k, v in given.items() if _is_own(k, v)},
            seeds=groups.split(runs.seeds, np.uint32),
        )
        e0_tilde = np.broadcast_to(runs.w0_tilde - runs.w_star_tilde, (len(runs), runs.d))
        program = {"form": form, "transform": chosen}
        state = _start(batch, groups.split(e0_tilde, dtype), **program)
        e_tilde = np.full((len(runs), len(record), runs.d), np.nan, dtype)
        longest = _longest_launch(steps_per_launch, iterations, len(runs))
        q = None
        for start, stop in _launches(record, longest):
            if "samples" in given and start % longest == 0:
                q = _chi_squares(batch, np.uint32(start), length=longest)
            state = _advance(batch, state, q, np.array([start, stop], np.uint32), **program)
            good = groups.join(state.good)
            if stop in record:
                e_tilde[:, record == stop] = groups.join(_errors(state, chosen))[:, None]
            if progress is not None and stop:
                progress(stop, iterations)
            if (good < stop).all():
                break
    failures = tuple(
        Failure(int(run), runs.seeds[run], int(good[run]) + 1)
        for run in np.flatnonzero(good < stop)
    )
    for failure in failures:
        e_tilde[failure.run, record >= failure.iteration] = np.nan
    return Outcome(runs, record, e_tilde, failures)


class _Batch(NamedTuple):
    """What stays the same through all updates.

    Attributes:
        shared: numbers and vectors of all runs, by name; scalars and shape (d,).
        own: the same of each run, with two leading axes: groups and runs of a group.
        seeds: shape (groups, runs of a group).

    """

    shared: dict[str, jax.Array]
    own: dict[str, jax.Array]
    seeds: jax.Array


class _State(NamedTuple):
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
class _Groups:
    """How S runs are put into groups that advance together; run S − 1 fills up the last."""

    runs: int
    groups: int
    abreast: int

    @classmethod
    def of(cls, runs: int, d: int, platform: str) -> "_Groups":
        """Groups that fit the cache of a CPU; on other devices all runs go abreast."""
        most = max(1, _NUMBERS_ABREAST // d) if platform == "cpu" else runs
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


def _is_own(name: str, value: np.ndarray) -> bool:
    """Whether each run has its own: a row of a matrix, or an entry of what is a number for all."""
    return value.ndim == (2 if name in ("sigma_tilde_sq", "w_star_tilde") else 1)


@partial(jax.jit, static_argnames=("form", "transform"))
def _start(batch: _Batch, e0_tilde: jax.Array, *, form: Form, transform: Transform) -> _State:
    def one(own: dict[str, jax.Array], e_tilde: jax.Array) -> _State:
        e = transform.inverse(e_tilde)
        memory = pair(form, {**batch.shared, **own}).init(e)
        # A run is finite before its first update: its weights have been checked.
        return _State(e, memory, jnp.zeros((), np.uint32))

    return jax.lax.map(lambda group: jax.vmap(one)(*group), (batch.own, e0_tilde))


@partial(jax.jit, static_argnames=("form", "transform"))
def _advance(
    batch: _Batch,
    state: _State,
    q: jax.Array | None,
    span: jax.Array,
    *,
    form: Form,
    transform: Transform,
) -> _State:
    """Updates start + 1, …, stop of all runs, in one launch; ``span`` is (start, stop).

    ``q`` holds the χ²_n of a block of iterations, a multiple of its length from the first, in
    which the launch lies.
    """

    def one(
        own: dict[str, jax.Array], seed: jax.Array, state: _State, q: jax.Array | None
    ) -> _State:
        given = {**batch.shared, **own}
        w_star = transform.inverse(given["w_star_tilde"])
        update = pair(form, given).update
        key = jax.random.key(seed)

        def step(t: jax.Array, state: _State) -> _State:
            e_tilde = transform.forward(state.e)
            if q is None:
                g_tilde = _population_coordinate(e_tilde, given["sigma_tilde_sq"])
            else:
                _, for_g = _keys(key, t)
                g_tilde = _minibatch_gradient(e_tilde, given, q[t % len(q)], for_g)
            change, memory = update(transform.inverse(g_tilde), state.memory, state.e + w_star)
            e = state.e + change
            return _State(e, memory, state.good + jnp.isfinite(e).all())

        return jax.lax.fori_loop(span[0], span[1], step, state)

    return jax.lax.map(lambda group: jax.vmap(one)(*group), (batch.own, batch.seeds, state, q))


@partial(jax.jit, static_argnames="transform")
def _errors(state: _State, transform: Transform) -> jax.Array:
    return jax.lax.map(transform.forward, state.e)


@partial(jax.jit, static_argnames="length")
def _chi_squares(batch: _Batch, start: jax.Array, *, length: int) -> jax.Array:
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
    return root * _response_coordinate(norm, given["samples"], q, u, g_orthogonal)


# Σ̃ẽ, which (4.11) subtracts from ẽ at η = 1.
_population_coordinate = compile_formula(lambda e, sigma_sq: e - gd_step(e, sigma_sq, 1))
_response_coordinate = compile_formula(gradient_response)


def _as_rows(x: np.ndarray) -> np.ndarray:
    """Shape (d,) to (1, d); (S, d) stays."""
    return np.atleast_2d(x)


def _form_and_numbers(
    rules: Rule | Sequence[Rule], runs: int
) -> tuple[Form, dict[str, np.ndarray]]:
    """The program of the rules, and their numbers: scalars of one rule, shape (S,) of several."""
    if isinstance(rules, Rule):
        return rules.form, {name: np.array(x) for name, x in rules.numbers.items()}
    if len(rules) != runs:
        raise UserError(f"rules: expected one, or one for each of {runs} runs, got {len(rules)}")
    forms = [rule.form for rule in rules]
    alike = {(form.name, form.schedule) for form in forms}
    if len(alike) > 1:
        found = " and ".join(f"{name} ({schedule})" for name, schedule in sorted(alike, key=str))
        raise UserError(f"rules: expected one rule and schedule for all runs, got {found}")
    form = forms[0]._replace(
        penalised=any(form.penalised for form in forms), decayed=any(form.decayed for form in forms)
    )
    return form, {
        name: np.array([rule.numbers[name] for rule in rules]) for name in rules[0].numbers
    }


def _samples(samples_per_step: int | Sequence[int] | None, runs: int) -> dict[str, np.ndarray]:
    if samples_per_step is None:
        return {}
    samples = np.asarray(samples_per_step)
    if samples.dtype.kind not in "iu" or samples.shape not in ((), (runs,)):
        raise UserError(
            f"samples_per_step: expected an integer, or one for each of {runs} runs, "
            f"got {samples_per_step!r}"
        )
    if samples.min() < 1 or samples.max() > MAX_SAMPLES:
        raise UserError(
            f"samples_per_step: expected from 1 to {MAX_SAMPLES}, got {samples_per_step!r}"
        )
    return {"samples": samples}


def _record_times(iterations: int, record_at: Iterable[int]) -> np.ndarray:
    _at_least_one("iterations", iterations)
    if iterations >= MAX_ITERATIONS:
        raise UserError(f"iterations: expected below {MAX_ITERATIONS}, got {iterations}")
    times = np.unique([*record_at, iterations])
    if times.dtype.kind not in "iu" or times[0] < 0 or times[-1] > iterations:
        raise UserError(
            f"record_at: expected integers from 0 to {iterations}, got {times[0]} to {times[-1]}"
        )
    return times


def _longest_launch(steps_per_launch: int, iterations: int, runs: int) -> int:
    """Number of updates in the longest launch: the χ²_n of all runs fit a bounded memory.

    Rounded up to a power of two where few iterations bound it, so that few lengths are compiled.
    """
    enough = 1 << (iterations - 1).bit_length()
    return max(1, min(steps_per_launch, enough, _DRAWS_PER_LAUNCH // runs))


def _launches(record: np.ndarray, longest: int) -> list[tuple[int, int]]:
    """Where launches start and stop: at every record, and after ``longest`` updates at the most."""
    stops = np.union1d(record, np.arange(longest, record[-1], longest)).tolist()
    return list(zip([0, *stops], stops, strict=False))


def _transform_for(form: Form, asked: Transform | None) -> Transform:
    commutes = KINDS[form.name].commutes
    if asked is None:
        return IDENTITY if commutes else FAST
    if asked is IDENTITY and not commutes:
        raise UserError(
            f"transform: expected one to the frequency domain and back, as {form.name} acts in "
            "space; got the identity"
        )
    return asked


def _check_memory(runs: int, d: int, records: int, itemsize: int) -> None:
    needed = itemsize * runs * d * (2 * records + _ARRAYS_PER_RUN)
    if needed > main_memory():
        raise UserError(
            f"runs, record_at: expected records that fit into the {main_memory() / _GIB:.1f} GiB "
            f"of memory of this machine, got {runs} runs of dimension {d} at {records} iterations, "
            f"which take about {needed / _GIB:.1f} GiB. Take fewer runs at once, or fewer records"
        )


def _at_least_one(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise UserError(f"{name}: expected an integer >= 1, got {value!r}")
