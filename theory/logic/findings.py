"""What back ends find: a proof, exact numbers that prove or refute, or the reason for neither.

A finding that rests on numbers re-evaluates its statement in plain exact arithmetic when it is
built, so a wrong one cannot be made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sympy as sp

from theory.logic.exact import Assignment, NotRepresentableError, Surd, holds
from theory.logic.statements import Along, Always, EventuallyAlways, Possible, Statement, show


class Status(StrEnum):
    """What is known of a claim. A simulation never proves, and unknown never becomes proved."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"
    SIMULATED = "simulated"
    CONTRADICTED = "contradicted by simulation"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class Proof:
    """A back end proved an obligation; the certificate says how, so that it can be re-checked."""

    back_end: str
    certificate: Mapping[str, Any]

    status = Status.PROVED

    @property
    def explanation(self) -> str:
        """What was found, in a line."""
        return f"for all values (certificate: {', '.join(self.certificate)})"

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON-ready data."""
        return {"back_end": self.back_end, "status": self.status, "certificate": self.certificate}


@dataclass(frozen=True)
class Witness:
    """Exact numbers at which the formula of a :class:`Possible` statement holds.

    Raises:
        ValueError: the formula does not hold there, or a symbol's assumptions break.

    """

    back_end: str
    statement: Possible
    at: Assignment

    status = Status.PROVED

    def __post_init__(self) -> None:
        _check_assumptions(self.statement.symbols, self.at)
        if not holds(self.statement.formula, self.at):
            raise ValueError("the formula fails at the proposed witness")

    @property
    def explanation(self) -> str:
        """What was found, in a line."""
        return f"holds at {_point(self.at)}"

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON-ready data."""
        return {"back_end": self.back_end, "status": self.status, "witness": _texts(self.at)}


@dataclass(frozen=True)
class Disproof:
    """A back end proved the negation.

    No values satisfy a :class:`Possible` formula, or a relation between constants is false.
    """

    back_end: str
    certificate: Mapping[str, Any]

    status = Status.REFUTED

    @property
    def explanation(self) -> str:
        """What was found, in a line."""
        return "the negation is proved"

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON-ready data."""
        return {"back_end": self.back_end, "status": self.status, "certificate": self.certificate}


@dataclass(frozen=True)
class Counterexample:
    """Exact numbers at which every hypothesis holds and the conclusion does not.

    Building one re-evaluates the statement in plain exact arithmetic.

    Raises:
        ValueError: the numbers do not refute the statement.
        NotRepresentableError: the statement has no exact value there.

    """

    back_end: str
    statement: Statement
    at: Assignment

    status = Status.REFUTED

    def __post_init__(self) -> None:
        _check_assumptions(self.statement.symbols, self.at)
        for hypothesis in self.statement.hypotheses:
            if not holds(hypothesis, self.at):
                raise ValueError(f"the hypothesis {hypothesis} fails at the proposed point")
        if holds(self.statement.conclusion, self.at):
            raise ValueError("the conclusion holds at the proposed point")

    @property
    def explanation(self) -> str:
        """What was found, in a line."""
        return f"fails at {_point(self.at)}"

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON-ready data."""
        return {
            "back_end": self.back_end,
            "status": self.status,
            "counterexample": _texts(self.at),
        }


@dataclass(frozen=True)
class PeriodicOrbit:
    """Exact orbit of a map that returns to itself and leaves a region: refutes "ends inside it".

    Building one re-evaluates the orbit step by step in plain exact arithmetic.

    Raises:
        ValueError: the orbit does not close, breaks a hypothesis, or never leaves the region.

    """

    back_end: str
    statement: EventuallyAlways
    start: Assignment
    steps_before: int
    period: int

    status = Status.REFUTED

    def __post_init__(self) -> None:
        if self.steps_before < 0 or self.period < 1:
            raise ValueError(f"expected a period >= 1, got {self.steps_before} + {self.period}")
        _check_assumptions(self.statement.symbols, self.start)
        orbit = self.statement.orbit(self.start, self.steps_before + self.period)
        if not all(holds(h, self.start) for h in self.statement.hypotheses):
            raise ValueError("a hypothesis fails at the start")
        if orbit[-1] != orbit[self.steps_before]:
            raise ValueError("the orbit does not return to itself")
        if all(holds(self.statement.region, at) for at in orbit[self.steps_before :]):
            raise ValueError("the orbit stays in the region")

    @property
    def explanation(self) -> str:
        """What was found, in a line."""
        return f"the orbit from {_point(self.start)} leaves the region every {self.period} steps"

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON-ready data."""
        orbit = {"start": _texts(self.start), "before": self.steps_before, "period": self.period}
        return {"back_end": self.back_end, "status": self.status, "periodic_orbit": orbit}


@dataclass(frozen=True)
class Escape:
    """Exact start from which the orbit of a map has left a region after ``t`` steps.

    Raises:
        ValueError: the start breaks a hypothesis, or the orbit is in the region after ``t`` steps.

    """

    back_end: str
    statement: Always
    start: Assignment
    t: int

    status = Status.REFUTED

    def __post_init__(self) -> None:
        _check_assumptions(self.statement.symbols, self.start)
        if not all(holds(h, self.start) for h in self.statement.hypotheses):
            raise ValueError("a hypothesis fails at the start")
        if holds(self.statement.region, self.statement.orbit(self.start, self.t)[-1]):
            raise ValueError(f"the orbit is in the region after {self.t} steps")

    @property
    def explanation(self) -> str:
        """What was found, in a line."""
        return f"the orbit from {_point(self.start)} is outside after {self.t} steps"

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON-ready data."""
        states = self.statement.orbit(self.start, self.t)
        moving = [{s: at[s] for s in self.statement.step} for at in states]
        escape = {"start": _texts(self.start), "t": self.t, "orbit": [_texts(at) for at in moving]}
        return {"back_end": self.back_end, "status": self.status, "escape": escape}


@dataclass(frozen=True)
class OrbitViolation:
    """Iteration of an exact orbit at which the formula about consecutive states fails.

    Raises:
        ValueError: the formula holds at that iteration, or is not asserted of it.

    """

    back_end: str
    statement: Along
    t: int

    status = Status.REFUTED

    def __post_init__(self) -> None:
        if not self.statement.start <= self.t < self.statement.stop:
            raise ValueError(f"the statement is not about t = {self.t}")
        if holds(self.statement.formula, self.statement.at(self.t)):
            raise ValueError(f"the formula holds at t = {self.t}")

    @property
    def explanation(self) -> str:
        """What was found, in a line."""
        return f"fails at t = {self.t}, where {_point(self.statement.at(self.t))}"

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON-ready data."""
        return {
            "back_end": self.back_end,
            "status": self.status,
            "counterexample": {"t": self.t, **_texts(self.statement.at(self.t))},
        }


@dataclass(frozen=True)
class Unsettled:
    """A back end could neither prove nor refute an obligation; the reason says what stopped it.

    ``conclusive`` means that no other back end can do better (contradictory hypotheses, say).
    """

    back_end: str
    reason: str
    conclusive: bool = False

    status = Status.UNKNOWN

    @property
    def explanation(self) -> str:
        """What was found, in a line."""
        return self.reason

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON-ready data."""
        return {"back_end": self.back_end, "status": self.status, "reason": self.reason}


Finding = (
    Proof
    | Witness
    | Disproof
    | Counterexample
    | PeriodicOrbit
    | Escape
    | OrbitViolation
    | Unsettled
)


def _point(at: Assignment) -> str:
    values = (f"{symbol} = {show(value.to_sympy())}" for symbol, value in at.items())
    return ", ".join(values) or "these constants"


def _texts(at: Assignment) -> dict[str, str]:
    return {str(symbol): str(value) for symbol, value in at.items()}


def _check_assumptions(symbols: tuple[sp.Symbol, ...], at: Assignment) -> None:
    for symbol in symbols:
        if symbol not in at:
            raise NotRepresentableError(f"the symbol {symbol} has no value")
        if not admits(symbol, at[symbol]):
            raise ValueError(f"{symbol} = {at[symbol]} breaks the symbol's assumptions")


def admits(symbol: sp.Symbol, value: Surd) -> bool:
    """Whether a value satisfies the assumptions that the symbol was declared with."""
    return all(_is(value, fact) is wanted for fact, wanted in symbol.assumptions0.items())


def _is(value: Surd, fact: str) -> bool | None:
    """Whether a number is what an assumption says; None of an assumption that is not known here."""
    whole = value.is_rational and value.x.denominator == 1
    if fact in _ALWAYS:
        return True
    if fact in _NEVER:
        return False
    match fact.removeprefix("extended_"):
        case "positive":
            return value.sign() > 0
        case "negative":
            return value.sign() < 0
        case "nonnegative":
            return value.sign() >= 0
        case "nonpositive":
            return value.sign() <= 0
        case "nonzero":
            return value.sign() != 0
        case "zero":
            return value.sign() == 0
        case "rational" | "irrational":
            return value.is_rational is (fact == "rational")
        case "integer" | "noninteger":
            return whole is (fact == "integer")
        case "even" | "odd":
            return whole and value.x.numerator % 2 == (fact == "odd")
    if fact in ("prime", "composite") and value.is_rational:
        return bool(getattr(sp.Rational(value.x), f"is_{fact}"))
    return False if fact in ("prime", "composite") else None


_ALWAYS = ("algebraic", "commutative", "complex", "extended_real", "finite", "hermitian", "real")
_NEVER = ("antihermitian", "imaginary", "infinite", "transcendental")
