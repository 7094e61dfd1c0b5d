"""What is being done is told on stderr."""

from functools import partial
from io import StringIO

import pytest
from rich.console import Console

from theory.ledger import display
from theory.ledger.display import Steps


def test_steps_are_lines_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Steps() as tell:
        tell("reading [one]")
        tell("writing two")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "reading [one]\nwriting two\n")


def test_steps_are_one_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = StringIO()
    terminal = partial(Console, file=screen, force_terminal=True, width=60)
    monkeypatch.setattr(display, "any_console", lambda stderr: terminal())
    with Steps() as tell:
        tell("reading [one]")
        tell("writing two")
    assert "writing two" in screen.getvalue()
    assert "reading [one]\n" not in screen.getvalue()
