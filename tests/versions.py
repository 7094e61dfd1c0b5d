"""Test against the lowest and the newest supported versions of sympy, z3 and jax.

The ranges are those of pyproject.toml, the versions those that pip knows. Each environment is made
in a temporary folder, runs the tests whose outcome rests on these packages, and is deleted. A line
for each says what passed.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("sympy", "z3-solver", "jax")
TESTS = [
    "theory/logic/test_constants.py",
    "theory/logic/test_exact.py",
    "theory/logic/test_prove.py",
    "theory/logic/prove/test_enclosure.py",
    "theory/logic/prove/test_identity.py",
    "theory/logic/prove/test_points.py",
    "theory/logic/prove/test_search.py",
    "theory/logic/prove/test_smt.py",
    "theory/model/test_dynamics.py",
    "theory/model/test_limit.py",
    "theory/test_settle.py",
    "theory/test_soundness.py",
    "simulations/engine/test_population.py",
    "simulations/engine/test_rules.py",
    "simulations/engine/test_in_space.py",
]
TOOLS = [
    "pytest",
    "pytest-benchmark",
    "pytest-xdist",
    "hypothesis",
    "beartype",
    "jaxtyping",
    "cvc5",
]


def main() -> int:
    """Test every environment; return 1 if one of them failed."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ranges = {re.split(r"[<>=!~]", text, maxsplit=1)[0]: text for text in declared["dependencies"]}
    supported = {name: _supported(ranges[name]) for name in PACKAGES}
    outcomes = []
    for position in (0, 1, -2, -1):
        chosen = {name: _at(found, position) for name, found in supported.items()}
        if chosen not in (environment for environment, _ in outcomes):
            print(_line(chosen, "being tested"), file=sys.stderr, flush=True)
            outcomes.append((chosen, _outcome(chosen, list(ranges.values()))))
            print(_line(*outcomes[-1]), flush=True)
    print("\nIn all:", *(_line(*outcome) for outcome in outcomes), sep="\n")
    return int(any(not outcome.startswith("passed") for _, outcome in outcomes))


def _at(found: list[str], position: int) -> str:
    return found[position] if len(found) > 1 else found[0]


def _supported(requirement: str) -> list[str]:
    """Return the versions that a range admits, the lowest first."""
    from packaging.requirements import Requirement
    from packaging.version import Version

    wanted = Requirement(requirement)
    asked = [sys.executable, "-m", "pip", "index", "versions", wanted.name]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    known = re.search(r"Available versions: (.*)", said)
    if known is None:
        raise SystemExit(f"expected versions of {wanted.name} from pip, got {said!r}")
    versions = known[1].split(", ")
    return sorted((v for v in versions if v in wanted.specifier), key=Version)


def _outcome(chosen: dict[str, str], dependencies: list[str]) -> str:
    """Install the versions, run the tests; say how it ended."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin" / "python"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pinned = [f"{name}=={version}" for name, version in chosen.items()]
        pinned.append(f"jaxlib=={chosen['jax']}")
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        packages = [*pinned, *dependencies, *TOOLS]
        installed = subprocess.run(
            [*install, *packages], capture_output=True, text=True, check=False
        )
        if installed.returncode:
            print(installed.stderr[-2000:], file=sys.stderr)
            return "could not be installed"
        tests = [str(ROOT / "tests" / test) for test in TESTS]
        command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
        tested = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        last = re.findall(r"^(?:\d+ \w+|no tests).*$", tested.stdout, re.MULTILINE)
        if tested.returncode:
            print(tested.stdout[-4000:], tested.stderr[-2000:], file=sys.stderr)
        summary = last[-1] if last else "no summary"
        return f"{'FAILED' if tested.returncode else 'passed'}: {summary}"


def _line(chosen: dict[str, str], outcome: str) -> str:
    return f"{', '.join(f'{name} {version}' for name, version in chosen.items())}: {outcome}"


if __name__ == "__main__":
    sys.exit(main())
