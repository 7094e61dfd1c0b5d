"""Mistakes in command lines, of all three programs: one line, exit code 2, nothing written."""

import pytest

from nn_experiments.__main__ import main as networks
from simulations.__main__ import main as simulations
from theory.__main__ import main as theory

MISTAKES = [
    # no command, or none that there is
    (theory, "", "expected a command (verify, errata, check, report), got none."),
    (theory, "verfy", "expected a command (verify, errata, check, report), got verfy."),
    (simulations, "", "expected a command (check, bench, sweep, figure-4.7, "),
    (simulations, "figure-4.8", "got figure-4.8."),
    # an option that there is not
    (theory, "verify --timout 3", "there is no option --timout 3. Did you mean --timeout?"),
    (simulations, "bench --no-such", "expected nothing more, got --no-such."),
    (networks, "data --nope", "expected nothing more, got --nope."),
    (networks, "compare quick --epochs 3", "--epochs 3. Did you mean --training.epochs?"),
    (networks, "compare quick --no-lipshitz", "Did you mean --no-lipschitz"),
    (networks, "train quick --optimizers.7.name SGD", "there is no option --optimizers.7.name SGD"),
    # a value of another kind
    (theory, "verify --timeout x", "--timeout: expected FLOAT, got 'x'."),
    (theory, "verify --processes 2.5", "--processes: expected INT, got '2.5'."),
    (simulations, "figure-4.7 --iterations x", "--iterations: expected INT, got 'x'."),
    (networks, "bench --repeats x", "--repeats: expected INT, got 'x'."),
    (networks, "compare quick --seeds x", "--seeds: expected [INT [INT ...]], got 'x'."),
    (networks, "compare quick --data.train-images many", "expected {None}|INT, got 'many'."),
    (networks, "compare quick --optimizers.1.options foreach", "--optimizers.1.options: expected"),
    # a value that is not one of those there are
    (theory, "errata --format pdf", "--format: expected json or md or tex, got 'pdf'."),
    (simulations, "sweep --cluster pbs", "expected None or local or slurm, got 'pbs'."),
    (networks, "compare quick --robustness.engine fast", "expected batched or reference, got"),
    # a number out of range
    (networks, "compare quick --training.epochs 0", "training.epochs: expected 1 or more, got 0."),
    (networks, "train quick --robustness.l2 0.2 0.2", "robustness.l2: expected no repetition"),
    # no value, or one too many
    (theory, "verify --timeout", "--timeout: expected a value after it, got none."),
    (simulations, "figure-4.7 --seeds", "--seeds: expected a value after it, got none."),
    (theory, "check", "expected PATH, got none: Python file with CLAIMS"),
    (theory, "verify extra", "expected nothing more, got extra."),
    (theory, "verify --json yes", "expected nothing more, got yes."),
    (theory, "check a.py b.py", "expected nothing more, got b.py."),
    (networks, "data a b", "expected nothing more, got b."),
    (networks, "compare quick --lipschitz maybe", "expected nothing more, got maybe."),
]


def shown(part):
    """A test's name, the same in every process: without addresses."""
    return part.__module__ if callable(part) else part[:40]


@pytest.mark.parametrize("columns", ["30", "200"])
@pytest.mark.parametrize(("main", "line", "message"), MISTAKES, ids=shown)
def test_a_mistake_is_one_line(main, line, message, columns, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", columns)  # as wide as the terminal is
    assert main(line.split()) == 2
    printed, told = capsys.readouterr()
    assert message in told
    assert told.startswith("error: ")
    assert told.endswith(" --help lists what there is.\n")
    assert (printed, told.count("\n")) == ("", 1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("main", [theory, simulations], ids=shown)
def test_help_is_not_made_as_wide_as_a_mistake(main, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    with pytest.raises(SystemExit) as told:
        main(["--help"])
    assert told.value.code == 0
    printed, mistakes = capsys.readouterr()
    assert max(map(len, printed.splitlines())) < 150  # a usage line is not broken
    assert mistakes == ""
