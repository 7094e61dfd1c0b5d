import os
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


@pytest.fixture
def compiled(tmp_path):
    """An empty folder of compiled programs in the place of that of all tests."""
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    compilation_cache.reset_cache()
    yield tmp_path
    jax.config.update("jax_compilation_cache_dir", before)
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
