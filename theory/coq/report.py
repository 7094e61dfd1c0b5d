"""What the proof kernel accepted, as data and as a short report."""

import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from theory.common.environment import environment
from theory.coq.emit import Lemma
from theory.coq.obligations import Exported, identifier
from theory.coq.run import STANDARD_AXIOMS, Entry, Outcome, Script

SCHEMA = 1
_LEMMAS_IN_A_SCRIPT = 12


class Result(StrEnum):
    """What became of an obligation."""

    ACCEPTED = "accepted"
    REJECTED = "not accepted"
    NOT_EXPORTED = "not exported"
    UNSETTLED = "not settled by the ledger"
    OUT_OF_SCOPE = "out of scope"


@dataclass(frozen=True)
class Row:
    """An obligation, and what the kernel said of its lemma.

    Attributes:
        exported: the obligation with its lemma.
        result: what became of it.
        reason: why it was not accepted; else empty.
        script: name of the script with the lemma; empty where there is none.
        lemma: name of the lemma; empty where there is none.
        seconds: processor time of the compiler; None where the lemma was not accepted.

    """

    exported: Exported
    result: Result
    reason: str = ""
    script: str = ""
    lemma: str = ""
    seconds: float | None = None

    @property
    def linear(self) -> bool:
        """Whether the obligation has a lemma of linear arithmetic."""
        return self.exported.lemma is not None and self.exported.lemma.linear

    def to_json(self) -> dict[str, Any]:
        """Return the row as JSON-ready data."""
        e = self.exported
        return {
            "claim": e.claim,
            "assertion": e.assertion,
            "obligation": e.obligation,
            "statement": e.statement,
            "form": e.form,
            "back_end": e.back_end or None,
            "finding": e.finding or None,
            "trivial": e.trivial,
            "linear": self.linear,
            "result": self.result,
            "reason": self.reason or None,
            "script": self.script or None,
            "lemma": self.lemma or None,
            "seconds": self.seconds,
        }


def scripts_of(exported: Iterable[Exported]) -> tuple[Script, ...]:
    """Group lemmas by row of the list of claims, some to a script.

    Obligations with one proposition share its lemma, named after the first. Linear lemmas have
    scripts of their own, as a script is compiled again when one of its lemmas fails.
    """
    first: dict[str, Exported] = {}
    for e in exported:
        if e.lemma is not None:
            first.setdefault(e.lemma.proposition, e)
    groups: dict[str, list[Entry]] = {}
    for e in first.values():
        assert e.lemma is not None
        group = f"Row_{identifier(e.row)}_{'linear' if e.lemma.linear else 'other'}"
        entries = groups.setdefault(group, [])
        entries.append(_entry(e, e.lemma, len(entries) + 1))
    return tuple(
        Script(f"{group}_{part}", tuple(entries[start : start + _LEMMAS_IN_A_SCRIPT]))
        for group, entries in groups.items()
        for part, start in enumerate(range(0, len(entries), _LEMMAS_IN_A_SCRIPT), 1)
    )


def _entry(e: Exported, lemma: Lemma, number: int) -> Entry:
    kind = "linear" if lemma.linear else "other"
    name = f"claim_{identifier(e.claim)}_{e.assertion}_{kind}_{number}"
    return Entry(name, lemma, f"{e.claim}, {e.assertion}, {e.obligation}: {e.statement}")


def rows_of(
    exported: Iterable[Exported], scripts: Iterable[Script], outcomes: Mapping[str, Outcome]
) -> list[Row]:
    """Say of each obligation what became of it."""
    places = {
        entry.lemma.proposition: (script.name, entry.name)
        for script in scripts
        for entry in script.entries
    }
    return [
        _unchecked(e)
        if e.lemma is None
        else _checked(e, *places[e.lemma.proposition], outcomes[places[e.lemma.proposition][0]])
        for e in exported
    ]


def _checked(e: Exported, script: str, lemma: str, outcome: Outcome) -> Row:
    if lemma in outcome.accepted:
        return Row(e, Result.ACCEPTED, "", script, lemma, outcome.accepted[lemma])
    return Row(e, Result.REJECTED, outcome.rejected[lemma], script, lemma)


def _unchecked(e: Exported) -> Row:
    if not e.in_scope:
        return Row(e, Result.OUT_OF_SCOPE, e.reason)
    return Row(e, Result.UNSETTLED if e.finding == "Unsettled" else Result.NOT_EXPORTED, e.reason)


def is_complete(rows: Iterable[Row], axioms: Iterable[str]) -> bool:
    """Whether every linear obligation was accepted, and nothing rests on further axioms."""
    linear = (row for row in rows if row.linear)
    return all(r.result is Result.ACCEPTED for r in linear) and set(axioms) <= STANDARD_AXIOMS


def headline(rows: Sequence[Row]) -> str:
    """Count what was accepted, in a sentence."""
    of_solver = [r for r in rows if r.exported.in_scope and r.exported.back_end == "z3"]
    linear = [r for r in rows if r.linear]
    lemmas = [r for r in rows if r.exported.lemma is not None]
    return (
        f"The kernel accepted {_of(linear)} linear obligations, {_of(of_solver)} of those settled "
        f"by z3, and {_of(lemmas)} of all that were exported."
    )


def _of(rows: Sequence[Row]) -> str:
    return f"{sum(r.result is Result.ACCEPTED for r in rows)} of {len(rows)}"


def to_json(
    rows: Sequence[Row], axioms: Sequence[str], version: str, seconds: float
) -> dict[str, Any]:
    """Return the report as JSON-ready data."""
    return {
        "schema": SCHEMA,
        "environment": environment(),
        "kernel": version,
        "seconds": round(seconds, 1),
        "summary": headline(rows),
        "complete": is_complete(rows, axioms),
        "axioms": sorted(axioms),
        "obligations": [row.to_json() for row in rows],
    }


def to_markdown(
    rows: Sequence[Row], axioms: Sequence[str], version: str, seconds: float, jobs: int
) -> str:
    """Return the report for people."""
    times = list({row.lemma: row.seconds for row in rows if row.seconds is not None}.values())
    trivial = sum(r.exported.trivial and r.result is Result.ACCEPTED for r in rows)
    beyond = sorted(set(axioms) - STANDARD_AXIOMS)
    lines = [
        "# What a proof kernel accepts",
        "",
        headline(rows),
        f"{trivial} of the accepted ones are trivial: evaluation left True, or an equation of two "
        f"equal sides. Obligations with one proposition share a lemma; {len(times)} were accepted.",
        "",
        f"{version}; {seconds:.0f} s with {jobs} compilers at a time on {platform.machine()}, "
        f"{platform.system()}, settling the ledger not counted; the slowest accepted lemma took "
        f"{max(times, default=0):.1f} s of processor time, the median {_median(times):.2f} s. "
        "Compiled files of an earlier run are used again where nothing changed.",
        "",
        "Only lemmas closed by `Qed` count. `Print Assumptions` shows for them: "
        + (", ".join(f"`{a}`" for a in sorted(axioms)) or "no axioms")
        + (". " if beyond else ", the axioms of the standard library's real numbers. ")
        + (f"**Beyond the standard ones: {', '.join(beyond)}.**" if beyond else ""),
        "",
        *_table(rows),
        "",
        *_listed(rows, Result.REJECTED, "Not accepted", "No proof was found; none of these is "
                 "thereby refuted."),
        *_listed(rows, Result.NOT_EXPORTED, "Not exported", "A construct has no counterpart in the "
                 "fragment."),
        *_listed(rows, Result.UNSETTLED, "Not settled by the ledger", "There is nothing to "
                 "certify."),
        *_out_of_scope(rows),
    ]  # fmt: skip
    return "\n".join(lines).rstrip() + "\n"


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0


def _table(rows: Sequence[Row]) -> list[str]:
    """Count by back end and by what the ledger found."""
    scoped = [r for r in rows if r.exported.in_scope]
    kinds = sorted({(r.exported.back_end, r.exported.finding) for r in scoped})
    lines = [
        "| settled by | with a | obligations | exported | linear: accepted | other: accepted |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for back_end, finding in kinds:
        some = [
            r for r in scoped if (r.exported.back_end, r.exported.finding) == (back_end, finding)
        ]
        lemmas = [r for r in some if r.exported.lemma is not None]
        linear, other = [r for r in lemmas if r.linear], [r for r in lemmas if not r.linear]
        cells = (back_end, finding.lower(), len(some), len(lemmas), _of(linear), _of(other))
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return lines


def _listed(rows: Sequence[Row], result: Result, title: str, remark: str) -> list[str]:
    some = [row for row in rows if row.result is result]
    if not some:
        return []
    items = [
        f"- {r.exported.claim}, {r.exported.assertion}, *{r.exported.obligation}*"
        f"{' (**linear**)' * r.linear}: {r.reason}"
        for r in some
    ]
    return [f"## {title}: {len(some)}", "", remark, "", *items, ""]


def _out_of_scope(rows: Sequence[Row]) -> list[str]:
    forms = Counter(r.exported.form for r in rows if r.result is Result.OUT_OF_SCOPE)
    if not forms:
        return []
    counts = ", ".join(f"{count} {form}" for form, count in sorted(forms.items()))
    return [
        f"## Out of scope: {forms.total()}",
        "",
        f"Statements about orbits of a map ({counts}) are about many iterations at once; the "
        "real-arithmetic lemmas of inductions are obligations of their own, and counted above.",
    ]
