"""Findings of earlier runs, recalled only for the very same question settled by the very same code.

A question is the statement of an obligation as canonical text (with the assumptions of its
symbols), the back end, and the time-out. Its file lies in a folder named by a fingerprint of the
code that settles questions (``theory/logic``, which imports nothing else of this package, and this
file), of Python, and of the libraries; so a change of any of them finds nothing. All other code
only says what is asked, which is in the question, or shows what was found.

A finding that rests on exact numbers re-evaluates them when it is built, also when it is recalled.
A file that is damaged, or is about another question, is ignored with a warning and settled afresh.
That nothing was found within the time-out is kept too, for that time-out: it never counts as a
proof, and asking again is what ``--no-cache`` is for.
"""

import hashlib
import json
import platform
import shutil
import sys
import warnings
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

import sympy as sp

from theory import LOADED_AT
from theory.common.errors import UserError
from theory.common.files import write_text
from theory.logic.evidence import Obligation
from theory.logic.exact import Assignment, Surd
from theory.logic.findings import (
    Counterexample,
    Disproof,
    Escape,
    Finding,
    OrbitViolation,
    PeriodicOrbit,
    Proof,
    Unsettled,
    Witness,
)

FOLDER = Path("results/theory/cache")
SOURCES = Path(__file__).parents[1]
_SETTLES = ("logic", "ledger/cache.py")
_BUILDS = (
    *_SETTLES,
    *("claims", "model", "published"),
    *(f"ledger/{name}.py" for name in ("settling", "snapshot", "typeset", "verify")),
)
"""Folders and files on which a finding depends, and on which the verdicts of the ledger do."""
_LIBRARIES = ("sympy", "mpmath", "z3-solver")
_ON_CERTIFICATES = {c.__name__: c for c in (Proof, Disproof)}
_AT_A_POINT = {c.__name__: c for c in (Counterexample, Witness)}


# --- Questions -----------------------------------------------------------------------------------


def source_files(folder: Path = SOURCES, *, with_claims: bool = False) -> list[Path]:
    """Files on which a finding depends; or, with the claims, the verdicts of the whole ledger."""
    parts = [folder / name for name in (_BUILDS if with_claims else _SETTLES)]
    files = (path for part in parts for path in (part.rglob("*") if part.is_dir() else [part]))
    return sorted(path for path in files if path.is_file() and "__pycache__" not in path.parts)


def fingerprint(folder: Path = SOURCES, *, with_claims: bool = False) -> str:
    """Digest of :func:`source_files`, of Python, and of the libraries."""
    digest = hashlib.sha256()
    versions = {name: version(name) for name in _LIBRARIES}
    digest.update(json.dumps([sys.version, platform.machine(), versions]).encode())
    for path in source_files(folder, with_claims=with_claims):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"\n{path.relative_to(folder).as_posix()} {content}".encode())
    return digest.hexdigest()


def code_has_changed() -> bool:
    """Whether code was edited after it was loaded: what runs is then not what is there."""
    return _is_newer(source_files(with_claims=True))


def _is_newer(paths: list[Path]) -> bool:
    try:
        return any(path.stat().st_mtime_ns > LOADED_AT for path in paths)
    except OSError:
        return True


class NoCanonicalTextError(ValueError):
    """A statement with a part that has no text by which it can be recognised in another run."""


def canonical(value: Any) -> Any:
    """Write a statement as JSON-ready data that tell it apart from every other statement.

    Raises:
        NoCanonicalTextError: there is a dummy symbol or an object of unknown kind in it.

    """
    match value:
        case sp.Basic():
            if value.has(sp.Dummy):
                raise NoCanonicalTextError(f"{value} has a dummy symbol")
            return ["sympy", sp.srepr(value)]
        case Surd():
            return [str(part) for part in (value.x, value.y, value.z, value.w)]
        case None | bool() | int() | str():
            return value
        case Mapping():
            return ["mapping", [[canonical(k), canonical(v)] for k, v in value.items()]]
        case tuple() | list():
            return [type(value).__name__, [canonical(part) for part in value]]
    if is_dataclass(value) and not isinstance(value, type):
        parts = [[f.name, canonical(getattr(value, f.name))] for f in fields(value)]
        return [type(value).__qualname__, parts]
    raise NoCanonicalTextError(f"{value!r} has no canonical text")


def question(obligation: Obligation, timeout: float) -> str | None:
    """Write what is asked as text; None if it cannot be recognised in another run.

    Nor can a back end whose source the fingerprint leaves out, as all outside ``theory.logic``.
    """
    back_end = obligation.back_end
    module = getattr(back_end, "__module__", "")
    name = getattr(back_end, "__qualname__", "")
    is_own = module.startswith("theory.logic.")
    if not is_own or getattr(sys.modules.get(module), name, None) is not back_end:
        return None
    try:
        asked = [f"{module}.{name}", repr(float(timeout)), canonical(obligation.statement)]
    except NoCanonicalTextError:
        return None
    return json.dumps(asked, ensure_ascii=False)


# --- Findings ------------------------------------------------------------------------------------


def encode(finding: Finding) -> dict[str, Any]:
    """Write a finding as JSON-ready data."""
    kind = type(finding).__name__
    data: dict[str, Any] = {"kind": kind, "back_end": finding.back_end}
    match finding:
        case Proof() | Disproof():
            return {**data, "certificate": dict(finding.certificate)}
        case Counterexample() | Witness():
            return {**data, "at": _encode_point(finding.at)}
        case PeriodicOrbit():
            times = {"steps_before": finding.steps_before, "period": finding.period}
            return {**data, "start": _encode_point(finding.start), **times}
        case Escape():
            return {**data, "start": _encode_point(finding.start), "t": finding.t}
        case OrbitViolation():
            return {**data, "t": finding.t}
        case Unsettled():
            return {**data, "reason": finding.reason, "conclusive": finding.conclusive}


def decode(data: Mapping[str, Any], statement: Any) -> Finding:
    """Build the finding again, about a statement; exact numbers are evaluated again by it.

    Raises:
        ValueError: the numbers do not show what the finding says, or the data are of another kind.
        KeyError: something is missing.

    """
    kind, back_end = data["kind"], data["back_end"]
    if kind in _ON_CERTIFICATES:
        return _ON_CERTIFICATES[kind](back_end, data["certificate"])
    if kind in _AT_A_POINT:
        return _AT_A_POINT[kind](back_end, statement, _decode_point(data["at"], statement))
    if kind == "Unsettled":
        return Unsettled(back_end, data["reason"], data["conclusive"])
    if kind == "OrbitViolation":
        return OrbitViolation(back_end, statement, data["t"])
    start = _decode_point(data["start"], statement)
    if kind == "PeriodicOrbit":
        return PeriodicOrbit(back_end, statement, start, data["steps_before"], data["period"])
    if kind == "Escape":
        return Escape(back_end, statement, start, data["t"])
    raise ValueError(f"a finding of the unknown kind {kind!r}")


def _encode_point(at: Assignment) -> list[list[Any]]:
    return [[sp.srepr(symbol), canonical(value)] for symbol, value in at.items()]


def _decode_point(data: list[list[Any]], statement: Any) -> dict[sp.Symbol, Surd]:
    known = {sp.srepr(symbol): symbol for symbol in statement.symbols}
    return {known[name]: Surd(*map(Fraction, parts)) for name, parts in data}


# --- Files ---------------------------------------------------------------------------------------


class Cache:
    """A folder of findings; without one, nothing is recalled and nothing is kept.

    Attributes:
        recalled: how many findings were recalled.
        settled: how many were settled afresh.

    """

    def __init__(self, folder: Path | None = FOLDER) -> None:
        self.recalled = self.settled = 0
        self._root = folder
        self._sources = source_files()
        self._folder = None if folder is None else folder / fingerprint()[:32]
        if self._folder is not None and _is_newer(self._sources):
            warnings.warn("code was edited meanwhile: nothing is recalled or kept", stacklevel=2)
            self._folder = None

    def recall(self, asked: str | None, statement: Any) -> tuple[Finding, float] | None:
        """Return the finding of an earlier run and the seconds it took, if there is one.

        Args:
            asked: the question's text; see :func:`question`.
            statement: what the question is about.

        """
        if self._folder is None or asked is None:
            return None
        path = self._path(asked)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["digest"] != _digest(content["data"]):
                raise ValueError("the file is damaged")
            if content["data"]["question"] != asked:
                raise ValueError("the file is about another question")
            finding = decode(content["data"]["finding"], statement)
            seconds = float(content["data"]["seconds"])
        except (FileNotFoundError, NotADirectoryError):
            return None
        except Exception as error:  # whatever is wrong with it, the question is settled afresh
            reason = f"{type(error).__name__}: {error}"
            warnings.warn(f"{path} is ignored, and settled afresh ({reason})", stacklevel=2)
            return None
        self.recalled += 1
        return finding, seconds

    def keep(self, asked: str | None, finding: Finding, seconds: float) -> None:
        """Keep a finding for later runs, if its question can be recognised then."""
        self.settled += 1
        if self._folder is None or asked is None or _is_newer(self._sources):
            return
        data = {"question": asked, "finding": encode(finding), "seconds": seconds}
        try:
            text = json.dumps({"digest": _digest(data), "data": data}, ensure_ascii=False)
            if json.loads(text)["data"] != data:
                return  # it would not come back as it is
            write_text(self._path(asked), text)
        except (UserError, TypeError) as error:
            warnings.warn(f"nothing is kept for later runs: {error}", stacklevel=2)
            self._folder = None

    def prune(self) -> None:
        """Remove what earlier versions of the code or the libraries have left: it cannot answer."""
        if self._root is None or self._folder is None or not self._root.is_dir():
            return
        for folder in self._root.iterdir():
            if folder.is_dir() and len(folder.name) == 32 and folder.name != self._folder.name:
                shutil.rmtree(folder, ignore_errors=True)

    def _path(self, asked: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{hashlib.sha256(asked.encode()).hexdigest()[:40]}.json"


def _digest(data: Any) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
