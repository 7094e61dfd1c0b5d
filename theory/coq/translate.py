"""Sympy formulas as propositions of Coq over the reals, independent of the solver's translation.

A polynomial is written as it is, powers as products. Every other operation (sign, absolute value,
minimum, maximum, floor, a case distinction, a quotient, a square root) is a fresh variable bound
by the graph of the operation (:mod:`theory.coq.library`). Negations are pushed inwards, so a
proposition consists of conjunctions, disjunctions and relations. That a denominator is not zero, a
radicand not negative, and some case of a distinction applies, is collected as *definedness*, under
the conditions of the cases that the term stands in.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanFalse, BooleanTrue

_LONGEST_POWER = 32
_SIGNS = {sp.Eq: "=", sp.Ne: "<>", sp.Lt: "<", sp.Le: "<=", sp.Gt: ">", sp.Ge: ">="}
_OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_FACTS = {
    "positive": "{} > 0",
    "negative": "{} < 0",
    "nonnegative": "{} >= 0",
    "nonpositive": "{} <= 0",
    "nonzero": "{} <> 0",
    "zero": "{} = 0",
}
_PARITIES = {"even": "Z.Even {}", "odd": "Z.Odd {}"}


class NotExportedError(ValueError):
    """A formula outside the fragment that is exported; the message names the construct."""


@dataclass(frozen=True)
class Variable:
    """A variable of a lemma: ``name`` of type ``R`` or ``Z``; as a real number it is ``term``."""

    name: str
    type: str

    @property
    def term(self) -> str:
        """The variable as a term over the reals."""
        return f"IZR {self.name}" if self.type == "Z" else self.name


@dataclass(frozen=True)
class Graph:
    """A fresh variable, and the proposition that makes it the value of an operation.

    Attributes:
        variable: the value.
        proposition: the graph of the operation, at the operands.
        kind: sign, abs, min, max, inverse, root, floor, pi or case.
        operand: the operand, where it is one term that proofs use again (a radicand).

    """

    variable: Variable
    proposition: str
    kind: str
    operand: sp.Expr | None = None

    @property
    def hypothesis(self) -> str:
        """Name of the hypothesis that states the proposition."""
        return f"def_{self.variable.name}"


@dataclass(frozen=True)
class Claimed:
    """A proposition, and the one that says the opposite."""

    proposition: str
    negation: str


class Translation:
    """One lemma's variables, graphs and conditions of definedness, built up by translating."""

    def __init__(self) -> None:
        self.graphs: list[Graph] = []
        self._symbols: dict[sp.Symbol, Variable] = {}
        self._values: dict[sp.Basic, Variable] = {}
        self._names: set[str] = set()
        self._definedness: dict[Claimed, None] = {}
        self._path: list[Claimed] = []

    def take_definedness(self) -> list[Claimed]:
        """Return the conditions collected since the last call, each once."""
        taken, self._definedness = list(self._definedness), {}
        return taken

    def symbol(self, symbol: sp.Symbol) -> Variable:
        """Return the variable of a symbol.

        Raises:
            NotExportedError: the symbol is not declared real or integer.

        """
        if symbol not in self._symbols:
            if not symbol.is_real:
                raise NotExportedError(f"the symbol {symbol} is not declared real")
            kind = "Z" if symbol.is_integer else "R"
            plain = re.sub(r"[^A-Za-z0-9_]", "_", symbol.name)
            self._symbols[symbol] = Variable(
                self._fresh(f"{'n' * (kind == 'Z') or 'x'}_{plain}"), kind
            )
        return self._symbols[symbol]

    def _fresh(self, name: str) -> str:
        candidate, count = name, 1
        while candidate in self._names:
            count += 1
            candidate = f"{name}__{count}"
        self._names.add(candidate)
        return candidate

    def claimed(self, formula: Boolean, holds: bool = True) -> list[Claimed]:
        """Return the parts of a conjunction, or the whole of another formula, with their opposites.

        With ``holds=False`` what is claimed is the formula's negation.

        Raises:
            NotExportedError: the formula has a construct outside the fragment.

        """
        match formula:
            case sp.Not():
                return self.claimed(formula.args[0], not holds)
            case sp.And() if holds:
                return [part for f in formula.args for part in self.claimed(f)]
            case sp.Or() if not holds:
                return [part for f in formula.args for part in self.claimed(f, False)]
        return [self._both(formula, holds)]

    def _both(self, formula: Boolean, holds: bool = True) -> Claimed:
        return Claimed(self.formula(formula, holds), self.formula(formula, not holds))

    def formula(self, formula: Boolean, holds: bool = True) -> str:
        """Return a formula, or with ``holds=False`` its negation, as a proposition.

        The two are dual part by part, so that whether one or the other holds is decided so too.

        Raises:
            NotExportedError: the formula has a construct outside the fragment.

        """
        match formula:
            case BooleanTrue() | True:
                return "True" if holds else "False"
            case BooleanFalse() | False:
                return "False" if holds else "True"
            case sp.And():
                return _join("/\\" if holds else "\\/", self._each(formula.args, holds))
            case sp.Or():
                return _join("\\/" if holds else "/\\", self._each(formula.args, holds))
            case sp.Not():
                return self.formula(formula.args[0], not holds)
            case sp.Implies():
                return self._implication(formula.args[0], formula.args[1], holds)
            case sp.Equivalent():
                return self._equivalence(formula.args, holds)
            case sp.ITE():
                return self._choice(formula.args, holds)
            case Relational():
                sign = _SIGNS[type(formula)]
                left, right = self.term(formula.lhs), self.term(formula.rhs)
                return f"{left} {sign if holds else _OPPOSITE[sign]} {right}"
        raise NotExportedError(f"the construct {type(formula).__name__}")

    def _each(self, formulas: Sequence[Boolean], holds: bool) -> list[str]:
        return [self.formula(f, holds) for f in formulas]

    def _implication(self, antecedent: Boolean, consequent: Boolean, holds: bool) -> str:
        given = self._both(antecedent)
        with self._under(given):
            then = self.formula(consequent, holds)
        return (
            _join("\\/", [given.negation, then])
            if holds
            else _join("/\\", [given.proposition, then])
        )

    def _equivalence(self, parts: Sequence[Boolean], holds: bool) -> str:
        all_hold, none_holds = self._each(parts, True), self._each(parts, False)
        if holds:
            return _join("\\/", [_join("/\\", all_hold), _join("/\\", none_holds)])
        return _join("/\\", [_join("\\/", none_holds), _join("\\/", all_hold)])

    def _choice(self, parts: Sequence[Boolean], holds: bool) -> str:
        test, yes, no = self._both(parts[0]), parts[1], parts[2]
        with self._under(test):
            first = self.formula(yes, holds)
        with self._under(_opposite(test)):
            second = self.formula(no, holds)
        if holds:
            chosen = [[test.proposition, first], [test.negation, second]]
            return _join("\\/", [_join("/\\", parts) for parts in chosen])
        chosen = [[test.negation, first], [test.proposition, second]]
        return _join("/\\", [_join("\\/", parts) for parts in chosen])

    @contextmanager
    def _under(self, condition: Claimed) -> Iterator[None]:
        self._path.append(condition)
        yield
        self._path.pop()

    def _require(self, condition: Claimed) -> None:
        """Under the conditions of the path, the condition is part of definedness."""
        met = [c.proposition for c in self._path]
        unmet = [c.negation for c in self._path]
        wanted = Claimed(
            _join("\\/", [*unmet, condition.proposition]), _join("/\\", [*met, condition.negation])
        )
        self._definedness[wanted] = None

    def term(self, expr: sp.Expr) -> str:
        """Return an expression as a term over the reals.

        Raises:
            NotExportedError: the expression has a construct outside the fragment.

        """
        match expr:
            case sp.Rational():
                return number(Fraction(int(expr.p), int(expr.q)))
            case sp.Symbol():
                return self.symbol(expr).term
            case sp.Add():
                return "(" + " + ".join(map(self.term, expr.args)) + ")"
            case sp.Mul():
                return "(" + " * ".join(map(self.term, expr.args)) + ")"
            case sp.Pow():
                return self._power(*expr.args)
            case sp.sign() | sp.Abs():
                kind = "sign" if isinstance(expr, sp.sign) else "abs"
                return self._unary(kind, expr.args[0])
            case sp.Min() | sp.Max():
                return self._extremum(expr)
            case sp.floor():
                return self._unary("floor", expr.args[0])
            case sp.ceiling():
                return f"(- {self._unary('floor', -expr.args[0])})"
            case sp.Piecewise():
                return self._case(expr)
        if expr is sp.pi:
            return self._value(sp.pi, "pi", lambda y: f"like_pi {y}")
        raise NotExportedError(f"the construct {type(expr).__name__}")

    def _value(
        self, key: sp.Basic, kind: str, graph: Callable[[str], str], operand: sp.Expr | None = None
    ) -> str:
        """Return the variable that stands for the expression ``key``, made on first use."""
        if key not in self._values:
            variable = Variable(self._fresh(f"{kind}_{len(self.graphs) + 1}"), _type(kind))
            self.graphs.append(Graph(variable, graph(variable.name), kind, operand))
            self._values[key] = variable
        return self._values[key].term

    def _unary(self, kind: str, operand: sp.Expr) -> str:
        inner = self.term(operand)
        key = sp.Tuple(sp.Symbol(kind), operand)
        return self._value(key, kind, lambda y: f"is_{kind} {_atom(inner)} {y}", operand)

    def _extremum(self, expr: sp.Expr) -> str:
        kind = "min" if isinstance(expr, sp.Min) else "max"
        first, *others = sorted(expr.args, key=sp.default_sort_key)
        value, key = self.term(first), sp.Tuple(sp.Symbol(kind), first)
        for other in others:
            key = sp.Tuple(*key.args, other)
            graph = f"is_{kind} {_atom(value)} {_atom(self.term(other))} {{}}"
            value = self._value(key, kind, graph.format)
        return value

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> str:
        if not isinstance(exponent, sp.Rational) or exponent.q not in (1, 2):
            raise NotExportedError(f"a power with the exponent {exponent}")
        if abs(exponent.p) > _LONGEST_POWER:
            raise NotExportedError(f"a power longer than {_LONGEST_POWER}")
        value = self._root(base) if exponent.q == 2 else self.term(base)
        if exponent < 0:
            key = sp.Tuple(sp.Symbol("inverse"), base, sp.Integer(exponent.q))
            inner = value
            self._require(Claimed(f"{inner} <> 0", f"{inner} = 0"))
            value = self._value(key, "inverse", lambda y: f"is_inverse {_atom(inner)} {y}")
        factors = [value] * abs(int(exponent.p))
        return value if len(factors) == 1 else "(" + " * ".join(factors) + ")"

    def _root(self, radicand: sp.Expr) -> str:
        inner = self.term(radicand)
        if not (isinstance(radicand, sp.Rational) and radicand >= 0):
            self._require(Claimed(f"{inner} >= 0", f"{inner} < 0"))
        key = sp.Tuple(sp.Symbol("root"), radicand)
        return self._value(key, "root", lambda y: f"is_root {_atom(inner)} {y}", radicand)

    def _case(self, expr: sp.Piecewise) -> str:
        """The value is that of the first case whose condition holds; without one it is open."""
        branches: list[tuple[str, str | None]] = []
        tests: list[Claimed] = []
        depth = len(self._path)
        for value, condition in expr.args:
            test = self._both(condition)
            failed = [earlier.negation for earlier in tests]
            with self._under(test):
                branches.append((_all([*failed, test.proposition]), self.term(value)))
            tests.append(test)
            self._path.append(_opposite(test))  # the next case stands under this one's failure
        del self._path[depth:]
        if expr.args[-1].cond != sp.true:
            some = _join("\\/", [test.proposition for test in tests])
            none = _all([test.negation for test in tests])
            self._require(Claimed(some, none))
            branches.append((none, None))
        return self._value(expr, "case", lambda y: _cases(branches, y))


def assumptions(symbol: sp.Symbol, variable: Variable) -> list[str]:
    """Return what a symbol was declared with, as propositions about its variable.

    Being real or integer is the variable's type. Other declarations (rational, prime) are left
    out: for a lemma about all values that only makes it stronger.
    """
    facts = [
        text.format(variable.term)
        for fact, text in _FACTS.items()
        if getattr(symbol, f"is_{fact}") and not _follows(fact, symbol)
    ]
    return facts + [
        text.format(variable.name)
        for parity, text in _PARITIES.items()
        if getattr(symbol, f"is_{parity}")
    ]


def _follows(fact: str, symbol: sp.Symbol) -> bool:
    """Whether a fact is part of a stronger one that is stated anyway."""
    stronger = {
        "nonnegative": ("positive", "zero"),
        "nonpositive": ("negative", "zero"),
        "nonzero": ("positive", "negative"),
    }
    return any(getattr(symbol, f"is_{s}") for s in stronger.get(fact, ()))


def states_all_assumptions(symbol: sp.Symbol) -> bool:
    """Whether :func:`assumptions` says all that a symbol was declared with."""
    stated = {f: True for f in (*_FACTS, *_PARITIES) if getattr(symbol, f"is_{f}")}
    kind = {"integer": True} if symbol.is_integer else {"real": True}
    again = sp.Symbol(symbol.name, **kind, **stated)
    return bool(again.assumptions0 == symbol.assumptions0)


def number(value: Fraction) -> str:
    """Write a rational number as a term over the reals."""
    numerator = str(value.numerator) if value >= 0 else f"({value.numerator})"
    return numerator if value.denominator == 1 else f"({numerator} / {value.denominator})"


def _opposite(claimed: Claimed) -> Claimed:
    return Claimed(claimed.negation, claimed.proposition)


def _type(kind: str) -> str:
    return "Z" if kind == "floor" else "R"


def _atom(term: str) -> str:
    return term if term.startswith("(") or " " not in term else f"({term})"


def _join(connective: str, parts: Sequence[str]) -> str:
    neutral = "True" if connective == "/\\" else "False"
    parts = [part for part in parts if part != neutral] or parts[:1]
    if len(parts) <= 1:
        return "".join(parts)
    return f" {connective} ".join(f"({part})" for part in parts)


def _all(parts: Sequence[str]) -> str:
    return _join("/\\", parts) or "True"


def _cases(branches: Sequence[tuple[str, str | None]], value: str) -> str:
    return _join(
        "\\/",
        [
            condition if term is None else f"({condition}) /\\ {value} = {term}"
            for condition, term in branches
        ],
    )
