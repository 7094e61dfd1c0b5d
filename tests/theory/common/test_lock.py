"""A folder in use: who is told what, and that a lock ends with its process."""

import fcntl
import itertools
import os
import platform
import signal
import subprocess
import sys

import pytest

from theory.common.errors import UserError
from theory.common.lock import locked

HOLDER = """
import sys, time
from pathlib import Path
from theory.common.lock import locked
with locked(Path(sys.argv[1]), shared=sys.argv[2] == "shared"):
    print("held", flush=True)
    time.sleep(600)
"""

COMING_AND_GOING = """
import sys, time
from pathlib import Path
from theory.common.errors import UserError
from theory.common.lock import locked
folder, took, end = Path(sys.argv[1]), 0, time.monotonic() + 1
while time.monotonic() < end:
    try:
        with locked(folder):
            (folder / "mine").touch(exist_ok=False)
            took += 1
            (folder / "mine").unlink()
    except UserError:
        pass
print(took)
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


@pytest.mark.parametrize("shared", [False, True])
def test_a_lock_that_its_holder_deletes_meanwhile_is_taken_anew(tmp_path, monkeypatch, shared):
    """Between opening and locking the holder ends; a lock on its deleted file would keep out none.

    Without the check that the file is still there, both hold a lock here.
    """
    flock, calls = fcntl.flock, itertools.count()

    def late(file, kind):
        if next(calls) == 0:
            (tmp_path / "lock").unlink()
        flock(file, kind)

    monkeypatch.setattr(fcntl, "flock", late)
    with locked(tmp_path, shared=shared):
        assert (tmp_path / "lock").read_text() == f"process {os.getpid()} on {platform.node()}"
        with pytest.raises(UserError, match="is in use by"), locked(tmp_path):
            pass


def test_nothing_is_left_when_it_is_over(tmp_path):
    with locked(tmp_path), pytest.raises(UserError), locked(tmp_path):
        pass
    assert not list(tmp_path.iterdir())
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())
    # Others may share it still.
    with locked(tmp_path, shared=True):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]
    with locked(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_a_file_of_another_is_not_deleted(tmp_path):
    with locked(tmp_path):
        (tmp_path / "lock").rename(tmp_path / "moved")
        (tmp_path / "lock").write_text("of another")
    assert (tmp_path / "lock").read_text() == "of another"


def test_processes_that_come_and_go_never_hold_it_together(tmp_path):
    """Each makes a file that must not be there, and deletes it, while it holds the lock."""
    children = [
        subprocess.Popen(
            [sys.executable, "-c", COMING_AND_GOING, str(tmp_path)], stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    took = [int(child.communicate(timeout=60)[0]) for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    assert sum(took) > 0
    assert not list(tmp_path.iterdir())


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
