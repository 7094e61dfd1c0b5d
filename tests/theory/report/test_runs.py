"""Whose runs a page shows: one's own, and kept ones where there are none."""

import json
from pathlib import Path

import pytest

from tests.theory.report.small import write_text
from theory.report.runs import Folders, Made


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    environment = {"code": "1.0 (abc)", "processor": "a machine", "cores": 2, "device": "cpu"}
    for root, names in (("results", ("memory",)), ("evidence", ("memory", "remedies"))):
        for name in names:
            folder = tmp_path / root / "questions" / name
            write_text(folder / "report.md", "# A\n")
            write_text(folder / "summary.json", json.dumps({"environment": environment}))
    return Folders(tmp_path / "results", tmp_path / "evidence")


def test_kept_runs_are_shown_where_there_is_none_of_ones_own(folders: Folders) -> None:
    found = [(run.name, run.is_kept) for run in folders.found("questions/*/report.md")]
    assert found == [("results/questions/memory", False), ("evidence/questions/remedies", True)]


def test_ones_own_come_first(folders: Folders) -> None:
    first = folders.first("questions/*/report.md")
    assert first is not None
    assert not first.is_kept
    assert folders.first("none/*") is None


def test_a_run_says_whose_it_is_and_what_made_it(folders: Folders) -> None:
    own, kept = folders.found("questions/*/report.md")
    made = "made by version 1.0 (abc), a machine, 2 cores, device cpu."
    assert own.said() == f"A run of your own: results/questions/memory, {made}"
    assert kept.said() == f"A run that was kept with the code: evidence/questions/remedies, {made}"


@pytest.mark.parametrize("text", ["[]", "{}", '{"environment": 3}'])
def test_a_run_of_which_no_file_says_what_made_it(tmp_path: Path, text: str) -> None:
    write_text(tmp_path / "results" / "kernel" / "report.md", "# A\n")
    write_text(tmp_path / "results" / "kernel" / "summary.json", text)
    (run,) = Folders(tmp_path / "results").found("kernel/report.md")
    assert run.said() == "A run of your own: results/kernel."


_KEPT = Path(__file__).parents[3] / "evidence"
_OF_KEPT = {
    "figure_4_7": Made.FIGURE,
    "questions/memory": Made.QUESTION,
    "questions/partitions": Made.QUESTION,
    "questions/phase_diagram": Made.QUESTION,
    "questions/remedies": Made.QUESTION,
    "questions/scaling": Made.QUESTION,
    "nn_experiments/quick": Made.NETWORKS,
    "nn_experiments/synthetic": Made.NETWORKS,
    "nn_experiments/synthetic-high": Made.NETWORKS,
}


def test_what_a_report_is_of_is_told_by_the_numbers_beside_it() -> None:
    """Those that the commands have left."""
    runs = Folders(_KEPT).found("*/report.md", "*/*/report.md")
    assert {run.path.parent.relative_to(_KEPT).as_posix(): run.made for run in runs} == _OF_KEPT


@pytest.fixture
def chosen(tmp_path: Path) -> Folders:
    """Sweeps in folders of the user's choice, beside other things."""
    for name, data in {
        "mine": {"sweep": {}},
        "mine/again": {"sweep": {}},
        "a/b/too_deep": {"sweep": {}},
        "networks": {"preset": {}, "baseline": "SGD", "verdicts": []},
        "other": {"numbers": []},
        "sweep": {"sweep": {}},
    }.items():
        write_text(tmp_path / name / "report.md", "# A\n")
        write_text(tmp_path / name / "summary.json", json.dumps(data))
    write_text(tmp_path / "unfinished" / "runs" / "sweep.json", "{}")
    return Folders(tmp_path)


def test_own_sweeps_are_found_in_any_folder_of_the_results(chosen: Folders) -> None:
    found = chosen.found("sweep/**/report.md", made={Made.SWEEP})
    names = [run.path.parent.relative_to(run.root).as_posix() for run in found]
    assert names == ["mine/again", "mine", "sweep"]
    assert [run.made for run in chosen.found(made={Made.NETWORKS})] == [Made.NETWORKS]
    assert chosen.found() == []
