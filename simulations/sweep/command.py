"""Train at every point of a grid, draw what comes of it, and write what it says."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from simulations.sweep.blocks import Computation
from simulations.sweep.checked import Grid, grid_of
from simulations.sweep.draw import caption, draw
from simulations.sweep.estimate import require_time
from simulations.sweep.grid import Sweep
from simulations.sweep.progress import shown
from simulations.sweep.record import begun
from simulations.sweep.report import MOST_ROWS, report, statement
from simulations.sweep.run import Limits, Outcome, local_devices, prepared, run_sweep
from simulations.sweep.store import Store
from simulations.sweep.summary import Summary, summarised
from simulations.sweep.training import computation
from theory.artefacts import environment, write_json, write_text
from theory.errors import UserError
from theory.style import write_figure

Cluster: TypeAlias = Literal["slurm", "local"]

SCHEMA: Final = 1
_RUNS: Final = "runs"
_FIGURE: Final = "sweep"
_DPI: Final = 200


@dataclass(frozen=True)
class Where:
    """Where a grid is computed.

    Attributes:
        device: ``auto``, ``cpu`` or ``gpu``.
        seconds: that this process may take, if there is a limit; an array of jobs has none.
        accept_versions: whether to go on with blocks that other versions of the code computed.
        cluster: ``slurm``, or ``local`` for processes of this machine; here, if None.
        jobs: among how many jobs of a cluster the blocks are dealt out.
        minutes: that each job gets; submitit's default of this package, if None, as are the rest.
        cpus: cores of each job.
        gpus: of each job.
        memory_gb: of each job.
        partition: of Slurm.

    """

    device: str = "auto"
    seconds: float | None = None
    accept_versions: bool = False
    cluster: Cluster | None = None
    jobs: int | None = None
    minutes: int | None = None
    cpus: int | None = None
    gpus: int | None = None
    memory_gb: int | None = None
    partition: str | None = None

    def check(self) -> None:
        """Check that no option is given which would have no effect, or no meaning.

        Raises:
            UserError: one is; the message names it.

        """
        if self.seconds is not None and not self.seconds > 0:
            raise UserError(f"seconds: expected a number > 0, got {self.seconds:g}")
        for name in ("minutes", "cpus", "memory_gb"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"{name}: expected 1 or more, got {value}")
        if self.gpus is not None and self.gpus < 0:
            raise UserError(f"gpus: expected 0 or more, got {self.gpus}")
        given = [name for name in ("jobs", *_RESOURCES) if getattr(self, name) is not None]
        if self.cluster is None and given:
            raise UserError(
                f"{', '.join(given)}: not used without a cluster. Leave it out, or say --cluster "
                "slurm or --cluster local"
            )
        if self.cluster is not None and self.jobs is None:
            raise UserError("jobs: expected among how many jobs the work is dealt out, got nothing")


_RESOURCES: Final = ("minutes", "cpus", "gpus", "memory_gb", "partition")


def run(file: Path | None, options: Sequence[str], out: Path, where: Where) -> tuple[str, int]:
    """Train at every point of a grid; return what to print, and the exit code.

    Writes ``report.md``, ``summary.csv``, ``summary.tex`` (the first points) and ``summary.json``,
    and ``sweep.png`` and ``.svg`` where one or two parameters are swept. The runs are in ``runs``,
    in blocks as Parquet, and a call with the same grid goes on with them. Files do not depend on
    when a run was killed and gone on with. The exit code is 1 if a run did not stay finite.

    Args:
        file: a TOML file of the grid, if there is one.
        options: of the grid, as ``d=3,16,64``; they go before what the file says.
        out: folder to write to.
        where: it is computed.

    Raises:
        UserError: something cannot be used, the grid does not fit on the disk or in the time, or
            ``out`` has another sweep; nothing is lost.

    """
    where.check()
    grid = grid_of(file, options)
    work = computation(grid, where.device)
    outcome = _computed(work, grid.sweep, out / _RUNS, where)
    summary = summarised(outcome.folder, grid.sweep)
    _write(grid, work, summary, out)
    seconds, rows = outcome.seconds, outcome.rows
    said = [
        statement(summary),
        f"Computed {outcome.computed} of {outcome.blocks} blocks in {seconds:.1f} s"
        + (
            f", {rows / seconds:.3g} points a second."
            if outcome.computed == outcome.blocks
            else "."
        ),
        f"Report: {out / 'report.md'}",
    ]
    return "\n\n".join(said), 1 if summary.failed else 0


def _computed(work: Computation, sweep: Sweep, folder: Path, where: Where) -> Outcome:
    if where.cluster is not None and where.jobs is not None:
        return _computed_by_jobs(work, sweep, folder, where, where.cluster, where.jobs)
    if where.seconds is not None:
        plan = prepared(work, sweep, folder, Limits())
        record = begun(folder)
        store = Store(folder, record) if record is not None else None
        blocks = range(plan.blocks)
        todo = [b for b in blocks if store is None or not store.path(b).exists()]
        require_time(plan, todo, where.seconds, local_devices(where.device))
    with shown(f"{sweep.rows:,} runs") as progress:
        return run_sweep(
            work,
            sweep,
            folder,
            device=where.device,
            progress=progress,
            accept_versions=where.accept_versions,
        )


def _computed_by_jobs(
    work: Computation, sweep: Sweep, folder: Path, where: Where, cluster: Cluster, jobs: int
) -> Outcome:
    from simulations.sweep.cluster import Resources, submit_sweep

    given = {name: getattr(where, name) for name in _RESOURCES}
    with shown(f"{sweep.rows:,} runs") as progress:
        return submit_sweep(
            work,
            sweep,
            folder,
            jobs,
            limits=Limits(seconds=where.seconds),
            device=where.device,
            cluster=cluster,
            resources=Resources(**{name: x for name, x in given.items() if x is not None}),
            progress=progress,
            accept_versions=where.accept_versions,
        )


def _write(grid: Grid, work: Computation, summary: Summary, out: Path) -> None:
    figure = draw(summary)
    if figure is not None:
        write_figure(figure, out / _FIGURE, caption(summary), ("png", "svg"), dpi=_DPI)
    write_text(out / "summary.csv", summary.all_digits().csv())
    write_text(out / "summary.tex", summary.table(MOST_ROWS).latex())
    data = {
        "schema": SCHEMA,
        "environment": environment(),
        "sweep": {"computation": work.name, **grid.sweep.as_json()},
        **summary.as_json(),
    }
    write_json(out / "summary.json", data)
    name = None if figure is None else f"{_FIGURE}.png"
    write_text(out / "report.md", report(grid, summary, name))
