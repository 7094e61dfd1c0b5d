"""Each of the text's terms has one reading, which a claim that uses it tells."""

import subprocess
import sys
from collections import Counter

import pytest
import sympy as sp

from theory.claims import all_claims
from theory.model.dynamics import NormalisedState, normalised_step
from theory.published import terms

CLAIMS = {claim.id: claim for claim in all_claims()}


def test_no_word_has_two_readings():
    words = Counter(word for term in terms() for word in term.words)
    assert [word for word, n in words.items() if n > 1] == []
    assert all(term.reading.endswith(".") and term.source for term in terms())


@pytest.mark.parametrize("term", terms(), ids=lambda term: term.name)
def test_each_term_is_one_that_claims_use(term):
    assert any(term.is_in(f"{c.says} {c.correction} {c.note}") for c in CLAIMS.values())


def test_a_term_is_found_as_a_word_only():
    update = next(term for term in terms() if term.name == "update")
    assert update.is_in("The update of B.")
    assert not update.is_in("It is outdated, and updating is no word of it.")


def test_an_update_is_what_a_step_adds():
    """In one convention the signs of all three updates are as the ledger has them."""
    a, b, c, r = sp.Integer(2), sp.Integer(3), sp.Integer(0), sp.Rational(1, 4)
    after = normalised_step(NormalisedState(a, b, c), r)
    assert tuple(after) == (sp.Rational(5, 3), sp.Rational(11, 4), 1)
    assert after.a - a < 0  # T4.9-direction.1: in the direction to reduce it
    assert after.b - b < 0
    assert after.c - c > 0  # so not of the opposite sign, as 4.D.2-e2.1 prints


def test_an_explanation_tells_how_terms_are_read():
    command = [sys.executable, "-m", "theory", "verify", "--no-cache", "--claim", "4.D.2-e2.1"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    reading = next(term.reading for term in terms() if term.name == "update")
    assert " ".join(f"read as update: {reading}".split()) in " ".join(said.split())
    assert "read as robust" not in " ".join(said.split())
