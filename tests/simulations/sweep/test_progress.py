import io

from rich.console import Console

from simulations.sweep import progress
from simulations.sweep.progress import SECONDS_BETWEEN_LINES, shown


def test_a_line_now_and_then_where_there_is_no_terminal(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    written = io.StringIO()
    with shown("phase diagram", Console(file=written, width=40)) as tell:
        for done in range(20, 101, 10):
            tell(done, 100)
            now[0] += SECONDS_BETWEEN_LINES / 2
    assert written.getvalue().splitlines() == [
        "phase diagram: 20 of 100 points",
        "phase diagram: 40 of 100 points, about 90 s left",
        "phase diagram: 60 of 100 points, about 60 s left",
        "phase diagram: 80 of 100 points, about 30 s left",
        "phase diagram: 100 of 100 points, about 0 s left",
    ]


def test_a_bar_on_a_terminal():
    written = io.StringIO()
    console = Console(file=written, width=100, force_terminal=True, color_system=None)
    with shown("phase diagram", console) as tell:
        tell(20, 100)
        tell(50, 100)
    assert "phase diagram" in written.getvalue()
    assert "50/100" in written.getvalue()
