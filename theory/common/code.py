"""Which code decides a result: a module and all that it imports, without its words."""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
"""The folder that the packages of this project are in."""


@cache
def code_digest(start: Path, root: Path = ROOT) -> str:
    """Return a hash of the code of a module and of all that it imports of this project.

    What else imports them does not count, nor do comments, docstrings and the layout of a text: so
    another picture, page or command, or other words in a help, leaves the hash. An import anywhere
    in a module counts, also one inside a function; a package that lies around a module does not,
    unless something is imported from itself.

    Args:
        start: the file of the module.
        root: the folder that the packages are in.

    Raises:
        OSError: a file cannot be read.
        SyntaxError: a file is no Python.

    """
    sha, waiting, seen = hashlib.sha256(), [start], {start}
    found = {}
    while waiting:
        path = waiting.pop()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = set(_imports(tree, root)) - seen
        seen |= imported
        waiting += imported
        found[path] = ast.unparse(_without_words(tree))
    for path in sorted(found, key=lambda path: _name(path, root)):
        sha.update(f"{_name(path, root)}\n{found[path]}\0".encode())
    return sha.hexdigest()[:12]


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _imports(tree: ast.Module, root: Path) -> Iterator[Path]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            inside = root.joinpath(*name.split("."))
            # A name is that of a module, or of something in the module or package around it.
            for place in (inside, inside.parent):
                files = [place.with_suffix(".py"), place / "__init__.py"]
                file = next((file for file in files if place != root and file.is_file()), None)
                if file is not None:
                    yield file
                    break


def _without_words(tree: ast.Module) -> ast.Module:
    """Return a module without texts that stand by themselves, as docstrings do."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if isinstance(body, list):
                kept = [x for x in body if not _is_text(x)]
                setattr(node, field, kept or [ast.Pass()] * bool(body))
    return tree


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
