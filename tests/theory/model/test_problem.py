import re

import pytest
import sympy as sp

from theory.model.problem import LinearProblem

GOOD = {
    "sigma_tilde_sq": ["0.01", 0.0025, 0],
    "w_star_tilde": [5, 10, 0],
    "w0_tilde": ["0.01", "-0.01", "0.02"],
    "eta": "0.01",
}


def problem(**changes):
    return LinearProblem.of(**{**GOOD, **changes})


def test_accepted():
    p = problem()
    assert p.sigma_tilde_sq == (sp.Rational(1, 100), sp.Rational(1, 400), 0)
    assert p.e0_tilde == (sp.Rational(-499, 100), sp.Rational(-1001, 100), sp.Rational(1, 50))
    assert (p.d, p.epsilon, p.irrelevant, p.relevant) == (3, sp.sqrt(2), frozenset({2}), (0, 1))


def test_zero_variance_at_dc_is_relevant():
    assert problem(sigma_tilde_sq=[0, 0, 1]).irrelevant == frozenset({1})


def test_a_relevant_frequency_may_have_no_energy():
    assert problem(irrelevant=()).relevant == (0, 1, 2)


@pytest.mark.parametrize(
    ("eta", "unstable"), [("199.9", ()), (200, (0,)), (799, (0,)), (800, (0, 1))]
)
def test_unstable_frequencies_start_at_two(eta, unstable):
    assert problem(eta=eta).unstable_frequencies() == unstable


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sigma_tilde_sq": [1, -1, 0]}, "sigma_tilde_sq[1]: expected a variance >= 0, got -1"),
        ({"sigma_tilde_sq": []}, "sigma_tilde_sq: expected at least one variance, got none"),
        ({"sigma_tilde_sq": "0.01"}, "sigma_tilde_sq: expected a sequence of numbers, got '0.01'"),
        ({"sigma_tilde_sq": 3}, "sigma_tilde_sq: expected a sequence of numbers, got 3"),
        ({"sigma_tilde_sq": [1, "1/0", 0]}, "sigma_tilde_sq[1]: expected an exact real number"),
        ({"w_star_tilde": [1, 2]}, "w_star_tilde: expected 3 entries, one for each entry"),
        ({"w0_tilde": [1, 2, 3, 4]}, "w0_tilde: expected 3 entries, one for each entry"),
        ({"w0_tilde": [1, 2, True]}, "w0_tilde[2]: expected an exact real number"),
        ({"w0_tilde": [1, sp.Symbol("x"), 3]}, "w0_tilde[1]: expected an exact real number"),
        ({"w0_tilde": [1j, 1, 3]}, "w0_tilde[0]: expected an exact real number"),
        ({"w0_tilde": [1, float("nan"), 3]}, "w0_tilde[1]: expected a finite real number, got nan"),
        ({"eta": 0}, "eta: expected a learning rate > 0, got 0"),
        ({"eta": "-1/2"}, "eta: expected a learning rate > 0, got -1/2"),
        ({"eta": float("inf")}, "eta: expected a finite real number, got inf"),
        ({"eta": "fast"}, "eta: expected an exact real number"),
        ({"epsilon": "-sqrt(2)"}, "epsilon: expected a radius >= 0, got -sqrt(2)"),
        ({"irrelevant": [0]}, "irrelevant: expected indices from 1 on, got 0"),
        ({"irrelevant": [1]}, "variance 0 at the irrelevant frequency 1, got sigma_tilde_sq[1] ="),
        ({"irrelevant": [3]}, "irrelevant: expected indices from 1 to 2, got 3"),
        ({"irrelevant": [-1]}, "irrelevant: expected indices from 1 to 2, got -1"),
        ({"irrelevant": [2.0]}, "irrelevant: expected indices from 1 to 2, got 2.0"),
        ({"irrelevant": ["2"]}, "irrelevant: expected indices from 1 to 2, got '2'"),
        ({"irrelevant": [True]}, "irrelevant: expected indices from 1 to 2, got True"),
    ],
)
def test_refused(changes, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        problem(**changes)


def test_the_constructor_checks_too():
    good = problem()
    with pytest.raises(ValueError, match="eta: expected a learning rate > 0"):
        LinearProblem(
            good.sigma_tilde_sq, good.w_star_tilde, good.w0_tilde, sp.Integer(0), good.epsilon,
            good.irrelevant,
        )  # fmt: skip
