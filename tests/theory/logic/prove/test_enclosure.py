"""What interval arithmetic decides, and what it leaves open."""

import pytest
import sympy as sp
from sympy import And, Eq, Ne

from theory.logic.findings import Status
from theory.logic.prove import enclosure
from theory.logic.statements import Statement

half = sp.Rational(1, 2)
root2, root3 = sp.sqrt(2), sp.sqrt(3)
# √2 + √3 − √(5 + 2√6) = 0, which sympy does not see.
hidden_zero = root2 + root3 - sp.sqrt(5 + 2 * sp.sqrt(6))


def constant(relation, left, right):
    return Statement(relation(left, right, evaluate=False))


def test_enclosure_decides_both_ways():
    close = sp.Rational(141421356237309504880168872420969807856967187537694, 10**50)
    for relation, status in ((sp.Lt, Status.PROVED), (sp.Gt, Status.REFUTED)):
        assert enclosure.settle(constant(relation, close, root2)).status is status
    assert enclosure.settle(constant(Ne, close, root2)).status is Status.PROVED
    assert enclosure.settle(constant(Eq, close, root2)).status is Status.REFUTED


@pytest.mark.parametrize("relation", [sp.Lt, sp.Le, sp.Gt, sp.Ge, Eq, Ne])
def test_enclosure_of_equals_decides_nothing(relation):
    result = enclosure.settle(constant(relation, hidden_zero, sp.Integer(0)))
    assert result.status is Status.UNKNOWN
    assert "contains 0" in result.explanation


@pytest.mark.parametrize("power", [-1, -2, -3, -4, -half, -3 * half, half])
def test_enclosure_of_an_undefined_power_decides_nothing(power):
    statement = constant(sp.Gt, hidden_zero**power + 1, sp.Integer(0))
    assert enclosure.settle(statement).status is Status.UNKNOWN


def test_enclosure_of_a_conjunction():
    true, false = sp.Lt(1, root2, evaluate=False), sp.Lt(root2, 1, evaluate=False)
    for part, status in ((true, Status.PROVED), (false, Status.REFUTED)):
        both = And(part, sp.Lt(root2, 2, evaluate=False), evaluate=False)
        assert enclosure.settle(Statement(both)).status is status
