"""Claim, obligation, finding, evidence: how a verdict comes about.

A claim is data: what is published, and an :class:`Argument` made of obligations. Back ends turn
each obligation into a finding, and the status follows from the findings alone; nothing that a claim
says can set it. The rule:

* an obligation that is *necessary* for the claim and has a counterexample refutes the claim;
* if every *sufficient* obligation is proved, together they prove it;
* everything else is unknown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

import sympy as sp

from theory.exact import Assignment, NotRepresentableError, Surd, holds, value_of

Boolean: TypeAlias = sp.logic.boolalg.Boolean


class Status(StrEnum):
    """What is known of a claim. A simulation never proves, and unknown never becomes proved."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"
    SIMULATED = "simulated"
    CONTRADICTED = "contradicted by simulation"
    NOT_RUN = "not run"


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

    def __str__(self) -> str:
        given = ", ".join(map(show, self.hypotheses))
        return f"{given}  ⟹  {show(self.conclusion)}" if given else show(self.conclusion)


@dataclass(frozen=True)
class Possible:
    """For some values of its symbols (as their assumptions allow) the formula holds."""

    formula: Boolean

    @property
    def symbols(self) -> tuple[sp.Symbol, ...]:
        """The existentially quantified symbols, by name."""
        return Statement(self.formula).symbols

    def __str__(self) -> str:
        return f"for some {', '.join(map(str, self.symbols))}: {show(self.formula)}"


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
    statement: "EventuallyAlways"
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
class OrbitViolation:
    """Iteration of an exact orbit at which the formula about consecutive states fails.

    Raises:
        ValueError: the formula holds at that iteration, or is not asserted of it.

    """

    back_end: str
    statement: "Along"
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


Finding = Proof | Witness | Disproof | Counterexample | PeriodicOrbit | OrbitViolation | Unsettled


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

    def __str__(self) -> str:
        return f"{self.name}, for t = {self.start}, …, {self.stop - 1}: {show(self.formula)}"


@dataclass(frozen=True)
class EventuallyAlways:
    """From every start that the hypotheses allow, orbits of ``step`` end in ``region`` for good.

    Attributes:
        step: the image of each state symbol under the map; other symbols are parameters.
        region: where the orbit ends and stays.
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

    def __str__(self) -> str:
        step = ", ".join(f"{symbol} → {image}" for symbol, image in self.step.items())
        given = "".join(f"{show(h)}, " for h in self.hypotheses)
        return f"{given}orbits of {step}: from some t on, always {show(self.region)}"


BackEnd = Callable[[Any, float], Finding]


@dataclass(frozen=True)
class Obligation:
    """One thing to settle: a statement, and the back end that is to settle it."""

    name: str
    statement: Statement | Possible | EventuallyAlways | Along
    back_end: BackEnd


@dataclass(frozen=True)
class Argument:
    """How an assertion is settled.

    Attributes:
        formula: the assertion as a formula, for people.
        sufficient: obligations that together prove the assertion, by ``rule``.
        necessary: consequences of the assertion; a counterexample to one refutes it.
        rule: why the sufficient obligations suffice.

    Raises:
        ValueError: two different obligations have one name.

    """

    formula: str
    sufficient: tuple[Obligation, ...] = ()
    necessary: tuple[Obligation, ...] = ()
    rule: str = ""

    def __post_init__(self) -> None:
        for obligation in (*self.sufficient, *self.necessary):
            if self.obligations[obligation.name] != obligation:
                raise ValueError(f"expected each name once, got another {obligation.name!r}")

    @property
    def obligations(self) -> dict[str, Obligation]:
        """All obligations, each once, by name."""
        return {o.name: o for o in (*self.sufficient, *self.necessary)}

    def role(self, name: str) -> str:
        """Say what an obligation is to the assertion: sufficient, necessary, or both."""
        roles = {"sufficient": self.sufficient, "necessary": self.necessary}
        return " and ".join(r for r, pool in roles.items() if name in (o.name for o in pool))


@dataclass(frozen=True)
class Simulated:
    """An assertion about a random experiment: settled by running it, never proved.

    Attributes:
        formula: the assertion as text.
        check: name of the entry in the simulation's evidence file.

    """

    formula: str
    check: str


@dataclass(frozen=True)
class Claim:
    """A published assertion and how it is settled.

    Attributes:
        id: row of the list of claims, a dot, and a number.
        where: place of publication.
        says: the assertion, restated in words.
        published: the assertion as printed.
        corrected: what is true instead, where the printed assertion does not hold.
        correction: the corrected assertion in words.
        expects: what the authors of this file expect; only ever compared with the outcome.
        note: remark for the reader (a slip of notation, a boundary case).

    """

    id: str
    where: str
    says: str
    published: Argument | Simulated
    corrected: Argument | None = None
    correction: str = ""
    expects: Status | None = None
    note: str = ""

    @property
    def row(self) -> str:
        """The row of the list of claims that this assertion belongs to."""
        return self.id.rsplit(".", 1)[0]


@dataclass(frozen=True)
class Evidence:
    """What the back ends found about one assertion: a finding for each obligation, by name."""

    argument: Argument
    findings: Mapping[str, Finding] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def status(self) -> Status:
        """The status that the findings imply.

        Raises:
            AssertionError: the obligations are proved and yet a consequence is refuted, so a back
                end or the argument itself is wrong.

        """
        necessary = (self.findings[o.name].status for o in self.argument.necessary)
        sufficient = [self.findings[o.name].status for o in self.argument.sufficient]
        refuted = Status.REFUTED in necessary
        proved = bool(sufficient) and all(status is Status.PROVED for status in sufficient)
        if refuted and proved:
            raise AssertionError(f"proved and refuted at once: {self.argument.formula}")
        return Status.REFUTED if refuted else Status.PROVED if proved else Status.UNKNOWN

    @property
    def deciding(self) -> tuple[Finding, ...]:
        """The findings that decide the status."""
        argument, wanted = self.argument, self.status
        if wanted is Status.UNKNOWN:
            return tuple(f for f in self.findings.values() if f.status is not Status.PROVED)
        pool = argument.sufficient if wanted is Status.PROVED else argument.necessary
        findings = (self.findings[o.name] for o in pool)
        return tuple(f for f in findings if f.status is wanted)

    @property
    def back_end(self) -> str:
        """Names of the back ends that decided."""
        return "+".join(sorted({finding.back_end for finding in self.deciding}))

    @property
    def explanation(self) -> str:
        """The status and the reason for it, in a line."""
        details = "; ".join(dict.fromkeys(finding.explanation for finding in self.deciding))
        return f"{self.status} by {self.back_end}: {details}"

    def to_json(self) -> dict[str, Any]:
        """Return the evidence as JSON-ready data."""
        return {
            "formula": self.argument.formula,
            "status": self.status,
            "back_end": self.back_end,
            "rule": self.argument.rule,
            "seconds": round(self.seconds, 4),
            "obligations": [
                {
                    "name": name,
                    "statement": str(obligation.statement),
                    "role": self.argument.role(name),
                    **self.findings[name].to_json(),
                }
                for name, obligation in self.argument.obligations.items()
            ],
        }


def _point(at: Assignment) -> str:
    return ", ".join(f"{name} = {value}" for name, value in _texts(at).items()) or "these constants"


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
    number = value.to_sympy()
    return all(getattr(number, f"is_{f}") is wanted for f, wanted in symbol.assumptions0.items())
