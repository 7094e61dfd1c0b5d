"""The page: what was found, in the order in which a reader asks."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from theory.artefacts import environment, read_json, write_text
from theory.evidence import Claim
from theory.html import markdown, verdicts
from theory.html.markup import Child, add, node, page_text, table
from theory.html.recall import Recalled, recalled
from theory.ledger.verify import read_simulation

TITLE = "Why is SGD more robust than Adam? What is proved, refuted and observed"
LARGEST = 6_000_000
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
    """A kind of report that another command leaves in the folder of results.

    Attributes:
        title: heading of its part of the page.
        name: id of that part.
        pattern: where its reports are, relative to the folder of results.
        command: what makes them.
        is_one: whether there is one such report, of which the heading is that of the part.

    """

    title: str
    name: str
    pattern: str
    command: str
    is_one: bool = False


FIGURE = Kind(
    "Figure 4.7", "figure-4-7", "figure_4_7/report.md", "python -m simulations figure-4.7", True
)
SWEEPS = Kind(
    "Beyond the proofs: sweeps", "sweeps", "questions/**/report.md", "python -m simulations --help"
)
NETWORKS = Kind(
    "Networks", "networks", "nn_experiments/*/report.md", "python -m nn_experiments compare quick"
)
KERNEL = Kind(
    "A third opinion: the proof kernel",
    "kernel",
    "theory/coq/report.md",
    "python -m theory.certify",
    True,
)


@dataclass(frozen=True)
class Part:
    """A part of the page: its id, its name in the table of contents, and its content."""

    name: str
    title: str
    content: ET.Element


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        path: the page.
        size: its bytes.
        claims: how many claims are on it.
        missing: the parts for which there are no files.

    """

    path: Path
    size: int
    claims: int
    missing: Sequence[str] = field(default=())

    def note(self) -> str:
        """Return what to tell the user."""
        lines = [f"Report: {self.path} ({self.size / 1e6:.1f} MB, {self.claims} claims)"]
        lines += [f"Without files, so not on it: {', '.join(self.missing)}"] * bool(self.missing)
        if self.size > LARGEST:
            lines.append(f"It is larger than {LARGEST / 1e6:g} MB, and may open slowly on a phone.")
        return "\n".join(lines)


def write_report(results: Path, out: Path, claims: Callable[[], Iterable[Claim]]) -> Written:
    """Write the page from the files of evidence, whole or not at all.

    Args:
        results: folder of results, in which each command has its own.
        out: the HTML file.
        claims: returns the claims of the code; called only where there is evidence about them.

    Raises:
        UserError: a file of evidence is damaged or of another version of the code, or the page
            cannot be written.

    """
    evidence = results / "theory" / "evidence.json"
    known = recalled(evidence, claims()) if evidence.is_file() else None
    parts = [*_parts(results, known)]
    text = page_text(_page(parts))
    write_text(out, text)
    return Written(
        out,
        len(text.encode()),
        0 if known is None else len(known.verdicts),
        [part.title for part in parts if part.content.get("class") == "missing"],
    )


def _parts(results: Path, known: Recalled | None) -> Iterable[Part]:
    yield _question(known)
    yield _claims(known)
    yield _reports(FIGURE, results)
    yield _checks(results)
    yield _reports(SWEEPS, results)
    yield _reports(NETWORKS, results)
    yield _errata(known)
    yield _reports(KERNEL, results)
    yield _environment(results)


def _page(parts: Sequence[Part]) -> ET.Element:
    style, script = _own("page.css"), _own("page.js")
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


def _section(name: str, title: str, *content: Child) -> Part:
    return Part(name, title, node("section", node("h2", title), *content, id=name))


def _missing(name: str, title: str, command: str) -> Part:
    words = node("p", "There are no files of this yet. They are made by ", node("code", command))
    part = _section(name, title, words)
    part.content.set("class", "missing")
    return part


# --- Parts ---------------------------------------------------------------------------------------


def _question(known: Recalled | None) -> Part:
    part = _section("question", "The question", *(node("p", text) for text in _QUESTION))
    if known is not None:
        add(part.content, verdicts.overview(known))
    return part


def _claims(known: Recalled | None) -> Part:
    name, title = "claims", "The claims"
    if known is None:
        return _missing(name, title, "python -m theory verify")
    again = (
        f"Where a verdict rests on exact numbers ({known.rechecked} times), they were evaluated "
        "again when this page was written. Open a claim to see its formula, what decides it, and "
        "the proof with its certificates; certificates are files beside the evidence too."
    )
    listed = node("div", *verdicts.claims(known), id="list")
    chooser = verdicts.chooser(known.verdicts)
    return _section(name, title, node("p", again), verdicts.notation(), chooser, listed)


def _errata(known: Recalled | None) -> Part:
    name, title = "errata", "Errata"
    if known is None:
        return _missing(name, title, "python -m theory verify")
    about = (
        "Each of these was settled as printed, over everything that its own hypotheses allow, and "
        "does not hold so. The numbers are exact and can be checked by hand."
    )
    return _section(name, title, node("p", about), *verdicts.errata(known))


def _reports(kind: Kind, results: Path) -> Part:
    paths = sorted(results.glob(kind.pattern))
    if not paths:
        return _missing(kind.name, kind.title, kind.command)
    if kind.is_one:
        content = markdown.section(paths[0], 2, kind.name)
        return Part(kind.name, kind.title, content)
    each = [
        markdown.section(path, 3, f"{kind.name}-{number}") for number, path in enumerate(paths, 1)
    ]
    return _section(kind.name, kind.title, *each)


def _checks(results: Path) -> Part:
    name, title = "checks", "The simulator's checks"
    path = results / "simulations" / "evidence.json"
    if not path.is_file():
        return _missing(name, title, "python -m simulations check")
    checks = read_simulation(path)
    lines: list[tuple[Child, ...]] = [
        (key.replace("_", " "), *(str(check.get(k, "")) for k in _SAID))
        for key, check in checks.items()
    ]
    header = ("check", "status", "what had to hold", "what was seen")
    return _section(name, title, table(header, lines, f"Table: {title}"))


def _environment(results: Path) -> Part:
    found = {"this page": environment()}
    for path in sorted({path for pattern in _EVIDENCE for path in results.glob(pattern)}):
        data = read_json(path)
        if isinstance(data, dict) and isinstance(data.get("environment"), dict):
            found[str(path.relative_to(results))] = data["environment"]
    versions = {str(each.get("code")) for each in found.values()}
    words = (
        "All of it was made by one version of the code."
        if len(versions) == 1
        else "Not all of it was made by the same version of the code."
    )
    lines: list[tuple[Child, ...]] = [
        (file, *(_flat(each.get(key)) for key in _COLUMNS)) for file, each in found.items()
    ]
    made = table(("file", *_COLUMNS), lines, "Table: environments")
    return _section("environment", "Environment", node("p", words), made)


_SAID = ("status", "criterion", "observed")
_EVIDENCE = (
    "theory/evidence.json",
    "simulations/evidence.json",
    "figure_4_7/summary.json",
    "questions/**/*.json",
    "nn_experiments/*/evidence.json",
)
_COLUMNS = ("code", "python", "platform", "processor", "cores", "packages")


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items() if item is not None)
    return "" if value is None else str(value)
