"""The shapes of statements that back ends settle.

For all values; for some values; along every orbit of a map; in the end; along one exact orbit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import sympy as sp
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from theory.logic.constants import substituted
from theory.logic.exact import Assignment, Surd, value_of

Boolean: TypeAlias = sp.logic.boolalg.Boolean


@dataclass(frozen=True)
class Statement:
    """For all values of its symbols (as their assumptions allow): hypotheses imply conclusion."""

    conclusion: Boolean
    hypotheses: tuple[Boolean, ...] = ()

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """The universally quantified symbols, by name."""
        free = set().union(*(f.free_symbols for f in (self.conclusion, *self.hypotheses)))
        return tuple(sorted((s for s in free if isinstance(s, sp.Symbol)), key=str))

    @cached_property
    def text(self) -> str:
        """The statement as text, for people."""
        given = ", ".join(map(show, self.hypotheses))
        return f"{given}  ⟹  {show(self.conclusion)}" if given else show(self.conclusion)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Possible:
    """For some values of its symbols (as their assumptions allow) the formula holds."""

    formula: Boolean

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """The existentially quantified symbols, by name."""
        return Statement(self.formula).symbols

    @cached_property
    def text(self) -> str:
        """The statement as text, for people."""
        return f"for some {', '.join(map(str, self.symbols))}: {show(self.formula)}"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class _AllOrbits:
    """About every orbit of a map from the starts that the hypotheses allow.

    Attributes:
        step: the image of each state symbol under the map; other symbols are parameters. A counter
            is a state symbol like any other.
        region: a condition on a state.
        hypotheses: conditions on start and parameters.

    """

    step: Mapping[sp.Symbol, sp.Expr]
    region: Boolean
    hypotheses: tuple[Boolean, ...] = ()

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """State symbols and parameters, by name."""
        formulas = (*self.step.keys(), *self.step.values(), self.region, *self.hypotheses)
        return tuple(sorted(set().union(*(f.free_symbols for f in formulas)), key=str))

    def after(self, formula: sp.Basic) -> Any:
        """Return the formula about the next state, in terms of the current one."""
        return substituted(formula, self.step)

    def orbit(self, start: Assignment, steps: int) -> list[dict[sp.Symbol, Surd]]:
        """Return the states from ``start`` on, ``steps`` of them after it, in exact arithmetic."""
        states = [dict(start)]
        for _ in range(steps):
            now = states[-1]
            states.append({**now, **{s: value_of(e, now) for s, e in self.step.items()}})
        return states

    def _text(self, ending: str) -> str:
        step = ", ".join(f"{symbol} → {show(image)}" for symbol, image in self.step.items())
        given = "".join(f"{show(h)}, " for h in self.hypotheses)
        return f"{given}orbits of {step}: {ending} {show(self.region)}"


@dataclass(frozen=True)
class EventuallyAlways(_AllOrbits):
    """From every start that the hypotheses allow, orbits of ``step`` end in ``region`` for good."""

    @cached_property
    def text(self) -> str:
        """The statement as text, for people."""
        return self._text("from some t on, always")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Always(_AllOrbits):
    """From every start that the hypotheses allow, every state of the orbit is in ``region``."""

    @cached_property
    def text(self) -> str:
        """The statement as text, for people."""
        return self._text("always")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Along:
    """On one exact orbit, a formula about consecutive states holds at each of some iterations.

    Attributes:
        name: what orbit this is, in words.
        orbit: the states, in exact arithmetic, one tuple for each iteration.
        now: symbols for the entries of the state at iteration t.
        then: symbols for the entries of the state at iteration t + 1.
        formula: the assertion about ``now`` and ``then``.
        start: the first iteration t concerned.
        stop: the iteration after the last one concerned; the orbit has a state at ``stop``.

    """

    name: str
    orbit: tuple[tuple[Surd, ...], ...] = field(repr=False, hash=False, compare=False)
    now: tuple[sp.Symbol, ...]
    then: tuple[sp.Symbol, ...]
    formula: Boolean
    start: int
    stop: int

    def at(self, t: int) -> dict[sp.Symbol, Surd]:
        """Return the values of the symbols at iteration ``t``."""
        states = (*self.orbit[t], *self.orbit[t + 1])
        return dict(zip((*self.now, *self.then), states, strict=True))

    @cached_property
    def text(self) -> str:
        """The statement as text, for people."""
        return f"{self.name}, for t = {self.start}, …, {self.stop - 1}: {show(self.formula)}"

    def __str__(self) -> str:
        return self.text


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SIGNS = {sp.Eq: "=", sp.Ne: "≠", sp.Le: "≤", sp.Ge: "≥", sp.Lt: "<", sp.Gt: ">"}


class _Mathematics(StrPrinter):
    """Formulas as people write them: |x|, x², √2, x ≤ y, and the connectives as words."""

    def _print_Abs(self, expr: sp.Abs) -> str:
        return f"|{self._print(expr.args[0])}|"

    def _print_Pow(self, expr: sp.Pow, rational: bool = False) -> str:
        base, exponent = expr.args
        if exponent == sp.Rational(1, 2):
            return f"√{self.parenthesize(base, PRECEDENCE['Atom'], strict=True)}"
        if exponent.is_Integer and exponent > 0:
            power = str(exponent).translate(_SUPERSCRIPTS)
            return f"{self.parenthesize(base, PRECEDENCE['Pow'], strict=True)}{power}"
        return str(super()._print_Pow(expr, rational=rational))

    def _print_Relational(self, expr: sp.core.relational.Relational) -> str:
        return f"{show(expr.lhs)} {_SIGNS[type(expr)]} {show(expr.rhs)}"

    def _join(self, word: str, parts: Iterable[sp.Basic]) -> str:
        texts = map(show, sorted(parts, key=_plain))
        return word.join(f"({text})" for text in texts)

    def _print_And(self, expr: sp.And) -> str:
        return self._join(" and ", expr.args)

    def _print_Or(self, expr: sp.Or) -> str:
        return self._join(" or ", expr.args)

    def _print_Not(self, expr: sp.Not) -> str:
        return f"not ({self._print(expr.args[0])})"

    def _print_Implies(self, expr: sp.Implies) -> str:
        return f"({self._print(expr.args[0])}) implies ({self._print(expr.args[1])})"

    def _print_Equivalent(self, expr: sp.Equivalent) -> str:
        return self._join(" if and only if ", expr.args)

    def _print_Piecewise(self, expr: sp.Piecewise) -> str:
        cases = (
            f"{self._print(value)} {'otherwise' if when == sp.true else f'if {self._print(when)}'}"
            for value, when in expr.args
        )
        return f"{{{'; '.join(cases)}}}"


_PRINTER = _Mathematics()
_plain = lru_cache(maxsize=4096)(str)


@lru_cache(maxsize=4096)
def show(formula: sp.Basic) -> str:
    """Write a formula as text, the way people write mathematics."""
    return str(_PRINTER.doprint(formula))


def rounded_number(formula: sp.Basic) -> str | None:
    """Say what to write instead of a formula's first floating-point number, if it has one."""
    for term in sp.preorder_traversal(formula):
        if isinstance(term, sp.Pow) and term.exp in (sp.Float(0.5), sp.Float(-0.5)):
            root = f"sympy.sqrt({term.base})"
            exact = root if term.exp > 0 else f"1/{root}"
            return f"{term} has a rounded exponent; write an exact one: {exact}"
        if isinstance(term, sp.Float):
            exact = sp.Rational(str(term)).limit_denominator(10**6)
            return (
                f"the number {float(term):g} is a rounded one; write an exact one, such as "
                f"sympy.Rational({exact.p}, {exact.q})"
            )
    return None


def equal(left: sp.Basic | int, right: sp.Basic | int) -> Boolean:
    """Return the equation left = right, kept as written."""
    return sp.Eq(sp.sympify(left), sp.sympify(right), evaluate=False)
