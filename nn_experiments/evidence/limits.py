"""What limits a verdict: networks that are no minimizers, trainings that failed, a single seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nn_experiments.evidence.findings import Verdict
from nn_experiments.evidence.intervals import Interval
from nn_experiments.evidence.outcomes import Outcome
from nn_experiments.study import POINTS, Cell, Comparison, Runs

_MOST_POINTS = 100.0
"""What accuracies, drops and shares can differ by at most."""


@dataclass(frozen=True)
class Limits:
    """What a study has to say about the trainings behind a comparison.

    Attributes:
        told: about what was compared.
        warnings: about how it was measured.
        unfit: networks that fit too few of their training images, which leaves the verdict open.

    """

    told: str = ""
    warnings: Sequence[str] = ()
    unfit: Sequence[str] = ()


def of_fit(fitted: float, comparison: Comparison, runs: Runs) -> Limits:
    """Return which networks of a comparison fit less than a percentage of their images."""
    found = [
        unfitted({run.seed: run.training_accuracy for run in runs[cell]}, fitted, cell.name)
        for cell in cells_of(comparison)
    ]
    return Limits(unfit=[text for text in found if text])


def cells_of(comparison: Comparison, reference: str = "") -> list[Cell]:
    """Return the cells that a comparison is about, each once; that of a name first."""
    cells = dict.fromkeys(side.cell for side in comparison.sides)
    return sorted(cells, key=lambda cell: cell.name != reference)


def noted(verdict: Verdict, cells: Sequence[Cell], runs: Runs, limits: Limits) -> Verdict:
    """Add what limits a verdict to its note, and leave it open where that decides.

    It does where a network is no minimizer, and where all trainings give the same values.

    Args:
        verdict: as its interval has it.
        cells: that it is about.
        runs: say which trainings failed.
        limits: what the study says.

    """
    notes = [verdict.note] if verdict.note else []
    if verdict.uncounted:
        notes.append(f"{verdict.uncounted}: shown, not counted")
    notes += [n for cell in cells if (n := _unfinished(cell, runs))]
    notes += limits.warnings
    if limits.unfit and verdict.outcome != Outcome.NOT_RUN:
        notes.append(f"no minimizers of the standard risk: {', '.join(limits.unfit)}")
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


def _unfinished(cell: Cell, runs: Runs) -> str:
    failed = [f"seed {run.seed} {run.status}" for run in runs[cell] if not run.finished]
    return f"{cell.name}: {', '.join(failed)}" if failed else ""


def unfitted(accuracies: Mapping[int, float | None], fitted: float, title: str) -> str:
    """Name the seeds whose training accuracy is known and below a margin, or none.

    Args:
        accuracies: by seed, from 0 to 1.
        fitted: the margin, in percent.
        title: of the networks.

    """
    percent = {seed: 100 * a for seed, a in accuracies.items() if a is not None}
    poor = {seed: a for seed, a in percent.items() if a < fitted}
    return ", ".join(f"{title} seed {seed} fits {a:.2f} %" for seed, a in poor.items())
