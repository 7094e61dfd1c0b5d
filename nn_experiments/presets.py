"""Presets: settings of a study written down as TOML, by name or by a path of one's own."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Sequence
from dataclasses import fields as fields_of
from dataclasses import is_dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from nn_experiments import definition as studies
from nn_experiments.definition import MODULE, Definition
from nn_experiments.studies import DEFAULT
from theory.common.errors import UserError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

_SUFFIX = ".toml"


def names() -> list[str]:
    """Return the names of the presets that come with the package."""
    return sorted(_kept())


def _kept() -> dict[str, tuple[str, Traversable]]:
    """Return, by name, the study and the file of each preset that comes with the package."""
    found = {}
    for study in studies.names():
        folder = files(studies.__package__).joinpath("studies", study, "presets")
        for entry in folder.iterdir() if folder.is_dir() else ():
            if entry.name.endswith(_SUFFIX):
                found[entry.name.removesuffix(_SUFFIX)] = study, entry
    return found


def read(name: str) -> Any:
    """Return the settings of a preset; see :func:`found`."""
    return found(name)[1]


def found(name: str) -> tuple[Definition, Any]:
    """Return the study and the settings of a preset: by its name, or by a path of one's own.

    A TOML file may name its study, as ``study = "NAME"`` or by the path of the study's folder,
    beside which or in which it may lie. A folder with a study is that study as it is by default.

    Raises:
        UserError: there is no such preset, file or study, it is not TOML, or a field in it is
            unknown or has a value that is not possible.

    """
    kept = _kept()
    if name in kept:
        study, file = kept[name]
        defined = studies.definition(study)
        return defined, _parsed(_fields_of_toml(file.read_text("utf-8"), name), name, defined)
    path = Path(name)
    if path.joinpath(MODULE).is_file():
        defined = studies.definition(name)
        return defined, _parsed({}, name, defined)
    if path.suffix != _SUFFIX:
        raise UserError(
            f"expected a preset ({', '.join(names())}), the path of a .toml file, or a folder with "
            f"a study of your own, got {name!r}."
        )
    try:
        fields = _fields_of_toml(path.read_text("utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        told = getattr(error, "strerror", None) or error
        raise UserError(f"cannot read {path}: {told}. Give the path of a TOML file.") from error
    defined = studies.definition(_study_of(path, fields))
    return defined, _parsed(fields, name, defined)


def _study_of(path: Path, fields: dict[str, Any]) -> str:
    """Return the study that a file names, or in whose folder it lies; else the first there was."""
    named = fields.pop("study", None)
    if named is None:
        around = (path.parent, path.parent.parent)
        return next((str(f) for f in around if f.joinpath(MODULE).is_file()), DEFAULT)
    return named if named in studies.names() else str(path.parent / str(named))


def _fields_of_toml(text: str, source: str) -> dict[str, Any]:
    try:
        return _with_options_as_text(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise UserError(f"{source}: expected TOML, got {error}.") from error


def _parsed(fields: dict[str, Any], source: str, defined: Definition) -> Any:
    # So that the commands and their help are there without the extra that has this package.
    from pydantic import TypeAdapter, ValidationError

    try:
        # As JSON, since arrays of TOML become tuples only from there without other leniency.
        text = json.dumps(fields)
        return TypeAdapter(defined.settings).validate_json(text, strict=True)
    except TypeError as error:
        raise UserError(f"{source}: expected TOML, got {error}.") from error
    except ValidationError as error:
        raise UserError(f"{source}: {_told(error, defined.settings)}") from error


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


def _told(error: ValidationError, settings: type) -> str:
    """Return each mistake with the field where it is."""
    parts = [_mistake(mistake, settings) for mistake in error.errors(include_url=False)]
    # A value that may be of several kinds is told once for each of them.
    told = "; ".join(dict.fromkeys(parts))
    return told if told.endswith("?") else f"{told}."


def _mistake(mistake: ErrorDetails, settings: type) -> str:
    path, got = mistake["loc"], mistake["input"]
    if "options" in path[:-1]:
        option = ".".join(map(str, path[: path.index("options") + 2]))
        return f"{option}: expected true or false, a number or text, got {got!r}"
    where = ".".join(map(str, path)) or "the preset"
    match mistake["type"]:
        case "unexpected_keyword_argument":
            near = difflib.get_close_matches(str(path[-1]), _fields(path[:-1], settings), 1)
            hint = f". Did you mean {near[0]}?" if near else ""
            return f"{where}: there is no such field{hint}"
        case "string_type" if isinstance(got, int | float) and not isinstance(got, bool):
            return f'{where}: expected text, in quotes: "{got}", got {got}'
        case "value_error":
            return f"{where}: {mistake['msg'].removeprefix('Value error, ')}"
    return f"{where}: {mistake['msg']}, got {got!r}"


def _fields(path: Sequence[int | str], settings: type) -> list[str]:
    """Return the names of the fields of the part of a preset at a path."""
    kind: Any = settings
    for name in path:
        if isinstance(name, str):
            kind = get_type_hints(kind)[name]
            kind = next(filter(is_dataclass, (kind, *get_args(kind))))
    return [field.name for field in fields_of(kind)]
