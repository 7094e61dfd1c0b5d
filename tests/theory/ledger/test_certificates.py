"""Certificates as files: one for each distinct question, with a name to be read."""

import json

import pytest
import sympy as sp

from theory.common.errors import UserError
from theory.ledger.certificates import plan, title, write_certificates
from theory.ledger.verify import settle_claim
from theory.logic.arguments import all_of, for_all
from theory.logic.evidence import Claim
from theory.logic.findings import Status
from theory.logic.prove import smt
from theory.logic.statements import Possible, Statement

x, y = sp.symbols("x y", real=True)


def settled(*claims):
    return [settle_claim(claim) for claim in claims]


def all_parts(**parts):
    return all_of("all", {name.replace("_", " "): part for name, part in parts.items()})


@pytest.fixture(scope="module")
def verdicts():
    return settled(
        Claim(
            "P4.D.3.1",
            "",
            "",
            all_parts(it_falls=x**2 - 2 * x + 11 > 0, again=x**2 - 2 * x + 11 > 0),
        ),
        Claim("P4.D.3.2", "", "", for_all(x**2 - 2 * x + 11 > 0)),
        Claim("4.7.1", "", "", for_all(x**2 > 0), for_all(x**2 >= 0), "≥"),
        Claim("4.7.2", "", "", for_all(sp.Eq((x + 1) ** 2, x**2 + 2 * x + 1))),
        Claim("4.7.3", "", "", for_all(sp.exp(x) > x)),
        Claim("4.7.4", "", "", all_parts(some=Possible(x > 3), none=Statement(x > y, (x > y,)))),
    )


def test_names_and_files(verdicts, tmp_path):
    names = write_certificates(verdicts, tmp_path)
    assert names["P4.D.3.1", "published", "it falls"] == "P4.D.3.1--it-falls.smt2"
    assert names["4.7.1", "published", "statement"] == "4.7.1--statement.json"
    assert names["4.7.1", "corrected", "statement"] == "4.7.1--corrected--statement.json"
    assert ("4.7.3", "published", "statement") not in names  # open
    assert {path.name for path in tmp_path.iterdir()} == set(names.values())


def test_one_question_is_one_file(verdicts):
    names, files = plan(verdicts)
    first = names["P4.D.3.1", "published", "it falls"]
    assert names["P4.D.3.1", "published", "again"] == first
    assert names["P4.D.3.2", "published", "statement"] == first
    for user in ("P4.D.3.1, it falls", "P4.D.3.1, again", "P4.D.3.2, statement"):
        assert f"; {user}: x² - 2*x + 11 > 0\n" in files[first]


def test_the_smt_file_is_the_certificate(verdicts):
    names, files = plan(verdicts)
    text = files[names["P4.D.3.2", "published", "statement"]]
    comments, _, rest = text.partition("(set-logic")
    assert all(line.startswith("; ") for line in comments.splitlines())
    (finding,) = verdicts[1].published.findings.values()
    assert f"(set-logic{rest}" == finding.certificate["smtlib"]


def test_what_is_not_smt_is_json(verdicts):
    names, files = plan(verdicts)
    refuted = json.loads(files[names["4.7.1", "published", "statement"]])
    assert refuted["counterexample"] == {"x": "0"}
    assert refuted["statement"] == "x² > 0"
    assert refuted["for"] == ["4.7.1, statement: x² > 0"]
    assert json.loads(files[names["4.7.4", "published", "some"]])["witness"]
    identity = json.loads(files[names["4.7.2", "published", "statement"]])
    assert (identity["back_end"], identity["status"]) == ("identity", "proved")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("P4.D.3.1", "the ranking falls"), "P4.D.3.1--the-ranking-falls"),
        (("a/b", "../x"), "a-b--x"),
        (("4.8.1", "no shift does more than |z| + εn"), "4.8.1--no-shift-does-more-than-z-n"),
        (("(−1, 0, 1)",), "1-0-1"),
        (("ẽ",), "certificate"),
        (("", " "), "certificate"),
        (("..",), "certificate"),
        (("CON x", "con:x\\y\n"), "CON-x--con-x-y"),
        (("x" * 300,), "x" * 100),
    ],
)
def test_titles(words, name):
    assert title(*words) == name


def test_names_do_not_collide(tmp_path):
    parts = {
        "(1, 0)": x**2 - 2 * x + 11 > 0,
        "(1; 0)": x**2 - 2 * x + 12 > 0,
        "1/0": x**2 - 2 * x + 13 > 0,
        "(1, 0)'": x + y >= y + x,
    }
    long = {f"{'x' * 120}{i}": x + i > x for i in range(3)}
    more = {"Aa": x**2 - 2 * x + 14 > 0, "aA": x**2 - 2 * x + 15 > 0}
    parts = {**parts, **more, **long}
    names = write_certificates(settled(Claim("a", "", "", all_of("all", parts))), tmp_path)
    assert len({name.lower() for name in names.values()}) == len(parts)
    assert {path.name for path in tmp_path.iterdir()} == set(names.values())


def test_stale_certificates_go_and_other_files_stay(verdicts, tmp_path):
    write_certificates(verdicts, tmp_path)
    (tmp_path / "mine.smt2").write_text("(check-sat)")
    (tmp_path / "mine.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("; certificate of theory-first-verifier\n")
    (tmp_path / "folder.json").mkdir()
    names = write_certificates(verdicts[1:2], tmp_path)
    kept = {"mine.smt2", "mine.json", "notes.txt", "folder.json"}
    assert {path.name for path in tmp_path.iterdir()} == kept | set(names.values())


def test_adding_removes_nothing(verdicts, tmp_path):
    before = set(write_certificates(verdicts, tmp_path).values())
    added = set(write_certificates(verdicts[1:2], tmp_path, only_add=True).values())
    assert {path.name for path in tmp_path.iterdir()} == before | added


def test_names_are_the_same_each_time(verdicts, tmp_path):
    first = write_certificates(verdicts, tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert write_certificates(verdicts, tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times


def test_an_altered_certificate_is_written_again(verdicts, tmp_path):
    names = write_certificates(verdicts, tmp_path)
    path = tmp_path / names["P4.D.3.2", "published", "statement"]
    whole = path.read_text()
    for damage in (whole[:-5], ""):
        path.write_text(damage)
        write_certificates(verdicts, tmp_path)
        assert path.read_text() == whole


def test_a_folder_that_cannot_be_written(verdicts, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write"):
        write_certificates(verdicts, tmp_path / "file")


def test_a_disproof_is_an_smt_file():
    finding = smt.settle_possible(Possible(sp.And(x > 1, x < 0)))
    assert finding.status is Status.REFUTED
    claim = Claim("a", "", "", all_parts(impossible=Possible(sp.And(x > y, y > x))))
    names, files = plan(settled(claim))
    (name,) = names.values()
    assert name == "a--impossible.smt2"
    assert "(check-sat)" in files[name]
