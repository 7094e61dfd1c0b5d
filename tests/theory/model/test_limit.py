from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, example, given, settings

import theory.model.limit
from tests.theory.strategies import problems
from theory.logic.exact import NotRepresentableError, Surd, surd, value_of
from theory.model.dynamics import NormalisedState, gd_error, normalised_step
from theory.model.limit import (
    A_and_B,
    adversarial_risk_ratio,
    closed_form,
    gd_limit,
    may_tie,
    risks_at,
    signgd_limit,
)
from theory.model.orbit import PopulationSignGD, Start, follow, follow_many
from theory.model.problem import LinearProblem
from theory.model.regions import P_PARTITION, R_PARTITION
from theory.published import figure_4_7

a, b, c = sp.symbols("a b c", real=True)
r = sp.Symbol("r", positive=True)
MAP = normalised_step(NormalisedState(a, b, c), r)


def naive(problem):
    """T, count, Δc, first change of sign, start and length of the cycle, on the normalised map."""
    ratio, eta = surd(problem.sigma_tilde_sq[1] / problem.sigma_tilde_sq[0]), surd(problem.eta)
    e0, e1, e2 = map(surd, problem.e0_tilde)
    state = e0 / Surd.sqrt(3) / eta, ratio * e1 / Surd.sqrt(2) / eta, 3 * e2 / Surd.sqrt(6) / eta
    path = []
    while state not in path:
        path.append(state)
        at = dict(zip((a, b, c, r), (*state, ratio), strict=True))
        state = tuple(value_of(x, at) for x in MAP)
    T = next(t for t, s in enumerate(path) if abs(s[0]) < 1)
    count = sum(abs(s[0]) <= abs(s[1]) for s in path[:T])
    crossed = (t for t, s in enumerate(path) if s[0].sign() * path[0][0].sign() < 0)
    start = path.index(state)
    return T, count, path[T][2] - path[0][2], next(crossed, None), start, len(path) - start


def summary(problem, find=signgd_limit):
    limit = find(problem)
    to_c = Surd.sqrt(6) / 2 / surd(problem.eta)
    return (
        limit.T,
        limit.count,
        limit.delta_w2 * to_c,
        limit.first_sign_change,
        limit.cycle_start,
        len(limit.cycle),
    )


ONE = sp.Integer(1)


def problem(a0, b0, ratio, eta=ONE):
    """A problem that starts at the normalised (a0, b0)."""
    e0 = sp.sqrt(3) * eta * a0
    e1 = sp.sqrt(2) * eta * b0 / ratio
    zero = sp.Integer(0)
    return LinearProblem(
        (sp.Integer(1), ratio, zero), (zero,) * 3, (e0, e1, zero), eta, zero, frozenset({2})
    )


half, third, quarter = sp.Rational(1, 2), sp.Rational(1, 3), sp.Rational(1, 4)


@given(problems())
@settings(max_examples=60, deadline=None)
@example(problem(sp.Integer(4), sp.Integer(9), quarter))  # r < 1/3
@example(problem(sp.Integer(4), sp.Integer(9), half))  # r > 1/3
@example(problem(sp.Integer(5), sp.Integer(5), third))  # ties
@example(problem(half, sp.Integer(3), quarter))  # inside: T = 0
@example(problem(sp.Integer(1), sp.Integer(0), quarter))  # on the edge: T = 1
@example(problem(sp.Integer(0), sp.Integer(0), quarter))  # at rest
@example(problem(sp.Integer(-3), -sp.sqrt(2), half, sp.sqrt(3)))
def test_limit_by_a_naive_loop(given_problem):
    # The naive loop is quadratic in the length of the orbit.
    A, B = A_and_B(given_problem, given_problem.e0_tilde)
    scale = given_problem.sigma_tilde_sq[0] * given_problem.eta
    ratio = given_problem.sigma_tilde_sq[1] / given_problem.sigma_tilde_sq[0]
    assume(sp.Abs(A) / scale * 3 + sp.Abs(B) / scale / ratio < 300)
    assert summary(given_problem) == naive(given_problem)
    assert signgd_limit(given_problem) == follow(given_problem)


def test_the_comparison_notices_a_wrong_start():
    right, wrong = (problem(sp.Integer(4) + d, sp.Integer(9), quarter) for d in (0, third))
    assert summary(wrong) != naive(right)


def test_starts_inside_and_at_rest():
    limit = signgd_limit(problem(half, sp.Integer(3), quarter))
    assert (limit.T, limit.count, limit.delta_w2) == (0, 0, 0)
    limit = signgd_limit(problem(sp.Integer(0), sp.Integer(0), quarter))
    assert (limit.first_sign_change, limit.cycle_start, len(limit.cycle)) == (None, 0, 1)


def test_the_edge_is_outside():
    assert signgd_limit(problem(sp.Integer(1), sp.Integer(0), quarter)).T == 1
    assert signgd_limit(problem(sp.Integer(-1), sp.Integer(0), quarter)).T == 1


def test_figure_4_7_in_sixty_digits():
    """The published setting by a plain loop on (4.16) in 60-digit floating point.

    No sign is in doubt: the loop checks that what it takes the sign of is above 10⁻⁴⁰ in size,
    while 2000 steps of numbers below 100 round off less than 10⁻⁵⁰.
    """
    setting = figure_4_7().problem
    limit = signgd_limit(setting)
    with mpmath.workdps(60):
        e0, e1, e2 = (mpmath.mpf(e.p) / e.q for e in setting.e0_tilde)
        s0, s1 = (mpmath.mpf(v.p) / v.q for v in setting.sigma_tilde_sq[:2])
        eta = mpmath.mpf(setting.eta.p) / setting.eta.q
        start, T, count, change = e2, None, 0, None
        steps = limit.cycle_start + len(limit.cycle)
        assert steps < 2000
        errors = PopulationSignGD(setting).trajectory(steps)
        for t in range(steps + 1):
            A, B = mpmath.sqrt(3) / 3 * s0 * e0, mpmath.sqrt(2) / 2 * s1 * e1
            for exact, float_ in zip(errors[t], (e0, e1, e2), strict=True):
                assert abs(mpmath.mpf(sp.N(exact.to_sympy(), 60)) - float_) < mpmath.mpf(10) ** -50
            if T is None and abs(A) < s0 * eta:
                T, moved = t, e2 - start
            count += T is None and abs(A) <= abs(B)
            if change is None and e0 > 0:
                change = t
            assert min(map(abs, (A, A + B, A - B))) > mpmath.mpf(10) ** -40
            plus, middle, minus = map(mpmath.sign, (A + B, A, A - B))
            e0 -= eta * mpmath.sqrt(3) / 3 * (plus + middle + minus)
            e1 -= eta * mpmath.sqrt(2) / 2 * (plus - minus)
            e2 -= eta * mpmath.sqrt(6) / 6 * (plus - 2 * middle + minus)
        assert (limit.T, limit.count, limit.first_sign_change) == (T, count, change)
        assert abs(mpmath.mpf(sp.N(limit.delta_w2.to_sympy(), 60)) - moved) < mpmath.mpf(10) ** -50
    assert errors[-1] == errors[limit.cycle_start]
    assert limit.cycle == tuple(errors[limit.cycle_start : -1])
    assert len(set(limit.cycle)) == len(limit.cycle) > 0


@pytest.mark.parametrize(
    "variances", [(1, 1), (1, 1, 1), (0, 1, 0), (1, 1, 0, 0)], ids=lambda v: str(len(v))
)
def test_other_problems_are_refused(variances):
    d = len(variances)
    other = LinearProblem.of(variances, [0] * d, [1] * d, 1, 1)
    with pytest.raises(
        ValueError, match=r"expected d = 3 with variances \(positive, any, 0\), got"
    ):
        signgd_limit(other)


def test_too_few_steps_are_no_limit():
    with pytest.raises(ValueError, match="no limit cycle within 3 iterations"):
        follow(figure_4_7().problem, max_steps=3)
    tied = problem(sp.Integer(5), sp.Integer(5), third)
    with pytest.raises(ValueError, match="no limit cycle within 3 iterations"):
        signgd_limit(tied, max_steps=3)


REGIMES = {"r < 1/3": (0.15, 1), "r = 1/3": (1, 1), "1/3 < r ≤ 1": (1, 3), "r > 1": (3, 60)}


def many_starts(regime, size, reach, seed=0):
    """Random rational starts with |a|, |b| up to ``reach``, each with its own denominator."""
    rng = np.random.default_rng(seed)
    unit = rng.integers(10**3, 10**5, size)
    a, b = (rng.integers(-3 * reach * unit, 3 * reach * unit + 1) for _ in range(2))
    low, high = REGIMES[regime]
    thirds = np.exp(rng.uniform(np.log(low), np.log(high), size))
    return Start(a, b, np.where(low == high, unit, (thirds * unit).astype(np.int64)), unit)


def as_named(found):
    """The closed form's arrays, by the names of the simulator's."""
    names = ("t", "a", "b", "c")
    first, second = found.cycle
    at_T = dict(zip(("T", "a_T", "b_T", "c_T"), found.at_T, strict=True))
    cycle = dict(zip(("cycle_start", "a", "b", "c"), first, strict=True))
    after = {f"{k}_next": v for k, v in zip(names[1:], second[1:], strict=True)}
    rest = {"short_steps": found.short_steps, "first_sign_change": found.first_sign_change}
    return at_T | cycle | after | rest


def mismatches(start):
    """Starts without ties at which closed form and simulator differ, and how many there are."""
    followed, found = follow_many(start), as_named(closed_form(start))
    differ = np.logical_or.reduce([values != followed[name] for name, values in found.items()])
    return int((differ & ~followed["tied"]).sum()), followed


@pytest.mark.parametrize("regime", REGIMES)
def test_closed_form_on_a_million_starts(regime):
    """In all four regimes together 10⁶ starts; T of the median start is at least 50."""
    wrong, followed = mismatches(many_starts(regime, 250_000, 100))
    assert wrong == 0
    assert np.median(followed["T"][~followed["tied"]]) >= 50
    assert followed["tied"].mean() < 0.01


@pytest.mark.parametrize("regime", REGIMES)
def test_closed_form_from_near_the_origin(regime):
    """Half of these start inside, and there every part of R and P, of those for this r, occurs."""
    start = many_starts(regime, 100_000, 2, seed=1)
    assert mismatches(start)[0] == 0
    a, b, r = (x / (3 * start.unit) for x in start[:3])
    absent = {"r < 1/3": "P3 P4 R34", "r = 1/3": "P3 P4 P5 P6 R34"}.get(regime, "P5 P6").split()
    for name, region in (R_PARTITION | P_PARTITION).items():
        inside = sp.lambdify(("a", "b", "r"), region(*sp.symbols("a b r", real=True)))(a, b, r)
        assert np.any(inside) or name in absent, name


def test_the_comparison_notices_a_wrong_closed_form(monkeypatch):
    start = many_starts("1/3 < r ≤ 1", 1000, 10)
    assert mismatches(start)[0] == 0
    for part, wrong in {
        "_count": lambda start: start.a * 0,
        "_descent": lambda now, start: now,
        "_transient": lambda now, start: (now, now.t + 1),
        "_after_short_steps": lambda y, r, n: y - n * r,
    }.items():
        with monkeypatch.context() as patched:
            patched.setattr(theory.model.limit, part, wrong)
            if part == "_after_short_steps":
                assert mismatches(many_starts("r > 1", 1000, 10))[0] > 0
            else:
                assert mismatches(start)[0] > 0


def test_the_simulators_agree():
    """Many starts at once on the normalised map, and one problem after another in the space."""
    start = many_starts("1/3 < r ≤ 1", 20, 5)
    followed = follow_many(start)
    for i in range(20):
        scale = 3 * int(start.unit[i])
        numbers = (sp.Rational(int(x[i]), scale) for x in start[:3])
        one = follow(problem(*numbers))
        names = ("T", "short_steps", "first_sign_change", "cycle_start")
        if not followed["tied"][i]:
            assert [one.T, one.count, one.first_sign_change, one.cycle_start] == [
                followed[name][i] for name in names
            ]


ROOT, SEVENTH = Surd.sqrt(Fraction(2)), Fraction(1, 7)


@pytest.mark.parametrize(
    ("a", "b", "r", "ties"),
    [
        (2, ROOT, 1, True),  # a reaches 0
        (ROOT, ROOT + Fraction(7, 3), 1, True),
        (ROOT, ROOT + Fraction(1, 4), 1, False),
        (ROOT, -ROOT + Fraction(1, 4), 1, False),
        (SEVENTH, Fraction(1, 2), SEVENTH, False),
        (SEVENTH, Fraction(2, 7), SEVENTH, True),
        (SEVENTH, ROOT, ROOT, False),
        (SEVENTH, ROOT + SEVENTH, ROOT, True),
        (SEVENTH, ROOT / 2 + SEVENTH, ROOT, False),
    ],
)
def test_where_ties_may_be(a, b, r, ties):
    a, b, r = map(Surd.of, (a, b, r))
    assert may_tie(a, b, r) is ties
    assert may_tie(-a, b, r) is ties
    assert may_tie(a, -b, r) is ties


def test_the_closed_form_does_not_depend_on_the_length_of_the_orbit():
    """Figure 4.7 with a learning rate of 10⁻⁸: some 6 × 10⁸ iterations until T."""
    figure = figure_4_7().problem
    tiny = LinearProblem(
        figure.sigma_tilde_sq,
        figure.w_star_tilde,
        figure.w0_tilde,
        sp.Rational(1, 10**8),
        figure.epsilon,
        figure.irrelevant,
    )
    limit = signgd_limit(tiny)
    assert pytest.approx(638 * 10**6, rel=0.01) == limit.T
    # T = ⌊|a(0)| + ⅔ count⌋, by 30-digit arithmetic on the printed numbers.
    with mpmath.workdps(30):
        a0 = mpmath.mpf("4.99") / mpmath.sqrt(3) * 10**8
        assert mpmath.floor(a0 + mpmath.mpf(2 * limit.count) / 3) == limit.T
    assert abs(adversarial_risk_ratio(tiny) - adversarial_risk_ratio(figure)) < 0.01


@pytest.mark.parametrize("d", [4, 5])
def test_sizes_that_need_other_surds(d):
    other = LinearProblem.of([1] * d, [0] * d, [1] * d, 1)
    with pytest.raises(NotRepresentableError):
        PopulationSignGD(other)


def test_gd_limit_by_iteration():
    setting = LinearProblem.of([1, "3/2", 0], [0, 0, 0], [1, -2, 3], 1)
    assert gd_limit(setting) == (0, 0, 3)
    late = [
        gd_error(e, s, setting.eta, 200)
        for s, e in zip(setting.sigma_tilde_sq, setting.e0_tilde, strict=True)
    ]
    # Factors 0, −1/2 and 1: what is left after 200 steps is at most 2·2⁻²⁰⁰.
    for end, limit in zip(late, gd_limit(setting), strict=True):
        assert abs(end - limit) <= sp.Rational(2, 2**200)


def test_gd_without_a_limit_names_the_frequency():
    with pytest.raises(ValueError, match="GD does not converge along frequency 1"):
        gd_limit(LinearProblem.of([1, 2, 0], [0, 0, 0], [1, 1, 1], 1))


def test_risks_at_the_target_and_beside_it():
    setting = LinearProblem.of([4, 1, 0], [3, 4, 0], [0, 0, 0], 1, epsilon=2)
    at_target = risks_at(setting, (sp.Integer(0),) * 3)
    assert at_target.standard == 0
    assert at_target.adversarial == 50  # ½ ε² ‖w*‖² = ½ · 4 · 25
    assert risks_at(setting, (sp.Integer(1), sp.Integer(2), sp.Integer(5))).standard == 4  # (4+4)/2
