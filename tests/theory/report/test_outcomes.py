"""Each outcome has its mark, its meaning and the right number of claims."""

import re
from collections import Counter

import pytest

from tests.theory.report.small import verdict_on, zoo
from theory.logic.evidence import Judgement
from theory.logic.findings import Status, Unsettled
from theory.logic.statements import Statement
from theory.report.markup import text_of
from theory.report.outcomes import badge, outcome, overview

_OF_EXPERIMENTS = (Status.SIMULATED, Status.CONTRADICTED, Status.UNKNOWN, Status.NOT_RUN)
_ALL = [*map(str, Judgement), "vacuous", *map(str, _OF_EXPERIMENTS)]


def test_each_outcome_has_its_number_of_claims() -> None:
    verdicts = [*zoo(), *zoo()[:2]]
    said = [text_of(line) for line in overview(verdicts)]
    read = [re.fullmatch(r"(\d+) \S+ ([a-z]+) (.+)", line) for line in said]
    assert all(read)
    numbers = {line[2]: int(line[1]) for line in read if line}
    assert numbers == Counter(map(outcome, verdicts)) == {"fails": 6, "holds": 3, "open": 1}
    assert len({line[3] for line in read if line}) == len(read)


@pytest.mark.parametrize("name", _ALL)
def test_an_outcome_has_a_mark_and_a_name(name: str) -> None:
    """The mark is not read aloud: the name says it."""
    shown = badge(name)
    mark = shown[0]
    assert mark.get("aria-hidden") == "true"
    assert len(mark.text or "") == 1
    assert text_of(shown) == f"{mark.text} {name}"
    assert shown.get("class") == f"badge {name.replace(' ', '-')}"


def test_marks_tell_judgements_apart() -> None:
    assert len({badge(name)[0].text for name in Judgement}) == len(Judgement)


def test_hypotheses_that_contradict_one_another_are_told_from_what_is_open() -> None:
    finding = Unsettled("z3", "vacuous: the hypotheses contradict one another")
    (small,) = (v for v in zoo() if v.claim.id == "zoo.unsettled" and v.published is not None)
    statement = next(iter(small.claim.published.obligations.values())).statement
    assert isinstance(statement, Statement)
    assert outcome(verdict_on("vacuous", statement, finding)) == "vacuous"
    assert outcome(small) == "open"
