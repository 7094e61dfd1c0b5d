"""Lemmas from statements: the text of a proposition and of its proof script."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, permutations
from math import floor, isqrt

import sympy as sp

from theory.coq.degree import is_linear
from theory.coq.translate import (
    Claimed,
    NotExportedError,
    Translation,
    Variable,
    assumptions,
    number,
    states_all_assumptions,
)
from theory.logic.exact import Assignment, NotRepresentableError, Surd, value_of
from theory.logic.statements import Boolean, Statement

_DIGITS = 12  # of the rational bounds on the roots of numbers

_SQUARES = 3  # that are completed in a proof
_TRIVIAL = Claimed("True", "False")


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
    # Cases are split in the order of translation, so conditions on few terms come first.
    hypotheses = sorted(statement.hypotheses, key=sp.count_ops)
    given = [part for h in hypotheses for part in _hypothesis(translation, h)]
    goal = [*translation.claimed(statement.conclusion), *translation.take_definedness()]
    bound = {s: translation.symbol(s) for s in statement.symbols}
    given = [*(text for s, v in bound.items() for text in assumptions(s, v)), *given]
    proposition = _quantified("forall", bound.values(), _inner(translation, given, goal))
    variables = " ".join(v.name for v in bound.values())
    formulas = (statement.conclusion, *statement.hypotheses)
    script = (f"intros {variables}." if variables else "", *_proof(translation, goal, formulas))
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
    goal = [part for formula, holds in formulas for part in translation.claimed(formula, holds)]
    goal += translation.take_definedness()
    symbols = Statement(sp.true, tuple(formula for formula, _ in formulas)).symbols
    bound = {s: translation.symbol(s) for s in symbols}
    for symbol in symbols:
        if not states_all_assumptions(symbol):
            raise NotExportedError(f"a witness for a symbol declared as {symbol} is")
    facts = [text for s, v in bound.items() for text in assumptions(s, v)]
    body = _conjunction([*facts, _inner(translation, [], goal)])
    witnesses = {v.name: _witness(at[s], v) for s, v in bound.items()}
    shown = [_with_witnesses(part, witnesses) for part in goal]
    script = [
        *(f"destruct (root_exists {n}) as [w_{n} def_w_{n}]." for n in _roots_of(at)),
        *(_near_root(f"w_{n}", Fraction(n)) for n in _roots_of(at)),
        *(f"exists {witness}." for witness in witnesses.values()),
        *["split; [certify | idtac]."] * len(facts),
        *_proof(translation, shown, (formula for formula, _ in formulas), at),
    ]
    linear = all(is_linear(formula) for formula, _ in formulas)
    rational = all(value.is_rational for value in at.values())
    return Lemma(
        _quantified("exists", bound.values(), body),
        tuple(filter(None, script)),
        linear and rational,
    )


def _with_witnesses(part: Claimed, witnesses: Mapping[str, str]) -> Claimed:
    """Write the witnesses for the variables, whose names are gone once witnesses are given."""
    variable = re.compile(r"[\w']+")
    negation = variable.sub(lambda m: witnesses.get(m.group(), m.group()), part.negation)
    return Claimed(part.proposition, negation)


def _hypothesis(translation: Translation, hypothesis: Boolean) -> list[str]:
    text = translation.formula(hypothesis)
    definedness = [condition.proposition for condition in translation.take_definedness()]
    parts = [text] if text != "True" else []
    return parts + definedness * isinstance(hypothesis, sp.core.relational.Relational)


def _inner(translation: Translation, given: Sequence[str], goal: Sequence[Claimed]) -> str:
    """Bind the values of operations, then state that what is given implies the goal."""
    values = [graph.variable for graph in translation.graphs]
    premises = [*(graph.proposition for graph in translation.graphs), *given]
    arrows = "".join(f"({premise}) ->\n  " for premise in premises)
    return _quantified("forall", values, arrows + _conjunction([part.proposition for part in goal]))


def _quantified(quantifier: str, variables: Collection[Variable], body: str) -> str:
    if not variables:
        return body
    return f"{quantifier} {' '.join(f'({v.name} : {v.type})' for v in variables)},\n  {body}"


def _conjunction(parts: Sequence[str]) -> str:
    parts = [part for part in parts if part != "True"] or ["True"]
    return " /\\ ".join(f"({part})" for part in parts) if len(parts) > 1 else parts[0]


def _proof(
    translation: Translation,
    goal: Sequence[Claimed],
    formulas: Iterable[Boolean],
    at: Assignment | None = None,
) -> list[str]:
    """Introduce what is given, state facts about roots of numbers and floors, and certify.

    Args:
        translation: of the lemma, which is bound up to the values of operations.
        goal: the parts of the conclusion.
        formulas: what the parts were made from.
        at: the point that the proof has named, if any.

    """
    graphs = translation.graphs
    names = [*(g.variable.name for g in graphs), *(g.hypothesis for g in graphs)]
    named = {f"w_{n}": Fraction(n) for n in _roots_of(at or {})}
    found = {
        graph.variable.name: Fraction(int(graph.operand.p), int(graph.operand.q))
        for graph in graphs
        if graph.kind == "root" and isinstance(graph.operand, sp.Rational)
    }
    squares = _squares(translation, formulas)
    return [
        f"intros {' '.join(names)}." if names else "",
        "intros.",
        *(_near_root(name, radicand) for name, radicand in found.items()),
        *_related_roots({**named, **found}),
        *_floors(translation, at or {}),
        _attempts(squares, goal),
    ]


def _squares(translation: Translation, formulas: Iterable[Boolean]) -> str:
    """Complete squares in the polynomial relations of some formulas: tactics that state them.

    Where ax² + bx + c occurs, (2ax + b)² ≥ 0 helps, and more so without the common factor.
    """
    squares: dict[sp.Expr, None] = {}
    relations = sp.Tuple(*formulas).atoms(sp.core.relational.Relational)
    for relation in sorted(relations, key=sp.default_sort_key):
        difference = sp.expand(relation.lhs - relation.rhs)
        symbols = sorted(difference.free_symbols, key=str)
        for x in symbols if difference.is_polynomial(*symbols) else ():
            a, b = difference.coeff(x, 2), difference.coeff(x, 1)
            if sp.degree(difference, x) == 2 and b != 0:
                squares[sp.expand(sp.cancel((2 * a * x + b) / sp.gcd(2 * a, b)))] = None
    usable = [s for s in squares if sp.Poly(s, *s.free_symbols).domain in (sp.ZZ, sp.QQ)]
    return "".join(
        f"pose proof (square_nonnegative {translation.term(square)}); "
        for square in usable[:_SQUARES]
    )


def _floors(translation: Translation, at: Assignment) -> Iterator[str]:
    """State the values that floors have at a point."""
    for graph in translation.graphs:
        if graph.kind == "floor" and graph.operand is not None:
            try:
                value = floor(value_of(graph.operand, at))
            except NotRepresentableError:
                continue
            name = graph.variable.name
            yield (
                f"assert ({name} = ({value})%Z) as at_{name} by (eapply floor_unique; "
                f"[exact {graph.hypothesis} | unfold is_floor; split; certify])."
            )
            yield f"subst {name}."


def _attempts(squares: str, goal: Sequence[Claimed]) -> str:
    """Try the conclusion as it is, then by contradiction.

    With disjunctions of conjunctions in it, linear arithmetic would multiply them out; then each
    part is refuted at once.
    """
    mixed = any("\\/" in part.proposition and "/\\" in part.proposition for part in goal)
    refuted = f"{squares}{_by_contradiction(goal)}"
    return f"{refuted}." if mixed else f"first [certify | {refuted}]."


def _by_contradiction(goal: Sequence[Claimed]) -> str:
    """Prove the parts of the conclusion one by one, each from its negation."""
    *others, last = [part for part in goal if part.proposition != "True"] or [_TRIVIAL]
    refuted = f"refute ({last.negation})"
    for part in reversed(others):
        refuted = f"split; [refute ({part.negation}) | {refuted}]"
    return refuted


def _near_root(name: str, radicand: Fraction) -> str:
    """Bound a root by rationals."""
    low = Fraction(isqrt(radicand.numerator * 100**_DIGITS // radicand.denominator), 10**_DIGITS)
    high = low + Fraction(1, 10**_DIGITS)
    return (
        f"assert ({number(low)} <= {name} <= {number(high)}) as near_{name} by "
        f"(apply (root_between {number(radicand)} _ _ _ def_{name}); lra)."
    )


def _related_roots(roots: Mapping[str, Fraction]) -> Iterator[str]:
    """Replace the roots that are others, or products of others."""
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


def _roots_of(at: Assignment) -> list[int]:
    """Which of √2 and √3 occur in the numbers of a point."""
    values = at.values()
    occur = {2: any(x.y or x.w for x in values), 3: any(x.z or x.w for x in values)}
    return [n for n, occurs in occur.items() if occurs]


def _witness(value: Surd, variable: Variable) -> str:
    """Write an exact number as a term in the roots w_2 and w_3, or an integer as such."""
    if variable.type == "Z":
        return f"({int(value.x)})%Z"
    parts = ((value.x, ""), (value.y, " * w_2"), (value.z, " * w_3"), (value.w, " * (w_2 * w_3)"))
    return "(" + (" + ".join(f"{number(x)}{root}" for x, root in parts if x) or "0") + ")"
