"""The README's example prints what the README says, and the files it names are there."""

import contextlib
import io
import re
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def test_the_example_prints_what_is_shown():
    code, shown = re.search(
        r"```python\n(.*?)```\n\n```\n(.*?)```", README.read_text(), re.S
    ).groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue() == shown


def test_linked_files_exist():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README.read_text())
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []


def test_shown_options_are_known():
    """Each command line shown parses; only the figure's options have values."""
    from simulations.__main__ import Figure47

    known = {f"--{name.replace('_', '-')}" for name in Figure47.__dataclass_fields__} | {"--help"}
    shown = re.findall(
        r"^\.venv/bin/python -m simulations figure-4\.7 (.*)$", README.read_text(), re.M
    )
    used = {word for line in shown for word in line.split("#")[0].split() if word.startswith("--")}
    assert used
    assert used <= known
