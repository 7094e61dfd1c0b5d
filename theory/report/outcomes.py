"""What became of a claim, in a word and a mark, and how many claims there are of each outcome."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from theory.ledger.verify import Verdict, judgements
from theory.logic.evidence import Judgement
from theory.logic.findings import Status

_VACUOUS: Final = "vacuous"

MARKS: Final[Mapping[str, str]] = {
    Judgement.HOLDS: "✓",
    Judgement.MENDED: "✎",
    Judgement.ONLY_IF: "◐",
    Judgement.FAILS: "✗",
    Judgement.OPEN: "?",
    _VACUOUS: "∅",
    Status.SIMULATED: "≈",
    Status.CONTRADICTED: "≉",
    Status.UNKNOWN: "?",
    Status.NOT_RUN: "–",
}
"""A mark for each outcome, beside its name."""
_MEANINGS: Final[Mapping[str, str]] = {
    Judgement.HOLDS: "proved as printed, over everything that its hypotheses allow",
    Judgement.MENDED: "refuted as printed; proved once a slip of notation is mended",
    Judgement.ONLY_IF: "refuted as printed; proved under a further condition, which is given",
    Judgement.FAILS: "refuted by exact numbers; what is true instead is given",
    Judgement.OPEN: "neither proved nor refuted",
    _VACUOUS: "its hypotheses contradict one another",
    Status.SIMULATED: "about a random experiment, and it shows in our runs",
    Status.CONTRADICTED: "about a random experiment, and it does not show in our runs",
    Status.UNKNOWN: "about a random experiment that settles nothing",
    Status.NOT_RUN: "about a random experiment that was not run",
}


def outcome(verdict: Verdict) -> str:
    """Return the judgement without its condition; or *vacuous*, or the status of a simulation."""
    return _VACUOUS if verdict.is_vacuous else str(verdict.judgement or verdict.status)


def overview(verdicts: Sequence[Verdict]) -> Iterable[tuple[str, int, str]]:
    """Return each outcome, its number of claims, and what it means."""
    for name, number in judgements(verdicts).items():
        yield name, number, _MEANINGS[name]
