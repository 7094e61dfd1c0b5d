"""Statements and text in LaTeX, for an engine that reads Unicode."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from theory.logic.exact import NotRepresentableError, Surd, holds, value_of
from theory.logic.findings import Counterexample
from theory.logic.statements import Along, Always, EventuallyAlways, Possible, Statement, show

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
} | {c: "\\" + c for c in "&%$#_{}"}


@dataclass(frozen=True)
class Stated:
    """A statement of which only the text is kept, and its LaTeX."""

    text: str
    latex: str = ""

    def __str__(self) -> str:
        return self.text


def escape(text: str) -> str:
    """Write text so that LaTeX prints it as it is."""
    return "".join(_ESCAPES.get(c, c) for c in text)


def latex(statement: Any) -> str:
    """Write a statement as a formula, for math mode; text in it where there is no formula."""
    match statement:
        case Stated():
            return statement.latex or _words(statement.text)
        case Statement():
            given = r",\; ".join(map(sp.latex, statement.hypotheses))
            conclusion = sp.latex(statement.conclusion)
            return rf"{given} \;\Longrightarrow\; {conclusion}" if given else conclusion
        case Possible():
            symbols = ", ".join(map(sp.latex, statement.symbols))
            return rf"\exists\, {symbols}:\; {sp.latex(statement.formula)}"
        case Always():
            return _orbits(statement, "always")
        case EventuallyAlways():
            return _orbits(statement, "from some iteration on, always")
        case Along():
            times = rf"t = {statement.start}, \dots, {statement.stop - 1}"
            about = _words(f"{statement.name}, for ")
            return rf"{about} {times}:\; {sp.latex(statement.formula)}"
    return _words(str(statement))


def point(at: Mapping[Any, Any]) -> str:
    """Write the values of symbols as a formula, for math mode."""
    values = (f"{sp.latex(s)} = {sp.latex(v.to_sympy())}" for s, v in at.items())
    return r",\; ".join(values)


def _orbits(statement: Always | EventuallyAlways, when: str) -> str:
    given = "".join(rf"{sp.latex(h)},\; " for h in statement.hypotheses)
    step = r",\; ".join(
        rf"{sp.latex(symbol)} \mapsto {sp.latex(image)}" for symbol, image in statement.step.items()
    )
    about = rf"{_words('orbits of ')} {step}:\; {_words(when + ' ')}"
    return rf"{given}{about} {sp.latex(statement.region)}"


def _words(text: str) -> str:
    return rf"\text{{{escape(text)}}}"


@dataclass(frozen=True)
class Side:
    """One side of a relation, and its value at a counterexample."""

    expression: sp.Expr
    value: Surd

    def __str__(self) -> str:
        written, value = show(self.expression), show(self.value.to_sympy())
        return value if written == value else f"{written} = {value}"

    def latex(self) -> str:
        """Return the same for math mode."""
        written, value = sp.latex(self.expression), sp.latex(self.value.to_sympy())
        return value if written == value else f"{written} = {value}"


def sides_at(finding: Counterexample) -> list[tuple[sp.Basic, Side, Side, bool]]:
    """Both sides of each relation in the refuted conclusion there, and whether it holds.

    Relations that have no exact value there (in a branch that does not apply, say) are left out.
    """
    found = []
    for relation in _relations(finding.statement.conclusion):
        try:
            left, right = (value_of(side, finding.at) for side in relation.args)
            holds_there = holds(relation, finding.at)
        except NotRepresentableError:
            continue
        found.append((relation, Side(relation.lhs, left), Side(relation.rhs, right), holds_there))
    return found


def evaluated(relation: sp.Basic, left: Side, right: Side, so: bool) -> str:
    """Write both sides with their values, and whether the relation of the values is true."""
    values = relation.func(left.value.to_sympy(), right.value.to_sympy(), evaluate=False)
    return f"{left}; {right}: {show(values)} is {'true' if so else 'false'}"


def _relations(formula: sp.Basic) -> Iterator[sp.Basic]:
    """The relations that connectives join to a formula, each once."""
    if isinstance(formula, sp.core.relational.Relational):
        yield formula
    elif isinstance(formula, sp.logic.boolalg.BooleanFunction):
        parts = (r for part in formula.args for r in _relations(part))
        yield from sorted(set(parts), key=str)


def values_at(finding: Counterexample) -> list[str]:
    """Say for each relation in the refuted conclusion what its sides are at the counterexample."""
    return [evaluated(relation, left, right, so) for relation, left, right, so in sides_at(finding)]
