"""What may be swept of a training run."""

from simulations.engine.rules import KINDS
from simulations.sweep.parameters import NUMBERS, PARAMETERS, parameters_table


def test_the_table_tells_of_each_parameter():
    names = [row[0] for row in parameters_table().rows]
    assert names == [*(p.name for p in PARAMETERS), "seeds"]
    assert all(all(cell for cell in row) for row in parameters_table().rows)


def test_all_options_of_all_rules_are_parameters():
    options = {name for kind in KINDS.values() for name in kind.defaults}
    assert options <= set(NUMBERS) <= {p.name for p in PARAMETERS}


def test_what_single_runs_are_worth_is_said_where_pytorch_is():
    (about,) = [row[2] for row in parameters_table().rows if row[0] == "rule"]
    assert "as it does in float64" in about
    assert "single runs then differ between implementations and versions" in about
