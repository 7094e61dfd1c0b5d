"""Verdicts on a terminal: the table, and one claim at length."""

import io
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as _Bar
from rich.table import Table
from rich.text import Text

from theory.common.console import console as any_console
from theory.common.plurals import counted
from theory.ledger.certificates import Key
from theory.ledger.typeset import values_at
from theory.ledger.verify import Verdict, judgements, ranked, summary
from theory.logic.evidence import Judgement
from theory.logic.findings import Counterexample, Status
from theory.published import terms

_WIDTH_OF_A_FILE = 110
_LONGEST_NAME = 40
_SECONDS_TO_A_LINE = 5.0
_COLOURS: Mapping[str, str] = {
    Judgement.HOLDS: "green",
    Judgement.MENDED: "cyan",
    Judgement.ONLY_IF: "magenta",
    Judgement.FAILS: "red",
    Judgement.OPEN: "bold yellow",
    Status.SIMULATED: "cyan",
    Status.CONTRADICTED: "bold yellow",
    Status.UNKNOWN: "bold yellow",
    Status.NOT_RUN: "dim",
}


def console(stderr: bool = False) -> Console:
    """Return a console of the terminal's width, or of a fixed one where there is none."""
    return any_console(stderr=stderr, width=_WIDTH_OF_A_FILE)


def print_summary(verdicts: Sequence[Verdict], out: Console) -> None:
    """Print the counts, and in a line each what is open, not as expected, or fails."""
    counts = ", ".join(f"{n} {name}" for name, n in judgements(verdicts).items())
    for line in (summary(verdicts), f"As printed: {counts}", *_listed(verdicts, out.width)):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _listed(verdicts: Sequence[Verdict], width: int) -> Iterator[str]:
    groups: dict[str, list[Verdict]] = {}
    for v in ranked(verdicts):
        if not v.is_as_declared or v.status is Status.CONTRADICTED:
            groups.setdefault(_outcome_in_words(v), []).append(v)
        elif v.judgement is Judgement.FAILS:
            groups.setdefault("fails as printed", []).append(v)
    for title, group in groups.items():
        yield f"{title} ({len(group)}):"
        for v in group:
            line = f"  {v.claim.id:<15} {v.claim.says}"
            yield line if len(line) <= width else f"{line[: width - 1]}…"
            if not v.is_as_declared and v.published is not None:
                yield f"    {v.published.explanation}"


def table_text(verdicts: Sequence[Verdict]) -> str:
    """Return what :func:`print_table` prints, as text of the width of a file."""
    text = io.StringIO()
    print_table(verdicts, any_console(file=text, width=_WIDTH_OF_A_FILE))
    return text.getvalue()


def print_table(verdicts: Sequence[Verdict], out: Console) -> None:
    """Print a line for each claim, failures first; the reasons; and the counts."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("claim", no_wrap=True)
    placed = any(v.claim.where for v in verdicts)
    if placed:
        table.add_column("where", overflow="fold", ratio=2)
    table.add_column("judgement", overflow="fold", ratio=3)
    table.add_column("back end", overflow="fold", ratio=1)
    table.add_column("seconds", justify="right")
    for v in ranked(verdicts):
        where = [escape(v.claim.where)] * placed
        table.add_row(escape(v.claim.id), *where, _outcome(v), v.back_end, _time(v))
    out.print(table)
    for v in ranked(verdicts):
        for line in _reasons(v):
            out.print(line, markup=False, highlight=False)
    counts = ", ".join(f"{n} {name}" for name, n in judgements(verdicts).items())
    out.print(f"By judgement: {counts}", markup=False, highlight=False)
    out.print(f"By status: {summary(verdicts)}", markup=False, highlight=False)


def _time(v: Verdict) -> str:
    return "" if v.is_empirical else f"{v.seconds:.2f}"


def _outcome_in_words(v: Verdict) -> str:
    return str(Text.from_markup(_outcome(v)))


def _outcome(v: Verdict) -> str:
    text = f"[{_COLOURS[v.judgement or v.status]}]{escape(v.outcome)}[/]"
    if v.corrected is not None and v.corrected.status is not Status.PROVED:
        text += f"; [bold yellow]correction {v.corrected.status}[/]"
    return f"{text} [bold yellow]({complaint(v)})[/]" if v.is_unexpected else text


def complaint(v: Verdict) -> str:
    """Say what was expected or declared in the place of what came out."""
    if v.claim.expects not in (None, v.status):
        return f"expected {v.claim.expects}"
    return f"declared: {'a slip' if v.claim.slip else 'a condition'}, of what is not refuted"


def _reasons(v: Verdict) -> Iterator[str]:
    if v.status is not Status.PROVED and v.published is not None:
        yield f"{v.claim.id}: {v.claim.says}"
        yield f"    {v.published.explanation}"
    if v.claim.slip:
        yield f"    slip: {v.claim.slip}"
    if v.claim.correction:
        yield f"    instead: {v.claim.correction}"


def explain(v: Verdict, files: Mapping[Key, str], folder: str) -> Iterator[str]:
    """Explain one claim at length, in lines of text.

    Args:
        v: the verdict.
        files: the certificate's file of each obligation.
        folder: where the certificates are.

    """
    claim = v.claim
    yield f"{claim.id}   {claim.where}"
    yield f"  says        {claim.says}"
    for part, evidence in v.parts:
        yield f"  {part:<11} {evidence.argument.formula}"
        yield f"  {'':<11} {evidence.explanation}"
        if evidence.argument.rule:
            yield f"  {'':<11} by: {evidence.argument.rule}"
    if v.published is None:
        yield f"  about a random experiment: {getattr(claim.published, 'formula', '')}"
        for name, value in (v.simulated or {}).items():
            yield f"    {name}: {value}"
    yield f"  judgement   {v.outcome}" + (f" ({complaint(v)})" if v.is_unexpected else "")
    for label in ("slip", "correction", "note"):
        if getattr(claim, label):
            yield f"  {label:<11} {getattr(claim, label)}"
    for term in terms():
        if term.is_in(f"{claim.says} {claim.correction} {claim.note}"):
            yield f"  {'read as':<11} {term.name}: {term.reading}"
    for part, evidence in v.parts:
        yield f"  obligations of the {part} assertion"
        for name, obligation in evidence.argument.obligations.items():
            finding = evidence.findings[name]
            yield f"    {name} ({evidence.argument.role(name)})"
            yield from _hypotheses(obligation.statement)
            yield f"      {finding.status} by {finding.back_end}: {finding.explanation}"
            if isinstance(finding, Counterexample):
                yield from (f"      {line}" for line in values_at(finding))
            if (claim.id, part, name) in files:
                yield f"      certificate: {folder}/{files[claim.id, part, name]}"


def _hypotheses(statement: object) -> Iterator[str]:
    """The statement, its hypotheses on a line of their own."""
    *given, conclusion = str(statement).split("  ⟹  ")
    if given:
        yield f"      given {given[0]}"
    yield f"      {'then ' if given else ''}{conclusion}"


class Progress:
    """Progress on stderr: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._bar = _Bar(
            console=any_console(stderr=True),
            transient=True,
            auto_refresh=False,  # no thread at a fork
        )
        self._told = time.monotonic()

    def __enter__(self) -> "Progress":
        self._task = self._bar.add_task("writing the claims as formulas", total=None)
        if self._bar.console.is_terminal:
            self._bar.start()
            self._bar.refresh()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar.console.is_terminal:
            self._bar.stop()

    def __call__(self, done: int, total: int, name: str) -> None:
        """Tell how many questions of how many are settled, and which was the last."""
        description = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"
        self._bar.update(
            self._task, completed=done, total=total, description=escape(description or "settling")
        )
        if self._bar.console.is_terminal:
            self._bar.refresh()
        elif time.monotonic() > self._told + _SECONDS_TO_A_LINE:
            self._told = time.monotonic()
            print(f"settled {done} of {counted(total, 'question')}", file=sys.stderr, flush=True)


class Steps:
    """What is being done, on stderr: one line that changes on a terminal, a line each elsewhere."""

    def __init__(self) -> None:
        self._console = any_console(stderr=True)
        self._status = self._console.status("")

    def __enter__(self) -> "Steps":
        if self._console.is_terminal:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def __call__(self, doing: str) -> None:
        """Tell what is done next."""
        if self._console.is_terminal:
            self._status.update(escape(doing))
        else:
            print(doing, file=sys.stderr, flush=True)
