"""Finding a study, one that comes with the package or one of a user's own, and building it."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

from nn_experiments.specs import RunSpec
from nn_experiments.study import Study
from theory.common.errors import UserError, told

MODULE = "study.py"
_STUDIES = "nn_experiments.studies"


@dataclass(frozen=True)
class NoShortcuts:
    """No options beside the settings' fields."""


def _as_given(settings: Any, *_: Any, **__: Any) -> Any:
    return settings


def _none(*_: Any, **__: Any) -> list[Any]:
    return []


@dataclass(frozen=True)
class Definition:
    """What the module of a study has; all but the first three fields may be left out.

    Attributes:
        source: the study's name or, of a user's own, the path of its folder.
        settings: the class ``Settings`` of what a preset says.
        study: returns the study of settings.
        shortcuts: the class ``Shortcuts`` of options that change several fields.
        chosen: given settings, as they were read, and shortcuts, returns what is asked for.
        settled: returns the settings with what they leave to a rule.
        trials: returns the trainings that rules choose by.
        recalled: given settings and those of networks that are there, returns the settings with
            what rules chose.
        joined: returns settings with what of the networks that are there they lack.
        losses: names results that are there and would be lost; if left out, every difference is.

    """

    source: str
    settings: type
    study: Callable[[Any], Study]
    shortcuts: type = NoShortcuts
    chosen: Callable[[Any, Any, Any], Any] = _as_given
    settled: Callable[..., Any] = _as_given
    trials: Callable[[Any], Sequence[RunSpec]] = _none
    recalled: Callable[[Any, Mapping[str, Any]], Any] = _as_given
    joined: Callable[[Any, Mapping[str, Any]], Any] = _as_given
    losses: Callable[..., list[str]] | None = None

    def built(self, settings: Any) -> Study:
        """Return the study of settings.

        Raises:
            UserError: they describe none.

        """
        try:
            return self.study(settings)
        except ValueError as error:
            raise UserError(f"{error}.") from error

    def origin(self, settings: Any) -> Origin:
        """Return what another process builds the study from."""
        return Origin(self.source, json.dumps(asdict(settings)))


@dataclass(frozen=True)
class Origin:
    """What a study is built from in any process: where it is defined, and its settings as JSON."""

    source: str
    settings: str

    def study(self) -> Study:
        """Return the study; built once in a process."""
        return _built(self)


@cache
def _built(origin: Origin) -> Study:
    from pydantic import TypeAdapter

    found = definition(origin.source)
    return found.study(TypeAdapter(found.settings).validate_json(origin.settings))


def names() -> list[str]:
    """Return the names of the studies that come with the package."""
    found = (entry for entry in files(_STUDIES).iterdir() if entry.is_dir())
    return sorted(entry.name for entry in found if entry.joinpath(MODULE).is_file())


@cache
def definition(source: str) -> Definition:
    """Return a study by its name, or one of a user's own by the path of its folder.

    Raises:
        UserError: there is no such study, or its module fails or lacks what it must have.

    """
    if source in names():
        return _of_module(importlib.import_module(f"{_STUDIES}.{source}.study"), source)
    path = Path(source).resolve() / MODULE
    if not path.is_file():
        raise UserError(
            f"expected a study ({', '.join(names())}) or a folder with {MODULE}, got {source!r}."
        )
    return _of_module(_loaded(path), str(path.parent))


def _loaded(path: Path) -> ModuleType:
    name = f"nn_experiments_study_{path.parent.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a user's own module may raise anything
        raise UserError(f"{path}: expected the module of a study, got {told(error)}.") from error
    return module


def _of_module(module: ModuleType, source: str) -> Definition:
    if not is_dataclass(getattr(module, "Settings", None)) or not hasattr(module, "study"):
        raise UserError(
            f"{module.__file__}: expected a dataclass Settings and a function study(settings) that "
            "returns a nn_experiments.study.Study, got no such."
        )
    optional = ("chosen", "settled", "trials", "recalled", "joined", "losses")
    given = {name: getattr(module, name) for name in optional if hasattr(module, name)}
    shortcuts = getattr(module, "Shortcuts", NoShortcuts)
    return Definition(source, module.Settings, module.study, shortcuts, **given)
