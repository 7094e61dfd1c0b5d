"""What decides a claim, in words and exact numbers."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from theory.ledger.typeset import sides_at
from theory.ledger.verify import Verdict
from theory.logic.evidence import Simulated
from theory.logic.findings import (
    Counterexample,
    Disproof,
    Finding,
    OrbitViolation,
    Status,
    Witness,
)
from theory.report import mathml
from theory.report.abbreviations import abbreviate
from theory.report.html import Fact, Line, Piece, formulas_in

LEAST_BESIDE_WORDS: Final = 1000
"""Characters of a file that a letter saves outside proofs, where few formulas are read alone."""


def anchor(id_: str) -> str:
    """Return the name of a claim's place in the page."""
    return f"claim-{id_}"


def where(content: Sequence[Fact | Piece], least: int = LEAST_BESIDE_WORDS) -> list[Fact]:
    """Put letters into formulas, and return what they stand for, if there are any."""
    meanings = abbreviate([*formulas_in(content)], least)
    return [Fact("Where", [mathml.listed(meanings)])] if meanings else []


def why(verdict: Verdict) -> Iterable[Fact]:
    """Say what decides the status, in numbers where there are numbers."""
    if isinstance(verdict.claim.published, Simulated):
        for name, value in (verdict.simulated or {}).items():
            yield Fact(name.replace("_", " "), [str(value)])
    elif verdict.status is Status.REFUTED:
        yield from refutations(verdict)
    elif verdict.published is not None:
        yield Fact("Verdict", [f"{verdict.status} by {verdict.back_end}"])


def refutations(verdict: Verdict) -> Iterable[Fact]:
    """Say what each refuted part of a claim is refuted by."""
    assert verdict.published is not None  # or nothing could be refuted
    for obligation in verdict.published.argument.necessary:
        finding = verdict.published.findings[obligation.name]
        if finding.status is Status.REFUTED:
            name = f" ({obligation.name})" if obligation.name != "statement" else ""
            yield Fact(f"Refuted by {finding.back_end}{name}", [*numbers(finding)])


def instead(verdict: Verdict) -> Iterable[Fact]:
    """Say what is true in the place of what is refuted."""
    claim = verdict.claim
    if claim.slip:
        yield Fact("The slip", [claim.slip])
    if claim.only_if:
        yield Fact("It holds only if", [claim.only_if])
    if claim.correction and verdict.corrected is not None:
        yield Fact(f"Instead ({verdict.corrected.status})", [claim.correction])


def numbers(finding: Finding) -> Iterable[Piece]:
    """Say where a statement fails or holds, and what its sides are there."""
    match finding:
        case Counterexample():
            yield from ("fails at ", *mathml.point(finding.at))
            told: set[Any] = set()
            for relation, left, right, so in sides_at(finding):
                yield Line([*_sides(relation, left, right, so, told)])
        case OrbitViolation():
            values = finding.statement.at(finding.t)
            yield from (f"fails at t = {finding.t}, where ", *mathml.point(values))
        case Witness():
            yield from ("holds at ", *mathml.point(finding.at))
        case Disproof():
            yield "the negation is proved"
        case _:
            yield finding.explanation


def _sides(relation: Any, left: Any, right: Any, so: bool, told: set[Any]) -> Iterable[Piece]:
    """Say the values of both sides, but of those told, and whether the relation is true."""
    for side in (left, right):
        if side.expression != side.value.to_sympy() and side.expression not in told:
            told.add(side.expression)
            told_of = mathml.equation(side.expression, side.value.to_sympy())
            yield from (mathml.marked(told_of, ";"), " ")
    yield mathml.formula(
        relation.func(left.value.to_sympy(), right.value.to_sympy(), evaluate=False)
    )
    yield f" is {'true' if so else 'false'}"
