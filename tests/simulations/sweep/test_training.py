"""Rows of a grid of training runs: against one run at a time, and against exact numbers."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from simulations.engine.outcome import Outcome
from simulations.engine.risk import adversarial_risk, standard_risk
from simulations.engine.rules import Cosine, update_rule
from simulations.engine.spectrum import Irrelevant, Normal, PowerLaw, Regression
from simulations.engine.train import train
from simulations.sweep import training
from simulations.sweep.blocks import planned
from simulations.sweep.checked import grid_of
from simulations.sweep.training import COLUMNS, computation
from theory.model.limit import gd_limit, risks_at, signgd_limit
from theory.model.problem import LinearProblem

UNIT_ROUNDOFF = 2.0**-53
NAMES = [column.name for column in COLUMNS]


def of(*options):
    return grid_of(options=options)


def columns_of(grid):
    return computation(grid, "cpu")(grid.sweep.points(0, grid.sweep.rows))


def test_a_row_is_what_one_run_alone_gives():
    """Adam with energy and a penalty, with minibatches and without, all in one grid."""
    axes = {
        "samples_per_step": (0, 30),
        "energy": (0.0, 0.125),
        "learning_rate": (0.01, 0.03),
        "l2_penalty": (0.125, 0.25),
        "beta1": (0.0, 0.75),
        "epsilon": (0.5, 2.0),
        "seed": (3, 4),
    }
    said = [f"{n}={','.join(map(str, v))}" for n, v in axes.items() if n != "seed"]
    grid = of(
        "rule=Adam", "schedule=cosine", "irrelevant=2", "iterations=12", "seeds=3:4", "d=5", *said
    )
    found = columns_of(grid)
    rows = list(itertools.product(*axes.values()))
    for row in np.random.default_rng(0).choice(len(rows), 8, replace=False):
        samples, energy, rate, penalty, beta1, epsilon, seed = rows[row]
        problem = Regression(PowerLaw(5, 1.0), Irrelevant.highest(2, 5, energy), start=Normal())
        rule = update_rule("Adam", rate, l2_penalty=penalty, beta1=beta1, schedule=Cosine(12))
        runs = problem.runs([seed])
        alone = train(runs, rule, iterations=12, samples_per_step=samples or None, device="cpu")
        e = alone.e_tilde[:, -1]
        converged = np.where(runs.sigma_tilde_sq > 0, 0.0, runs.w0_tilde - runs.w_star_tilde)
        of_gd, risk = (
            adversarial_risk(runs.sigma_tilde_sq, x, runs.w_star_tilde, epsilon)[0]
            for x in (converged, e)
        )
        moved = (e + runs.w_star_tilde - runs.w0_tilde)[0, -2:]
        expected = (
            standard_risk(runs.sigma_tilde_sq, e)[0],
            (runs.sigma_tilde_sq @ e[0] ** 2) / (runs.sigma_tilde_sq @ runs.w_star_tilde[0] ** 2),
            risk,
            risk / of_gd,
            np.sqrt(moved @ moved),
            np.sqrt(np.sum((e + runs.w_star_tilde) ** 2)),
            0,
        )
        # Steps of O(η) with a few dozen roundings each of numbers of O(1); another draw, epsilon or
        # beta changes a number by more than 1e-4.
        got = [found[name][row] for name in NAMES]
        assert got == pytest.approx(expected, rel=1e-11, abs=1e-11)
    for name in NAMES[:-1]:
        distinct = len(np.unique(np.round(found[name], 9)))
        radii = 2 if name in ("adversarial_risk", "ratio") else 1
        assert distinct > 0.9 * len(rows) * radii / 2


def test_runs_with_a_penalty_or_decay_leave_those_without_alone():
    grid = of(
        *("rule=GD", "d=3", "learning_rate=0.5", "iterations=9", "seeds=1"),
        *("l2_penalty=0,0.25", "weight_decay=0,0.125"),
    )
    found = columns_of(grid)["weights_norm"]
    runs = Regression(PowerLaw(3, 1.0), Irrelevant.highest(1, 3), start=Normal()).runs([0])
    for row, (penalty, decay) in enumerate(itertools.product((0.0, 0.25), (0.0, 0.125))):
        rule = update_rule("GD", 0.5, l2_penalty=penalty, weight_decay=decay)
        alone = train(runs, rule, iterations=9, device="cpu").w_tilde[0, -1]
        # Nine steps of a few roundings.
        assert found[row] == pytest.approx(np.sqrt(alone @ alone), rel=1e-14)
    assert len(np.unique(found.round(6))) == 4


def test_a_rule_with_its_own_numbers_is_that_rule():
    grid = of(
        *("rule=GD@0.25,Adam@0.125 beta1=0.5,Adam", "learning_rate=0.0625"),
        *("d=4", "irrelevant=1", "iterations=9", "seeds=2"),
    )
    found = columns_of(grid)["weights_norm"].reshape(3, 2)
    runs = Regression(PowerLaw(4, 1.0), Irrelevant.highest(1, 4), start=Normal()).runs(range(2))
    rules = (
        update_rule("GD", 0.25),
        update_rule("Adam", 0.125, beta1=0.5),
        update_rule("Adam", 0.0625),
    )
    for norms, rule in zip(found, rules, strict=True):
        alone = train(runs, rule, iterations=9, device="cpu").w_tilde[:, -1]
        # Nine steps of a few dozen roundings.
        assert norms == pytest.approx(np.linalg.norm(alone, axis=1), rel=1e-12)
    assert len(np.unique(found.round(6))) == found.size


@pytest.mark.parametrize("iterations", [1700, 1701])
def test_signgd_in_three_dimensions_is_its_closed_form(iterations):
    """Figure 4.7's problem, from random starts, on either point of the limit cycle."""
    grid = of(
        "spectrum=given:0.01 0.0025 0",
        "target_weights=5 10 0",
        "start_scale=0.02",
        f"iterations={iterations}",
        "seeds=3",
    )
    found = columns_of(grid)
    w0 = Regression(PowerLaw(3, 1.0), start=Normal(0.02)).w0_tilde(range(3))
    for seed in range(3):
        problem = LinearProblem.of(
            [Fraction(1, 100), Fraction(1, 400), 0],
            [5, 10, 0],
            [Fraction(x) for x in w0[seed].tolist()],
            Fraction(1, 100),
        )
        limit = signgd_limit(problem)
        assert limit.cycle_start <= iterations
        of_gd = float(risks_at(problem, gd_limit(problem)).adversarial)
        expected, other = (
            _exact(problem, limit.cycle[(iterations - limit.cycle_start + k) % 2], of_gd)
            for k in range(2)
        )
        got = np.array([found[name][seed] for name in NAMES])
        # After t steps a weight is off by at most 16(t + 1)u·12 (simulations.check derives it), and
        # the columns are smooth in the weights, with slopes below 30.
        bound = 30 * 16 * (iterations + 1) * UNIT_ROUNDOFF * 12
        assert np.abs(got - expected).max() < bound
        assert np.abs(got - other).max() > 1e-6 > bound


def _exact(problem, e, of_gd):
    e = [x.to_sympy() for x in e]
    standard, adversarial = map(float, risks_at(problem, e))
    w = [float(a + b) for a, b in zip(e, problem.w_star_tilde, strict=True)]
    moved = abs(w[2] - float(problem.w0_tilde[2]))
    zero = 0.25  # (0.01·5² + 0.0025·10²)/2, the standard risk of zero weights
    ratios = standard / zero, adversarial / of_gd
    return np.array([standard, ratios[0], adversarial, ratios[1], moved, np.hypot.reduce(w), 0])


def test_divergence_is_told_by_its_update_and_leaves_the_others():
    """In one dimension ẽ is multiplied by 1 − η, and η|ẽ| overflows first."""
    grid = of(
        *("rule=GD", "spectrum=given:1", "iterations=200", "seeds=1"),
        *("target_weights=1", "start_weights=3", "learning_rate=0.5,300"),
    )
    found = columns_of(grid)
    e, updates = 2.0, 1
    while 300 * abs(e) < np.finfo(float).max:
        e, updates = -299 * e, updates + 1
    assert found["failed_at"].tolist() == [0, updates]
    assert all(np.isfinite(found[name][0]) and np.isnan(found[name][1]) for name in NAMES[:-1])


@pytest.fixture
def trainings(monkeypatch):
    """Calls of the trainer, which trains nothing."""
    calls = []

    def untrained(runs, rules, *, iterations, samples_per_step, device):
        calls.append((runs, rules, iterations, samples_per_step))
        e = np.broadcast_to(runs.w0_tilde - runs.w_star_tilde, (len(runs), runs.d))
        return Outcome(runs, np.array([iterations]), e[:, None], ())

    monkeypatch.setattr(training, "train", untrained)
    return calls


def test_all_that_share_a_program_are_trained_together_and_once(trainings):
    grid = of(
        *("rule=GD,Adam", "d=4,6", "learning_rate=0.1,0.2,0.3", "exponent=0,1,2"),
        *("energy=0,1e-3", "epsilon=0,1,2,3,4", "seeds=7"),
    )
    found = columns_of(grid)
    assert [(len(runs), runs.d, rules[0].name) for runs, rules, *_ in trainings] == [
        (3 * 3 * 2 * 7, d, rule) for rule in ("Adam", "GD") for d in (4, 6)
    ]
    assert len(found["ratio"]) == grid.sweep.rows
    # Weights that nothing has moved: at epsilon 0 the two risks are one.
    at_zero = grid.sweep.points(0, grid.sweep.rows)["epsilon"] == 0
    excess = found["adversarial_risk"] / found["standard_risk"] - 1
    assert np.abs(excess[at_zero]).max() < 1e-14
    assert excess[~at_zero].min() > 1e-3
    assert found["movement"].max() == 0


def test_one_rule_for_all_is_passed_as_one_and_minibatches_may_differ(trainings):
    columns_of(of("d=4", "samples_per_step=5,50", "target_scale=1,2", "seeds=2"))
    ((runs, rule, _, samples),) = trainings
    assert rule == update_rule("signGD", 0.01)
    # Each has the target of its scale and its seed.
    drawn = Regression(PowerLaw(4, 1.0), Irrelevant.highest(1, 4)).w_star_tilde([0, 1])
    size = np.abs(runs.w_star_tilde).sum(axis=1) / np.abs(drawn).sum(axis=1)[list(runs.seeds)]
    assert sorted(zip(samples, size.round(12), runs.seeds, strict=True)) == sorted(
        itertools.product((5, 50), (1.0, 2.0), (0, 1))
    )
    trainings.clear()
    columns_of(of("d=4", "samples_per_step=0,5,50", "seeds=2"))
    assert [samples for *_, samples in trainings] == [None, 5, 50]


def test_where_gd_ends_without_risk_there_is_no_ratio(trainings):
    grid = of("d=4", "irrelevant=0", "target_scale=0", "start_scale=0,1", "seeds=1")
    ratio = columns_of(grid)["ratio"]
    assert np.isnan(ratio[0])
    assert np.isposinf(ratio[1])


@pytest.mark.parametrize(
    ("said", "rows_per_block"),
    [
        # A program of 8 · 3 points is a block.
        (["rule=GD,Adam", "learning_rate=0.1,0.2,0.3"], 24),
        # 2²⁹/(2¹⁶·1000) = 8.19…: half of a program's 16 or 14, and 8 of 11.
        (["d=65536", "seeds=16"], 8),
        (["d=65536", "seeds=14"], 7),
        (["d=65536", "seeds=11"], 8),
        (["d=65536", "seeds=1"], 1),
        # So few points a program that all blocks would be too many files.
        (["iterations=1:10000", "d=1", "seeds=2"], 6),
    ],
)
def test_blocks_hold_whole_programs_or_divide_one(said, rows_per_block):
    grid = of(*said)
    work = computation(grid, "cpu")
    assert work.most_rows == rows_per_block
    if grid.sweep.rows % rows_per_block == 0:
        assert planned(work, grid.sweep, memory=2**40).rows_per_block == rows_per_block
