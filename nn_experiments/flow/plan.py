"""A comparison from its preset to its measurements; what was done is not repeated."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nn_experiments import lipschitz, models
from nn_experiments.evidence import attack_warnings as masking
from nn_experiments.evidence import store as kept
from nn_experiments.evidence.store import Measurements
from nn_experiments.flow import data_checks as asked
from nn_experiments.flow import kept_preset as kept_settings
from nn_experiments.flow import measure
from nn_experiments.flow import network_checks as preflight
from nn_experiments.flow.progress import Advance
from nn_experiments.flow.workspace import Place
from nn_experiments.frequency import bands
from nn_experiments.measures import pieces
from nn_experiments.specs import Command, OptimizerSpec, Preset, RunSpec
from nn_experiments.studies.optimizers.learning_rates import choose_learning_rates
from nn_experiments.training import RunRecord, folder_name, read_record, train_all
from nn_experiments.training.budget import images_within_budget
from nn_experiments.training.cluster import submit_all
from nn_experiments.updates import optimizers
from theory.common.errors import UserError
from theory.common.files import ensure_writable


def settled(preset: Preset, place: Place, command: Command, advance: Advance) -> Preset:
    """Return the preset with what it leaves to a rule: the number of images, the learning rates.

    Raises:
        UserError: data are missing, a rule cannot be followed, or the folder holds networks of
            other settings.

    """
    ensure_writable(place.out)
    if preset.training_budget is not None:
        data = place.loader(preset.data)
        estimate = images_within_budget(
            preset,
            data,
            place.device,
            jobs=place.jobs,
            threads=place.cpu_threads,
            record=place.out / "budget.json",
        )
        preset = replace(preset, data=replace(preset.data, train_images=estimate.images))
    _require_kept(replace(preset, optimizers=_tried(preset, place)), place, command)
    choice = choose_learning_rates(
        preset,
        place.loader,
        place.runs,
        place.device,
        place.jobs,
        _epochs(preset, len(preset.optimizers) * len(preset.sweep), advance),
        threads=place.cpu_threads,
    )
    preset = replace(preset, optimizers=choice.optimizers)
    _require_kept(preset, place, command)
    return preset


def require_room(preset: Preset, place: Place, command: Command) -> None:
    """Refuse a folder of other settings, before anything is timed, trained or written.

    Raises:
        UserError: so it is.

    """
    earlier = _earlier(place)
    if earlier is not None:
        _require_kept(kept_settings.with_choices(preset, earlier), place, command)


def foreseen(preset: Preset, place: Place) -> Preset:
    """Return the preset with what was left to a rule as far as a rule has chosen it."""
    earlier = _earlier(place)
    return preset if earlier is None else kept_settings.with_choices(preset, earlier)


def recalled(preset: Preset, place: Place, command: Command) -> Preset:
    """Return the preset with what was left to a rule, as it was when the networks were trained.

    Raises:
        UserError: nothing was trained, or with other settings.

    """
    earlier = _earlier(place)
    if earlier is None:
        raise _untrained(place)
    preset = kept_settings.with_choices(preset, earlier)
    _require_kept(preset, place, command)
    return preset


def note(preset: Preset, place: Place) -> None:
    """Write down which settled preset the folder's networks are of."""
    kept_settings.note(preset, place.into, _earlier(place))


def _has_begun(place: Place) -> bool:
    return any(place.runs.glob("*/run.json"))


def _untrained(place: Place) -> UserError:
    return UserError(
        f"expected trained networks in {place.runs}, found none of this preset. "
        "Run `python -m nn_experiments train` with the same options first."
    )


def _earlier(place: Place) -> dict[str, Any] | None:
    """Return the preset of the networks or results that are there, if there are any."""
    if not (_has_begun(place) or place.measurements.exists()):
        return None
    return kept_settings.noted(place.out)


def _require_kept(preset: Preset, place: Place, command: Command) -> None:
    earlier = _earlier(place)
    if earlier is not None:
        is_measured = place.measurements.exists()
        kept_settings.require_kept(preset, earlier, command, place.out, measured=is_measured)


def _tried(preset: Preset, place: Place) -> tuple[OptimizerSpec, ...]:
    """Return the optimizers before a sweep, with the rates that an earlier one chose."""
    return foreseen(preset, place).optimizers


def train(preset: Preset, place: Place, advance: Advance) -> list[RunRecord]:
    """Train every run of a preset that is settled; one that fails is reported by its record.

    Raises:
        UserError: data are missing.

    """
    runs = preset.all_runs()
    if place.cluster is not None:
        return submit_all(
            runs,
            place.loader,
            place.runs,
            place.device,
            cluster=place.cluster,
            resources=place.resources,
        )
    return train_all(
        runs,
        place.loader,
        place.runs,
        place.device,
        place.jobs,
        _epochs(preset, len(runs), advance),
        threads=place.cpu_threads,
    )


def require_possible(preset: Preset, place: Place) -> None:
    """Build once what every run builds, so that a mistake in it is told before anything is done.

    Raises:
        UserError: data are missing, of one class or fewer than classes, there is no such model or
            optimizer, the data cannot give what is asked for
            (:mod:`~nn_experiments.flow.data_checks`), the model cannot be trained or measured
            (:mod:`~nn_experiments.flow.network_checks`), more bands are asked for than the images'
            spectrum has frequencies, or Lipschitz bounds are wanted of a model for which none are
            known.

    """
    data = place.loader(preset.data)
    if data.classes < 2:
        raise UserError(
            f"{preset.data.name}: expected images of two classes or more, got {data.classes}: "
            "there is nothing to tell apart. Use other images."
        )
    if len(data.train) < data.classes:
        raise UserError(
            f"train_images: expected at least {data.classes}, one of each class, got "
            f"{len(data.train)}. Train on more."
        )
    asked.require_given(preset, data)
    _, height, width = data.shape
    bands.masks(height, width, preset.frequency.bands)
    model = models.build(preset.model, data.shape, data.classes, preset.seeds[0])
    if preset.lipschitz:
        lipschitz.require_known(model, data.shape)
    preflight.require_usable(preset, data, model)
    for optimizer in preset.optimizers:
        optimizers.build(optimizer, model.parameters())


def _epochs(preset: Preset, runs: int, advance: Advance) -> Callable[..., None]:
    def tell(spec: RunSpec, line: Mapping[str, Any]) -> None:
        loss = line.get("train_loss", line.get("loss"))
        shown = f", loss {loss:.3g}" if isinstance(loss, float) else ""
        doing = f"{spec.optimizer.title} seed {spec.seed}, epoch {line.get('epoch')}{shown}"
        advance(doing, 1 / (runs * preset.training.epochs))

    return tell


def records(preset: Preset, place: Place) -> list[RunRecord]:
    """Return what became of the trainings so far.

    Raises:
        UserError: none of them has begun.

    """
    found = [
        read_record(folder)
        for run in preset.all_runs()
        if (folder := place.runs / folder_name(run)).joinpath("run.json").exists()
    ]
    if not found:
        raise _untrained(place)
    return found


def evaluate(
    preset: Preset,
    place: Place,
    found: Sequence[RunRecord],
    advance: Advance,
    parts: tuple[str, ...] = pieces.PARTS,
) -> Measurements:
    """Measure the networks, and write down what was measured."""
    task = measure.Task(preset, place.runs, place.loader, place.device, place.cpu_threads, parts)
    total = measure.missing(task, found)
    measured = measure.measure_all(
        task, found, place.jobs, lambda what, weight: advance(what, weight / total)
    )
    if parts != pieces.PARTS:
        measured = measure.collect(replace(task, parts=pieces.PARTS), found)
    kept.save(measured, place.into / place.measurements.name)
    for title, seed, levels, text in masking.notes_table(measured).rows:
        print(f"{title} seed {seed}: {levels}: {text}", file=sys.stderr)
    return measured
