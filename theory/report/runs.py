"""Where a page's content comes from: one's own runs, and runs that were kept with the code."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from theory.common.files import read_json

_NUMBERS: Final = ("summary.json", "evidence.json")
"""Files beside a report that say what made it."""
_ANYWHERE: Final = ("*/report.md", "*/*/report.md")
"""Where a report may be whose command was given a folder of the user's choice."""


class Made(StrEnum):
    """What a report is of, as the numbers beside it tell."""

    FIGURE = "Figure 4.7"
    QUESTION = "a question"
    SWEEP = "a sweep"
    NETWORKS = "a comparison of networks"


_KEYS: Final[Mapping[Made, frozenset[str]]] = {
    Made.SWEEP: frozenset({"sweep"}),
    Made.FIGURE: frozenset({"optimizers", "ratio_signgd_over_gd"}),
    Made.QUESTION: frozenset({"settings", "checks", "results"}),
    Made.NETWORKS: frozenset({"preset", "baseline", "verdicts"}),
}
"""What only the file of one kind of command has, all of it."""


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
    def name(self) -> str:
        """The folder that it is in, from the folder of results on."""
        return (Path(self.root.name) / self.path.parent.relative_to(self.root)).as_posix()

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
            UserError: the file that says so is no JSON.

        """
        found = self._data().get("environment")
        return found if isinstance(found, dict) else {}

    @property
    def made(self) -> Made | None:
        """What it is of; None where the numbers do not tell.

        Raises:
            UserError: they are no JSON.

        """
        names = self._data().keys()
        return next((made for made, keys in _KEYS.items() if keys <= names), None)

    def _data(self) -> Mapping[str, Any]:
        data = {} if self.numbers is None else read_json(self.numbers)
        return data if isinstance(data, dict) else {}

    def said(self) -> str:
        """Return whose run it is, and by what code and on what hardware it was made."""
        whose = "A run that was kept with the code" if self.is_kept else "A run of your own"
        at = self.environment
        cores = f"{at['cores']} cores" if at.get("cores") else ""
        made = [at.get("code") and f"version {at['code']}", at.get("processor"), cores]
        made.append(at.get("device") and f"device {at['device']}")
        told = ", ".join(str(part) for part in made if part)
        return f"{whose}: {self.name}{f', made by {told}' * bool(told)}."


@dataclass(frozen=True)
class Folders:
    """The folder of results, and the one of kept runs, if there is one."""

    results: Path
    kept: Path | None = None

    def found(self, *patterns: str, made: Collection[Made] = ()) -> list[Run]:
        """Return the files of some patterns, in order; a kept run only where there is none else.

        Args:
            patterns: where files of the commands are by themselves.
            made: what else is shown, in whatever folder of the results one's own runs have it.

        """
        own = [*self._of(self.results, patterns, is_kept=False)]
        if made:
            anywhere = self._of(self.results, _ANYWHERE, is_kept=False)
            own += [run for run in anywhere if run not in own and run.made in made]
        have = {run.path.parent.relative_to(run.root) for run in own}
        kept = [] if self.kept is None else self._of(self.kept, patterns, is_kept=True)
        more = [run for run in kept if run.path.parent.relative_to(run.root) not in have]
        return sorted([*own, *more], key=lambda run: run.path.relative_to(run.root).as_posix())

    def first(self, *patterns: str) -> Run | None:
        """Return the first file of some patterns: one's own, else a kept one."""
        return min(self.found(*patterns), key=lambda run: run.is_kept, default=None)

    def _of(self, root: Path, patterns: tuple[str, ...], *, is_kept: bool) -> Iterator[Run]:
        for pattern in patterns:
            for path in sorted(root.glob(pattern)):
                yield Run(path, root, is_kept)
