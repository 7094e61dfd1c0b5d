"""Evidence by chapter: what is written comes back, and files of other runs are refused."""

import json

import pytest
import sympy as sp

from theory.common.errors import UserError
from theory.ledger.evidence_files import chapter_of, read_evidence, write_evidence
from theory.ledger.verify import settle_claim, to_json
from theory.logic.arguments import for_all
from theory.logic.evidence import Claim

x = sp.Symbol("x", real=True)
PLACES = {
    "1.1": "§3.3.2, before (3.11)",
    "1.2": "§4.D.2, Proposition 4.D.7",
    "1.3": "§4.4.2, (4.19)",
    "1.4": "not published: theory/model/limit.py",
    "1.5": "§3.3.1",
}
CLAIMS = [Claim(id_, where, "says", for_all(x**2 + x + 1 > 0)) for id_, where in PLACES.items()]


@pytest.fixture
def written(tmp_path):
    data = json.loads(json.dumps(to_json(map(settle_claim, CLAIMS))))
    write_evidence(tmp_path / "evidence.json", data)
    return tmp_path / "evidence.json", data


def test_chapters():
    found = [chapter_of(where) for where in (*PLACES.values(), "§6.2", "")]
    of_ours = ["chapter_3", "appendix_4_d", "chapter_4", "own", "chapter_3"]
    assert found == [*of_ours, "chapter_6", "own"]


def test_what_is_written_comes_back_in_its_order(written):
    path, data = written
    assert {p.name for p in (path.parent / "claims").iterdir()} == {
        *("chapter_3.json", "appendix_4_d.json", "chapter_4.json", "own.json")
    }
    again = read_evidence(path)
    assert again["claims"] == data["claims"]
    for name in ("environment", "summary", "judgements", "rows"):
        assert again[name] == data[name] == json.loads(path.read_text())[name]


def test_evidence_of_another_name_has_a_folder_of_its_own(written):
    path, data = written
    write_evidence(path.with_name("other.json"), {**data, "claims": data["claims"][:1]})
    assert len(read_evidence(path)["claims"]) == 5
    assert len(read_evidence(path.with_name("other.json"))["claims"]) == 1


def test_what_was_written_as_one_file_is_read(written):
    path, data = written
    path.write_text(json.dumps({**data, "schema": 1}))
    assert read_evidence(path)["claims"] == data["claims"]


@pytest.mark.parametrize("content", ["[]", "{}", '{"schema": 3, "claims": []}', '{"schema": 2}'])
def test_what_is_no_evidence_is_told(written, content):
    path, _ = written
    path.write_text(content)
    with pytest.raises(UserError, match=r"expected an evidence file of the ledger.*Run `python"):
        read_evidence(path)


def test_claims_of_another_run_are_refused(written):
    path, _ = written
    part = path.parent / "claims" / "chapter_4.json"
    part.write_text(part.read_text().replace("proved", "refuted"))
    with pytest.raises(UserError, match=r"chapter_4.json: expected what .*evidence.json names"):
        read_evidence(path)
    part.unlink()
    with pytest.raises(
        UserError, match=r"chapter_4.json: expected what .*found no such file. Run `python"
    ):
        read_evidence(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("order"),
        lambda data: data.update(order=None),
        lambda data: data.update(claims={}),
        lambda data: data["order"].append("none.1"),
        lambda data: data["order"].append([]),
        lambda data: data["claims"].popitem(),
    ],
)
def test_a_list_of_claims_that_does_not_fit_its_files_is_told(written, damage):
    path, _ = written
    data = json.loads(path.read_text())
    damage(data)
    path.write_text(json.dumps(data))
    with pytest.raises(UserError, match="expected an evidence file of the ledger"):
        read_evidence(path)
