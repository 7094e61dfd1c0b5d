"""The page: what was found, in the order in which a reader asks."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from theory.common.environment import environment
from theory.common.files import write_text
from theory.common.plurals import counted
from theory.ledger.verify import read_simulation
from theory.logic.evidence import Claim
from theory.report import markdown
from theory.report.claims import ledger
from theory.report.errata import errata
from theory.report.html import Fact, templates
from theory.report.outcomes import overview
from theory.report.recall import Recalled, recalled
from theory.report.runs import Folders, Run

TITLE: Final = "Why is SGD more robust than Adam? What is proved, refuted and observed"
LARGEST: Final = 7_000_000
"""Bytes beyond which a page is told to be large."""

_VERIFY: Final = "python -m theory verify"
_PRODUCERS: Final[Mapping[str, tuple[str, str]]] = {
    "simulations": ("simulations", "Simulations"),
    "nn_experiments": ("networks", "Networks"),
}
"""Id and title of the part of the page for the reports of a package's commands."""
_SAID: Final = {"status": "Status", "criterion": "What had to hold", "observed": "What was seen"}
_COLUMNS: Final = ("code", "python", "platform", "processor", "cores", "device", "packages")


@dataclass(frozen=True)
class Report:
    """A report of a run, by its id in the page."""

    name: str
    run: Run
    title: str
    heading: str
    body: Markup


@dataclass(frozen=True)
class Part:
    """A part of the page.

    Attributes:
        name: its id.
        title: its heading, and its name in the contents.
        template: what sets it.
        content: what the template sets, of whatever form.
        runs: whose results it shows.
        reports: those of the runs.
        lists_reports: whether they stand under the part's heading, rather than being the part.
        words: what is said before the content.
        command: what makes its files, or tells what does.
        makes: what the command does.

    """

    name: str
    title: str
    template: str
    content: Any = None
    runs: Sequence[Run] = ()
    reports: Sequence[Report] = ()
    lists_reports: bool = False
    words: str = ""
    command: str = ""
    makes: str = "makes them"

    @property
    def is_missing(self) -> bool:
        """Whether there are no files of it."""
        return self.template == "missing.html"

    def said(self) -> Markup:
        """Return whose runs its content is from."""
        return Markup().join(run.said() for run in self.runs)

    def source(self) -> str:
        """Return whose runs it shows, and from which folders, in a line for the user."""
        own, kept = (
            [str(run.path.parent) for run in self.runs if run.is_kept is is_kept]
            for is_kept in (False, True)
        )
        told = [f"your own {', '.join(own)}"] * bool(own)
        told += [f"kept with the code {', '.join(kept)}"] * bool(kept)
        return f"  {self.title}: {'; '.join(told)}"


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        path: the page.
        size: its bytes.
        claims: how many claims are on it.
        missing: the parts for which there are no files.
        sources: whose runs each of the others shows, in a line.

    """

    path: Path
    size: int
    claims: int
    missing: Sequence[str] = field(default=())
    sources: Sequence[str] = field(default=())

    def note(self) -> str:
        """Return what to tell the user."""
        lines = [f"Report: {self.path} ({self.size / 1e6:.1f} MB, {counted(self.claims, 'claim')})"]
        lines += ["What it shows:"] * bool(self.sources) + [*self.sources]
        lines += [f"Without files, so not on it: {', '.join(self.missing)}"] * bool(self.missing)
        if self.size > LARGEST:
            lines.append(f"It is larger than {LARGEST / 1e6:g} MB, and may open slowly on a phone.")
        return "\n".join(lines)


def write_report(
    results: Path,
    out: Path,
    claims: Callable[[], Iterable[Claim]],
    kept: Path | None = None,
    tell: Callable[[str], object] = lambda doing: None,
) -> Written:
    """Write the page from the files of evidence, whole or not at all.

    Args:
        results: folder of results, in which each command has its own.
        out: the HTML file.
        claims: returns the claims of the code; called only where there is evidence about them.
        kept: folder of runs that were kept, laid out as ``results``, which are shown, and said to
            be kept ones, where there is none of one's own.
        tell: told what is being done, before it is.

    Raises:
        UserError: a file of evidence is damaged or of another version of the code, or the page
            cannot be written.

    """
    folders = Folders(results, kept)
    known = _known(folders.first("theory/evidence.json"), claims, tell)
    parts = [*page_parts(folders, known, tell)]
    tell("putting the page together")
    text = page_text(parts, known)
    write_text(out, text)
    return Written(
        out,
        len(text.encode()),
        0 if known is None else len(known.ledger.verdicts),
        [part.title for part in parts if part.is_missing],
        [part.source() for part in parts if part.runs],
    )


@dataclass(frozen=True)
class Known:
    """The verdicts of a file of evidence."""

    run: Run
    ledger: Recalled


def _known(
    run: Run | None, claims: Callable[[], Iterable[Claim]], tell: Callable[[str], object]
) -> Known | None:
    if run is None:
        return None
    tell("writing the claims as formulas")
    written = claims()
    tell(f"reading {run.path}, and evaluating its exact numbers again")
    return Known(run, recalled(run.path, written))


def page_text(parts: Sequence[Part], known: Known | None) -> str:
    """Return the page as HTML, with what is known of the claims first."""
    style, script = (_own(name) for name in ("page.css", "page.js"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return (
        templates()
        .get_template("page.html")
        .render(
            title=TITLE,
            style=Markup(style),
            script=Markup(script),
            digest=digest,
            parts=parts,
            overview=[] if known is None else [*overview(known.ledger.verdicts)],
        )
    )


def _own(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


# --- Parts ---------------------------------------------------------------------------------------


def page_parts(
    folders: Folders, known: Known | None, tell: Callable[[str], object]
) -> Iterable[Part]:
    """Return the parts of the page, in their order.

    Args:
        folders: of results.
        known: verdicts, if there is evidence about claims.
        tell: told what is being done, before it is.

    Raises:
        UserError: a report, or what is said of it, cannot be read.

    """
    if known is not None:
        tell(f"setting the formulas of {counted(len(known.ledger.verdicts), 'claim')}")
    reports = folders.reports()
    of = {package: [run for run in reports if run.package == package] for package in _PRODUCERS}
    others = [run for run in reports if run.package not in _PRODUCERS]
    shown = [
        _of_ledger("claims", "The claims", known, ledger),
        _of_package("simulations", of["simulations"], tell),
        _checks(folders.first("simulations/evidence.json")),
        _of_package("nn_experiments", of["nn_experiments"], tell),
        _of_ledger("errata", "Errata", known, lambda found: [*errata(found.verdicts)]),
        _kernel(folders.first("theory/coq/report.md", "theory/kernel.md"), tell),
    ]
    if others:
        shown.append(_of_reports("others", "Other results", others, tell))
    yield from shown
    yield _environment([run for part in shown for run in part.runs])


def _of_ledger(
    name: str, title: str, known: Known | None, of: Callable[[Recalled], object]
) -> Part:
    if known is None:
        return Part(name, title, "missing.html", command=_VERIFY)
    return Part(name, title, f"{name}.html", of(known.ledger), [known.run])


def _of_package(package: str, runs: Sequence[Run], tell: Callable[[str], object]) -> Part:
    name, title = _PRODUCERS[package]
    command = f"python -m {package} --help"
    if not runs:
        makes = "lists the commands that make them"
        return Part(name, title, "missing.html", command=command, makes=makes)
    return _of_reports(name, title, runs, tell, command)


def _of_reports(
    name: str, title: str, runs: Sequence[Run], tell: Callable[[str], object], command: str = ""
) -> Part:
    reports = [_report(f"{name}-{n}", run, 3, tell) for n, run in enumerate(runs, 1)]
    makes = "lists what else can be run"
    return Part(
        name, title, "reports.html", None, runs, reports, True, command=command, makes=makes
    )


def _report(name: str, run: Run, level: int, tell: Callable[[str], object]) -> Report:
    tell(f"reading {run.path}")
    read = markdown.report(run.path, level, run.pictures)
    title = read.heading.striptags() or run.title
    return Report(name, run, title, read.heading or title, read.body)


def _kernel(run: Run | None, tell: Callable[[str], object]) -> Part:
    name, title = "kernel", "A third opinion: the proof kernel"
    if run is None:
        return Part(name, title, "missing.html", command="python -m theory.coq")
    return Part(name, title, "reports.html", None, [run], [_report(name, run, 2, tell)])


def _checks(run: Run | None) -> Part:
    name, title = "checks", "The simulator's checks"
    if run is None:
        return Part(name, title, "missing.html", command="python -m simulations check")
    about = {
        key.replace("_", " "): [Fact(label, [str(check.get(k, ""))]) for k, label in _SAID.items()]
        for key, check in read_simulation(run.path).items()
    }
    return Part(name, title, "records.html", about, [run])


def _environment(runs: Iterable[Run]) -> Part:
    made_by = {f"{run.name}/{run.numbers.name}": run.environment for run in runs if run.numbers}
    found = {"this page": environment(), **{name: at for name, at in made_by.items() if at}}
    is_one = len({str(each.get("code")) for each in found.values()}) == 1
    words = "All of it was" if is_one else "Not all of it was"
    words += f" made by {'one' if is_one else 'the same'} version of the code."
    alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for file, each in found.items():
        known = ((label, _flat(each.get(label))) for label in _COLUMNS)
        alike.setdefault(tuple((label, value) for label, value in known if value), []).append(file)
    about = {
        ", ".join(names): [Fact(label, [value]) for label, value in known]
        for known, names in alike.items()
    }
    return Part("environment", "Environment", "records.html", about, words=words)


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items() if item is not None)
    return "" if value is None else str(value)
