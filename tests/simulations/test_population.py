import numpy as np
import pytest
import sympy as sp

from simulations import population
from simulations.device import computing
from simulations.population import run_signgd
from theory.dynamics import NormalisedState, normalised_step

STEPS = 12
UNIT_ROUNDOFF = 2.0**-53

# Steps move a by thirds and, with r = 1/4, b by eighths: all multiples of 1/24. So a stays at
# least 1/96 away from 0 and ±1, and a + b and a − b at least 1/120 away from 0.
STARTS = [
    NormalisedState(
        sp.Rational(i, 24) + sp.Rational(1, 96), sp.Rational(j, 24) + sp.Rational(1, 480), 1
    )
    for i in (-230, -3, 40)
    for j in (-450, 2, 30)
]


@pytest.fixture(scope="module")
def exact():
    """(a, b, c, T, Δc) of each start by exact iteration, shape (5, len(STARTS))."""
    rows = []
    for start in STARTS:
        path = [start]
        for _ in range(STEPS):
            path.append(normalised_step(path[-1], sp.Rational(1, 4)))
        T = next((t for t, state in enumerate(path) if abs(state.a) < 1), -1)
        rows.append((*path[-1], T, path[T].c - start.c))
    return np.array(rows, float).T


def deviations(exact, r=0.25, **options):
    runs = run_signgd(*np.array(STARTS, float).T, r, STEPS, device="cpu", **options)
    return np.abs(np.array(runs) - exact).max(axis=1)


# A step rounds six operations on numbers no larger than 32 in size.
TOLERANCE = STEPS * 6 * 32 * UNIT_ROUNDOFF


def test_runs_follow_the_exact_map(exact):
    assert -1 in exact[3]
    assert (exact[3] >= 0).any()
    assert deviations(exact).max() <= TOLERANCE


def test_the_form_for_a_gpu_is_the_same(exact):
    starts = np.array(STARTS, float).T
    with computing("cpu"):
        runs = population._run(*starts, np.float64(0.25), np.int32(STEPS), platform="gpu")
    assert np.abs(np.array(runs, float) - exact).max() <= TOLERANCE


def test_wrong_ratio_is_told_apart(exact):
    assert deviations(exact, r=0.25 + 1e-9).max() > TOLERANCE


def test_single_precision(exact):
    bound = TOLERANCE * 2**29
    assert TOLERANCE < deviations(exact, dtype="float32").max() <= bound


def test_a_start_inside_has_not_moved():
    runs = run_signgd([0.5, -0.5], [9.0, 9.0], [2.0, 3.0], 0.25, 10)
    assert runs.T.tolist() == [0, 0]
    assert runs.delta_c.tolist() == [0, 0]


def test_the_edge_is_outside():
    assert run_signgd([1.0], [0.0], [0.0], 0.25, 1).T.tolist() == [1]


def test_arrival_by_the_last_step_counts():
    assert run_signgd([2.5, 3.5], [0.0, 0.0], [0.0, 0.0], 0.25, 2).T.tolist() == [2, -1]


def test_more_starts_than_fit_abreast():
    many = run_signgd(*np.tile([[5.3], [8.1], [0.0]], (1, 40_000)), 0.25, 20)
    one = run_signgd([5.3], [8.1], [0.0], 0.25, 20)
    assert all((x == y[0]).all() for x, y in zip(many, one, strict=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], [1.0, 2.0], [1.0], 0.25, 5), r"a, b, c: expected one shape \(N,\)"),
        ((1.0, 1.0, 1.0, 0.25, 5), r"a, b, c: expected one shape \(N,\)"),
        (([1.0], [1.0], [1.0], 0.0, 5), "r: expected a ratio > 0, got 0.0"),
        (([1.0], [1.0], [1.0], 0.25, 0), "steps: expected an integer from 1 to 2147483647"),
        (([1.0], [1.0], [1.0], 0.25, 2**31), "steps: expected an integer from 1 to 2147483647"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        run_signgd(*arguments)
