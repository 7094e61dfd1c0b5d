"""A claim on the page says what decides it, in formulas and numbers; the form counts claims."""

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.theory.report.small import zoo
from theory.common.files import read_json
from theory.ledger.verify import Verdict
from theory.published import rows
from theory.report.claims import OURS, chooser, claim_list
from theory.report.markup import text_of
from theory.report.outcomes import outcome
from theory.report.recall import Recalled

_NUMBERS = {
    "disproof": "the negation is proved",
    "counterexample": "fails at x=−32+12+22+62",
    "periodic": "leaves the region every 2 steps",
    "escape": "is outside after 2 steps",
    "violation": "fails at t = 2, where",
}
"""What is said of each kind of refutation."""


@pytest.fixture(scope="module")
def shown() -> dict[str, ET.Element]:
    found = claim_list(Recalled(tuple(zoo()), {}, {}), {})
    claims = (each for part in found for each in part.iter() if each.get("class") == "claim")
    return {claim.attrib["id"].removeprefix("claim-zoo."): claim for claim in claims}


def facts(claim: ET.Element) -> dict[str, ET.Element]:
    (body,) = (each for each in claim if each.get("class") == "body")
    return {text_of(each[0]): each for each in body if each.tag == "div"}


def test_the_form_counts_claims(small_ledger: list[Verdict]) -> None:
    options = {o.get("value"): text_of(o) for o in chooser(small_ledger).iter("option")}
    expected = {"": f"all ({len(small_ledger)})"}
    for status, number in Counter(v.status for v in small_ledger).items():
        expected[f"status:{status}"] = f"{status} ({number})"
    for (status, name), number in Counter((v.status, outcome(v)) for v in small_ledger).items():
        if name != status and options.get(f"outcome:{name}"):
            expected[f"outcome:{name}"] = f"{status}: {name} ({number})"
    assert options == expected
    assert {"outcome:fails", "outcome:holds only if"} <= set(options)


def test_a_formula_is_set_where_it_is_a_statement(shown: dict[str, ET.Element]) -> None:
    for claim in shown.values():
        fact = facts(claim)["As a formula:"]
        assert [*fact.iter("math")], text_of(claim)


def test_a_refutation_says_its_numbers(shown: dict[str, ET.Element]) -> None:
    for name, says in _NUMBERS.items():
        (refuted,) = (
            f for label, f in facts(shown[name]).items() if label.startswith("Refuted by")
        )
        assert says in text_of(refuted), text_of(refuted)


def test_a_counterexample_has_the_value_of_each_side(shown: dict[str, ET.Element]) -> None:
    refuted = facts(shown["counterexample"])["Refuted by z3:"]
    (sides,) = (each for each in refuted if each.get("class") == "formula")
    left, values = sides.iter("math")
    assert text_of(left).startswith("|x|=")
    assert text_of(left).endswith(";")  # no line begins with it
    assert text_of(values).endswith("≤12")
    assert text_of(sides).endswith("is false")


def test_what_is_proved_says_by_what(shown: dict[str, ET.Element]) -> None:
    assert text_of(facts(shown["proof"])["Verdict:"]) == "Verdict: proved by identity"
    (line,) = shown["proof"].iter("li")
    assert text_of(line).startswith("statement (sufficient and necessary), proved by identity")
    assert [*line.iter("math")]


def test_a_witness_says_where_it_holds(shown: dict[str, ET.Element]) -> None:
    (line,) = shown["witness"].iter("li")
    assert text_of(line).endswith("proved by z3: holds at x=12, y=−12")


def test_numbers_that_a_claim_has_told_are_not_told_again(shown: dict[str, ET.Element]) -> None:
    (line,) = shown["counterexample"].iter("li")
    assert text_of(line).endswith("refuted by z3: as above")


def test_what_is_not_settled_says_why(shown: dict[str, ET.Element]) -> None:
    (line,) = shown["unsettled"].iter("li")
    assert text_of(line).endswith("unknown by z3: the time was up")


def test_rows_of_our_own_have_a_heading_in_words() -> None:
    kept = read_json(Path(__file__).parents[3] / "evidence" / "theory" / "evidence.json")
    published = {row["id"] for row in rows("claims")}
    assert {entry["id"].rpartition(".")[0] for entry in kept["claims"]} - published == set(OURS)


def test_a_condition_that_is_sharp_is_set_as_a_formula(small_ledger: list[Verdict]) -> None:
    verdicts = tuple(v for v in small_ledger if v.claim.id == "4.3.1")
    (claim,) = (
        each
        for part in claim_list(Recalled(verdicts, {}, {}), {})
        for each in part.iter()
        if each.get("class") == "claim"
    )
    (body,) = (each for each in claim if each.get("class") == "body")
    printed, corrected = (
        each for each in body if each.tag == "div" and text_of(each[0]) == "As a formula:"
    )
    assert [*printed.iter("math")]
    assert "⇔" in text_of(corrected)
    assert [*corrected.iter("math")]
