"""Leaving out a hypothesis changes a proved statement's status, or is reported as unneeded.

``pytest -s`` prints the report; a sample of the claims, or all with HYPOTHESES_ALL=1.
"""

import os

import pytest
import sympy as sp

from tests.theory.hypotheses import unneeded, unneeded_in, without_one
from theory.claims import all_claims
from theory.logic.arguments import all_of, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.prove import settle
from theory.logic.statements import Statement, show

x, y = sp.symbols("x y", real=True)
p = sp.Symbol("p", positive=True)
n = sp.Symbol("n", integer=True)
k = sp.Symbol("k", integer=True, positive=True)
EVERY = 1 if os.environ.get("HYPOTHESES_ALL") == "1" else 20


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (Statement(x * y > 0, (x > 0, y > 0)), []),
        (Statement(x + 1 > 0, (x > 0, y > 0)), ["y > 0"]),
        (Statement(x**2 >= 0, (x > 0,)), ["x > 0"]),
        (Statement(p * x >= 0, (x >= 0,)), ["p is positive rather than nonnegative"]),
        (
            Statement((p + x) ** 2 >= 4 * p * x),
            ["p is positive rather than nonnegative", "p is positive"],
        ),
        (Statement(n >= 1, (n > 0,)), []),
        (Statement(n + 1 > 0, (n > 0,)), ["n is an integer"]),
        (
            Statement(sp.Abs(x) + k >= x, (k < 5,)),
            ["k < 5", "k is an integer", "k is positive rather than nonnegative"],
        ),
    ],
    ids=str,
)
def test_what_is_not_needed(statement, words):
    assert settle(statement).status is Status.PROVED
    assert unneeded_in(statement) == words


def test_each_hypothesis_and_assumption_is_left_out_once():
    statement = Statement(k * p * x >= 0, (x >= 0, x <= 1))
    words = [said for said, _ in without_one(statement)]
    assert words == [
        show(x >= 0),
        show(x <= 1),
        "k is an integer",
        "k is positive rather than nonnegative",
        "k is positive",
        "p is positive rather than nonnegative",
        "p is positive",
    ]
    for _, weaker in without_one(statement):
        assert weaker != statement


def test_a_report_on_claims():
    published = for_all(x + 1 > 0, x > 0, y > 0)
    claim = Claim("row.1", "here", "so", published, expects=Status.PROVED)
    assert list(map(str, unneeded([claim]))) == ["row.1: y > 0 (statement)"]
    refuted = Claim("row.2", "here", "so", for_all(x > 0), for_all(x > 0, x > 1, y > 0), "if")
    assert [u.hypothesis for u in unneeded([refuted])] == ["y > 0"]


def test_what_one_obligation_needs_the_claim_needs():
    parts = {"a": Statement(x + 1 > 0, (x > 0,)), "b": Statement(x**3 > 0, (x > 0,))}
    claim = Claim("row.1", "here", "so", all_of("both", parts), expects=Status.PROVED)
    assert unneeded([claim]) == []


def test_the_ledger_is_reported_on():
    report = unneeded(all_claims()[::EVERY], timeout=0.1)
    print(f"\n{len(report)} hypotheses are not needed where they stand:")
    for line in report:
        print(f"  {line}")
    assert len({str(line) for line in report}) == len(report)
