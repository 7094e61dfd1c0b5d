"""Where a page's content comes from: one's own runs, and runs that were kept with the code."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from theory.artefacts import read_json

_NUMBERS: Final = ("summary.json", "evidence.json")
"""Files beside a report that say what made it."""


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
    def environment(self) -> Mapping[str, Any]:
        """What made it: versions and hardware; empty where no file says so.

        Raises:
            UserError: the file that says so is no JSON.

        """
        beside = [self.path] if self.path.suffix == ".json" else []
        for path in (*beside, *(self.path.with_name(name) for name in _NUMBERS)):
            if path.is_file():
                data = read_json(path)
                found = data.get("environment") if isinstance(data, dict) else None
                return found if isinstance(found, dict) else {}
        return {}

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

    def found(self, *patterns: str) -> list[Run]:
        """Return the files of some patterns, in order; a kept run only where there is none else."""
        own = [*self._of(self.results, patterns, is_kept=False)]
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
