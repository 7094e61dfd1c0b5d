"""Statements of the ledger, changed so that they are false, are never proved.

That a mutant is false is known from a point at which plain exact arithmetic says so; the prover has
no part in that. A sample of the statements is taken, the same at every run; with
MUTATE_ALL=1 in the environment all are. ``pytest -s`` prints the counts.
"""

import os
import random
from collections import Counter
from itertools import chain, islice

import pytest
import sympy as sp

from tests.theory.hypotheses import proved_statements
from theory.claims import all_claims
from theory.logic.compiled import Program
from theory.logic.exact import NotRepresentableError, Surd, holds
from theory.logic.findings import Status, _check_assumptions
from theory.logic.prove import settle
from theory.logic.prove.points import Points, random_choice
from theory.logic.statements import Statement

EVERY = 1 if os.environ.get("MUTATE_ALL") == "1" else 25
WANTED = 3  # false mutants of each statement
TIMEOUT = 1.0
_Relational = sp.core.relational.Relational
_STRICTER = {sp.Le: sp.Lt, sp.Ge: sp.Gt}
_OPPOSITE = {
    sp.Le: sp.Gt, sp.Lt: sp.Ge, sp.Ge: sp.Lt, sp.Gt: sp.Le, sp.Eq: sp.Ne, sp.Ne: sp.Eq,
}  # fmt: skip


def _with(statement, old, new):
    return Statement(statement.conclusion.xreplace({old: new}), statement.hypotheses)


def _sorted(atoms):
    return sorted(atoms, key=sp.default_sort_key)


def _changes(relation):
    left, right = relation.args
    by = sp.Rational(1, 97)
    if type(relation) in _STRICTER:
        yield "strict for non-strict", _STRICTER[type(relation)](left, right)
    yield "opposite", _OPPOSITE[type(relation)](left, right)
    if isinstance(relation, sp.Eq):
        yield "other constant", sp.Eq(left, right + by, evaluate=False)
        yield "flipped sign", sp.Eq(left, -right, evaluate=False)
        for other in (sp.Lt, sp.Gt, sp.Ne):
            yield f"{other.__name__} for =", other(left, right, evaluate=False)
    elif not isinstance(relation, sp.Ne):
        less = isinstance(relation, sp.Le | sp.Lt)
        for size in (by, 1, 10):
            yield "tightened", relation.func(left, right - size if less else right + size)


def mutants(statement):
    """Changed statements, each with the kind of change; most of them are false."""
    conclusion = statement.conclusion
    for relation in _sorted(conclusion.atoms(_Relational)):
        for kind, other in _changes(relation):
            yield kind, _with(statement, relation, other)
    for k, hypothesis in enumerate(statement.hypotheses):
        rest = (*statement.hypotheses[:k], *statement.hypotheses[k + 1 :])
        yield "dropped hypothesis", Statement(conclusion, rest)
        for relation in _sorted(hypothesis.atoms(_Relational)):
            if type(relation) in (sp.Lt, sp.Gt):
                weaker = (sp.Le if isinstance(relation, sp.Lt) else sp.Ge)(*relation.args)
                given = (*rest, hypothesis.xreplace({relation: weaker}))
                yield "weaker hypothesis", Statement(conclusion, given)
    for symbol in _sorted(conclusion.free_symbols):
        if isinstance(symbol, sp.Symbol) and symbol.is_real:
            shift = 1 if symbol.is_integer else sp.Rational(1, 7)
            yield "shifted", _with(statement, symbol, symbol + shift)
    for number in _sorted(n for n in conclusion.atoms(sp.Rational) if n not in (0, 1, -1)):
        yield "other constant", _with(statement, number, number + sp.Rational(1, 5))
    for term in _sorted(conclusion.atoms(sp.sign, sp.Abs)):
        yield "flipped sign", _with(statement, term, -term)


def base_points(statement, enough=80, draws=15):
    """Points that meet the hypotheses of a statement, which most of its mutants share."""
    points, choose, found = Points(statement.symbols, statement.hypotheses), random_choice(1), []
    for _ in range(draws):
        first = points.draw(choose)
        if first is not None:
            found += [first, *islice(points.nearby(first, choose), 15)]
        if len(found) >= enough:
            break
    return found


def refuting_point(mutant, base=(), draws=3):
    """A point at which the mutant is false, by plain exact arithmetic; or None.

    Points of the unchanged statement are tried, then points drawn so that the mutated conclusion
    fails, which finds ties.
    """
    program = Program(mutant.symbols)
    conclusion = program.add(mutant.conclusion)
    given = [program.add(h) for h in mutant.hypotheses]
    aimed = Points(mutant.symbols, (*mutant.hypotheses, sp.Not(mutant.conclusion)))
    choose = random_choice(2)
    for point in chain(base, (aimed.draw(choose) for _ in range(draws))):
        if point is None:
            continue
        frame = program.frame(point)
        try:
            if all(h(frame) for h in given) and not conclusion(frame):
                at = {s: Surd.of(v) for s, v in zip(mutant.symbols, point, strict=True)}
                return at if is_refuted(mutant, at) else None
        except NotRepresentableError:
            continue
    return None


def is_refuted(statement, at):
    _check_assumptions(statement.symbols, at)
    given = all(holds(h, at) for h in statement.hypotheses)
    return given and not holds(statement.conclusion, at)


def false_mutants(statement, wanted=WANTED, tries=40):
    """Up to ``wanted`` mutants that are known to be false, of kinds as different as there are."""
    found, kinds, base = [], Counter(), base_points(statement)
    candidates = list(dict.fromkeys(_usable(statement)))
    random.Random(str(statement)).shuffle(candidates)
    candidates.sort(key=lambda c: sum(kind == c[0] for kind, _ in candidates))
    for most in (1, wanted):
        for kind, mutant in candidates[:tries]:
            taken = any(mutant == other for _, other in found)
            if len(found) == wanted or kinds[kind] >= most or taken:
                continue
            shared = base if mutant.symbols == statement.symbols else ()
            if refuting_point(mutant, shared) is not None:
                found.append((kind, mutant))
                kinds[kind] += 1
    return found


def _usable(statement):
    try:
        for kind, mutant in mutants(statement):
            if not isinstance(mutant.conclusion, sp.logic.boolalg.BooleanAtom):
                yield kind, mutant
    except (TypeError, ValueError, RecursionError):  # a change that is no formula ends the list
        return


def _has_exact_values(statement):
    formulas = (statement.conclusion, *statement.hypotheses)
    return statement.symbols and not any(
        f.has(sp.MatrixExpr, sp.MatrixSymbol, sp.exp, sp.sin, sp.cos, sp.log, sp.gamma, sp.pi)
        for f in formulas
    )


def ledger():
    """Statements of claims that hold, each once, of a size that a mutant is settled soon."""
    statements = dict.fromkeys(s for _, _, s in proved_statements(all_claims()))
    return [s for s in statements if _has_exact_values(s)]


def test_mutants_of_the_ledger_are_never_proved():
    every = ledger()
    sample = every[::EVERY]
    counts, kinds, wrong, fewer = Counter(), Counter(), [], 0
    for statement in sample:
        found = false_mutants(statement)
        fewer += len(found) < WANTED
        for kind, mutant in found:
            finding = settle(mutant, TIMEOUT)
            counts[finding.status] += 1
            kinds[kind] += 1
            if finding.status is Status.PROVED:
                wrong.append((str(statement), kind, str(mutant)))
    print(
        f"\nmutants of {len(sample)} of {len(every)} statements: {counts.total()} tried,", end=" "
    )
    print(f"{counts[Status.REFUTED]} refuted, {counts[Status.UNKNOWN]} unknown,", end=" ")
    print(
        f"{len(wrong)} wrongly proved; {fewer} statements with fewer than {WANTED}; {dict(kinds)}"
    )
    assert wrong == []
    assert counts.total() >= 2 * len(sample)
    assert counts[Status.REFUTED] >= 0.9 * counts.total()


x, y = sp.symbols("x y", real=True)


@pytest.mark.parametrize(
    "statement",
    [
        Statement(sp.Abs(x + y) <= sp.Abs(x) + sp.Abs(y)),
        Statement(x * y > 0, (x > 0, y > 0)),
        Statement(sp.Eq(sp.sign(x) * x, sp.Abs(x))),
    ],
    ids=str,
)
def test_mutants_are_false_and_of_several_kinds(statement):
    found = false_mutants(statement)
    assert len(found) == WANTED
    assert len({kind for kind, _ in found}) > 1
    for _, mutant in found:
        assert is_refuted(mutant, refuting_point(mutant))


def test_true_changes_are_no_mutants():
    assert refuting_point(Statement(x**2 >= 0, (x > 1,))) is None
    dropped = Statement(x**2 + 1 > 0, (y > 1,))
    assert all(kind != "dropped hypothesis" for kind, _ in false_mutants(dropped))
