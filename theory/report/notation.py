"""What the letters in formulas stand for, and what many statements take for granted."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from xml.etree import ElementTree as ET

import sympy as sp

from theory.ledger.errata import NOTATION
from theory.ledger.verify import Verdict
from theory.report import mathml
from theory.report.markup import node

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


def notation(names: Mapping[sp.Basic, str]) -> ET.Element:
    """Return what letters stand for, and the definitions under their names.

    Args:
        names: names of definitions.

    """
    pairs = [each for pair in NOTATION for each in zip(("dt", "dd"), pair, strict=True)]
    told = [node(tag, words) for tag, words in pairs]
    for definition, name in names.items():
        told += [node("dt", name, id=name), node("dd", mathml.listed([mathml.formula(definition)]))]
    words = "Letters in formulas, beside those of the text"
    title = f"{words}, and definitions that statements refer to" if names else words
    return node("details", node("summary", title), node("dl", *told), class_="notation")
