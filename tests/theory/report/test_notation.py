"""Definitions that many statements have are told once, and referred to."""

import pytest
import sympy as sp

from tests.theory.report.small import text_of
from theory.ledger.verify import Verdict
from theory.logic.evidence import Argument, Claim, Evidence, Obligation
from theory.logic.findings import Proof
from theory.logic.statements import Statement
from theory.report.claims import ledger
from theory.report.notation import definitions
from theory.report.recall import Recalled

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
    shown = ledger(Recalled(tuple(verdicts(STEP, OTHER)), {}, {}))
    assert [name for name, _ in shown.definitions] == ["D1", "D2"]
    assert text_of(shown.definitions[0][1]).startswith("a1=a−")
    assert "definitions" in shown.notation_title
