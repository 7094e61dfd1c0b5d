"""The errata sheet: what does not hold as printed."""

from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from theory.ledger.verify import Verdict
from theory.logic.evidence import Judgement
from theory.logic.findings import Status
from theory.published import rows
from theory.report.facts import LEAST_BESIDE_WORDS, anchor, fact, instead, refutations, where
from theory.report.markup import add, folded, node

_TITLES: Final[Mapping[Judgement, str]] = {
    Judgement.FAILS: "What fails",
    Judgement.ONLY_IF: "What holds only under a further condition",
    Judgement.MENDED: "Slips of notation",
}


def errata(verdicts: Sequence[Verdict]) -> list[ET.Element]:
    """Return what does not hold as printed, by severity, each with a link to its claim."""
    order = {row["id"]: number for number, row in enumerate(rows("claims"))}
    refuted = sorted(
        (v for v in verdicts if v.status is Status.REFUTED),
        key=lambda v: order.get(v.claim.row, len(order)),
    )
    found = []
    for judgement, title in _TITLES.items():
        chosen = [v for v in refuted if v.judgement is judgement]
        if chosen:
            found.append(node("h3", f"{title} ({len(chosen)})"))
            found.append(node("ul", *map(_erratum, chosen), class_="errata"))
    return found or [node("p", "There are none.")]


def _erratum(verdict: Verdict) -> ET.Element:
    """Return what is printed, and, to be opened, why it does not hold and what does."""
    claim = verdict.claim
    printed = (node("b", claim.id), f" {claim.where}. ", node("span", claim.says, class_="says"))
    link = node("a", f"{claim.id} among the claims", href=f"#{anchor(claim.id)}")
    reasons = node("div", fact("With its proof", link), *refutations(verdict), *instead(verdict))
    add(reasons, where(reasons, LEAST_BESIDE_WORDS))
    return node("li", folded(printed, reasons))
