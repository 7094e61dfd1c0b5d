"""What limits a verdict: networks that are no minimizers, trainings that failed, a single seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from nn_experiments.evidence import attack_warnings as masking
from nn_experiments.evidence.intervals import Interval
from nn_experiments.evidence.outcomes import Outcome
from nn_experiments.evidence.store import Measurements
from nn_experiments.specs import OptimizerSpec, Preset
from nn_experiments.studies.optimizers.predictions import POINTS, Verdict

_MOST_POINTS = 100.0
"""What accuracies, drops and shares can differ by at most."""


def noted(
    verdict: Verdict,
    optimizers: Sequence[OptimizerSpec],
    measurements: Measurements,
    poor: Sequence[str],
) -> Verdict:
    """Add what limits a verdict to its note, and leave it open where that decides.

    It does where a network is no minimizer, and where all trainings give the same values.

    Args:
        verdict: as its interval has it.
        optimizers: those that it is about.
        measurements: say which of their trainings failed.
        poor: what :func:`unfitted` says of the networks that it is about, where that is something.

    """
    notes = [verdict.note] if verdict.note else []
    if verdict.uncounted:
        notes.append(f"{verdict.uncounted}: shown, not counted")
    notes += [n for o in optimizers if (n := _unfinished(o, measurements))]
    masked = [masking.limits(measurements, o.title, verdict.measure) for o in optimizers]
    notes += [note for note in masked if note]
    if poor and verdict.outcome != Outcome.NOT_RUN:
        notes.append(f"no minimizers of the standard risk: {', '.join(poor)}")
        verdict = replace(verdict, outcome=Outcome.INCONCLUSIVE)
    if verdict.effect is not None and verdict.effect.is_point:
        # As of one training: of what does not vary where it could, the seeds tell nothing.
        verdict = replace(verdict, outcome=Outcome.INCONCLUSIVE)
        notes.append(
            f"all trainings ({'+'.join(map(str, verdict.n_seeds))}) give the same values: no "
            "interval over trainings"
        )
    elif verdict.effect is not None and not np.isfinite(verdict.effect.low):
        notes.append(_untold(verdict))
    elif verdict.effect is not None and verdict.unit == POINTS and _is_beyond_all(verdict.effect):
        notes.append(
            f"the interval goes beyond ± {_MOST_POINTS:g} points, where no difference can be: too "
            f"few seeds ({'+'.join(map(str, verdict.n_seeds))}) to tell the spread between "
            "trainings; with two, the t quantile can be 12.7"
        )
    return replace(verdict, note="; ".join(notes))


def _untold(verdict: Verdict) -> str:
    """Say of what there is one alone."""
    if min(verdict.n_seeds) > 1:
        return "one image tells nothing of the spread between images"
    return "one seed tells nothing of the spread between trainings"


def _is_beyond_all(effect: Interval) -> bool:
    return effect.low < -_MOST_POINTS or effect.high > _MOST_POINTS


def _unfinished(optimizer: OptimizerSpec, measurements: Measurements) -> str:
    runs = [run for run in measurements.runs if run.optimizer == optimizer.title]
    failed = [f"seed {run.seed} {run.status}" for run in runs if not run.finished]
    return f"{optimizer.title}: {', '.join(failed)}" if failed else ""


def unfitted(accuracies: Mapping[int, float | None], preset: Preset, title: str) -> str:
    """Name the seeds whose training accuracy is known and below the preset's margin, or none.

    Args:
        accuracies: by seed, from 0 to 1.
        preset: has the margin.
        title: of the networks.

    """
    percent = {seed: 100 * a for seed, a in accuracies.items() if a is not None}
    poor = {seed: a for seed, a in percent.items() if a < preset.margins.fitted}
    return ", ".join(f"{title} seed {seed} fits {a:.2f} %" for seed, a in poor.items())
