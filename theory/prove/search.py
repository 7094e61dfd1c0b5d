"""Search for exact counterexamples: points, periodic orbits, and orbits that leave a region."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import hypothesis
import hypothesis.strategies as st
import sympy as sp

from theory.exact import NotRepresentableError, Surd, holds
from theory.findings import Counterexample, Escape, Finding, PeriodicOrbit, Unsettled, admits
from theory.prove.deadline import limited
from theory.prove.points import Points, random_choice
from theory.statements import Always, EventuallyAlways, Statement

NAME = "search"
_ORBIT_STEPS = 200
_ORBIT_BITS = 4000  # a step may square its numbers, and an orbit that grows so does not return


def values_of(symbol: sp.Symbol, bound: int = 12) -> st.SearchStrategy[Surd]:
    """Exact numbers that the symbol's assumptions admit, with small denominators."""
    low = 0 if symbol.is_nonnegative else -bound
    high = 0 if symbol.is_nonpositive else bound
    if symbol.is_integer:
        numbers = st.integers(low, high).map(Fraction)
    else:
        # Differences of halves, thirds and quarters make ties and boundaries likely.
        numbers = st.builds(
            Fraction, st.integers(low * 12, high * 12), st.sampled_from((1, 2, 3, 4, 6, 12))
        )
    return numbers.map(Surd.of).filter(lambda value: admits(symbol, value))


def assignments(
    symbols: tuple[sp.Symbol, ...], bound: int = 12
) -> st.SearchStrategy[Mapping[sp.Symbol, Surd]]:
    """Assignments of exact numbers to symbols, as their assumptions allow."""
    return st.fixed_dictionaries({symbol: values_of(symbol, bound) for symbol in symbols})


def _find(strategy: st.SearchStrategy[Any], wanted: Any, examples: int, shrink: bool) -> Any:
    phases = [hypothesis.Phase.generate] + [hypothesis.Phase.shrink] * shrink
    settings = hypothesis.settings(
        phases=phases,
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    return hypothesis.find(strategy, wanted, settings=settings)


def settle(statement: Statement, timeout: float = 10.0, examples: int = 2000) -> Finding:
    """Look for a counterexample, and simplify it; a search proves nothing.

    The points satisfy the hypotheses and the negated conclusion, if such are found: see
    :class:`theory.prove.points.Points`.
    """
    return limited(NAME, timeout, lambda: _settle(statement, examples))


def _settle(statement: Statement, examples: int) -> Finding:
    try:
        points = Points(statement.symbols, (*statement.hypotheses, sp.Not(statement.conclusion)))
    except ValueError as error:
        return Unsettled(NAME, str(error))
    choose = random_choice()
    for _ in range(examples if statement.symbols else 1):
        point = points.draw(choose)
        if point is None:
            continue
        values = zip(statement.symbols, points.simplified(point), strict=True)
        try:
            return Counterexample(NAME, statement, {s: Surd.of(v) for s, v in values})
        except ValueError:  # a hypothesis or the conclusion has no exact value there after all
            continue
    return Unsettled(NAME, f"no counterexample among {examples} exact points")


def settle_orbits(
    statement: EventuallyAlways, timeout: float = 10.0, examples: int = 20
) -> Finding:
    """Look for a periodic orbit that leaves the region in which every orbit is said to end."""
    return limited(NAME, timeout, lambda: _settle_orbits(statement, examples))


def _settle_orbits(statement: EventuallyAlways, examples: int) -> Finding:
    def refuting_orbit(start: Mapping[sp.Symbol, Surd]) -> tuple[int, int] | None:
        try:
            if not all(holds(h, start) for h in statement.hypotheses):
                return None
            closed = _close(statement, start)
            if closed is None:
                return None
            before, states = closed
            stays = all(holds(statement.region, at) for at in states[before:])
        except NotRepresentableError:
            return None
        return None if stays else (before, len(states) - 1 - before)

    try:
        start = _find(assignments(statement.symbols, 2), refuting_orbit, examples, shrink=False)
    except (hypothesis.errors.NoSuchExample, hypothesis.errors.Unsatisfiable):
        return Unsettled(NAME, f"no periodic orbit outside the region from {examples} starts")
    before, period = refuting_orbit(start) or (0, 0)
    return PeriodicOrbit(NAME, statement, start, before, period)


def settle_escapes(
    statement: Always, timeout: float = 10.0, examples: int = 100, steps: int = 30
) -> Finding:
    """Look for a start from which the orbit leaves the region within some ``steps``."""
    return limited(NAME, timeout, lambda: _settle_escapes(statement, examples, steps))


def _settle_escapes(statement: Always, examples: int, steps: int) -> Finding:
    def first_outside(start: Mapping[sp.Symbol, Surd]) -> int | None:
        try:
            if not all(holds(h, start) for h in statement.hypotheses):
                return None
            now = dict(start)
            for t in range(steps + 1):
                if not holds(statement.region, now):
                    return t
                if any(now[s].bits > _ORBIT_BITS for s in statement.step):
                    return None
                now = statement.orbit(now, 1)[1]
        except NotRepresentableError:
            pass
        return None

    def refutes(start: Mapping[sp.Symbol, Surd]) -> bool:
        return first_outside(start) is not None

    try:
        start = _find(assignments(statement.symbols, 3), refutes, examples, shrink=True)
    except (hypothesis.errors.NoSuchExample, hypothesis.errors.Unsatisfiable):
        return Unsettled(NAME, f"no escape within {steps} steps from {examples} starts")
    return Escape(NAME, statement, start, first_outside(start) or 0)


def _close(
    statement: EventuallyAlways, start: Mapping[sp.Symbol, Surd]
) -> tuple[int, list[dict[sp.Symbol, Surd]]] | None:
    """Follow the orbit until it returns to an earlier state; give that state's index."""
    seen: dict[tuple[Surd, ...], int] = {}
    states = [dict(start)]
    for index in range(_ORBIT_STEPS):
        key = tuple(states[-1][s] for s in statement.step)
        if key in seen:
            return seen[key], states
        if any(value.bits > _ORBIT_BITS for value in key):
            return None
        seen[key] = index
        states.append(statement.orbit(states[-1], 1)[1])
    return None
