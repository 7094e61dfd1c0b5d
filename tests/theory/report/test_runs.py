"""Whose runs a page shows, one's own or kept ones, and what each says of itself."""

import json
from pathlib import Path

import pytest

from tests.theory.report.small import write_text
from theory.common.errors import UserError
from theory.report.pictures import Picture
from theory.report.runs import Folders, Run

_KEPT = Path(__file__).parents[3] / "evidence"


def write_run(folder: Path, **told: object) -> None:
    write_text(folder / "report.md", "# A\n")
    write_text(folder / "summary.json", json.dumps(told))


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    at = {"code": "1.0 (abc)", "processor": "a machine", "cores": 2, "device": "cpu"}
    for root, names in (("results", ("memory",)), ("evidence", ("memory", "remedies"))):
        for name in names:
            write_run(tmp_path / root / "studies" / name, environment=at)
    return Folders(tmp_path / "results", tmp_path / "evidence")


def test_kept_runs_are_shown_where_there_is_none_of_ones_own(folders: Folders) -> None:
    found = [(run.name, run.is_kept) for run in folders.reports()]
    assert found == [("results/studies/memory", False), ("evidence/studies/remedies", True)]


def test_ones_own_come_first(folders: Folders) -> None:
    first = folders.first("none/report.md", "studies/memory/report.md")
    assert first is not None
    assert not first.is_kept
    kept = folders.first("studies/remedies/report.md")
    assert kept is not None
    assert kept.is_kept
    assert folders.first("none/report.md") is None


def test_a_run_says_whose_it_is_and_what_made_it(folders: Folders) -> None:
    own, kept = folders.reports()
    made = "made by version 1.0 (abc), a machine, 2 cores, device cpu."
    assert own.said() == f'<p class="own">A run of your own: results/studies/memory, {made}</p>'
    words = "A run that was kept with the code: evidence/studies/remedies"
    assert kept.said() == f'<p class="kept">{words}, {made}</p>'


def test_a_run_says_what_command_makes_it(tmp_path: Path) -> None:
    write_run(tmp_path / "mine", command="python -m simulations a > b")
    (run,) = Folders(tmp_path).reports()
    assert run.said().endswith(
        "/mine. It is made by <code>python -m simulations a &gt; b</code>.</p>"
    )
    assert run.package == "simulations"


@pytest.mark.parametrize("text", ["[]", "{}", '{"environment": 3}'])
def test_a_run_of_which_no_file_says_what_made_it(tmp_path: Path, text: str) -> None:
    write_text(tmp_path / "results" / "mine" / "report.md", "# A\n")
    write_text(tmp_path / "results" / "mine" / "summary.json", text)
    (run,) = Folders(tmp_path / "results").reports()
    assert run.said() == '<p class="own">A run of your own: results/mine.</p>'
    assert (run.title, run.package, run.pictures) == ("results/mine", "", [])


def test_a_run_describes_its_pictures(tmp_path: Path) -> None:
    words = {"file": "a.svg", "title": "A", "alternative": "It rises.", "caption": "It"}
    write_run(tmp_path / "mine", pictures=[words], title="Mine")
    (run,) = Folders(tmp_path).reports()
    assert run.title == "Mine"
    assert run.pictures == [Picture(**words)]


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"pictures": [{"file": "a.svg"}]}, "pictures: expected the texts file, title, alt"),
        ({"pictures": [dict.fromkeys(("file", "title", "alternative", "caption"), 1)]}, "texts"),
        ({"pictures": "a.svg"}, "pictures: expected the texts"),
        ({"title": ["A"]}, r"title: expected a text, got \"\['A'\]\""),
        ({"command": 3}, "command: expected a text, got '3'"),
    ],
    ids=["texts", "numbers", "no list", "title", "command"],
)
def test_a_description_in_another_form_is_told(
    tmp_path: Path, told: dict[str, object], says: str
) -> None:
    write_run(tmp_path / "mine", **told)
    (run,) = Folders(tmp_path).reports()
    with pytest.raises(UserError, match=says) as raised:
        _ = (run.title, run.package, run.pictures)
    assert str(raised.value).startswith(str(tmp_path / "mine" / "summary.json"))
    assert str(raised.value).endswith("Run the command that wrote it again.")


def test_reports_are_found_in_any_folder_but_the_theorys_and_hidden_ones(tmp_path: Path) -> None:
    for name in ("mine", "mine/again", "a/b/deep", "theory/coq", "mine/.part-1"):
        write_run(tmp_path / name)
    assert [run.folder for run in Folders(tmp_path).reports()] == ["a/b/deep", "mine", "mine/again"]


def _kept() -> list[Run]:
    return Folders(_KEPT).reports()


@pytest.mark.parametrize("run", _kept(), ids=lambda run: run.folder)
def test_what_is_kept_describes_itself(run: Run) -> None:
    """Its title, its command and each picture of its report."""
    report = run.path.read_text(encoding="utf-8")
    assert report.startswith(f"# {run.title}\n")
    assert run.package in ("simulations", "nn_experiments")
    assert run.pictures
    assert report.count("![") == len(run.pictures)
    for picture in run.pictures:
        assert f"]({picture.file})" in report
        assert (run.path.parent / picture.file).is_file()
        assert all(len(text) > 3 for text in (picture.title, picture.caption))
        assert len(picture.alternative) > len(picture.title)
