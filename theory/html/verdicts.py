"""The claims, each with its verdict, its numbers or its proof; and the errata sheet."""

import base64
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree as ET

import sympy as sp

from theory.evidence import Argument, Evidence, Judgement, Obligation, Simulated
from theory.findings import (
    Counterexample,
    Disproof,
    Finding,
    OrbitViolation,
    Proof,
    Status,
    Witness,
)
from theory.html import mathml
from theory.html.abbreviations import LEAST_SAVING, abbreviate
from theory.html.markup import Child, add, node
from theory.html.recall import Recalled
from theory.ledger.certificates import Key
from theory.ledger.errata import NOTATION
from theory.ledger.typeset import sides_at
from theory.ledger.verify import Verdict, judgements
from theory.published import rows

_MARKS: Mapping[str, str] = {
    Judgement.HOLDS: "✓",
    Judgement.MENDED: "✎",
    Judgement.ONLY_IF: "◐",
    Judgement.FAILS: "✗",
    Judgement.OPEN: "?",
    "vacuous": "∅",
    Status.SIMULATED: "≈",
    Status.CONTRADICTED: "≉",
    Status.UNKNOWN: "?",
    Status.NOT_RUN: "–",
}
_MEANINGS: Mapping[str, str] = {
    Judgement.HOLDS: "proved as printed, over everything that its hypotheses allow",
    Judgement.MENDED: "refuted as printed; proved once a slip of notation is mended",
    Judgement.ONLY_IF: "refuted as printed; proved under a further condition, which is given",
    Judgement.FAILS: "refuted by exact numbers; what is true instead is given",
    Judgement.OPEN: "neither proved nor refuted",
    "vacuous": "its hypotheses contradict one another",
    Status.SIMULATED: "about a random experiment, and it shows in our runs",
    Status.CONTRADICTED: "about a random experiment, and it does not show in our runs",
    Status.UNKNOWN: "about a random experiment that settles nothing",
    Status.NOT_RUN: "about a random experiment that was not run",
}
_LEAST_BESIDE_WORDS = 1000
"""Characters of a file that a letter saves outside proofs, where few formulas are read alone."""
_LONG = 60
"""Characters from which a statement is set once, and referred to."""

_ERRATA = {
    Judgement.FAILS: "What fails",
    Judgement.ONLY_IF: "What holds only under a further condition",
    Judgement.MENDED: "Slips of notation",
}


@dataclass(frozen=True)
class _Shown:
    """What the page has already shown, so that what is long is shown once.

    Attributes:
        files: the certificate's file of each obligation.
        certificates: the number of each certificate, by its file.
        contents: what the certificates say, in the order of their numbers.
        statements: the element of each long statement, by its text.

    """

    files: Mapping[Key, str]
    certificates: dict[str, str] = field(default_factory=dict)
    contents: list[str] = field(default_factory=list)
    statements: dict[str, ET.Element] = field(default_factory=dict)


def _place(element: ET.Element, name: str) -> str:
    """Return where an element is, for a link to it: only what is linked to needs an id."""
    if element.get("id") is None:
        element.set("id", name)
    return f"#{element.get('id')}"


def outcome(verdict: Verdict) -> str:
    """Return the judgement without its condition; or *vacuous*, or the status of a simulation."""
    return "vacuous" if verdict.is_vacuous else str(verdict.judgement or verdict.status)


def anchor(id_: str) -> str:
    """Return the name of a claim's place in the page."""
    return f"claim-{id_}"


def overview(recalled: Recalled) -> ET.Element:
    """Return the number of claims by outcome, with what each outcome means."""
    counts = judgements(recalled.verdicts)
    lines = [
        node("li", node("b", f"{number} "), _badge(name), f" {_MEANINGS[name]}")
        for name, number in counts.items()
    ]
    return node("ul", *lines, class_="overview")


def notation() -> ET.Element:
    """Return what the letters in formulas stand for."""
    pairs = [part for letters, meaning in NOTATION for part in _defined(letters, meaning)]
    return node(
        "details",
        node("summary", "Letters in formulas, beside those of the text"),
        node("dl", *pairs),
        class_="notation",
    )


def _defined(letters: str, meaning: str) -> tuple[ET.Element, ET.Element]:
    return node("dt", letters), node("dd", meaning)


# --- The list, and what chooses from it ----------------------------------------------------------


def chooser(verdicts: Sequence[Verdict]) -> ET.Element:
    """Return the form that chooses claims by status and words; a script shows it and serves it."""
    options = [node("option", f"all ({len(verdicts)})", value="")]
    for status, number in Counter(v.status for v in verdicts).most_common():
        options.append(node("option", f"{status} ({number})", value=f"status:{status}"))
        inside = Counter(outcome(v) for v in verdicts if v.status is status)
        if len(inside) > 1:
            options += [
                node("option", f"{status}: {name} ({n})", value=f"outcome:{name}")
                for name, n in inside.most_common()
            ]
    return node(
        "form",
        node("label", "Status ", node("select", *options, id="choose-status")),
        node("label", "Words ", node("input", type="search", id="choose-words")),
        node("button", "Open all shown", type="button", id="open-all"),
        node("button", "Close all", type="button", id="close-all"),
        node("output", id="shown", for_="choose-status choose-words"),
        id="choose",
        aria_label="Choose claims",
        hidden="",
    )


def claims(recalled: Recalled) -> list[ET.Element]:
    """Return all claims, in the order of publication, under the row of the list they belong to.

    Certificates come last, packed, for the page's script: they are for machines.
    """
    shown = _Shown(recalled.files)
    by_row: dict[str, list[Verdict]] = {}
    for verdict in recalled.verdicts:
        by_row.setdefault(verdict.claim.row, []).append(verdict)
    published = {row["id"]: row for row in rows("claims")}
    order = [*published, *(row for row in by_row if row not in published)]
    sections = [
        node(
            "section",
            node("h3", _title(row, published)),
            *(_claim(verdict, shown) for verdict in by_row[row]),
            class_="row",
        )
        for row in order
        if row in by_row
    ]
    return [*sections, _packed(shown.contents)]


def _packed(contents: list[str]) -> ET.Element:
    """Return texts as a block of data: JSON, compressed (RFC 1950), in base 64."""
    compressed = zlib.compress(json.dumps(contents, ensure_ascii=False).encode(), 9)
    text = base64.b64encode(compressed).decode("ascii")
    return node("script", text, type="application/octet-stream", id="certificates")


def _title(row: str, published: Mapping[str, Mapping[str, str]]) -> str:
    if row not in published:
        return row
    subject, where = published[row]["subject"], published[row]["where"]
    return f"{subject[:1].upper()}{subject[1:]} ({where})"


def _badge(name: str) -> ET.Element:
    mark = node("span", _MARKS[name], aria_hidden="true")
    return node("span", mark, f" {name}", class_=f"badge {_class_of(name)}")


def _class_of(name: str) -> str:
    return name.replace(" ", "-")


def _claim(verdict: Verdict, shown: _Shown) -> ET.Element:
    claim = verdict.claim
    summary = node(
        "summary",
        node("span", claim.id, class_="id"),
        " ",
        _badge(outcome(verdict)),
        " ",
        node("span", claim.says, class_="says"),
    )
    body = node("div", class_="body")
    add(body, _fact("Source", claim.where) if claim.where else None)
    add(body, _formula(claim.published, shown))
    add(body, *_why(verdict), *_instead(verdict))
    if claim.correction and verdict.corrected is not None:
        add(body, _formula(verdict.corrected.argument, shown))
    add(body, _fact("Note", claim.note) if claim.note else None)
    add(body, _where(body, _LEAST_BESIDE_WORDS))
    for part, evidence in verdict.parts:
        add(body, _argument(verdict, part, evidence, shown))
    return node(
        "details",
        summary,
        body,
        class_="claim",
        id=anchor(claim.id),
        data_status=verdict.status,
        data_outcome=outcome(verdict),
    )


def _fact(label: str, *content: Child) -> ET.Element:
    return node("div", node("b", f"{label}: "), *content, class_="fact")


def _formula(assertion: Argument | Simulated, shown: _Shown) -> ET.Element:
    """Return the assertion's formula: set, where it is a statement's; else as it is written."""
    text = assertion.formula
    obligations = assertion.obligations.values() if isinstance(assertion, Argument) else ()
    for obligation in obligations:
        if str(obligation.statement) == text:
            return _fact("As a formula", _statement(obligation.statement, shown))
    return _fact("As a formula", node("span", text, class_="printed"))


def _why(verdict: Verdict) -> Iterable[ET.Element]:
    """Say what decides the status, in numbers where there are numbers."""
    if isinstance(verdict.claim.published, Simulated):
        for name, value in (verdict.simulated or {}).items():
            yield _fact(name.replace("_", " "), str(value))
    elif verdict.status is Status.REFUTED:
        yield from _refutations(verdict)
    elif verdict.published is not None:
        yield _fact("Verdict", f"{verdict.status} by {verdict.back_end}")


def _refutations(verdict: Verdict) -> Iterable[ET.Element]:
    assert verdict.published is not None  # or nothing could be refuted
    for obligation in verdict.published.argument.necessary:
        finding = verdict.published.findings[obligation.name]
        if finding.status is Status.REFUTED:
            name = f" ({obligation.name})" if obligation.name != "statement" else ""
            yield _fact(f"Refuted by {finding.back_end}{name}", *_numbers(finding))


def _numbers(finding: Finding) -> Iterable[Child]:
    """Where the statement fails or holds, and what its sides are there."""
    match finding:
        case Counterexample():
            yield from ("fails at ", mathml.point(finding.at))
            told: set[Any] = set()
            for relation, left, right, so in sides_at(finding):
                yield _sides(relation, left, right, so, told)
        case OrbitViolation():
            values = finding.statement.at(finding.t)
            yield from (f"fails at t = {finding.t}, where ", mathml.point(values))
        case Witness():
            yield from ("holds at ", mathml.point(finding.at))
        case Disproof():
            yield "the negation is proved"
        case Proof():
            yield "for all values"
        case _:
            yield finding.explanation


def _sides(relation: Any, left: Any, right: Any, so: bool, told: set[Any]) -> ET.Element:
    """Return the values of both sides, but of those told, and whether the relation is true."""
    values = relation.func(left.value.to_sympy(), right.value.to_sympy(), evaluate=False)
    box = node("div", class_="formula")
    for side in (left, right):
        if side.expression != side.value.to_sympy() and side.expression not in told:
            told.add(side.expression)
            add(box, mathml.equation(side.expression, side.value.to_sympy()), "; ")
    add(box, mathml.formula(values), f" is {'true' if so else 'false'}")
    return box


def _instead(verdict: Verdict) -> Iterable[ET.Element]:
    claim = verdict.claim
    if claim.slip:
        yield _fact("The slip", claim.slip)
    if claim.only_if:
        yield _fact("It holds only if", claim.only_if)
    if claim.correction and verdict.corrected is not None:
        yield _fact(f"Instead ({verdict.corrected.status})", claim.correction)


# --- Proofs --------------------------------------------------------------------------------------


def _argument(verdict: Verdict, part: str, evidence: Evidence, shown: _Shown) -> ET.Element:
    obligations = evidence.argument.obligations
    what = "as printed" if part == "published" else "as corrected"
    number = f"{len(obligations)} statement{'s' * (len(obligations) != 1)}"
    common = _common(obligations.values())
    found = node(
        "details",
        node("summary", f"{_settled(evidence.status)} {what}: {number}, {evidence.back_end}"),
        _fact("They settle it by", evidence.argument.rule) if evidence.argument.rule else None,
        _fact("Throughout", mathml.listed(map(mathml.formula, common))) if common else None,
        node(
            "ol",
            *(
                _obligation(obligation, evidence, (verdict.claim.id, part, name), shown, common)
                for name, obligation in obligations.items()
            ),
        ),
        class_="argument",
    )
    meanings = _where(found, LEAST_SAVING)
    if meanings is not None:
        found.insert(1, meanings)
    return found


def _where(box: ET.Element, least: int) -> ET.Element | None:
    """Put letters into the formulas of a box, and return what they stand for, if there are any."""
    meanings = abbreviate(box, least)
    return _fact("Where", mathml.listed(meanings)) if meanings else None


def _common(obligations: Iterable[Obligation]) -> tuple[sp.Basic, ...]:
    """Return the hypotheses that all statements have, if there are several statements."""
    given = [getattr(each.statement, "hypotheses", ()) for each in obligations]
    if len(given) < 2:
        return ()
    return tuple(h for h in given[0] if all(h in others for others in given[1:]))


def _settled(status: Status) -> str:
    return {Status.PROVED: "Proof", Status.REFUTED: "Refutation"}.get(status, "Attempt")


def _obligation(
    obligation: Obligation,
    evidence: Evidence,
    key: Key,
    shown: _Shown,
    common: Sequence[sp.Basic],
) -> ET.Element:
    finding = evidence.findings[obligation.name]
    role = evidence.argument.role(obligation.name)
    is_told = key[1] == "published" and finding.status is Status.REFUTED and "necessary" in role
    numbers = ("as above",) if is_told else _numbers(finding)
    return node(
        "li",
        node("b", obligation.name),
        f" ({role})",
        _statement(obligation.statement, shown, common),
        node("div", f"{finding.status} by {finding.back_end}: ", *numbers),
        data_text=_certificate(finding, key, shown),
    )


def _statement(statement: Any, shown: _Shown, assumed: Sequence[sp.Basic] = ()) -> ET.Element:
    """Return the statement; for a long one that the page has already, a link to it.

    The hypotheses in ``assumed`` are not repeated.
    """
    text = str(statement)
    if text in shown.statements:
        before = _place(shown.statements[text], f"statement-{[*shown.statements].index(text) + 1}")
        return node("div", node("a", "the same statement as before", href=before))
    box = mathml.stated(statement, assumed)
    if len(text) >= _LONG:
        shown.statements[text] = box
    return box


def _certificate(finding: Finding, key: Key, shown: _Shown) -> str | None:
    """Return the number of the finding's certificate among the page's; each is there once."""
    file = shown.files.get(key)
    if file is None:
        return None
    if file not in shown.certificates:
        shown.certificates[file] = str(len(shown.contents))
        shown.contents.append(f"{file}\n{_content(finding)}")
    return shown.certificates[file]


def _content(finding: Finding) -> str:
    """Return the solver's question as it stands in the file, or the finding."""
    certificate = getattr(finding, "certificate", {})
    if "smtlib" in certificate:
        return f"; unsatisfiable, by {certificate.get('solver')}\n{certificate['smtlib']}"
    return json.dumps(finding.to_json(), indent=1, ensure_ascii=False)


# --- Errata --------------------------------------------------------------------------------------


def errata(recalled: Recalled) -> list[ET.Element]:
    """Return what does not hold as printed, by severity, each with a link to its claim."""
    order = {row["id"]: number for number, row in enumerate(rows("claims"))}
    refuted = sorted(
        (v for v in recalled.verdicts if v.status is Status.REFUTED),
        key=lambda v: order.get(v.claim.row, len(order)),
    )
    found = []
    for judgement, title in _ERRATA.items():
        chosen = [v for v in refuted if v.judgement is judgement]
        if chosen:
            found.append(node("h3", f"{title} ({len(chosen)})"))
            found.append(node("ul", *map(_erratum, chosen), class_="errata"))
    return found or [node("p", "There are none.")]


def _erratum(verdict: Verdict) -> ET.Element:
    claim = verdict.claim
    found = node(
        "li",
        node("a", claim.id, href=f"#{anchor(claim.id)}"),
        f" {claim.where}. ",
        _fact("Printed", claim.says),
        *_refutations(verdict),
        *_instead(verdict),
    )
    add(found, _where(found, _LEAST_BESIDE_WORDS))
    return found
