"""Command ``python -m theory.coq``: put the ledger's obligations to a proof kernel."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tyro
from rich.progress import Progress

from theory.common.command import leave, run
from theory.common.console import console
from theory.common.errors import UserError
from theory.common.files import ensure_writable, write_json, write_whole
from theory.common.usage import runs
from theory.coq import report
from theory.coq.obligations import Exported, export
from theory.coq.run import Compiler, Outcome, Script, check_all


@dataclass(frozen=True)
class Certify:
    """Export the real-arithmetic obligations of the claims as lemmas, and compile them with Coq.

    Writes the scripts, report.md and report.json. Exits with 0 when every linear obligation was
    accepted, 1 when one was not, 2 when the command coqc is missing or an option is not usable.
    """

    out: Path = field(default=Path("results/theory/coq"))
    """Folder for scripts, compiled files and the report."""
    coqc: str = "coqc"
    """The compiler: a command or its path."""
    jobs: int = 2
    """How many scripts are compiled at a time."""
    limit: int = 120
    """Seconds for each sentence of a proof, a quarter where it is not linear; slower ones fail."""
    timeout: float = 10.0
    """Seconds for each question to a solver while the ledger is settled."""

    def __call__(self) -> int:
        """Run the command; return the exit code."""
        for name, value in (("jobs", self.jobs), ("limit", self.limit), ("timeout", self.timeout)):
            if not value > 0:
                raise UserError(f"--{name}: expected a number > 0, got {value}")
        compiler = Compiler(self.coqc)
        ensure_writable(self.out)
        exported = _export(self.timeout)
        scripts = report.scripts_of(exported)
        start = time.perf_counter()
        outcomes = _check(scripts, self, compiler)
        seconds = time.perf_counter() - start
        rows = report.rows_of(exported, scripts, outcomes)
        axioms = sorted({axiom for outcome in outcomes.values() for axiom in outcome.axioms})
        text = report.to_markdown(rows, axioms, compiler.version, seconds, self.jobs)
        write_whole(self.out / "report.md", lambda part: part.write_text(text, encoding="utf-8"))
        write_json(
            self.out / "report.json", report.to_json(rows, axioms, compiler.version, seconds)
        )
        _print(rows, self.out)
        return 0 if report.is_complete(rows, axioms) else 1


def _export(timeout: float) -> list[Exported]:
    from theory.claims import all_claims

    exported: list[Exported] = []
    claims = all_claims()
    with Progress(console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("settling", total=len(claims))
        for claim in claims:
            progress.update(task, description=f"settling {claim.id}")
            exported += export((claim,), timeout)
            progress.advance(task)
    return exported


def _check(scripts: Sequence[Script], options: Certify, compiler: Compiler) -> dict[str, Outcome]:
    with Progress(console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("compiling", total=len(scripts))

        def done(script: Script) -> None:
            progress.update(task, description=f"compiled {script.name}", advance=1)

        return check_all(scripts, options.out, compiler, options.jobs, options.limit, done)


def _print(rows: Sequence[report.Row], out: Path) -> None:
    screen = console(soft_wrap=True, highlight=False, markup=False)
    for row in rows:
        if row.result is report.Result.REJECTED:
            e = row.exported
            kind = "linear" if row.linear else "not linear"
            screen.print(f"not accepted ({kind}): {e.claim}, {e.assertion}, {e.obligation}")
    screen.print(report.headline(rows))
    screen.print(f"The whole report: {out / 'report.md'}")


def main(args: list[str] | None = None) -> int:
    """Parse the command line and run the command; return the exit code."""
    prog = "python -m theory.coq"
    return run(runs(lambda: tyro.cli(Certify, prog=prog, args=args), prog))


if __name__ == "__main__":
    leave(main)
