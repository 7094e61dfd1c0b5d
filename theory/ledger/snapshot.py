"""The verdicts of the whole ledger, kept so that a run with nothing changed builds nothing again.

A snapshot answers only for the very same code and data that build or settle claims, Python,
libraries and time-out. The statements of proofs come back as text; those that exact numbers
settle come back as formulas, and the numbers are evaluated in them again.
"""

import ast
import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import sympy as sp

from theory.common.errors import UserError
from theory.common.files import write_text
from theory.ledger.cache import canonical, code_has_changed, decode, encode, fingerprint
from theory.ledger.typeset import Stated, latex
from theory.ledger.verify import Verdict
from theory.logic.evidence import Argument, Claim, Evidence, Judgement, Obligation, Simulated
from theory.logic.exact import Surd
from theory.logic.findings import Disproof, Finding, Proof, Status, Unsettled
from theory.logic.statements import Along, Always, EventuallyAlways, Possible, Statement

_NAME = "ledger.json"
_OPERATIONS: dict[str, Any] = {
    operation.__name__: operation
    for operation in (
        *(sp.Add, sp.Mul, sp.Pow, sp.Abs, sp.sign, sp.Min, sp.Max, sp.floor, sp.ceiling),
        *(sp.Eq, sp.Ne, sp.Lt, sp.Le, sp.Gt, sp.Ge),
        *(sp.And, sp.Or, sp.Not, sp.Implies, sp.Equivalent, sp.ITE, sp.Piecewise),
    )
}
_CASE = sp.functions.elementary.piecewise.ExprCondPair
_CONSTANTS = {"pi": sp.pi, "true": sp.true, "false": sp.false}
_KINDS = {c.__name__: c for c in (Statement, Possible, Always, EventuallyAlways, Along)}


# --- Formulas and statements, exactly as they are ------------------------------------------------


def pack(value: Any) -> Any:
    """Write a statement, a formula or a part of one as JSON-ready data.

    Raises:
        ValueError: there is a construct in it that exact evaluation does not know either.

    """
    match value:
        case sp.Rational():
            return ["number", str(value)]
        case sp.Symbol() if not isinstance(value, sp.Dummy):
            return ["symbol", value.name, _declared(value)]
        case sp.Basic():
            return _pack_compound(value)
        case Surd():
            return ["surd", *canonical(value)]
        case None | bool() | int() | str():
            return value
        case Mapping():
            return ["mapping", *([pack(k), pack(v)] for k, v in value.items())]
        case tuple():
            return ["tuple", *map(pack, value)]
    if type(value).__name__ in _KINDS:
        parts = {f.name: pack(getattr(value, f.name)) for f in fields(value)}
        return ["statement", type(value).__name__, parts]
    raise ValueError(f"{value!r} cannot be kept")


def _declared(symbol: sp.Symbol) -> dict[str, bool]:
    """The assumptions that a symbol was declared with, as its representation shows them."""
    call = ast.parse(sp.srepr(symbol), mode="eval").body
    assert isinstance(call, ast.Call)
    return {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}


def _pack_compound(value: sp.Basic) -> Any:
    constant = next((name for name, c in _CONSTANTS.items() if c is value), None)
    if constant is not None:
        return ["constant", constant]
    if isinstance(value, _CASE):
        return ["case", *map(pack, value.args)]
    name = type(value).__name__
    if _OPERATIONS.get(name) is not type(value):
        raise ValueError(f"{value} cannot be kept")
    return ["operation", name, *map(pack, value.args)]


def unpack(data: Any) -> Any:
    """Build again what :func:`pack` wrote; nothing in it is evaluated or simplified."""
    if not isinstance(data, list):
        return data
    tag, *rest = data
    match tag:
        case "number":
            return sp.Rational(rest[0])
        case "symbol":
            return sp.Symbol(rest[0], **rest[1])
        case "constant":
            return _CONSTANTS[rest[0]]
        case "case":
            return _CASE(*map(unpack, rest))
        case "operation":
            return _OPERATIONS[rest[0]](*map(unpack, rest[1:]), evaluate=False)
        case "surd":
            return Surd(*map(Fraction, rest))
        case "mapping":
            return {unpack(k): unpack(v) for k, v in rest}
        case "tuple":
            return tuple(map(unpack, rest))
        case "statement":
            return _KINDS[rest[0]](**{name: unpack(part) for name, part in rest[1].items()})
    raise ValueError(f"the unknown tag {tag!r}")


# --- Verdicts ------------------------------------------------------------------------------------


def _write_verdict(verdict: Verdict) -> dict[str, Any]:
    plain = ("id", "where", "says", "correction", "slip", "only_if", "expects", "note")
    data: dict[str, Any] = {name: getattr(verdict.claim, name) for name in plain}
    if isinstance(verdict.claim.published, Simulated):
        data["simulated"] = [verdict.claim.published.formula, verdict.claim.published.check]
    for part, evidence in verdict.parts:
        data[part] = _write_evidence(evidence, verdict.judgement is not Judgement.HOLDS)
    return data


def _write_evidence(evidence: Evidence, with_latex: bool) -> dict[str, Any]:
    argument = evidence.argument
    return {
        "formula": argument.formula,
        "rule": argument.rule,
        "sufficient": [o.name for o in argument.sufficient],
        "necessary": [o.name for o in argument.necessary],
        "seconds": evidence.seconds,
        "obligations": {
            name: _write_obligation(obligation, evidence.findings[name], with_latex)
            for name, obligation in argument.obligations.items()
        },
    }


def _write_obligation(obligation: Obligation, finding: Finding, with_latex: bool) -> dict[str, Any]:
    statement = obligation.statement
    data: dict[str, Any] = {"finding": encode(finding), "text": str(statement)}
    if isinstance(finding, Proof | Disproof | Unsettled):
        data["latex"] = latex(statement) if with_latex else ""
    else:
        data["statement"] = pack(statement)
        if canonical(unpack(data["statement"])) != canonical(statement):
            raise ValueError(f"{statement} would not come back as it is")
    return data


def _read_verdict(data: Mapping[str, Any], simulation: Mapping[str, Any]) -> Verdict:
    parts = {n: _read_evidence(data[n]) if n in data else None for n in ("published", "corrected")}
    plain = {n: data[n] for n in ("id", "where", "says", "correction", "slip", "only_if", "note")}
    published: Any = parts["published"].argument if parts["published"] else None
    simulated = None
    if "simulated" in data:
        published = Simulated(*data["simulated"])
        simulated = simulation.get(published.check)
    claim = Claim(
        **plain,
        expects=None if data["expects"] is None else Status(data["expects"]),
        published=published,
        corrected=parts["corrected"].argument if parts["corrected"] else None,
    )
    return Verdict(claim, parts["published"], parts["corrected"], simulated)


def _read_evidence(data: Mapping[str, Any]) -> Evidence:
    obligations, findings = {}, {}
    for name, kept in data["obligations"].items():
        if "statement" in kept:
            statement = unpack(kept["statement"])
            vars(statement)["text"] = kept["text"]  # what the cached property would write again
        else:
            statement = Stated(kept["text"], kept["latex"])
        obligations[name] = Obligation(name, statement, _not_again)
        findings[name] = decode(kept["finding"], statement)
    roles = {
        role: tuple(obligations[name] for name in data[role])
        for role in ("sufficient", "necessary")
    }
    argument = Argument(data["formula"], roles["sufficient"], roles["necessary"], data["rule"])
    return Evidence(argument, findings, data["seconds"])


def _not_again(statement: Any, timeout: float) -> Finding:
    raise RuntimeError(f"a recalled statement cannot be settled: {statement}")


# --- The file ------------------------------------------------------------------------------------


def read_snapshot(
    folder: Path | None, timeout: float, simulation: Mapping[str, Any]
) -> list[Verdict] | None:
    """Return all verdicts of an earlier run with the same code and time-out, if there was one.

    Args:
        folder: folder of the cache, or None.
        timeout: seconds for each question to a solver.
        simulation: the ``checks`` of a simulation's evidence file, by name.

    """
    if folder is None:
        return None
    path = folder / _NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["key"] != _key(timeout):
            return None
        if content["digest"] != _digest(content["verdicts"]):
            raise ValueError("the file is damaged")
        return [_read_verdict(data, simulation) for data in content["verdicts"]]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except Exception as error:  # whatever is wrong with it, all is built afresh
        reason = f"{type(error).__name__}: {error}"
        warnings.warn(f"{path} is ignored, and made afresh ({reason})", stacklevel=2)
        return None


def write_snapshot(folder: Path | None, timeout: float, verdicts: Sequence[Verdict]) -> None:
    """Keep the verdicts of the whole ledger."""
    if folder is None or code_has_changed():
        return
    try:
        kept = [_write_verdict(verdict) for verdict in verdicts]
        text = json.dumps({"key": _key(timeout), "digest": _digest(kept), "verdicts": kept})
        if json.loads(text)["verdicts"] != kept:
            raise ValueError("it would not come back as it is")
        write_text(folder / _NAME, text)
    except (UserError, TypeError, ValueError) as error:
        warnings.warn(f"the verdicts are not kept for later runs: {error}", stacklevel=2)


def _key(timeout: float) -> list[str]:
    return [fingerprint(with_claims=True), repr(float(timeout))]


def _digest(verdicts: Any) -> str:
    return hashlib.sha256(json.dumps(verdicts, sort_keys=True).encode()).hexdigest()
