"""The command line of simulations: exit codes, messages, files."""

import json
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from simulations import check, studies
from simulations.__main__ import main

# Of the size that the tests of the figure run, for which programs are compiled.
SMALL = ["--seeds", "3", "--iterations", "300"]
QUICK = [*SMALL, "--eta", "1/50"]


def test_figure_exit_code_and_files(tmp_path, capsys):
    assert main(["figure-4.7", *QUICK, "--out", str(tmp_path)]) == 0
    assert "figure_4_7.png" in capsys.readouterr().out
    assert (tmp_path / "summary.json").exists()


def test_options_go_before_the_file(tmp_path):
    config = tmp_path / "settings.toml"
    config.write_text("seeds = 5\niterations = 300\neta = 0.02\n")
    out = tmp_path / "out"
    options = ["--seeds", "3", "--out", str(out)]
    assert main(["figure-4.7", "--config", str(config), *options]) == 0
    settings = json.loads((out / "summary.json").read_text())["settings"]
    assert (settings["seeds"], settings["eta"]) == (3, "0.02")


def test_negative_numbers_can_be_given(tmp_path):
    start = ["--w0-tilde", "-0.5", "0.25", "-1/3"]
    assert main(["figure-4.7", *QUICK, *start, "--out", str(tmp_path)]) == 0
    settings = json.loads((tmp_path / "summary.json").read_text())["settings"]
    assert settings["w0_tilde"] == ["-0.5", "0.25", "-1/3"]


@pytest.mark.parametrize("command", ["figure-4.7", "check"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seeds", "0"], "seeds: expected an integer from 1 to 4294967296, got 0"),
        (
            ["--iterations", "999999999999999"],
            "iterations: expected an integer from 1 to 4294967295",
        ),
        (["--seeds", "4000000000"], "seeds, samples_per_step: expected a run that fits into the"),
        (["--optimizers", "SGD"], "expected one of GD, signGD, Adam, RMSProp, got 'SGD'"),
        (["--sigma-tilde-sq", "1"], "expected 3 variances, got 1"),
        (["--config", "nowhere.toml"], "cannot read nowhere.toml"),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(tmp_path, capsys, command, options, message):
    assert main([command, *options, "--out", str(tmp_path / "out" / "file")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_a_folder_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["figure-4.7", *QUICK, "--out", str(tmp_path / "file" / "out")]) == 2
    assert "--out" in capsys.readouterr().err


def test_a_folder_where_a_file_is_wanted(tmp_path, capsys):
    assert main(["check", "--out", str(tmp_path)]) == 2
    assert "it is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["figure-4.7", "--speed", "3"], ["bench", "--quick", "--out", "x"], ["dance"], []],
)
def test_an_unknown_option_or_command_is_exit_code_2(arguments):
    assert main(arguments) == 2


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("figure-4.7", ["Figure 4.7", "summary.json", "Exit codes: 0", "1 done, but", "130"]),
        ("check", ["against theory", "JSON file", "Exit codes: 0", "1 one failed", "130"]),
        ("bench", ["ratios", "writes no file", "Exit codes: 0", "130"]),
    ],
)
def test_help_says_what_a_command_does_and_writes_and_its_exit_codes(capsys, command, told):
    with pytest.raises(SystemExit) as exit_:
        main([command, "--help"])
    description = " ".join(capsys.readouterr().out.partition("options ──")[0].split())
    assert exit_.value.code == 0
    assert [words for words in (*told, "; 2 ") if words not in description] == []


@pytest.mark.parametrize(
    ("command", "options", "files"),
    [
        ("phase-diagram", ["--points", "12", "--size", "16", "--sizes", "16"], ["phase_diagram"]),
        (
            "partitions",
            ["--points", "24", "--ratios-of-r", "1/2", "--ratios-of-p", "1"],
            ["figure_4_8", "figure_4_9"],
        ),
    ],
)
def test_a_question_is_answered(tmp_path, capsys, command, options, files):
    assert main([command, *options, "--out", str(tmp_path)]) == 0
    assert "Report:" in capsys.readouterr().out
    for name in files:
        assert (tmp_path / f"{name}.png").exists()
        assert (tmp_path / f"{name}.svg").exists()
    settings = json.loads((tmp_path / "summary.json").read_text())["settings"]
    assert "out" not in settings
    assert str(settings["points"]) == options[1]


STUDY = {
    "__init__.py": "",
    "settings.py": '''
from dataclasses import dataclass

@dataclass(frozen=True)
class Mine:
    """Count to a number."""

    to: int = 3
    """How far."""
''',
    "study.py": """
def run(settings, out, progress):
    progress(settings.to, settings.to)
    return f"{settings.to} in {out}", 1
""",
}


def test_a_study_is_a_command_by_being_there(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(studies, "__path__", [*studies.__path__, str(tmp_path)])
    folder = tmp_path / "my_own_4_8"
    folder.mkdir()
    for name, text in STUDY.items():
        (folder / name).write_text(text)
    assert main(["my-own-4.8", "--to", "5"]) == 1
    assert capsys.readouterr().out == f"5 in {Path('results/questions/my_own_4_8')}\n"
    assert main(["my-own-4.9"]) == 2
    with pytest.raises(SystemExit):
        main(["my-own-4.8", "--help"])
    told = capsys.readouterr().out
    assert "Count to a number." in told
    assert "How far. (default: 3)" in told


def test_a_mistake_in_a_question_is_one_message(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["partitions", "--ratios-of-r", "1/0", "--out", str(out)]) == 2
    assert "ratios_of_r: expected ratios from 1/100 to 10" in capsys.readouterr().err
    assert not out.exists()


@pytest.fixture
def few_orbits(monkeypatch):
    """Each start of signGD's orbits has its own spectrum, and so its own program to compile."""
    few = partial(check.signgd_exact_orbits, starts=2)
    monkeypatch.setattr(check, "signgd_exact_orbits", few)


@pytest.mark.usefixtures("few_orbits")
def test_check_writes_evidence(tmp_path, capsys):
    out = tmp_path / "evidence.json"
    assert main(["check", *QUICK, "--out", str(out)]) == 0
    evidence = json.loads(out.read_text())
    assert evidence["settings"]["eta"] == "1/50"
    assert {c["status"] for c in evidence["checks"].values()} == {"simulated"}
    assert set(evidence["checks"]) == {"gd_closed_form", "signgd_exact_orbit", "gd_monte_carlo"}
    assert "signgd_exact_orbit" in capsys.readouterr().out


@pytest.mark.usefixtures("few_orbits")
def test_check_fails_with_a_wrong_simulator(tmp_path, monkeypatch):
    monkeypatch.setattr("simulations.check.gd_contraction", lambda s, eta: 1 - eta * s * (1 + 1e-5))
    assert main(["check", *SMALL, "--out", str(tmp_path / "evidence.json")]) == 1


@pytest.mark.parametrize(
    "command",
    [
        ["figure-4.7", "--iterations", "100000000"],
        ["phase-diagram", "--points", "300", "--size", "4096"],
    ],
    ids=lambda command: command[0],
)
def test_ctrl_c_leaves_no_part_of_a_file(tmp_path, command):
    out = tmp_path / "out"
    # A shell that starts the tests in the background has them ignore interrupts.
    start = (
        "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "runpy.run_module('simulations', run_name='__main__')"
    )
    command = [sys.executable, "-c", start, *command, "--out", str(out)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            while not out.exists() and process.poll() is None:
                time.sleep(0.1)
            time.sleep(3)
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130, error.decode()
    assert b"interrupted" in error
    assert list(out.iterdir()) == []
