"""What reaches standard output: in any encoding, closed, with no reader, on a full disk."""

import io
import json
import os
import subprocess
import sys

import pytest

from theory.common.console import console, delivering

LETTERS = "σ̃² × 𝒩 ─│┌ é"
PRINTS = (
    f"import sys; from theory.common.command import leave; leave(lambda: print({LETTERS!r}) or 0)"
)
MUCH = "from theory.common.command import leave; leave(lambda: print('x' * 300_000) or 0)"


def ran(code, shell="{}", **environment):
    """Run code in a process whose streams the shell has set."""
    command = shell.format(f'"{sys.executable}" -c "$CODE"')
    return subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "CODE": code, **environment},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
def test_letters_that_an_encoding_lacks_are_escaped_as_in_json(encoding):
    run = ran(PRINTS, PYTHONIOENCODING=encoding)
    assert (run.returncode, run.stderr) == (0, b"")
    printed = run.stdout.decode(encoding)
    boxes = "─│┌" if encoding == "utf-8" else "-|+"
    assert json.loads(f'"{printed.rstrip()}"') == LETTERS.replace("─│┌", boxes)


def test_a_file_name_of_other_bytes_is_printed():
    run = ran("import os; " + MUCH.replace("'x' * 300_000", "os.fsdecode(b'a' + bytes([255]))"))
    assert (run.returncode, run.stdout, run.stderr) == (0, b"a\\udcff\n", b"")


@pytest.mark.parametrize(
    ("printing", "unbuffered"),
    [(PRINTS, ""), (MUCH, ""), (PRINTS, "1"), ("import sys; " + PRINTS, "")],
)
def test_a_reader_that_has_had_enough_ends_the_command_quietly(printing, unbuffered):
    process = subprocess.Popen(
        [sys.executable, "-c", printing],
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141
    process.stderr.close()


@pytest.mark.parametrize("code", [PRINTS, MUCH])
def test_a_full_disk_is_one_message(code):
    run = ran(code, "{} > /dev/full")
    told = b"error: cannot write to standard output: No space left on device.\n"
    assert (run.returncode, run.stderr) == (2, told)


def test_tables_go_the_same_way():
    table = (
        "from theory.common.console import print_table as p; "
        "from theory.common.tables import TextTable as T; "
        "from theory.common.command import leave;"
    )
    code = f"{table} leave(lambda: p(T(('η',), [['ã']])) or 0)"
    run = ran(code, PYTHONIOENCODING="ascii")
    assert (run.returncode, run.stderr) == (0, b"")
    assert b"\\u03b7" in run.stdout
    assert ran(code, "{} > /dev/full").returncode == 2


def test_what_is_closed_swallows_and_no_file_takes_its_place(tmp_path):
    """A file that is opened gets the lowest number that is free, and would be printed to."""
    path = tmp_path / "file"
    code = (
        "import os, sys; from theory.common.command import leave\n"
        "def main():\n"
        f"    with open({str(path)!r}, 'w') as file:\n"
        "        print('to nobody'); print('to nobody', file=sys.stderr)\n"
        "        os.system('echo to nobody')\n"
        "        file.write(f'{file.fileno()}')\n"
        "    return 7\n"
        "leave(main)\n"
    )
    run = ran(code, "{} <&- >&- 2>&-")
    assert (run.returncode, run.stdout, run.stderr) == (7, b"", b"")
    assert int(path.read_text()) > 2


def test_exit_codes_are_kept():
    for raised, code in (("sys.exit()", 0), ("sys.exit(3)", 3), ("sys.exit('why')", 1)):
        left = ran(f"import sys; from theory.common.command import leave; leave(lambda: {raised})")
        assert left.returncode == code
    other = ran(
        "import os; from theory.common.command import leave; leave(lambda: os.stat('/no/such'))"
    )
    assert other.returncode == 1
    assert b"FileNotFoundError" in other.stderr


def test_a_stream_of_others_is_left_alone(monkeypatch):
    """As a notebook's, or that of a test."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    assert delivering(lambda: print("σ") or 5) == 5
    assert stream.getvalue() == "σ\n"


def test_a_console_has_its_width_where_there_is_no_terminal():
    assert console(width=77).width == 77
