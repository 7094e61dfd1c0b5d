"""Search for exact counterexamples: points, periodic orbits, and orbits that leave a region."""

from collections.abc import Iterator, Mapping

import sympy as sp

from theory.logic.exact import NotRepresentableError, Surd, holds
from theory.logic.findings import Counterexample, Escape, Finding, PeriodicOrbit, Unsettled
from theory.logic.prove.deadline import limited
from theory.logic.prove.points import Points, random_choice
from theory.logic.statements import Always, EventuallyAlways, Statement

NAME = "search"
_TRIES = 30  # points until a formula without an exact value at any of them is given up
_ORBIT_STEPS = 200
_ORBIT_BITS = 4000  # a step may square its numbers, and an orbit that grows so does not return


def settle(statement: Statement, timeout: float = 10.0, examples: int = 2000) -> Finding:
    """Look for a counterexample, and simplify it; a search proves nothing.

    The points satisfy the hypotheses and the negated conclusion, if such are found: see
    :class:`theory.logic.prove.points.Points`.
    """
    return limited(NAME, timeout, _settle, statement, examples)


def _settle(statement: Statement, examples: int) -> Finding:
    try:
        points = Points(statement.symbols, (*statement.hypotheses, sp.Not(statement.conclusion)))
    except ValueError as error:
        return Unsettled(NAME, str(error))
    choose = random_choice()
    for drawn in range(examples if statement.symbols else 1):
        if drawn == _TRIES and points.without_value is not None:
            return Unsettled(NAME, f"no exact value of {points.without_value} at {drawn} points")
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
    return limited(NAME, timeout, _settle_orbits, statement, examples)


def _settle_orbits(statement: EventuallyAlways, examples: int) -> Finding:
    for start in _starts(statement, examples):
        try:
            closed = _close(statement, start)
            if closed is None or all(holds(statement.region, at) for at in closed[1][closed[0] :]):
                continue
        except NotRepresentableError:
            continue
        before, states = closed
        return PeriodicOrbit(NAME, statement, start, before, len(states) - 1 - before)
    return Unsettled(NAME, f"no periodic orbit outside the region from {examples} starts")


def _starts(statement: EventuallyAlways | Always, examples: int) -> Iterator[dict[sp.Symbol, Surd]]:
    """Starts that the hypotheses allow, each once."""
    try:
        points = Points(statement.symbols, statement.hypotheses)
    except ValueError:
        return
    choose = random_choice()
    drawn = (points.draw(choose) for _ in range(examples))
    for point in dict.fromkeys(point for point in drawn if point is not None):
        yield {s: Surd.of(v) for s, v in zip(statement.symbols, point, strict=True)}


def settle_escapes(
    statement: Always, timeout: float = 10.0, examples: int = 100, steps: int = 30
) -> Finding:
    """Look for a start from which the orbit leaves the region within some ``steps``."""
    return limited(NAME, timeout, _settle_escapes, statement, examples, steps)


def _settle_escapes(statement: Always, examples: int, steps: int) -> Finding:
    found: list[Escape] = []
    for start in _starts(statement, examples):
        t = _first_outside(statement, start, steps)
        if t is not None:
            found.append(Escape(NAME, statement, start, t))
    if not found:
        return Unsettled(NAME, f"no escape within {steps} steps from {examples} starts")
    return min(found, key=lambda e: (sum(v.bits for v in e.start.values()), e.t))


def _first_outside(statement: Always, start: Mapping[sp.Symbol, Surd], steps: int) -> int | None:
    now = dict(start)
    try:
        for t in range(steps + 1):
            if not holds(statement.region, now):
                return t
            if any(now[s].bits > _ORBIT_BITS for s in statement.step):
                return None
            now = statement.orbit(now, 1)[1]
    except NotRepresentableError:
        pass
    return None


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
