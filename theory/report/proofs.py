"""Proofs: the statements that settle a claim, how each is settled, and with what certificate."""

import base64
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sympy as sp

from theory.ledger.certificates import Key
from theory.ledger.verify import Verdict
from theory.logic.evidence import Evidence, Obligation
from theory.logic.findings import Finding, Proof, Status
from theory.report import mathml
from theory.report.abbreviations import LEAST_SAVING
from theory.report.facts import numbers, where
from theory.report.html import Fact, Line, Link, Piece

_LONG: Final = 60
"""Characters from which a statement is set once, and referred to."""


@dataclass(frozen=True)
class Shown:
    """What the page has already shown, so that what is long is shown once.

    Attributes:
        files: the certificate's file of each obligation.
        names: definitions that the page tells of once, by their names.
        certificates: what they say, in the order of their numbers, by their files.
        statements: each long statement as it is set, by its text.

    """

    files: Mapping[Key, str]
    names: Mapping[sp.Basic, str]
    certificates: dict[str, str] = field(default_factory=dict)
    statements: dict[str, Line] = field(default_factory=dict)

    def statement(self, statement: Any, assumed: Sequence[sp.Basic] = ()) -> Line:
        """Return a statement; for a long one that the page has already, a link to it.

        The hypotheses in ``assumed`` are not repeated.
        """
        text = str(statement)
        before = self.statements.get(text)
        if before is not None:
            before.name = f"statement-{[*self.statements].index(text) + 1}"
            return Line([Link("the same statement as before", before.name)])
        line = mathml.stated(statement, assumed, self.names)
        if len(text) >= _LONG:
            self.statements[text] = line
        return line

    def certificate(self, finding: Finding, key: Key) -> int | None:
        """Return the number of a finding's certificate among the page's; each is there once."""
        file = self.files.get(key)
        if file is None:
            return None
        self.certificates.setdefault(file, f"{file}\n{_content(finding)}")
        return [*self.certificates].index(file)

    def packed(self) -> str:
        """Return the certificates as JSON, compressed (RFC 1950), in base 64."""
        text = json.dumps([*self.certificates.values()], ensure_ascii=False)
        return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def _content(finding: Finding) -> str:
    """Return the solver's question as it stands in the file, or the finding."""
    certificate = getattr(finding, "certificate", {})
    if "smtlib" in certificate:
        return f"; unsatisfiable, by {certificate.get('solver')}\n{certificate['smtlib']}"
    return json.dumps(finding.to_json(), indent=1, ensure_ascii=False)


@dataclass(frozen=True)
class Step:
    """A statement with its role in a proof, what settles it, and the number of its certificate."""

    name: str
    role: str
    statement: Line
    by: Sequence[Piece]
    certificate: int | None


@dataclass(frozen=True)
class Settled:
    """What settles a claim as published or as corrected, under a line that says so."""

    summary: str
    facts: Sequence[Fact]
    steps: Sequence[Step]


def proof(verdict: Verdict, part: str, evidence: Evidence, shown: Shown) -> Settled:
    """Return what settles a claim as published or as corrected.

    Args:
        verdict: on the claim.
        part: ``published`` or ``corrected``.
        evidence: of that part.
        shown: what the page has shown, to which this adds.

    """
    obligations = evidence.argument.obligations
    common = _common(obligations.values())
    facts = []
    if evidence.argument.rule:
        facts.append(Fact("They settle it by", [evidence.argument.rule]))
    if common:
        facts.append(Fact("Throughout", [mathml.listed(mathml.named(common, shown.names))]))
    steps = [
        _step(obligation, evidence, (verdict.claim.id, part, name), shown, common)
        for name, obligation in obligations.items()
    ]
    formulas = [piece for step in steps for piece in (step.statement, *step.by)]
    meanings = where([*facts, *formulas], LEAST_SAVING)
    return Settled(_summary(part, evidence), [*meanings, *facts], steps)


def _summary(part: str, evidence: Evidence) -> str:
    names = {Status.PROVED: "Proof", Status.REFUTED: "Refutation"}
    what = "as printed" if part == "published" else "as corrected"
    count = len(evidence.argument.obligations)
    statements = f"{count} statement{'s' * (count != 1)}"
    return f"{names.get(evidence.status, 'Attempt')} {what}: {statements}, {evidence.back_end}"


def _common(obligations: Iterable[Obligation]) -> tuple[sp.Basic, ...]:
    """Return the hypotheses that all statements have, if there are several statements."""
    given = [getattr(each.statement, "hypotheses", ()) for each in obligations]
    if len(given) < 2:
        return ()
    return tuple(h for h in given[0] if all(h in others for others in given[1:]))


def _step(
    obligation: Obligation,
    evidence: Evidence,
    key: Key,
    shown: Shown,
    common: Sequence[sp.Basic],
) -> Step:
    """Return a statement with what settles it; numbers stand below it, a proof's name before."""
    finding = evidence.findings[obligation.name]
    role = evidence.argument.role(obligation.name)
    is_told = key[1] == "published" and finding.status is Status.REFUTED and "necessary" in role
    by = f"{finding.status} by {finding.back_end}"
    is_short = isinstance(finding, Proof)
    said = ("as above",) if is_told else numbers(finding)
    return Step(
        obligation.name,
        f"({role}), {by}" if is_short else f"({role})",
        shown.statement(obligation.statement, common),
        () if is_short else (f"{by}: ", *said),
        shown.certificate(finding, key),
    )
