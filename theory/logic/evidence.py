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
from typing import Any, Generic, TypeVar

from theory.logic.findings import Finding, Status
from theory.logic.statements import Along, Always, EventuallyAlways, Possible, Statement

BackEnd = Callable[[Any, float], Finding]


@dataclass(frozen=True)
class Obligation:
    """One thing to settle: a statement, and the back end that is to settle it."""

    name: str
    statement: Statement | Possible | Always | EventuallyAlways | Along
    back_end: BackEnd


@dataclass(frozen=True)
class Argument:
    """How an assertion is settled.

    Attributes:
        formula: the assertion as a formula, for people.
        sufficient: obligations that together prove the assertion, by ``rule``.
        necessary: consequences of the assertion; a counterexample to one refutes it.
        rule: why the sufficient obligations suffice.
        statement: the assertion as one statement, where ``formula`` is the text of one.

    Raises:
        ValueError: two different obligations have one name.

    """

    formula: str
    sufficient: tuple[Obligation, ...] = ()
    necessary: tuple[Obligation, ...] = ()
    rule: str = ""
    statement: Statement | None = None

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


class Judgement(StrEnum):
    """What is to be said of a published assertion, once its obligations are settled.

    The standard, for an assertion that does not hold as printed:

    * *mended*: a true assertion differs from it by no more than a slip of notation, which changes
      nothing that the text draws from it;
    * *only if*: it holds under a further condition, within the section's assumptions. A condition
      that excludes only a null set (ties, exceptional starts) is one; the note says in these words
      of what it *excludes only a null set*;
    * *fails*: it fails on a set of positive measure, and no sensible condition restores it.

    The assertion is the printed sentence, with its quantifiers and the section's assumptions; its
    terms are read as :func:`theory.published.terms` has them.
    """

    HOLDS = "holds"
    MENDED = "holds after a slip of notation is mended"
    ONLY_IF = "holds only if"
    FAILS = "fails"
    OPEN = "open"


_Part = TypeVar("_Part")


class _BuiltWhenAsked(Generic[_Part]):
    """A field of a frozen class: a value, or a function that builds it once, when it is read."""

    def __init__(self, *default: _Part) -> None:
        self._default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = f"_{name}"

    def __get__(self, instance: Any, owner: type) -> _Part:
        if instance is None:  # so dataclasses ask for the default, if there is one
            if not self._default:
                raise AttributeError(self._name)
            return self._default[0]
        given = vars(instance)[self._name]
        if callable(given):
            given = vars(instance)[self._name] = given()
        return given

    def __set__(self, instance: Any, value: _Part | Callable[[], _Part]) -> None:
        vars(instance)[self._name] = value


@dataclass(frozen=True)
class Claim:
    """A published assertion and how it is settled.

    To write formulas takes sympy a while. An argument that is given as a function is built when it
    is first read; what is said in words can be read at once.

    Attributes:
        id: row of the list of claims, a dot, and a number.
        where: place of publication.
        says: the assertion, restated in words.
        published: the assertion as printed.
        corrected: what is true instead, where the printed assertion does not hold.
        correction: the corrected assertion in words.
        slip: the slip of notation (or of the text's extraction) that the correction mends, if the
            printed assertion fails through no more than that.
        only_if: the condition, sharp, under which the printed assertion holds, if ``corrected``
            says no more than this (see :func:`theory.logic.arguments.exactly_if`).
        expects: what the authors of this file expect; only ever compared with the outcome.
        note: remark for the reader (a boundary case, say).

    Raises:
        ValueError: a slip or a condition without a correction, or both.

    """

    id: str
    where: str
    says: str
    published: _BuiltWhenAsked[Argument | Simulated] = _BuiltWhenAsked()
    corrected: _BuiltWhenAsked[Argument | None] = _BuiltWhenAsked(None)
    correction: str = ""
    slip: str = ""
    only_if: str = ""
    expects: Status | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if (self.slip or self.only_if) and vars(self)["_corrected"] is None:  # and builds nothing
            raise ValueError(f"{self.id}: a slip or a condition needs the corrected assertion")
        if self.slip and self.only_if:
            raise ValueError(f"{self.id}: expected a slip or a condition, got both")

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
