"""The README's example prints what the README says, and the files it names are there."""

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"


def test_the_example_prints_what_is_shown():
    code, shown = re.search(
        r"```python\n(.*?)```\n\n```\n(.*?)```", README.read_text(), re.S
    ).groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue() == shown


def test_the_file_of_claims_gives_the_output_shown(tmp_path):
    """All but the seconds, and the blanks that pad the table."""
    code, shown = re.search(
        r"say `mine.py`:\n\n```python\n(.*?)```\n.*?\n```\n(.*?)```", README.read_text(), re.S
    ).groups()
    (tmp_path / "mine.py").write_text(code)
    run = subprocess.run(
        [sys.executable, "-m", "theory", "check", "mine.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(README.parent), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    def plain(text: str) -> list[str]:
        return [re.sub(r" +\d+\.\d\d$", "", line.rstrip()) for line in text.strip().splitlines()]

    assert plain(run.stdout) == plain(shown)
    assert run.returncode == 0, run.stderr  # which tells of progress, if it takes long


def test_linked_files_exist():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README.read_text())
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []


def _measured() -> dict[str, tuple[float, ...]]:
    """Median, least and greatest seconds, updates a second, and ratio of each job of the record."""
    text = (README.parent / "evidence" / "benchmarks.txt").read_text()
    # A cell that is too wide goes on in the next line: "6.73e+03 to" and, below it, "7.69e+03".
    text = re.sub(r" to ( +\S+ +\S+)\n +(\S+)\n", r" to \2 \1\n", text)
    row = re.compile(
        r"^  (.+?)(?: \(scaled ×\d+\))? {2,}\d+ {2,}(\S+) +(\S+) to (\S+) +(.*)$", re.M
    )
    rows = {job: (*cells, *rest.split()) for job, *cells, rest in row.findall(text)}
    return {job: tuple(float(c.replace(",", "")) for c in cells) for job, cells in rows.items()}


def _rounds_to(shown: str, number: float) -> bool:
    """Whether a number as shown is ``number`` rounded to at most as many digits."""
    value = float(shown.replace(",", ""))
    digits = len(shown.replace(",", "").replace(".", "").strip("0"))
    return any(float(f"{number:.{n}g}") == value for n in (digits, digits + 1, digits + 2))


JOBS = {
    "minibatch gradients by their exact law, compiled": "exact law, JAX cpu",
    "the same, compilation included": "exact law, JAX cpu, compiling",
    "sampled minibatches of 1,000, JAX": "sampled, JAX cpu",
    "sampled minibatches of 1,000, a PyTorch loop": "sampled, PyTorch",
    "a fresh `DataLoader` over 5,000 points a step, PyTorch": "new DataLoader a step",
}


@pytest.mark.parametrize("job", JOBS)
def test_the_benchmarks_shown_are_those_recorded(job):
    row = re.search(rf"^\| {re.escape(job)} \| (.*) \| (.*) \|$", README.read_text(), re.M)
    shown = re.findall(r"[\d.,]*\d", row[1].partition(")")[0])
    median, least, greatest, _, ratio = _measured()[JOBS[job]]
    assert len(shown) == 3
    assert all(map(_rounds_to, [*shown, row[2]], [median, least, greatest, ratio]))


def test_the_population_benchmarks_shown_are_those_recorded():
    recorded = _measured()
    shown = re.search(
        r"takes ([\d.]+) × 10⁸ steps a second, ([\d.]+) times NumPy and ([\d.]+) times PyTorch; "
        r"one multiply-add a step in the same loop would take ([\d.]+) of its time",
        README.read_text(),
    ).groups()
    assert _rounds_to(shown[0], recorded["signGD, JAX cpu"][3] / 1e8)
    others = ("signGD, NumPy", "signGD, PyTorch", "a multiply-add a step, JAX cpu")
    assert all(_rounds_to(s, recorded[job][4]) for s, job in zip(shown[1:], others, strict=True))


def test_shown_options_are_known():
    """Each command line shown parses; only the figure's options have values."""
    from simulations.studies.figure_4_7.settings import Settings

    names = ("help", "out", "config", *Settings.__dataclass_fields__)
    known = {f"--{name.replace('_', '-')}" for name in names}
    shown = re.findall(
        r"^\.venv/bin/python -m simulations figure-4\.7 (.*)$", README.read_text(), re.M
    )
    used = {word for line in shown for word in line.split("#")[0].split() if word.startswith("--")}
    assert used
    assert used <= known
