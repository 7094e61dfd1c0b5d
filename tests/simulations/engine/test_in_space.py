"""Training by oracles in space, with the matrix C, as Figure 4.7 has it."""

import json
from pathlib import Path

import jax
import numpy as np
import pytest
import sympy as sp

from simulations.engine import program
from simulations.engine import train as engine
from simulations.engine.compile import dct_matrix
from simulations.engine.gradients import ExactLawMinibatch, Population, SampledMinibatch
from simulations.engine.outcome import Failure
from simulations.engine.rules import update_rule
from simulations.engine.runs import Runs
from simulations.engine.train import launch_length, log_spaced, train_each
from simulations.studies.figure_4_7.settings import OPTIMIZERS
from tests.simulations.engine.in_space import simulate
from theory.common.errors import UserError
from theory.model.dynamics import gd_error, signgd_step_frequency

SPECTRUM = (0.01, 0.0025, 0.0)
E0 = np.array([-4.99, -10.01, 0.02])
ETA = 0.01
UNIT_ROUNDOFF = 2.0**-53

# Runs of it have 300 iterations, of 3 seeds or one, so that each program is compiled once.
EXACT_LAW = ExactLawMinibatch(SPECTRUM, 1000)
POPULATION = Population(SPECTRUM)  # quick to compile


def errors(run):
    return ((name, of.e_tilde) for name, of in run.items())


def same(a, b):
    return all(np.array_equal(a[name].e_tilde, b[name].e_tilde) for name in b)


# Figure 4.7

KEPT = json.loads(Path(__file__).with_name("figure_4_7.json").read_text())
"""Errors after 1, 3, 10 and 300 updates of the first two of three seeds, every bit."""
TIMES = [1, 3, 10, 300]
ORACLES = {
    "population": Population(SPECTRUM),
    "exact-law": EXACT_LAW,
    "sampled": SampledMinibatch(SPECTRUM, 20),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("oracle", ORACLES)
def test_the_numbers_of_the_figure_stay(oracle, name):
    """To the bit where processors agree, from the oldest that JAX compiles for to AVX-512.

    Adam and RMSProp divide by roots, which some round otherwise: from the tenth update on they may
    be as far off as rounding takes them (as in the tests of rules): a step rounds e, which is
    below 16, once, and an update, at most 10η, is off by 20u for each of two products with C of a
    gradient no coordinate of which is below a thousandth of the longest, and by 4,000u of averages.
    """
    options = {"iterations": 300, "seeds": [0, 1, 2], "record_at": TIMES, "device": "cpu"}
    run = simulate(ORACLES[oracle], E0, learning_rate=ETA, **options)[name]
    kept = np.array([[[*map(float.fromhex, e)] for e in seed] for seed in KEPT[f"{oracle} {name}"]])
    found = run.e_tilde[:2]
    exact = slice(None) if name in ("GD", "signGD") else slice(2)
    assert found[:, exact].tobytes() == kept[:, exact].tobytes()
    bound = np.array(TIMES) * (16 + 10 * ETA * (40 * 1000 + 4000)) * UNIT_ROUNDOFF
    assert (np.abs(found - kept).max(axis=(0, 2)) <= bound).all()


# Against closed forms


def gd_tolerance(t, d, sigma_sq, eta, norm):
    """Rounding of t steps of GD in the spatial domain, when ησ̃² ≤ 1 and ‖e‖ ≤ ``norm``.

    A product with C rounds by at most (d + 1)√d u‖e‖, the rounding of C itself included. So the
    gradient CᵀΣ̃Ce is off by at most (2(d + 1)√d + 3)σ̃²u‖e‖, the scaling by η rounds twice more,
    and the subtraction rounds by u‖e‖. The map I − ηΣ has norm at most 1, so the errors of t steps
    add up at most. Going to the spatial domain and back costs two more products with C.
    """
    product = (d + 1) * d**0.5
    step = 1 + eta * sigma_sq * (2 * product + 5)
    return (t * step + 2 * product) * UNIT_ROUNDOFF * norm


def gd_against(closed_form, spectrum, eta, iterations):
    d = len(spectrum)
    e0 = np.linspace(-5, 10, d)
    run = simulate(
        Population(spectrum), e0, learning_rate=eta, iterations=iterations, optimizers=["GD"]
    )
    exact = [
        [
            float(closed_form(*(sp.Float(x, 40) for x in (e, sigma_sq, eta)), int(t)))
            for e, sigma_sq in zip(e0, spectrum, strict=True)
        ]
        for t in run["GD"].iterations
    ]
    bound = gd_tolerance(run["GD"].iterations, d, max(spectrum), eta, np.linalg.norm(e0))
    return np.abs(run["GD"].e_tilde[0] - exact).max(axis=1) <= bound


GD_CASES = pytest.mark.parametrize(
    ("spectrum", "eta", "iterations"),
    [(SPECTRUM, ETA, 20_001), ((1.0, 0.5, 0.125, 0.0, 0.25), 0.5, 300), ((1.0,), 0.9, 50)],
)


@GD_CASES
def test_gd_follows_its_closed_form_to_rounding(spectrum, eta, iterations):
    with jax.debug_nans(True):
        assert gd_against(gd_error, spectrum, eta, iterations).all()


@GD_CASES
def test_wrong_contraction_is_told_apart(spectrum, eta, iterations):
    def implicit(e0, sigma_sq, eta, t):
        return e0 / (1 + eta * sigma_sq) ** t

    assert not gd_against(implicit, spectrum, eta, iterations).all()


def signgd_deviation(steps, wrong):
    spectrum, e0, eta = (sp.Integer(1), sp.Rational(1, 4), sp.Integer(0)), (3, -7, 1), 0.25
    e = sp.Matrix(e0)
    exact = [e]
    for _ in range(steps):
        e = signgd_step_frequency(e, spectrum, sp.Rational(eta)).evalf(30)
        exact.append(e)
    run = simulate(
        Population((1.0, 0.25 + wrong, 0.0)),
        e0,
        learning_rate=eta,
        iterations=steps,
        record_at=range(steps),
        optimizers=["signGD"],
    )
    return np.abs(run["signGD"].e_tilde[0] - np.array(exact, float)[..., 0]).max()


def test_signgd_follows_the_frequency_domain_map():
    # A step adds ±η to each of d entries no larger than 8: 8u each; no sign is close to a change.
    tolerance = 30 * 8 * 3**0.5 * UNIT_ROUNDOFF
    assert signgd_deviation(30, wrong=0) <= tolerance < signgd_deviation(30, wrong=0.5)


# What is recorded


def test_shapes_and_dtypes():
    run = simulate(EXACT_LAW, E0, learning_rate=ETA, iterations=300, seeds=[3, 1, 2])
    assert run["GD"].iterations[0] == 0
    assert run["GD"].iterations[-1] == 300
    assert run["GD"].runs.seeds == (3, 1, 2)
    assert tuple(run) == OPTIMIZERS
    for e in (of.e_tilde for of in run.values()):
        assert e.shape == (3, len(run["GD"].iterations), 3)
        assert e.dtype == np.float64
        assert np.isfinite(e).all()
    assert not any(of.failures for of in run.values())


def test_single_precision_is_close_to_double():
    single, double = (
        simulate(Population(SPECTRUM), E0, learning_rate=ETA, iterations=100, dtype=dtype)
        for dtype in ("float32", "float64")
    )
    for name in ("GD", "signGD"):
        assert single[name].e_tilde.dtype == np.float32
        error = np.abs(single[name].e_tilde - double[name].e_tilde).max()
        bound = gd_tolerance(100, 3, 0.01, 1.0, np.linalg.norm(E0)) * 2**29
        assert 2**-29 * bound < error <= bound


def test_double_precision_whatever_the_setting_outside():
    with jax.enable_x64(False):
        inside = simulate(POPULATION, E0, learning_rate=ETA, iterations=10)
    assert same(inside, simulate(POPULATION, E0, learning_rate=ETA, iterations=10))


def test_recorded_iterations_are_the_ones_asked_for():
    dense = simulate(
        POPULATION, E0, learning_rate=ETA, iterations=50, record_at=range(51), steps_per_launch=7
    )
    sparse = simulate(POPULATION, E0, learning_rate=ETA, iterations=50, record_at=[0, 7, 8, 30])
    assert sparse["GD"].iterations.tolist() == [0, 7, 8, 30, 50]
    for name, e in errors(sparse):
        np.testing.assert_array_equal(e, dense[name].e_tilde[:, sparse["GD"].iterations])


@pytest.mark.parametrize("iterations", [1, 2, 9, 10, 1000, 200_001])
def test_log_spaced_includes_both_ends(iterations):
    times = log_spaced(iterations, 10)
    assert times[0] == 0
    assert times[-1] == iterations
    assert (np.diff(times) > 0).all()
    assert len(times) <= 2 + 10 * np.log10(iterations) + 1


def test_progress():
    calls = []
    simulate(
        POPULATION,
        E0,
        learning_rate=ETA,
        iterations=10,
        steps_per_launch=4,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(4, 10), (8, 10), (10, 10)]


def test_interrupt_is_not_swallowed():
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(POPULATION, E0, learning_rate=ETA, iterations=10, progress=interrupt)


# What a result depends on


@pytest.mark.parametrize("oracle", [EXACT_LAW, SampledMinibatch(SPECTRUM, 5)])
def test_block_size_does_not_matter(oracle):
    runs = [
        simulate(
            oracle,
            E0,
            learning_rate=ETA,
            iterations=101,
            seeds=[1, 2],
            record_at=range(101),
            steps_per_launch=steps,
        )
        for steps in (4096, 16)
    ]
    assert all(same(run, runs[0]) for run in runs)


def test_other_optimizers_and_seeds_do_not_matter():
    together = simulate(EXACT_LAW, E0, learning_rate=ETA, iterations=300, seeds=[1, 2, 3])
    for name in OPTIMIZERS:
        alone = simulate(
            EXACT_LAW, E0, learning_rate=ETA, iterations=300, seeds=[2], optimizers=[name]
        )
        np.testing.assert_array_equal(alone[name].e_tilde[0], together[name].e_tilde[1])


def test_seeds_matter():
    run = simulate(EXACT_LAW, E0, learning_rate=ETA, iterations=300, seeds=[1, 2, 3])
    assert all((e[0, -1] != e[1, -1]).any() for e in (of.e_tilde for of in run.values()))


def test_optimizers_share_their_minibatches():
    """The first update of signGD is the sign of the first update of GD."""
    oracle = ExactLawMinibatch((1.0, 1.0, 1.0), 2)
    run = simulate(oracle, [1.0, -0.1, 0.1], learning_rate=0.5, iterations=1, seeds=range(20))
    updates = {name: (e[:, 1] - e[:, 0]) @ dct_matrix(3) for name, e in errors(run)}
    np.testing.assert_array_equal(np.sign(updates["GD"]), np.sign(updates["signGD"]))
    assert len({tuple(np.sign(update)) for update in updates["GD"]}) > 1


def test_runs_of_one_seed_see_the_same_minibatches():
    """GD is linear in the initial error given the minibatches; here it is doubled exactly."""
    run = simulate(
        SampledMinibatch(SPECTRUM, 3),
        [E0, 2 * E0],
        learning_rate=ETA,
        iterations=100,
        seeds=[4, 4],
        optimizers=["GD"],
    )
    np.testing.assert_array_equal(2 * run["GD"].e_tilde[0], run["GD"].e_tilde[1])


def test_runs_abreast_are_runs_one_after_another(monkeypatch):
    """On a GPU runs are vectorised; that form of the loop is run here on whatever there is."""

    def train():
        return simulate(
            POPULATION, E0, learning_rate=ETA, iterations=50, seeds=[1, 2], optimizers=["GD"]
        )["GD"].e_tilde

    serial = train()
    monkeypatch.setattr(engine, "abreast", lambda runs, *_, **__: runs)
    bound = 2 * gd_tolerance(50, 3, 0.01, ETA, np.linalg.norm(E0))
    assert np.abs(train() - serial).max() <= bound < np.abs(serial[:, 0] - serial[:, 1]).max()


def test_second_call_compiles_nothing():
    def call(seed):
        simulate(EXACT_LAW, E0 + seed, learning_rate=ETA * (1 + seed), iterations=300, seeds=[seed])
        compiled = (program.advance, program.draw, program.begin)
        return [function._cache_size() for function in compiled]

    assert call(0) == call(1)


def test_lengths_of_launches():
    assert launch_length(200_001, 16, 3, 3) == 2**14
    assert launch_length(300, 1, 3, 3) == launch_length(320, 1, 3, 3) == 320
    # Of few launches the last draws for hardly more than is left.
    assert launch_length(40_000, 1, 3, 3) == 13_334
    assert launch_length(10**6, 2**10, 3, 2**20) == 1
    assert launch_length(10**6, 2**10, 2**10, 0) == 8


# Trajectories that blow up or vanish


@pytest.mark.parametrize("steps_per_launch", [4096, 1024, 1023, 100])
def test_divergence_ends_a_run_and_names_seed_and_iteration(steps_per_launch):
    """With d = 1, σ̃² = 1 and η = 3, GD maps e to e − 3e.

    From e(0) = 2ᵐ, |e(t)| = 2ᵐ⁺ᵗ as long as 3 · 2ᵐ⁺ᵗ⁻¹ does not overflow, which it first does at
    m + t − 1 = 1023.
    """
    blows_up = {
        "oracle": Population((1.0,)),
        "e0_tilde": [[1.0], [2.0], [2.0]],
        "learning_rate": 3.0,
        "iterations": 1500,
        "seeds": [5, 7, 6],
        "record_at": [0, 1022, 1023, 1024],
    }
    run = simulate(**blows_up, steps_per_launch=steps_per_launch)
    assert run["GD"].failures == (
        Failure(run=0, seed=5, iteration=1024),
        Failure(run=1, seed=7, iteration=1023),
        Failure(run=2, seed=6, iteration=1023),
    )
    assert run["GD"].e_tilde[:, 1, 0].tolist() == [2.0**1022, 2.0**1023, 2.0**1023]
    assert abs(run["GD"].e_tilde[0, 2, 0]) == 2.0**1023
    assert np.isnan(run["GD"].e_tilde[1:, 2:]).all()
    assert np.isnan(run["GD"].e_tilde[:, 3:]).all()
    alone = simulate(**blows_up, optimizers=OPTIMIZERS[1:])
    assert same(run, alone)
    assert all(np.isfinite(of.e_tilde).all() for of in alone.values())


def test_divergence_past_the_end_is_not_a_failure():
    """Blocks are of one length, 3 × 342 > 1023 here; the surplus is not part of the run."""
    run = simulate(
        Population((1.0,)),
        [1.0],
        learning_rate=3.0,
        iterations=1023,
        optimizers=["GD"],
        steps_per_launch=342,
    )
    assert not any(of.failures for of in run.values())
    assert abs(run["GD"].e_tilde[0, -1, 0]) == 2.0**1023


def test_adam_stays_finite_where_the_error_vanishes():
    """On a full spectrum Adam drives the error towards zero, in bursts."""
    run = simulate(
        ExactLawMinibatch((0.01, 0.0025, 0.001), 1000),
        E0,
        learning_rate=ETA,
        iterations=30_000,
        record_at=range(30_000),
        optimizers=["Adam"],
    )
    assert not any(of.failures for of in run.values())
    assert np.isfinite(run["Adam"].e_tilde).all()
    assert np.abs(run["Adam"].e_tilde).max(axis=-1).min() < 1e-150


# Arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": []}, "seeds: expected at least one, got none"),
        ({"seeds": [-1]}, "seeds: expected integers from 0 to 4294967295, got -1"),
        ({"iterations": 0}, "iterations: expected an integer >= 1, got 0"),
        ({"iterations": 2**32}, "iterations: expected below 4294967296, got 4294967296"),
        ({"steps_per_launch": 0}, "steps_per_launch: expected an integer >= 1, got 0"),
        ({"e0_tilde": [1.0, 2.0]}, r"e0_tilde: expected .* of shape \(3,\) or \(1, 3\), got \[1"),
        ({"e0_tilde": [1.0, 2.0, np.inf]}, "e0_tilde: expected finite numbers"),
        ({"record_at": [11]}, "record_at: expected integers from 0 to 10, got 10 to 11"),
        ({"samples_per_step": 5}, "samples_per_step: expected none beside an oracle, got both"),
        ({"oracle": Population((1.0, 0.5, 0.1))}, "oracle: expected one with the variances of all"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    valid = {"seeds": (0,), "e0_tilde": E0, "iterations": 10, "oracle": EXACT_LAW, "record_at": []}

    def train(seeds, e0_tilde, **given):
        runs = Runs(np.array(SPECTRUM), np.zeros(3), np.zeros(3), seeds, e0_tilde)
        train_each(runs, {"GD": update_rule("GD", ETA)}, **given)

    with pytest.raises(UserError, match=message):
        train(**valid | arguments)


@pytest.mark.parametrize("arguments", [(0,), (10, 0)])
def test_log_spaced_rejects_nothing_to_space(arguments):
    with pytest.raises(UserError, match="expected an integer >= 1, got 0"):
        log_spaced(*arguments)
