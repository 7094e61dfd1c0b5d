"""Formulas compiled to Python functions over exact numbers, to be evaluated many times.

:mod:`theory.logic.exact` walks a formula anew at each point and computes with Surds throughout.
Here a formula is walked once, and values stay ``int`` or ``Fraction`` until a root needs a Surd.
The meaning is the same, and so are the errors; what is reported in the end is evaluated again
there.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any, TypeAlias

import sympy as sp

from theory.logic.exact import (
    LARGEST_EXPONENT,
    NotRepresentableError,
    Surd,
    has_finite_value,
    value_of,
)

Value: TypeAlias = int | Fraction | Surd
Frame: TypeAlias = list[Any]
Code: TypeAlias = Callable[[Frame], Any]


class Program:
    """Formulas over one tuple of symbols, compiled; shared subterms are evaluated once a point."""

    def __init__(self, symbols: Sequence[sp.Symbol]) -> None:
        self.symbols = tuple(symbols)
        self._slots: dict[sp.Basic, int] = {s: i for i, s in enumerate(self.symbols)}
        self._size = len(self.symbols)
        self._codes: dict[sp.Basic, Code] = {}
        self._uses: Counter[sp.Basic] = Counter()

    def add(self, node: sp.Basic) -> Code:
        """Compile a term or a formula into a function of a :meth:`frame`.

        The function raises :class:`theory.logic.exact.NotRepresentableError` where there is no
        value in ℚ(√2, √3).
        """
        self._count(node)
        return self._code(node)

    def define(self, symbol: sp.Symbol, expr: sp.Expr) -> Code:
        """Let a symbol stand for a term in the others, in what is added from now on."""
        self._codes[symbol] = self._kept(self.add(expr))
        return self._codes[symbol]

    def frame(self, values: Sequence[Value]) -> Frame:
        """Lay out the values of the symbols, and room for the shared subterms."""
        return [*values, *[None] * (self._size - len(values))]

    def _count(self, node: sp.Basic) -> None:
        self._uses[node] += 1
        if self._uses[node] == 1:
            for part in node.args:
                self._count(part)

    def _code(self, node: sp.Basic) -> Code:
        if node not in self._codes:
            made = self._make(node)
            shared = self._uses[node] > 1 and node.args and node.free_symbols
            self._codes[node] = self._kept(made) if shared else made
        return self._codes[node]

    def _kept(self, code: Code) -> Code:
        slot, self._size = self._size, self._size + 1

        def kept(frame: Frame) -> Any:
            value = frame[slot]
            if value is None:
                value = frame[slot] = code(frame)
            return value

        return kept

    def _make(self, node: sp.Basic) -> Code:
        if isinstance(node, sp.logic.boolalg.Boolean) and not isinstance(node, sp.Symbol):
            return self._formula(node)
        if not node.free_symbols:
            return _constant(node)
        return self._term(node)

    def _formula(self, node: sp.Basic) -> Code:
        if isinstance(node, sp.logic.boolalg.BooleanAtom):
            truth = bool(node)
            return lambda frame: truth
        compilers = _CONNECTIVES if not isinstance(node, _Relational) else _RELATIONS
        if type(node) not in compilers:
            return _without_value(f"no exact meaning for the formula {node}")
        return compilers[type(node)](*map(self._code, node.args))

    def _term(self, node: sp.Basic) -> Code:
        match node:
            case sp.Symbol() if node in self._slots:
                slot = self._slots[node]
                return lambda frame: frame[slot]
            case sp.Mul():
                return self._product(node)
            case sp.Pow():
                return self._power(node)
            case sp.Piecewise():
                cases = [(self._code(c.cond), self._code(c.expr)) for c in node.args]
                return _first_case(cases, str(node))
        if type(node) not in _FUNCTIONS:
            return _without_value(f"no value in Q(√2, √3) for {node}")
        return _FUNCTIONS[type(node)](*map(self._code, node.args))

    def _product(self, node: sp.Mul) -> Code:
        """Multiply; a finite constant outside the field (π, say) is harmless beside a zero."""
        factors, outside = [], []
        for factor in node.args:
            code = self._code(factor)
            if has_finite_value(factor) and not _is_representable(factor):
                outside.append(code)
            else:
                factors.append(code)
        product = _product_of(factors)
        if not outside:
            return product

        def unless_zero(frame: Frame) -> Any:
            value = product(frame)
            return outside[0](frame) if value != 0 else value  # which raises

        return unless_zero

    def _power(self, node: sp.Pow) -> Code:
        base, exponent = self._code(node.base), node.exp
        if isinstance(exponent, sp.Integer):
            n = int(exponent)
            return lambda frame: power(base(frame), n)
        if isinstance(exponent, sp.Rational) and exponent.q == 2:
            p = int(exponent.p)
            return lambda frame: power(root(base(frame)), p)
        if not exponent.is_integer:
            return _without_value(f"no exact meaning for the power {node}")
        variable = self._code(exponent)
        return lambda frame: power(base(frame), _integer(variable(frame)))


def _constant(node: sp.Basic) -> Code:
    try:
        value = simplest(value_of(node, {}))
    except NotRepresentableError as error:
        return _without_value(str(error))
    return lambda frame: value


def _is_representable(constant: sp.Expr) -> bool:
    try:
        value_of(constant, {})
    except NotRepresentableError:
        return False
    return True


def simplest(value: Surd | Value) -> Value:
    """Return the same number as an ``int`` or a ``Fraction`` if it is one."""
    if isinstance(value, Surd):
        if not value.is_rational:
            return value
        value = value.x
    return int(value) if value.denominator == 1 else value


def power(base: Value, n: int) -> Value:
    """baseⁿ for an integer n.

    Raises:
        NotRepresentableError: n < 0 and the base is zero, or |n| is beyond all reason.

    """
    if abs(n) > LARGEST_EXPONENT:
        raise NotRepresentableError(f"the exponent {n} is too large")
    if n >= 0:
        return base**n
    if base == 0:
        raise NotRepresentableError("a denominator vanishes")
    inverse = base.inverse() if isinstance(base, Surd) else 1 / Fraction(base)
    return inverse**-n


def root(radicand: Value) -> Value:
    """√radicand, for a rational one of which the root lies in ℚ(√2, √3).

    Raises:
        NotRepresentableError: it is negative, or its root needs another surd.

    """
    if isinstance(radicand, Surd):
        if not radicand.is_rational:
            raise NotRepresentableError(f"no square root of {radicand} in Q(√2, √3)")
        radicand = radicand.x
    return simplest(Surd.sqrt(Fraction(radicand)))


def _integer(value: Value) -> int:
    if isinstance(value, Surd) or value.denominator != 1:
        raise NotRepresentableError(f"the exponent {value} is no integer")
    return int(value)


def _without_value(message: str) -> Code:
    def fail(frame: Frame) -> Any:
        raise NotRepresentableError(message)

    return fail


def _first_case(cases: list[tuple[Code, Code]], text: str) -> Code:
    def first(frame: Frame) -> Any:
        for condition, value in cases:
            if condition(frame):
                return value(frame)
        raise NotRepresentableError(f"no case of {text} applies")

    return first


def _sum_of(*terms: Code) -> Code:
    if len(terms) == 2:
        left, right = terms
        return lambda frame: left(frame) + right(frame)
    return lambda frame: sum(term(frame) for term in terms)


def _product_of(factors: list[Code]) -> Code:
    if len(factors) == 2:
        left, right = factors
        return lambda frame: left(frame) * right(frame)
    return lambda frame: reduce(lambda value, factor: value * factor(frame), factors, 1)


def _sign(x: Value) -> int:
    return (x > 0) - (x < 0)


_Relational = sp.core.relational.Relational
_FUNCTIONS: dict[type, Callable[..., Code]] = {
    sp.Add: _sum_of,
    sp.sign: lambda x: lambda frame: _sign(x(frame)),
    sp.Abs: lambda x: lambda frame: abs(x(frame)),
    sp.Min: lambda *parts: lambda frame: min(part(frame) for part in parts),
    sp.Max: lambda *parts: lambda frame: max(part(frame) for part in parts),
    sp.floor: lambda x: lambda frame: math.floor(x(frame)),
    sp.ceiling: lambda x: lambda frame: math.ceil(x(frame)),
}
_RELATIONS: dict[type, Callable[..., Code]] = {
    sp.Eq: lambda x, y: lambda frame: x(frame) == y(frame),
    sp.Ne: lambda x, y: lambda frame: x(frame) != y(frame),
    sp.Lt: lambda x, y: lambda frame: x(frame) < y(frame),
    sp.Le: lambda x, y: lambda frame: x(frame) <= y(frame),
    sp.Gt: lambda x, y: lambda frame: x(frame) > y(frame),
    sp.Ge: lambda x, y: lambda frame: x(frame) >= y(frame),
}
_CONNECTIVES: dict[type, Callable[..., Code]] = {
    sp.And: lambda *parts: lambda frame: all(part(frame) for part in parts),
    sp.Or: lambda *parts: lambda frame: any(part(frame) for part in parts),
    sp.Not: lambda x: lambda frame: not x(frame),
    sp.Implies: lambda x, y: lambda frame: not x(frame) or y(frame),
    sp.Equivalent: lambda *parts: lambda frame: len({part(frame) for part in parts}) == 1,
    sp.ITE: lambda test, x, y: lambda frame: x(frame) if test(frame) else y(frame),
}
