"""Definitions that many statements have are told once, and referred to."""

import pytest
import sympy as sp

from theory.ledger.errata import NOTATION
from theory.ledger.verify import Verdict
from theory.logic.evidence import Argument, Claim, Evidence, Obligation
from theory.logic.findings import Proof
from theory.logic.statements import Statement
from theory.report.markup import text_of
from theory.report.notation import definitions, notation

a, b, a_1, b_1 = sp.symbols("a b a_1 b_1", real=True)
STEP = sp.Eq(a_1, a - sp.sign(a) / 3 - sp.sign(a - b) / 3 - sp.sign(a + b) / 3)
OTHER = sp.Eq(b_1, b + sp.sign(a - b) / 2 - sp.sign(a + b) / 2 + sp.sign(a))
LONG = sp.Or(a > 12345678, b > 12345678, a_1 > 12345678, b_1 > 12345678)
SHORT = sp.Eq(a_1, a + 1)


def verdicts(*hypotheses: sp.Basic, claims: int = 4) -> list[Verdict]:
    """Claims of one statement that has the hypotheses."""

    def never(statement: object, timeout: float) -> Proof:
        raise AssertionError("nothing is settled here")

    obligation = Obligation("statement", Statement(a_1 < 9, hypotheses), never)
    argument = Argument("a", (obligation,), (obligation,))
    evidence = Evidence(argument, {"statement": Proof("z3", {})}, 0.0)
    return [
        Verdict(Claim(f"a.{n}", "nowhere", "It holds.", argument), evidence, None, None)
        for n in range(claims)
    ]


def test_long_definitions_of_several_claims_have_names() -> None:
    assert definitions(verdicts(STEP, OTHER)) == {STEP: "D1", OTHER: "D2"}


@pytest.mark.parametrize(
    ("hypothesis", "claims"),
    [(STEP, 3), (SHORT, 9), (LONG, 9), (sp.Eq(a + b, STEP.rhs), 9)],
    ids=["of few claims", "short", "no equation", "of no symbol"],
)
def test_others_have_none(hypothesis: sp.Basic, claims: int) -> None:
    assert definitions(verdicts(hypothesis, claims=claims)) == {}


def test_a_definition_stands_under_its_name() -> None:
    told = notation({STEP: "D1"})
    (name,) = (each for each in told.iter("dt") if each.get("id") == "D1")
    terms = [*told.iter("dt")]
    assert text_of(name) == "D1"
    assert text_of([*told.iter("dd")][terms.index(name)]).startswith("a1=a−")
    assert "definitions" in text_of(told[0])


def test_each_definition_is_there_beside_the_letters() -> None:
    told = notation({STEP: "D1", OTHER: "D2"})
    assert [each.get("id") for each in told.iter("dt") if each.get("id")] == ["D1", "D2"]
    assert len([*told.iter("dt")]) == len([*told.iter("dd")]) == len(NOTATION) + 2


def test_all_letters_are_there() -> None:
    told = notation({})
    pairs = zip(told.iter("dt"), told.iter("dd"), strict=True)
    assert [(text_of(t), text_of(d)) for t, d in pairs] == [tuple(pair) for pair in NOTATION]
    assert "definitions" not in text_of(told[0])
