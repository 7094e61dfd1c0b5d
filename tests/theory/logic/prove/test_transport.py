"""Statements come back from another process as they were sent, also what sympy would evaluate."""

from threading import Lock

import pytest
import sympy as sp
from sympy.core.function import UndefinedFunction

from theory.claims import all_claims
from theory.logic.evidence import Argument
from theory.logic.prove import transport
from theory.logic.prove.transport import (
    NotComputedError,
    pack_answer,
    pack_question,
    unpack_answer,
    unpack_question,
)

x, y = sp.symbols("x y", real=True)
n = sp.Symbol("n", integer=True, positive=True)
a, b = sp.symbols("a b", commutative=False)
f, g = sp.Function("f", real=True), sp.Function("g")
C = sp.MatrixSymbol("C", 3, 3)
with sp.evaluate(False):
    AS_WRITTEN = [x + x, x / x, abs(x) ** 2, sp.sqrt(4), sp.Integer(2) + 3, sp.floor(n)]

EXPRESSIONS = [
    *AS_WRITTEN,
    sp.Eq(x, x, evaluate=False),
    sp.Ne(1, 1, evaluate=False),
    sp.Not(x > 0, evaluate=False),
    sp.And(x > 0, sp.true, evaluate=False),
    sp.Equivalent(x > 0, y > 0, evaluate=False),
    sp.Or(x > 0, sp.Implies(y > 0, sp.Xor(x > 1, y > 1))),
    sp.ITE(x > 0, y > 0, x > 1),
    sp.Max(x, y) + sp.Min(x, y, 2),
    sp.Piecewise((x, x > 0), (x, True), evaluate=False),
    sp.floor(sp.sqrt(2) + x) * sp.ceiling(x / 2),
    sp.exp(x) + sp.E + sp.pi * sp.I + sp.Float("1.5", 30) + sp.Rational(3, 7),
    sp.Tuple(sp.oo, sp.nan, sp.zoo, sp.true, sp.EmptySet),
    f(x) + g(y, x) + sp.Derivative(g(x), x),
    sp.Sum(n, (n, 1, 5)) + sp.gamma(n) + sp.Mod(n, 2),
    a * b * a,
    sp.Dummy("d") ** 2,
    C * C.T + C.inv() + sp.Identity(3),
    sp.Matrix([[x, y], [1, 2]]).as_immutable(),
]


def assert_same(one, other):
    assert one == other
    assert hash(one) == hash(other)
    assert type(one) == type(other)  # noqa: E721 - classes of undefined functions are equal
    if isinstance(one, sp.Basic):
        assert sp.srepr(one) == sp.srepr(other)
        assert getattr(one, "__dict__", {}) == getattr(other, "__dict__", {})
        for name in transport._slots(type(one)):
            assert getattr(one, name, None) == getattr(other, name, None)
        for part, other_part in zip(one.args, other.args, strict=True):
            assert_same(part, other_part)


def sent(*args):
    return unpack_question(pack_question(len, args)[0])[1]


@pytest.mark.parametrize("expr", EXPRESSIONS, ids=str)
def test_an_expression_arrives_as_it_is(expr):
    assert_same(expr, sent(expr)[0])


def test_what_is_sent_comes_back_as_the_same_object():
    symbol = sp.Dummy("x", real=True)
    statement = (symbol > 0, x)
    data, shared = pack_question(len, (statement,))
    _, (arrived,), theirs = unpack_question(data)
    answer = pack_answer([arrived, {sp.Symbol("x", real=True): 1, arrived[0].lhs: 2}], theirs)
    back, at = unpack_answer(answer, shared)
    assert back is statement
    assert [s is known for s, known in zip(at, (x, symbol), strict=True)] == [True, True]


def test_all_statements_of_the_ledger_arrive_as_they_are():
    arguments = [part for claim in all_claims() for part in (claim.published, claim.corrected)]
    for argument in arguments:
        if isinstance(argument, Argument):
            for obligation in argument.obligations.values():
                statement = obligation.statement
                (arrived,) = sent(statement)
                assert arrived == statement


def test_a_class_of_ones_own_arrives_as_a_stand_in():
    class Own(sp.Function):
        @classmethod
        def eval(cls, arg):
            raise AssertionError("its code is not called")

    class Other(sp.Abs):
        pass

    Twin = UndefinedFunction("Own", (Own,))
    one = sp.Basic.__new__(Own, x)
    arrived, again, twin, other = sent(one, one + 1, Twin, sp.Basic.__new__(Other, x))
    assert str(arrived) == str(one)
    assert isinstance(arrived, sp.Function)
    assert arrived.func is not Own
    assert arrived in again.args
    assert twin is not arrived.func
    assert isinstance(other, sp.Abs)
    assert sent(one)[0] == arrived


@pytest.mark.parametrize("part", [lambda: 0, (x, Lock()), (x > 0, memoryview(b""))])
def test_what_cannot_be_sent_is_told(part):
    with pytest.raises(NotComputedError, match="cannot be handed to another process"):
        pack_question(len, (part,))
