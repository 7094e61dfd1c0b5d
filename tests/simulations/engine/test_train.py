import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from simulations.engine import arguments, program
from simulations.engine.compile import dct_matrix
from simulations.engine.device import computing
from simulations.engine.gradients import ExactLawMinibatch, InFrequency, Population
from simulations.engine.outcome import Failure
from simulations.engine.program import Batch, abreast
from simulations.engine.risk import adversarial_risk, standard_risk
from simulations.engine.rules import Cosine, update_rule
from simulations.engine.spectrum import (
    Fixed,
    Irrelevant,
    Normal,
    PowerLaw,
    Regression,
    Runs,
    Variances,
)
from simulations.engine.train import train
from simulations.engine.transform import FAST, IDENTITY, dense
from theory.common.errors import UserError
from theory.model.minibatch import second_moment_step

UNIT_ROUNDOFF = 2.0**-53
SPECTRUM = (0.01, 0.0025, 0.0)
THREE = Regression(
    Variances(SPECTRUM), Irrelevant((2,)), Fixed((5.0, 10.0, 0.0)), Fixed((0.01, -0.01, 0.02))
)
E0 = np.array([-4.99, -10.01, 0.02])
ETA = 0.01


# Against oracles in space


def drift(steps, size, longest, amplification):
    """Bound on how far two computations of a path drift apart in d = 3.

    Each step rounds e, of size ``size``, once, and a gradient through two transforms on either
    side, each by at most 20u of ‖g‖ (their bounds in the tests of the transforms). An update whose
    length is ``longest`` is off by ``amplification`` times that, relatively, and another 4000u:
    averages over the last 1000 steps gather at most 4u in each. Records pass one more transform.
    """
    a_step = size + longest * (80 * amplification + 4000)
    return (steps * a_step + 40 * size) * UNIT_ROUNDOFF


@pytest.mark.parametrize(
    ("name", "samples"),
    [("GD", None), ("signGD", None), ("Adam", None), ("RMSProp", None), ("Adam", 100)],
)
def test_three_dimensions_are_those_of_oracles_in_space(name, samples):
    """Frequencies without variance come last, so that even the random numbers are the same."""
    steps = 300
    oracle = ExactLawMinibatch(SPECTRUM, samples) if samples else Population(SPECTRUM)
    record = [0, 1, 77, steps]
    rule, runs = update_rule(name, ETA), THREE.runs([3, 1])
    reference = train(runs, rule, iterations=steps, oracle=oracle, record_at=record).e_tilde
    got = train(runs, rule, iterations=steps, samples_per_step=samples, record_at=record)
    assert got.iterations.tolist() == record
    # An update is relative to its gradient in space: here no coordinate of a gradient of a path is
    # less than a thousandth of the longest.
    bound = drift(steps, 16, ETA, 1000)
    assert np.abs(got.e_tilde - reference).max() <= bound
    longer = train(runs, update_rule(name, ETA * (1 + 1e-6)), iterations=steps)
    assert np.abs(longer.e_tilde[:, -1] - reference[:, -1]).max() > bound or name == "GD"


# The exact law


def test_minibatch_law_has_its_exact_mean_and_second_moment():
    """After three steps of GD: E[ẽ] = (1 − ησ²)³ẽ(0), and E[ẽẽᵀ] by the recursion of the theory.

    With 2¹³ runs, means of blocks of 64 give the deviation of the mean. A right mean is further
    off than 6 deviations with probability 2e-9, a law of twice as many samples is for sure.
    """
    variances, e0, eta, n, steps = (1.0, 0.5, 0.0, 0.25), (1.0, -2.0, 0.5, 3.0), 0.4, 3, 3
    runs = Runs(variances, np.zeros(4), e0, tuple(range(2**13)))
    Sigma, M, wrong = (np.asarray(x, object) for x in (np.diag(variances), *[np.outer(e0, e0)] * 2))
    Sigma, M, wrong = map(_matrix, (Sigma, M, wrong))
    for _ in range(steps):
        M = second_moment_step(M, Sigma, eta, n)
        wrong = second_moment_step(wrong, Sigma, eta, 2 * n)
    e = train(runs, update_rule("GD", eta), iterations=steps, samples_per_step=n).e_tilde[:, -1]
    products = np.einsum("si,sj->sij", e, e)
    mean = (1 - eta * np.array(variances)) ** steps * e0
    assert (distance(e, mean) <= 6).all()
    assert (distance(products, np.array(M, float)) <= 6).all()
    assert (distance(products, np.array(wrong, float)) > 6).any()


def _matrix(values):
    import sympy as sp

    return sp.Matrix(values.astype(float))


def distance(samples, expected):
    """How many standard deviations the mean of the samples is off; 0 where nothing varies."""
    blocks = samples.reshape(128, -1, *samples.shape[1:]).mean(axis=1)
    deviation = blocks.std(axis=0, ddof=1) / 128**0.5
    off = np.abs(blocks.mean(axis=0) - expected)
    # What does not vary is exact but for the rounding of a few products and sums of numbers < 10.
    return np.where(off <= 1000 * UNIT_ROUNDOFF, 0, off / np.maximum(deviation, 1e-300))


# Fast against dense


@pytest.mark.parametrize("name", ["signGD", "Adam", "Adafactor"])
def test_fast_is_dense_in_64_dimensions(name):
    """The dense route multiplies by the exact matrix."""
    problem = Regression(PowerLaw(64, 1.0), Irrelevant.highest(16, 64), Normal(3.0), Normal())
    runs, rule = problem.runs([0, 1]), update_rule(name, 1e-3)
    fast, slow = (
        train(runs, rule, iterations=20, transform=transform) for transform in (FAST, dense(64))
    )
    # Each transform is off by at most 100u of the norm, which is below 64 (see the tests of the
    # transforms); the product with C by 65√64 u. A step has two, on gradients of norm below 64,
    # and coordinates of the gradients of these paths stay above 1e-4 of that.
    bound = 20 * (2 * (100 + 65 * 8) * 64) * UNIT_ROUNDOFF * 1e-3 * 1e4
    assert np.abs(fast.e_tilde - slow.e_tilde).max() <= bound
    assert np.abs(fast.e_tilde[0] - slow.e_tilde[1]).max() > bound


@pytest.mark.parametrize("name", ["GD", "momentum", "Nesterov"])
def test_rules_that_commute_do_the_same_in_space(name):
    problem = Regression(PowerLaw(12, 1.0), Irrelevant((3,), 1e-4), Normal(3.0), Normal())
    rule = update_rule(name, 0.1, l2_penalty=0.1, weight_decay=0.2, schedule=Cosine(30))
    in_frequency, in_space = (
        train(problem.runs([4]), rule, iterations=20, transform=transform)
        for transform in (None, FAST)
    )
    # Momentum of 0.9 sums at most 10 gradients of norm below 32, and transforms are off by at most
    # 40u of it: four a step, with those at either end.
    bound = 20 * 10 * 32 * 4 * 40 * UNIT_ROUNDOFF
    assert np.abs(in_frequency.e_tilde - in_space.e_tilde).max() <= bound
    plain = train(problem.runs([4]), update_rule(name, 0.1), iterations=20)
    assert np.abs(plain.e_tilde - in_space.e_tilde).max() > bound


def test_closed_form_of_gd_in_4096_dimensions():
    """ẽ(t) = (1 − ησ²)ᵗẽ(0), and the penalised one goes to ridge's σ²w̃*/(σ² + λ)."""
    problem = Regression(PowerLaw(4096, 1.5), Irrelevant.highest(1000, 4096), Normal(), Normal())
    runs = problem.runs([0, 1])
    variances, e0 = problem.sigma_tilde_sq, runs.w0_tilde - runs.w_star_tilde
    eta, steps, penalty = 0.5, 200, 0.5
    got = train(runs, update_rule("GD", eta), iterations=steps).e_tilde[:, -1]
    # Each step rounds a product, a product and a difference of e, which shrinks, and the closed
    # form the base and its power.
    np.testing.assert_allclose(
        got, (1 - eta * variances) ** steps * e0, rtol=0, atol=6 * steps * UNIT_ROUNDOFF * 6
    )
    ridge = train(runs, update_rule("GD", eta, l2_penalty=penalty), iterations=steps).w_tilde[:, -1]
    # (1 − η(σ² + λ))ᵗ ≤ 0.75²⁰⁰ < u of the start is left.
    exact = variances * runs.w_star_tilde / (variances + penalty)
    np.testing.assert_allclose(ridge, exact, rtol=0, atol=40 * UNIT_ROUNDOFF * 6)
    assert np.abs(got - ridge).max() > 0.01


# Each run has its own numbers


def test_rules_samples_and_problems_may_differ_between_runs():
    rates, samples = (0.01, 0.02, 0.03), (1, 10, 100)
    rules = [update_rule("Adam", rate, beta1=10 * rate, l2_penalty=rate) for rate in rates]
    variances = np.array([[1.0, 0.5, 0.1], [1.0, 0.5, 0.0], [2.0, 0.5, 0.1]])
    runs = Runs(variances, [1.0, 2.0, 0.0], np.zeros(3), (7, 7, 8))
    together = train(runs, rules, iterations=30, samples_per_step=samples)
    for i, rule in enumerate(rules):
        like_i = Runs(variances[[i] * 3], [1.0, 2.0, 0.0], np.zeros(3), (runs.seeds[i],) * 3)
        alike = train(like_i, [rule] * 3, iterations=30, samples_per_step=[samples[i]] * 3)
        for e in alike.e_tilde:
            np.testing.assert_array_equal(e, together.e_tilde[i])
        assert np.abs(together.e_tilde[i] - together.e_tilde[i - 1]).max() > 1e-3


def test_numbers_of_all_runs_or_of_each_are_the_same():
    rule = update_rule("AdamW", 0.01)
    shared = train(THREE.runs([0, 1]), rule, iterations=30)
    each = train(
        Runs([SPECTRUM] * 2, [[5.0, 10.0, 0.0]] * 2, [[0.01, -0.01, 0.02]] * 2, (0, 1)),
        [rule] * 2,
        iterations=30,
    )
    assert np.abs(shared.e_tilde - each.e_tilde).max() <= drift(30, 16, 0.01, 1000)


def test_runs_do_not_depend_on_how_many_there_are_or_how_they_are_grouped(monkeypatch):
    problem, rule = Regression(PowerLaw(8, 1.0), start=Normal()), update_rule("signGD", 0.01)
    many = train(problem.runs(range(7)), rule, iterations=25)
    alone = train(problem.runs([5]), rule, iterations=25)
    monkeypatch.setattr(program, "NUMBERS_ABREAST", 3 * 8)
    grouped = train(problem.runs(range(7)), rule, iterations=25)
    # Updates are ±0.01 whatever the rounding, so that a step rounds 8 numbers below 8 once, and
    # the transforms at either end by 60u.
    bound = (25 + 2 * 60) * 8 * 8**0.5 * UNIT_ROUNDOFF
    assert np.abs(many.e_tilde[5] - alone.e_tilde[0]).max() <= bound
    assert np.abs(many.e_tilde - grouped.e_tilde).max() <= bound
    assert np.abs(many.e_tilde[5] - many.e_tilde[6]).max() > bound


def test_runs_go_abreast_in_groups_of_nearly_equal_size():
    assert abreast(7, 2**13, "cpu", in_space=False) == 4
    assert abreast(7, 2, "cpu", in_space=False) == 7
    assert abreast(7, 2**20, "cpu", in_space=False) == 1
    assert abreast(7, 3, "cpu", in_space=True) == 1
    assert abreast(7, 2**13, "gpu", in_space=True) == 7


@pytest.mark.parametrize("samples", [None, 20], ids=["population", "minibatch"])
def test_a_pair_of_ones_own_is_the_rule_of_the_same_numbers(samples):
    """Another program, so that numbers may be rounded otherwise."""
    runs = Regression(PowerLaw(8, 1.0), start=Normal()).runs([3, 4])
    own = optax.chain(
        optax.scale_by_adam(b1=0.9, b2=0.999, eps=1e-8), optax.scale_by_learning_rate(0.01)
    )
    options = {"iterations": 30, "samples_per_step": samples, "device": "cpu"}
    ours = train(runs, own, **options).w_tilde[:, -1]
    rule = train(runs, update_rule("Adam", 0.01), **options).w_tilde[:, -1]
    # Weights are below 5, and an update of Adam, at most 10η, is of the size of no gradient.
    bound = drift(30, 5.0, longest=0.1, amplification=10)
    assert np.abs(ours - rule).max() <= bound
    other = train(runs, update_rule("Adam", 0.01, beta2=0.998), **options).w_tilde[:, -1]
    assert np.abs(ours - other).max() > bound


def test_launches_and_records_do_not_matter():
    # As many runs, with numbers of samples of their own, as above: one sampler is compiled less.
    runs, rule, samples, calls = THREE.runs(range(3)), update_rule("GD", 10.0), [3, 3, 3], []
    everything = train(runs, rule, iterations=20, samples_per_step=samples, record_at=range(21))
    sparse = train(
        runs,
        rule,
        iterations=20,
        samples_per_step=samples,
        record_at=[5, 12],
        steps_per_launch=8,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert sparse.iterations.tolist() == [5, 12, 20]
    # The same operations in two compiled loops: a dozen on each of 20 steps.
    bound = 20 * 12 * 32 * UNIT_ROUNDOFF
    assert np.abs(sparse.e_tilde - everything.e_tilde[:, sparse.iterations]).max() <= bound
    assert np.abs(sparse.e_tilde - everything.e_tilde[:, [4, 11, 19]]).max() > bound
    assert calls == [(7, 20), (14, 20), (20, 20)]
    np.testing.assert_allclose(everything.e_tilde[0, 0], E0, rtol=0, atol=80 * UNIT_ROUNDOFF)


def test_second_call_compiles_nothing():
    def call(seed):
        runs = THREE.runs([seed])
        rule = update_rule("Adam", 0.01 * (1 + seed), beta1=0.5, eps=1e-9 * (1 + seed))
        train(runs, rule, iterations=20 + seed)
        return program.advance._cache_size()

    assert call(0) == call(1)


def test_single_precision():
    runs, rule = THREE.runs([0, 1]), update_rule("signGD", 0.25)
    single = train(runs, rule, iterations=10, dtype="float32")
    with jax.enable_x64(False):
        double = train(runs, rule, iterations=10)
    assert single.e_tilde.dtype == np.float32
    assert double.e_tilde.dtype == np.float64
    error = np.abs(single.e_tilde - double.e_tilde).max()
    bound = drift(10, 16, 0.25, 0) * 2**29
    assert 2**-29 * bound < error <= bound


# Risks


def test_risks_are_those_of_their_home():
    runs = Runs([[1.0, 0.5], [2.0, 0.0]], [1.0, 2.0], np.zeros(2), (0, 1))
    run = train(runs, update_rule("GD", 0.1), iterations=5, record_at=[0])
    assert run.standard_risk().shape == run.adversarial_risk(0.5).shape == (2, 2)
    for i, variances in enumerate(runs.sigma_tilde_sq):
        e = run.e_tilde[i]
        np.testing.assert_array_equal(run.standard_risk()[i], standard_risk(variances, e))
        np.testing.assert_array_equal(
            run.adversarial_risk(0.5)[i], adversarial_risk(variances, e, [1.0, 2.0], 0.5)
        )
    # At the start w = 0: ρ = 0, and the risk is ½Σσ²w*².
    np.testing.assert_allclose(run.adversarial_risk(0.5)[:, 0], [1.5, 1.0], rtol=8 * UNIT_ROUNDOFF)
    np.testing.assert_array_equal(run.w_tilde, run.e_tilde + np.array([1.0, 2.0]))
    with pytest.raises(UserError, match="epsilon: expected a finite radius >= 0, got -1"):
        run.adversarial_risk(-1.0)


# Runs that blow up


@pytest.mark.parametrize("steps_per_launch", [1000, 7])
def test_divergence_ends_one_run_and_names_it(steps_per_launch):
    """GD maps e to (1 − ησ²)e; with ησ² = 1 + 2¹⁰⁰, |e(t)| is 2¹⁰⁰ᵗ: it overflows at t = 11."""
    with np.errstate(over="ignore"):
        runs = Runs([[2.0**100], [0.5]], [0.0], [1.0], (4, 9))
        run = train(
            runs,
            update_rule("GD", 1.0),
            iterations=30,
            record_at=[9, 10, 11],
            steps_per_launch=steps_per_launch,
        )
        assert run.failures == (Failure(run=0, seed=4, iteration=11),)
        assert np.isfinite(run.e_tilde[0, :2]).all()
        assert np.isnan(run.e_tilde[0, 2:]).all()
        np.testing.assert_array_equal(run.e_tilde[1, :, 0], 0.5 ** run.iterations.astype(float))
        assert np.isnan(run.adversarial_risk(1.0)[0, -1])


def test_a_launch_in_which_all_have_failed_is_the_last():
    calls = []
    run = train(
        Runs([2.0**100], [0.0], [1.0], (0,)),
        update_rule("GD", 1.0),
        iterations=1000,
        steps_per_launch=10,
        progress=lambda done, total: calls.append(done),
    )
    assert calls == [10, 20]
    assert run.failures == (Failure(0, 0, 11),)
    assert np.isnan(run.e_tilde).all()


# Input that is wrong


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"iterations": 0}, "iterations: expected an integer >= 1, got 0"),
        ({"iterations": 2**32}, "iterations: expected below 4294967296"),
        ({"record_at": [11]}, "record_at: expected integers from 0 to 10, got 10 to 11"),
        ({"record_at": [-1]}, "record_at: .* got -1 to 10"),
        ({"record_at": [1.5]}, "record_at: expected integers"),
        ({"steps_per_launch": 0}, "steps_per_launch: expected an integer >= 1"),
        ({"samples_per_step": 0}, "samples_per_step: expected from 1 to 9007199254740992, got 0"),
        ({"samples_per_step": 1.5}, "samples_per_step: expected an integer, or one for each of 2"),
        ({"samples_per_step": [1, 2, 3]}, "samples_per_step: expected an integer, or one for each"),
        ({"rules": [update_rule("Adam", 0.1)]}, "rules: expected one, or one for each of 2 runs"),
        (
            {"rules": [update_rule("Adam", 0.1), update_rule("GD", 0.1)]},
            r"rules: expected one rule and schedule for all runs, got Adam \(.*\) and GD",
        ),
        ({"rules": "GD"}, "rules: expected what update_rule returns, .* of 2 runs, .* got 'GD'"),
        ({"rules": ["GD", "GD"]}, "rules: expected what update_rule returns"),
        ({"rules": (len, len)}, "rules: expected what update_rule returns"),
        ({"rules": [[update_rule("GD", 0.1)] * 2] * 2}, "rules: expected what update_rule returns"),
        (
            {"rules": optax.GradientTransformation(jnp.zeros_like, lambda g, s: (g, s))},
            r"expected a pair init\(w\), update\(g, state, w\), got one that fails: .* positional",
        ),
        (
            {"rules": optax.GradientTransformation(jnp.zeros_like, lambda g, s, w: (g.sum(), s))},
            r"rules: expected a pair whose update .* 'float64\(3,\)'.*, got \('float64\(\)'",
        ),
        (
            {"rules": optax.GradientTransformation(jnp.zeros_like, lambda g, s, w: (g, s.sum()))},
            "rules: expected a pair whose update returns a change like the weights and a state",
        ),
        ({"rules": optax.sgd(0.1), "transform": IDENTITY}, "as the pair acts in space"),
        ({"transform": IDENTITY}, "transform: expected one to the frequency domain"),
        ({"record_at": range(10**6), "iterations": 10**6}, "record_at: expected records that fit"),
    ],
)
def test_hostile_arguments_are_rejected(changed, message, monkeypatch):
    monkeypatch.setattr(arguments, "main_memory", lambda: 10**7)
    right = {"rules": update_rule("Adam", 0.1), "iterations": 10}
    with pytest.raises(UserError, match=message):
        train(THREE.runs([0, 1]), **right | changed)


def test_the_device_and_dtype_are_checked():
    with pytest.raises(ValueError, match="device: expected one of"):
        train(THREE.runs([0]), update_rule("GD", 0.1), iterations=1, device="tpu")
    with pytest.raises(ValueError, match="dtype: expected float64 or float32"):
        train(THREE.runs([0]), update_rule("GD", 0.1), iterations=1, dtype="int8")


def test_nothing_of_size_d_times_d_is_made():
    d = 1024
    problem = Regression(PowerLaw(d, 1.0))
    rule = update_rule("Adam", 0.01)
    with computing("cpu"):
        batch = Batch(
            {name: np.asarray(x) for name, x in rule.numbers.items()}
            | {"sigma_tilde_sq": problem.sigma_tilde_sq, "w_star": np.zeros(d)},
            {},
            np.zeros(1, np.uint32),
        )
        state = program.begin(batch, np.zeros((1, d)), form=rule.form)
        compiled = program.advance.lower(
            *(batch, state, (), np.uint32(0), np.uint32([1]), np.int32(1)),
            gradients=InFrequency(FAST, minibatches=False),
            form=rule.form,
            together=1,
        ).compile()
    memory = compiled.memory_analysis()
    assert memory.temp_size_in_bytes < 8 * d * d / 10
    assert dct_matrix(3).nbytes == 8 * 3 * 3
