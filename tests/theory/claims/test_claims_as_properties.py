"""Every statement that the ledger proves, as a property over exact numbers.

Hypothesis draws the bytes from which points are built: ties, boundaries and solutions of equations
are likely (:mod:`theory.logic.prove.points`). One example of hypothesis holds ``BATCH`` points;
only points that satisfy the hypotheses count, and a claim's statements are put to ``POINTS`` of
them together. What has no exact value (π, exp, roots of symbols) is evaluated in intervals, and
matrices of any size as 2 × 2.
"""

import random
import struct
from fractions import Fraction
from functools import cache
from itertools import chain, islice
from math import prod

import hypothesis
import hypothesis.strategies as st
import pytest
import sympy as sp
from hypothesis import given, settings

from theory.claims import all_claims
from theory.logic.compiled import Program
from theory.logic.evidence import Argument
from theory.logic.exact import NotRepresentableError, Surd, holds
from theory.logic.findings import Status
from theory.logic.prove import enclosure, matrix
from theory.logic.prove.points import Points, conjuncts
from theory.logic.statements import Statement, equal

POINTS = 1000
BATCH = 25
NEARBY = 50  # points taken near one that meets the hypotheses; ten times where these are rare
TRIES = 4  # draws for each point that is wanted
HOPELESS = 40  # draws without a tenth of them meeting the hypotheses, after which no more are made


def _statements(claim):
    """Statements that together prove the claim as published, or as corrected."""
    arguments = [claim.corrected]
    if claim.expects is Status.PROVED:
        arguments.append(claim.published)
    for argument in arguments:
        if isinstance(argument, Argument):
            for obligation in argument.sufficient:
                if isinstance(obligation.statement, Statement):
                    yield obligation.name, obligation.statement


CLAIMS = {claim.id: claim for claim in all_claims()}
OF_AN_ORBIT = ("F4.7-phases.1", "F4.7-phases.3")  # one, exact, and no statement about values
OF_WHAT_HOLDS = [
    claim.id
    for claim in CLAIMS.values()
    if (claim.expects is Status.PROVED or claim.correction) and claim.id not in OF_AN_ORBIT
]


def choices_from(data):
    """A source of choices that are read off some bytes, and mixed from them thereafter."""
    numbers = iter(struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2]))
    more = random.Random(data)

    def choose(n):
        number = next(numbers, None)
        return more.randrange(n) if number is None else number * n >> 16

    return choose


class Tally:
    """What came out at the points: how many met the hypotheses, and which broke the conclusion."""

    def __init__(self):
        self.met = self.drawn = 0
        self.broken = []


def by_hypothesis(size, draw, enough):
    """Let hypothesis draw batches of points, each of ``size`` bytes at first, until enough."""
    tally = Tally()

    @settings(
        max_examples=-(-TRIES * enough // BATCH),
        derandomize=True,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @given(st.binary(min_size=size * BATCH, max_size=size * BATCH))
    def batch(data):
        for k in range(BATCH):
            hopeless = tally.drawn >= HOPELESS and tally.met * 10 < tally.drawn
            if tally.met >= enough or tally.broken or hopeless:
                return
            tally.drawn += 1
            draw(choices_from(data[k * size : (k + 1) * size]), tally)

    batch()
    return tally


def exactly(statement, enough):
    """Evaluate the conclusion in exact arithmetic at points that meet the hypotheses."""
    points = Points(statement.symbols, statement.hypotheses)
    program = Program(statement.symbols)
    conclusion = program.add(statement.conclusion)

    def draw(choose, tally):
        first = points.draw(choose)
        if first is None:
            return
        # Points that meet hypotheses are dear: take others that meet them on a walk from there.
        others = _walk(points, first, choose) if statement.hypotheses else ()
        near = 10 * NEARBY if tally.met * 10 < tally.drawn - 10 else NEARBY
        for point in islice(chain([first], others), min(near, enough - tally.met)):
            try:
                met = conclusion(program.frame(point))
            except NotRepresentableError:
                continue
            tally.met += 1
            if not met:
                tally.broken.append(dict(zip(statement.symbols, point, strict=True)))

    return by_hypothesis(4 * len(statement.symbols) + 4, draw, enough)


def _walk(points, point, choose):
    """Neighbours of a point, then those of the last of them, and so on."""
    while point is not None:
        last = None
        for last in points.nearby(point, choose):
            yield last
        point = last


def in_intervals(statement, enough):
    """Look for points at which, certainly, the hypotheses hold and the conclusion does not."""
    rational = [p for h in statement.hypotheses for p in conjuncts(h) if _is_rational(p)]
    points = Points(statement.symbols, rational)

    def draw(choose, tally):
        point = points.draw(choose)
        if point is None or any(isinstance(value, Surd) for value in point):
            return
        at = dict(zip(statement.symbols, point, strict=True))
        try:
            if not all(h in rational or enclosure.truth(h, at) for h in statement.hypotheses):
                return
            verdict = enclosure.truth(statement.conclusion, at)
        except (ValueError, OverflowError):
            return
        tally.met += 1
        if verdict is False:
            tally.broken.append(at)

    return by_hypothesis(4 * len(statement.symbols) + 4, draw, enough)


def _is_rational(formula):
    return not formula.has(sp.pi, sp.exp, sp.sin, sp.cos, sp.log, sp.gamma) and not any(
        p.exp.free_symbols or (p.exp.q != 1 and p.base.free_symbols) for p in formula.atoms(sp.Pow)
    )


def of_matrices(statement, enough):
    """Evaluate equations between matrices, of any size in the statement, as 2 × 2."""
    conclusion = statement.conclusion
    equations = conclusion.args if isinstance(conclusion, sp.And) else (conclusion,)
    symbols = sorted(set().union(*(e.atoms(sp.MatrixSymbol) for e in equations)), key=str)
    scalars = [s for s in statement.symbols if s != matrix.d]

    def draw(choose, tally):
        at = {s: Fraction(choose(41) - 20, 1 + choose(4)) for s in scalars}
        at[matrix.d] = Fraction(2)
        for symbol in symbols:
            rows, columns = (int(_entries(n, at)) for n in symbol.shape)
            at[symbol] = [[Fraction(choose(11) - 5) for _ in range(columns)] for _ in range(rows)]
        at[matrix.C] = _orthogonal(choose)
        try:
            holds_there = all(_entries(e.lhs, at) == _entries(e.rhs, at) for e in equations)
        except (NotImplementedError, ZeroDivisionError):
            return
        tally.met += 1
        if not holds_there:
            tally.broken.append(at)

    return by_hypothesis(4 * len(scalars) + 8 * len(symbols) + 8, draw, enough)


def _orthogonal(choose):
    """A rotation or reflection with rational entries."""
    p, q, way = choose(9) - 4, 1 + choose(4), 1 - 2 * choose(2)
    n = p * p + q * q
    c, s = Fraction(p * p - q * q, n), Fraction(2 * p * q, n)
    return [[c, -s * way], [s, c * way]]


def _entries(expr, at):
    """Entries of a matrix expression as rows of fractions, or the value of a scalar."""
    if expr in at:
        return at[expr]
    match expr:
        case int():
            return Fraction(expr)
        case sp.Rational():
            return Fraction(int(expr.p), int(expr.q))
        case sp.matrices.expressions.transpose.Transpose():
            return [list(column) for column in zip(*_entries(expr.arg, at), strict=True)]
        case sp.Identity() | sp.ZeroMatrix():
            rows, columns = (int(_entries(n, at)) for n in expr.shape)
            one = Fraction(isinstance(expr, sp.Identity))
            return [[one * (i == j) for j in range(columns)] for i in range(rows)]
        case sp.HadamardProduct():
            tables = [_entries(part, at) for part in expr.args]
            return [
                [prod(x) for x in zip(*rows, strict=True)] for rows in zip(*tables, strict=True)
            ]
        case sp.MatMul() | sp.Mul():
            return _times([_entries(part, at) for part in expr.args])
        case sp.MatAdd() | sp.Add():
            first, *rest = (_entries(part, at) for part in expr.args)
            for other in rest:
                first = _plus(first, other)
            return first
        case sp.Pow() | sp.MatPow() if expr.exp.is_Integer:
            base, n = _entries(expr.base, at), int(expr.exp)
            return base**n if isinstance(base, Fraction) else _times([base] * n)
        case _ if hasattr(expr, "tolist"):
            return [[_entries(x, at) for x in row] for row in expr.tolist()]
    raise NotImplementedError(str(expr))


def _plus(a, b):
    if isinstance(a, Fraction):
        return a + b
    return [[x + y for x, y in zip(r, s, strict=True)] for r, s in zip(a, b, strict=True)]


def _times(factors):
    product = factors[0]
    for other in factors[1:]:
        if isinstance(product, Fraction) and isinstance(other, Fraction):
            product = product * other
        elif isinstance(product, Fraction) or isinstance(other, Fraction):
            scalar, table = (product, other) if isinstance(product, Fraction) else (other, product)
            product = [[scalar * x for x in row] for row in table]
        else:
            columns = list(zip(*other, strict=True))
            product = [
                [sum((x * y for x, y in zip(row, c, strict=True)), Fraction(0)) for c in columns]
                for row in product
            ]
    return product


@cache
def tally(statement, enough=POINTS):
    """The tally of a statement that is not about constants, by the way in which it has values."""
    if _has_matrices(statement):
        return of_matrices(statement, enough)
    if all(map(_is_rational, _formulas(statement))):
        return exactly(statement, enough)
    return in_intervals(statement, enough)


def _has_matrices(statement):
    return any(f.has(sp.MatrixExpr, sp.MatrixSymbol) for f in _formulas(statement))


def _formulas(statement):
    return (statement.conclusion, *statement.hypotheses)


def points_of(claim):
    """Put a claim's statements to points in equal shares; easy ones make up for hard ones."""
    statements = list(dict.fromkeys(statement for _, statement in _statements(CLAIMS[claim])))
    assert statements
    variable = [s for s in statements if s.symbols or _has_matrices(s)]
    share = -(-POINTS // max(1, len(variable)))
    tallies = {s: tally(s, share) for s in variable}
    missing = POINTS - sum(t.met for t in tallies.values())
    easy = [s for s in variable if tallies[s].met >= share]
    if missing > 0 and easy:
        tallies[easy[0]] = tally(easy[0], share + missing)
    return tallies


# Claims of which all statements are about constants, which the back ends evaluate, need no points.


@pytest.mark.parametrize("claim", OF_WHAT_HOLDS)
def test_no_exact_point_breaks_a_proved_statement(claim):
    tallies = points_of(claim)
    for statement, found in tallies.items():
        assert not found.broken, (str(statement), found.broken)
    assert not tallies or sum(found.met for found in tallies.values()) >= POINTS


x, y, z = sp.symbols("x y z", real=True)
p, q = sp.symbols("p q", positive=True)


@pytest.mark.parametrize(
    "statement",
    [
        Statement(sp.Abs(x) < sp.Abs(x) + sp.Abs(y)),
        Statement(equal(sp.sign(x), 1), (x >= 0,)),
        Statement(x < y, (sp.Eq(x + y, 2 * z), z <= y)),
        Statement(equal(x, p * q), (sp.Eq(x**2, p**2 * q**2),)),
        Statement(sp.Ne(x, sp.Rational(1, 3)), (x * 1000 > 333, x * 1000 < 334)),
        Statement(sp.pi * p > sp.Rational(22, 7) * p),
        Statement(sp.exp(x) < 1 + x, (x > 1,)),
        Statement(equal(sp.MatMul(matrix.C, matrix.C), sp.Identity(matrix.d))),
    ],
    ids=str,
)
def test_false_statements_are_broken_by_some_point(statement):
    assert tally(statement).broken


def test_points_agree_with_the_plain_evaluator():
    statement = Statement(sp.Max(x, p) + sp.floor(y / 2) <= sp.Abs(x * y) ** 2, (x < y + p,))
    points, at = Points(statement.symbols, statement.hypotheses), []
    by_hypothesis(16, lambda choose, _: at.append(points.draw(choose)), 100)
    program = Program(statement.symbols)
    conclusion = program.add(statement.conclusion)
    for point in filter(None, at):
        exact = {s: Surd.of(v) for s, v in zip(statement.symbols, point, strict=True)}
        assert all(holds(h, exact) for h in statement.hypotheses)
        assert conclusion(program.frame(point)) is holds(statement.conclusion, exact)
