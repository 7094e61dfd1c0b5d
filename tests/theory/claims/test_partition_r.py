"""Table 4.9 to Corollary 4.D.6: judgements, statements not to be proved, second routes.

The second routes follow exact orbits from random starts, by fractions and by the simulator in the
spatial domain, and find the integers k of R32 and R33 by trying all that matter.
"""

import csv
import random
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from itertools import accumulate, pairwise
from math import ceil, floor

import pytest
import sympy as sp

from theory.claims import all_claims
from theory.claims.appendix_4_d import (
    corollary_4_d_6,
    lemma_4_d_2,
    proposition_4_d_1,
    proposition_4_d_3,
    proposition_4_d_4,
    proposition_4_d_4_r32_r33,
    proposition_4_d_4_r34,
    proposition_4_d_4_steps,
    proposition_4_d_4_steps_r32_r33,
    remark_4_d_5,
    section_4_d_2_partition_r,
    table_4_9_direction,
)
from theory.ledger.verify import settle_argument
from theory.logic.arguments import all_of, ends_in, exactly_if, for_all
from theory.logic.evidence import Judgement
from theory.logic.exact import Surd, holds, surd
from theory.logic.findings import Status
from theory.logic.prove import settle
from theory.logic.statements import Statement
from theory.model.dynamics import (
    NormalisedState,
    denormalise,
    normalised_step,
    step_in_units_of_B,
    unrolled,
)
from theory.model.orbit import PopulationSignGD
from theory.model.problem import LinearProblem
from theory.model.regions import R_PARTITION, in_R32, in_R32_by, in_R33, in_R33_by, in_stationary

FILES = (
    table_4_9_direction,
    proposition_4_d_1,
    lemma_4_d_2,
    proposition_4_d_3,
    section_4_d_2_partition_r,
    proposition_4_d_4,
    proposition_4_d_4_r32_r33,
    proposition_4_d_4_r34,
    proposition_4_d_4_steps,
    proposition_4_d_4_steps_r32_r33,
    remark_4_d_5,
    corollary_4_d_6,
)
CLAIMS = {claim.id: claim for module in FILES for claim in module.CLAIMS}
ONLY_IF, MENDED, FAILS = Judgement.ONLY_IF, Judgement.MENDED, Judgement.FAILS
NOT_AS_PRINTED = {
    "L4.D.2.6": ONLY_IF,
    "P4.D.3.3": ONLY_IF,
    "R-partition.1": ONLY_IF,
    "R-partition.2": ONLY_IF,
    "R-partition.3": ONLY_IF,
    "R-partition.4": ONLY_IF,
    "R-stationary.1": ONLY_IF,
    "R-stationary.3": ONLY_IF,
    "R-stationary.4": ONLY_IF,
    "R-stationary.5": ONLY_IF,
    "P4.D.4-A.1": ONLY_IF,
    "P4.D.4-A.2": ONLY_IF,
    "P4.D.4-A.3": ONLY_IF,
    "P4.D.4-1.2": ONLY_IF,
    "P4.D.4-2.1": ONLY_IF,
    "P4.D.4-2.2": ONLY_IF,
    "P4.D.4-2.3": ONLY_IF,
    "P4.D.4-2.4": MENDED,
    "P4.D.4-2.5": ONLY_IF,
    "P4.D.4-3.1": ONLY_IF,
    "P4.D.4-3.2": ONLY_IF,
    "P4.D.4-steps.8": ONLY_IF,
    "P4.D.4-steps.10": ONLY_IF,
    "P4.D.4-steps.11": ONLY_IF,
    "P4.D.4-steps.12": FAILS,
    "P4.D.4-steps.14": ONLY_IF,
    "P4.D.4-steps.15": ONLY_IF,
    "P4.D.4-steps.16": MENDED,
    "P4.D.4-steps.17": ONLY_IF,
    "P4.D.4-steps.18": ONLY_IF,
    "Rem4.D.5.1": ONLY_IF,
    "Rem4.D.5.2": ONLY_IF,
    "Rem4.D.5.3": FAILS,
    "Rem4.D.5.4": FAILS,
    "Cor4.D.6.1": ONLY_IF,
    "Cor4.D.6.2": ONLY_IF,
}


@pytest.mark.parametrize("id_", CLAIMS)
def test_judgement(verdict, id_):
    outcome = verdict(id_)
    assert outcome.judgement is NOT_AS_PRINTED.get(id_, Judgement.HOLDS)
    assert outcome.is_settled
    assert not outcome.is_unexpected


def test_coverage_names_claims_that_exist():
    text = files("theory.published").joinpath("coverage/partition_r.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    named = {id_ for row in rows for id_ in row["claims"].split()}
    assert set(CLAIMS) <= named <= {claim.id for claim in all_claims()}
    assert all(row["claims"] or row["reason"] for row in rows)
    assert all(row["kind"] in ("display", "sentence") for row in rows)
    starts = [int(row["lines"].split("-")[0]) for row in rows]
    assert starts == sorted(starts)
    assert starts[0] >= 1659
    assert max(starts) <= 1880


# --- What is not so is never proved ---------------------------------------------------------------

a, b, u, v = sp.symbols("a b u v", real=True)
r, q = sp.symbols("r q", positive=True)
k, S = sp.symbols("k S", integer=True)
HALF, THIRD = sp.Rational(1, 2), sp.Rational(1, 3)
after = normalised_step(NormalisedState(a, b, sp.Integer(0)), r)
STEP = {a: after.a, b: after.b}
AT = (a, b, r)


def weakened(statement, old, new):
    """The statement with one of its hypotheses replaced."""
    assert old in statement.hypotheses
    return Statement(
        statement.conclusion, tuple(new if h == old else h for h in statement.hypotheses)
    )


def corrected(id_, name):
    return CLAIMS[id_].corrected.obligations[name].statement


@pytest.mark.parametrize(
    ("id_", "name", "old", "new"),
    [
        ("R-partition.2", "R31 or R32 with R33", r >= THIRD, r >= sp.Rational(3, 10)),
        ("R-partition.4", "r < 1/3: the even or the odd multiple is near", r < THIRD, r <= THIRD),
        ("R-stationary.4", "r ≤ 1/3", r <= THIRD, r <= sp.Rational(2, 5)),
        ("P4.D.4-2.1", "R32, r ≥ 1/3", r >= THIRD, r >= sp.Rational(3, 10)),
        ("P4.D.4-2.5", "r ≥ 1/3", r >= THIRD, r >= sp.Rational(3, 10)),
        ("P4.D.4-2.2", "r ≥ 1/3, odd n ≥ 1: |a| < |b|", q <= 1, q <= 2),
        ("P4.D.4-2.2", "r ≥ 1/3, even n ≥ 2: |a| < |b|", k >= 1, k >= 0),
        ("P4.D.4-2.2", "even n to n − 1", sp.Abs(u) < sp.Abs(v), q > 0),
        ("P4.D.4-2.2", "r < 1/3: a tie leads to R22", r < THIRD, r < 2),
        ("P4.D.4-steps.12", "r ≥ 1/6", q <= 2, q <= 3),
        ("P4.D.4-3.2", "|b| falls by r, and b keeps its sign", sp.Abs(b) > r, 2 * sp.Abs(b) > r),
        ("R-stationary.1", "outside R31, ties aside", sp.Ne(sp.Abs(a), sp.Abs(b)), r > 0),
        ("R-stationary.1", "outside R31, ties aside", sp.Not(R_PARTITION["R31"](*AT)), r > 0),
        (
            "Rem4.D.5.1",
            "|a| ≤ 2/3, outside R31: so they do",
            sp.Not(R_PARTITION["R31"](*AT)),
            r > 0,
        ),
        ("P4.D.4-A.2", "R3 outside R31: still in R3", sp.Abs(a) < sp.Abs(b), r > 0),
        ("P4.D.4-2.3", "outside R31 |a| ≤ |b|", sp.Not(R_PARTITION["R31"](*AT)), r > 0),
        ("P4.D.4-2.3", "the step", sp.Or(sp.Abs(a) < sp.Abs(b), sp.Eq(b, 0)), r > 0),
        ("P4.D.4-steps.16", "r < 1/3: even to odd", r < THIRD, r < 1),
        ("P4.D.4-steps.12", "r ≥ 1/6", q <= 2, q <= sp.Rational(21, 10)),
        ("Cor4.D.6.2", "a step", corollary_4_d_6._no_tie(*AT[:2]), r > 0),
    ],
)
def test_a_weaker_hypothesis_does_not_do(id_, name, old, new):
    statement = corrected(id_, name)
    assert settle(statement).status is Status.PROVED
    assert settle(weakened(statement, old, new), 2.0).status is Status.REFUTED


@pytest.mark.parametrize(
    "argument",
    [
        # Bounds a little below the sharp ones.
        ends_in(STEP, sp.Abs(a) < sp.Rational(99, 100), ranking=sp.Abs(a), decrease=THIRD),
        for_all(sp.Abs(b) < sp.Rational(49, 100), R_PARTITION["R22"](*AT)),
        for_all(sp.Abs(after.a) <= sp.Rational(9, 10), R_PARTITION["R31"](*AT)),
        # Conditions that are not sharp, on either side.
        exactly_if(
            sp.Ne(sp.Abs(a), THIRD),
            sp.Or(R_PARTITION["R21"](*AT), R_PARTITION["R22"](*AT), R_PARTITION["R23"](*AT)),
            sp.Abs(a) < 2 * THIRD,
            sp.Abs(a) > THIRD,
        ),
        exactly_if(2 * sp.Abs(a) > 1, sp.Abs(after.a) < sp.Abs(a)),
        # Steps to other regions.
        for_all(R_PARTITION["R31"](after.a, after.b, r), R_PARTITION["R21"](*AT)),
        for_all(R_PARTITION["R22"](after.a, after.b, r), R_PARTITION["R23"](*AT)),
        # A moves by multiples of 1/3, not of 1/2.
        for_all(sp.Or(*(sp.Eq(2 * (after.a - a), i) for i in range(-2, 3)))),
        all_of("balance", {"1": Statement(sp.Abs(S) <= 1, (corollary_4_d_6._balanced(a, b, S),))}),
    ],
    ids=lambda argument: argument.formula[:60],
)
def test_not_proved(argument):
    assert settle_argument(argument, 2.0).status is not Status.PROVED


def test_a_smaller_limit_of_B_is_not_proved():
    limit = sp.Max(r, sp.Rational(9, 20))
    argument = ends_in(
        STEP,
        sp.Abs(b) < limit,
        sp.Abs(a) < 1,
        ranking=sp.Abs(b) + remark_4_d_5._charge,
        decrease=r / 4,
        invariant=sp.Abs(a) < 1,
    )
    assert settle_argument(argument, 2.0).status is not Status.PROVED


def test_a_tighter_invariant_of_the_balance_is_not_kept():
    """R23 leaves room for one more: with two, the difference would reach 3."""
    statement = corrected("Cor4.D.6.2", "a step")
    generic = statement.hypotheses[1:]
    loose = sp.And(sp.Abs(a) < 1, corollary_4_d_6._surplus_within(-1, 2, a, S))
    assert settle(Statement(statement.conclusion, (loose, *generic)), 5.0).status is Status.REFUTED


# --- The same map, three ways ---------------------------------------------------------------------


def sign(x):
    return (x > 0) - (x < 0)


def step(x, y, ratio):
    """(4.16) in fractions: a and b after one step."""
    plus, zero, minus = sign(x + y), sign(x), sign(x - y)
    return x - Fraction(plus + zero + minus, 3), y - ratio * Fraction(plus - minus, 2)


def follow(x, y, ratio, count):
    states = [(x, y)]
    for _ in range(count):
        states.append(step(*states[-1], ratio))
    return states


def is_generic(states):
    return all(abs(x) != abs(y) for x, y in states) and (3 * states[0][0]).denominator > 1


@lru_cache
def starts(count=400, low=Fraction(1, 50), high=Fraction(3), widest=4):
    """Generic (a, b, r) with |a| < 1, of which the orbit of 400 steps has no tie."""
    rng = random.Random(0)
    found = []
    while len(found) < count:
        ratio = Fraction(rng.randrange(1, 1000), 997) * high
        x = Fraction(rng.randrange(-1008, 1009), 1009)
        y = Fraction(rng.randrange(-1000, 1001), 1013) * widest
        if ratio > low and is_generic(follow(x, y, ratio, 400)):
            found.append((x, y, ratio))
    return found


def test_rescaled_step_is_the_same_map():
    image = step_in_units_of_B(u, v, q)
    for x, y, ratio in starts(50):
        values = {u: Surd.of(x / ratio), v: Surd.of(y / ratio), q: Surd.of(1 / (3 * ratio))}
        after_x, after_y = step(x, y, ratio)
        assert holds(sp.Eq(image[0], sp.Rational(after_x / ratio)), values)
        assert holds(sp.Eq(image[1], sp.Rational(after_y / ratio)), values)


def test_unrolled_states_satisfy_their_equations():
    states, equations = unrolled(a, b, r, 3)
    assert len(states) == 4
    assert len(equations) == 6
    for x, y, ratio in starts(30):
        orbit = follow(x, y, ratio, 3)
        values = {r: Surd.of(ratio)}
        for symbols, state in zip(states, orbit, strict=True):
            values |= {s: Surd.of(value) for s, value in zip(symbols, state, strict=True)}
        assert all(holds(equation, values) for equation in equations)
        values[states[2][0]] += 1
        assert not all(holds(equation, values) for equation in equations)


def test_the_simulator_in_the_spatial_domain_agrees():
    for x, y, ratio in starts(20):
        eta = sp.Rational(1, 10)
        start = NormalisedState(sp.Rational(x), sp.Rational(y), sp.Rational(1, 7))
        error = denormalise(start, sp.Rational(ratio), eta)
        problem = LinearProblem.of((1, sp.Rational(ratio), 0), (0, 0, 0), error, eta)
        errors = PopulationSignGD(problem).trajectory(60)
        for (e0, e1, _), (after_x, after_y) in zip(errors, follow(x, y, ratio, 60), strict=True):
            assert e0 == surd(sp.sqrt(3) * eta) * after_x
            assert e1 == surd(sp.sqrt(2) * eta) * (after_y / ratio)


# --- Membership by enumeration --------------------------------------------------------------------


def multiples(y, ratio, parity):
    """All k of a parity, not 0, with |y + k ratio| < 1/3."""
    low, high = (-y - Fraction(1, 3)) / ratio, (-y + Fraction(1, 3)) / ratio
    return [n for n in range(floor(low), ceil(high) + 1) if n and n % 2 == parity]


def ks(x, y, ratio):
    """The k by which a point of R3 is in R32, and those by which it is in R33."""
    even = [n for n in multiples(y, ratio, 0) if abs(x) > abs(y + n * ratio)]
    odd = [n for n in multiples(y, ratio, 1) if abs(x) + abs(y + n * ratio) < Fraction(1, 3)]
    return even, odd


def regions(x, y, ratio):
    """The subpartitions that a point is in."""
    x, y = abs(x), abs(y)
    third = Fraction(1, 3)
    found = set()
    if 2 * third < x < 1:
        found |= {"R11"} if x < y else {"R12"} if x > y else set()
    if third < x < 2 * third:
        found |= {"R21"} if x < y else set()
        found |= {"R22"} if x > y and 1 - x > y else set()
        found |= {"R23"} if x > y and 1 - x < y else set()
    if x < third:
        even, odd = ks(x, y, ratio)
        three = {n for n, is_in in (("R31", x > y), ("R32", even), ("R33", odd)) if is_in}
        found |= three or {"R34"}
    return found


STATIONARY = {"R22", "R31", "R32", "R33", "R34"}


def test_membership_by_k_agrees_with_the_definitions():
    for x, y, ratio in starts(150):
        values = {a: Surd.of(x), b: Surd.of(y), r: Surd.of(ratio)}
        assert holds(in_stationary(a, b, r), values) == bool(regions(x, y, ratio) & STATIONARY)
        if abs(x) < Fraction(1, 3):
            even, odd = ks(x, y, ratio)
            assert holds(in_R32(*AT), values) == bool(even)
            assert holds(in_R33(*AT), values) == bool(odd)
            assert all(holds(in_R32_by(*AT, sp.Integer(n)), values) for n in even)
            assert all(holds(in_R33_by(*AT, sp.Integer(n)), values) for n in odd)


def test_regions_overlap_only_for_small_ratios():
    overlapping = set()
    for x, y, ratio in (*starts(), *starts(200, high=Fraction(1, 2), widest=1)):
        found = regions(x, y, ratio)
        assert found
        if len(found) > 1:
            assert ratio < Fraction(1, 3)
            overlapping.add(frozenset(found))
        if ratio >= Fraction(1, 3):
            assert abs(x) > Fraction(1, 3) or all(len(which) <= 1 for which in ks(x, y, ratio))
        else:
            assert "R34" not in found
    assert overlapping <= {
        frozenset(which) for which in (
            ("R31", "R32"), ("R31", "R33"), ("R32", "R33"), ("R31", "R32", "R33"))
    }  # fmt: skip
    assert len(overlapping) >= 3


# --- Orbits ---------------------------------------------------------------------------------------


def test_transient_points_reach_stationary_ones():
    seen = set()
    for x, y, ratio in starts():
        if regions(x, y, ratio) <= STATIONARY:
            continue
        path = [regions(*state, ratio) for state in follow(x, y, ratio, 3)]
        first = next(t for t, where in enumerate(path) if where & STATIONARY)
        assert 1 <= first <= 3
        if first == 3:
            assert ratio > Fraction(1, 3)
            assert path[:3] == [{"R11"}, {"R23"}, {"R21"}]
        seen.add(first)
    assert seen == {1, 2, 3}


def test_orbits_from_each_stationary_subpartition():
    seen = set()
    for x, y, ratio in starts():
        where = regions(x, y, ratio)
        if not where <= STATIONARY:
            continue
        seen |= where
        orbit = follow(x, y, ratio, 400)
        assert all(sign(p[0]) == -sign(n[0]) != 0 for p, n in pairwise(orbit))
        if "R22" in where:
            assert orbit[2] == orbit[0]
            assert all(regions(*state, ratio) == {"R22"} and state[1] == y for state in orbit)
        if "R31" in where:
            assert regions(*orbit[1], ratio) == {"R12"}
            assert abs(orbit[1][0]) > Fraction(2, 3)
            assert orbit[2] == orbit[0]
        elif where & {"R32", "R33"}:
            enters_R31(orbit, ratio)
        if "R34" in where:
            stays_in_R34(orbit, ratio)
    assert seen == STATIONARY


def enters_R31(orbit, ratio):
    """After at most |k| steps, exactly for r ≥ 1/3; until then B falls by r at each step."""
    even, odd = ks(*orbit[0], ratio)
    first = next(t for t, state in enumerate(orbit) if "R31" in regions(*state, ratio))
    assert 0 < first <= min(map(abs, even + odd))
    if ratio >= Fraction(1, 3):
        assert [first] == [abs(n) for n in even + odd]
        assert all(sign(orbit[t][1]) == sign(orbit[0][1]) for t in range(first))
        assert abs(orbit[first][1]) < ratio
    assert all(orbit[t + 1][1] == orbit[t][1] - sign(orbit[t][1]) * ratio for t in range(first))
    for n in odd:
        assert abs(orbit[abs(n)][0]) >= Fraction(1, 3) - abs(orbit[0][0])
    assert all(state[1] == orbit[first][1] for state in orbit[first:])
    assert abs(orbit[first][1]) < Fraction(1, 3)
    # The values of A repeat from the start only if the entrance is at an even time.
    assert (orbit[first + first % 2 + 2][0] == orbit[first % 2 + first][0]) is True
    assert (orbit[2 * first + 2][0] == orbit[0][0]) == (first % 2 == 0)


def stays_in_R34(orbit, ratio):
    assert all(regions(*state, ratio) == {"R34"} for state in orbit)
    assert orbit[2][0] == orbit[0][0]
    first = next(t for t, state in enumerate(orbit) if abs(state[1]) < ratio)
    assert all(sign(state[1]) == sign(orbit[0][1]) for state in orbit[:first])
    for now, then, later in zip(
        orbit[first:], orbit[first + 1 :], orbit[first + 2 :], strict=False
    ):
        assert later[1] == now[1]
        assert sign(then[1]) == -sign(now[1]) != 0
        assert abs(now[1]) < ratio


def entrance_to_R31(orbit, ratio):
    return next((t for t, state in enumerate(orbit) if "R31" in regions(*state, ratio)), None)


def test_R31_decides_what_lasts():
    """Once it is entered A exceeds ⅔ for ever, R_s is left, and, at an odd time, A has changed."""
    seen = set()
    for x, y, ratio in (*starts(), *starts(200, high=Fraction(1, 2), widest=1)):
        orbit = follow(x, y, ratio, 400)
        entrance = entrance_to_R31(orbit, ratio)
        largest = max(abs(state[0]) for state in orbit[-2:])
        assert largest != Fraction(2, 3)
        assert (largest <= Fraction(2, 3)) == (entrance is None)
        ends = [abs(state[1]) for state in orbit[-2:]]
        assert max(ends) != ratio
        repeats = all(now[0] == later[0] for now, later in zip(orbit[3:], orbit[5:], strict=False))
        assert repeats == (entrance is None or entrance <= 3)
        if regions(x, y, ratio) & STATIONARY:
            assert all(now[0] == x for now in orbit[::2]) == (entrance is None or not entrance % 2)
            stays = all(regions(*state, ratio) & STATIONARY for state in orbit)
            assert stays == (entrance is None)
        seen.add((entrance is None, entrance is not None and entrance > 3))
    assert seen == {(True, False), (False, False), (False, True)}


def test_a_start_in_R31_is_there_again_after_two_steps():
    """Though it is in R33 by −1 as well, for r < 1/3, and B rests."""
    for ratio in (Fraction(1, 4), Fraction(1, 50), Fraction(33, 100)):
        orbit = follow(Fraction(1, 6), ratio / 2, ratio, 2)
        assert {"R31", "R33"} <= regions(*orbit[0], ratio)
        assert -1 in ks(*orbit[0], ratio)[1]
        assert "R31" not in regions(*orbit[1], ratio)
        assert orbit[2] == orbit[0]
        assert orbit[1][1] == orbit[0][1]


def test_the_balance_needs_no_more_than_that_no_tie_occurs():
    """Starts at which 3A/(σ̃0²η) is an integer are no exception, |A| = σ̃0²η among them."""
    rng = random.Random(0)
    largest = {False: 0, True: 0}
    for _ in range(20_000):
        of = rng.choice((3, 6, 7, 12))
        ratio = Fraction(rng.randint(1, 60), rng.choice((11, 12, 13, 20)))
        x = Fraction(rng.randint(-of, of), of)
        y = Fraction(rng.randint(-6 * of, 6 * of), of * rng.choice((1, 5, 7)))
        orbit = follow(x, y, ratio, 30)
        tied = any(abs(p) == abs(n) != 0 for p, n in orbit)
        sums = accumulate(sign(state[0]) for state in orbit[1:])
        largest[tied] = max(largest[tied], *map(abs, sums))
    assert largest == {False: 2, True: 3}


def test_ends_and_balance():
    largest = 0
    for x, y, ratio in starts():
        orbit = follow(x, y, ratio, 400)
        end = orbit[-2:]
        assert step(*step(*end[0], ratio), ratio) == end[0]
        assert all(abs(state[0]) < 1 for state in end)
        assert all(abs(state[1]) < max(ratio, Fraction(1, 2)) for state in end)
        assert all(sign(p[0]) == -sign(n[0]) for p, n in pairwise(orbit[3:]))
        surplus = 0
        for state in orbit[1:]:
            surplus += sign(state[0])
            largest = max(largest, abs(surplus))
    assert largest == 2


@pytest.mark.parametrize("ratio", [Fraction(1, 4), Fraction(2, 5), Fraction(1, 2), Fraction(2)])
def test_the_limits_of_A_and_B_are_sharp(ratio):
    """Orbits that stay at 0.999 of the limits, followed in the spatial domain."""
    eta = sp.Rational(1, 100)
    limit = max(ratio, Fraction(1, 2))
    share = Fraction(999, 1000)
    near_A = (share, Fraction(0))
    near_B = (
        (Fraction(1, 2), share * limit) if ratio < Fraction(1, 2)
        else (Fraction(1, 3) - ratio / 1500, share * limit)
    )  # fmt: skip
    factor = sp.Max(1, 1 / (2 * sp.Rational(ratio)))
    bounds = (sp.sqrt(3) * eta, sp.sqrt(2) * eta * factor)
    for coordinate, (x, y) in enumerate((near_A, near_B)):
        start = NormalisedState(sp.Rational(x), sp.Rational(y), sp.Integer(0))
        error = denormalise(start, sp.Rational(ratio), eta)
        problem = LinearProblem.of((1, sp.Rational(ratio), 0), (0, 0, 0), error, eta)
        end = PopulationSignGD(problem).trajectory(41)[-2:]
        worst = max(abs(state[coordinate]) for state in end)
        bound = surd(sp.nsimplify(bounds[coordinate]))
        assert bound * share <= worst < bound


def test_counterexamples_on_fractions():
    """The refutations of the ledger, followed once more by hand."""
    # R31 is left at once, for |a| = 9/10: more than 2/3.
    orbit = follow(Fraction(1, 10), Fraction(0), Fraction(1), 2)
    assert orbit == [(Fraction(1, 10), 0), (Fraction(-9, 10), 0), (Fraction(1, 10), 0)]
    # B rests at 0.4 > r = 1/4.
    orbit = follow(Fraction(9, 20), Fraction(2, 5), Fraction(1, 4), 2)
    assert orbit[2] == orbit[0]
    assert orbit[1][1] == Fraction(2, 5)
    # A tie makes three more positive than negative A.
    signs = [sign(x) for x, _ in follow(Fraction(3, 4), Fraction(9, 4), Fraction(7, 6), 5)]
    assert sum(signs[1:]) == 3
    # With A = 0, R34 is left for R33, and R33 does not lead to R31.
    orbit = follow(Fraction(0), Fraction(2), Fraction(1), 6)
    assert regions(*orbit[0], Fraction(1)) == {"R34"}
    assert regions(*orbit[1], Fraction(1)) == {"R33"}
    assert all("R31" not in regions(*state, Fraction(1)) for state in orbit)


def test_A_and_B_stay_on_their_lattices():
    for x, y, ratio in starts(60):
        for after_x, after_y in follow(x, y, ratio, 100):
            assert (3 * (after_x - x)).denominator == 1
            assert (2 * (after_y - y) / ratio).denominator == 1
            assert after_x != 0


def test_a_start_without_density_reaches_zero():
    """Two steps from A = 4/3 lead to 1/3 and, with |B| larger, on to 0."""
    orbit = follow(Fraction(4, 3), Fraction(1, 10), Fraction(1, 50), 1)
    assert orbit[1][0] == Fraction(1, 3)
    assert step(Fraction(1, 3), Fraction(1, 2), Fraction(1, 50))[0] == 0
