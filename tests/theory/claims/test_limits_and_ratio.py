"""(4.17) to (4.26) and (4.19) by the exact limits of signGD, and mutated statements."""

import itertools
from fractions import Fraction

import pytest
import sympy as sp

from theory.claims.chapter_4 import equation_4_19_ratio as ratio
from theory.claims.chapter_4 import equations_4_17_to_4_26_limits as limits
from theory.claims.own import exact_solution as solution
from theory.claims.own import exact_solution_cycle as cycle
from theory.ledger.verify import settle_argument
from theory.logic.arguments import always, derived, for_all
from theory.logic.evidence import Judgement
from theory.logic.findings import Status
from theory.logic.statements import Statement
from theory.model.limit import adversarial_risk_ratio, risks_at, signgd_limit
from theory.model.problem import LinearProblem

HOLDS, ONLY_IF, FAILS = Judgement.HOLDS, Judgement.ONLY_IF, Judgement.FAILS
JUDGEMENTS = {
    "4.17.1": FAILS,
    "4.18.2": ONLY_IF,
    "4.25.1": FAILS,
    "4.4.2-limsup.2": ONLY_IF,
    "4.19-always.1": ONLY_IF,
}
ALL = {c.id: c for module in (limits, ratio, solution, cycle) for c in module.CLAIMS}


@pytest.mark.parametrize("id_", ALL)
def test_judgement(verdict, id_):
    assert verdict(id_).judgement is JUDGEMENTS.get(id_, HOLDS)


@pytest.mark.parametrize(
    "id_", ["4.4.2-limsup.2", "4.8.1", "4.9.1", "4.13.3", "4.18.2", "4.D.2-e2.2"]
)
def test_what_fails_on_a_null_set_holds_only_if_and_says_so(verdict, id_):
    assert verdict(id_).judgement is ONLY_IF
    assert "excludes only a null set" in verdict(id_).claim.note


@pytest.mark.parametrize("id_", ["4.6.1", "4.10.2", "4.12.2", "4.13.1"])
def test_what_needs_energy_at_relevant_frequencies_says_so(verdict, id_):
    assert verdict(id_).judgement is ONLY_IF
    assert verdict(id_).claim.only_if.startswith("σ̃_i² > 0")


def test_oscillation_with_ties_by_simulation():
    """Of 4.4.2-limsup.2: on a lattice full of ties and zeros, exactly where a is never 0."""
    ratios = (Fraction(1, 4), Fraction(1, 3), Fraction(1), Fraction(4, 3), Fraction(2), Fraction(4))
    seen = set()
    for r in ratios:
        for i in range(-14, 15):
            for j in range(-14, 15):
                a, b, c = Fraction(i, 12), Fraction(j, 12), Fraction(0)
                orbit = [(a, b, c)]
                for _ in range(60):
                    orbit.append(step(*orbit[-1], r))
                zero = any(s[0] == 0 for s in orbit)
                flips = all(s[0] * t[0] < 0 for s, t in itertools.pairwise(orbit[-20:]))
                assert flips == (not zero)
                seen.add((zero, any(abs(s[0]) == abs(s[1]) != 0 for s in orbit)))
    assert len(seen) == 4


# --- Second routes: the closed form of the limit, in exact numbers -------------------------------


def setting(variance, w_star, w2="0", eta="1/100"):
    return LinearProblem.of((1, variance, 0), (*w_star, 0), (0, 0, w2), eta, "sqrt(2)")


@pytest.mark.parametrize("w_star", [(1, 10), (2, -30), ("1/3", 7)])
def test_constant_three_is_two(w_star):
    """|A(0)| < |B(0)|: the ratio goes to 1 + 2 w̃0*²/(w̃0*² + w̃1*²), with an error of order η."""
    w0, w1 = map(sp.Rational, w_star)
    limit = 1 + 2 * w0**2 / (w0**2 + w1**2)
    errors = [
        abs(sp.N(adversarial_risk_ratio(setting("1/4", w_star, eta=eta)) - limit, 30))
        for eta in ("1/1000", "1/1000000")
    ]
    # |Δw̃2| is off by at most √6 η, R_a by what is of first order: a thousandth, but for the
    # fractional parts on which the constant depends.
    assert errors[0] < sp.Rational(1, 50)
    assert errors[1] < sp.Rational(1, 50000)


@pytest.mark.parametrize("w_star", [(10, 1), (-30, 2), (7, "1/3")])
@pytest.mark.parametrize("variance", ["1/4", "1/9", "1/3"])
def test_constant_four_is_three_r_squared(w_star, variance):
    w0, w1, r = *map(sp.Rational, w_star), sp.Rational(variance)
    limit = 1 + 3 * r**2 * w1**2 / (w0**2 + w1**2)
    error = abs(
        sp.N(adversarial_risk_ratio(setting(variance, w_star, eta="1/1000000")) - limit, 30)
    )
    assert error < sp.Rational(1, 50000)


def test_the_condition_for_gd_to_be_more_robust():
    """Either side of |Δw̃2| = 2|w̃2(0)|: Δw̃2 is about −√3/2 for w̃* = (1, 2, 0) and r = 1/4."""
    for w2, above in (("-1/2", True), ("0", True), ("2/5", True), ("1/2", False), ("3", False)):
        problem = setting("1/4", (1, 2), w2, eta="1/10000")
        moved = signgd_limit(problem).delta_w2.to_sympy()
        start = problem.w0_tilde[2]
        assert (moved * (moved + 2 * start) > 0) == above
        assert (adversarial_risk_ratio(problem) > 1) == above


def test_at_a_given_learning_rate_the_main_term_does_not_decide():
    """signGD ends more robust from w̃(0) = 0 though w̃2 moves, GD though it does not."""
    for problem, moved, shown in (
        (ratio._FALLS_SHORT, -sp.sqrt(6) / 300, "0.5468"),
        (ratio._WITHOUT_MOVING, sp.Integer(0), "1.67875"),
    ):
        assert sp.simplify(signgd_limit(problem).delta_w2.to_sympy() - moved) == 0
        digits = len(shown.partition(".")[2])
        assert f"{float(adversarial_risk_ratio(problem)):.{digits}f}" == shown
    assert all(w == 0 for w in ratio._FALLS_SHORT.w0_tilde)


def test_w2_reaches_zero_from_each_multiple_and_from_no_other_start():
    """By simulation in exact numbers, of 4.18.2: c moves by halves, so 1/3 never comes to 0."""
    for n in range(1, 8):
        tied = n % 2  # the last step is a tie, or a short one
        before, r = (n - 1) // 2, Fraction(1, 2)
        a, b = Fraction(-1, 6) - Fraction(before, 3), Fraction(1, 6 if tied else 3) + before * r
        c = Fraction(n, 2)
        assert step(-a, b, -c, r)[2] == -step(a, b, c, r)[2]
        for _ in range(before + 1):
            assert c != 0
            a, b, c = step(a, b, c, r)
        assert c == 0
    a, b, c = Fraction(-7, 2), Fraction(4), Fraction(4, 3)
    for _ in range(100):
        a, b, c = step(a, b, c, Fraction(1, 2))
        assert c != 0


def step(a, b, c, r):
    """The map of (4.16) in normalised variables, by its signs."""
    sign = lambda x: (x > 0) - (x < 0)  # noqa: E731
    up, mid, down = sign(a + b), sign(a), sign(a - b)
    half = Fraction(1, 2)
    return (
        a - Fraction(up + mid + down, 3),
        b - r * half * (up - down),
        c - half * (up + down) + mid,
    )


def test_what_4_25_leaves_out_is_of_first_order():
    """The error of (4.25) at 10⁻³ and 10⁻⁵ falls by some hundred, not by ten thousand."""
    errors = []
    for eta in ("1/1000", "1/100000"):
        problem = setting("1/4", (1, 2), "1/7", eta=eta)
        limit = signgd_limit(problem)
        main = problem.epsilon**2 / 2 * (
            5 + (problem.w0_tilde[2] + limit.delta_w2.to_sympy()) ** 2
        )  # fmt: skip
        risks = [risks_at(problem, [x.to_sympy() for x in e]).adversarial for e in limit.cycle]
        errors.append(max(abs(sp.N(risk - main, 30)) for risk in risks))
    assert 5 < errors[0] / errors[1] < 2000


# --- Mutated statements ---------------------------------------------------------------------------


def status(argument):
    return settle_argument(argument, 2.0).status


def test_mutated_bounds_are_not_proved():
    x, bound, w = limits._e, limits._bound, limits._w
    too_small = sp.Abs((w + x) ** 2 - w**2) <= 2 * sp.Abs(w) * bound
    assert status(for_all(too_small, sp.Abs(x) <= bound)) is Status.REFUTED
    assert (
        status(for_all(limits._risk <= limits._largest / 2, *limits._limit_set))
        is not Status.PROVED
    )
    wrong = ratio._ratio_is(limits._w0**2, sp.Integer(3), sp.sqrt(2) * limits._w0)
    assert status(wrong) is not Status.PROVED


def test_mutated_counts_are_not_proved():
    s = solution
    region = sp.Or(s._outside, sp.Eq(s._t, s._n1 + s._n))
    without = [h for h in s._flat_counts if h != (s._r <= s._third)]
    for given in (without, [*without, s._r <= 1]):
        argument = always(s._FLAT, region, *s._at_start, *given, invariant=s._flat_invariant)
        assert status(argument) is not Status.PROVED
    shifted = s._clipped.subs(s._D0, s._D0 + s._third)
    shifted = sp.And(shifted, s._D0 + s._t + s._rho < (s._n + 1) * s._L - s._third)
    start = (*s._at_start, sp.Eq(s._s, 0))
    for conclusion, given in ((shifted, s._r > s._third), (s._clipped, s._r > 0)):
        argument = always(s._TURNING, conclusion, *start, given, invariant=s._turning_invariant)
        assert status(argument) is not Status.PROVED


def test_mutated_ends_are_not_proved():
    s = cycle
    two = Statement(sp.Or(*s._settled()[:3]), (sp.Abs(s._a) < 1, *s._no_ties))
    assert status(derived("two steps suffice", "", {"": two}, {"": two})) is Status.REFUTED
    half = sp.Rational(1, 2)
    crossing = (s._descends(s._state), s._b > 0, s._b - s._r < -(s._third - sp.Abs(s._a)))
    assert status(for_all(s._r > half, *crossing)) is Status.REFUTED
    closed = sp.Abs(s._b) <= sp.Min(sp.Abs(s._a), 1 - sp.Abs(s._a))
    assert status(for_all(s._returns_after_two(), closed)) is Status.REFUTED
