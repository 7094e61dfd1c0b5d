"""Files that are written whole: who may read them."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from theory.artefacts import write_json, write_whole


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
