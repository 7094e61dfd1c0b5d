"""Files that are written whole: who may read them."""

import errno
import fcntl
import multiprocessing
import os
import stat
import tempfile
from pathlib import Path

import pytest

from theory.artefacts import clear_unfinished, write_json, write_whole


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
