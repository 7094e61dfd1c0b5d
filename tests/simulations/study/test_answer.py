import json
from dataclasses import dataclass

import pytest
from matplotlib.figure import Figure

from simulations.study.answer import Answer, Drawing, answered, lines_of
from simulations.study.evidence import judged
from theory.common.errors import UserError
from theory.common.tables import TextTable


@dataclass(frozen=True)
class Asked:
    points: int = 3

    def check(self):
        if self.points < 1:
            raise UserError("points: expected an integer >= 1")


def answer(holds=True):
    figure = Figure()
    figure.subplots().plot([1, 2])
    return Answer(
        drawings=(Drawing("curve", "A curve", figure, "It rises from 1 to 2.", "The curve"),),
        checks={
            "first": judged(True, "it holds", "so it is"),
            "second": judged(holds, "it holds too", "seen"),
        },
        results={"sum": 5},
        tables={"numbers": TextTable(("x",), [["7"]])},
        statement="It is so.",
        report="# Question\n\nIt is so.\n",
    )


@pytest.mark.parametrize(("holds", "code"), [(True, 0), (False, 1)])
def test_files_words_and_exit_code(tmp_path, holds, code):
    done = []

    def question(settings, out, progress):
        progress(1, settings.points)
        assert (out, list(out.iterdir())) == (tmp_path, [])
        return answer(holds)

    told = answered(question, Asked(), tmp_path, lambda *numbers: done.append(numbers))
    assert done == [(1, 3)]
    assert told == (
        f"It is so.\n\nFigure: {tmp_path / 'curve.png'}\n\nReport: {tmp_path / 'report.md'}",
        code,
    )
    names = ["curve.png", "curve.svg", "numbers.csv", "report.md", "summary.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["results"], summary["settings"]) == ({"sum": 5}, {"points": 3})
    assert list(summary["checks"]) == ["first", "second"]
    assert summary["pictures"] == [
        {
            "file": "curve.png",
            "title": "A curve",
            "alternative": "It rises from 1 to 2.",
            "caption": "The curve",
        }
    ]
    assert (tmp_path / "numbers.csv").read_text() == "x\n7\n"
    report = (tmp_path / "report.md").read_text()
    assert report.startswith("# Question\n\nIt is so.\n\nSettings: points = 3.\n\nMade by version ")
    assert report.endswith(f"Python {summary['environment']['python']}.\n")


def never(settings, out, progress):
    raise AssertionError("asked")


def test_a_mistake_is_told_before_the_question_is_asked(tmp_path):
    with pytest.raises(UserError, match="points: expected"):
        answered(never, Asked(0), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        answered(never, Asked(), tmp_path / "file" / "out")


def test_nothing_is_written_when_the_question_is_interrupted(tmp_path):
    def interrupted(settings, out, progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answered(interrupted, Asked(), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_lines_of_checks():
    assert list(lines_of(answer(holds=False).checks)) == [
        "- first: simulated. it holds. so it is.",
        "- second: contradicted by simulation. it holds too. seen.",
    ]
