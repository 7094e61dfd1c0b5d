"""A claim on the page says what decides it, in formulas and numbers; the form counts claims."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.theory.report.small import text_of, zoo
from theory.ledger.errata import NOTATION
from theory.ledger.evidence_files import read_evidence
from theory.ledger.verify import Verdict
from theory.published import rows
from theory.report.claims import OURS, ShownClaim, choices, ledger
from theory.report.html import Fact, Line, formulas_in
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


def claims_of(verdicts: Sequence[Verdict]) -> list[ShownClaim]:
    shown = ledger(Recalled(tuple(verdicts), {}, {}))
    return [claim for _, claims in shown.rows for claim in claims]


@pytest.fixture(scope="module")
def shown() -> dict[str, ShownClaim]:
    return {claim.id.removeprefix("zoo."): claim for claim in claims_of(zoo())}


def fact(claim: ShownClaim, label: str) -> Fact:
    (found,) = (each for each in claim.facts if each.label.startswith(label))
    return found


def step(claim: ShownClaim) -> str:
    """The text of the only statement of the only proof."""
    ((only,),) = (proof.steps for proof in claim.proofs)
    return text_of(f"{only.name} {only.role} ", only.statement, " ", *only.by)


def test_the_form_counts_claims(small_ledger: list[Verdict]) -> None:
    options = dict(choices(small_ledger))
    expected = {"": f"all ({len(small_ledger)})"}
    for status, number in Counter(v.status for v in small_ledger).items():
        expected[f"status:{status}"] = f"{status} ({number})"
    for (status, name), number in Counter((v.status, outcome(v)) for v in small_ledger).items():
        if name != status and options.get(f"outcome:{name}"):
            expected[f"outcome:{name}"] = f"{status}: {name} ({number})"
    assert options == expected
    assert {"outcome:fails", "outcome:holds only if"} <= set(options)


def test_a_formula_is_set_where_it_is_a_statement(shown: dict[str, ShownClaim]) -> None:
    for claim in shown.values():
        assert [*formulas_in([fact(claim, "As a formula")])], claim.id


def test_a_refutation_says_its_numbers(shown: dict[str, ShownClaim]) -> None:
    for name, says in _NUMBERS.items():
        assert says in text_of(fact(shown[name], "Refuted by"))


def test_a_counterexample_has_the_value_of_each_side(shown: dict[str, ShownClaim]) -> None:
    refuted = fact(shown["counterexample"], "Refuted by z3")
    (sides,) = (each for each in refuted.pieces if isinstance(each, Line))
    left, _, values, _ = map(text_of, sides.pieces)
    assert left.startswith("|x|=")
    assert left.endswith(";")  # no line begins with it
    assert values.endswith("≤12")
    assert text_of(sides).endswith("is false")


def test_what_is_proved_says_by_what(shown: dict[str, ShownClaim]) -> None:
    assert text_of(fact(shown["proof"], "Verdict")) == "Verdict: proved by identity"
    said = step(shown["proof"])
    assert said.startswith("statement (sufficient and necessary), proved by identity")
    assert said.endswith("|x|≤12")


def test_a_witness_says_where_it_holds(shown: dict[str, ShownClaim]) -> None:
    assert step(shown["witness"]).endswith("proved by z3: holds at x=12, y=−12")


def test_numbers_that_a_claim_has_told_are_not_told_again(shown: dict[str, ShownClaim]) -> None:
    assert step(shown["counterexample"]).endswith("refuted by z3: as above")


def test_what_is_not_settled_says_why(shown: dict[str, ShownClaim]) -> None:
    assert step(shown["unsettled"]).endswith("unknown by z3: the time was up")


def test_rows_of_our_own_have_a_heading_in_words() -> None:
    kept = read_evidence(Path(__file__).parents[3] / "evidence" / "theory" / "evidence.json")
    published = {row["id"] for row in rows("claims")}
    assert {entry["id"].rpartition(".")[0] for entry in kept["claims"]} - published == set(OURS)


def test_a_condition_that_is_sharp_is_set_as_a_formula(small_ledger: list[Verdict]) -> None:
    (claim,) = claims_of([v for v in small_ledger if v.claim.id == "4.3.1"])
    printed, corrected = (each for each in claim.facts if each.label == "As a formula")
    assert [*formulas_in([printed])]
    assert "⇔" in text_of(corrected)
    assert [*formulas_in([corrected])]


def test_all_letters_are_there() -> None:
    told = ledger(Recalled((), {}, {}))
    assert told.letters == [tuple(pair) for pair in NOTATION]
    assert told.definitions == []
    assert "definitions" not in told.notation_title
