"""Numerics are hostile in tests: double precision, and no silent broadcasting between ranks.

With CI=true in the environment a skipped test counts as failed, so that nothing is left out of
continuous integration unnoticed. Tests marked ``coq`` need the proof assistant, which is too large
to ask of everybody: without it they are not selected. The summary says in one line what was not
run, and which command brings it.

What XLA compiles is kept in pytest's cache folder (``pytest --cache-clear`` empties it), for all
processes of a run and for later runs: most of the time of the simulations' tests is compilation.
An entry is found by the program, its options and the compiler's version.
"""

import os
import re
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import hypothesis
import jax
import pytest

# A busy machine is no reason to fail: how fast code is, the benchmarks tell. Nor is a folder that
# cannot be written, or what an earlier run left there: no examples are kept.
hypothesis.settings.register_profile("untimed", deadline=None, database=None)
hypothesis.settings.load_profile("untimed")

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")


def _fail_if_skipped(report: Any) -> Any:
    expected_to_fail = hasattr(report, "wasxfail")
    if os.environ.get("CI") == "true" and report.outcome == "skipped" and not expected_to_fail:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: skipped, which CI=true does not allow. {reason}"
    return report


# A part of an entry, being written or left by a process that was killed, is no entry: JAX says so,
# and compiles.
_NO_ENTRY = "ignore:Error reading persistent compilation cache entry"
_SECONDS_KEPT = 7 * 24 * 3600


def _keep_compiled_programs(folder: str) -> None:
    """In this process and, by the environment, in those that it starts, workers too."""
    for name, value in {
        "jax_compilation_cache_dir": folder,
        "jax_persistent_cache_min_compile_time_secs": 0.0,
    }.items():
        os.environ[name.upper()] = str(value)
        jax.config.update(name, value)
    given = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = f"{given},{_NO_ENTRY}" if given else _NO_ENTRY


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "coq: needs the proof assistant Coq (command coqc)")
    config.addinivalue_line("filterwarnings", _NO_ENTRY)
    cache = getattr(config, "cache", None)  # none with -p no:cacheprovider
    # Where time is measured, that of compilation is too.
    measures = config.getoption("benchmark_enable", default=False)
    if cache is not None and not measures and "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = cache.mkdir("compiled")
        for entry in folder.iterdir():
            if time.time() - entry.stat().st_mtime > _SECONDS_KEPT:
                entry.unlink()
        _keep_compiled_programs(str(folder))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if shutil.which("coqc") is None:
        left_out = [item for item in items if item.get_closest_marker("coq")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("coq")]


_REMEDY = re.compile(r"(?:Skipped: )?(.+): (make [a-z-]+)")
_COQ = "tests marked coq: apt-get install coq, make certify-test"


def _not_run(reasons: Sequence[str]) -> Iterator[str]:
    """What was skipped, by the command that brings it, which a reason begins with: "x: make y"."""
    remedies: dict[str, Counter[str]] = defaultdict(Counter)
    for reason in reasons:
        told = _REMEDY.match(reason)
        what, remedy = told.groups() if told else (reason.removeprefix("Skipped: "), "")
        remedies[remedy][what] += 1
    for remedy, missing in sorted(remedies.items(), reverse=True):
        wanted = ", ".join(f"{what} ({count})" for what, count in sorted(missing.items()))
        yield f"{missing.total()} tests for want of {wanted}: {remedy}" if remedy else wanted


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = [r.longrepr[2] if isinstance(r.longrepr, tuple) else r.longrepr for r in skipped]
    told = [*_not_run(reasons), *([_COQ] if shutil.which("coqc") is None else [])]
    if told:
        terminalreporter.write_line(f"not run: {'; '.join(told)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    return _fail_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    return _fail_if_skipped((yield))
