"""The claims, each with its verdict, its numbers or its proof, and the form that chooses them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from theory.ledger.errata import NOTATION
from theory.ledger.verify import Verdict
from theory.logic.evidence import Argument, Simulated
from theory.published import rows
from theory.report.facts import anchor, instead, where, why
from theory.report.html import Fact, Line
from theory.report.mathml import formula, listed
from theory.report.notation import definitions
from theory.report.outcomes import outcome
from theory.report.proofs import Settled, Shown, proof
from theory.report.recall import Recalled

OURS: Final[Mapping[str, str]] = {
    "exact-solution": "where signGD ends for d = 3, in closed form",
    "ratio-limits": "the ratio of adversarial risks as the learning rate vanishes",
    "minibatch-law": "the exact law of a minibatch's gradient",
}
"""Subjects of the rows that are ours, and so not in the published list."""


@dataclass(frozen=True)
class ShownClaim:
    """A claim with what became of it, what is known of it, and its proofs."""

    id: str
    anchor: str
    says: str
    status: str
    outcome: str
    facts: Sequence[Fact]
    proofs: Sequence[Settled]


@dataclass(frozen=True)
class ShownLedger:
    """All claims.

    Attributes:
        rechecked: how many findings rest on numbers that were evaluated again.
        choices: values and words of the form that chooses claims.
        letters: letters in formulas, and what each stands for.
        definitions: names, and the definition that each stands for.
        rows: claims in the order of publication, under the heading of the row they belong to.
        certificates: packed, for the page's script.

    """

    rechecked: int
    choices: Sequence[tuple[str, str]]
    letters: Sequence[tuple[str, str]]
    definitions: Sequence[tuple[str, Line]]
    rows: Sequence[tuple[str, Sequence[ShownClaim]]]
    certificates: str

    @property
    def notation_title(self) -> str:
        """What the letters and definitions are."""
        words = "Letters in formulas, beside those of the text"
        more = ", and definitions that statements refer to"
        return words + more * bool(self.definitions)


def ledger(recalled: Recalled) -> ShownLedger:
    """Return all claims with what the page says of them."""
    names = definitions(recalled.verdicts)
    shown = Shown(recalled.files, names)
    found = [*_rows(recalled.verdicts, shown)]
    return ShownLedger(
        recalled.rechecked,
        [*choices(recalled.verdicts)],
        [(letters, meaning) for letters, meaning in NOTATION],
        [(name, listed([formula(definition)])) for definition, name in names.items()],
        found,
        shown.packed(),
    )


def choices(verdicts: Sequence[Verdict]) -> Iterable[tuple[str, str]]:
    """Return what the form offers: each status, and each outcome of one that has several."""
    yield "", f"all ({len(verdicts)})"
    for status, number in Counter(v.status for v in verdicts).most_common():
        yield f"status:{status}", f"{status} ({number})"
        inside = Counter(outcome(v) for v in verdicts if v.status is status)
        if len(inside) > 1:
            for name, n in inside.most_common():
                yield f"outcome:{name}", f"{status}: {name} ({n})"


def _rows(verdicts: Sequence[Verdict], shown: Shown) -> Iterable[tuple[str, Sequence[ShownClaim]]]:
    by_row: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_row.setdefault(verdict.claim.row, []).append(verdict)
    published = {row["id"]: row for row in rows("claims")}
    for row in dict.fromkeys((*published, *by_row)):
        if row in by_row:
            told = published.get(row, {"subject": OURS.get(row, row), "where": "not published"})
            subject = told["subject"]
            title = f"{subject[:1].upper()}{subject[1:]} ({told['where']})"
            yield title, [_claim(verdict, shown) for verdict in by_row[row]]


def _claim(verdict: Verdict, shown: Shown) -> ShownClaim:
    claim = verdict.claim
    facts = [Fact("Source", [claim.where])] if claim.where else []
    facts += [_formula(claim.published, shown), *why(verdict), *instead(verdict)]
    if claim.correction and verdict.corrected is not None:
        facts.append(_formula(verdict.corrected.argument, shown))
    if claim.note:
        facts.append(Fact("Note", [claim.note]))
    facts += where(facts)
    proofs = [proof(verdict, part, evidence, shown) for part, evidence in verdict.parts]
    status, became = str(verdict.status), outcome(verdict)
    return ShownClaim(claim.id, anchor(claim.id), claim.says, status, became, facts, proofs)


def _formula(assertion: Argument | Simulated, shown: Shown) -> Fact:
    """Return the assertion's formula: set, where it is a statement's; else as it is written."""
    text = assertion.formula
    if isinstance(assertion, Argument):
        settled = (obligation.statement for obligation in assertion.obligations.values())
        for statement in (assertion.statement, *settled):
            if statement is not None and str(statement) == text:
                return Fact("As a formula", [shown.statement(statement)])
    return Fact("As a formula", [Markup('<span class="printed">{}</span>').format(text)])
