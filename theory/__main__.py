"""Commands: ``python -m theory verify``."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import tyro
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from theory.artefacts import ensure_writable_file, write_json
from theory.commands import leave, run
from theory.errors import UserError
from theory.evidence import Claim
from theory.findings import Status
from theory.verify import (
    SIMULATION_EVIDENCE,
    Verdict,
    ranked,
    read_simulation,
    settle_claim,
    to_json,
)
from theory.verify import summary as summarise

_WIDTH_OF_A_FILE = 110
_COLOURS = {
    Status.PROVED: "green",
    Status.REFUTED: "magenta",
    Status.UNKNOWN: "bold yellow",
    Status.SIMULATED: "cyan",
    Status.CONTRADICTED: "bold yellow",
    Status.NOT_RUN: "dim",
}


@dataclass(frozen=True)
class Verify:
    """Settle every claim: print a table, write the evidence, exit 0 if nothing was left open.

    Claims about random experiments are read from the evidence of ``python -m simulations check``;
    they do not count towards the exit code.
    """

    out: Path = field(default=Path("results/theory/evidence.json"))
    """Evidence file to write."""
    simulation: Path = field(default=SIMULATION_EVIDENCE)
    """Evidence file of the simulation, read where it exists."""
    timeout: float = 10.0
    """Seconds for each question to a solver; past it a claim stays unknown."""

    def __call__(self) -> int:
        """Run the command; return the exit code."""
        from theory.claims import all_claims

        if not self.timeout > 0:
            raise UserError(f"--timeout: expected seconds > 0, got {self.timeout}")
        ensure_writable_file(self.out)
        simulation = read_simulation(self.simulation)
        verdicts = _settle_all(
            all_claims(), lambda claim: settle_claim(claim, simulation, self.timeout)
        )
        _print(verdicts)
        write_json(self.out, to_json(verdicts))
        Console().print(f"Evidence, with certificates: {self.out}")
        return 0 if all(v.is_settled or v.is_empirical for v in verdicts) else 1


def _settle_all(claims: tuple[Claim, ...], settle: Callable[[Claim], Verdict]) -> list[Verdict]:
    verdicts = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("settling", total=len(claims))
        for claim in claims:
            progress.update(task, description=claim.id)
            verdicts.append(settle(claim))
            progress.advance(task)
    return verdicts


def _print(verdicts: list[Verdict]) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH_OF_A_FILE)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("claim", no_wrap=True)
    table.add_column("where", overflow="fold")
    table.add_column("status", no_wrap=True)
    table.add_column("back end", overflow="fold")
    table.add_column("seconds", justify="right")
    for v in ranked(verdicts):
        table.add_row(v.claim.id, v.claim.where, _status(v), v.back_end, f"{v.seconds:.2f}")
    console.print(table)
    for v in ranked(verdicts):
        if v.status is not Status.PROVED and v.published is not None:
            console.print(f"{v.claim.id}: {v.claim.says}", markup=False, highlight=False)
            console.print(f"    {v.published.explanation}", markup=False, highlight=False)
        if v.claim.correction:
            console.print(f"    instead: {v.claim.correction}", markup=False, highlight=False)
    console.print(summarise(verdicts))


def _status(v: Verdict) -> str:
    text = f"[{_COLOURS[v.status]}]{v.status}[/]"
    if v.corrected is not None:
        text += f", corrected {v.corrected.status}"
    if v.is_unexpected:
        text += f" [bold yellow](expected {v.claim.expects})[/]"
    return text


def main(args: list[str] | None = None) -> int:
    """Parse the command line and run the command; return the exit code."""
    command = tyro.extras.subcommand_cli_from_dict(
        {"verify": Verify}, prog="python -m theory", args=args
    )
    return run(command)


if __name__ == "__main__":
    leave(main())
