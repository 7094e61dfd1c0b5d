import jax
import numpy as np
import pytest
import sympy as sp

from simulations.engine import simulate as engine
from simulations.engine.compile import dct_matrix
from simulations.engine.gradients import ExactLawMinibatch, Population, SampledMinibatch
from simulations.engine.optimizers import OPTIMIZERS
from simulations.engine.simulate import (
    Failure,
    adversarial_risk,
    log_spaced,
    simulate,
    standard_risk,
)
from theory.model import risk
from theory.model.dynamics import gd_error, signgd_step_frequency

SPECTRUM = (0.01, 0.0025, 0.0)
E0 = np.array([-4.99, -10.01, 0.02])
W_STAR = np.array([5.0, 10.0, 0.0])
ETA = 0.01
UNIT_ROUNDOFF = 2.0**-53

# Runs of it have 300 iterations, of 3 seeds or one, so that each program is compiled once.
EXACT_LAW = ExactLawMinibatch(SPECTRUM, 1000)
POPULATION = Population(SPECTRUM)  # quick to compile


def same(a, b):
    return all(np.array_equal(a.e_tilde[name], b.e_tilde[name]) for name in b.e_tilde)


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
        for t in run.iterations
    ]
    bound = gd_tolerance(run.iterations, d, max(spectrum), eta, np.linalg.norm(e0))
    return np.abs(run.e_tilde["GD"][0] - exact).max(axis=1) <= bound


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
    return np.abs(run.e_tilde["signGD"][0] - np.array(exact, float)[..., 0]).max()


def test_signgd_follows_the_frequency_domain_map():
    # A step adds ±η to each of d entries no larger than 8: 8u each; no sign is close to a change.
    tolerance = 30 * 8 * 3**0.5 * UNIT_ROUNDOFF
    assert signgd_deviation(30, wrong=0) <= tolerance < signgd_deviation(30, wrong=0.5)


# What is recorded


def test_shapes_and_dtypes():
    run = simulate(EXACT_LAW, E0, learning_rate=ETA, iterations=300, seeds=[3, 1, 2])
    assert run.iterations[0] == 0
    assert run.iterations[-1] == 300
    assert run.seeds == (3, 1, 2)
    assert tuple(run.e_tilde) == OPTIMIZERS
    for e in run.e_tilde.values():
        assert e.shape == (3, len(run.iterations), 3)
        assert e.dtype == np.float64
        assert np.isfinite(e).all()
    assert run.failures == {}


def test_single_precision_is_close_to_double():
    single, double = (
        simulate(Population(SPECTRUM), E0, learning_rate=ETA, iterations=100, dtype=dtype)
        for dtype in ("float32", "float64")
    )
    for name in ("GD", "signGD"):
        assert single.e_tilde[name].dtype == np.float32
        error = np.abs(single.e_tilde[name] - double.e_tilde[name]).max()
        bound = gd_tolerance(100, 3, 0.01, 1.0, np.linalg.norm(E0)) * 2**29
        assert 2**-29 * bound < error <= bound


def test_double_precision_whatever_the_setting_outside():
    with jax.enable_x64(False):
        inside = simulate(POPULATION, E0, learning_rate=ETA, iterations=10)
    assert same(inside, simulate(POPULATION, E0, learning_rate=ETA, iterations=10))


def test_recorded_iterations_are_the_ones_asked_for():
    dense = simulate(
        POPULATION, E0, learning_rate=ETA, iterations=50, record_at=range(51), steps_per_block=7
    )
    sparse = simulate(POPULATION, E0, learning_rate=ETA, iterations=50, record_at=[7, 8, 30])
    assert sparse.iterations.tolist() == [0, 7, 8, 30, 50]
    for name, e in sparse.e_tilde.items():
        np.testing.assert_array_equal(e, dense.e_tilde[name][:, sparse.iterations])


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
        steps_per_block=4,
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
            steps_per_block=steps,
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
        np.testing.assert_array_equal(alone.e_tilde[name][0], together.e_tilde[name][1])


def test_seeds_matter():
    run = simulate(EXACT_LAW, E0, learning_rate=ETA, iterations=300, seeds=[1, 2, 3])
    assert all((e[0, -1] != e[1, -1]).any() for e in run.e_tilde.values())


def test_optimizers_share_their_minibatches():
    """The first update of signGD is the sign of the first update of GD."""
    oracle = ExactLawMinibatch((1.0, 1.0, 1.0), 2)
    run = simulate(oracle, [1.0, -0.1, 0.1], learning_rate=0.5, iterations=1, seeds=range(20))
    updates = {name: (e[:, 1] - e[:, 0]) @ dct_matrix(3) for name, e in run.e_tilde.items()}
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
    np.testing.assert_array_equal(2 * run.e_tilde["GD"][0], run.e_tilde["GD"][1])


def test_runs_abreast_are_runs_one_after_another(monkeypatch):
    """On a GPU runs are vectorised; that form of the loop is run here on whatever there is."""

    def train():
        return simulate(
            POPULATION, E0, learning_rate=ETA, iterations=50, seeds=[1, 2], optimizers=["GD"]
        ).e_tilde["GD"]

    serial, advance = train(), engine._advance
    monkeypatch.setattr(engine, "_advance", lambda *a, **k: advance(*a, **k | {"platform": "gpu"}))
    bound = 2 * gd_tolerance(50, 3, 0.01, ETA, np.linalg.norm(E0))
    assert np.abs(train() - serial).max() <= bound < np.abs(serial[:, 0] - serial[:, 1]).max()


def test_second_call_compiles_nothing():
    def call(seed):
        simulate(EXACT_LAW, E0 + seed, learning_rate=ETA * (1 + seed), iterations=300, seeds=[seed])
        compiled = (engine._advance, engine._draw_block, engine._start)
        return [function._cache_size() for function in compiled]

    assert call(0) == call(1)


# Trajectories that blow up or vanish


@pytest.mark.parametrize("steps_per_block", [4096, 1024, 1023, 100])
def test_divergence_ends_one_optimizer_and_names_seed_and_iteration(steps_per_block):
    """With d = 1, σ̃² = 1 and η = 3, GD maps e to e − 3e.

    From e(0) = 2ᵐ, |e(t)| = 2ᵐ⁺ᵗ as long as 3 · 2ᵐ⁺ᵗ⁻¹ does not overflow, which it first does at
    m + t − 1 = 1023.
    """
    run = simulate(
        Population((1.0,)),
        [[1.0], [2.0], [2.0]],
        learning_rate=3.0,
        iterations=1500,
        seeds=[5, 7, 6],
        record_at=[1022, 1023, 1024],
        steps_per_block=steps_per_block,
    )
    assert run.failures == {"GD": Failure(seed=7, iteration=1023)}
    assert run.e_tilde["GD"][:, 1, 0].tolist() == [2.0**1022, 2.0**1023, 2.0**1023]
    assert np.isnan(run.e_tilde["GD"][:, 2:]).all()
    alone = simulate(
        Population((1.0,)),
        [[1.0], [2.0], [2.0]],
        learning_rate=3.0,
        iterations=1500,
        seeds=[5, 7, 6],
        record_at=[1022, 1023, 1024],
        optimizers=OPTIMIZERS[1:],
    )
    assert same(run, alone)
    assert all(np.isfinite(e).all() for e in alone.e_tilde.values())


def test_divergence_past_the_end_is_not_a_failure():
    """Blocks are of one length, 3 × 342 > 1023 here; the surplus is not part of the run."""
    run = simulate(
        Population((1.0,)),
        [1.0],
        learning_rate=3.0,
        iterations=1023,
        optimizers=["GD"],
        steps_per_block=342,
    )
    assert run.failures == {}
    assert abs(run.e_tilde["GD"][0, -1, 0]) == 2.0**1023


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
    assert run.failures == {}
    assert np.isfinite(run.e_tilde["Adam"]).all()
    assert np.abs(run.e_tilde["Adam"]).max(axis=-1).min() < 1e-150


# Risks


def test_risks_against_the_exact_form():
    w, w_star = sp.Matrix([sp.Rational(7, 2), -1, sp.sqrt(2)]), sp.Matrix([5, 10, 0])
    spectrum = [sp.Rational(1, 100), sp.Rational(1, 400), sp.Integer(0)]
    variance = risk.residual_variance(spectrum, w - w_star)
    exact = [
        risk.standard_risk(variance),
        risk.adversarial_risk(variance, sp.sqrt(2) * risk.dual_norm(list(w), 2)),
    ]
    e = np.array(w - w_star, float)[:, 0]
    found = [standard_risk(SPECTRUM, e), adversarial_risk(SPECTRUM, e, W_STAR, 2**0.5)]
    # Sums of at most ten nonnegative terms: 30 roundings of relative size u, doubled by squares.
    tolerance = 60 * UNIT_ROUNDOFF
    np.testing.assert_allclose(found, [float(x) for x in exact], rtol=tolerance)
    assert abs(standard_risk(np.sqrt(SPECTRUM), e) / float(exact[0]) - 1) > tolerance


def test_adversarial_risk_without_perturbation_is_the_standard_risk():
    e = np.random.default_rng(0).normal(size=(4, 5, 3))
    standard = standard_risk(SPECTRUM, e)
    assert standard.shape == (4, 5)
    np.testing.assert_array_equal(adversarial_risk(SPECTRUM, e, W_STAR, 0), standard)
    assert (adversarial_risk(SPECTRUM, e, W_STAR, 0.1) > standard).all()


def test_risk_of_the_robust_minimizer():
    assert standard_risk(SPECTRUM, np.zeros(3)) == 0
    assert adversarial_risk(SPECTRUM, np.zeros(3), W_STAR, 2.0) == pytest.approx(250)


# Arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": []}, "seeds: expected at least one, got none"),
        ({"seeds": [-1]}, r"seeds: expected integers from 0 to 4294967295, got \[-1\]"),
        ({"iterations": 0}, "iterations: expected an integer >= 1, got 0"),
        ({"iterations": 2**32 + 1}, "iterations: expected at most 4294967296, got 4294967297"),
        ({"steps_per_block": 0}, "steps_per_block: expected an integer >= 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate: expected a finite number > 0, got 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate: expected a finite number > 0"),
        ({"optimizers": []}, "optimizers: expected at least one"),
        ({"optimizers": ["GD", "GD"]}, "each once, got GD, GD"),
        ({"optimizers": ["SGD"]}, "expected one of GD, signGD, Adam, RMSProp, got 'SGD'"),
        ({"e0_tilde": [1.0, 2.0]}, r"e0_tilde: expected shape \(3,\) or \(1, 3\), got \(2,\)"),
        ({"e0_tilde": [1.0, 2.0, np.inf]}, "e0_tilde: expected finite numbers"),
        ({"record_at": [11]}, "record_at: expected iterations from 0 to 10, got 0 to 11"),
        ({"record_at": [-1]}, "record_at: expected iterations from 0 to 10, got -1 to 10"),
        ({"dtype": "float16"}, "dtype: expected float64 or float32"),
        ({"device": "tpu"}, "device: expected one of auto, cpu, gpu, got 'tpu'"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    valid = {"e0_tilde": E0, "learning_rate": ETA, "iterations": 10}
    with pytest.raises(ValueError, match=message):
        simulate(EXACT_LAW, **valid | arguments)


@pytest.mark.parametrize("arguments", [(0,), (10, 0)])
def test_log_spaced_rejects_nothing_to_space(arguments):
    with pytest.raises(ValueError, match="expected an integer >= 1, got 0"):
        log_spaced(*arguments)
