import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from simulations.engine.device import computing
from simulations.engine.population import run_signgd
from simulations.studies.phase_diagram import experiment, outcomes, study
from simulations.studies.phase_diagram.draw import draw
from simulations.studies.phase_diagram.report import statement
from simulations.studies.phase_diagram.settings import PhaseDiagram
from simulations.study import agreement, answer
from simulations.study.agreement import compare, steps_to_the_limit
from simulations.study.answer import answered
from simulations.study.lattice import (
    UNIT,
    as_floats,
    closed_forms,
    float_can_tell,
    nearest_starts,
    rounding_error,
)
from theory.claims.chapter_4.equation_4_19_ratio import CLAIMS
from theory.claims.own import ratio_limits
from theory.common.errors import UserError
from theory.logic.findings import Status
from theory.model.leading_terms import gd_is_more_robust, leading_ratio
from theory.model.limit import adversarial_risk_ratio
from theory.model.orbit import Start, follow_many
from theory.model.problem import LinearProblem

SIGMA0_SQ, EPSILON = 0.01, 2**0.5
N = 24**2  # one shape, so that each function is compiled once
SMALL = PhaseDiagram(points=24, size=8, sizes=(8, 512))


def random_starts(size, seed=0, n=N, r=(0.05, 5.0), q=(0.1, 10.0)):
    rng = np.random.default_rng(seed)
    a = size + rng.random(n)
    ratio, slope = (np.exp(rng.uniform(*np.log(ends), n)) for ends in (r, q))
    signs = rng.choice([-1, 1], (2, n))
    return nearest_starts(signs[0] * a, signs[1] * slope * a, ratio)


# --- Starts without ties --------------------------------------------------------------------------


def test_starts_meet_no_ties():
    start = random_starts(5)
    assert not follow_many(start)["tied"].any()
    even = start._replace(a=3 * UNIT * (start.a // (3 * UNIT)))  # a whole number reaches 0
    assert follow_many(even)["tied"].any()


def test_starts_are_near_what_was_asked_for():
    rng = np.random.default_rng(1)
    a, b = rng.uniform(-50, 50, (2, 1000))
    r = rng.uniform(0.01, 5, 1000)
    for asked, got in zip((a, b, r), as_floats(nearest_starts(a, b, r)), strict=True):
        assert np.abs(asked - got).max() <= (1 + 1e-6) / (3 * UNIT)
        assert np.abs(asked - got).max() > 0.9 / (3 * UNIT)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        (([1e13], [1.0], [1.0]), "expected numbers up to"),
        (([np.nan], [1.0], [1.0]), "expected numbers up to"),
        (([1.0], [1.0], [1e-9]), "expected ratios of at least"),
    ],
)
def test_starts_out_of_range(numbers, message):
    with pytest.raises(ValueError, match=message):
        nearest_starts(*numbers)


def test_rounding_stays_below_its_bound():
    """Integers and float64, 300 steps on; the bound is not a million times too large either."""
    start, steps = random_starts(40, r=(0.25, 0.25)), 300
    a, b, r = as_floats(start)
    error = rounding_error(start, steps)
    moved, there = run_exactly(start, steps)
    runs = run_signgd(a, b, np.zeros(N), float(r[0]), steps, device="cpu")
    shares = [
        np.abs(x - y / (3 * UNIT)).max() / error.max()
        for x, y in zip((runs.a, runs.b), there, strict=True)
    ]
    assert 1e-6 < max(shares) <= 1
    np.testing.assert_array_equal(runs.c, moved)
    wrong = run_signgd(a, b, np.zeros(N), float(r[0]) + 2.0**-32, steps, device="cpu")
    assert (np.abs(wrong.b - there[1] / (3 * UNIT)) > error).any()


def run_exactly(start, steps):
    """c − c(0), and 3au and 3bu, by (4.16) in integers."""
    a, b, c = start.a, start.b, 0 * start.a
    for _ in range(steps):
        plus, middle, minus = np.sign(a + b), np.sign(a), np.sign(a - b)
        a = a - UNIT * (plus + middle + minus)
        b = b - start.r * ((plus - minus) // 2)
        c = c - (plus - 2 * middle + minus) // 2
    return c, (a, b)


def test_where_floating_point_can_tell():
    assert float_can_tell(random_starts(64), 20_000).all()
    assert not float_can_tell(random_starts(10**6), 10**7).any()


# --- Closed form and simulation -------------------------------------------------------------------


def test_every_orbit_ends_on_the_cycle_of_the_closed_form():
    start = random_starts(10)
    for ratio in (0.07, 1 / 3, 0.5, 3.0):
        part = nearest_starts(*as_floats(start)[:2], np.full(N, ratio))
        c0 = np.full(N, 0.375)
        counts = compare(part, c0, "cpu")
        assert counts["starts"] == N
        assert counts["steps"] >= N * 30
        assert [counts[k] for k in agreement.COUNTS[2:]] == [0, 0, 0, 0], ratio


@pytest.mark.parametrize(
    ("part", "count"),
    [("t", "T_differs"), ("c", "movement_differs"), ("a", None), ("b", None)],
)
def test_the_comparison_notices_a_wrong_closed_form(monkeypatch, part, count):
    def wrong(start, device):
        found = closed_forms(start, device)
        at_T, (first, second) = found.at_T, found.cycle
        if count:
            return found._replace(at_T=at_T._replace(**{part: getattr(at_T, part) + 1}))
        shifted = first._replace(**{part: getattr(first, part) + 1})
        return found._replace(cycle=(shifted, second))

    monkeypatch.setattr(agreement, "closed_forms", wrong)
    counts = compare(random_starts(6, r=(0.5, 0.5)), np.zeros(N), "cpu")
    assert counts[count or "limit_differs"] > 0
    assert counts["float_cannot_tell"] == 0


def test_starts_that_float_cannot_tell_are_counted_apart(monkeypatch):
    monkeypatch.setattr(agreement, "float_can_tell", lambda start, steps: start.a < 0)
    start = random_starts(6, r=(0.5, 0.5))
    counts = compare(start, np.zeros(N), "cpu")
    assert counts["float_cannot_tell"] == (start.a > 0).sum() > 0
    assert counts["starts"] == N


def test_enough_steps_are_taken():
    start = random_starts(12)
    started = follow_many(start)["cycle_start"]
    assert started.max() <= steps_to_the_limit(start)
    longest = start.a[np.argmax(started)]
    only = Start(*(x[start.a == longest] for x in start))
    assert started.max() > steps_to_the_limit(only) / 2


# --- Ratios ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("w2", [0.0, 0.3, -0.3])
def test_ratio_is_that_of_the_exact_limits(w2):
    """By :func:`theory.model.limit.adversarial_risk_ratio` in ℚ(√2, √3), with η = 1 and ε² = 2."""
    start = random_starts(9, seed=3)
    found = outcomes.outcomes(start, w2, SIGMA0_SQ, EPSILON, "cpu")
    for i in range(6):
        a, b, r = (sp.Rational(int(x[i]), 3 * UNIT) for x in start[:3])
        target = (-sp.sqrt(3) * a, -sp.sqrt(2) * b / r, sp.Integer(0))
        w2_0 = sp.sqrt(6) / 3 * sp.Rational(*found.c0[i].as_integer_ratio())
        variance = sp.Rational(1, 100)
        problem = LinearProblem(
            (variance, r * variance, sp.Integer(0)),
            target,
            (sp.Integer(0), sp.Integer(0), w2_0),
            sp.Integer(1),
            sp.sqrt(2),
            frozenset({2}),
        )
        exact = float(adversarial_risk_ratio(problem))
        assert abs(found.ratio[i] / exact - 1) <= outcomes.RATIO_ERROR
        S = float(sum(x**2 for x in target))
        moved = float(sp.sqrt(6) / 3) * found.moved[i]
        main_term = float(leading_ratio(S, float(w2_0), moved))
        assert abs(main_term / exact - 1) > outcomes.RATIO_ERROR
        # w2 is a share of ‖w̃*‖, and signGD moves away from it, to the other side, or towards it.
        assert float(w2_0) == pytest.approx(-np.sign(float(a)) * w2 * S**0.5, abs=1e-5)


def test_condition_is_that_of_the_ledger():
    claim = next(c for c in CLAIMS if c.id == "4.19-always.1")
    assert claim.only_if == "M(M + 2w̃2(0)) > 0, with M = lim Δw̃2 as η → 0, and η is small enough"
    found = outcomes.outcomes(random_starts(6), 0.05, SIGMA0_SQ, EPSILON, "cpu")
    for c0, moved, condition in zip(found.c0, found.moved, found.condition, strict=True):
        main_term = leading_ratio(Fraction(1), Fraction(c0), Fraction(moved))
        assert condition == (main_term > 1) - (main_term < 1)
        assert (condition > 0) == gd_is_more_robust(Fraction(c0), Fraction(moved))
    assert {-1, 1} <= set(found.condition)


def test_bounds_hold_for_every_limit_cycle():
    start = random_starts(2, q=(0.1, 3.0))
    w2 = np.random.default_rng(0).uniform(-1, 1, N)
    found = outcomes.outcomes(start, w2, SIGMA0_SQ, EPSILON, "cpu")
    assert (found.moved == 0).any()
    assert (found.lowest <= found.ratio).all()
    assert (found.ratio <= found.greatest).all()
    assert not (found.differs & found.is_decided).any()
    # Starts twice as far have bounds twice as near to each other, too near for these limit cycles.
    a0, b0, r = as_floats(start)
    with computing("cpu"):
        far = outcomes._compiled_range(
            2 * (found.c0 + found.moved), 2 * a0, 2 * b0, r, SIGMA0_SQ, EPSILON
        )
        gd = outcomes._compiled_risk(0.0, 0.0, found.c0, a0, b0, r, SIGMA0_SQ, EPSILON)
        lowest, greatest = (np.asarray(x) / 4 / np.asarray(gd) for x in far)
    assert ((lowest > found.ratio) | (found.ratio > greatest)).any()


@pytest.mark.parametrize("r_range", [(0.05, 7 / 3), (3.0, 200.0)], ids=["small", "large"])
def test_movement_in_the_limit(r_range):
    """At most κ/|a(0)| from the limit (ratio-limits.2); with r off by a hundredth it is farther."""
    start = random_starts(2**16, r=r_range)
    a, b, r = as_floats(start)
    q = np.abs(b / a)
    found = outcomes.outcomes(start, 0.0, SIGMA0_SQ, EPSILON, "cpu")
    limit, wrong = (outcomes.movement_in_the_limit(x, q) for x in (r, r * 1.01))
    kappa = outcomes.movement_bound(r, q)
    assert (np.abs(found.movement - limit) * np.abs(a) <= kappa).all()
    assert (np.abs(found.movement - wrong) * np.abs(a) > kappa).any()
    assert (kappa <= 8**0.5 + r).all()  # √6 max(2, r/2 − 1/3)/√3


def test_the_limits_are_those_of_the_ledger():
    """The claims that the report names are proved (test_claims), and have the report's numbers."""
    claims = {claim.id: claim for claim in ratio_limits.CLAIMS}
    text = statement(experiment.run_experiment(SMALL, lambda done, total: None).results)
    assert "ratio-limits.1 to ratio-limits.5" in text
    named = set(re.findall(r"ratio-limits\.\d", text))
    assert named == {"ratio-limits.1", "ratio-limits.5", "ratio-limits.6"} <= set(claims)
    assert all(claim.expects is Status.PROVED for claim in claims.values())
    numbers = experiment.limits_of_the_ratio()
    assert numbers["greatest from w̃2(0) = 0"]["exact"] == "9/7"
    assert numbers["greatest from w̃2(0) = 0"]["exact"] in claims["ratio-limits.4"].says
    for name, sign in (("least", -1), ("greatest", 1)):
        exact = sp.sympify(numbers[name]["exact"])
        assert sp.simplify(exact - (8 + sign * sp.sqrt(15)) / 7) == 0
    assert "(8 − √15)/7 to (8 + √15)/7" in claims["ratio-limits.5"].says


def test_a_movement_beyond_its_bound_is_told():
    results = experiment.run_experiment(SMALL, lambda done, total: None).results
    assert experiment.checks_of(results)["movement_near_its_limit"].status == "simulated"
    results["sizes"][0]["greatest_share_of_movement_bound"] = 1.01
    assert experiment.checks_of(results)["movement_near_its_limit"].status != "simulated"


def test_tally():
    found = outcomes.Outcome(
        c0=np.array([0.0, -1.25, -1.25, 0.0]),
        moved=np.array([2.0, 2.0, 3.0, 0.0]),
        movement=np.zeros(4),
        ratio=np.array([1.2, 1.01, 1.3, 1 + 1e-15]),
        lowest=np.array([1.1, 0.9, 1.2, 0.9]),
        greatest=np.array([1.3, 1.1, 1.4, 1.1]),
    )
    assert outcomes.tally(found) == {
        "starts": 4,
        "gd_more_robust": 4,
        "gd_more_robust_by_condition": 2,
        "signgd_more_robust_by_condition": 1,
        "mismatches": 2,
        "decided_by_bounds": 2,
        "mismatches_where_decided": 0,
        "ratio_within_rounding_of_one": 1,
    }


# --- The command ----------------------------------------------------------------------------------


def test_files_and_numbers(tmp_path):
    done = []
    text, code = answered(study.answer, SMALL, tmp_path, lambda *numbers: done.append(numbers))
    assert code == 0
    assert "The condition holds where η is small enough" in text
    assert done[-1] == (4 * 24**2, 4 * 24**2)
    names = ["diagrams.csv", "report.md", "sizes.csv", "summary.json"]
    names += [f"phase_diagram.{kind}" for kind in ("png", "svg")]
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["settings"]["points"] == 24
    assert {check["status"] for check in summary["checks"].values()} == {"simulated"}
    simulated = summary["results"]["simulation"]
    assert simulated["starts"] == 2 * 24**2
    coarse, fine = (at["w2 = 0"]["mismatches"] for at in summary["results"]["sizes"])
    assert coarse > fine
    assert len((tmp_path / "sizes.csv").read_text().splitlines()) == 5
    picture = ET.parse(tmp_path / "phase_diagram.svg").getroot()
    assert picture.findtext("{http://www.w3.org/2000/svg}title").startswith("Ratio of adversarial")
    assert "at 0." in (tmp_path / "report.md").read_text()


def test_the_same_settings_give_the_same_numbers():
    first, second = (
        experiment.run_experiment(SMALL, lambda done, total: None).results for _ in range(2)
    )
    assert first == second
    other = replace(SMALL, seed=1)
    assert experiment.run_experiment(other, lambda done, total: None).results != first


def test_what_lies_outside_is_not_drawn():
    """Neither Figure 4.7's point nor the condition's line is in every diagram."""
    elsewhere = replace(SMALL, r_range=(0.5, 5.0), w2=2.0)
    panels = {}
    for settings in (SMALL, elsewhere):
        found = experiment.run_experiment(settings, lambda done, total: None)
        first, second, *_ = draw(settings, found).axes
        panels[settings] = (len(first.texts), len(second.collections))
        assert first.get_xlim() == pytest.approx(settings.r_range, rel=0.2)
    assert panels == {SMALL: (1, 2), elsewhere: (0, 1)}


def test_a_disagreement_is_told(tmp_path, monkeypatch):
    right = agreement.closed_forms

    def of_other_starts(start, device):
        return right(start._replace(b=2 * start.b), device)

    monkeypatch.setattr(agreement, "closed_forms", of_other_starts)
    monkeypatch.setattr(study, "draw", lambda settings, experiment: None)
    monkeypatch.setattr(answer, "write_figure", lambda figure, path, *_, dpi: [path])
    assert answered(study.answer, SMALL, tmp_path)[1] == 1
    checks = json.loads((tmp_path / "summary.json").read_text())["checks"]
    assert {name: check["status"] for name, check in checks.items()} == {
        "closed_form_is_the_simulation": "contradicted by simulation",
        "exact_condition": "simulated",
        "movement_near_its_limit": "simulated",
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"points": 1}, "points: expected an integer >= 2, got 1"),
        ({"seed": -1}, "seed: expected an integer >= 0, got -1"),
        ({"sizes": ()}, "sizes: expected one or more integers >= 4, got ()"),
        ({"sizes": (64, 2)}, "sizes: expected one or more integers >= 4"),
        ({"r_range": (2.0, 1.0)}, "r_range: expected two increasing numbers"),
        ({"q_range": (0.1, float("nan"))}, "q_range: expected two increasing numbers"),
        ({"epsilon": 0.0}, "epsilon: expected a number from"),
        ({"w2": float("inf")}, "w2: expected a number from"),
        ({"sizes": (10**12,)}, r"expected |A(0)| and |B(0)| of at most"),
        ({"size": 10**6}, "expected orbits of at most 1e+06 steps"),
        ({"points": 10**6}, "expected diagrams that fit into"),
        ({"device": "abacus"}, "device: expected one of auto, cpu, gpu, got 'abacus'"),
    ],
    ids=lambda x: "-".join(x) if isinstance(x, dict) else "",
)
def test_a_mistake_is_told(settings, message):
    with pytest.raises(UserError, match=re.escape(message)):
        PhaseDiagram(**settings).check()
