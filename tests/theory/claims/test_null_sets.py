"""Conditions that exclude only a null set: "holds only if", and the entry says so."""

import pytest

from theory.logic.evidence import Judgement

ONLY_A_NULL_SET = (
    "4.3.1",
    "4.3.2",
    "4.C-nrg.2",
    "4.8.3",
    "4.9.5",
    "L4.D.2.6",
    "P4.D.3.3",
    "R-partition.1",
    "R-partition.3",
    "R-stationary.3",
    "R-stationary.5",
    "P4.D.4-A.3",
    "P4.D.4-2.2",
    "P4.D.4-3.1",
    "P4.D.4-3.2",
    "P4.D.4-steps.17",
    "P4.D.4-steps.18",
    "Cor4.D.6.2",
    "P4.D.7.2",
    "P4.D.7-P4.5",
)


@pytest.mark.parametrize("id_", ONLY_A_NULL_SET)
def test_what_fails_on_a_null_set_holds_only_if_and_says_so(verdict, id_):
    outcome = verdict(id_)
    assert outcome.judgement is Judgement.ONLY_IF
    assert "excludes only a null set" in outcome.claim.note
