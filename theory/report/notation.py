"""Definitions that many statements take for granted, and that the page tells once."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sympy as sp

from theory.ledger.verify import Verdict

_LEAST_LENGTH: Final = 40
"""Characters from which a definition is told once."""
_LEAST_CLAIMS: Final = 4
"""Claims that have it."""


def definitions(verdicts: Sequence[Verdict]) -> dict[sp.Basic, str]:
    """Return the long definitions that statements of several claims have, by their names.

    A definition is a hypothesis that says what a symbol is, such as what a_1 is after a step.
    """
    claims: dict[sp.Basic, set[str]] = {}
    for verdict in verdicts:
        for hypothesis in _hypotheses(verdict):
            if _is_definition(hypothesis):
                claims.setdefault(hypothesis, set()).add(verdict.claim.id)
    shared = [each for each, ids in claims.items() if len(ids) >= _LEAST_CLAIMS]
    return {each: f"D{number}" for number, each in enumerate(shared, 1)}


def _hypotheses(verdict: Verdict) -> Iterable[Any]:
    for _, evidence in verdict.parts:
        for obligation in evidence.argument.obligations.values():
            yield from getattr(obligation.statement, "hypotheses", ())


def _is_definition(hypothesis: Any) -> bool:
    is_equation = isinstance(hypothesis, sp.Eq) and isinstance(hypothesis.lhs, sp.Symbol)
    return is_equation and len(str(hypothesis)) >= _LEAST_LENGTH
