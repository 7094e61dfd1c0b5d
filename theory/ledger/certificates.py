"""Certificates as files: what another solver, or a person, needs to check a verdict.

Each distinct question that the solver answered by *unsatisfiable* is an SMT-LIB file, which any
solver for SMT-LIB reads. What other back ends found (identities, enclosures, exact numbers) is a
JSON file with the statement and the finding.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from theory.common.files import ensure_writable, write_text
from theory.ledger.verify import Verdict
from theory.logic.findings import Finding, Status

Key: TypeAlias = tuple[str, str, str]
"""Claim, part (published or corrected), and name of the obligation."""

_MARK = "certificate of theory-first-verifier"
_SMT, _JSON = f"; {_MARK}\n", f'{{\n "about": "{_MARK}",'
_LONGEST_NAME = 100


@dataclass
class _File:
    """A file to be: its content, and the obligations that it serves."""

    suffix: str
    content: str | dict[str, Any]
    title: str
    users: list[str] = field(default_factory=list)

    def text(self) -> str:
        if isinstance(self.content, str):
            return _SMT + "".join(f"; {_one_line(u)}\n" for u in self.users) + self.content
        data = {"about": _MARK, "for": self.users, **self.content}
        return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def write_certificates(
    verdicts: Iterable[Verdict], folder: Path, *, only_add: bool = False
) -> dict[Key, str]:
    """Write the certificates, each file whole; return the name of each obligation's file.

    Certificates of earlier runs to which nothing refers any more are removed, unless these
    verdicts are ``only_add``-ed to others; files of any other kind are left alone.

    Raises:
        UserError: the folder cannot be written.

    """
    names, files = plan(verdicts)
    ensure_writable(folder)
    for name, text in files.items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
            write_text(path, text)
    for path in () if only_add else tuple(folder.iterdir()):
        if path.name not in files and _is_certificate(path):
            path.unlink(missing_ok=True)
    return names


def plan(verdicts: Iterable[Verdict]) -> tuple[dict[Key, str], dict[str, str]]:
    """Return the file name for each settled obligation, and the text of each file."""
    files: dict[Any, _File] = {}
    asked: dict[Key, Any] = {}
    for key, statement, finding in _settled(verdicts):
        claim, part, obligation = key
        words = [claim, *(["corrected"] if part == "corrected" else []), obligation]
        suffix, content = _content(statement, finding)
        question = content if isinstance(content, str) else key
        file = files.setdefault(question, _File(suffix, content, title(*words)))
        file.users.append(f"{', '.join(words)}: {statement}")
        asked[key] = question
    taken: set[str] = set()
    names = {question: _fresh(file, taken) for question, file in files.items()}
    texts = {names[question]: file.text() for question, file in files.items()}
    return {key: names[question] for key, question in asked.items()}, texts


def title(*words: str) -> str:
    """Join words to a plain file name: letters, digits, points, and dashes between."""
    plain = (re.sub(r"[^\w.]+", "-", word, flags=re.ASCII).strip("-.") for word in words)
    return "--".join(filter(None, plain))[:_LONGEST_NAME].rstrip("-.") or "certificate"


def _settled(verdicts: Iterable[Verdict]) -> Iterator[tuple[Key, str, Finding]]:
    for verdict in verdicts:
        for part, evidence in verdict.parts:
            for name, obligation in evidence.argument.obligations.items():
                finding = evidence.findings[name]
                if finding.status is not Status.UNKNOWN:
                    yield (verdict.claim.id, part, name), str(obligation.statement), finding


def _content(statement: str, finding: Finding) -> tuple[str, str | dict[str, Any]]:
    smtlib = getattr(finding, "certificate", {}).get("smtlib")
    if smtlib is not None:
        return ".smt2", smtlib
    return ".json", {"statement": statement, **finding.to_json()}


def _fresh(file: _File, taken: set[str]) -> str:
    """A name that no other file has, on file systems that do not tell cases apart too."""
    number, name = 1, f"{file.title}{file.suffix}"
    while name.lower() in taken:
        number += 1
        name = f"{file.title}--{number}{file.suffix}"
    taken.add(name.lower())
    return name


def _is_certificate(path: Path) -> bool:
    marks = {".smt2": _SMT, ".json": _JSON}
    mark = marks.get(path.suffix)
    if mark is None or not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(len(mark)) == mark


def _one_line(text: str) -> str:
    return " ".join(text.split())
