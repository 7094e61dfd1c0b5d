"""Chapter 4's comparison of optimizers, as a study: factors, measures, predictions, pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from nn_experiments.specs import ModelSpec, RunSpec
from nn_experiments.studies.optimizers.options import Shortcuts, chosen
from nn_experiments.studies.optimizers.preset import (
    ALL_IMAGES,
    IMAGES,
    LINEAR,
    MODEL,
    NETWORK,
    OPTIMIZER,
    Preset,
    baseline,
    filtered,
)
from nn_experiments.study import Cell, Factor, Grid, Level, Runs, Study

if TYPE_CHECKING:
    from nn_experiments.data.images import DataSet
    from nn_experiments.evidence.shown import Shown
    from nn_experiments.evidence.store import MeasuredRun
    from nn_experiments.measures.measure import Measure

__all__ = ["Settings", "Shortcuts", "chosen", "study"]

Settings = Preset


def study(preset: Preset) -> Study:
    """Return the comparison that a preset describes.

    Networks are trained by each optimizer; those of Observation I on filtered images, too, and
    linear models that gradients are compared with.

    Raises:
        ValueError: the preset has no optimizer.

    """
    from nn_experiments.studies.optimizers.predictions import concerned, limits, predictions

    factors, fields = _factors(preset), asdict(preset)
    first = baseline(preset)
    base = RunSpec(preset.data, preset.model, first, preset.training, preset.seeds[0])
    levels = tuple((factor.name, factor.levels[0].name) for factor in factors[1:])
    cells = [Cell(((OPTIMIZER, o.title), *levels), o.title) for o in preset.optimizers]
    return Study(
        name="optimizers",
        title=preset.title,
        settings=fields,
        base=base,
        factors=factors,
        seeds=preset.seeds,
        measures=partial(measures, preset),
        predictions=predictions(preset, cells),
        grids=_grids(preset),
        confidence=preset.margins.confidence,
        fitted=preset.margins.fitted,
        judged_by={part: fields[part] for part in ("margins", "robustness", "frequency")},
        reference=first.title,
        training_budget=preset.training_budget,
        view=_by_optimizer,
        limits=partial(limits, preset),
        concerned=concerned,
        require=partial(_require_thresholds, preset),
        require_measured=partial(_require_levels, preset),
        shown=_shown(preset),
    )


def _factors(preset: Preset) -> tuple[Factor, ...]:
    spec = preset.frequency
    rules = [Level(o.title, {"optimizer": o}) for o in preset.optimizers]
    images = [
        Level(
            filtered(kind, percent),
            {"data": replace(preset.data, filtered_by=kind, filtered_percent=percent)},
        )
        for kind in spec.filters
        for percent in spec.thresholds
    ]
    linear = [Level(LINEAR, {"model": ModelSpec("linear")})] if _has_linear(preset) else []
    return (
        Factor(OPTIMIZER, tuple(rules)),
        Factor(IMAGES, (Level(ALL_IMAGES), *images)),
        Factor(MODEL, (Level(NETWORK), *linear)),
    )


def _has_linear(preset: Preset) -> bool:
    """Say whether linear models are trained besides: the networks may be such themselves."""
    return preset.gradient_energy and preset.model.name != "linear"


def _grids(preset: Preset) -> tuple[Grid, ...]:
    what = "training on filtered images (Observation I)"
    found = [
        Grid((OPTIMIZER,), without="--seeds or --only, with fewer"),
        Grid((IMAGES, OPTIMIZER), what, "--frequency.thresholds, with none"),
    ]
    if _has_linear(preset):
        found.append(Grid((MODEL, OPTIMIZER), "training linear models", "--no-gradient-energy"))
    return tuple(found)


def measures(preset: Preset, cell: Cell) -> Sequence[Measure]:
    """Return what is measured of a cell's networks."""
    from nn_experiments.measures.attacked import attacks
    from nn_experiments.measures.bands import bands
    from nn_experiments.measures.clean import clean
    from nn_experiments.measures.gradients import energy
    from nn_experiments.measures.lipschitz import bounds
    from nn_experiments.measures.noise import gaussian

    if cell[IMAGES] != ALL_IMAGES:
        return [clean()]
    shares = [energy(preset.data.name)] if preset.gradient_energy else []
    if cell[MODEL] == LINEAR:
        return shares
    return [
        clean(),
        gaussian(preset.robustness),
        *attacks(preset.robustness),
        bands(preset.frequency),
        *shares,
        *([bounds()] if preset.lipschitz else []),
    ]


def _by_optimizer(runs: Sequence[MeasuredRun], cells: Sequence[Cell]) -> Runs:
    from nn_experiments.studies.optimizers.measurements import view

    return runs_of(view(runs), cells)


def runs_of(measured: Any, cells: Iterable[Cell]) -> Runs:
    """Return the runs of each cell; of cells of one optimizer the same, as it has all of it."""
    return {
        cell: [run for run in measured.runs if run.optimizer == cell[OPTIMIZER]] for cell in cells
    }


def _require_thresholds(preset: Preset, data: DataSet) -> None:
    from nn_experiments.frequency.filters import require_removed

    spec = preset.frequency
    percents = spec.thresholds if spec.filters else ()
    require_removed("frequency.thresholds", percents, data.shape)


def _require_levels(preset: Preset, runs: Sequence[MeasuredRun]) -> None:
    from nn_experiments.studies.optimizers.pages import require_levels

    require_levels(preset, runs)


def _shown(preset: Preset) -> Shown:
    from nn_experiments.studies.optimizers.pages import Pages

    return Pages(preset)


def _settling(name: str) -> Callable[..., Any]:
    """Return a function of :mod:`.settling`, which needs torch: imported when it is called."""

    def called(*args: Any, **how: Any) -> Any:
        from nn_experiments.studies.optimizers import settling

        return getattr(settling, name)(*args, **how)

    return called


settled, trials, recalled, joined, losses = map(
    _settling, ("settled", "candidates", "with_choices", "with_those", "losses")
)
