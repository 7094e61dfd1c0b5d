"""The ledger's evidence as files: the counts and what made it, and the claims by chapter.

Claims of a user's own, which have no chapters, are all in the one file.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from theory.common.errors import UserError
from theory.common.files import beside, json_text, read_json, write_text
from theory.ledger.verify import SCHEMA

BY_CHAPTER = 2
"""Schema of a file that has, in the place of the claims, the names of their files and digests."""
AGAIN = "Run `python -m theory verify` again."
_OURS = "own"
_PLACE = re.compile(r"§(\d+)\.(?:([A-Z])\.)?")


def chapter_of(where: str) -> str:
    """Return the chapter or appendix that a claim's place names, as claims' folders are called."""
    place = _PLACE.match(where)
    if place is None:
        return _OURS
    number, letter = place.groups()
    return f"chapter_{number}" if letter is None else f"appendix_{number}_{letter.lower()}"


def write_evidence(path: Path, data: Mapping[str, Any]) -> None:
    """Write evidence by chapter: each file whole, and that which names them last.

    Args:
        path: of the file that names the others, which are in a folder beside it.
        data: as :func:`theory.ledger.verify.to_json` returns it.

    Raises:
        UserError: a file cannot be written.

    """
    chapters: dict[str, list[Any]] = {}
    for claim in data["claims"]:
        chapters.setdefault(chapter_of(claim["where"]), []).append(claim)
    folder = beside(path, "claims")
    digests = {}
    for chapter, claims in chapters.items():
        text = json_text(claims)
        write_text(folder / f"{chapter}.json", text)
        digests[f"{folder.name}/{chapter}.json"] = _digest(text.encode())
    order = [claim["id"] for claim in data["claims"]]
    named = {**data, "schema": BY_CHAPTER, "order": order, "claims": digests}
    write_text(path, json_text(named))


def read_evidence(path: Path) -> dict[str, Any]:
    """Read evidence, with the claims of all its files as one list, in the order of the ledger.

    Raises:
        UserError: a file cannot be read, is none of evidence, or is of another run than ``path``.

    """
    data = read_json(path)
    schema, claims = (
        (data.get("schema"), data.get("claims")) if isinstance(data, dict) else (None, None)
    )
    if schema == SCHEMA and isinstance(claims, list):
        return dict(data)
    if schema == BY_CHAPTER and isinstance(claims, dict):
        parts = [_read_part(path, name, digest) for name, digest in claims.items()]
        by_id = {str(claim["id"]): claim for part in parts for claim in part}
        order = data.get("order")
        if isinstance(order, list) and sorted(map(str, order)) == sorted(by_id):
            return {**data, "claims": [by_id[id_] for id_ in order]}
    raise UserError(
        f"{path}: expected an evidence file of the ledger with schema {SCHEMA} or {BY_CHAPTER}. "
        f"{AGAIN}"
    )


def _read_part(path: Path, name: str, digest: str) -> list[Any]:
    part = path.parent / name
    if not part.is_file():
        raise UserError(f"{part}: expected what {path} names, found no such file. {AGAIN}")
    claims = read_json(part)
    are_claims = isinstance(claims, list) and all(isinstance(c, dict) and "id" in c for c in claims)
    if not are_claims or _digest(part.read_bytes()) != digest:
        raise UserError(f"{part}: expected what {path} names, got another file's content. {AGAIN}")
    return claims


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
