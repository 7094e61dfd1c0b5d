"""Each outcome has its mark, its meaning and the right number of claims."""

from collections import Counter

import pytest

from tests.theory.report.small import verdict_on, zoo
from theory.logic.evidence import Judgement
from theory.logic.findings import Status, Unsettled
from theory.logic.statements import Statement
from theory.report.html import boxed
from theory.report.outcomes import MARKS, outcome, overview

_OF_EXPERIMENTS = (Status.SIMULATED, Status.CONTRADICTED, Status.UNKNOWN, Status.NOT_RUN)
_ALL = [*map(str, Judgement), "vacuous", *map(str, _OF_EXPERIMENTS)]


def test_each_outcome_has_its_number_of_claims() -> None:
    verdicts = [*zoo(), *zoo()[:2]]
    found = [*overview(verdicts)]
    numbers = {name: number for name, number, _ in found}
    assert numbers == Counter(map(outcome, verdicts)) == {"fails": 6, "holds": 3, "open": 1}
    assert len({meaning for _, _, meaning in found}) == len(found)


@pytest.mark.parametrize("name", _ALL)
def test_an_outcome_has_a_mark_and_a_name(name: str) -> None:
    """The mark is not read aloud: the name says it."""
    shown = boxed("badge", name)
    mark = MARKS[name]
    assert len(mark) == 1
    assert f'<span aria-hidden="true">{mark}</span> {name}' in shown
    assert shown.startswith(f'<span class="badge {name.replace(" ", "-")}">')


def test_marks_tell_judgements_apart() -> None:
    assert len({MARKS[name] for name in Judgement}) == len(Judgement)


def test_hypotheses_that_contradict_one_another_are_told_from_what_is_open() -> None:
    finding = Unsettled("z3", "vacuous: the hypotheses contradict one another")
    (small,) = (v for v in zoo() if v.claim.id == "zoo.unsettled" and v.published is not None)
    statement = next(iter(small.claim.published.obligations.values())).statement
    assert isinstance(statement, Statement)
    assert outcome(verdict_on("vacuous", statement, finding)) == "vacuous"
    assert outcome(small) == "open"
