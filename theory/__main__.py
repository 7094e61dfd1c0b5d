"""Commands: ``python -m theory verify``, ``errata``, ``check`` and ``report``."""

import contextlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import tyro

from theory.common.command import BAD_INPUT, leave, run
from theory.common.errors import UserError
from theory.common.files import (
    beside,
    ensure_writable,
    ensure_writable_file,
    json_text,
    write_text,
)
from theory.common.usage import runs

if TYPE_CHECKING:  # sympy and the solver are loaded once the command line is in order
    from theory.ledger.certificates import Key
    from theory.ledger.verify import Verdict
    from theory.ledger.whole import Ledger
    from theory.logic.evidence import Claim

Checks: TypeAlias = Mapping[str, Any]

_RESULTS = Path("results")
_KEPT = Path("evidence")
_CACHE = Path("results/theory/cache")
_CHECKED = Path("results/theory/check")
_SIMULATION = Path("results/simulations/evidence.json")


@dataclass(frozen=True, kw_only=True)
class _Settling:
    """What all commands that settle claims of the ledger share."""

    timeout: float = 10.0
    """Seconds for each question to a solver; past it a claim stays unknown."""
    processes: int = 2
    """How many processes settle at once."""
    cache: Path = _CACHE
    """Folder of findings of earlier runs, recalled for the same question, code and time-out."""
    no_cache: bool = False
    """Settle everything afresh: recall nothing, keep nothing."""

    @property
    def cache_folder(self) -> Path | None:
        """The folder of the cache, or None."""
        return None if self.no_cache else self.cache

    def require_sensible(self) -> None:
        """Raise a UserError for numbers out of range."""
        if not self.timeout > 0:
            raise UserError(f"--timeout: expected seconds > 0, got {self.timeout}")
        if not self.processes >= 1:
            raise UserError(f"--processes: expected a number >= 1, got {self.processes}")


@dataclass(frozen=True, kw_only=True)
class Verify(_Settling):
    """Settle every claim: print a table, write evidence and certificates.

    Exit code 0: all is settled, as the claims' files expect; 1: something is open, or not as
    expected; 2: bad input. Claims about random experiments are read from the evidence of ``python
    -m simulations check``; they do not count towards the exit code.
    """

    claim: str | None = None
    """Settle and explain only the claim of this id, or the claims of this row, at length, with the
    reading of the text's terms (all of them: theory/published/terms.toml)."""
    list_: Annotated[bool, tyro.conf.arg(name="list")] = False
    """List the claims and what they say; settle nothing."""
    table: bool = False
    """Print each verdict and its reason, rather than counts and what fails."""
    json: bool = False
    """Write the evidence to standard output as JSON; tables then go to standard error."""
    out: Path = field(default=Path("results/theory/evidence.json"))
    """Evidence file to write; the claims, chapter by chapter, and the certificates go to folders
    beside it."""
    simulation: Path = field(default=_SIMULATION)
    """Evidence file of the simulation, read where it exists."""

    def __call__(self) -> int:
        """Run the command; return the exit code."""
        self.require_sensible()
        if self.list_:
            return self._list()
        certificates = beside(self.out, "certificates")
        if self.claim is None:
            ensure_writable_file(self.out)
        ensure_writable(certificates)
        from theory.ledger.verify import read_simulation

        simulation = read_simulation(self.simulation)
        if self.claim is not None:
            return self._explain(self.claim, simulation, certificates)
        verdicts, note = _ledger(self, simulation).verdicts()
        return self._report(verdicts, note, certificates)

    def _report(self, verdicts: "list[Verdict]", note: str, certificates: Path) -> int:
        from theory.ledger.certificates import write_certificates
        from theory.ledger.display import console, print_summary, print_table, table_text
        from theory.ledger.evidence_files import write_evidence
        from theory.ledger.verify import to_json

        out = console(stderr=self.json)
        names = write_certificates(verdicts, certificates)
        data = to_json(verdicts, _below(certificates.name, names))
        table = beside(self.out, "verdicts.txt")
        write_text(table, table_text(verdicts))
        write_evidence(self.out, data)  # before printing, to a reader that may leave
        (print_table if self.table else print_summary)(verdicts, out)
        if self.json:
            sys.stdout.write(json_text(data))
        where = (
            f"Each verdict and its reason: {table} (here with --table); what does not hold as "
            "printed, with numbers: python -m theory errata",
            f"Evidence: {self.out}; {len(set(names.values()))} certificates: {certificates}/",
        )
        out.print(*where, note, sep="\n", markup=False, highlight=False, soft_wrap=True)
        return 0 if all(v.is_as_declared for v in verdicts) else 1

    def _list(self) -> int:
        from theory.claims import all_claims
        from theory.ledger.display import console

        if self.json:
            sys.stdout.write(
                json_text([{"id": c.id, "where": c.where, "says": c.says} for c in all_claims()])
            )
            return 0
        screen = console()
        for claim in all_claims():
            screen.print(f"{claim.id:<18} {claim.says}", markup=False, highlight=False)
        return 0

    def _explain(self, id_: str, simulation: Checks, certificates: Path) -> int:
        from theory.ledger.certificates import write_certificates
        from theory.ledger.display import console, explain
        from theory.ledger.verify import to_json

        verdicts = _ledger(self, simulation).verdicts_of(id_)
        names = write_certificates(verdicts, certificates, only_add=True)
        out = console(stderr=self.json)
        for number, verdict in enumerate(verdicts):
            lines = explain(verdict, names, str(certificates))
            out.print(*[""] * (number > 0), *lines, sep="\n", markup=False, highlight=False)
        if self.json:
            data = to_json(verdicts, _below(certificates.name, names))
            sys.stdout.write(json_text(data["claims"]))
        return 0 if all(v.is_as_declared for v in verdicts) else 1


@dataclass(frozen=True, kw_only=True)
class Errata(_Settling):
    """List what does not hold as printed: where, why, and what is true instead; exit code 0."""

    format: Literal["md", "tex", "json"] = "md"
    """Markdown, LaTeX (for an engine that reads Unicode), or JSON."""
    out: Path | None = None
    """File to write; without it the list goes to standard output."""
    certificates: Path = field(default=Path("results/theory/certificates"))
    """Folder of the certificates that the list refers to."""

    def __call__(self) -> int:
        """Run the command; return the exit code."""
        self.require_sensible()
        if self.out is not None:
            ensure_writable_file(self.out)
        ensure_writable(self.certificates)
        from theory.ledger.certificates import write_certificates
        from theory.ledger.errata import errata

        verdicts, note = _ledger(self, {}).verdicts()
        names = write_certificates(verdicts, self.certificates, only_add=True)
        text = errata(verdicts, names, str(self.certificates), self.format)
        print(note, file=sys.stderr)
        if self.out is None:
            sys.stdout.write(text)
        else:
            write_text(self.out, text)
        return 0


@dataclass(frozen=True, kw_only=True)
class Check(_Settling):
    """Settle claims of your own, from a Python file that defines CLAIMS.

    Exit code 0: each is proved or refuted, and as it declares; 1: one is open, vacuous, or not as
    it declares; 2: the file, or a claim in it, is not as it should be (the others are settled).
    """

    file: tyro.conf.Positional[Path]
    """Python file with CLAIMS = (claim("name", formula), ...); see `from theory import claim`."""
    json: bool = False
    """Write the evidence to standard output as JSON; tables then go to standard error."""
    out: Path | None = None
    """Evidence file to write, with a folder of certificates beside it; by default in
    results/theory/check/NAME/, where NAME is the path of the Python file."""

    def __call__(self) -> int:
        """Run the command; return the exit code."""
        self.require_sensible()
        from theory.ledger.check import load

        out = self.out or _CHECKED / _name_of(self.file) / "evidence.json"
        ensure_writable_file(out)
        with contextlib.redirect_stdout(sys.stderr) if self.json else contextlib.nullcontext():
            claims, problems = load(self.file)
        return self._report(claims, problems, out)

    def _report(self, claims: "list[Claim]", problems: list[str], out: Path) -> int:
        from theory.ledger.cache import Cache
        from theory.ledger.certificates import write_certificates
        from theory.ledger.check import settle_all
        from theory.ledger.display import Progress, console, print_table
        from theory.ledger.verify import to_json

        cache = Cache(self.cache_folder)
        with Progress() as progress:
            verdicts, stopped = settle_all(claims, self.timeout, cache, self.processes, progress)
        screen = console(stderr=self.json)
        if verdicts:
            print_table(verdicts, screen)
        certificates = beside(out, "certificates")
        names = write_certificates(verdicts, certificates)
        data = to_json(verdicts, _below(certificates.name, names))
        del data["rows"]  # of the published list
        text = json_text({**data, "problems": problems, "stopped": stopped})
        write_text(out, text)
        if self.json:
            sys.stdout.write(text)
        screen.print(f"Evidence, with certificates: {out}", highlight=False, soft_wrap=True)
        for message in (*problems, *stopped):
            print(f"error: {message}", file=sys.stderr)
        if problems:
            return BAD_INPUT
        return 0 if not stopped and all(v.is_as_declared for v in verdicts) else 1


@dataclass(frozen=True, kw_only=True)
class Report:
    """Write one self-contained page of all results, from the evidence files in their folder.

    Exit codes: 0 written; parts without files say which command makes them; 2 a file is damaged, or
    of another version of the code than this.
    """

    html: bool = False
    """Write HTML: the form there is."""
    results: Path | None = None
    """Folder of the results of all commands; results/ if left out."""
    kept: Path | None = None
    """Folder of runs kept with the code, which are shown where there are no results; evidence/ if
    left out."""
    out: Path = Path("results/report.html")
    """File to write."""

    def __call__(self) -> int:
        """Run the command; return the exit code."""
        if not self.html:
            raise UserError("report: expected a form, got none; --html is the one there is.")
        results = self.results or _RESULTS
        kept = self.kept or _KEPT
        for option, given in (("--results", self.results), ("--kept", self.kept)):
            if given is not None and not given.is_dir():
                raise UserError(f"{option}: expected a folder, got {given}, which is none.")
        if not results.is_dir() and not kept.is_dir():
            raise UserError(
                f"--results: expected a folder, got {results}. `make reproduce` makes one, as does "
                "`python -m theory verify`."
            )
        ensure_writable_file(self.out)
        from theory.claims import all_claims
        from theory.ledger.display import Steps
        from theory.report.page import write_report

        with Steps() as tell:
            written = write_report(
                results, self.out, all_claims, kept if kept.is_dir() else None, tell
            )
        print(written.note())
        if not kept.is_dir():
            print(f"There are no kept runs in {kept}: parts without results name their command.")
        return 0


def _ledger(command: _Settling, simulation: Checks) -> "Ledger":
    from theory import claims  # whose functions a test may replace
    from theory.ledger.whole import Ledger

    return Ledger(
        every=claims.all_claims,
        named=claims.claims_named,
        timeout=command.timeout,
        processes=command.processes,
        cache=command.cache_folder,
        simulation=simulation,
    )


def _name_of(file: Path) -> Path:
    """Return a folder's name for the results about a file, which those of no other file has."""
    path, here = file.resolve(), Path.cwd()
    near = path.relative_to(here if path.is_relative_to(here) else path.anchor)
    folder = Path() if path.is_relative_to(here) else Path("elsewhere")
    return folder / near.with_name(path.stem if path.suffix == ".py" else path.name)


def _below(folder: str, names: "Mapping[Key, str]") -> "dict[Key, str]":
    return {key: f"{folder}/{name}" for key, name in names.items()}


def main(args: list[str] | None = None) -> int:
    """Parse the command line and run the command; return the exit code."""
    commands: Mapping[str, Any] = {
        "verify": Verify,
        "errata": Errata,
        "check": Check,
        "report": Report,
    }
    config = (tyro.conf.FlagCreatePairsOff,)
    prog = "python -m theory"

    def parse() -> Any:
        return tyro.extras.subcommand_cli_from_dict(
            dict(commands), prog=prog, args=args, config=config
        )

    return run(runs(parse, prog))


if __name__ == "__main__":
    leave(main)
