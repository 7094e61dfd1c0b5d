"""Options of the comparison that change several of a preset's fields at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import zip_longest

from nn_experiments.specs import OptimizerSpec
from nn_experiments.studies.optimizers.preset import Preset
from theory.common.errors import UserError


@dataclass(frozen=True)
class Shortcuts:
    """Changes of several fields."""

    only: tuple[str, ...] = ()
    """Optimizers to compare, by name or label; all, if none is named."""
    batch_norm: bool = False
    """With BatchNorm, as in Table 4.4."""
    momentum: float | None = None
    """Compare SGD without and with this momentum, as in Table 4.7."""


def chosen(preset: Preset, base: Preset, shortcuts: Shortcuts) -> Preset:
    """Return what a command line asks for.

    Args:
        preset: with the fields that options changed.
        base: as it was read.
        shortcuts: changes of several fields.

    Raises:
        UserError: there is no such optimizer or published data set.

    """
    preset = renamed(preset, base)
    if shortcuts.batch_norm:
        preset = replace(preset, model=replace(preset.model, batch_norm=True))
    if shortcuts.momentum is not None:
        preset = replace(preset, optimizers=_with_momentum(preset, shortcuts.momentum))
    if shortcuts.only:
        preset = replace(preset, optimizers=_only(preset, shortcuts.only))
    if not preset.optimizers:
        raise UserError("optimizers: expected at least one in the preset, got none.")
    _require_published(preset.published)
    return preset


def renamed(preset: Preset, base: Preset) -> Preset:
    """Return a preset made from another one without the names that no longer fit.

    Other images than the ``base``'s do not stand under its title, nor beside numbers published of
    its images; another optimizer does not stand under the label of the one whose place it has.
    Names that were changed too are kept.
    """
    if preset.data.name != base.data.name:
        preset = replace(
            preset,
            title="" if preset.title == base.title else preset.title,
            published="" if preset.published == base.published else preset.published,
        )
    labelled = zip_longest(preset.optimizers, base.optimizers[: len(preset.optimizers)])
    return replace(
        preset,
        optimizers=tuple(
            replace(new, label="") if old and _is_mislabelled(new, old) else new
            for new, old in labelled
        ),
    )


def _is_mislabelled(new: OptimizerSpec, old: OptimizerSpec) -> bool:
    return new.name != old.name and new.label == old.label


def _require_published(name: str) -> None:
    from nn_experiments.studies.optimizers.thesis_tables import datasets

    if name and name not in datasets():
        raise UserError(
            f"published: expected a data set of the published tables ({', '.join(datasets())}) or "
            f"none, got {name!r}."
        )


def _with_momentum(preset: Preset, momentum: float) -> tuple[OptimizerSpec, ...]:
    plain = next((o for o in preset.optimizers if o.name == "SGD" and not o.options), None)
    if plain is None:
        raise UserError("--momentum: expected a preset with plain SGD, got none.")
    with_momentum = replace(plain, options={"momentum": momentum}, label="SGD-m")
    return plain, with_momentum


def _only(preset: Preset, names: tuple[str, ...]) -> tuple[OptimizerSpec, ...]:
    titles = [optimizer.title for optimizer in preset.optimizers]
    for name in names:
        if name not in titles:
            raise UserError(f"--only: expected some of {', '.join(titles)}, got {name}.")
    return tuple(optimizer for optimizer in preset.optimizers if optimizer.title in names)
