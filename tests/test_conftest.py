import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPING = """
import pytest

def test_runs():
    pass

@pytest.mark.skip(reason="no such device")
def test_skipped():
    pass

@pytest.mark.xfail
def test_known_to_fail():
    raise AssertionError
"""


def outcome(directory, ci, source):
    shutil.copy(Path(__file__).with_name("conftest.py"), directory)
    (directory / "test_it.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", str(directory)]
    environment = os.environ | {"CI": ci}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_skip_fails_in_continuous_integration(tmp_path):
    run = outcome(tmp_path, "true", SKIPPING)
    assert "1 passed, 1 xfailed, 1 error" in run.stdout
    assert "no such device" in run.stdout
    assert run.returncode == pytest.ExitCode.TESTS_FAILED


def test_a_skip_is_a_skip_elsewhere(tmp_path):
    run = outcome(tmp_path, "", SKIPPING)
    assert "1 passed, 1 skipped, 1 xfailed" in run.stdout
    assert run.returncode == pytest.ExitCode.OK


def test_a_module_skipped_whole_fails_in_continuous_integration(tmp_path):
    run = outcome(tmp_path, "true", "import pytest\npytest.importorskip('no_such_module')\n")
    assert "no_such_module" in run.stdout
    assert run.returncode != pytest.ExitCode.OK
