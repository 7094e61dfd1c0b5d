"""Points that meet conditions, where some conditions define symbols."""

from fractions import Fraction
from itertools import islice

import sympy as sp

from theory.logic.prove.points import Points, random_choice
from theory.logic.statements import equal

a, b, c = sp.symbols("a b c", real=True)
n = sp.Symbol("n", integer=True)
p = sp.Symbol("p", positive=True)


def drawn(symbols, *conditions, times=20):
    points, choose = Points(symbols, conditions), random_choice()
    return points, [point for _ in range(times) if (point := points.draw(choose)) is not None]


def test_defined_symbols_are_computed_in_the_order_of_their_definitions():
    _, found = drawn((c, b, a), equal(c, b + sp.sign(b)), equal(b, 2 * a - 1), a > 0)
    assert len(found) == 20
    for z, y, x in found:
        assert x > 0
        assert y == 2 * x - 1
        assert z == y + (y > 0) - (y < 0)


def test_a_circle_of_definitions_is_an_equation_to_solve():
    _, found = drawn((a, b), equal(a, b + 1), equal(b, 3 - a))
    assert set(found) == {(2, 1)}


def test_a_defined_symbol_is_as_declared():
    _, found = drawn((n, a), equal(n, a / 2), a > 0, times=60)
    assert len(found) > 30
    assert all(x > 0 and Fraction(m).denominator == 1 and 2 * m == x for m, x in found)
    _, none = drawn((p, a), equal(p, -abs(a)))
    assert none == []


def test_points_elsewhere_do_not_meet_a_definition():
    points, _ = drawn((a, b), equal(b, a + 1))
    assert points.are_met((1, 2))
    assert not points.are_met((1, 3))


def test_neighbours_and_simplified_points_keep_definitions():
    points, found = drawn((a, b), equal(b, a / 3 + 1), a > 5)
    for point in found[:5]:
        assert points.are_met(points.simplified(point))
        near = list(islice(points.nearby(point, random_choice(1)), 10))
        assert near
        assert all(points.are_met(other) and other != point for other in near)
