"""GD's limit in any dimension."""

from simulations.engine.limit import gd_limit
from simulations.engine.runs import Runs
from theory.model.limit import gd_limit as exact_gd_limit
from theory.model.problem import LinearProblem


def test_three_dimensions_are_those_of_the_theory():
    spectrum, w_star = (0.01, 0.0025, 0.0), (5.0, 10.0, 0.0)
    starts = [[0.01, -0.01, 0.02], [5.0, 1.0, -3.0]]
    found = gd_limit(Runs(spectrum, w_star, starts, (0, 1)))
    for errors, start in zip(found, starts, strict=True):
        exact = exact_gd_limit(LinearProblem.of(spectrum, w_star, start, 0.01))
        assert errors.tolist() == [float(e) for e in exact]
    assert found[1].tolist() == [0.0, 0.0, -3.0]


def test_any_energy_is_enough_whatever_the_others_are():
    """At one rate for all, 1 − ησ̃² would round to 1 and the second error would stay."""
    runs = Runs([[1e30, 1e-30, 0.0], [1.0, 0.0, 1.0]], [0.0] * 3, [1.0, 2.0, 3.0], (0, 1))
    assert gd_limit(runs).tolist() == [[0.0, 0.0, 3.0], [0.0, 2.0, 0.0]]
