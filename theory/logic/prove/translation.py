"""Sympy formulas translated for the solver z3, each question in a context of its own.

The translation covers rational numbers, √n, π (by rational bounds), sums, products, integer powers,
square roots, ``sign``, ``Abs``, ``Min``, ``Max``, ``Piecewise``, ``floor``, ``ceiling``, relations
and the connectives. Strict and non-strict relations stay apart. A denominator or a radicand must be
shown to be legitimate along with the conclusion. Sympy evaluates a formula while it is built (x/x
becomes 1, Abs(x)**2 becomes x**2, floor(n) becomes n for an integer n): its result is translated.
"""

import math
import operator
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

import sympy as sp
import z3

from theory.logic.constants import masked, sign_of
from theory.logic.prove.deadline import TimeIsUpError
from theory.logic.statements import Boolean, rounded_number

# Words of SMT-LIB and functions that solvers add to it: no names for constants in a certificate.
WORDS = (
    "! _ as let par match forall exists true false not and or xor ite distinct abs div mod to_real "
    "to_int is_int divisible exp sin cos tan csc sec cot sqrt real.pi"
)
_LARGEST_POWER = 200  # it is written out as a product


class UnsupportedError(ValueError):
    """A formula outside the fragment that is translated; the message names the construct."""


class Translation:
    """Sympy to z3, collecting axioms on auxiliary constants and conditions of definedness."""

    def __init__(self, context: z3.Context, end: float = math.inf) -> None:
        self.context = context
        self._end = end
        self.axioms: list[Any] = []
        self._constants: dict[Any, Any] = {}
        self._terms: dict[sp.Expr, Any] = {}
        self._names = set(WORDS.split())
        self._definedness: list[Any] = []
        self._path: list[Any] = []

    def take_definedness(self) -> list[Any]:
        """Return the conditions under which what was translated has a value, and forget them."""
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
        """Return the constant for a symbol; its assumptions join the axioms.

        Raises:
            UnsupportedError: the symbol is not declared real.

        """
        if symbol in self._constants:
            return self._constants[symbol]
        if not symbol.is_real:
            raise UnsupportedError(
                f"the symbol {symbol} is not declared real: use Symbol('{symbol}', real=True)"
            )
        constant = (z3.Int if symbol.is_integer else z3.Real)(
            self._fresh(symbol.name), self.context
        )
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
        """Translate a formula.

        Raises:
            UnsupportedError: it has a construct that is not supported.
            TimeIsUpError: ``end`` (of the monotonic clock) has passed.

        """
        match formula:
            case sp.logic.boolalg.BooleanTrue() | True:
                return z3.BoolVal(True, self.context)
            case sp.logic.boolalg.BooleanFalse() | False:
                return z3.BoolVal(False, self.context)
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
                return _RELATIONS[type(formula)](*self._sides(formula))
        raise UnsupportedError(f"the formula {formula} has a construct that is not supported")

    def _sides(self, relation: Any) -> tuple[Any, Any]:
        left, right = self._whole(relation.lhs), self._whole(relation.rhs)
        if left is None or right is None:
            return self.term(relation.lhs), self.term(relation.rhs)
        return left, right

    def term(self, expr: sp.Expr) -> Any:
        """Translate a term; raises like :meth:`formula`."""
        if expr not in self._terms:
            conditions = len(self._definedness)
            term = self._term(expr)
            if len(self._definedness) > conditions:  # which depend on where the term stands
                return term
            self._terms[expr] = term
        return self._terms[expr]

    def _term(self, expr: sp.Expr) -> Any:  # noqa: PLR0912 - one case for each construct
        if time.monotonic() > self._end:
            raise TimeIsUpError("time ran out in translation")
        match expr:
            case sp.Integer():
                return self._number(int(expr))
            case sp.Rational():
                return z3.Q(int(expr.p), int(expr.q), self.context)
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
                return z3.If(
                    x > 0, self._number(1), z3.If(x < 0, self._number(-1), self._number(0))
                )
            case sp.Abs():
                x = self.term(expr.args[0])
                return z3.If(x >= 0, x, -x)
            case sp.Min():
                return reduce(lambda x, y: z3.If(x <= y, x, y), map(self.term, expr.args))
            case sp.Max():
                return reduce(lambda x, y: z3.If(x >= y, x, y), map(self.term, expr.args))
            case sp.floor() | sp.ceiling():
                return z3.ToReal(self._rounded(expr))
            case sp.Piecewise():
                return self._piecewise(expr.args)
        if expr is sp.pi:
            return self._pi()
        if isinstance(expr, sp.Float):
            raise UnsupportedError(str(rounded_number(expr)))
        raise UnsupportedError(f"the term {expr} has a construct that is not supported")

    def _whole(self, expr: sp.Expr) -> Any | None:
        """Translate a term into integer arithmetic, if it is made of integers alone.

        Said of integers, k < 2m + 2 is k ≤ 2m + 1, which the solver does not see through reals.
        """
        match expr:
            case sp.Integer():
                return z3.IntVal(int(expr), self.context)
            case sp.Symbol() if expr.is_integer:
                return self.symbol(expr)
            case sp.floor() | sp.ceiling():
                return self._rounded(expr)
            case sp.Add() | sp.Mul():
                parts = [self._whole(part) for part in expr.args]
                join = operator.add if isinstance(expr, sp.Add) else operator.mul
                return None if any(part is None for part in parts) else reduce(join, parts)
            case sp.Pow(args=(base, sp.Integer() as n)) if 0 < n <= _LARGEST_POWER:
                part = self._whole(base)
                return None if part is None else reduce(operator.mul, [part] * int(n))
        return None

    def _rounded(self, expr: sp.Expr) -> Any:
        """The integer k of a floor, k ≤ x < k + 1, or of a ceiling, as −floor(−x)."""
        if isinstance(expr, sp.ceiling):
            return -self._floor(masked(sp.expand, -expr.args[0]))
        return self._floor(expr.args[0])

    def _floor(self, x: sp.Expr) -> Any:
        value = self.term(x)
        if ("floor", x) not in self._constants:
            k = z3.Int(self._fresh("floor"), self.context)
            self._constants["floor", x] = k
            numerator, d = masked(lambda term: sp.fraction(sp.together(term)), x)
            whole = None
            if isinstance(d, sp.Integer):
                whole = self._whole(masked(sp.expand, numerator))
            if whole is None:
                self.axioms += [z3.ToReal(k) <= value, value < z3.ToReal(k) + 1]
            else:  # the same without a denominator: d k ≤ d x ≤ d k + d − 1
                self.axioms += [int(d) * k <= whole, whole <= int(d) * k + (int(d) - 1)]
        return self._constants["floor", x]

    def _number(self, value: int) -> Any:
        return z3.RealVal(value, self.context)

    def _power(self, expr: sp.Pow) -> Any:
        base, exponent = expr.args
        if exponent.has(sp.Float):
            raise UnsupportedError(str(rounded_number(expr)))
        if not isinstance(exponent, sp.Rational) or exponent.q not in (1, 2):
            raise UnsupportedError(f"the power {expr}: expected a constant integer or half-integer")
        if abs(exponent.p) > _LARGEST_POWER:
            raise UnsupportedError(f"the power {expr}: expected at most {_LARGEST_POWER}")
        value = self._root(base) if exponent.q == 2 else self.term(base)
        factors = [value] * abs(int(exponent.p)) or [self._number(1)]
        product = reduce(lambda x, y: x * y, factors)
        if exponent >= 0:
            return product
        self._require(value != 0)
        return 1 / product

    def _root(self, radicand: sp.Expr) -> Any:
        key = ("root", radicand)
        value = self.term(radicand)
        if key not in self._constants:
            root = z3.Real(self._fresh("root"), self.context)
            self._constants[key] = root
            # For a negative radicand the constant is unconstrained, and definedness fails.
            self.axioms.append(z3.Implies(value >= 0, z3.And(root >= 0, root * root == value)))
        if radicand.free_symbols or sign_of(radicand) not in (0, 1):
            self._require(value >= 0)
        return self._constants[key]

    def _pi(self) -> Any:
        if sp.pi not in self._constants:
            self._constants[sp.pi] = z3.Real(self._fresh("pi"), self.context)
            low, high = z3.Q(333, 106, self.context), z3.Q(355, 113, self.context)
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
