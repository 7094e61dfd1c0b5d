"""Files that are written whole: who may read them."""

import errno
import fcntl
import itertools
import multiprocessing
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from theory.common import files as artefacts
from theory.common.errors import UserError
from theory.common.files import clear_unfinished, write_json, write_whole


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def write_as_some_libraries_do(part):
    """A private temporary file, renamed."""
    descriptor, name = tempfile.mkstemp(dir=part.parent)
    os.close(descriptor)
    Path(name).write_text("new")
    Path(name).replace(part)
    assert mode(part) == 0o600


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=["usual", "private", "group"])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_who_may_read_files_is_what_the_umask_says(tmp_path, umask):
    write_whole(tmp_path / "a", write_as_some_libraries_do)
    write_whole(tmp_path / "b", lambda part: part.write_text("new"))
    write_json(tmp_path / "c", {})
    assert [mode(tmp_path / name) for name in "abc"] == [0o666 & ~umask] * 3
    # A file that is replaced keeps nothing of its mode.
    (tmp_path / "a").chmod(0o640)
    write_whole(tmp_path / "a", write_as_some_libraries_do)
    assert mode(tmp_path / "a") == 0o666 & ~umask


def test_what_nothing_was_written_to_is_not_there(tmp_path):
    (tmp_path / "a").write_text("earlier")
    with pytest.raises(Exception, match="No such file"):
        write_whole(tmp_path / "a", lambda part: None)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "earlier"


def write_slowly(folder, begun):
    def never_ends(part):
        part.write_text("half of it")
        begun.send(None)
        begun.recv()

    write_whole(folder / "a", never_ends)


def test_what_a_killed_process_was_writing_is_cleared_and_no_others(tmp_path):
    (tmp_path / "b").write_text("whole")
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=write_slowly, args=(tmp_path, theirs)
    )
    process.start()
    ours.recv()
    clear_unfinished(tmp_path)
    [part] = tmp_path.glob(".part-*")
    assert (part / "a").read_text() == "half of it"
    process.kill()
    process.join()
    assert part.exists()
    clear_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_what_a_killed_process_was_writing_is_cleared_by_the_next_that_writes(tmp_path):
    (tmp_path / ".part-x").mkdir()
    (tmp_path / ".part-x" / "spectrum.png").touch()
    write_json(tmp_path / "a", {})
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_disk_without_locks(tmp_path, monkeypatch):
    def unsupported(*_):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    (tmp_path / ".part-x").mkdir()
    write_json(tmp_path / "a", {})
    clear_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"a", ".part-x"}


def test_nothing_to_clear_in_a_folder_that_is_not_there(tmp_path):
    clear_unfinished(tmp_path / "a")
    assert not list(tmp_path.iterdir())


OLD = {"a.md": "first", "report.md": "old", "tables/a.md": "old a", "kept": "k"}
NEW = {"a.md": "first, new", "report.md": "new", "tables/a.md": "new a", "figures/b.svg": "new b"}


def held(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def replaced(folder):
    with artefacts.replaced_whole(folder, last="report.md") as aside:
        for name, text in NEW.items():
            artefacts.write_text(aside / name, text)


@pytest.mark.parametrize("action", ["mkdir", "rename", "replace"])
def test_of_a_set_of_files_all_are_replaced_or_none(action, tmp_path, monkeypatch):
    """At each k-th step that can fail for want of room; the last time none does."""
    genuine = getattr(Path, action)
    for number in itertools.count(1):
        folder = tmp_path / str(number)
        for name, text in OLD.items():
            artefacts.write_text(folder / name, text)
        steps = itertools.count(1)

        def refused(path, *args, steps=steps, number=number, **options):
            if next(steps) == number:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return genuine(path, *args, **options)

        monkeypatch.setattr(Path, action, refused)
        try:
            replaced(folder)
        except UserError as error:
            assert "No space left on device. Make room there" in str(error)  # noqa: PT017
            assert held(folder) == OLD
        else:
            break
        finally:
            monkeypatch.setattr(Path, action, genuine)
    assert number > len(NEW)
    assert held(folder) == OLD | NEW
    assert not list(folder.glob(".part-*"))


def test_where_a_kill_leaves_old_and_new_the_last_is_missing(tmp_path):
    """Ended between any two moves: the report is the old one beside old files, new, or missing."""
    program = (
        "import itertools, os, sys; from pathlib import Path; from tests.theory.common import "
        "test_files as t; n = itertools.count(1); move = Path.rename\n"
        "def rename(a, b):\n"
        "    if next(n) == int(sys.argv[2]): os._exit(9)\n"
        "    return move(a, b)\n"
        "Path.rename = rename; t.replaced(Path(sys.argv[1]))"
    )
    for number in range(1, 9):
        folder = tmp_path / str(number)
        for name, text in OLD.items():
            artefacts.write_text(folder / name, text)
        command = [sys.executable, "-c", program, str(folder), str(number)]
        code = subprocess.run(command, check=False, cwd=Path(__file__).parents[3]).returncode
        clear_unfinished(folder)
        found = held(folder)
        is_mixed = found not in (OLD, OLD | NEW)
        assert not is_mixed or "report.md" not in found
        assert code == (9 if number < 8 else 0)  # three are taken away, four come; then none
