"""The answer to a question, and the files that every answer becomes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple, Protocol, TypeVar

from matplotlib.figure import Figure

from simulations.study.evidence import Check, described, to_json
from theory.common.environment import environment, made_by
from theory.common.figure import Kind, write_figure
from theory.common.files import ensure_writable, write_json, write_text
from theory.common.progress import Progress, unheard
from theory.common.tables import TextTable
from theory.logic.findings import Status

_DPI: Final = 200


class Settings(Protocol):
    """A dataclass of what to run, which checks itself."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def check(self) -> None:
        """Check every setting, before long work starts; raises UserError."""


_S = TypeVar("_S", bound=Settings)


class Drawing(NamedTuple):
    """A figure and its words.

    Attributes:
        name: of its files, without an ending.
        title: not drawn; programs that read figures aloud say it.
        figure: what is drawn.
        alternative: what is seen, in words and numbers.
        caption: below it in a report.

    """

    name: str
    title: str
    figure: Figure
    alternative: str
    caption: str

    def write(self, folder: Path, kinds: Sequence[Kind] = ("png", "svg"), dpi: int = _DPI) -> Path:
        """Write the figure's files, each whole; return the first."""
        return write_figure(self.figure, folder / self.name, self.title, kinds, dpi=dpi)[0]

    def words(self) -> dict[str, str]:
        """Return what an evidence file says of the picture, an entry of its key ``pictures``.

        With this a page shows pictures of which it knows nothing else: ``file`` is a name in the
        evidence file's folder.
        """
        return {
            "file": f"{self.name}.png",
            "title": self.title,
            "alternative": self.alternative,
            "caption": self.caption,
        }


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


def answered(
    question: Callable[[_S, Path, Progress], Answer],
    settings: _S,
    out: Path,
    progress: Progress = unheard,
) -> tuple[str, int]:
    """Answer a question, write what it found, and return what to print, and the exit code.

    Each drawing becomes a ``.png`` and a ``.svg``, each table a ``.csv``, the evidence
    ``summary.json``, and the report ``report.md``, with settings and environment at its end. All
    are written at the end, each whole. The exit code is 1 if something that had to hold did not.

    Args:
        question: ``answer`` of the question's ``command``; called when settings and folder are
            known to be good.
        settings: checked before all else.
        out: folder to write to; a question that sweeps keeps its runs in a folder in it, and goes
            on with them.
        progress: called with the number of parts done and their total.

    Raises:
        UserError: a setting is out of range, the folder cannot be written, or what ``question``
            raises: its sweeps do not fit into memory or on the disk, or those in the folder are of
            other settings or another version.

    """
    settings.check()
    ensure_writable(out)
    answer = question(settings, out, progress)
    pictures = [drawing.write(out) for drawing in answer.drawings]
    write_json(out / "summary.json", _evidence(settings, answer))
    for name, table in answer.tables.items():
        write_text(out / f"{name}.csv", table.csv())
    end = "\n".join(_end(settings))
    write_text(out / "report.md", f"{answer.report.rstrip()}\n\n{end}\n")
    shown = [f"Figure: {picture}" for picture in pictures]
    said = [answer.statement, *shown, f"Report: {out / 'report.md'}"]
    disagrees = any(check.status is Status.CONTRADICTED for check in answer.checks.values())
    return "\n\n".join(said), 1 if disagrees else 0


def _evidence(settings: Settings, answer: Answer) -> dict[str, Any]:
    return {
        **described(settings, answer.report),
        **to_json(settings, answer.checks),
        "pictures": [drawing.words() for drawing in answer.drawings],
        "results": answer.results,
    }


def lines_of(checks: Mapping[str, Check]) -> Iterator[str]:
    """Yield a line of Markdown for each check."""
    for name, check in checks.items():
        yield f"- {name}: {check.status}. {check.criterion}. {check.observed}."


def _end(settings: Settings) -> Iterator[str]:
    yield f"Settings: {', '.join(f'{k} = {v}' for k, v in asdict(settings).items())}.\n"
    yield made_by(environment())
