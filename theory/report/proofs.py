"""Proofs: the statements that settle a claim, how each is settled, and with what certificate."""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree import ElementTree as ET

import sympy as sp

from theory.ledger.certificates import Key
from theory.ledger.verify import Verdict
from theory.logic.evidence import Evidence, Obligation
from theory.logic.findings import Finding, Proof, Status
from theory.report import mathml
from theory.report.abbreviations import LEAST_SAVING
from theory.report.facts import fact, numbers, where
from theory.report.markup import add, node

_LONG: Final = 60
"""Characters from which a statement is set once, and referred to."""


@dataclass(frozen=True)
class Shown:
    """What the page has already shown, so that what is long is shown once.

    Attributes:
        files: the certificate's file of each obligation.
        names: definitions that the page tells of once, by their names.
        certificates: the number of each certificate, by its file.
        contents: what the certificates say, in the order of their numbers.
        statements: the element of each long statement, by its text.

    """

    files: Mapping[Key, str]
    names: Mapping[sp.Basic, str]
    certificates: dict[str, str] = field(default_factory=dict)
    contents: list[str] = field(default_factory=list)
    statements: dict[str, ET.Element] = field(default_factory=dict)

    def statement(self, statement: Any, assumed: Sequence[sp.Basic] = ()) -> ET.Element:
        """Return a statement; for a long one that the page has already, a link to it.

        The hypotheses in ``assumed`` are not repeated.
        """
        text = str(statement)
        if text in self.statements:
            number = [*self.statements].index(text) + 1
            before = _place(self.statements[text], f"statement-{number}")
            return node("div", node("a", "the same statement as before", href=before))
        box = mathml.stated(statement, assumed, self.names)
        if len(text) >= _LONG:
            self.statements[text] = box
        return box

    def certificate(self, finding: Finding, key: Key) -> str | None:
        """Return the number of a finding's certificate among the page's; each is there once."""
        file = self.files.get(key)
        if file is None:
            return None
        if file not in self.certificates:
            self.certificates[file] = str(len(self.contents))
            self.contents.append(f"{file}\n{_content(finding)}")
        return self.certificates[file]

    def packed(self) -> ET.Element:
        """Return the certificates as a block of data: JSON, compressed (RFC 1950), in base 64."""
        text = json.dumps(self.contents, ensure_ascii=False)
        data = base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")
        return node("script", data, type="application/octet-stream", id="certificates")


def _place(element: ET.Element, name: str) -> str:
    """Return where an element is, for a link to it: only what is linked to needs an id."""
    if element.get("id") is None:
        element.set("id", name)
    return f"#{element.get('id')}"


def _content(finding: Finding) -> str:
    """Return the solver's question as it stands in the file, or the finding."""
    certificate = getattr(finding, "certificate", {})
    if "smtlib" in certificate:
        return f"; unsatisfiable, by {certificate.get('solver')}\n{certificate['smtlib']}"
    return json.dumps(finding.to_json(), indent=1, ensure_ascii=False)


def proof(verdict: Verdict, part: str, evidence: Evidence, shown: Shown) -> ET.Element:
    """Return what settles a claim as published or as corrected, to be opened.

    Args:
        verdict: on the claim.
        part: ``published`` or ``corrected``.
        evidence: of that part.
        shown: what the page has shown, to which this adds.

    """
    obligations = evidence.argument.obligations
    what = "as printed" if part == "published" else "as corrected"
    number = f"{len(obligations)} statement{'s' * (len(obligations) != 1)}"
    common = _common(obligations.values())
    lines = (
        _obligation(obligation, evidence, (verdict.claim.id, part, name), shown, common)
        for name, obligation in obligations.items()
    )
    found = node(
        "details",
        node("summary", f"{_settled(evidence.status)} {what}: {number}, {evidence.back_end}"),
        fact("They settle it by", evidence.argument.rule) if evidence.argument.rule else None,
        fact("Throughout", mathml.listed(mathml.named(common, shown.names))) if common else None,
        node("ol", *lines),
        class_="argument",
    )
    meanings = where(found, LEAST_SAVING)
    if meanings is not None:
        found.insert(1, meanings)
    return found


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
    shown: Shown,
    common: Sequence[sp.Basic],
) -> ET.Element:
    """Return a statement with its name and role, and what settles it; numbers stand below it."""
    finding = evidence.findings[obligation.name]
    role = evidence.argument.role(obligation.name)
    is_told = key[1] == "published" and finding.status is Status.REFUTED and "necessary" in role
    by = f"{finding.status} by {finding.back_end}"
    is_short = isinstance(finding, Proof)
    found = node(
        "li",
        node("b", obligation.name),
        f" ({role}), {by}" if is_short else f" ({role})",
        shown.statement(obligation.statement, common),
        data_text=shown.certificate(finding, key),
    )
    if not is_short:
        add(found, node("div", f"{by}: ", *(("as above",) if is_told else numbers(finding))))
    return found
