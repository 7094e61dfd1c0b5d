"""Progress where there is no terminal."""

from nn_experiments.flow import progress as stages


def test_a_line_now_and_then_says_how_long_it_will_take(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(stages.time, "monotonic", lambda: now[0])
    lines = stages._Lines("measuring")
    for seconds, share, doing in (
        (14, 0.01, "too early"),
        (30, 0.04, "first"),
        (31, 0.05, "too early"),
        (300, 0.30, "second"),
        (940, 0.54, "third"),
        (1000, 0.07, "last"),
    ):
        now[0] = 100.0 + seconds
        lines.tell(doing, share)
    # 30 s for 5 % are 570 s for the rest; 300 s for 40 % are 450; 940 s for 94 % are 60.
    assert capsys.readouterr().err.splitlines() == [
        "measuring: 5 %, about 10 minutes left, first",
        "measuring: 40 %, about 8 minutes left, second",
        "measuring: 94 %, about a minute left, third",
        "measuring: 100 %, last",
    ]


def test_what_begins_is_told_at_once_and_nothing_is_foretold_from_it(capsys):
    lines = stages._Lines("training")
    for doing in ("SGD seed 0", "SGD seed 1"):
        lines.tell(doing, 0.0)
    assert capsys.readouterr().err == "training: 0 %, SGD seed 0\n"
