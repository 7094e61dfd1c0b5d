"""Every statement that the ledger proves, as a property test over exact numbers.

The strategies are those by which the search back end looks for counterexamples.
"""

import hypothesis
import pytest
import sympy as sp
from hypothesis import given, settings

from theory.claims import all_claims
from theory.evidence import Argument, Obligation
from theory.exact import NotRepresentableError, holds
from theory.findings import Status
from theory.prove.search import assignments
from theory.statements import Statement, equal

EXAMPLES = 60


def _is_testable(obligation: Obligation) -> bool:
    """Over real symbols, and with hypotheses that random numbers meet now and then."""
    statement = obligation.statement
    return (
        isinstance(statement, Statement)
        and bool(statement.symbols)
        and all(symbol.is_real for symbol in statement.symbols)
        and not statement.conclusion.has(sp.MatrixExpr, sp.sin, sp.cos)
        and not any(isinstance(h, sp.Eq) for h in statement.hypotheses)
    )


def _proved() -> list[tuple[str, Statement]]:
    found = []
    for claim in all_claims():
        arguments = [claim.corrected]
        if claim.expects is Status.PROVED:
            arguments.append(claim.published)
        for argument in arguments:
            if isinstance(argument, Argument):
                found += [
                    (f"{claim.id}: {o.name}", o.statement)
                    for o in argument.sufficient
                    if _is_testable(o)
                ]
    return found


def _violations(statement: Statement) -> tuple[int, int]:
    """Numbers of exact points that meet the hypotheses, and of those that break the conclusion."""
    met = broken = 0

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @given(assignments(statement.symbols, bound=3))
    def count(at):
        nonlocal met, broken
        try:
            if all(holds(h, at) for h in statement.hypotheses):
                conclusion = holds(statement.conclusion, at)
                met, broken = met + 1, broken + (not conclusion)
        except NotRepresentableError:
            pass

    count()
    return met, broken


@pytest.mark.parametrize(
    ("name", "statement"), _proved(), ids=lambda x: x if type(x) is str else ""
)
def test_no_exact_point_breaks_a_proved_statement(name, statement):
    met, broken = _violations(statement)
    assert broken == 0
    assert met > 0 or _holds_on_a_null_set(name, statement) or _leaves_the_field(statement)


def _holds_on_a_null_set(name: str, statement: Statement) -> bool:
    """Ties: random points need not meet the hypotheses."""
    relations = set().union(*(h.atoms(sp.Eq) for h in statement.hypotheses))
    ties = any(isinstance(e.lhs, sp.sign) and e.rhs == 0 for e in relations)
    return ties or name == "4.8.1: the shift is then extreme"


def _leaves_the_field(statement: Statement) -> bool:
    """Transcendental constants, symbolic powers, roots of symbols: no exact value to compare."""
    powers = statement.conclusion.atoms(sp.Pow)
    return statement.conclusion.has(sp.pi, sp.exp, sp.gamma) or any(
        p.exp.free_symbols or (p.exp.q == 2 and p.base.free_symbols) for p in powers
    )


def test_a_false_statement_is_broken_by_some_point():
    x, y = sp.symbols("x y", real=True)
    assert _violations(Statement(sp.Abs(x) < sp.Abs(x) + sp.Abs(y)))[1] > 0
    assert _violations(Statement(equal(sp.sign(x), 1), (x >= 0,)))[1] > 0


def test_many_statements_are_tested():
    assert len(_proved()) >= 60
