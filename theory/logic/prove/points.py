"""Exact points that satisfy given conditions, drawn so that ties and boundaries are likely.

A point starts as simple numbers. While conditions fail, one symbol at a time is moved along its
line: the values at which the terms of the conditions change sign there, and values between and
beyond them, are tried, and one at which the fewest conditions fail is taken. So equations are
solved, and intervals met however narrow. A symbol that a condition defines, as in b = f(a), is
computed. Nothing here is trusted: what is found is evaluated.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from itertools import islice, pairwise

import sympy as sp

from theory.logic.compiled import Code, Frame, Program, Value
from theory.logic.exact import NotRepresentableError, Surd
from theory.logic.findings import admits
from theory.logic.prove.boundaries import roots, terms
from theory.logic.statements import Boolean

Point = tuple[Value, ...]
Choose = Callable[[int], int]
"""Given n, one of 0, …, n − 1."""

_DENOMINATORS = (1, 2, 3, 4, 6, 12)
_SPREAD = (10, 20, 50, 100, 1000)
_CLOSE = 4  # neighbours of a point along one symbol's line, besides those at boundaries
_MOVES = 12  # of one point along one symbol's line
_SHORT = 20  # operations in a definition that is put into a condition to find boundaries
_MOST_TERMS = 60  # of which boundaries are sought


@lru_cache(maxsize=256)
def simple_values(symbol: sp.Symbol, bound: int = 12) -> tuple[Value, ...]:
    """Return numbers that the symbol's assumptions admit, the simplest first.

    Integers, and fractions with denominators that divide 12, up to ``bound`` in size; and a few
    that are larger or smaller than these.
    """
    numbers: set[Fraction] = {Fraction(n) for n in range(-bound, bound + 1)}
    numbers |= {Fraction(sign * n) for n in _SPREAD for sign in (1, -1)}
    if not symbol.is_integer:
        numbers |= {Fraction(n, d) for d in _DENOMINATORS for n in range(-4 * d, 4 * d + 1)}
        numbers |= {Fraction(sign, n) for n in _SPREAD for sign in (1, -1)}
    ordered = sorted(numbers, key=_complexity)
    plain = (int(x) if x.denominator == 1 else x for x in ordered)
    return tuple(x for x in plain if _is_admitted(symbol, x))


def _complexity(x: Fraction) -> tuple[int, bool]:
    return abs(x.numerator) + 2 * (x.denominator - 1), x < 0


def conjuncts(formula: Boolean) -> Iterator[Boolean]:
    """Split a formula into formulas that hold together exactly where it holds."""
    match formula:
        case sp.And():
            for part in formula.args:
                yield from conjuncts(part)
        case sp.Not(args=(sp.Or() as disjunction,)):
            for part in disjunction.args:
                yield from conjuncts(sp.Not(part))
        case sp.Not(args=(sp.Implies(args=(antecedent, consequent)),)):
            yield from conjuncts(antecedent)
            yield from conjuncts(sp.Not(consequent))
        case _:
            yield formula


@dataclass
class Points:
    """Points over ``symbols`` at which all ``conditions`` hold.

    Raises:
        ValueError: a symbol is not real, or its assumptions admit no simple number.

    """

    symbols: tuple[sp.Symbol, ...]
    conditions: Sequence[Boolean]
    _program: Program = field(init=False, repr=False)
    _tests: list[Code] = field(init=False, repr=False)
    _lines: dict[int, list[Code]] | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        for symbol in self.symbols:
            if not symbol.is_real or not simple_values(symbol):
                raise ValueError(f"the symbol {symbol} is not declared real, or has no values")
        parts = [part for c in self.conditions for part in conjuncts(c)]
        self._definitions, self._parts = _definitions(parts, self.symbols)
        self._free = tuple(s for s in self.symbols if s not in self._definitions)
        self._program = Program(self._free)
        self._defined = {s: self._program.define(s, d) for s, d in self._definitions.items()}
        self._tests = [self._program.add(part) for part in self._parts]
        self._valued = [False] * len(self._tests)
        rests_on = _free_symbols(self._definitions)
        slots = {symbol: slot for slot, symbol in enumerate(self._free)}
        self._concerned = [
            sorted({slots[f] for s in part.free_symbols for f in rests_on(s) if f in slots})
            for part in self._parts
        ]
        self._about = [
            [i for i, concerned in enumerate(self._concerned) if slot in concerned]
            for slot in range(len(self._free))
        ]

    def draw(self, choose: Choose, start: Sequence[Value] | None = None) -> Point | None:
        """Draw a point by ``choose``; None where the conditions could not be met.

        The point is sought from ``start``, or else from simple numbers.
        """
        given = self._restricted(start) if start else None
        values = list(given or (_simple(symbol, choose) for symbol in self._free))
        for _ in range(_MOVES):
            failing = self._failing(values)
            if not failing:
                return self._whole(values)
            concerned = self._concerned[failing[choose(len(failing))]]
            if not concerned:
                return None
            slot = concerned[choose(len(concerned))]
            values[slot] = self._moved(values, slot, choose)
        return None if self._failing(values) else self._whole(values)

    def nearby(self, point: Point, choose: Choose) -> Iterator[Point]:
        """Other points at which the conditions hold, which differ from one in one symbol.

        They lie on the boundaries of the conditions, between and beyond them, and close by.
        """
        values = self._restricted(point)
        for slot in range(len(values)):
            close = self._close(values[slot], slot, choose)
            for value in dict.fromkeys([*self._on_line(values, slot, choose), *close]):
                other = [*values[:slot], value, *values[slot + 1 :]]
                # The conditions about other symbols go on holding.
                if value != values[slot] and not self._failures(other, self._about[slot], 0):
                    whole = self._whole(other)
                    if whole is not None:
                        yield whole

    @property
    def without_value(self) -> Boolean | None:
        """A condition that had no exact value at any point so far, if there is one."""
        return next((p for p, v in zip(self._parts, self._valued, strict=True) if not v), None)

    def are_met(self, point: Sequence[Value]) -> bool:
        """Whether all conditions hold at a point."""
        values = self._restricted(point)
        return not self._failing(values) and self._whole(values) == tuple(point)

    def simplified(self, point: Point, tries: int = 60) -> Point:
        """Replace numbers by simpler ones, one after the other, while the conditions hold."""
        values, best = self._restricted(point), point
        for _ in range(2):
            for slot, symbol in enumerate(self._free):
                for value in islice(simple_values(symbol), tries):
                    if value == values[slot]:
                        break
                    other = [*values[:slot], value, *values[slot + 1 :]]
                    whole = None if self._failing(other) else self._whole(other)
                    if whole is not None:
                        values, best = other, whole
                        break
        return best

    def _restricted(self, point: Sequence[Value]) -> list[Value]:
        """The values of the symbols that are not defined."""
        pairs = zip(self.symbols, point, strict=True)
        return [value for symbol, value in pairs if symbol not in self._definitions]

    def _whole(self, values: Sequence[Value]) -> Point | None:
        """The point, with the symbols that are defined; None where one has no value."""
        at = dict(zip(self._free, values, strict=True))
        frame = self._program.frame(values)
        for symbol, code in self._defined.items():
            try:
                at[symbol] = code(frame)
            except (NotRepresentableError, ZeroDivisionError):
                return None
        return tuple(at[symbol] for symbol in self.symbols)

    def _failing(self, values: Sequence[Value]) -> list[int]:
        frame = self._program.frame(values)
        return [i for i in range(len(self._tests)) if not self._is_met(i, frame)]

    def _failures(self, values: Sequence[Value], tests: Sequence[int], most: int) -> int:
        """Count those of some conditions that fail, as far as one more than ``most``."""
        frame, count = self._program.frame(values), 0
        for i in tests:
            if not self._is_met(i, frame):
                count += 1
                if count > most:
                    break
        return count

    def _is_met(self, i: int, frame: Frame) -> bool:
        try:
            met = bool(self._tests[i](frame))
        except (NotRepresentableError, ZeroDivisionError):
            return False
        self._valued[i] = True
        return met

    def _moved(self, values: list[Value], slot: int, choose: Choose) -> Value:
        """One of the best values of one symbol, the others staying."""
        about = self._about[slot]
        least, best = len(about), [values[slot]]
        for value in self._on_line(values, slot, choose):
            other = [*values[:slot], value, *values[slot + 1 :]]
            failing = self._failures(other, about, least)
            if failing < least:
                least, best = failing, [value]
            elif failing == least:
                best.append(value)
        return best[choose(len(best))]

    def _on_line(self, values: list[Value], slot: int, choose: Choose) -> list[Value]:
        """Boundaries, numbers between and beyond them, and a simple number."""
        symbol = self._free[slot]
        boundaries = sorted(set(self._boundaries(values, slot)))
        between = [_middle(low, high, choose) for low, high in pairwise(boundaries)]
        simple = [_simple(symbol, choose) for _ in range(2)]
        step = _simple(_POSITIVE, choose)
        beyond = [
            x for edge in boundaries[:1] + boundaries[-1:] for x in (edge - step, edge + step)
        ]
        found = [*boundaries, *between, *beyond, *simple]
        if symbol.is_integer:
            whole = {n + k for x in found for n in (x.__floor__(),) for k in (-1, 0, 1, 2)}
            found = sorted(whole)
        return [x for x in found if _is_admitted(symbol, x)]

    def _close(self, value: Value, slot: int, choose: Choose) -> list[Value]:
        """Numbers close to one that is not tied to the integers."""
        if self._free[slot].is_integer:
            return []
        moved = [value + Fraction(choose(201) - 100, 10 ** (2 + choose(3))) for _ in range(_CLOSE)]
        return [x for x in moved if _is_admitted(self._free[slot], x)]

    def _boundaries(self, values: list[Value], slot: int) -> Iterator[Value]:
        if self._lines is None:
            self._lines = self._all_lines()
        frame = self._program.frame(values)
        for code in self._lines.get(slot, ()):
            try:
                yield code(frame)
            except (NotRepresentableError, ZeroDivisionError):
                continue

    def _all_lines(self) -> dict[int, list[Code]]:
        """For each symbol, values at which a term of a condition may change its sign."""
        found: dict[sp.Symbol, dict[sp.Expr, None]] = {s: {} for s in self._free}
        sought = dict.fromkeys(t for part in self._parts for t in terms(self._spelt_out(part)))
        for term in sorted(sought, key=sp.count_ops)[:_MOST_TERMS]:
            for symbol in self._free:
                if symbol in term.free_symbols:
                    found[symbol] |= dict.fromkeys(roots(term, symbol))
        return {
            slot: [self._program.add(root) for root in found[symbol]]
            for slot, symbol in enumerate(self._free)
        }

    def _spelt_out(self, part: Boolean) -> Boolean:
        """A condition with short definitions put in, so that its boundaries can be seen."""
        short = {s: d for s, d in self._definitions.items() if sp.count_ops(d) <= _SHORT}
        return part.xreplace(short)


def _definitions(
    parts: Sequence[Boolean], symbols: Sequence[sp.Symbol]
) -> tuple[dict[sp.Symbol, sp.Expr], list[Boolean]]:
    """Find conditions s = expr such that all can be computed, in order; return the others too."""
    found: dict[sp.Symbol, sp.Expr] = {}
    others = []
    for part in parts:
        sides = [part.args, part.args[::-1]] if isinstance(part, sp.Eq) else []
        for one, other in sides:
            rests_on = _free_symbols(found)
            cyclic = any(one in rests_on(s) for s in other.free_symbols)
            if one in symbols and one not in found and not cyclic and _is_as_declared(one, other):
                found[one] = other
                break
        else:
            others.append(part)
    return dict(sorted(found.items(), key=lambda item: _depth(item[0], found))), others


def _is_as_declared(symbol: sp.Symbol, expr: sp.Expr) -> bool:
    """Whether a term is certain to be what a symbol is declared to be, besides being real."""
    facts = symbol.assumptions0.items() - sp.Dummy(real=True).assumptions0.items()
    return all(getattr(expr, f"is_{fact}") is wanted for fact, wanted in facts)


def _depth(symbol: sp.Symbol, definitions: Mapping[sp.Symbol, sp.Expr]) -> int:
    """How many definitions follow one another up to a symbol."""
    if symbol not in definitions:
        return 0
    return 1 + max((_depth(s, definitions) for s in definitions[symbol].free_symbols), default=0)


def _free_symbols(
    definitions: Mapping[sp.Symbol, sp.Expr],
) -> Callable[[sp.Symbol], frozenset[sp.Symbol]]:
    """Return the function that gives the symbols, not defined themselves, on which one rests."""

    def rests_on(symbol: sp.Symbol) -> frozenset[sp.Symbol]:
        if symbol not in definitions:
            return frozenset({symbol})
        return frozenset().union(*map(rests_on, definitions[symbol].free_symbols))

    return rests_on


_POSITIVE = sp.Dummy(positive=True)


def _simple(symbol: sp.Symbol, choose: Choose) -> Value:
    """Mostly a simple value, the simplest being the likeliest; now and then any fraction."""
    if choose(8) == 7:
        whole = choose(2001) - 1000
        value: Value = whole if symbol.is_integer else Fraction(whole, 1 + choose(96))
        if _is_admitted(symbol, value):
            return value
    values = simple_values(symbol)
    scale = 1 << 16
    u = choose(scale)
    return values[len(values) * u * u // (scale * scale)]


def _middle(low: Value, high: Value, choose: Choose) -> Value:
    """A number between two others; whole, or a simple one, where one is there."""
    whole = low.__floor__() + 1
    if whole < high and choose(2):
        return whole
    return low + (high - low) * Fraction(1 + choose(3), 4)


@cache
def _facts(symbol: sp.Symbol) -> tuple[Callable[[Value], bool], ...] | None:
    """Tests for a symbol's assumptions; None where they are more than signs and integrality."""
    tests: dict[str, Callable[[Value], bool]] = {
        "positive": lambda x: x > 0,
        "negative": lambda x: x < 0,
        "nonnegative": lambda x: x >= 0,
        "nonpositive": lambda x: x <= 0,
        "nonzero": lambda x: x != 0,
        "zero": lambda x: x == 0,
        "integer": lambda x: not isinstance(x, Surd) and x.denominator == 1,
    }
    plain = sp.Dummy(
        **{name: True for name in tests if getattr(symbol, f"is_{name}")} | {"real": True}
    )
    if plain.assumptions0 != symbol.assumptions0:
        return None
    return tuple(test for name, test in tests.items() if getattr(symbol, f"is_{name}"))


def _is_admitted(symbol: sp.Symbol, value: Value) -> bool:
    facts = _facts(symbol)
    if facts is None:
        return admits(symbol, Surd.of(value))
    return all(fact(value) for fact in facts)


def random_choice(seed: int = 0) -> Choose:
    """Return a source of choices that is the same at every run."""
    rng = random.Random(seed)
    return rng.randrange
