from fractions import Fraction
from math import ceil

import hypothesis.strategies as st
import pytest
import sympy as sp
from hypothesis import assume, example, given, settings

from tests.theory.strategies import fractions, positive_fractions
from theory.logic.exact import Surd, holds
from theory.model.regions import P_PARTITION, R_PARTITION, in_P31, in_P41, in_P42

a, b = sp.symbols("a b", real=True)
r = sp.Symbol("r", positive=True)
SYMBOLIC = {
    name: predicate(a, b, r)
    for name, predicate in {
        **R_PARTITION, **P_PARTITION, "P31": in_P31, "P41": in_P41, "P42": in_P42,
    }.items()
}  # fmt: skip
THIRD = Fraction(1, 3)


def member(name, x, y, ratio):
    return holds(SYMBOLIC[name], {a: Surd.of(x), b: Surd.of(y), r: Surd.of(ratio)})


def multiples(y, ratio, parity):
    """All k of a parity for which |y + k ratio| could be below 1."""
    reach = ceil((abs(y) + 1) / ratio) + 2
    return (k for k in range(-reach, reach + 1) if k % 2 == parity)


def by_enumeration(x, y, ratio):
    """Membership in R31, R32, R33 and R34 by trying every k."""
    R3 = abs(x) < THIRD
    R31 = R3 and abs(x) > abs(y)
    R32 = R3 and any(abs(x) > abs(y + k * ratio) for k in multiples(y, ratio, 0) if k)
    R33 = R3 and any(abs(x) + abs(y + k * ratio) < THIRD for k in multiples(y, ratio, 1))
    return {"R31": R31, "R32": R32, "R33": R33, "R34": R3 and not (R31 or R32 or R33)}


# |a| < 1/3 with denominators that put |b + kr| on the edges often.
inner = st.builds(Fraction, st.integers(-12, 12), st.just(36)) | st.builds(
    Fraction, st.integers(-7, 7), st.just(24)
)


@given(inner, fractions, positive_fractions.filter(lambda q: q <= 4))
@settings(max_examples=300)
@example(Fraction(1, 4), Fraction(1, 4), Fraction(1, 4))
@example(Fraction(1, 4), Fraction(1), Fraction(3, 8))  # |b − 2r| = |a|
@example(Fraction(1, 12), Fraction(1), Fraction(3, 4))  # |a| + |b − r| = 1/3
@example(Fraction(0), Fraction(0), Fraction(1, 3))
@example(Fraction(0), Fraction(-2), Fraction(1))
@example(Fraction(1, 4), Fraction(0), Fraction(1, 100))  # k = 0 does not count for R32, others do
def test_unions_over_k_by_enumeration(x, y, ratio):
    expected = by_enumeration(x, y, ratio)
    assert {name: member(name, x, y, ratio) for name in expected} == expected


def test_boundaries_are_outside():
    assert not member("R32", Fraction(1, 4), Fraction(1), Fraction(3, 8))
    assert member("R32", Fraction(1, 4), Fraction(99, 100), Fraction(3, 8))
    assert not member("R33", Fraction(1, 12), Fraction(1), Fraction(3, 4))
    assert member("R33", Fraction(1, 12), Fraction(99, 100), Fraction(3, 4))


def test_k_zero_counts_in_neither_union():
    assert not member("R32", Fraction(1, 4), Fraction(0), Fraction(1))
    assert not member("R33", Fraction(1, 12), Fraction(0), Fraction(1))


# On these lines points belong to no region, or the definitions meet.
def is_generic(x, y, ratio):
    edges = [abs(x) - q for q in (0, THIRD, 2 * THIRD, 1)]
    edges += [abs(x + k) - abs(y) for k in (-1, 0, 1)]
    return all(edges)


@given(st.builds(Fraction, st.integers(-35, 35), st.just(36)), fractions, positive_fractions)
@settings(max_examples=300)
def test_the_nine_regions_cover_generic_points(x, y, ratio):
    assume(is_generic(x, y, ratio))
    assert any(member(name, x, y, ratio) for name in R_PARTITION)


@given(st.builds(Fraction, st.integers(-35, 35), st.just(36)), fractions, positive_fractions)
@settings(max_examples=200)
def test_only_the_unions_overlap(x, y, ratio):
    inside = {name for name in R_PARTITION if member(name, x, y, ratio)}
    assert len(inside) <= 1 or inside <= {"R31", "R32", "R33"}


@pytest.mark.parametrize(
    ("point", "regions"),
    [
        # For small r some multiple of r is near b, so regions of the partition overlap.
        ((Fraction(1, 4), Fraction(1, 8), Fraction(1, 10)), {"R31", "R32", "R33"}),
        ((Fraction(1, 4), Fraction(1, 8), Fraction(10)), {"R31"}),
        ((Fraction(1, 2), Fraction(11, 20), Fraction(1)), {"R21"}),
        ((Fraction(11, 20), Fraction(1, 2), Fraction(1)), {"R23"}),
        ((Fraction(9, 20), Fraction(2, 5), Fraction(1)), {"R22"}),
    ],
)
def test_points(point, regions):
    assert {name for name in R_PARTITION if member(name, *point)} == regions


@given(fractions, fractions, positive_fractions)
@settings(max_examples=200)
def test_starts_lie_in_one_region_off_the_edges(x, y, ratio):
    """P1 to P6 are disjoint, and for r ≠ 1/3 off their edges they cover the plane."""
    x, y, size = abs(x), abs(y), abs(y)
    inside = [name for name in P_PARTITION if member(name, x, y, ratio)]
    assert len(inside) <= 1
    line = (size + 3 * ratio - 1) / (3 * ratio) if ratio > THIRD else size
    if ratio != THIRD and x != 1 and y != 1 and x != line:
        assert len(inside) == 1


@given(fractions, fractions, positive_fractions)
def test_signs_do_not_matter(x, y, ratio):
    for name in SYMBOLIC:
        assert (
            member(name, x, y, ratio) == member(name, -x, -y, ratio) == member(name, -x, y, ratio)
        )


@given(fractions, fractions, positive_fractions)
def test_subregions_lie_inside(x, y, ratio):
    assert not member("P31", x, y, ratio) or member("P3", x, y, ratio)
    for name in ("P41", "P42"):
        assert not member(name, x, y, ratio) or member("P4", x, y, ratio)
    assert not (member("P41", x, y, ratio) and member("P42", x, y, ratio))
