"""Real arithmetic over all parameters: sympy formulas translated for the solver z3.

The translation covers rational numbers, √n, π (by rational bounds), sums, products, integer powers,
square roots, ``sign``, ``Abs``, ``Min``, ``Max``, ``Piecewise``, ``floor``, ``ceiling``, relations
and the connectives. Strict and non-strict relations stay apart. A denominator or a radicand must be
shown to be legitimate along with the conclusion.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from typing import Any

import sympy as sp
import z3

from theory.exact import NotRepresentableError, Surd
from theory.findings import Counterexample, Disproof, Finding, Proof, Unsettled, Witness
from theory.statements import Boolean, Possible, Statement

NAME = "z3"
# Words of SMT-LIB and functions that solvers add to it: no names for constants in a certificate.
_WORDS = (
    "! _ as let par match forall exists true false not and or xor ite distinct abs div mod to_real "
    "to_int is_int divisible exp sin cos tan csc sec cot sqrt real.pi"
)
_LONGEST = 2**32 - 1  # milliseconds, the most that the solver takes


class UnsupportedError(ValueError):
    """A formula outside the fragment that is translated; the message names the construct."""


def settle(statement: Statement, timeout: float = 10.0) -> Finding:
    """Prove a statement for all values of its symbols, or find exact numbers that refute it.

    Args:
        statement: hypotheses and conclusion over real or integer symbols.
        timeout: seconds for each question to the solver; past it the finding is *unsettled*.

    """
    try:
        question = _Question(statement)
    except UnsupportedError as error:
        return Unsettled(NAME, str(error))
    solver, answer = question.ask(question.negation, timeout)
    if answer == z3.unsat:
        if question.ask([], timeout)[1] == z3.unsat:
            return Unsettled(NAME, "vacuous: the hypotheses contradict one another", True)
        return Proof(NAME, {"solver": f"z3 {z3.get_version_string()}", "smtlib": _smtlib(solver)})
    if answer == z3.unknown:
        return Unsettled(NAME, f"the solver gave up: {solver.reason_unknown()}")
    return question.counterexample(solver.model())


def settle_possible(statement: Possible, timeout: float = 10.0) -> Finding:
    """Find exact numbers that satisfy a formula, or prove that there are none."""
    opposite = settle(Statement(sp.Not(statement.formula)), timeout)
    match opposite:
        case Counterexample():
            return Witness(NAME, statement, opposite.at)
        case Proof():
            return Disproof(NAME, opposite.certificate)
    return opposite


def _smtlib(solver: z3.Solver) -> str:
    return "(set-logic ALL)\n" + solver.to_smt2()


class _Question:
    """The negated statement as solver constraints, and the way back from a model."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        translate = _Translation()
        hypotheses = []
        for hypothesis in statement.hypotheses:
            hypotheses.append(translate.formula(hypothesis))
            # A relation that has no value is not satisfied. Inside a disjunction it may be
            # immaterial, and leaving its value open there only makes the question harder.
            definedness = translate.take_definedness()
            if isinstance(hypothesis, sp.core.relational.Relational):
                hypotheses += definedness
        conclusion = translate.formula(statement.conclusion)
        claimed = z3.And(conclusion, *translate.take_definedness())
        self.negation = [z3.Not(claimed)]
        self.assumed = [*translate.axioms, *hypotheses]
        self.symbols = {s: translate.symbol(s) for s in statement.symbols}

    def ask(self, more: list[Any], timeout: float) -> tuple[z3.Solver, Any]:
        solver = z3.Solver()
        solver.set("timeout", max(1, int(min(timeout * 1000, _LONGEST))))
        solver.set("random_seed", 0)
        solver.add(*self.assumed, *more)
        return solver, solver.check()

    def counterexample(self, model: z3.ModelRef) -> Finding:
        """Turn a model into exact numbers, preferring ones that are easy to check by hand."""
        problem = "the solver's model has no exact value in Q(√2, √3)"
        for candidate in self._models(model):
            try:
                at = {s: _exact(candidate.eval(v, True)) for s, v in self.symbols.items()}
                return Counterexample(NAME, self.statement, at)
            except (NotRepresentableError, ValueError, ZeroDivisionError) as error:
                problem = f"the solver's model did not survive exact re-evaluation: {error}"
        return Unsettled(NAME, problem)

    def _models(self, model: z3.ModelRef) -> Iterator[z3.ModelRef]:
        for bound, denominator in ((4, 1), (4, 12), (100, 12)):
            simple = [
                z3.And(v <= bound, v >= -bound, z3.IsInt(v * denominator))
                for v in self.symbols.values()
                if z3.is_real(v)
            ]
            solver, answer = self.ask([*self.negation, *simple], 0.3)
            if answer == z3.sat:
                yield solver.model()
        yield model


def _exact(value: Any) -> Surd:
    if z3.is_int_value(value):
        return Surd.of(value.as_long())
    if z3.is_rational_value(value):
        return Surd.of(Fraction(value.numerator_as_long(), value.denominator_as_long()))
    if z3.is_algebraic_value(value) and len(value.poly()) == 3:
        c, b, a = (x.as_fraction() for x in value.poly())
        root = Surd.sqrt(b * b - 4 * a * c)
        return sorted(((-b - root) / (2 * a), (-b + root) / (2 * a)))[value.index() - 1]
    raise NotRepresentableError(f"{value} is not in Q(√2, √3)")


class _Translation:
    """Sympy to z3, collecting axioms on auxiliary constants and conditions of definedness."""

    def __init__(self) -> None:
        self.axioms: list[Any] = []
        self._constants: dict[Any, Any] = {}
        self._names = set(_WORDS.split())
        self._definedness: list[Any] = []
        self._path: list[Any] = []

    def take_definedness(self) -> list[Any]:
        taken, self._definedness = self._definedness, []
        return taken

    @contextmanager
    def _under(self, condition: Any) -> Iterator[None]:
        self._path.append(condition)
        yield
        self._path.pop()

    def _require(self, condition: Any) -> None:
        self._definedness.append(
            z3.Implies(z3.And(*self._path), condition) if self._path else condition
        )

    def symbol(self, symbol: sp.Symbol) -> Any:
        if symbol in self._constants:
            return self._constants[symbol]
        if not symbol.is_real:
            raise UnsupportedError(
                f"the symbol {symbol} is not declared real: use Symbol('{symbol}', real=True)"
            )
        constant = (z3.Int if symbol.is_integer else z3.Real)(self._fresh(symbol.name))
        self._constants[symbol] = constant
        facts: dict[str, Callable[[], Any]] = {
            "positive": lambda: constant > 0,
            "negative": lambda: constant < 0,
            "nonnegative": lambda: constant >= 0,
            "nonpositive": lambda: constant <= 0,
            "nonzero": lambda: constant != 0,
            "zero": lambda: constant == 0,
        }
        self.axioms += [fact() for name, fact in facts.items() if getattr(symbol, f"is_{name}")]
        if symbol.is_even or symbol.is_odd:
            self.axioms.append(constant % 2 == (0 if symbol.is_even else 1))
        return constant

    def _fresh(self, name: str) -> str:
        """Return the name as a plain word, lengthened until no other constant has it."""
        name = re.sub(r"[^A-Za-z0-9_.!]", "_", f"_{name}" if name[:1].isdigit() else name) or "_"
        while name in self._names:
            name += "!"
        self._names.add(name)
        return name

    def formula(self, formula: Boolean) -> Any:
        match formula:
            case sp.logic.boolalg.BooleanTrue() | True:
                return z3.BoolVal(True)
            case sp.logic.boolalg.BooleanFalse() | False:
                return z3.BoolVal(False)
            case sp.And():
                return z3.And(*map(self.formula, formula.args))
            case sp.Or():
                return z3.Or(*map(self.formula, formula.args))
            case sp.Not():
                return z3.Not(self.formula(formula.args[0]))
            case sp.Implies():
                antecedent = self.formula(formula.args[0])
                with self._under(antecedent):
                    return z3.Implies(antecedent, self.formula(formula.args[1]))
            case sp.Equivalent():
                first, *rest = map(self.formula, formula.args)
                return z3.And(*(first == other for other in rest))
            case sp.ITE():
                return z3.If(*map(self.formula, formula.args))
            case sp.core.relational.Relational():
                left, right = self.term(formula.lhs), self.term(formula.rhs)
                return _RELATIONS[type(formula)](left, right)
        raise UnsupportedError(f"the formula {formula} has a construct that is not supported")

    def term(self, expr: sp.Expr) -> Any:  # noqa: PLR0912 - one case for each construct
        match expr:
            case sp.Integer():
                return z3.RealVal(int(expr))
            case sp.Rational():
                return z3.Q(int(expr.p), int(expr.q))
            case sp.Symbol():
                constant = self.symbol(expr)
                return z3.ToReal(constant) if z3.is_int(constant) else constant
            case sp.Add():
                return reduce(lambda x, y: x + y, map(self.term, expr.args))
            case sp.Mul():
                return reduce(lambda x, y: x * y, map(self.term, expr.args))
            case sp.Pow():
                return self._power(expr)
            case sp.sign():
                x = self.term(expr.args[0])
                return z3.If(x > 0, z3.RealVal(1), z3.If(x < 0, z3.RealVal(-1), z3.RealVal(0)))
            case sp.Abs():
                x = self.term(expr.args[0])
                return z3.If(x >= 0, x, -x)
            case sp.Min():
                return reduce(lambda x, y: z3.If(x <= y, x, y), map(self.term, expr.args))
            case sp.Max():
                return reduce(lambda x, y: z3.If(x >= y, x, y), map(self.term, expr.args))
            case sp.floor():
                return z3.ToReal(z3.ToInt(self.term(expr.args[0])))
            case sp.ceiling():
                return -z3.ToReal(z3.ToInt(-self.term(expr.args[0])))
            case sp.Piecewise():
                return self._piecewise(expr.args)
        if expr is sp.pi:
            return self._pi()
        raise UnsupportedError(f"the term {expr} has a construct that is not supported")

    def _power(self, expr: sp.Pow) -> Any:
        base, exponent = expr.args
        if not isinstance(exponent, sp.Rational) or exponent.q not in (1, 2):
            raise UnsupportedError(f"the power {expr}: expected a constant integer or half-integer")
        value = self._root(base) if exponent.q == 2 else self.term(base)
        product = reduce(lambda x, y: x * y, [value] * abs(int(exponent.p)))
        if exponent > 0:
            return product
        self._require(value != 0)
        return 1 / product

    def _root(self, radicand: sp.Expr) -> Any:
        key = ("root", radicand)
        value = self.term(radicand)
        if key not in self._constants:
            root = z3.Real(self._fresh("root"))
            self._constants[key] = root
            # For a negative radicand the constant is unconstrained, and definedness fails.
            self.axioms.append(z3.Implies(value >= 0, z3.And(root >= 0, root * root == value)))
        if not (radicand.is_number and radicand.is_nonnegative):
            self._require(value >= 0)
        return self._constants[key]

    def _pi(self) -> Any:
        if sp.pi not in self._constants:
            self._constants[sp.pi] = z3.Real(self._fresh("pi"))
            low, high = z3.Q(333, 106), z3.Q(355, 113)
            self.axioms += [self._constants[sp.pi] > low, self._constants[sp.pi] < high]
        return self._constants[sp.pi]

    def _piecewise(self, cases: tuple[Any, ...]) -> Any:
        (expr, condition), *rest = cases
        test = self.formula(condition)
        with self._under(test):
            value = self.term(expr)
        if condition == sp.true:
            return value
        if not rest:
            self._require(test)
            return value
        with self._under(z3.Not(test)):
            return z3.If(test, value, self._piecewise(tuple(rest)))


_RELATIONS: dict[type, Callable[[Any, Any], Any]] = {
    sp.Eq: lambda x, y: x == y,
    sp.Ne: lambda x, y: x != y,
    sp.Lt: lambda x, y: x < y,
    sp.Le: lambda x, y: x <= y,
    sp.Gt: lambda x, y: x > y,
    sp.Ge: lambda x, y: x >= y,
}
