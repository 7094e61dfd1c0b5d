"""Commands where the packages of an extra are not installed."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from theory.common.command import EXTRAS, missing_packages_told, run
from theory.common.errors import UserError

ROOT = Path(__file__).parents[3]

# Runs commands of a package where packages are not found; prints code, output and errors of each.
WITHOUT = """
import contextlib, importlib, io, json, sys
package, hidden, commands = map(json.loads, sys.argv[1:])
class Nowhere:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Nowhere())
main = importlib.import_module(package + ".__main__").main
def run(args):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(args)
        except SystemExit as exit_:
            code = exit_.code
    return code or 0, out.getvalue(), err.getvalue()
print(json.dumps([run(args) for args in commands]))
"""
# JAX needs SciPy too, so that it is always there.
HIDDEN = sorted({name for packages in EXTRAS.values() for name in packages} - {"scipy"})


def run_without_extras(package, *commands):
    arguments = map(json.dumps, (package, HIDDEN, commands))
    found = subprocess.run(
        [sys.executable, "-c", WITHOUT, *arguments], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def test_extras_are_those_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extra, packages in EXTRAS.items():
        declared = project["optional-dependencies"][extra]
        assert sorted(name.partition(">=")[0] for name in declared) == sorted(packages)
    core = {name.partition(">=")[0] for name in project["dependencies"]}
    assert not core & set(HIDDEN)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            "torch",
            "the package torch, .* the extra nn. .*: .*/python.* -m pip install .*'.\\[nn\\]'.",
        ),
        ("torch.nn", "the package torch, which is not installed"),
    ],
)
def test_a_missing_package_is_one_message(module, message):
    with pytest.raises(UserError, match=message), missing_packages_told():
        raise ModuleNotFoundError(f"No module named '{module}'", name=module)


def test_other_missing_modules_are_mistakes_of_the_program():
    with pytest.raises(ModuleNotFoundError), missing_packages_told():
        import not_there_at_all  # noqa: F401
    with pytest.raises(ModuleNotFoundError):
        run(lambda: __import__("not_there_at_all"))


def test_a_command_tells_in_one_message(capsys):
    def command():
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    assert run(command) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: expected the package torch")
    assert told.count("\n") == 1


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("results") / "out"


# These come as far as to look at their settings, once all that they import is there.
SETTINGS = {
    "figure-4.7": "seeds",
    "phase-diagram": "points",
    "partitions": "points",
    "scaling": "numbers",
    "memory": "seeds",
    "remedies": "seeds",
}


@pytest.fixture(scope="module")
def simulations(out):
    """Commands of one process, as it takes seconds to begin."""
    runs = [[name, f"--{setting}", "0", "--out", str(out)] for name, setting in SETTINGS.items()]
    commands = [["--help"], ["sweep", "--parameters"], *runs]
    names = [command[0] for command in commands]
    return dict(zip(names, run_without_extras("simulations", *commands), strict=True))


@pytest.fixture(scope="module")
def nn_experiments(out):
    commands = [["--help"], ["compare", "quick", "--out", str(out)], ["data"]]
    names = [command[0] for command in commands]
    return dict(zip(names, run_without_extras("nn_experiments", *commands), strict=True))


def test_commands_that_need_an_extra_say_so_and_write_nothing(nn_experiments, out):
    for name, package in {"compare": "pydantic", "data": "torch"}.items():
        code, said, told = nn_experiments[name]
        assert (code, said) == (2, "")
        message = told.strip()
        assert message.startswith(f"error: expected the package {package}, which is not installed")
        assert "\n" not in message
    assert not out.exists()


def test_other_commands_and_help_need_no_extra(simulations, nn_experiments):
    (theory,) = run_without_extras("theory", ["--help"])
    whole = [simulations["--help"], simulations["sweep"], nn_experiments["--help"], theory]
    assert [(code, told) for code, _, told in whole] == [(0, "")] * 4
    for name, setting in SETTINGS.items():
        code, _, told = simulations[name]
        assert code == 2
        assert told.strip().startswith(f"error: {setting}: expected an integer")
