"""What a preset leaves to a rule, and what of an earlier one's results would be lost.

Tables, figures and evidence are written for a preset; were it another one than the networks are of,
they would show them under the names of others, or nothing where something was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from nn_experiments.flow.budget import images_within_budget
from nn_experiments.flow.kept import differences
from nn_experiments.flow.progress import Advance
from nn_experiments.flow.train import telling
from nn_experiments.flow.workspace import Workspace
from nn_experiments.specs import Command, OptimizerSpec
from nn_experiments.studies.optimizers import study
from nn_experiments.studies.optimizers.learning_rates import candidates, choose_learning_rates
from nn_experiments.studies.optimizers.measurements import KINDS
from nn_experiments.studies.optimizers.preset import Preset
from theory.common.errors import UserError

__all__ = ["candidates", "losses", "settled", "with_choices", "with_those"]

_TRAINED = ("data", "model", "training")
# What each command takes as it was measured: what it would not measure itself.
_AS_MEASURED: dict[Command, tuple[str, ...]] = {
    "compare": (),
    "train": (),
    "evaluate": (),
    "frequency": ("robustness", "lipschitz"),
    "lipschitz": ("robustness", "frequency", "gradient_energy"),
    "tables": ("robustness", "frequency", "lipschitz", "gradient_energy"),
    "figures": ("robustness", "frequency", "lipschitz", "gradient_energy"),
}


def settled(
    preset: Preset,
    *,
    workspace: Workspace,
    earlier: Mapping[str, Any] | None,
    require_kept: Callable[[Preset], None],
    advance: Advance,
) -> Preset:
    """Return the preset with what it leaves to a rule: the number of images, the learning rates.

    Raises:
        UserError: data are missing, a rule cannot be followed, or the folder holds networks of
            other settings.

    """
    if preset.training_budget is not None:
        compared = study.study(preset)
        estimate = images_within_budget(
            [run for _, run in compared.runs(compared.all_grids()[0])],
            workspace.loader(preset.data),
            preset.training_budget,
            workspace.device,
            jobs=workspace.jobs,
            threads=workspace.cpu_threads,
            record=workspace.out / "budget.json",
        )
        preset = replace(preset, data=replace(preset.data, train_images=estimate.images))
    # As they were before a sweep, with the rates that an earlier one chose.
    known = preset if earlier is None else with_choices(preset, earlier)
    require_kept(replace(preset, optimizers=known.optimizers))
    epochs = len(preset.optimizers) * len(preset.sweep) * preset.training.epochs
    choice = choose_learning_rates(
        preset,
        workspace.loader,
        workspace.runs,
        workspace.device,
        workspace.jobs,
        telling(lambda run: f"{run.optimizer.title} seed {run.seed}", epochs, advance),
        threads=workspace.cpu_threads,
    )
    return replace(preset, optimizers=choice.optimizers)


def with_choices(preset: Preset, earlier: Mapping[str, Any]) -> Preset:
    """Return the preset with what its rules chose for the networks that are there.

    These are the number of images that fits a training budget, and a sweep's learning rates. What
    its rules could not have chosen is left as the preset has it.
    """
    images = earlier["data"].get("train_images")
    most = preset.data.train_images
    if preset.training_budget is not None and images and (most is None or images <= most):
        preset = replace(preset, data=replace(preset.data, train_images=images))
    rates = {o.title: o.learning_rate for o in _optimizers(earlier)}
    chosen = tuple(
        replace(o, learning_rate=rates[o.title])
        if rates.get(o.title) in [o.learning_rate * factor for factor in preset.sweep]
        else o
        for o in preset.optimizers
    )
    return replace(preset, optimizers=chosen)


def losses(
    preset: Preset, earlier: Mapping[str, Any], *, command: Command, measured: bool
) -> list[str]:
    """Name what of the results that a folder holds a command would lose, or rename.

    Networks may be added by what trains, and levels by what measures; nothing that is there may be
    left out, but by ``train``, which shows nothing: so the optimizers and seeds of a comparison may
    be trained by one command each.

    Args:
        preset: with what its rules chose.
        earlier: the preset that the networks are of, as JSON has it.
        command: what would be done.
        measured: whether something was measured there.

    """
    now = asdict(preset)
    bound = [*_TRAINED, *(_AS_MEASURED[command] if measured else ())]
    told = [text for part in bound for text in differences(part, earlier.get(part), now[part])]
    told += _networks(preset, earlier)
    if command != "train":
        told += _missing(preset, earlier)
    if command not in ("compare", "train"):
        told += _untrained(preset, earlier)
    if measured:
        told += [f"{part}: measured there, left out now" for part in _left_out(now, earlier)]
    return told


def _networks(preset: Preset, earlier: Mapping[str, Any]) -> Iterator[str]:
    """Yield how the settings of optimizers that both presets have differ."""
    ours = {o.title: o for o in preset.optimizers}
    for spec in _optimizers(earlier):
        if spec.title in ours:
            yield from differences(spec.title, asdict(spec), asdict(ours[spec.title]))


def _missing(preset: Preset, earlier: Mapping[str, Any]) -> list[str]:
    """Name the networks that are there and that the preset lacks."""
    ours, theirs = _names(preset.optimizers, preset.seeds), _those(earlier)
    return [f"{name}: there, left out now" for name in theirs if name not in ours]


def _untrained(preset: Preset, earlier: Mapping[str, Any]) -> list[str]:
    """Name the networks of the preset that are not there."""
    ours, theirs = _names(preset.optimizers, preset.seeds), _those(earlier)
    return [f"{name}: not trained there" for name in ours if name not in theirs]


def _those(earlier: Mapping[str, Any]) -> list[str]:
    return _names(_optimizers(earlier), earlier.get("seeds", ()))


def _names(optimizers: Iterable[OptimizerSpec], seeds: Iterable[int]) -> list[str]:
    return [*(o.title for o in optimizers), *(f"seed {seed}" for seed in seeds)]


def with_those(preset: Preset, earlier: Mapping[str, Any]) -> Preset:
    """Return the preset with the optimizers and seeds of an earlier one that it lacks."""
    titles = [o.title for o in preset.optimizers]
    return replace(
        preset,
        optimizers=(
            *preset.optimizers,
            *(o for o in _optimizers(earlier) if o.title not in titles),
        ),
        seeds=tuple(dict.fromkeys((*preset.seeds, *earlier.get("seeds", ())))),
    )


def _optimizers(earlier: Mapping[str, Any]) -> tuple[OptimizerSpec, ...]:
    try:
        return TypeAdapter(tuple[OptimizerSpec, ...]).validate_python(
            tuple(earlier.get("optimizers", ()))
        )
    except (ValidationError, TypeError) as error:
        raise UserError(f"preset.json: expected optimizers, got {error}.") from error


def _left_out(now: Mapping[str, Any], earlier: Mapping[str, Any]) -> list[str]:
    """Name what the earlier preset measures and this one does not at all, or at no level."""
    before, after = (_measured_parts(fields) for fields in (earlier, now))
    return [part for part in before if part not in after]


def _measured_parts(fields: Mapping[str, Any]) -> list[str]:
    robustness, frequency = fields.get("robustness", {}), fields.get("frequency", {})
    filtered = [
        f"Observation I at {percent} % by {kind}"
        for kind in frequency.get("filters", ())
        for percent in frequency.get("thresholds", ())
    ]
    flags = [name for name in ("lipschitz", "gradient_energy") if fields.get(name)]
    return [*(kind for kind in KINDS if robustness.get(kind)), *filtered, *flags]
