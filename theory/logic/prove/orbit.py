"""Assertions about one exact orbit, settled by evaluating them at every iteration concerned."""

from theory.logic.exact import holds
from theory.logic.findings import Finding, OrbitViolation, Proof, Unsettled
from theory.logic.prove.deadline import limited
from theory.logic.statements import Along

NAME = "exact orbit"


def settle(statement: Along, timeout: float = 10.0) -> Finding:
    """Evaluate the formula in exact arithmetic at each iteration; stop at the first violation."""
    return limited(NAME, timeout, _settle, statement)


def _settle(statement: Along) -> Finding:
    if statement.start >= statement.stop:
        return Unsettled(NAME, "vacuous: no iteration is concerned", True)
    for t in range(statement.start, statement.stop):
        if not holds(statement.formula, statement.at(t)):
            return OrbitViolation(NAME, statement, t)
    return Proof(NAME, {"first": statement.start, "last": statement.stop - 1})
