"""The claims, each with its verdict, its numbers or its proof, and the form that chooses them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree import ElementTree as ET

import sympy as sp

from theory.ledger.verify import Verdict
from theory.logic.evidence import Argument, Simulated
from theory.published import rows
from theory.report.facts import LEAST_BESIDE_WORDS, anchor, fact, instead, where, why
from theory.report.markup import add, node
from theory.report.outcomes import badge, outcome
from theory.report.proofs import Shown, proof
from theory.report.recall import Recalled

OURS: Final[Mapping[str, str]] = {
    "exact-solution": "where signGD ends for d = 3, in closed form",
    "ratio-limits": "the ratio of adversarial risks as the learning rate vanishes",
    "minibatch-law": "the exact law of a minibatch's gradient",
}
"""Subjects of the rows that are ours, and so not in the published list."""


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


def claim_list(recalled: Recalled, names: Mapping[sp.Basic, str]) -> list[ET.Element]:
    """Return all claims, in the order of publication, under the row of the list they belong to.

    Certificates come last, packed, for the page's script: they are for machines.

    Args:
        recalled: the verdicts.
        names: definitions that the page tells of elsewhere, by their names.

    """
    shown = Shown(recalled.files, names)
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
    return [*sections, shown.packed()]


def _title(row: str, published: Mapping[str, Mapping[str, str]]) -> str:
    told = published.get(row, {"subject": OURS.get(row, row), "where": "not published"})
    subject, where_ = told["subject"], told["where"]
    return f"{subject[:1].upper()}{subject[1:]} ({where_})"


def _claim(verdict: Verdict, shown: Shown) -> ET.Element:
    claim = verdict.claim
    summary = node(
        "summary",
        node("span", claim.id, class_="id"),
        " ",
        badge(outcome(verdict)),
        " ",
        node("span", claim.says, class_="says"),
    )
    body = node("div", class_="body")
    add(body, fact("Source", claim.where) if claim.where else None)
    add(body, _formula(claim.published, shown))
    add(body, *why(verdict), *instead(verdict))
    if claim.correction and verdict.corrected is not None:
        add(body, _formula(verdict.corrected.argument, shown))
    add(body, fact("Note", claim.note) if claim.note else None)
    add(body, where(body, LEAST_BESIDE_WORDS))
    for part, evidence in verdict.parts:
        add(body, proof(verdict, part, evidence, shown))
    return node(
        "details",
        summary,
        body,
        class_="claim",
        id=anchor(claim.id),
        data_status=verdict.status,
        data_outcome=outcome(verdict),
    )


def _formula(assertion: Argument | Simulated, shown: Shown) -> ET.Element:
    """Return the assertion's formula: set, where it is a statement's; else as it is written."""
    text = assertion.formula
    if isinstance(assertion, Argument):
        settled = (obligation.statement for obligation in assertion.obligations.values())
        for statement in (assertion.statement, *settled):
            if statement is not None and str(statement) == text:
                return fact("As a formula", shown.statement(statement))
    return fact("As a formula", node("span", text, class_="printed"))
