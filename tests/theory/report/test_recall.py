"""Verdicts come back from the evidence file as they were, and a changed file does not pass."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.theory.report.small import write_evidence, zoo
from theory.common.errors import UserError
from theory.ledger.verify import Verdict
from theory.logic.exact import Surd
from theory.report.recall import recalled, surd_of


def claims_of(verdicts: list[Verdict]) -> list[Any]:
    return [verdict.claim for verdict in verdicts]


def test_verdicts_come_back(results: Path, small_ledger: list[Verdict]) -> None:
    path = results / "theory" / "evidence.json"
    found = recalled(path, claims_of(small_ledger))
    assert [v.claim.id for v in found.verdicts] == [v.claim.id for v in small_ledger]
    for again, before in zip(found.verdicts, small_ledger, strict=True):
        assert again.status is before.status
        assert again.outcome == before.outcome
        for (_, now), (_, then) in zip(again.parts, before.parts, strict=True):
            assert {n: str(f.explanation) for n, f in now.findings.items()} == {
                n: str(f.explanation) for n, f in then.findings.items()
            }


def test_each_kind_of_finding_comes_back_as_its_own(tmp_path: Path) -> None:
    path = write_evidence(tmp_path, zoo())
    kinds = [
        type(verdict.published.findings["statement"]).__name__
        for verdict in recalled(path, claims_of(zoo())).verdicts
        if verdict.published is not None
    ]
    assert kinds == [
        "Proof",
        "Disproof",
        "Counterexample",
        "Witness",
        "PeriodicOrbit",
        "Escape",
        "OrbitViolation",
        "Unsettled",
    ]


def test_what_rests_on_numbers_is_counted(tmp_path: Path) -> None:
    path = write_evidence(tmp_path, zoo())
    assert recalled(path, claims_of(zoo())).rechecked == 5


@pytest.mark.parametrize(
    "parts",
    [(1, 0, 0, 0), (0, 0, 0, 0), (0, 1, 0, 0), (-1, -2, 3, -5), (7, 0, -1, 0), (0, 0, 0, -12)],
    ids=str,
)
@pytest.mark.parametrize("below", [1, 7, 300], ids=str)
def test_numbers_are_read_as_they_are_written(parts: tuple[int, ...], below: int) -> None:
    number = Surd(*(Surd.of(n).x / below for n in parts))
    assert surd_of(str(number)) == number


@pytest.mark.parametrize("text", ["", "x", "1.5", "sqrt(5)", "1 + ", "2*3", "__import__('os')"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected terms"):
        surd_of(text)


def _set(*where: Any, to: Any) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        for key in where[:-1]:
            data = data[key]
        data[where[-1]] = to

    return change


_FIRST = ("published", "obligations", 0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(_set("schema", to=2), "schema 1", id="another schema"),
        pytest.param(_set("claims", to={}), "evidence file", id="no list"),
        pytest.param(_set("claims", 0, "id", to="zoo.none"), "no claim", id="an unknown claim"),
        pytest.param(lambda data: data["claims"].append(data["claims"][0]), "twice", id="twice"),
        pytest.param(_set("claims", 0, "status", to="refuted"), "status", id="another status"),
        pytest.param(_set("claims", 0, "says", to="More."), "says", id="other words"),
        pytest.param(
            _set("claims", 0, *_FIRST, "statement", to="x"), "published", id="another statement"
        ),
        pytest.param(
            _set("claims", 2, *_FIRST, "counterexample", "x", to="1/2"),
            "the conclusion holds",
            id="no counterexample",
        ),
        pytest.param(_set("claims", 3, *_FIRST, "witness", "x", to="-1"), "fails", id="no witness"),
        pytest.param(
            _set("claims", 4, *_FIRST, "periodic_orbit", "period", to=3),
            "does not return",
            id="no period",
        ),
        pytest.param(_set("claims", 5, *_FIRST, "escape", "t", to=1), "in the region", id="inside"),
        pytest.param(_set("claims", 0, "published", to=None), "together", id="no evidence"),
    ],
)
def test_a_changed_file_is_refused(
    tmp_path: Path, change: Callable[[Any], None], says: str
) -> None:
    path = write_evidence(tmp_path, zoo())
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(UserError, match=says) as raised:
        recalled(path, claims_of(zoo()))
    assert str(path) in str(raised.value)
    assert "python -m theory verify" in str(raised.value)


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evidence.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="expected JSON"):
        recalled(path, [])
