"""Back ends: each turns one obligation into a finding, with a certificate or exact numbers."""

import time
from collections.abc import Iterator
from typing import Any

import sympy as sp

from theory.logic.findings import Finding, Unsettled
from theory.logic.prove import enclosure, identity, matrix, search, smt
from theory.logic.statements import Statement


def settle(statement: Statement, timeout: float = 10.0) -> Finding:
    """Settle a statement by whichever back end can.

    An equation without hypotheses is first tried as an exact identity; then the solver decides over
    all parameters; what it cannot decide is searched for an exact counterexample. Solver and search
    get a fifth of the time at first, as a counterexample is often found sooner than a proof.

    Args:
        statement: hypotheses and conclusion.
        timeout: seconds for each back end; one that needs more gives up, and the finding says so.

    """
    if statement.conclusion.has(sp.MatrixExpr):
        return matrix.settle(statement, timeout)
    reasons: dict[str, str] = {}
    for back_end, seconds in _attempts(statement, timeout, reasons):
        finding = back_end.settle(statement, seconds)
        if not isinstance(finding, Unsettled) or finding.conclusive:
            return finding
        reasons[finding.back_end] = finding.reason
    return Unsettled("all", "; ".join(f"{name}: {reason}" for name, reason in reasons.items()))


def _attempts(
    statement: Statement, timeout: float, reasons: dict[str, str]
) -> Iterator[tuple[Any, float]]:
    """Back ends and their seconds; those that did not use up a first attempt get no second."""
    yield enclosure, timeout
    if not statement.hypotheses:
        yield identity, timeout
    unfinished = []
    for back_end in (smt, search):
        start = time.monotonic()
        yield back_end, timeout / 5
        if time.monotonic() - start >= timeout / 5:
            unfinished.append(back_end)
    if statement.hypotheses:
        yield identity, timeout
    for back_end in unfinished:
        yield back_end, timeout
