"""The page: what was found, in the order in which a reader asks."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from theory.common.files import environment, write_text
from theory.common.plurals import counted
from theory.ledger.verify import read_simulation
from theory.logic.evidence import Claim
from theory.report import markdown, mathml, sharing
from theory.report.alternatives import alternatives
from theory.report.claims import chooser, claim_list
from theory.report.errata import errata
from theory.report.facts import fact
from theory.report.markup import Child, add, node, page_text
from theory.report.notation import definitions, notation
from theory.report.outcomes import overview
from theory.report.recall import Recalled, recalled
from theory.report.runs import Folders, Made, Run

TITLE = "Why is SGD more robust than Adam? What is proved, refuted and observed"
LARGEST = 3_000_000
"""Bytes beyond which a page is told to be large."""

_QUESTION = (
    "Networks trained by stochastic gradient descent (SGD) withstand small perturbations of their "
    "input better than networks trained by Adam or RMSProp. A paper and a thesis explain this by "
    "an analysis of linear regression: where the data have frequencies that do not matter for the "
    "task, gradient descent (GD) leaves the weights there alone, and sign gradient descent "
    "(signGD), to which Adam and RMSProp come down without their memory, moves them.",
    "This page says of each assertion of that analysis whether it holds. Three kinds of evidence "
    "are told apart. What is proved or refuted is so over all parameters that the assertion "
    "allows, with a certificate or exact numbers. What is simulated was seen in runs of the "
    "synthetic regression. What is observed was seen in trained networks. A network never upgrades "
    "a theorem.",
)


@dataclass(frozen=True)
class Kind:
    """A kind of report that other commands leave in the folder of results.

    Attributes:
        title: heading of its part of the page.
        name: id of that part.
        patterns: where its reports are, relative to the folder of results.
        commands: what makes them, by the folder that each leaves.
        made: what its reports are of; one's own are found in any folder of the results.
        is_one: whether the first such report is the part, with its heading, and others below it.

    """

    title: str
    name: str
    patterns: tuple[str, ...]
    commands: Mapping[str, str]
    made: tuple[Made, ...] = ()
    is_one: bool = False


FIGURE = Kind(
    "Figure 4.7",
    "figure-4-7",
    ("figure_4_7/report.md",),
    {"figure_4_7": "python -m simulations figure-4.7"},
    (Made.FIGURE,),
    is_one=True,
)
SWEEPS = Kind(
    "Beyond the proofs: sweeps",
    "sweeps",
    ("questions/*/report.md", "sweep/**/report.md"),
    {
        "questions/phase_diagram": "python -m simulations phase-diagram",
        "questions/scaling": "python -m simulations scaling",
        "questions/memory": "python -m simulations memory",
        "questions/remedies": "python -m simulations remedies",
        "questions/partitions": "python -m simulations partitions",
    },
    (Made.QUESTION, Made.SWEEP),
)
NETWORKS = Kind(
    "Networks",
    "networks",
    ("nn_experiments/*/report.md",),
    {"nn_experiments/quick": "python -m nn_experiments compare quick"},
    (Made.NETWORKS,),
)
KERNEL = Kind(
    "A third opinion: the proof kernel",
    "kernel",
    ("theory/coq/report.md", "theory/kernel.md"),
    {"theory/coq": "python -m theory.coq"},
    is_one=True,
)
KINDS = (FIGURE, SWEEPS, NETWORKS, KERNEL)
_VERIFY = "python -m theory verify"


@dataclass(frozen=True)
class Part:
    """A part of the page: its id, its name in the contents, what is in it, and runs it shows."""

    name: str
    title: str
    content: ET.Element
    runs: Sequence[Run] = ()

    def said(self) -> str:
        """Return whose runs it shows, and from which folders."""
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
    ledger = folders.first("theory/evidence.json")
    known = None
    if ledger is not None:
        tell("writing the claims as formulas")
        written = claims()
        tell(f"reading {ledger.path}, and evaluating its exact numbers again")
        known = recalled(ledger.path, written)
    parts = [*_parts(folders, known, ledger, tell)]
    tell("putting the page together")
    for math in (math for part in parts for math in part.content.iter("math")):
        mathml.simplify(math)
    drawings = [svg for part in parts for svg in part.content.iter("svg")]
    sharing.give_names(drawings)
    text = page_text(_page(parts, sharing.share_styles(drawings)))
    write_text(out, text)
    return Written(
        out,
        len(text.encode()),
        0 if known is None else len(known.verdicts),
        [part.title for part in parts if part.content.get("class") == "missing"],
        [part.said() for part in parts if part.runs],
    )


def _parts(
    folders: Folders, known: Recalled | None, ledger: Run | None, tell: Callable[[str], object]
) -> Iterable[Part]:
    yield _question(known)
    if known is not None:
        tell(f"setting the formulas of {counted(len(known.verdicts), 'claim')}")
    shown = [
        _claims(known, ledger),
        _reports(FIGURE, folders, tell),
        _checks(folders),
        _reports(SWEEPS, folders, tell),
        _reports(NETWORKS, folders, tell),
        _errata(known, ledger),
        _reports(KERNEL, folders, tell),
    ]
    yield from shown
    yield _environment([run for part in shown for run in part.runs])


def _page(parts: Sequence[Part], rules: str) -> ET.Element:
    """Return the whole page; rules of its style sheet are added to those of all pages."""
    style, script = _own("page.css") + rules, _own("page.js")
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{_digest(script)}'"
    )
    head = node(
        "head",
        node("meta", charset="utf-8"),
        node("meta", http_equiv="Content-Security-Policy", content=policy),
        node("meta", name="viewport", content="width=device-width, initial-scale=1"),
        node("meta", name="color-scheme", content="light dark"),
        node("link", rel="icon", href="data:,"),
        node("title", TITLE),
        node("style", style),
    )
    contents = [node("li", node("a", part.title, href=f"#{part.name}")) for part in parts]
    body = node(
        "body",
        node("a", "Skip to the claims", href="#claims", class_="skip"),
        node("header", node("h1", TITLE)),
        node("nav", node("ul", *contents), aria_label="Contents"),
        node("main", *(part.content for part in parts)),
        node("script", script),
    )
    return node("html", head, body, lang="en")


def _own(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _section(name: str, title: str, *content: Child, runs: Sequence[Run] = ()) -> Part:
    return Part(name, title, node("section", node("h2", title), *content, id=name), runs)


def _missing(name: str, title: str, *commands: str) -> Part:
    words = node("p", "There are no files of this yet. ", *_made_by(commands))
    part = _section(name, title, words)
    part.content.set("class", "missing")
    return part


def _made_by(commands: Sequence[str]) -> Iterable[Child]:
    yield "They are made by "
    for number, command in enumerate(commands):
        yield ", " * bool(number)
        yield node("code", command)
    yield "."


def _said(run: Run | None) -> ET.Element | None:
    return None if run is None else node("p", run.said(), class_="kept" if run.is_kept else "own")


# --- Parts ---------------------------------------------------------------------------------------


def _question(known: Recalled | None) -> Part:
    part = _section("question", "The question", *(node("p", text) for text in _QUESTION))
    if known is not None:
        add(part.content, overview(known.verdicts))
    return part


def _claims(known: Recalled | None, ledger: Run | None) -> Part:
    name, title = "claims", "The claims"
    if known is None or ledger is None:
        return _missing(name, title, _VERIFY)
    again = (
        f"Where a verdict rests on exact numbers ({known.rechecked} times), they were evaluated "
        "again when this page was written. Open a claim to see its formula, what decides it, and "
        "the proof with its certificates, which need scripts to be unpacked; they are files too, "
        "in a folder of that name beside the evidence."
    )
    names = definitions(known.verdicts)
    listed = node("div", *claim_list(known, names), id="list")
    about = (_said(ledger), node("p", again), notation(names))
    return _section(name, title, *about, chooser(known.verdicts), listed, runs=[ledger])


def _errata(known: Recalled | None, ledger: Run | None) -> Part:
    name, title = "errata", "Errata"
    if known is None or ledger is None:
        return _missing(name, title, _VERIFY)
    about = (
        "Each of these was settled as printed, over everything that its own hypotheses allow, and "
        "does not hold so. The numbers are exact and can be checked by hand."
    )
    return _section(name, title, node("p", about), *errata(known.verdicts), runs=[ledger])


def _reports(kind: Kind, folders: Folders, tell: Callable[[str], object]) -> Part:
    first = folders.first(*kind.patterns) if kind.is_one else None
    runs = folders.found(*(() if kind.is_one else kind.patterns), made=kind.made)
    below = [run for run in runs if run != first]
    each = [_report(run, 3, f"{kind.name}-{number}", tell) for number, run in enumerate(below, 1)]
    if first is not None:
        whole = _report(first, 2, kind.name, tell)
        add(whole, *each)
        return Part(kind.name, kind.title, whole, [first, *below])
    if not runs:
        return _missing(kind.name, kind.title, *kind.commands.values())
    return _section(kind.name, kind.title, *each, _not_run(kind, runs), runs=runs)


def _report(run: Run, level: int, name: str, tell: Callable[[str], object]) -> ET.Element:
    """Return a report, with words about its figures, and with whose run it is below its heading."""
    tell(f"reading {run.path}")
    content = markdown.section(run.path, level, name, alternatives(run.path.parent))
    said = _said(run)
    if said is not None:
        content.insert(1, said)
    return content


def _not_run(kind: Kind, runs: Iterable[Run]) -> ET.Element | None:
    found = {run.path.parent.relative_to(run.root).as_posix() for run in runs}
    commands = [command for folder, command in kind.commands.items() if folder not in found]
    words = node("p", "There is more that was not run. ", *_made_by(commands))
    return words if commands else None


def _checks(folders: Folders) -> Part:
    name, title = "checks", "The simulator's checks"
    run = folders.first("simulations/evidence.json")
    if run is None:
        return _missing(name, title, "python -m simulations check")
    checks = read_simulation(run.path)
    about = {
        key.replace("_", " "): [(label, str(check.get(k, ""))) for k, label in _SAID.items()]
        for key, check in checks.items()
    }
    return _section(name, title, _said(run), _records(about), runs=[run])


def _environment(runs: Iterable[Run]) -> Part:
    made_by = {f"{run.name}/{run.numbers.name}": run.environment for run in runs if run.numbers}
    found = {"this page": environment(), **{name: at for name, at in made_by.items() if at}}
    versions = {str(each.get("code")) for each in found.values()}
    words = (
        "All of it was made by one version of the code."
        if len(versions) == 1
        else "Not all of it was made by the same version of the code."
    )
    alike: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for file, each in found.items():
        known = ((label, _flat(each.get(label))) for label in _COLUMNS)
        alike.setdefault(tuple((label, value) for label, value in known if value), []).append(file)
    about = {", ".join(files): known for known, files in alike.items()}
    return _section("environment", "Environment", node("p", words), _records(about))


def _records(about: Mapping[str, Iterable[tuple[str, str]]]) -> ET.Element:
    """Return a list of things with what is known of each, which a narrow screen can show."""
    lines = (
        node("li", node("b", name), *(fact(label, value) for label, value in known))
        for name, known in about.items()
    )
    return node("ul", *lines, class_="records")


_SAID = {"status": "Status", "criterion": "What had to hold", "observed": "What was seen"}
_COLUMNS = ("code", "python", "platform", "processor", "cores", "device", "packages")


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items() if item is not None)
    return "" if value is None else str(value)
