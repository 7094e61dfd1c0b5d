"""Let files that were written for version 0.1.0 import modules by the names they had, and warn."""

import sys
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import MappingProxyType, ModuleType
from typing import Final

MOVED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "theory.artefacts": "theory.common.files",
        "theory.style": "theory.common.figure",
        "theory.dynamics": "theory.model.dynamics",
        "theory.limit": "theory.model.limit",
        "theory.orbit": "theory.model.orbit",
        "theory.problem": "theory.model.problem",
        "theory.risk": "theory.model.risk",
        "theory.arguments": "theory.logic.arguments",
        "theory.evidence": "theory.logic.evidence",
        "theory.statements": "theory.logic.statements",
        "simulations.figure_4_7": "simulations.studies.figure_4_7",
        "simulations.explore": "simulations.engine",
    }
)
"""Old names that users may have written, of modules or packages, and where these are now."""


def present_name(old: str) -> str | None:
    """Return the name by which a module is imported now, or None if it was never moved."""
    for name, new in MOVED.items():
        if old == name or old.startswith(f"{name}."):
            return new + old.removeprefix(name)
    return None


class _Moved(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        new = present_name(fullname)
        if new is None:
            return None
        try:
            is_package = hasattr(import_module(new), "__path__")
        except ModuleNotFoundError as error:
            if error.name != new:
                raise
            return None
        return ModuleSpec(fullname, self, is_package=is_package)

    def exec_module(self, module: ModuleType) -> None:
        new = str(present_name(module.__name__))
        warnings.warn(
            f"{module.__name__} is called {new} now; the next version forgets the old name",
            FutureWarning,
            stacklevel=2,
        )
        vars(module)["__getattr__"] = partial(getattr, import_module(new))


def find_moved_modules() -> None:
    """Make modules importable by their old names, each with one warning, in this process."""
    if not any(isinstance(finder, _Moved) for finder in sys.meta_path):
        sys.meta_path.append(_Moved())
