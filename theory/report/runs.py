"""Where a page's content comes from: one's own runs, and runs that were kept with the code."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from theory.common.errors import UserError
from theory.common.files import read_json
from theory.report.pictures import Picture

_NUMBERS: Final = ("summary.json", "evidence.json")
"""Files beside a report in which the command that made both describes them."""
_PICTURE: Final = ("file", "title", "alternative", "caption")
_PACKAGE: Final = re.compile(r"python -m (\w+)")


@dataclass(frozen=True)
class Run:
    """A file that a command has left.

    Attributes:
        path: the file.
        root: the folder of results that it is in.
        is_kept: whether it came with the code, and is not of one's own runs.

    """

    path: Path
    root: Path
    is_kept: bool

    @property
    def folder(self) -> str:
        """The folder that it is in, below the folder of results."""
        return self.path.parent.relative_to(self.root).as_posix()

    @property
    def name(self) -> str:
        """The folder that it is in, from the folder of results on."""
        return (Path(self.root.name) / self.folder).as_posix()

    @property
    def numbers(self) -> Path | None:
        """The file itself or beside it that has its numbers and what made it, if there is one."""
        beside = [self.path] if self.path.suffix == ".json" else []
        beside += [self.path.with_name(name) for name in _NUMBERS]
        return next((path for path in beside if path.is_file()), None)

    @property
    def environment(self) -> Mapping[str, Any]:
        """What made it: versions and hardware; empty where no file says so.

        Raises:
            UserError: the file that says so is no JSON; so in the properties below.

        """
        found = self._data.get("environment")
        return found if isinstance(found, dict) else {}

    @property
    def title(self) -> str:
        """What its maker calls it; else its folder."""
        return self._text("title") or self.name

    @property
    def command(self) -> str:
        """The command that makes it, such as ``python -m PACKAGE STUDY``; empty if not told."""
        return self._text("command")

    @property
    def package(self) -> str:
        """The package whose command made it; empty if not told."""
        found = _PACKAGE.match(self.command)
        return found[1] if found else ""

    @property
    def pictures(self) -> list[Picture]:
        """The pictures beside it, as their maker describes them.

        Raises:
            UserError: a picture lacks one of the texts of which a description is made.

        """
        told = self._data.get("pictures", [])
        for each in told if isinstance(told, list) else [told]:
            texts = each if isinstance(each, dict) else {}
            if not all(isinstance(texts.get(name), str) for name in _PICTURE):
                raise self._refused(f"pictures: expected the texts {', '.join(_PICTURE)}", each)
        return [Picture(*(each[name] for name in _PICTURE)) for each in told]

    @cached_property
    def _data(self) -> Mapping[str, Any]:
        data = {} if self.numbers is None else read_json(self.numbers)
        return data if isinstance(data, dict) else {}

    def _text(self, name: str) -> str:
        text = self._data.get(name, "")
        if not isinstance(text, str):
            raise self._refused(f"{name}: expected a text", text)
        return text

    def _refused(self, expected: str, got: object) -> UserError:
        again = "Run the command that wrote it again."
        return UserError(f"{self.numbers}: {expected}, got {str(got)[:80]!r}. {again}")

    def said(self) -> Markup:
        """Return whose run it is, by what code and on what hardware it was made, and how."""
        whose = "A run that was kept with the code" if self.is_kept else "A run of your own"
        at = self.environment
        cores = f"{at['cores']} cores" if at.get("cores") else ""
        made = [at.get("code") and f"version {at['code']}", at.get("processor"), cores]
        made.append(at.get("device") and f"device {at['device']}")
        told = ", ".join(str(part) for part in made if part)
        by = Markup(" It is made by <code>{}</code>.").format(self.command) if self.command else ""
        return Markup('<p class="{}">{}: {}{}.{}</p>').format(
            "kept" if self.is_kept else "own",
            whose,
            self.name,
            f", made by {told}" * bool(told),
            by,
        )


@dataclass(frozen=True)
class Folders:
    """The folder of results, and the one of kept runs, if there is one."""

    results: Path
    kept: Path | None = None

    def first(self, *places: str) -> Run | None:
        """Return the first file at some places: one's own, else a kept one."""
        return next(
            (
                Run(root / place, root, is_kept)
                for root, is_kept in self._roots()
                for place in places
                if (root / place).is_file()
            ),
            None,
        )

    def reports(self) -> list[Run]:
        """Return the reports of all folders, in order; a kept one where there is none of one's own.

        Those of the theory, of which the page knows more, are left out, and so are hidden folders,
        in which what is being written may be.
        """
        found: dict[str, Run] = {}
        for root, is_kept in self._roots():
            for path in root.rglob("report.md"):
                run = Run(path, root, is_kept)
                inner = Path(run.folder).parts
                if inner[:1] != ("theory",) and not any(name.startswith(".") for name in inner):
                    found.setdefault(run.folder, run)
        return [found[folder] for folder in sorted(found)]

    def _roots(self) -> Iterator[tuple[Path, bool]]:
        yield self.results, False
        if self.kept is not None:
            yield self.kept, True
