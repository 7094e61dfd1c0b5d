"""What made a result: the version of the code, Python, packages and the machine."""

import contextlib
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("sympy", "z3-solver", "numpy", "jax", "jaxlib", "optax", "matplotlib")


def environment() -> dict[str, Any]:
    """Versions, platform and code version, for the record in a result file."""
    return {
        "code": _code_version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def made_by(at: Mapping[str, Any]) -> str:
    """Return the last sentence of a report: what code and machine made it.

    Args:
        at: as :func:`environment` says.

    """
    return (
        f"Made by version {at['code']} on {at['processor']}, {at['cores']} cores, "
        f"{at['platform']}, Python {at['python']}."
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _code_version() -> str:
    root = Path(__file__).resolve().parents[2]
    described = "not under version control"
    if (root / ".git").exists():  # else installed, maybe inside of somebody else's repository
        command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            described = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return f"{_version('theory-first-verifier') or 'not installed'} ({described.strip()})"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
