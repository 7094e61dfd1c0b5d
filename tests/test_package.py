"""What an installed copy holds: all modules, and all data that they read."""

import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from theory.__main__ import main
from theory.common import environment

ROOT = Path(__file__).parents[1]
PACKAGES = ("theory", "simulations", "nn_experiments")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
DATA: dict[str, list[str]] = SETTINGS["package-data"]
FILES = [
    path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*"))
    if path.is_file() and "__pycache__" not in path.parts
]


def test_all_folders_with_modules_are_packages():
    assert {f"{package}*" for package in PACKAGES} == set(SETTINGS["packages"]["find"]["include"])
    folders = {path.parent for path in FILES if path.suffix == ".py"}
    assert [str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").is_file()] == []


def test_all_data_beside_modules_are_installed_and_all_patterns_mean_some():
    left, used = [], set()
    for path in FILES:
        if path.suffix == ".py":
            continue
        covering = [
            (package, pattern)
            for package, patterns in DATA.items()
            for pattern in patterns
            if path.is_relative_to(folder := ROOT.joinpath(*package.split(".")))
            and path.relative_to(folder).as_posix().count("/") == pattern.count("/")
            and fnmatch(path.relative_to(folder).as_posix(), pattern)
        ]
        used.update(covering)
        if not covering:
            left.append(str(path.relative_to(ROOT)))
    assert left == []
    assert used == {(package, pattern) for package, found in DATA.items() for pattern in found}


def test_an_installed_copy_is_not_described_by_a_repository_around_it(tmp_path, monkeypatch):
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "theirs"], check=True)
    installed = tmp_path / "site-packages" / "theory" / "common" / "environment.py"
    installed.parent.mkdir(parents=True)
    monkeypatch.setattr(environment, "__file__", str(installed))
    assert "(not under version control)" in environment.environment()["code"]


@pytest.mark.parametrize("kept", [False, True])
def test_a_page_without_kept_runs_says_so(kept, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("results").mkdir()
    if kept:
        Path("evidence").mkdir()
    assert main(["report", "--html"]) == 0
    told = "There are no kept runs in evidence: parts without results name their command."
    assert (told in capsys.readouterr().out.splitlines()) is not kept
    assert Path("results/report.html").is_file()
