"""Train at every point of a grid, draw what comes of it, and write what it says."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from simulations.sweep.blocks import Computation, Plan, size
from simulations.sweep.checked import Grid, grid_of
from simulations.sweep.cluster import Resources, require_array, submit_sweep
from simulations.sweep.draw import caption, draw
from simulations.sweep.grid import Sweep
from simulations.sweep.notation import is_empty
from simulations.sweep.progress import shown
from simulations.sweep.record import begun
from simulations.sweep.report import CAPTION, MOST_ROWS, report, statement
from simulations.sweep.run import (
    Limits,
    Outcome,
    cut,
    require_usable,
    run_sweep,
)
from simulations.sweep.store import Store, require_disk
from simulations.sweep.summary import Summary, summarised
from simulations.sweep.training import computation
from theory.common.environment import environment
from theory.common.errors import UserError
from theory.common.figure import write_figure
from theory.common.files import write_json, write_text
from theory.common.plurals import counted

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
        if self.cluster is None:
            return
        if self.jobs is None:
            raise UserError("jobs: expected among how many jobs the work is dealt out, got nothing")
        require_array(self.jobs, Limits(seconds=self.seconds))
        unused = [name for name in _OF_SLURM if getattr(self, name) is not None]
        if self.cluster == "local" and unused:
            raise UserError(
                f"{', '.join(unused)}: not used with --cluster local, whose jobs are processes of "
                "this machine. Leave it out, or say --cluster slurm"
            )
        if self.gpus and self.device == "cpu":
            raise UserError(f"gpus: not used with --device cpu, got {self.gpus}. Leave out one")
        if self.gpus and self.cluster == "local" and not _has_gpu():
            raise UserError(
                "gpus: expected a GPU that JAX can use on this machine for --gpus "
                f"{self.gpus}, got none. Leave it out, or say --cluster slurm"
            )


_RESOURCES: Final = ("minutes", "cpus", "gpus", "memory_gb", "partition")
_OF_SLURM: Final = ("cpus", "memory_gb", "partition")


def _has_gpu() -> bool:
    """Whether JAX finds a GPU; asked in a process of its own, which leaves its memory to jobs."""
    asking = [sys.executable, "-c", "import jax; jax.local_devices(backend='gpu')"]
    return subprocess.run(asking, capture_output=True, check=False).returncode == 0


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
    _require_something(file, options)
    grid = grid_of(file, options)
    work = computation(grid, where.device)
    _foretell(cut(work, grid.sweep, out / _RUNS, Limits()), out / _RUNS, where)
    outcome = _computed(work, grid.sweep, out / _RUNS, where)
    summary = summarised(outcome.folder, grid.sweep)
    _write(grid, work, summary, out)
    seconds, rows = outcome.seconds, outcome.rows
    said = [
        statement(summary),
        f"Computed {outcome.computed} of {counted(outcome.blocks, 'block')} in {seconds:.1f} s"
        + (
            f", {rows / seconds:.3g} points a second."
            if outcome.computed == outcome.blocks
            else "."
        ),
        f"Report: {out / 'report.md'}",
    ]
    return "\n\n".join(said), 1 if summary.failed else 0


def _require_something(file: Path | None, options: Sequence[str]) -> None:
    """Check that a grid is asked for, where options stand where they belong.

    Raises:
        UserError: nothing is, or there is an option in place of the file.

    """
    if file is not None and "=" in str(file) and not file.exists():
        given = " ".join((*options, str(file)))
        raise UserError(
            f"{file}: expected a TOML file, got NAME=VALUES, which belong together after --set: "
            f"--set {given}"
        )
    if not options and (file is None or is_empty(file)):
        raise UserError(
            f"{file or 'sweep'}: expected something to sweep or to fix, got nothing. Say it after "
            "--set, as in --set rule=GD,signGD,Adam d=64 learning_rate=0.01,0.1, or in a TOML "
            "file, as simulations/sweep/example.toml; --parameters lists what there is"
        )


def _foretell(plan: Plan, folder: Path, where: Where) -> None:
    """Say on standard error how much is left to do, and what room it takes, before it is begun.

    Raises:
        UserError: it does not fit on the disk, or the folder cannot be used.

    """
    require_usable(folder, plan, accept_versions=where.accept_versions)
    todo = _todo(plan, folder)
    if not len(todo):
        return
    share = len(todo) / plan.blocks
    require_disk(folder, plan, share)
    where_to = "" if where.cluster is None else f" in {_jobs(where, todo)},"
    print(
        f"{_of(points_in(plan, todo), 'run')} to compute in {_of(len(todo), 'block')}:{where_to} "
        f"up to {size(share * plan.bytes_on_disk)} of disk",
        file=sys.stderr,
    )


def points_in(plan: Plan, blocks: Sequence[int]) -> int:
    """Return how many points some blocks have, which are in ascending order."""
    _, stop = plan.span(blocks[-1])
    return (len(blocks) - 1) * plan.rows_per_block + stop - blocks[-1] * plan.rows_per_block


def _jobs(where: Where, todo: Sequence[int]) -> str:
    """Return the number of jobs that will have blocks, and if they are fewer than asked for."""
    jobs = where.jobs or 0
    if jobs <= len(todo):
        return _of(jobs, "job")
    return f"{_of(len(todo), 'job')} in place of {jobs:,}, as there are no more blocks"


def _of(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _todo(plan: Plan, folder: Path) -> Sequence[int]:
    record = begun(folder)
    blocks = range(plan.blocks)
    if record is None:
        return blocks
    store = Store(folder, record)
    return [block for block in blocks if not store.path(block).exists()]


def _computed(work: Computation, sweep: Sweep, folder: Path, where: Where) -> Outcome:
    if where.cluster is not None and where.jobs is not None:
        return _computed_by_jobs(work, sweep, folder, where, where.cluster, where.jobs)
    with shown(counted(sweep.rows, "run")) as progress:
        return run_sweep(
            work,
            sweep,
            folder,
            limits=Limits(seconds=where.seconds),
            device=where.device,
            progress=progress,
            tell=lambda told: print(told, file=sys.stderr),
            accept_versions=where.accept_versions,
        )


def _computed_by_jobs(
    work: Computation, sweep: Sweep, folder: Path, where: Where, cluster: Cluster, jobs: int
) -> Outcome:
    given = {name: getattr(where, name) for name in _RESOURCES}
    with shown(counted(sweep.rows, "run")) as progress:
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
        "command": "python -m simulations sweep",
        "schema": SCHEMA,
        "environment": environment(),
        "sweep": {"computation": work.name, **grid.sweep.as_json()},
        "title": "A sweep of training runs",
        "pictures": [] if figure is None else [_picture(summary)],
        **summary.as_json(),
    }
    write_json(out / "summary.json", data)
    name = None if figure is None else f"{_FIGURE}.png"
    write_text(out / "report.md", report(grid, summary, name))


def _picture(summary: Summary) -> dict[str, str]:
    """Return what a page says of the figure; the numbers are in the table beside it."""
    shows = caption(summary)
    return {
        "file": f"{_FIGURE}.png",
        "title": shows,
        "alternative": f"{shows}. {' '.join(statement(summary).replace('- ', '').splitlines())}",
        "caption": CAPTION,
    }
