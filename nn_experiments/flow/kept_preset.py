"""What a comparison's folder holds, and which settings may then differ without results being lost.

``preset.json`` says which settled preset the networks in a folder are of. Tables, figures and
evidence are written for a preset; were it another one, they would show networks under the names of
others, or nothing where something was measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from nn_experiments.evidence.store import KINDS
from nn_experiments.specs import Command, OptimizerSpec, Preset
from theory.common.errors import UserError
from theory.common.files import read_json, write_json

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


def note(preset: Preset, folder: Path, earlier: Mapping[str, Any] | None = None) -> None:
    """Write down which settled preset the folder's networks are of.

    Args:
        preset: with what its rules chose.
        folder: of the comparison.
        earlier: the preset of networks that are there, as :func:`noted` has it; optimizers and
            seeds of it that the preset leaves out, as a training of some may, are noted too.

    Raises:
        UserError: the folder cannot be written.

    """
    write_json(_path(folder), asdict(preset if earlier is None else _with_those(preset, earlier)))


def noted(folder: Path) -> dict[str, Any] | None:
    """Return the settled preset that a folder's networks are of, as JSON has it, or None.

    Raises:
        UserError: its file cannot be read, or is none.

    """
    path = _path(folder)
    if not path.exists():
        return None
    found = read_json(path)
    if not isinstance(found, dict) or not all(part in found for part in _TRAINED):
        raise UserError(
            f"{path}: expected the preset of the networks here, got something else. Delete the "
            "file and run `python -m nn_experiments train` with the same options again."
        )
    return found


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


def require_kept(
    preset: Preset, earlier: Mapping[str, Any], command: Command, folder: Path, *, measured: bool
) -> None:
    """Refuse settings with which a command would lose results that a folder holds, or rename them.

    Networks may be added by what trains, and levels by what measures; nothing that is there may be
    left out, but by ``train``, which shows nothing: so the optimizers and seeds of a comparison may
    be trained by one command each.

    Args:
        preset: with what its rules chose.
        earlier: the preset that the networks are of, as :func:`noted` has it.
        command: what would be done.
        folder: of the comparison.
        measured: whether something was measured there.

    Raises:
        UserError: so it is; what differs is named, and what to do.

    """
    now = asdict(preset)
    bound = [*_TRAINED, *(_AS_MEASURED[command] if measured else ())]
    told = [text for part in bound for text in _differences(part, earlier.get(part), now[part])]
    told += _networks(preset, earlier)
    if command != "train":
        told += _missing(preset, earlier)
    if command not in ("compare", "train"):
        told += _untrained(preset, earlier)
    if measured:
        told += [f"{part}: measured there, left out now" for part in _left_out(now, earlier)]
    if told:
        raise UserError(
            f"{folder} holds a comparison with other settings ({'; '.join(told)}). What is there "
            "was left as it is. Give the options that it was made with (preset.json there has "
            "them), or name another folder with --out."
        )


def _path(folder: Path) -> Path:
    return folder / "preset.json"


def _differences(name: str, before: Any, now: Any) -> Iterator[str]:
    """Yield each setting that differs; one that an earlier version did not write is left out."""
    if isinstance(now, dict) and isinstance(before, dict) and not name.endswith(".options"):
        for key, value in now.items():
            if key in before:
                yield from _differences(f"{name}.{key}", before[key], value)
    elif _plain(before) != _plain(now):
        yield f"{name}: {_text(before)} there, {_text(now)} asked for"


def _plain(value: Any) -> Any:
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _networks(preset: Preset, earlier: Mapping[str, Any]) -> Iterator[str]:
    """Yield how the settings of optimizers that both presets have differ."""
    ours = {o.title: o for o in preset.optimizers}
    for spec in _optimizers(earlier):
        if spec.title in ours:
            yield from _differences(spec.title, asdict(spec), asdict(ours[spec.title]))


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


def _with_those(preset: Preset, earlier: Mapping[str, Any]) -> Preset:
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
