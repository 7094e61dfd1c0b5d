import importlib
import subprocess
import sys

import pytest

from theory.common.moved import MOVED, present_name


@pytest.fixture
def forgotten():
    """What is imported by an old name in a test is forgotten at its end."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if present_name(name) is not None:
            del sys.modules[name]


@pytest.mark.parametrize("old", MOVED)
@pytest.mark.usefixtures("forgotten")
def test_old_names_are_the_same_objects_with_a_warning(old):
    with pytest.warns(FutureWarning, match=f"{old} is called {MOVED[old]} now"):
        moved = importlib.import_module(old)
    present = importlib.import_module(MOVED[old])
    for name, value in vars(present).items():
        if not name.startswith("__"):
            assert getattr(moved, name) is value


@pytest.mark.usefixtures("forgotten")
def test_modules_of_moved_packages_are_found():
    with pytest.warns(FutureWarning) as told:
        from simulations.figure_4_7.settings import Settings
    from simulations.studies.figure_4_7 import settings

    assert Settings is settings.Settings
    assert [str(w.message).split()[0] for w in told] == [
        "simulations.figure_4_7",
        "simulations.figure_4_7.settings",
    ]


@pytest.mark.parametrize(
    "name", ["theory.no_such", "theory.dynamics.inner", "simulations.explore.x"]
)
@pytest.mark.usefixtures("forgotten")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_what_never_was_is_not_found(name):
    with pytest.raises(ModuleNotFoundError, match=name):
        importlib.import_module(name)


def test_the_warning_stands_where_the_old_name_is_written(tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text("import theory\nfrom theory.dynamics import normalised_step\n")
    run = subprocess.run([sys.executable, mine], check=True, capture_output=True, text=True)
    assert run.stderr.count("FutureWarning") == 1
    assert "mine.py:2: FutureWarning: theory.dynamics is called theory.model.dynamics" in run.stderr


def test_what_the_readme_uses_is_offered_by_the_package():
    from theory import NormalisedState, normalised_step
    from theory.model import dynamics

    assert NormalisedState is dynamics.NormalisedState
    assert normalised_step is dynamics.normalised_step
