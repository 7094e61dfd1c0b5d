"""Verdicts, built again from the evidence file that ``python -m theory verify`` has left.

The file has numbers, certificates and text; the statements are the claims' own. A finding that
rests on numbers evaluates its statement again when it is built, and what comes out is compared with
the file, word by word: a page never shows a verdict that its evidence does not have.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import sympy as sp

from theory.common.errors import UserError
from theory.common.files import as_json
from theory.ledger.certificates import Key
from theory.ledger.evidence_files import AGAIN, read_evidence
from theory.ledger.verify import Verdict
from theory.logic.evidence import Argument, Claim, Evidence
from theory.logic.exact import Surd
from theory.logic.findings import (
    Counterexample,
    Disproof,
    Escape,
    Finding,
    OrbitViolation,
    PeriodicOrbit,
    Proof,
    Status,
    Unsettled,
    Witness,
)

_TERM = re.compile(
    r"(?P<sign>-?)(?:(?:(?P<factor>\d+)\*)?sqrt\((?P<root>[236])\)|(?P<whole>\d+))"
    r"(?:/(?P<below>[1-9]\d*))?"
)
_POSITIONS = {"1": 0, "2": 1, "3": 2, "6": 3}


@dataclass(frozen=True)
class Recalled:
    """What an evidence file says, as verdicts.

    Attributes:
        verdicts: in the order of the file.
        files: the certificate's file of each obligation, relative to the evidence file.
        environment: what made the file.

    """

    verdicts: tuple[Verdict, ...]
    files: Mapping[Key, str]
    environment: Mapping[str, Any]

    @property
    def rechecked(self) -> int:
        """How many findings rest on exact numbers, which were evaluated again."""
        on_numbers = Counterexample | Witness | PeriodicOrbit | Escape | OrbitViolation
        return sum(
            isinstance(finding, on_numbers)
            for verdict in self.verdicts
            for _, evidence in verdict.parts
            for finding in evidence.findings.values()
        )


def recalled(path: Path, claims: Iterable[Claim]) -> Recalled:
    """Read an evidence file of the ledger.

    Args:
        path: the file.
        claims: the claims of the code, of which the file may have some.

    Raises:
        UserError: the file is not such a file, or it is of other claims than these, or its verdicts
            do not follow from its findings, or its numbers do not show what they should.

    """
    data = read_evidence(path)
    entries = data["claims"]
    known = {claim.id: claim for claim in claims}
    verdicts: dict[str, Verdict] = {}
    for entry in entries:
        verdict = _checked(path, entry, known)
        if verdict.claim.id in verdicts:
            raise UserError(f"{path}: the claim {verdict.claim.id} occurs twice. {AGAIN}")
        verdicts[verdict.claim.id] = verdict
    files = {key: name for entry in entries for key, name in _files(entry)}
    return Recalled(tuple(verdicts.values()), files, data.get("environment") or {})


def _checked(path: Path, entry: Any, known: Mapping[str, Claim]) -> Verdict:
    """Build a verdict; it must say again what the file says."""
    id_ = str(entry.get("id")) if isinstance(entry, dict) else "without a name"
    if id_ not in known:
        raise UserError(f"{path}: there is no claim {id_!r} in this version of the code. {AGAIN}")
    try:
        verdict = _verdict(entry, known[id_])
        again = _comparable(as_json(verdict.to_json()))
        different = sorted(name for name in again if again[name] != _comparable(entry).get(name))
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise UserError(
            f"{path}: the claim {id_} does not hold together ({reason}). {AGAIN}"
        ) from error
    if different:
        raise UserError(
            f"{path}: the claim {id_} is not what this version of the code has "
            f"({', '.join(different)} differ). {AGAIN}"
        )
    return verdict


def _comparable(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out times, which are rounded, and the files of certificates."""
    return {
        name: [_comparable(each) for each in value]
        if name == "obligations"
        else _comparable(value)
        if name in ("published", "corrected") and isinstance(value, Mapping)
        else value
        for name, value in entry.items()
        if name not in ("seconds", "file")
    }


def _verdict(entry: Mapping[str, Any], claim: Claim) -> Verdict:
    published = None
    if isinstance(claim.published, Argument):
        published = _evidence(entry["published"], claim.published)
    corrected = None if claim.corrected is None else _evidence(entry["corrected"], claim.corrected)
    return Verdict(claim, published, corrected, entry["simulated"])


def _evidence(data: Mapping[str, Any], argument: Argument) -> Evidence:
    findings = {
        each["name"]: _finding(each, argument.obligations[each["name"]].statement)
        for each in data["obligations"]
    }
    return Evidence(argument, findings, float(data["seconds"]))


def _finding(data: Mapping[str, Any], statement: Any) -> Finding:
    """Build the finding about a statement; its numbers are evaluated in it."""
    back_end, status = data["back_end"], Status(data["status"])
    match data:
        case {"certificate": certificate}:
            kind = Proof if status is Status.PROVED else Disproof
            return kind(back_end, certificate)
        case {"witness": at}:
            return Witness(back_end, statement, _point(at, statement))
        case {"counterexample": {"t": int(t)}}:
            return OrbitViolation(back_end, statement, t)
        case {"counterexample": at}:
            return Counterexample(back_end, statement, _point(at, statement))
        case {"periodic_orbit": orbit}:
            start = _point(orbit["start"], statement)
            return PeriodicOrbit(back_end, statement, start, orbit["before"], orbit["period"])
        case {"escape": escape}:
            return Escape(back_end, statement, _point(escape["start"], statement), escape["t"])
        case {"reason": reason}:
            return Unsettled(back_end, reason)
    raise ValueError(f"a finding of no known kind: {sorted(data)}")


def _point(values: Mapping[str, str], statement: Any) -> dict[sp.Symbol, Surd]:
    symbols = {str(symbol): symbol for symbol in statement.symbols}
    return {symbols[name]: surd_of(text) for name, text in values.items()}


def surd_of(text: str) -> Surd:
    """Read a number as an evidence file has it: ``1/3 - 2*sqrt(6)/5``.

    Raises:
        ValueError: the text is not such a number.

    """
    parts = [Fraction(0)] * 4
    for term in text.replace(" - ", " + -").split(" + "):
        read = _TERM.fullmatch(term)
        if read is None:
            raise ValueError(f"expected terms such as 1/3 or -2*sqrt(6)/5, got {text!r}")
        above = int(read["factor"] or read["whole"] or 1)
        value = Fraction(above, int(read["below"] or 1))
        parts[_POSITIONS[read["root"] or "1"]] += -value if read["sign"] == "-" else value
    return Surd(*parts)


def _files(entry: Mapping[str, Any]) -> Iterable[tuple[Key, str]]:
    for part in ("published", "corrected"):
        evidence = entry[part]
        for obligation in evidence["obligations"] if isinstance(evidence, dict) else ():
            if obligation.get("file"):
                yield (entry["id"], part, obligation["name"]), obligation["file"]
