"""Presets: comparisons written down as TOML, by name or by a path of one's own."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from nn_experiments.specs import Preset
from theory.errors import UserError

if TYPE_CHECKING:
    from pydantic import ValidationError

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
        raise UserError(f"cannot read {path}: {error}. Give the path of a TOML file.") from error


def _parsed(text: str, source: str) -> Preset:
    # So that the commands and their help are there without the extra that has this package.
    from pydantic import TypeAdapter, ValidationError

    try:
        fields = tomllib.loads(text)
        # As JSON, since arrays of TOML become tuples only from there without other leniency.
        return TypeAdapter(Preset).validate_json(json.dumps(fields), strict=True)
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise UserError(f"{source}: expected TOML, got {error}.") from error
    except ValidationError as error:
        raise UserError(f"{source}: {_told(error)}") from error


def _told(error: ValidationError) -> str:
    """Return each mistake with the field where it is."""
    parts = []
    for mistake in error.errors(include_url=False):
        where = ".".join(map(str, mistake["loc"])) or "the preset"
        if mistake["type"] == "unexpected_keyword_argument":
            parts.append(f"{where}: there is no such field")
        else:
            got = "" if mistake["type"] == "value_error" else f", got {mistake['input']!r}"
            parts.append(f"{where}: {mistake['msg'].removeprefix('Value error, ')}{got}")
    return "; ".join(parts) + "."
