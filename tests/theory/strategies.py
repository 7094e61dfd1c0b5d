"""Exact numbers and problems that several test files draw."""

from fractions import Fraction

import hypothesis.strategies as st
import sympy as sp

from theory.logic.exact import Surd
from theory.model.problem import LinearProblem

# Small denominators make ties and boundaries likely.
fractions = st.builds(Fraction, st.integers(-36, 36), st.sampled_from((1, 2, 3, 4, 6, 12)))
positive_fractions = st.builds(Fraction, st.integers(1, 36), st.sampled_from((1, 2, 3, 4, 6, 12)))
surds = st.builds(Surd, fractions, fractions, fractions, fractions)


def rational(value):
    return sp.Rational(value.numerator, value.denominator)


rationals = fractions.map(rational)
positive_rationals = positive_fractions.map(rational)


@st.composite
def problems(draw, d=3):
    """Problems with d frequencies, positive variances but for the last, and errors with surds.

    Errors are rational multiples of √3, √2 and √6, in which A and B of (4.16) are rational, so
    that ties and zeros of A, A + B and A − B occur.
    """
    variances = [draw(positive_rationals) for _ in range(d - 1)] + [sp.Integer(0)]
    units = [sp.sqrt(3), sp.sqrt(2), sp.sqrt(6)][:d]
    start = [draw(rationals) * unit for unit in units]
    eta = draw(positive_rationals)
    return LinearProblem(
        tuple(variances), (sp.Integer(0),) * d, tuple(start), eta, sp.Integer(1), frozenset({d - 1})
    )
