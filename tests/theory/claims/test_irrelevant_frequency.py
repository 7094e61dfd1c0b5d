"""ẽ2 under signGD, (4.22) to (4.29): judgements, statements not to be proved, brute force.

The second route steps (4.16) in fractions, from random starts in every partition and for ratios
below, at and above 1/3 and 1. It shares nothing with the folded map or with the predicates of P.
"""

import csv
import math
import random
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

import pytest
import sympy as sp

from theory.claims import all_claims
from theory.claims.appendix_4_d import (
    proposition_4_d_7,
    proposition_4_d_7_p4,
    proposition_4_d_7_p4_to_p1,
    proposition_4_d_7_p5_p6,
)
from theory.claims.appendix_4_d import proposition_4_d_8 as size
from theory.claims.chapter_4 import equations_4_22_4_23_4_27
from theory.claims.lemmas import counted_steps as count
from theory.claims.lemmas import drift_after_t as drift
from theory.ledger.verify import settle_argument
from theory.logic.arguments import always, for_all
from theory.logic.evidence import Judgement
from theory.logic.exact import surd
from theory.logic.findings import Status
from theory.model.dynamics import NormalisedState, normalised_step
from theory.model.first_phase import FOLDING, INSIDE, STATE, X0, Y0, R, until_T
from theory.model.limit import signgd_limit
from theory.model.orbit import follow
from theory.model.problem import LinearProblem
from theory.model.regions import in_P3, in_P4
from theory.published import figure_4_7

FILES = (
    equations_4_22_4_23_4_27,
    proposition_4_d_7,
    proposition_4_d_7_p4,
    proposition_4_d_7_p4_to_p1,
    proposition_4_d_7_p5_p6,
    size,
)
CLAIMS = {claim.id: claim for module in FILES for claim in module.CLAIMS}
NOT_AS_PRINTED = {
    "4.D.2-e2.2": Judgement.ONLY_IF,
    "4.22.1": Judgement.FAILS,
    "4.D.2-e2.1": Judgement.MENDED,
    "4.D.2-e2.4": Judgement.MENDED,
    "4.22.2": Judgement.FAILS,
    "4.22.3": Judgement.FAILS,
    "4.23.1": Judgement.MENDED,
    "P4.D.7.2": Judgement.ONLY_IF,
    "P4.D.7.4": Judgement.FAILS,
    "P4.D.7.6": Judgement.FAILS,
    "P4.D.7-P1.2": Judgement.MENDED,
    "P4.D.7-P2.2": Judgement.MENDED,
    "P4.D.7-P3.3": Judgement.ONLY_IF,
    "P4.D.7-P4.1": Judgement.FAILS,
    "P4.D.7-P4.3": Judgement.ONLY_IF,
    "P4.D.7-P4.4": Judgement.MENDED,
    "P4.D.7-P4.5": Judgement.ONLY_IF,
    "P4.D.7-P4.6": Judgement.FAILS,
    "P4.D.7-P4.7": Judgement.ONLY_IF,
    "P4.D.7-P4.8": Judgement.FAILS,
    "P4.D.7-P4.9": Judgement.MENDED,
    "P4.D.7-P4.11": Judgement.ONLY_IF,
    "P4.D.7-P4.13": Judgement.MENDED,
    "P4.D.7-P4.14": Judgement.FAILS,
    "P4.D.7-P4.15": Judgement.FAILS,
    "P4.D.7-P6.1": Judgement.FAILS,
    "P4.D.7-P6.2": Judgement.FAILS,
    "P4.D.7-P6.3": Judgement.ONLY_IF,
    "P4.D.7-P6.5": Judgement.MENDED,
    "P4.D.8.1": Judgement.FAILS,
    "P4.D.8.2": Judgement.FAILS,
    "P4.D.8.3": Judgement.FAILS,
}


@pytest.mark.parametrize("id_", CLAIMS)
def test_is_judged_as_expected(verdict, id_):
    outcome = verdict(id_)
    assert outcome.is_settled
    assert not outcome.is_unexpected
    assert outcome.judgement is NOT_AS_PRINTED.get(id_, Judgement.HOLDS)


# --- Coverage -------------------------------------------------------------------------------------


def coverage():
    text = files("theory.published").joinpath("coverage/irrelevant_frequency.csv")
    return list(csv.DictReader(text.read_text(encoding="utf-8").splitlines()))


def test_every_line_has_a_claim_or_a_reason_and_every_claim_a_line():
    known = {claim.id for claim in all_claims()}
    named = set()
    for row in coverage():
        assert row["claims"] or row["reason"]
        first, *last = map(int, row["lines"].split("-"))
        assert 1880 <= first <= (last or [first])[0] <= 2028
        named |= set(row["claims"].split())
    assert named <= known
    assert set(CLAIMS) <= named


# --- What is not so is not proved -----------------------------------------------------------------

x, y, t, n, m, w = STATE
THIRD = sp.Rational(1, 3)


def not_proved(argument):
    return settle_argument(argument, 2.0).status is not Status.PROVED


@pytest.mark.parametrize(
    "argument",
    [
        until_T(
            sp.Implies(INSIDE, sp.Eq(n, t - 1)),
            R > THIRD,
            in_P3(X0, Y0, R),
            invariant=sp.And(sp.Eq(n, t - 1), sp.Implies(x >= 1, y - 1 > 3 * R * (x - 1))),
        ),
        until_T(  # r up to 5/2, beyond 7/3
            sp.Implies(INSIDE, R * w < Y0 - 1 + R),
            sp.Rational(5, 2) >= R,
            in_P4(X0, Y0, R),
            invariant=count.FROM_P4_ABOVE,
        ),
        until_T(  # the printed upper end
            sp.Implies(INSIDE, R * w <= Y0 - 1),
            R <= 1,
            in_P4(X0, Y0, R),
            invariant=count.FROM_P4_ABOVE,
        ),
        size._below(3 * Y0 - w < 5),
        size._below(3 * Y0 - w >= 2),
        size._above(3 * X0 - w <= sp.Rational(5, 2)),
        size._above(sp.Eq(t, sp.ceiling(3 * (X0 - 1))), X0 > 1),
        until_T(sp.Eq(w, n), invariant=sp.And(sp.Eq(w, n - m / 2), m >= 0)),
        for_all(FOLDING.conclusion, sp.Abs(sp.Symbol("a", real=True)) >= sp.Rational(1, 2)),
        count.only_up_to(sp.Rational(8, 3), for_all(sp.true), count.at(in_P3(*count.there), 2, 3)),
        always(
            {drift.a: drift.after.a, drift.b: drift.after.b, drift.c: drift.after.c},
            drift.c <= 3,
            drift.a >= 0,
            drift.a < 1,
            sp.Eq(drift.c, 0),
            invariant=drift._DRIFT,
        ),
        drift._attained(sp.Rational(7, 2), 3, drift._Start(0.9, 0.95, 0.3)),
    ],
    ids=range(12),
)
def test_a_wrong_statement_is_not_proved(argument):
    assert not_proved(argument)


# --- Brute force ----------------------------------------------------------------------------------


class State(NamedTuple):
    a: Fraction
    b: Fraction
    c: Fraction

    @property
    def sizes(self):
        return abs(self.a), abs(self.b)

    @property
    def ties(self):
        return abs(self.a) == abs(self.b) and self.a != 0


def sign(number):
    return (number > 0) - (number < 0)


def step(s, r):
    """(4.16) in units of σ̃0²η for A and B and (√6/3)η for ẽ2."""
    plus, own, minus = sign(s.a + s.b), sign(s.a), sign(s.a - s.b)
    return State(
        s.a - Fraction(plus + own + minus, 3),
        s.b - r * Fraction(plus - minus, 2),
        s.c - Fraction(plus - 2 * own + minus, 2),
    )


def until_inside(a, b, r):
    """The states at t = 0, …, T."""
    states = [State(a, b, Fraction(0))]
    while abs(states[-1].a) >= 1:
        states.append(step(states[-1], r))
    return states


class Run(NamedTuple):
    x0: Fraction
    y0: Fraction
    r: Fraction
    states: list[State]
    T: int
    count: int
    ties: int
    moved: Fraction


def run(a, b, r):
    states = until_inside(a, b, r)
    before = states[:-1]
    return Run(
        abs(a), abs(b), r, states, len(before),
        sum(abs(s.a) <= abs(s.b) for s in before), sum(s.ties for s in before),
        abs(states[-1].c),
    )  # fmt: skip


REGIMES = {
    "r < 1/3": lambda rng: Fraction(rng.randint(1, 99), 300),
    "r = 1/3": lambda rng: Fraction(1, 3),
    "1/3 < r <= 1": lambda rng: Fraction(rng.randint(101, 300), 300),
    "1 < r <= 7/3": lambda rng: Fraction(rng.randint(301, 700), 300),
    "r > 7/3": lambda rng: Fraction(rng.randint(701, 4000), 300),
}


@lru_cache
def runs(regime, examples=3000):
    """Runs from random starts, of which some have small denominators, so that ties occur."""
    rng = random.Random(regime)
    found = []
    for _ in range(examples):
        r = REGIMES[regime](rng)
        of = rng.choice((6, 7, 12, 1001))
        most = rng.choice((2, 3, 8))
        a, b = (Fraction(rng.randint(-most * of, most * of), of) for _ in range(2))
        found.append(run(a, b, r))
    return found


def cell(run):
    x, y, r = run.x0, run.y0, run.r
    if x < 1:
        return "P1"
    if x > 1 > y:
        return "P2"
    if x > 1 and y > 1 and r < Fraction(1, 3) and x != y:
        return "P5" if x < y else "P6"
    if x > 1 and y > 1 and r > Fraction(1, 3):
        line = 3 * r * x - 3 * r + 1
        return "P3" if y > line else "P4" if y < line else "edge"
    return "edge"


def in_cell(name, *regimes):
    found = [r for regime in regimes for r in runs(regime) if cell(r) == name]
    assert len(found) >= 100
    return found


LARGE = tuple(REGIMES)[2:]
MODERATE = LARGE[:2]


def test_no_step_counts_from_P1_and_P2():
    for r in in_cell("P1", *REGIMES):
        assert (r.T, r.count) == (0, 0)
    for r in in_cell("P2", *REGIMES):
        assert r.count == 0
        assert {abs(s.b) for s in r.states} == {r.y0}


@pytest.mark.parametrize("r", [Fraction(n, 60) for n in (21, 25, 40, 60, 100, 140, 300, 1200)])
def test_the_line_is_crossed_from_some_starts_and_never_from_others(r):
    below = min(r - Fraction(1, 3), 1) / 2
    state = State(r + 3, r + 3 + (r - Fraction(1, 3)) - below, Fraction(0))
    sides = []
    for _ in range(3):
        sides.append(sign(state.sizes[1] - state.sizes[0]))
        assert state.sizes[0] > 1
        state = step(state, r)
    assert sides == [1, -1, 1]
    for p, q in ((0, 0), (1, 1), (-1, 2), (2, -1)):
        close = min(r / 2 - Fraction(1, 6), Fraction(1, 6)) / 4
        state = State(Fraction(7, 6) + p * close, 9 * r / 2 + q * close, Fraction(0))
        for _ in range(60):
            assert state.sizes[0] < state.sizes[1]
            state = step(state, r)


def test_all_steps_count_from_P3_and_P5():
    for r in [*in_cell("P3", *LARGE), *in_cell("P5", "r < 1/3")]:
        assert r.count == r.T == math.floor(3 * (r.x0 - 1)) + 1
        assert r.ties == 0


def test_the_count_from_P4():
    for r in in_cell("P4", *MODERATE):
        moved = r.count - Fraction(r.ties, 2)
        assert (r.y0 - 2) / r.r < moved < (r.y0 - 1) / r.r + 1
    for r in in_cell("P4", "r > 7/3"):
        assert (r.y0 - 2) / r.r < r.count
    above = [r.count - (r.y0 - 1) / r.r - 1 for r in in_cell("P4", "r > 7/3")]
    assert max(above) > 3  # no bound of this kind


def test_the_printed_range_from_P4_fails_often():
    generic = [r for r in in_cell("P4", *MODERATE) if not r.ties]
    outside = [r for r in generic if not (r.y0 - 2) / r.r <= r.count <= (r.y0 - 1) / r.r]
    assert len(outside) > len(generic) / 3


def test_the_paths_from_P4_for_moderate_ratios():
    """The ranges for each of the three transitions."""
    paths = {"P2": 0, "P41": 0, "P3": 0}
    for r in in_cell("P4", *MODERATE):
        if r.ties:
            continue
        x, y = r.states[-2].sizes
        low, high = (r.y0 - 2) / r.r, (r.y0 - 1) / r.r
        if abs(r.states[-1].b) < 1 and any(abs(s.b) < 1 for s in r.states[:-1]):
            paths["P2"] += 1
            assert r.count == math.floor(high) + 1
        elif y < x:
            paths["P41"] += 1
            assert low < r.count < high
        elif y > 3 * r.r * (x - 1) + 1:
            paths["P3"] += 1
            assert (r.y0 - Fraction(7, 3)) / r.r < r.count - 1 < high
            assert 1 < y < min(Fraction(7, 3), 2 + 1 / (3 * r.r - 1))
    assert min(paths.values()) >= 20


def test_the_change_of_B_gives_the_count_for_r_up_to_1():
    for regime in tuple(REGIMES)[:3]:
        for r in runs(regime):
            assert r.r * (r.count - Fraction(r.ties, 2)) == r.y0 - abs(r.states[-1].b)
    assert any(r.r * r.count != r.y0 - abs(r.states[-1].b) for r in in_cell("P3", *LARGE[1:]))


def test_the_count_from_P6():
    small = [*runs("r < 1/3"), *runs("r = 1/3")]
    starts = [r for r in small if r.x0 > r.y0 > 1 and (r.x0 - r.y0).denominator > 1]
    assert len(starts) >= 200
    differences = []
    for r in starts:
        k = math.ceil(r.x0 - r.y0)
        assert r.count == max(0, math.floor(3 * (r.x0 - k - 1)) + 1)
        assert k + r.count == r.T
        differences.append(r.count - 3 * (r.y0 - 1))
    assert -3 < min(differences) < Fraction(-5, 2)
    assert Fraction(1, 2) < max(differences) < 1


def test_bounds_on_the_size_for_small_ratios_ties_included():
    for regime in ("r < 1/3", "r = 1/3"):
        for r in runs(regime):
            if r.x0 < r.y0:
                assert 0 <= 3 * r.x0 - r.moved < 3
            if r.x0 > r.y0:
                assert 0 <= 3 * r.y0 - r.moved < 6
            if r.x0 > r.y0 > 1 or r.y0 > r.x0 > 1:
                assert 3 * min(r.x0, r.y0) - r.moved >= 2


def test_the_multiple_of_the_count():
    """|Δw̃2| is √6/3 times the count, less √6/6 for each tie; ẽ0 keeps its sign until T."""
    tied = 0
    for regime in REGIMES:
        for r in runs(regime):
            assert r.moved == r.count - Fraction(r.ties, 2)
            tied += r.ties > 0
            assert len({sign(s.a) for s in r.states[:-1]}) <= 1
    assert tied >= 100
    always_tied = run(Fraction(7), Fraction(-7), Fraction(4, 3))
    assert always_tied.ties == always_tied.count == always_tied.T == 2 * always_tied.moved


def drifts(a, b, r):
    """ẽ2 after T = 0 in units of (√6/3)η until the orbit closes, and whether it met a tie."""
    state, seen = State(a, b, Fraction(0)), []
    while state not in seen[-4:]:
        seen.append(state)
        state = step(state, r)
    return [s.c for s in seen], any(s.ties for s in seen)


def test_the_drift_after_T():
    rng = random.Random(0)
    extremes = {True: [0, 0], False: [0, 0]}
    for _ in range(8_000):
        of = rng.choice((6, 7, 10, 12, 211))
        a = Fraction(rng.randrange(of), of)
        b, r = Fraction(rng.randint(-6 * of, 6 * of), of), Fraction(rng.randint(1, 3 * of), of)
        path, tied = drifts(a, b, r)
        low, high = extremes[tied]
        extremes[tied] = [min(low, *path), max(high, *path)]
    assert extremes[False] == [-2, 3]
    assert Fraction(-7, 2) <= extremes[True][0]
    assert 3 < extremes[True][1] <= Fraction(9, 2)
    path, tied = drifts(Fraction(9, 10), Fraction(61, 10), Fraction(2))
    assert tied
    assert max(path) == Fraction(9, 2)


def test_the_drift_in_the_setting_of_figure_4_7():
    problem = figure_4_7().problem
    for limit in (signgd_limit(problem), follow(problem)):
        after = [abs(e[2]) for e in limit.cycle]
        at_T = abs(surd(problem.e0_tilde[2]) + limit.delta_w2)
        assert (max(after) - at_T).to_sympy() == sp.sqrt(6) * problem.eta
        assert limit.count == (abs(limit.delta_w2) / surd(sp.sqrt(6) / 3 * problem.eta)).to_sympy()


@pytest.mark.parametrize("seed", range(6))
def test_the_spatial_simulator_agrees(seed):
    """(4.14) in ℚ(√2, √3) moves ẽ2 by as much as the fractions say, ties included."""
    rng = random.Random(seed)
    eta, s0 = sp.Rational(1, rng.randint(2, 9)), sp.Rational(rng.randint(1, 5), 3)
    r = Fraction(rng.randint(1, 30), 12)
    a, b = (Fraction(rng.randint(-60, 60), 12) for _ in range(2))
    q = sp.Rational(r.numerator, r.denominator)
    start = (
        sp.sqrt(3) * eta * sp.Rational(a.numerator, a.denominator),
        sp.sqrt(2) * eta * sp.Rational(b.numerator, b.denominator) / q,
        sp.Integer(0),
    )
    zero = (sp.Integer(0),) * 3
    problem = LinearProblem(
        (s0, q * s0, sp.Integer(0)), zero, start, eta, sp.Integer(1), frozenset({2})
    )
    limit, expected = follow(problem), run(a, b, r)
    assert (limit.T, limit.count) == (expected.T, expected.count)
    moved = sp.Rational(expected.moved.numerator, expected.moved.denominator)
    assert abs(limit.delta_w2).to_sympy() == sp.sqrt(6) / 3 * eta * moved


def rational(value):
    return sp.Rational(value.numerator, value.denominator)


def test_a_step_of_the_orbit_is_the_derived_one():
    rng = random.Random(1)
    for _ in range(50):
        state = State(*(Fraction(rng.randint(-30, 30), 12) for _ in range(3)))
        r = Fraction(rng.randint(1, 30), 12)
        derived = normalised_step(NormalisedState(*map(rational, state)), rational(r))
        assert tuple(map(rational, step(state, r))) == tuple(derived)


def test_runs_end_at_T():
    for r in runs("1 < r <= 7/3")[:200]:
        assert all(abs(s.a) >= 1 for s in r.states[:-1])
        assert abs(r.states[-1].a) < 1
        assert all(step(s, r.r) == after for s, after in pairwise(r.states))
