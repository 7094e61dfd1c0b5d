from fractions import Fraction

import hypothesis.strategies as st
import pytest
import sympy as sp
from hypothesis import given, settings

from tests.theory.strategies import positive_rationals, problems, rationals
from theory.logic.exact import Surd, holds, surd, value_of
from theory.model.dct import dct_matrix
from theory.model.dynamics import (
    NormalisedState,
    denormalise,
    gd_contraction,
    gd_converges_to,
    gd_error,
    gd_step,
    normalise,
    normalised_step,
    signgd_step,
    signgd_step_frequency,
)
from theory.model.orbit import PopulationSignGD

a, b, c = sp.symbols("a b c", real=True)
r = sp.Symbol("r", positive=True)
SYMBOLIC = normalised_step(NormalisedState(a, b, c), r)


def by_exact(state, ratio):
    """One normalised step in the arithmetic of theory.logic.exact."""
    at = dict(zip((a, b, c, r), (*state, ratio), strict=True))
    return tuple(value_of(x, at) for x in SYMBOLIC)


def surds_of(values):
    return tuple(surd(sp.expand(v)) for v in values)


def normalised_by_hand(e_tilde, ratio, eta):
    """The definition of a, b, c, without theory.model.dynamics."""
    e0, e1, e2 = e_tilde
    root = {n: Surd.sqrt(n) for n in (2, 3, 6)}
    return e0 * root[3] / 3 / eta, ratio * e1 * root[2] / 2 / eta, e2 * root[6] / 2 / eta


def spatial_route(problem):
    """C × (spatial step) of the start."""
    C = dct_matrix(problem.d)
    e = (C.T * sp.Matrix(problem.e0_tilde)).applyfunc(sp.expand)
    Sigma = (C.T * sp.diag(*problem.sigma_tilde_sq) * C).applyfunc(sp.expand)
    gradient = (Sigma * e).applyfunc(sp.expand)
    assert signgd_step(e, Sigma, problem.eta) == e - problem.eta * (Sigma * e).applyfunc(sp.sign)
    signs = sp.Matrix([surd(g).sign() for g in gradient])
    return surds_of(C * (e - problem.eta * signs))


@given(st.sampled_from([2, 3]).flatmap(problems))
@settings(max_examples=30)
def test_frequency_step_is_the_transformed_spatial_step(problem):
    after = signgd_step_frequency(sp.Matrix(problem.e0_tilde), problem.sigma_tilde_sq, problem.eta)
    assert surds_of(after) == spatial_route(problem)


@given(problems())
@settings(max_examples=30)
def test_exact_simulator_and_normalised_map_agree_step_for_step(problem):
    ratio = surd(problem.sigma_tilde_sq[1] / problem.sigma_tilde_sq[0])
    eta = surd(problem.eta)
    trajectory = PopulationSignGD(problem).trajectory(12)
    state = normalised_by_hand(trajectory[0], ratio, eta)
    for e_tilde in trajectory:
        assert normalised_by_hand(e_tilde, ratio, eta) == state
        state = by_exact(state, ratio)


@pytest.mark.parametrize(
    ("start", "signs"),
    [
        ((0, 0, 1), (0, 0, 0)),  # everything at rest
        ((0, 1, 1), (1, 0, -1)),
        ((1, 1, 1), (1, 1, 0)),  # tie A = B
        ((1, -1, 0), (0, 1, 1)),  # tie A = −B
        ((-1, 1, 0), (0, -1, -1)),
        ((-2, 0, 0), (-1, -1, -1)),
    ],
)
def test_ties_and_zeros(start, signs):
    plus, middle, minus = signs
    after = by_exact(tuple(map(Surd.of, start)), Surd.of(1) / 4)
    assert after[0] == start[0] - Fraction(plus + middle + minus, 3)
    assert after[1] == start[1] - Fraction(plus - minus, 8)
    assert after[2] == start[2] - Fraction(plus - 2 * middle + minus, 2)


@given(problems())
@settings(max_examples=20)
def test_normalisation_commutes_with_the_step(problem):
    ratio = problem.sigma_tilde_sq[1] / problem.sigma_tilde_sq[0]
    general = signgd_step_frequency(
        sp.Matrix(problem.e0_tilde), problem.sigma_tilde_sq, problem.eta
    )
    first_step = normalise(tuple(general), ratio, problem.eta)
    state = normalise(problem.e0_tilde, ratio, problem.eta)
    assert surds_of(first_step) == surds_of(normalised_step(state, ratio))
    assert surds_of(denormalise(state, ratio, problem.eta)) == surds_of(problem.e0_tilde)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda s: (s[0] + Surd.of(1) / 10**9, s[1], s[2]),
        lambda s: (s[0], -s[1], s[2]),
        lambda s: (s[0], s[1], s[2] * 2),
    ],
)
def test_a_wrong_coefficient_is_noticed(wrong):
    """The comparison of the simulator with the map tells a slightly wrong state apart."""
    state = (Surd.of(7) / 3, Surd.of(5), Surd.of(1))
    assert wrong(by_exact(state, Surd.of(1))) != by_exact(state, Surd.of(1))


@given(rationals, positive_rationals, positive_rationals, st.integers(0, 8))
def test_gd_closed_form_is_the_iterated_step(e0, variance, eta, t):
    e = e0
    for _ in range(t):
        e = gd_step(e, variance, eta)
    assert gd_error(e0, variance, eta, t) == e
    if e0 != 0 and e != 0:
        assert gd_error(e0, variance, eta, t + 1) != e  # variance > 0: it moves


def test_gd_step_takes_matrices():
    e, Sigma = sp.Matrix([1, 2]), sp.Matrix([[2, 1], [1, 3]])
    assert gd_step(e, Sigma, sp.Rational(1, 2)) == sp.Matrix([-1, sp.Rational(-3, 2)])


def limit_by_iteration(e0, factor):
    """Limit of factorᵗ e0: 0, e0 or None, from 400 iterations.

    The strategies draw |factor| with denominators of at most 144, so |factor| is 1 or differs from
    it by at least 1/144, and 400 steps change the size by e^(±2.7) at least.
    """
    late = e0 * factor**400
    if late == e0 and e0 * factor**401 == e0:
        return e0
    return sp.Integer(0) if abs(late) < abs(e0) / 10 else None


@given(rationals, positive_rationals | st.just(sp.Integer(0)), positive_rationals, rationals)
def test_convergence_condition_agrees_with_iteration(e0, variance, eta, other):
    limit = limit_by_iteration(e0, gd_contraction(variance, eta))
    for candidate in {sp.Integer(0), e0, other}:
        claimed = holds(gd_converges_to(candidate, e0, variance, eta), {})
        assert claimed == (limit is not None and candidate == limit)


def test_edge_of_convergence():
    one = sp.Integer(1)
    assert holds(gd_converges_to(sp.Integer(0), one, one, sp.Rational(199, 100)), {})
    assert not holds(gd_converges_to(sp.Integer(0), one, one, sp.Integer(2)), {})
    assert not holds(gd_converges_to(one, one, one, sp.Integer(2)), {})
