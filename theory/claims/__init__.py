"""The claims, one file for each theorem, table or group of equations, in a folder for each chapter.

A file defines ``CLAIMS``, a tuple of :class:`theory.logic.evidence.Claim`. Adding a file adds its
claims. What files share, and what would make one too long, is in ``lemmas``, which has no claims.
"""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from theory.logic.evidence import Claim

_FOLDER = Path(__file__).parent
_WITHOUT_CLAIMS = "lemmas"


def all_claims() -> tuple[Claim, ...]:
    """Return every claim, file by file.

    Raises:
        ValueError: two claims have the same id.

    """
    claims = _in_files(_files())
    repeated = [id_ for id_, n in Counter(c.id for c in claims).items() if n > 1]
    if repeated:
        raise ValueError(f"expected each id once, got more than one claim for {repeated}")
    return claims


def claims_named(name: str) -> tuple[Claim, ...]:
    """Return the claim of the id ``name``, or the claims of that row; empty if there is none.

    Only files in whose text the name stands, or else its row, are loaded: a fraction of the work.
    """
    row = name.rpartition(".")[0]
    return (
        _mentioning(f'"{name}"', lambda claim: claim.id == name)
        or _mentioning(f'"{name}.', lambda claim: claim.row == name)
        or _mentioning(f'"{row}.', lambda claim: claim.id == name)
    )


def _mentioning(text: str, chosen: Callable[[Claim], bool]) -> tuple[Claim, ...]:
    """Return the chosen among the claims of the files that have ``text``."""
    return tuple(filter(chosen, _in_files(file for file in _files() if text in _source(file))))


def _files() -> list[str]:
    """Every file of claims, by its dotted path below this package, chapter by chapter."""
    names = (m.name for m in pkgutil.iter_modules(__path__) if m.ispkg)
    chapters = (name for name in names if name != _WITHOUT_CLAIMS)
    return sorted(
        f"{chapter}.{file.name}"
        for chapter in chapters
        for file in pkgutil.iter_modules([str(_FOLDER / chapter)])
    )


def _in_files(names: Iterable[str]) -> tuple[Claim, ...]:
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names)
    return tuple(claim for module in modules for claim in module.CLAIMS)


@cache
def _source(file: str) -> str:
    return _FOLDER.joinpath(*file.split(".")).with_suffix(".py").read_text(encoding="utf-8")
