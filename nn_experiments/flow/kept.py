"""The settings that a folder's networks are of, and refusing those with which results were lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from theory.common.errors import UserError
from theory.common.files import read_json, write_json

_TRAINED = ("data", "model", "training")
# What neither trainings nor measurements depend on, of any study's settings.
_FREE = ("title", "margins")


def note(settings: Any, folder: Path) -> None:
    """Write down which settings the folder's networks are of.

    Args:
        settings: settled, with what rules chose.
        folder: of the study.

    Raises:
        UserError: the folder cannot be written.

    """
    write_json(_path(folder), asdict(settings))


def noted(folder: Path, settings: type) -> dict[str, Any] | None:
    """Return the settings that a folder's networks are of, as JSON has them, or None.

    Args:
        folder: of the study.
        settings: the class that they are of; of each, what is trained is noted in full.

    Raises:
        UserError: its file cannot be read, or is none.

    """
    path = _path(folder)
    if not path.exists():
        return None
    found = read_json(path)
    needed = {field.name for field in fields(settings)} & {*_TRAINED}
    if not isinstance(found, dict) or not found or not needed <= found.keys():
        raise UserError(
            f"{path}: expected the preset of the networks here, got something else. Delete the "
            "file and run `python -m nn_experiments train` with the same options again."
        )
    return found


def require_kept(losses: list[str], folder: Path) -> None:
    """Refuse settings with which results that a folder holds would be lost.

    Raises:
        UserError: some would be; what differs is named, and what to do.

    """
    if losses:
        raise UserError(
            f"{folder} holds a comparison with other settings ({'; '.join(losses)}). What is there "
            "was left as it is. Give the options that it was made with (preset.json there has "
            "them), or name another folder with --out."
        )


def all_differences(settings: Any, earlier: Mapping[str, Any], **_: Any) -> list[str]:
    """Name every setting that differs, but for the title and margins: so nothing is ever lost."""
    now = asdict(settings)
    bound = [part for part in now if part not in _FREE and part in earlier]
    return [text for part in bound for text in differences(part, earlier[part], now[part])]


def differences(name: str, before: Any, now: Any) -> Iterator[str]:
    """Yield each setting that differs; one that an earlier version did not write is left out."""
    if isinstance(now, dict) and isinstance(before, dict) and not name.endswith(".options"):
        for key, value in now.items():
            if key in before:
                yield from differences(f"{name}.{key}", before[key], value)
    elif _plain(before) != _plain(now):
        yield f"{name}: {_text(before)} there, {_text(now)} asked for"


def _plain(value: Any) -> Any:
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _path(folder: Path) -> Path:
    return folder / "preset.json"
