"""The limits of Δw̃2 and of the ratio as η → 0: by the closed form, by exact orbits, and mutated."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import theory
from theory.claims.lemmas import count_limits
from theory.claims.own import exact_solution as solution
from theory.claims.own import ratio_limits as limits
from theory.ledger.verify import settle_argument, settle_claim
from theory.logic.arguments import for_all
from theory.logic.evidence import Judgement
from theory.logic.exact import Surd, holds, surd
from theory.logic.findings import Status
from theory.logic.statements import Always, Statement, equal
from theory.model.first_phase import INSIDE, STATE, X0, Y0, R, stopped_step
from theory.model.leading_terms import (
    GREATEST_MOVEMENT_SQ,
    extreme_ratios,
    gd_is_more_robust,
    greatest_movement_sq,
    leading_movement,
    leading_ratio,
    movement_error,
)
from theory.model.limit import adversarial_risk_ratio, closed_form, signgd_limit
from theory.model.orbit import Start, follow, follow_many
from theory.model.problem import LinearProblem

THIRD = sp.Rational(1, 3)
CLAIMS = {claim.id: claim for claim in limits.CLAIMS}


@pytest.mark.parametrize("id_", CLAIMS)
def test_judgement(id_):
    assert settle_claim(CLAIMS[id_]).judgement is Judgement.HOLDS


# --- Second route: the same bounds from the closed form, by the solver ----------------------------

s = solution
main = sp.Min(3 * s._x0, 3 * s._y0, count_limits.q)
OF_Y = (sp.Eq(s._y0, s._r * count_limits.q), s._x0 >= 1, s._y0 >= 0)
N, T, LATER, M0 = s._n, s._t, s._n3, sp.Symbol("m_0", integer=True)
AT_T = (  # exact-solution.5: x0 − T + 2n/3 is x(T), below 1 and, as x(T − 1) ≥ 1, at least 0
    s._x0 - T + 2 * THIRD * N < 1,
    s._x0 - T + 2 * THIRD * N >= 0,
)
WITHIN_6 = sp.And(main - 6 < N, main >= N)

FLAT = Statement(  # exact-solution.2
    WITHIN_6, (*OF_Y, *s._flat_counts, s._least(N, s._x0 - s._n1, 1, THIRD))
)
TURNING = Statement(  # exact-solution.3 at T, as long as b keeps its sign
    WITHIN_6, (*OF_Y, s._clipped, *AT_T, s._r > THIRD, N * s._r <= s._y0)
)
# exact-solution.3 when |b| = y0 − r m0 < r, then exact-solution.4 from there.
BETA = s._y0 - s._r * M0
X_THEN = s._x0 - T + 2 * THIRD * M0
TOGGLING = Statement(
    sp.And(main - 6 < M0 + LATER, main + count_limits.excess >= M0 + LATER),
    (
        *OF_Y,
        s._clipped.subs(N, M0),
        s._r > THIRD,
        sp.Eq(s._beta, BETA),
        X_THEN >= 1,
        *s._larger_of_one_and(s._beta, s._top),
        *s._larger_of_one_and(s._r - s._beta, s._other_top),
        s._beta > 0,
        s._beta < s._r,
        s._least(s._n1, X_THEN, s._top, 1),
        s._least(s._n2, X_THEN - s._n1 - THIRD, s._other_top, 1),
        sp.Or(
            sp.And(sp.Eq(LATER, 0), X_THEN - s._n1 < 1),
            sp.And(
                X_THEN - s._n1 >= 1,
                s._least(LATER - 1, X_THEN - s._n1 - THIRD - s._n2, 1, THIRD),
            ),
        ),
    ),
)


@pytest.mark.parametrize("statement", [FLAT, TURNING, TOGGLING], ids=["flat", "turning", "toggles"])
def test_the_closed_form_says_the_same(statement):
    assert theory.settle(statement.hypotheses, statement.conclusion).status is Status.PROVED


@pytest.mark.parametrize(
    ("statement", "old", "new"),
    [(FLAT, main - 6, main - 5), (TURNING, main - 6, main - 5), (TOGGLING, count_limits.excess, 1)],
    ids=["flat", "turning", "toggles"],
)
def test_the_closed_form_does_not_say_more(statement, old, new):
    wrong = statement.conclusion.subs(old, new)
    assert wrong != statement.conclusion
    assert theory.settle(statement.hypotheses, wrong).status is Status.REFUTED


# --- Third route: orbits followed one step at a time, in integers ---------------------------------

REGIMES = {"r ≤ 1/3": (0.02, 1 / 3), "1/3 < r ≤ 1": (1 / 3, 1), "r ≤ 7/3": (1, 7 / 3), "r": (2, 60)}


def starts(regime, size=20_000, seed=0):
    """Starts with |a|, |b| up to 40, in units of 1/3072: odd and even numbers, so without ties."""
    rng, unit = np.random.default_rng(seed), 1024
    a, b = (2 * rng.integers(0, 60 * unit, size) for _ in range(2))
    r = 2 * np.round(1.5 * unit * np.exp(rng.uniform(*np.log(REGIMES[regime]), size)))
    return Start(a + 1, b, r.astype(np.int64), np.full(size, unit))


def beyond_main_term(start, count):
    """w − min(3x, 3y, y/r), shape (N,)."""
    x, y, r = (x / (3 * start.unit) for x in start[:3])
    return count - np.minimum(3 * np.minimum(x, y), y / r)


@pytest.mark.parametrize("regime", REGIMES)
def test_counts_are_within_the_bounds(regime):
    """And come near to them, so that tighter ones would fail."""
    start = starts(regime)
    followed = follow_many(start)
    assert not followed["tied"].any()
    np.testing.assert_array_equal(closed_form(start).short_steps, followed["short_steps"])
    beyond = beyond_main_term(start, followed["short_steps"])
    r = start.r / (3 * start.unit)
    excess = np.where(r <= 1, 0, np.maximum(1, 1.5 * r - 1))
    slack = 1e-9  # the main term is rounded
    assert (beyond > -6).all()
    assert (beyond <= excess + slack).all()
    if regime == "r ≤ 1/3":
        assert beyond.min() < -5.9
    if regime == "r":
        assert (beyond > 1.3 * r).any()  # 3/2 is approached as r grows
        assert (beyond > 6).any()


def test_what_is_within_the_bounds_at_r_up_to_seven_thirds_is_not_beyond():
    """Proposition 4.D.7's range ends at 7/3: for larger r the count exceeds y/r by more than 1."""
    counts = {regime: follow_many(starts(regime))["short_steps"] for regime in ("r ≤ 7/3", "r")}
    most = {k: beyond_main_term(starts(k), count).max() for k, count in counts.items()}
    assert most["r ≤ 7/3"] < 2.5 < most["r"]


def problem(r, w_star, eta, w2="0", sigma0_sq="1", w0=("0", "0"), epsilon="2"):
    r, sigma0_sq = sp.Rational(r), sp.Rational(sigma0_sq)
    return LinearProblem.of((sigma0_sq, r * sigma0_sq, 0), (*w_star, 0), (*w0, w2), eta, epsilon)


def leading(setting):
    """lim Δw̃2 by the formula, with its sign."""
    e0, e1, _ = setting.e0_tilde
    r = setting.sigma_tilde_sq[1] / setting.sigma_tilde_sq[0]
    return sp.sign(e0) * leading_movement(e0, e1, r)


def number(x):
    return float(sp.N(x, 30))


CASES = {  # r, w̃*, w̃2(0)
    "1/20": (("1", "3"), "0"),
    "1": (("-1", "2"), "-3/2"),
    "5": (("3", "-4"), "2/3"),
    "2000": (("1/7", "2"), "1"),
}


@pytest.mark.parametrize("r", CASES)
def test_exact_orbits_move_as_far_as_that(r):
    """Step by step in ℚ(√2, √3), and by the closed form for a smaller learning rate."""
    w_star, w2 = CASES[r]
    for find, eta in ((follow, "1/5"), (signgd_limit, "1/1000")):
        setting = problem(r, w_star, eta, w2, w0=("1/9", "-2/7"))
        moved = find(setting).delta_w2.to_sympy()
        assert number(abs(moved - leading(setting))) <= number(
            movement_error(sp.Rational(r), setting.eta)
        )


@pytest.mark.parametrize("r", CASES)
def test_wrong_limits_are_caught_by_exact_orbits(r):
    setting = problem(r, CASES[r][0], "1/100000000")
    moved = abs(signgd_limit(setting).delta_w2.to_sympy())
    error = number(movement_error(sp.Rational(r), setting.eta))
    e0, e1, _ = map(abs, setting.e0_tilde)
    right = leading_movement(e0, e1, sp.Rational(r))
    assert number(abs(moved - right)) <= error
    assert number(abs(moved - sp.Rational(101, 100) * right)) > error
    linear = sp.Min(sp.sqrt(2) * e0, sp.sqrt(3) * sp.Rational(r) * e1)  # right for r ≤ 1/3 only
    assert (number(abs(moved - linear)) > error) == (r in ("1", "5"))


def bounded_ratio(setting):
    """The exact ratio, the limit and the bound on their distance, as floats."""
    (w0, w1, _), w2 = setting.w_star_tilde, setting.w0_tilde[2]
    s0, s1, _ = setting.sigma_tilde_sq
    moved = leading(setting)
    norm, gd_norm = (sp.sqrt(w0**2 + w1**2 + x**2) for x in (w2 + moved, w2))
    error = limits.norm_error(s1 / s0, s0, setting.epsilon, setting.eta)
    bound = limits.ratio_error(norm, gd_norm, error)
    limit = leading_ratio(w0**2 + w1**2, w2, moved)
    return tuple(map(number, (adversarial_risk_ratio(setting), limit, bound)))


@pytest.mark.parametrize("r", CASES)
def test_exact_ratios_are_as_near_as_that(r):
    for eta in ("1/100", "1/100000000"):
        ratio, limit, bound = bounded_ratio(problem(r, CASES[r][0], eta, CASES[r][1], "1/1000"))
        assert abs(ratio - limit) <= bound
    assert bound < 1e-3
    assert abs(ratio - 1.01 * limit) > bound


def test_both_extremes_are_seen():
    """r ≥ 1/3, √2|w̃0*| = |w̃1*|/√3, w̃2(0) rounded: errors of some 10⁻⁶ at η = 10⁻⁸."""
    w_star, seen = ("1", "2449489743/1000000000"), []
    lambda_sq = extreme_ratios(GREATEST_MOVEMENT_SQ)[1]
    far = sp.sqrt(7 * lambda_sq)  # λ√S; signGD moves w̃2 towards −sign w̃0*
    for w2 in (0, far, -far / lambda_sq):
        rounded = str(sp.Rational(round(float(w2), 9)).limit_denominator(10**9))
        seen.append(bounded_ratio(problem("2", w_star, "1/100000000", rounded))[0])
    expected = (sp.Rational(9, 7), (8 - sp.sqrt(15)) / 7, (8 + sp.sqrt(15)) / 7)
    assert seen == pytest.approx([float(x) for x in expected], abs=1e-5)
    assert seen != pytest.approx([float(x) for x in expected], abs=1e-12)


# --- Mutated statements ---------------------------------------------------------------------------


def at_T(x0, y0, r):
    """The state at T, in exact arithmetic, with the symbols of its start."""
    everywhere = Always(stopped_step(STATE, R), sp.true)
    start = dict(zip((*STATE, X0, Y0, R), (x0, y0, 0, 0, 0, 0, x0, y0, r), strict=True))
    states = everywhere.orbit({s: Surd.of(Fraction(value)) for s, value in start.items()}, 40)
    assert states[-1] == states[-2]
    return states[-1]


w = STATE.w
of_start = sp.Min(3 * X0, 3 * Y0, Y0 / R)


@pytest.mark.parametrize(
    ("wrong", "given", "start"),
    [
        (w > of_start - 5, sp.true, ("61/32", "15/8", "1/4")),
        (w <= of_start, R > 1, ("11/10", "6/5", "3/2")),
        (w <= of_start + 1, R > 3, ("39/10", 4, 8)),
        (w > 3 * Y0 - 6, R <= THIRD, (2, 10, "1/4")),
        (w <= 3 * X0 - sp.Rational(5, 2), sp.true, (1, 2, 1)),
    ],
    ids=["-5", "0 for r > 1", "1 for r > 3", "3y alone", "3x - 5/2"],
)
def test_tighter_bounds_of_the_count_are_refuted_by_exact_orbits(wrong, given, start):
    state = at_T(*start)
    right = sp.And(w > of_start - 6, w <= of_start + count_limits.excess, w <= 3 * X0)
    assert holds(sp.And(INSIDE, right, given), state)
    assert not holds(wrong, state)


def status(*args):
    return settle_argument(for_all(*args), 20.0).status


k, S, moved = limits._k, limits._S, limits._moved
w0, w1 = sp.symbols("w_0 w_1", real=True)
smaller = sp.Min(2 * w0**2, 3 * k**2 * w1**2)
share = 6 * k**2 / (2 + 3 * k**2)
ratio = leading_ratio(S, limits._w2, moved)
kappa = limits._distance + limits._spread
limit_norm, scaled_risk = limits._limit_norm, limits._risk


@pytest.mark.parametrize(
    ("conclusion", "given"),
    [
        (sp.sqrt(2) * k >= sp.sqrt(3) * k, ()),
        (smaller <= sp.Rational(99, 100) * share * (w0**2 + w1**2), ()),
        (smaller < share * (w0**2 + w1**2), (w0 > 0,)),
        (greatest_movement_sq(R) <= sp.Rational(28, 99), ()),
        (greatest_movement_sq(R) < GREATEST_MOVEMENT_SQ, ()),
        (ratio <= sp.Rational(17, 10), (10 * moved**2 <= 3 * S,)),
        (ratio <= sp.Rational(169, 100), (7 * moved**2 <= 2 * S,)),
        (ratio >= sp.Rational(59, 100), (7 * moved**2 <= 2 * S,)),
        (
            sp.Abs(scaled_risk - limit_norm**2) <= 2 * kappa * limit_norm,
            (limits._norm <= limit_norm + limits._distance, scaled_risk >= limits._norm**2,
             scaled_risk <= (limits._norm + limits._spread) ** 2, limits._norm >= limit_norm),
        ),
    ],
)  # fmt: skip
def test_mutated_statements_are_refuted(conclusion, given):
    assert status(conclusion, *given) is Status.REFUTED


def test_mutated_formulas_of_the_movement_are_refuted():
    e0, e1 = limits._e0, limits._e1
    x, y = sp.Abs(limits._a), sp.Abs(limits._b)
    main = sp.sqrt(6) / 3 * limits._eta * sp.Min(3 * x, 3 * y, y / R)
    assert status(equal(leading_movement(e0, e1, R), main)) is Status.PROVED
    for wrong in (
        sp.Min(sp.sqrt(2) * sp.Abs(e0), sp.sqrt(3) * R * sp.Abs(e1)),
        sp.Min(sp.sqrt(2) * sp.Abs(e0), sp.sqrt(3) * sp.Min(R, sp.Rational(1, 2)) * sp.Abs(e1)),
        sp.Min(sp.sqrt(3) * sp.Abs(e0), sp.sqrt(3) * sp.Min(R, THIRD) * sp.Abs(e1)),
    ):
        assert status(equal(wrong, main)) is not Status.PROVED


def test_uniformity_has_a_limit_too():
    """The ratio of the problem that ratio-limits.6 has is above 2, as said, and not above 4."""
    found = adversarial_risk_ratio(limits._FAR)
    assert 2 < float(found) < 4
    assert status(sp.Gt(found, 4, evaluate=False)) is Status.REFUTED
    # As η → 0 its ratio falls to its limit, which is at most 9/7.
    small = problem("40", ("344/1000", "707/100000"), "1/10000000", epsilon="10")
    assert surd(small.eta) < surd(limits._FAR.eta)
    assert float(adversarial_risk_ratio(small)) < 9 / 7


def test_the_condition_is_where_the_leading_ratio_is_above_one():
    for w2, step in ((0, 1), (-1, 1), (-1, 3), (Fraction(-3, 2), 3), (1, -2), (2, -1), (2, 0)):
        above = leading_ratio(Fraction(1), Fraction(w2), Fraction(step)) > 1
        assert bool(gd_is_more_robust(w2, step)) is above
