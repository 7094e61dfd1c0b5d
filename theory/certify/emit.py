"""Lemmas from statements: the text of a proposition and of its proof script."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, permutations
from math import isqrt

import sympy as sp

from theory.certify.translate import (
    NotExportedError,
    Translation,
    Variable,
    assumptions,
    is_linear,
    number,
    states_all_assumptions,
)
from theory.exact import Assignment, Surd
from theory.statements import Boolean, Statement

_DIGITS = 12  # of the rational bounds on the roots of numbers


@dataclass(frozen=True)
class Lemma:
    """A proposition, and a script that should prove it.

    Attributes:
        proposition: the text of the proposition.
        script: the tactics, one a line.
        linear: whether linear arithmetic and distinctions of cases are all that a proof needs.

    """

    proposition: str
    script: tuple[str, ...]
    linear: bool

    def source(self, name: str, remark: str) -> str:
        """Return the lemma as source text, under a name and with a remark above it."""
        plain = remark.replace('"', "''").replace("(*", "( *").replace("*)", "* )")
        proof = "\n".join(f"  {line}" for line in self.script)
        return f"(* {plain} *)\nLemma {name} :\n  {self.proposition}.\nProof.\n{proof}\nQed.\n"


def for_all(statement: Statement) -> Lemma:
    """Return the lemma that a statement holds for all values of its symbols.

    The hypotheses imply that the conclusion holds and has a value. A hypothesis that is a relation
    is satisfied only where it has a value.

    Raises:
        NotExportedError: the statement has a construct outside the fragment.

    """
    translation = Translation()
    given = [part for h in statement.hypotheses for part in _hypothesis(translation, h)]
    goal = [translation.formula(statement.conclusion), *translation.take_definedness()]
    bound = {s: translation.symbol(s) for s in statement.symbols}
    given = [*(text for s, v in bound.items() for text in assumptions(s, v)), *given]
    proposition = _quantified("forall", bound.values(), _inner(translation, given, goal))
    variables = " ".join(v.name for v in bound.values())
    script = (f"intros {variables}." if variables else "", *_proof(translation))
    formulas = (statement.conclusion, *statement.hypotheses)
    return Lemma(proposition, tuple(filter(None, script)), all(map(is_linear, formulas)))


def at_point(formulas: Sequence[tuple[Boolean, bool]], at: Assignment) -> Lemma:
    """Return the lemma that formulas hold, or do not, at some point; the script names the point.

    Args:
        formulas: each with whether it holds; all of them are to have a value there.
        at: exact numbers for the symbols.

    Raises:
        NotExportedError: a formula has a construct outside the fragment, or a symbol is declared
            to be what the lemma cannot say.

    """
    translation = Translation()
    goal = [translation.formula(formula, holds) for formula, holds in formulas]
    goal += translation.take_definedness()
    symbols = Statement(sp.true, tuple(formula for formula, _ in formulas)).symbols
    bound = {s: translation.symbol(s) for s in symbols}
    for symbol in symbols:
        if not states_all_assumptions(symbol):
            raise NotExportedError(f"a witness for a symbol declared as {symbol} is")
    facts = [text for s, v in bound.items() for text in assumptions(s, v)]
    inner = _inner(translation, [], goal)
    body = _conjunction([*facts, inner])
    roots = sorted({n for value in at.values() for n in _roots_in(value)})
    script = [
        *(f"destruct (root_exists {n}) as [w_{n} def_w_{n}]." for n in roots),
        *(f"exists {_witness(at[s], v)}." for s, v in bound.items()),
        *["split; [certify | idtac]."] * len(facts),
        *_proof(translation, {f"w_{n}": Fraction(n) for n in roots}),
    ]
    linear = all(is_linear(formula) for formula, _ in formulas)
    rational = all(value.is_rational for value in at.values())
    return Lemma(
        _quantified("exists", bound.values(), body),
        tuple(filter(None, script)),
        linear and rational,
    )


def _hypothesis(translation: Translation, hypothesis: Boolean) -> list[str]:
    text = translation.formula(hypothesis)
    definedness = translation.take_definedness()
    parts = [text] if text != "True" else []
    return parts + definedness * isinstance(hypothesis, sp.core.relational.Relational)


def _inner(translation: Translation, given: Sequence[str], goal: Sequence[str]) -> str:
    """Bind the values of operations, then state that what is given implies the goal."""
    values = [graph.variable for graph in translation.graphs]
    premises = [*(graph.proposition for graph in translation.graphs), *given]
    arrows = "".join(f"({premise}) ->\n  " for premise in premises)
    return _quantified("forall", values, arrows + _conjunction(goal))


def _quantified(quantifier: str, variables: Collection[Variable], body: str) -> str:
    if not variables:
        return body
    return f"{quantifier} {' '.join(f'({v.name} : {v.type})' for v in variables)},\n  {body}"


def _conjunction(parts: Sequence[str]) -> str:
    parts = [part for part in parts if part != "True"] or ["True"]
    return " /\\ ".join(f"({part})" for part in parts) if len(parts) > 1 else parts[0]


def _proof(translation: Translation, known: Mapping[str, Fraction] | None = None) -> list[str]:
    """Introduce what is given, state facts about the roots of numbers, and certify.

    Args:
        translation: of the lemma, which is bound up to the values of operations.
        known: radicands of the roots that are there already.

    """
    graphs = translation.graphs
    names = [*(g.variable.name for g in graphs), *(g.hypothesis for g in graphs)]
    roots = dict(known or {})
    for graph in graphs:
        if graph.kind == "root" and isinstance(graph.operand, sp.Rational):
            roots[graph.variable.name] = Fraction(int(graph.operand.p), int(graph.operand.q))
    return [
        f"intros {' '.join(names)}." if names else "",
        "intros.",
        *_about_roots(roots),
        "certify.",
    ]


def _about_roots(roots: Mapping[str, Fraction]) -> Iterator[str]:
    """Bound each root by rationals, and replace those that are others, or products of others."""
    for name, radicand in roots.items():
        low = Fraction(
            isqrt(radicand.numerator * 100**_DIGITS // radicand.denominator), 10**_DIGITS
        )
        high = low + Fraction(1, 10**_DIGITS)
        yield (
            f"assert ({number(low)} <= {name} <= {number(high)}) as near_{name} by "
            f"(apply (root_between {number(radicand)} _ _ _ def_{name}); lra)."
        )
    left = dict(roots)
    for (x, a), (y, b) in combinations(roots.items(), 2):
        if a == b and {x, y} <= left.keys():
            yield (
                f"assert ({y} = {x}) as same_{y} by "
                f"(apply (root_unique {number(a)}); [lra | assumption | assumption])."
            )
            yield f"subst {y}."
            del left[y]
    for (x, a), (y, b), (z, c) in permutations(tuple(left.items()), 3):
        if a < b < c == a * b and {x, y, z} <= left.keys():
            yield (
                f"assert ({z} = {x} * {y}) as same_{z} by (apply (root_product {number(a)} "
                f"{number(b)}); [lra | lra | assumption | assumption | "
                f"replace ({number(a)} * {number(b)}) with {number(c)} by lra; assumption])."
            )
            yield f"subst {z}."
            del left[z]


def _roots_in(value: Surd) -> set[int]:
    return {n for n, part in ((2, value.y), (3, value.z)) if part or value.w}


def _witness(value: Surd, variable: Variable) -> str:
    """Write an exact number as a term in the roots w_2 and w_3, or an integer as such."""
    if variable.type == "Z":
        return f"({int(value.x)})%Z"
    parts = ((value.x, ""), (value.y, " * w_2"), (value.z, " * w_3"), (value.w, " * (w_2 * w_3)"))
    return "(" + (" + ".join(f"{number(x)}{root}" for x, root in parts if x) or "0") + ")"
