"""Training runs in any dimension: each with its own problem, rule's numbers and random numbers.

Gradients are those of :mod:`simulations.engine.gradients`, in the frequency domain, where they cost
O(d): Σ̃ẽ for the population, and by the exact law of a minibatch Σ̃^{1/2}Sv with v = Σ̃^{1/2}ẽ, see
:mod:`theory.model.minibatch`. Nothing of size d × d is formed.

GD, momentum and Nesterov commute with the DCT (:class:`simulations.engine.kinds.Kind`): they run
in the frequency domain throughout, w̃(t) = Cw(t), and a step costs O(d). Every other rule acts in
space, and a step costs one DCT and one inverse besides.

The state is the error e = w − w*, as in :mod:`simulations.engine.simulate`, and random numbers come
from the key fold_in(key(seed), iteration): they depend on the seed and the iteration only, so that
all rules of one seed see the same minibatches. A draw is χ²_n and d normal numbers; those of
frequencies without variance meet a factor zero.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import DTypeLike

from simulations.engine.device import computing, float_dtype, main_memory
from simulations.engine.gradients import MAX_SAMPLES
from simulations.engine.outcome import Failure, Outcome
from simulations.engine.program import Batch, Groups, advance, begin, chi_squares, errors_of
from simulations.engine.rules import KINDS, Form, Pair, Rule
from simulations.engine.simulate import MAX_ITERATIONS
from simulations.engine.spectrum import Runs
from simulations.engine.transform import FAST, IDENTITY, Transform
from theory.common.errors import UserError

_STEPS_PER_LAUNCH: Final = 1000
_DRAWS_PER_LAUNCH: Final = 2**22
# Arrays of a run's size that a launch holds beside the records.
_ARRAYS_PER_RUN: Final = 12
_GIB: Final = 2**30


def train(
    runs: Runs,
    rules: Rule | Sequence[Rule] | Pair,
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
        rules: one for all runs, or one for each, alike but for their numbers. Or one's own, for all
            runs: an ``(init, update)`` pair as optax has them, which sees one run's weights and
            gradients in space, of shape (d,).
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
        if not isinstance(form, Form):
            _check_pair(form, runs.d, dtype)
        groups = Groups.of(len(runs), runs.d, place.platform)
        batch = Batch(
            shared={k: jnp.asarray(v, dtype) for k, v in given.items() if not _is_own(k, v)},
            own={k: groups.split(v, dtype) for k, v in given.items() if _is_own(k, v)},
            seeds=groups.split(runs.seeds, np.uint32),
        )
        e0_tilde = np.broadcast_to(runs.w0_tilde - runs.w_star_tilde, (len(runs), runs.d))
        program = {"form": form, "transform": chosen}
        state = begin(batch, groups.split(e0_tilde, dtype), **program)
        e_tilde = np.full((len(runs), len(record), runs.d), np.nan, dtype)
        longest = _longest_launch(steps_per_launch, iterations, len(runs))
        q = None
        for start, stop in _launches(record, longest):
            if "samples" in given and start % longest == 0:
                q = chi_squares(batch, np.uint32(start), length=longest)
            state = advance(batch, state, q, np.array([start, stop], np.uint32), **program)
            good = groups.join(state.good)
            if stop in record:
                e_tilde[:, record == stop] = groups.join(errors_of(state, chosen))[:, None]
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


def _is_own(name: str, value: np.ndarray) -> bool:
    """Whether each run has its own: a row of a matrix, or an entry of what is a number for all."""
    return value.ndim == (2 if name in ("sigma_tilde_sq", "w_star_tilde") else 1)


def _form_and_numbers(
    rules: Rule | Sequence[Rule] | Pair, runs: int
) -> tuple[Form | Pair, dict[str, np.ndarray]]:
    """The program of the rules, and their numbers: scalars of one rule, shape (S,) of several."""
    if isinstance(rules, optax.GradientTransformation):
        return rules, {}
    if isinstance(rules, Rule):
        return rules.form, {name: np.array(x) for name, x in rules.numbers.items()}
    if not isinstance(rules, Sequence) or not all(isinstance(rule, Rule) for rule in rules):
        raise UserError(
            "rules: expected what update_rule returns, one or a list with one for each of "
            f"{runs} runs, or an (init, update) pair of optax, got {rules!r:.80}"
        )
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


def _check_pair(pair: Pair, d: int, dtype: np.dtype) -> None:
    """Check that a pair takes and gives arrays of one run, and a state of one shape; costs no time.

    Raises:
        UserError: it does not.

    """
    w = jax.ShapeDtypeStruct((d,), dtype)
    try:
        state = jax.eval_shape(pair.init, w)
        change, after = jax.eval_shape(pair.update, w, state, w)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"rules: expected a pair init(w), update(g, state, w), got one that fails: {error}"
        ) from error
    given, got = (jax.tree.map(_kind, of) for of in ((w, state), (change, after)))
    if given != got:
        raise UserError(
            "rules: expected a pair whose update returns a change like the weights and a state "
            f"like the one it gets, {given}, got {got}"
        )


def _kind(x: jax.ShapeDtypeStruct) -> str:
    return f"{x.dtype}{x.shape}"


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


def _transform_for(form: Form | Pair, asked: Transform | None) -> Transform:
    commutes = isinstance(form, Form) and KINDS[form.name].commutes
    if asked is None:
        return IDENTITY if commutes else FAST
    if asked is IDENTITY and not commutes:
        raise UserError(
            "transform: expected one to the frequency domain and back, as "
            f"{form.name if isinstance(form, Form) else 'the pair'} acts in space; got the identity"
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
