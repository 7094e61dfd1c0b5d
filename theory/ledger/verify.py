"""Settle claims: run each obligation through its back end and read off what follows."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from theory.common.environment import environment
from theory.common.errors import UserError
from theory.common.files import read_json
from theory.common.plurals import counted
from theory.logic.evidence import Argument, Claim, Evidence, Judgement, Obligation, Simulated
from theory.logic.findings import Finding, Status, Unsettled
from theory.logic.numbers import exact
from theory.published import figure_4_7, rows

SCHEMA = 1
"""Of evidence with all claims in one place; by chapter: :mod:`theory.ledger.evidence_files`."""
Settler: TypeAlias = Callable[[Obligation, float], tuple[Finding, float]]
SIMULATION_EVIDENCE = Path("results/simulations/evidence.json")

# Failures first: what is open, then what does not hold, then what holds.
_ORDER = (
    Status.UNKNOWN,
    Status.CONTRADICTED,
    Status.REFUTED,
    Status.NOT_RUN,
    Status.SIMULATED,
    Status.PROVED,
)

_SEVERITY = (
    Judgement.OPEN,
    Judgement.FAILS,
    Judgement.ONLY_IF,
    Judgement.MENDED,
    Judgement.HOLDS,
)

# Gradients of minibatches, as the text has them: sampled, or drawn from their exact law.
_MINIBATCHES = ("exact-law", "sampled")
_OF_SIMULATIONS = (Status.SIMULATED, Status.CONTRADICTED, Status.UNKNOWN, Status.NOT_RUN)


def settle_obligation(obligation: Obligation, timeout: float) -> tuple[Finding, float]:
    """Settle an obligation by its back end; return the finding, and the seconds it took."""
    start = time.perf_counter()
    finding = obligation.back_end(obligation.statement, timeout)
    return finding, time.perf_counter() - start


def settle_argument(
    argument: Argument, timeout: float = 10.0, settle: Settler = settle_obligation
) -> Evidence:
    """Settle each obligation of an argument by its back end."""
    settled = {name: settle(o, timeout) for name, o in argument.obligations.items()}
    findings = {name: finding for name, (finding, _) in settled.items()}
    return Evidence(argument, findings, sum(seconds for _, seconds in settled.values()))


@dataclass(frozen=True)
class Verdict:
    """A claim beside its evidence: for the printed assertion, and for the corrected one if any."""

    claim: Claim
    published: Evidence | None
    corrected: Evidence | None
    simulated: Mapping[str, Any] | None

    @property
    def seconds(self) -> float:
        """How long settling took, when it was done."""
        return sum(evidence.seconds for _, evidence in self.parts)

    @property
    def parts(self) -> tuple[tuple[str, Evidence], ...]:
        """The evidence for the printed assertion and for the corrected one, each with its name."""
        parts = (("published", self.published), ("corrected", self.corrected))
        return tuple((name, evidence) for name, evidence in parts if evidence is not None)

    @property
    def status(self) -> Status:
        """Status of the assertion as published."""
        if self.published is not None:
            return self.published.status
        return Status.NOT_RUN if self.simulated is None else Status(self.simulated["status"])

    @property
    def judgement(self) -> Judgement | None:
        """What is to be said of the assertion; None for one about a random experiment."""
        corrected = self.corrected is not None and self.corrected.status is Status.PROVED
        match self.status if self.published is not None else None:
            case None:
                return None
            case Status.PROVED:
                return Judgement.HOLDS
            case Status.REFUTED if corrected and self.claim.slip:
                return Judgement.MENDED
            case Status.REFUTED if corrected and self.claim.only_if:
                return Judgement.ONLY_IF
            case Status.REFUTED:
                return Judgement.FAILS
        return Judgement.OPEN

    @property
    def is_empirical(self) -> bool:
        """Whether the claim is about a random experiment, which no solver settles."""
        return self.published is None

    @property
    def is_settled(self) -> bool:
        """Whether the assertion is proved or refuted, and its correction, if any, proved."""
        open_correction = self.corrected is not None and self.corrected.status is not Status.PROVED
        return self.status in (Status.PROVED, Status.REFUTED) and not open_correction

    @property
    def is_unexpected(self) -> bool:
        """Whether the outcome differs from what the claim's file expects or declares.

        A slip, or a condition, is declared of an assertion that does not hold as printed.
        """
        declared = bool(self.claim.slip or self.claim.only_if)
        unmet = declared and self.judgement not in (Judgement.MENDED, Judgement.ONLY_IF)
        return unmet or (self.claim.expects is not None and self.claim.expects is not self.status)

    @property
    def is_as_declared(self) -> bool:
        """Whether nothing is left open, and all is as the claim's file expects; or it is random."""
        return self.is_empirical or (self.is_settled and not self.is_unexpected)

    @property
    def is_vacuous(self) -> bool:
        """Whether the assertion is open because its hypotheses contradict one another."""
        findings = () if self.published is None else self.published.findings.values()
        reasons = [finding.reason for finding in findings if isinstance(finding, Unsettled)]
        return self.status is Status.UNKNOWN and any(r.startswith("vacuous") for r in reasons)

    @property
    def outcome(self) -> str:
        """The judgement in words, with its condition if any; or the simulation's status."""
        if self.judgement is None:
            return self.status
        if self.is_vacuous:
            return "vacuous"
        condition = f" {self.claim.only_if}" if self.judgement is Judgement.ONLY_IF else ""
        return f"{self.judgement}{condition}"

    @property
    def back_end(self) -> str:
        """Back ends that decided, or the simulation."""
        return "simulation" if self.published is None else self.published.back_end

    def to_json(self) -> dict[str, Any]:
        """Return the verdict as JSON-ready data."""
        claim = self.claim
        return {
            "id": claim.id,
            "row": claim.row,
            "where": claim.where,
            "says": claim.says,
            "status": self.status,
            "judgement": self.judgement,
            "vacuous": self.is_vacuous,
            "slip": claim.slip or None,
            "only_if": claim.only_if or None,
            "back_end": self.back_end,
            "seconds": round(self.seconds, 4),
            "expected": claim.expects,
            "published": claim.published.formula
            if self.published is None
            else self.published.to_json(),
            "simulated": self.simulated,
            "correction": claim.correction or None,
            "corrected": None if self.corrected is None else self.corrected.to_json(),
            "note": claim.note or None,
        }


def settle_claim(
    claim: Claim,
    simulation: Mapping[str, Any] | None = None,
    timeout: float = 10.0,
    settle: Settler = settle_obligation,
) -> Verdict:
    """Settle a claim as published, and its correction.

    Args:
        claim: the claim.
        simulation: the ``checks`` of a simulation's evidence file, by name.
        timeout: seconds for each question to a solver.
        settle: what settles each obligation, or knows how it was settled.

    """
    published = corrected = simulated = None
    if isinstance(claim.published, Simulated):
        simulated = (simulation or {}).get(claim.published.check)
    else:
        published = settle_argument(claim.published, timeout, settle)
    if claim.corrected is not None:
        corrected = settle_argument(claim.corrected, timeout, settle)
    return Verdict(claim, published, corrected, simulated)


def read_simulation(path: Path = SIMULATION_EVIDENCE) -> Mapping[str, Any]:
    """Read the checks that ``simulations check`` has written; empty where it was not run.

    Claims are about the published settings. A file made with others settles none: its checks are
    given the status *not run*, with what differs.

    Raises:
        UserError: the file is not such a file, or gives a check a status that no simulation has.

    """
    if not path.exists():
        return {}
    data = read_json(path)
    checks = data.get("checks") if isinstance(data, dict) else None
    if not isinstance(checks, dict):
        raise UserError(f"{path}: expected an object with 'checks'. Delete the file and run again.")
    for name, check in checks.items():
        status = check.get("status") if isinstance(check, dict) else None
        if status not in _OF_SIMULATIONS:
            raise UserError(
                f"{path}: expected a status among {list(map(str, _OF_SIMULATIONS))} for the check "
                f"{name}, got {status!r}. Run the simulations again."
            )
    difference = _difference_from_published(data.get("settings"))
    return checks if difference is None else dict.fromkeys(checks, _not_run(difference))


def _not_run(difference: str) -> dict[str, str]:
    observed = f"not counted, as the settings are not the published ones: {difference}"
    return {"status": Status.NOT_RUN, "observed": observed}


def _difference_from_published(settings: Any) -> str | None:
    """Say in what the settings of a run differ from the published ones; None if in nothing.

    The text is silent about the number of iterations; the authors' notebook has the least that
    counts.
    """
    if not isinstance(settings, Mapping):
        return "the file does not name its settings"
    published = figure_4_7()
    wanted = {**published.settings, "samples_per_step": published.samples_per_step}
    for name, value in wanted.items():
        if not _is_same_number(settings.get(name), value):
            return f"{name} is {settings.get(name)}, published {value}"
    if settings.get("oracle") not in _MINIBATCHES:
        return f"oracle is {settings.get('oracle')}, expected one of {', '.join(_MINIBATCHES)}"
    iterations, least = settings.get("iterations"), published.notebook_iterations
    if not isinstance(iterations, int) or iterations < least:
        return f"iterations is {iterations}, expected at least {least}"
    return None


def _is_same_number(given: Any, published: Any) -> bool:
    """Compare numbers, or lists of them, as exact values: 1/100 is 0.01."""
    if isinstance(published, list | tuple):
        return (
            isinstance(given, list | tuple)
            and len(given) == len(published)
            and all(map(_is_same_number, given, published))
        )
    try:
        return bool(exact(given) == exact(published))
    except ValueError:
        return False


def ranked(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Verdicts with the failures first: the unexpected, the open, what fails, what holds."""
    return sorted(
        verdicts,
        key=lambda v: (
            not v.is_unexpected,
            v.is_settled,
            _ORDER.index(v.status),
            _SEVERITY.index(v.judgement) if v.judgement else 0,
        ),
    )


def summary(verdicts: Iterable[Verdict]) -> str:
    """Count the verdicts by status, in a sentence."""
    counts = Counter(v.status for v in verdicts)
    parts = ", ".join(f"{counts[status]} {status}" for status in _ORDER if counts[status])
    return f"{counted(counts.total(), 'claim')}: {parts}"


def judgements(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Count what is to be said of the published assertions; what is random, by its status."""
    verdicts = list(verdicts)
    counts = Counter("vacuous" if v.is_vacuous else str(v.judgement or v.status) for v in verdicts)
    order = ["vacuous", *map(str, _SEVERITY), *map(str, _ORDER)]
    return {name: counts[name] for name in order if counts[name]}


def to_json(
    verdicts: Iterable[Verdict], files: Mapping[tuple[str, str, str], str] | None = None
) -> dict[str, Any]:
    """Return the evidence file: schema, environment, rows of the list of claims, and claims.

    Args:
        verdicts: what was settled.
        files: certificate of each obligation, by claim, part and name.

    """
    verdicts = list(verdicts)
    return {
        "schema": SCHEMA,
        "environment": environment(),
        "summary": summary(verdicts),
        "judgements": judgements(verdicts),
        "rows": {
            row["id"]: {v.claim.id: v.status for v in verdicts if v.claim.row == row["id"]}
            for row in rows("claims")
        },
        "claims": [_with_files(verdict, files or {}) for verdict in verdicts],
    }


def _with_files(verdict: Verdict, files: Mapping[tuple[str, str, str], str]) -> dict[str, Any]:
    data = verdict.to_json()
    for part, _ in verdict.parts:
        for obligation in data[part]["obligations"]:
            obligation["file"] = files.get((verdict.claim.id, part, obligation["name"]))
    return data
