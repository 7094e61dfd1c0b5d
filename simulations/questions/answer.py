"""The answer to a question, and the files that every answer becomes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias

from matplotlib.figure import Figure

from simulations.evidence import Check, to_json
from simulations.style import write_figure
from theory.artefacts import ensure_writable, environment, write_json, write_text
from theory.findings import Status
from theory.tables import TextTable

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of parts done and their total."""


class Settings(Protocol):
    """A dataclass of what to run, which checks itself."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def check(self) -> None:
        """Check every setting, before long work starts; raises UserError."""


class Drawing(NamedTuple):
    """A figure and its names.

    Attributes:
        name: of its files, without an ending.
        title: not drawn; programs that read figures aloud say it.
        figure: what is drawn.

    """

    name: str
    title: str
    figure: Figure


@dataclass(frozen=True)
class Answer:
    """What a question found.

    Attributes:
        drawings: the figures.
        checks: what had to hold, by name.
        results: the numbers, as data for a file.
        tables: the numbers to be read, by the name of their file.
        statement: what they say about the theory, in words.
        report: figures, statement, checks and tables as Markdown.

    """

    drawings: tuple[Drawing, ...]
    checks: dict[str, Check]
    results: Mapping[str, Any]
    tables: Mapping[str, TextTable]
    statement: str
    report: str


def unheard(done: int, total: int) -> None:
    """Tell nobody of the progress."""


def answered(settings: Settings, out: Path, question: Callable[[], Answer]) -> tuple[str, int]:
    """Answer a question, write what it found, and return what to print, and the exit code.

    Each drawing becomes a ``.png`` and a ``.svg``, each table a ``.csv``, the evidence
    ``summary.json``, and the report ``report.md``, with settings and environment at its end. All
    are written at the end, each whole. The exit code is 1 if something that had to hold did not.

    Args:
        settings: checked before all else.
        out: folder to write to.
        question: called when settings and folder are known to be good.

    Raises:
        UserError: a setting is out of range, the folder cannot be written, or what ``question``
            raises.

    """
    settings.check()
    ensure_writable(out)
    answer = question()
    figures = [write_figure(figure, out / name, title) for name, title, figure in answer.drawings]
    evidence = {**to_json(settings, answer.checks), "results": answer.results}
    write_json(out / "summary.json", evidence)
    for name, table in answer.tables.items():
        write_text(out / f"{name}.csv", table.csv())
    end = "\n".join(_end(settings))
    write_text(out / "report.md", f"{answer.report.rstrip()}\n\n{end}\n")
    shown = [f"Figure: {files.png}" for files in figures]
    said = [answer.statement, *shown, f"Report: {out / 'report.md'}"]
    disagrees = any(check.status is Status.CONTRADICTED for check in answer.checks.values())
    return "\n\n".join(said), 1 if disagrees else 0


def lines_of(checks: Mapping[str, Check]) -> Iterator[str]:
    """Yield a line of Markdown for each check."""
    for name, check in checks.items():
        yield f"- {name}: {check.status}. {check.criterion}. {check.observed}."


def _end(settings: Settings) -> Iterator[str]:
    at = environment()
    yield f"Settings: {', '.join(f'{k} = {v}' for k, v in asdict(settings).items())}.\n"
    yield (
        f"Made by version {at['code']} on {at['processor']}, {at['cores']} cores, "
        f"{at['platform']}, Python {at['python']}."
    )
