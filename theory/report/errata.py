"""The errata sheet: what does not hold as printed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from theory.ledger.verify import Verdict
from theory.logic.evidence import Judgement
from theory.logic.findings import Status
from theory.published import rows
from theory.report.facts import anchor, instead, refutations, where
from theory.report.html import Fact, Link

_TITLES: Final[Mapping[Judgement, str]] = {
    Judgement.FAILS: "What fails",
    Judgement.ONLY_IF: "What holds only under a further condition",
    Judgement.MENDED: "Slips of notation",
}


@dataclass(frozen=True)
class Erratum:
    """What is printed, why it does not hold, and what does."""

    id: str
    where: str
    says: str
    facts: Sequence[Fact]


def errata(verdicts: Sequence[Verdict]) -> Iterable[tuple[str, Sequence[Erratum]]]:
    """Return what does not hold as printed, by severity, each with a link to its claim."""
    order = {row["id"]: number for number, row in enumerate(rows("claims"))}
    refuted = sorted(
        (v for v in verdicts if v.status is Status.REFUTED),
        key=lambda v: order.get(v.claim.row, len(order)),
    )
    for judgement, title in _TITLES.items():
        chosen = [_erratum(v) for v in refuted if v.judgement is judgement]
        if chosen:
            yield title, chosen


def _erratum(verdict: Verdict) -> Erratum:
    claim = verdict.claim
    link = Link(f"{claim.id} among the claims", anchor(claim.id))
    facts = [Fact("With its proof", [link]), *refutations(verdict), *instead(verdict)]
    return Erratum(claim.id, claim.where, claim.says, [*facts, *where(facts)])
