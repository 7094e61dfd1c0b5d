"""What the solver proves, leaves open and names; names and assumptions are safe with it."""

import pytest
import sympy as sp
from sympy import And, Eq, Ne

from theory.logic.findings import Status
from theory.logic.prove import settle, smt
from theory.logic.statements import Possible, Statement

x, y = sp.symbols("x y", real=True)
p = sp.Symbol("p", positive=True)
n, m = sp.symbols("n m", integer=True)
root2, root3 = sp.sqrt(2), sp.sqrt(3)


# A sum of three cubes: whether 114 is one is an open question.
HARD = Ne(n**3 + m**3 + sp.Symbol("k", integer=True) ** 3, 114)


def test_a_tiny_timeout_leaves_a_hard_question_open():
    result = smt.settle(Statement(HARD), 1e-3)
    assert result.status is Status.UNKNOWN
    assert "gave up" in result.explanation


@pytest.mark.parametrize("timeout", [float("inf"), 1e12])
def test_a_long_timeout_is_no_error(timeout):
    assert smt.settle(Statement(x**2 + x + 1 > 0), timeout).status is Status.PROVED


@pytest.mark.parametrize(
    ("formula", "construct"),
    [
        (sp.exp(x) > x, "exp(x)"),
        (2**n > n, "2**n"),
        (sp.cbrt(p) > x, "p**(1/3)"),
        (x + sp.Float(0.5) > y, "0.5"),
        (sp.Xor(x > 0, y > 0), "(x > 0) ^ (y > 0)"),
        (sp.Q.positive(x), "Q.positive(x)"),
        (sp.Symbol("u") ** 2 > 1, "u is not declared real"),
        (sp.Mod(n, 2) < 2, "Mod(n, 2)"),
    ],
)
def test_unsupported_constructs_are_named(formula, construct):
    result = smt.settle(Statement(formula, (x > 0,)))
    assert result.status is Status.UNKNOWN
    assert construct in result.explanation
    as_hypothesis = smt.settle(Statement(x > 0, (formula,)))
    assert as_hypothesis.status is Status.UNKNOWN
    assert construct in as_hypothesis.explanation


def test_two_symbols_with_one_name_are_two():
    other = sp.Dummy("x", real=True)
    assert settle(Statement(Eq(other, x))).status is Status.REFUTED
    assert (
        settle(Statement(x + p > sp.Symbol("x", negative=True), (x > 0,))).status is Status.PROVED
    )
    assert settle(Statement(x > 0, (sp.Symbol("x", positive=True) > 1,))).status is Status.REFUTED


@pytest.mark.parametrize(
    "name",
    ["sqrt", "sqrt!", "sqrt!0", "sqrt!1", "pi", "pi!", "x!2", "x!3", "/0", "and", "a b", "λ'"],
)
def test_names_of_the_solver_are_free_to_use(name):
    """A symbol is none of the constants that stand for roots, π or namesakes."""
    own, twin = sp.Symbol(name, real=True), sp.Dummy(name, real=True)
    constants = root2 + sp.pi
    for order in ((x, own, twin), (own, x, twin), (own, twin, x)):
        given = [symbol >= 1 for symbol in order]
        for other in (root2, sp.pi, constants, x, twin, sp.Dummy("x", real=True)):
            assert smt.settle(Statement(Ne(own, other), tuple(given))).status is not Status.PROVED
        assert smt.settle(Statement(own + constants > 5, tuple(given))).status is Status.PROVED


def test_many_namesakes():
    twins = [sp.Dummy("x", real=True) for _ in range(4)]
    twins += [sp.Symbol("x" + "!" * k, real=True) for k in range(4)]
    for i, left in enumerate(twins):
        for right in twins[:i]:
            everyone = tuple(t >= 0 for t in twins)
            assert smt.settle(Statement(Ne(left, right), everyone)).status is not Status.PROVED


@pytest.mark.parametrize(
    ("assumptions", "formula"),
    [
        ({"prime": True}, lambda u: Ne(u, 4, evaluate=False)),
        ({"irrational": True}, lambda u: Ne(u, 2, evaluate=False)),
        ({"composite": True}, lambda u: Ne(u, 7, evaluate=False)),
        ({"integer": False, "real": True}, lambda u: Ne(u, 2, evaluate=False)),
        ({"nonzero": True, "real": True}, lambda u: Ne(u, 0, evaluate=False)),
        ({"even": True}, lambda u: Ne(u, 3, evaluate=False)),
        ({"positive": True}, lambda u: sp.Gt(u, 0, evaluate=False)),
    ],
)
def test_assumptions_are_never_broken_by_a_counterexample(assumptions, formula):
    u = sp.Symbol("u", **assumptions)
    assert settle(Statement(formula(u)), 1.0).status is not Status.REFUTED


def test_possible_both_ways():
    assert smt.settle_possible(Possible(And(x * y > 0, x < 0))).status is Status.PROVED
    assert smt.settle_possible(Possible(And(x * y > 0, x < 0, y > 0))).status is Status.REFUTED
    assert smt.settle_possible(Possible(And(1 / x > 1, Eq(x, 0)))).status is not Status.PROVED
