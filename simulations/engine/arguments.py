"""Arguments of training: read, and checked before long work starts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import jax
import numpy as np
import optax

from simulations.engine.device import main_memory
from simulations.engine.gradients import MAX_SAMPLES, GradientOracle
from simulations.engine.rules import KINDS, Form, Pair, Rule
from simulations.engine.runs import Runs
from simulations.engine.transform import FAST, IDENTITY, Transform
from theory.common.errors import UserError

# Random numbers are keyed by the iteration as 32 bits: from here on they would repeat.
MAX_ITERATIONS: Final = 2**32
_GIB: Final = 2**30

Rules: TypeAlias = Rule | Sequence[Rule] | Pair
"""A rule of all runs, or one for each, or an ``(init, update)`` pair."""


def form_and_numbers(rules: Rules, runs: int) -> tuple[Form | Pair, dict[str, np.ndarray]]:
    """Return the program of rules, and their numbers: scalars of one rule, shape (S,) of several.

    Raises:
        UserError: they are no rules, or not one for each run, or not alike.

    """
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


def check_pair(pair: Pair, d: int, dtype: np.dtype) -> None:
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


def samples_of(samples_per_step: int | Sequence[int] | None, runs: int) -> dict[str, np.ndarray]:
    """Return the inputs in a minibatch by name, or nothing; raises UserError."""
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


def record_times(iterations: int, record_at: Iterable[int]) -> np.ndarray:
    """Return the iterations to record and the last, ascending, shape (K,); raises UserError."""
    at_least_one("iterations", iterations)
    if iterations >= MAX_ITERATIONS:
        raise UserError(f"iterations: expected below {MAX_ITERATIONS}, got {iterations}")
    times = np.unique([*record_at, iterations])
    if times.dtype.kind not in "iu" or times[0] < 0 or times[-1] > iterations:
        raise UserError(
            f"record_at: expected integers from 0 to {iterations}, got {times[0]} to {times[-1]}"
        )
    return times


def transform_for(form: Form | Pair, asked: Transform | None) -> Transform:
    """Return the transform that a rule trains with; raises UserError if it will not do."""
    commutes = isinstance(form, Form) and KINDS[form.name].commutes
    if asked is None:
        return IDENTITY if commutes else FAST
    if asked is IDENTITY and not commutes:
        raise UserError(
            "transform: expected one to the frequency domain and back, as "
            f"{form.name if isinstance(form, Form) else 'the pair'} acts in space; got the identity"
        )
    return asked


def check_oracle(oracle: GradientOracle, runs: Runs, samples: Mapping[str, Any]) -> None:
    """Check that an oracle has the spectrum of the runs; raises UserError."""
    if samples:
        raise UserError("samples_per_step: expected none beside an oracle, got both")
    if tuple(runs.sigma_tilde_sq.ravel().tolist()) != oracle.sigma_tilde_sq:
        raise UserError(
            f"oracle: expected one with the variances of all runs, got {oracle.sigma_tilde_sq}"
        )


def check_memory(needed: int, runs: Runs) -> None:
    """Check that the bytes that are needed are there; raises UserError."""
    if needed > main_memory():
        raise UserError(
            f"runs, record_at: expected records that fit into the {main_memory() / _GIB:.1f} GiB "
            f"of memory of this machine, got {len(runs)} runs of dimension {runs.d}, which take "
            f"about {needed / _GIB:.1f} GiB. Take fewer runs at once, or fewer records"
        )


def at_least_one(name: str, value: int) -> None:
    """Check that a number is an integer from 1 on; raises UserError, naming it."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise UserError(f"{name}: expected an integer >= 1, got {value!r}")
