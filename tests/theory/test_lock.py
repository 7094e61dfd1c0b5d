"""A folder in use: who is told what, and that a lock ends with its process."""

import os
import platform
import signal
import subprocess
import sys

import pytest

from theory.errors import UserError
from theory.lock import locked

HOLDER = """
import sys, time
from pathlib import Path
from theory.lock import locked
with locked(Path(sys.argv[1]), shared=sys.argv[2] == "shared"):
    print("held", flush=True)
    time.sleep(600)
"""


def held_by_a_child(folder, kind):
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), kind], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


@pytest.mark.parametrize("kind", ["shared", "alone"])
def test_another_process_is_named_and_its_lock_ends_when_it_is_killed(tmp_path, kind):
    child = held_by_a_child(tmp_path, kind)
    try:
        with (
            pytest.raises(UserError) as told,
            locked(tmp_path),
        ):
            pass
        holder = f"process {child.pid} on {platform.node()}"
        assert str(told.value).startswith(f"{tmp_path} is in use by {holder}. Wait until it ends")
        if kind == "shared":
            with locked(tmp_path, shared=True):
                pass
        else:
            with pytest.raises(UserError, match="is in use"), locked(tmp_path, shared=True):
                pass
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    with locked(tmp_path):
        assert (tmp_path / "lock").read_text() == f"process {os.getpid()} on {platform.node()}"


def test_who_may_hold_it_together(tmp_path):
    with locked(tmp_path):
        for shared in (False, True):
            with (
                pytest.raises(UserError, match=r"is in use by process \d+ on .*Wait"),
                locked(tmp_path, shared=shared),
            ):
                pass
        with locked(tmp_path, "another"):
            pass
    with (
        locked(tmp_path, shared=True),
        locked(tmp_path, shared=True),
        pytest.raises(UserError, match=r"is in use"),
        locked(tmp_path),
    ):
        pass
    with locked(tmp_path):
        pass


def test_the_folder_is_made(tmp_path):
    with locked(tmp_path / "new" / "folder"):
        assert (tmp_path / "new" / "folder" / "lock").is_file()


def test_a_folder_that_cannot_be_locked(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", flock)
    with (
        pytest.raises(UserError, match=r"cannot lock .*: Operation not supported"),
        locked(tmp_path),
    ):
        pass


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot write"), locked(tmp_path / "file"):
        pass
