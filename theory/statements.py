"""The shapes of statements that back ends settle.

For all values; for some values; along every orbit of a map; in the end; along one exact orbit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import sympy as sp

from theory.exact import Assignment, Surd, value_of

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

    def after(self, formula: sp.Basic) -> sp.Basic:
        """Return the formula about the next state, in terms of the current one."""
        return formula.subs(dict(self.step), simultaneous=True)

    def orbit(self, start: Assignment, steps: int) -> list[dict[sp.Symbol, Surd]]:
        """Return the states from ``start`` on, ``steps`` of them after it, in exact arithmetic."""
        states = [dict(start)]
        for _ in range(steps):
            now = states[-1]
            states.append({**now, **{s: value_of(e, now) for s, e in self.step.items()}})
        return states

    def _text(self, ending: str) -> str:
        step = ", ".join(f"{symbol} → {image}" for symbol, image in self.step.items())
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


def show(formula: sp.Basic) -> str:
    """Write a formula as text, with = and ≠ as infix signs."""
    match formula:
        case sp.Eq() | sp.Ne():
            sign = "=" if isinstance(formula, sp.Eq) else "≠"
            return f"{formula.lhs} {sign} {formula.rhs}"
        case sp.And() | sp.Or():
            word = " and " if isinstance(formula, sp.And) else " or "
            return word.join(f"({show(part)})" for part in sorted(formula.args, key=str))
        case sp.Implies():
            return f"({show(formula.args[0])}) implies ({show(formula.args[1])})"
        case sp.Not():
            return f"not ({show(formula.args[0])})"
    return str(formula)


def equal(left: sp.Basic | int, right: sp.Basic | int) -> Boolean:
    """Return the equation left = right, kept as written."""
    return sp.Eq(sp.sympify(left), sp.sympify(right), evaluate=False)
