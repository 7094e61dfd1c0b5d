"""Presets: comparisons written down as TOML, by name or by a path of one's own."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Sequence
from dataclasses import fields as fields_of
from dataclasses import is_dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from nn_experiments.specs import OptimizerSpec, Preset
from theory.common.errors import UserError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_SUFFIX = ".toml"


def names() -> list[str]:
    """Return the names of the presets that come with the package."""
    found = (Path(entry.name) for entry in files(__name__).iterdir())
    return sorted(path.stem for path in found if path.suffix == _SUFFIX)


def read(name: str) -> Preset:
    """Read a preset by its name, or from a TOML file of one's own by its path.

    Raises:
        UserError: there is no such preset or file, it is not TOML, or a field in it is unknown or
            has a value that is not possible.

    """
    if name in names():
        return _parsed(files(__name__).joinpath(name + _SUFFIX).read_text("utf-8"), name)
    path = Path(name)
    if path.suffix != _SUFFIX:
        raise UserError(
            f"expected a preset ({', '.join(names())}) or the path of a .toml file, got {name!r}."
        )
    try:
        return _parsed(path.read_text("utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        told = getattr(error, "strerror", None) or error
        raise UserError(f"cannot read {path}: {told}. Give the path of a TOML file.") from error


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


@cache
def of_thesis(published: str) -> Preset | None:
    """Return the thesis's settings (appendix 4.A, Table 4.2) of a data set of its tables, or None.

    They are the preset that is named after its data set.

    Args:
        published: the data set's name in the published tables; empty if it is in none.

    """
    for name in names() if published else ():
        preset = read(name)
        if (preset.data.name, preset.published) == (name, published):
            return preset
    return None


def _parsed(text: str, source: str) -> Preset:
    # So that the commands and their help are there without the extra that has this package.
    from pydantic import TypeAdapter, ValidationError

    try:
        fields = _with_options_as_text(tomllib.loads(text))
        # As JSON, since arrays of TOML become tuples only from there without other leniency.
        return TypeAdapter(Preset).validate_json(json.dumps(fields), strict=True)
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise UserError(f"{source}: expected TOML, got {error}.") from error
    except ValidationError as error:
        raise UserError(f"{source}: {_told(error)}") from error


def _with_options_as_text(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with ``betas = [0.9, 0.95]`` as the text "0.9,0.95", as options are."""
    match fields.get("optimizers"):
        case [*optimizers]:
            return fields | {"optimizers": [_with_text(optimizer) for optimizer in optimizers]}
    return fields


def _with_text(optimizer: Any) -> Any:
    match optimizer:
        case {"options": dict(options)}:
            return optimizer | {"options": {k: _text(value) for k, value in options.items()}}
    return optimizer


def _text(value: Any) -> Any:
    if not isinstance(value, list) or not all(type(v) in (int, float) for v in value):
        return value
    return ",".join(map(str, value))


def _told(error: ValidationError) -> str:
    """Return each mistake with the field where it is."""
    parts = [_mistake(mistake) for mistake in error.errors(include_url=False)]
    # A value that may be of several kinds is told once for each of them.
    told = "; ".join(dict.fromkeys(parts))
    return told if told.endswith("?") else f"{told}."


def _mistake(mistake: ErrorDetails) -> str:
    path, got = mistake["loc"], mistake["input"]
    if "options" in path[:-1]:
        option = ".".join(map(str, path[: path.index("options") + 2]))
        return f"{option}: expected true or false, a number or text, got {got!r}"
    where = ".".join(map(str, path)) or "the preset"
    match mistake["type"]:
        case "unexpected_keyword_argument":
            near = difflib.get_close_matches(str(path[-1]), _fields(path[:-1]), 1)
            hint = f". Did you mean {near[0]}?" if near else ""
            return f"{where}: there is no such field{hint}"
        case "string_type" if isinstance(got, int | float) and not isinstance(got, bool):
            return f'{where}: expected text, in quotes: "{got}", got {got}'
        case "value_error":
            return f"{where}: {mistake['msg'].removeprefix('Value error, ')}"
    return f"{where}: {mistake['msg']}, got {got!r}"


def _fields(path: Sequence[int | str]) -> list[str]:
    """Return the names of the fields of the part of a preset at a path."""
    kind: Any = Preset
    for name in path:
        if isinstance(name, str):
            kind = get_type_hints(kind)[name]
            kind = next(filter(is_dataclass, (kind, *get_args(kind))))
    return [field.name for field in fields_of(kind)]
