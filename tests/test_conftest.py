import os
import re
import warnings
from pathlib import Path

import jax
import pytest
from jax.experimental.compilation_cache import compilation_cache

pytest_plugins = ["pytester"]

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


@pytest.fixture
def outcome(pytester, monkeypatch):
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text())

    def run(ci, source):
        monkeypatch.setenv("CI", ci)
        pytester.makepyfile(test_it=source)
        result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-rA")
        return result.ret, result.stdout.str()

    return run


def test_a_skip_fails_in_continuous_integration(outcome):
    code, printed = outcome("true", SKIPPING)
    assert "1 passed, 1 xfailed, 1 error" in printed
    assert "no such device" in printed
    assert code == pytest.ExitCode.TESTS_FAILED


def test_a_skip_is_a_skip_elsewhere(outcome):
    code, printed = outcome("", SKIPPING)
    assert "1 passed, 1 skipped, 1 xfailed" in printed
    assert code == pytest.ExitCode.OK


def test_a_module_skipped_whole_fails_in_continuous_integration(outcome):
    code, printed = outcome("true", "import pytest\npytest.importorskip('no_such_module')\n")
    assert "no_such_module" in printed
    assert code != pytest.ExitCode.OK


WANTING = """
import pytest

@pytest.mark.skip(reason="such a command: make system-deps")
@pytest.mark.parametrize("i", range(3))
def test_command(i):
    pass

def test_images():
    pytest.skip("such images: make system-deps (looked in: here)")

@pytest.mark.skip(reason="no such device")
def test_device():
    pass
"""


def test_one_line_says_what_was_skipped_and_what_brings_it(outcome, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda command: None)
    _, printed = outcome("", WANTING)
    missing = "such a command (3), such images (1)"
    assert (
        f"not run: 4 tests for want of {missing}: make system-deps; no such device (1); tests "
        "marked coq: apt-get install coq, make certify-test\n"
    ) in printed
    monkeypatch.setattr("shutil.which", lambda command: command)
    _, printed = outcome("", "def test_runs():\n    pass\n")
    assert "not run" not in printed


def test_reasons_to_skip_name_a_command_that_there_is():
    """Or none, where there is nothing to install."""
    root = Path(__file__).parents[1]
    targets = re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.M)
    sources = [path.read_text(encoding="utf-8") for path in (root / "tests").rglob("test_*.py")]
    named = {word for text in sources for word in re.findall(r'[a-zA-Z]: make ([a-z-]+)[ "]', text)}
    assert {"system-deps", "test"} <= named <= set(targets)


@pytest.fixture
def compiled(tmp_path):
    """An empty folder of compiled programs in the place of that of all tests, if there is one."""
    kept = {
        "jax_compilation_cache_dir": str(tmp_path),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
    }
    before = {name: getattr(jax.config, name) for name in kept}
    for name, value in kept.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()
    yield tmp_path
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()


def compile_and_run():
    """A function of the same program each time, which this process has not compiled."""
    return float(jax.jit(lambda x: 3 * x + 1)(2.0))


def test_compiled_programs_are_kept_and_found(compiled):
    assert compile_and_run() == 7
    entries = {path: path.read_bytes() for path in compiled.iterdir()}
    assert entries
    # An entry is read: half of one is noticed.
    for path, content in entries.items():
        path.write_bytes(content[: len(content) // 2])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="Error reading persistent compilation cache entry"):
            compile_and_run()
    # The tests go on, with the program compiled.
    assert compile_and_run() == 7


def test_other_processes_have_the_same_folder():
    assert jax.config.jax_compilation_cache_dir == os.environ.get("JAX_COMPILATION_CACHE_DIR")
