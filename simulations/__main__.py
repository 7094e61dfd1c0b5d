"""Commands: ``python -m simulations check | bench | sweep``, and one for each study there is.

A study is a package of :mod:`simulations.studies`, see :mod:`simulations.study`; it is found by
being there.
"""

import inspect
import pkgutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass, make_dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import tyro
from rich.progress import Progress

from simulations import studies
from simulations.studies.figure_4_7.settings import Settings
from simulations.study.evidence import Check, spelled, to_json
from theory.common.command import leave, run
from theory.common.console import console, print_table
from theory.common.errors import UserError
from theory.common.files import ensure_writable_file, write_json
from theory.common.tables import TextTable
from theory.common.usage import parsed
from theory.logic.findings import Status

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_EVIDENCE = Path("results/simulations/evidence.json")
_QUESTIONS = Path("results/questions")
_CONFIG = "TOML file of settings, under the names of these options; options given here go first."
_OUT = "Folder for figures, summary.json, tables, report.md, and runs that a study goes on with."
_S = TypeVar("_S", bound="DataclassInstance")


@dataclass(frozen=True)
class CheckCommand(Settings):
    """Check simulated trajectories against theory, and write the evidence.

    Checks the simulator, then, with the published settings, whether what the text reports of the
    experiment shows in our runs, which may turn out either way. Writes one JSON file, the evidence
    that python -m theory verify reads; prints a table of the checks.

    Exit codes: 0 every check of the simulator passed; 1 one failed; 2 a setting or file that cannot
    be used, and nothing was run; 130 interrupted, and the file is whole or not there.
    """

    out: Path = _EVIDENCE
    """Evidence file to write; python -m theory verify reads it."""
    config: Path | None = None
    """TOML file of settings, under the names of these options; options given here go first."""

    def __call__(self) -> int:
        """Run the command; return the exit code."""
        from simulations.check import run_checks

        settings = _settings(self, Settings)
        settings.check()
        ensure_writable_file(self.out)
        with console(stderr=True).status("checking") as status:
            checks = run_checks(settings, lambda what: status.update(f"checking {what}"))
        write_json(self.out, to_json(settings, checks))
        _print(checks)
        print(f"Evidence: {self.out}")
        wrong = [c for c in checks.values() if c.of_simulator and c.status is Status.CONTRADICTED]
        return 1 if wrong else 0


@dataclass(frozen=True)
class Bench:
    """Measure the engine against other ways to do the same work, as ratios in one run.

    Prints a table for each job as soon as it is measured, with the median and the spread of the
    times, and where operations or bytes are counted, how near they come to what the machine does at
    most, measured in the same run; writes no file. Rivals that need PyTorch are left out where it
    is not installed.

    Exit codes: 0 measured; 2 an option that cannot be used, and nothing was run; 130 interrupted,
    and what was printed stands.
    """

    quick: bool = False
    """Small sizes, to see that it runs; no shares of limits, which mean nothing there."""
    repeats: int = 5
    """Measurements of each job; of those that take minutes, at most three."""
    job: str = ""
    """Which job to measure, besides the limits of the machine: limits, training, population, exact,
    closed-form, transform, dimension or phase-diagram; all if left out."""
    device: str = "auto"
    """Where to run: auto, cpu or gpu."""

    def __call__(self) -> int:
        """Run the command; return the exit code."""
        from simulations.bench.command import main

        try:
            main(self.quick, self.repeats, self.device, self.job)
        except ValueError as error:
            raise UserError(str(error)) from error
        return 0


@dataclass(frozen=True)
class SweepCommand:
    """Train at every point of a grid of your own: any dimension, spectrum, update rule, option.

    The grid is a TOML file, or is given by --set, or both. In notation d=3,16,64 are values,
    learning_rate=0.001:1:20:log are 20 numbers at equal ratios, and seeds=16 are 16 seeds. In a
    file there are tables [axes] and [fixed], and a number seeds; simulations/sweep/example.toml is
    one. --parameters lists what may be swept. A rule may have numbers of its own, in a file too:
    Adam@0.001 has that learning rate, Adam@0.0001:0.1:4:log is Adam with each of four rates, and
    "Adam@0.001 beta1=0.5" has an option of its own besides.

    Examples: python -m simulations sweep --set rule=GD,signGD,Adam d=64 learning_rate=0.01,0.1
    python -m simulations sweep --set rule=GD@1,signGD@0.01,Adam@0.001 d=3,16,64

    Says before it begins how much disk it may take, and after its first block about how much time.
    Writes a figure (of one or two swept parameters), report.md, the summary as CSV, LaTeX and JSON,
    and the runs as Parquet; prints what they say. The same command goes on after an interruption.

    Exit codes: 0 done; 1 done, but a run ended in NaN or infinity; 2 a grid or folder that cannot
    be used, or a grid that does not fit on the disk or in the time; 130 interrupted.
    """

    grid: Annotated[tyro.conf.Positional[Path | None], tyro.conf.arg(metavar="[FILE.toml]")] = None
    """TOML file of the grid."""
    set: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME=VALUES ...")] = ()
    """What is swept or fixed, as d=3,16,64; goes before what the file says."""
    out: Path = Path("results/sweep")
    """Folder for the figure, the summary, report.md and the runs; one grid a folder."""
    parameters: bool = False
    """List what may be swept, and run nothing."""
    seconds: float | None = None
    """Time that it may take; what would take longer ends after its first two blocks."""
    device: str = "auto"
    """Where to run: auto, cpu or gpu; on all that there are of the kind."""
    accept_versions: bool = False
    """Go on with runs that another version of the code computed."""
    cluster: Literal["slurm", "local"] | None = None
    """Compute in an array of jobs of Slurm, or in processes of this machine."""
    jobs: int | None = None
    """How many jobs of the cluster there are, at most one for each block."""
    minutes: int | None = None
    """Time of each job; one that needs more is queued again and goes on. 240 if left out."""
    cpus: int | None = None
    """Cores of each job, of Slurm. 2 if left out."""
    gpus: int | None = None
    """GPUs of each job. 0 if left out."""
    memory_gb: int | None = None
    """Memory of each job, of Slurm. 8 if left out."""
    partition: str | None = None
    """Partition of Slurm; its default if left out."""

    def __call__(self) -> int:
        """Run the command; return the exit code."""
        from simulations.sweep.command import Where, run
        from simulations.sweep.parameters import parameters_table

        if self.parameters:
            print(parameters_table().markdown())
            return 0
        text, code = run(self.grid, self.set, self.out, _settings(self, Where))
        print(text)
        return code


def _studies() -> Iterator[str]:
    """Yield the names of the packages of studies."""
    return (module.name for module in pkgutil.iter_modules(studies.__path__) if module.ispkg)


def _command_of(study: str) -> Any:
    """Return the command of a study: its settings, a folder, and a file if they are read from one.

    Its name is that of the package, as ``figure-4.7`` is of ``figure_4_7``.
    """
    module = import_module(f"{studies.__name__}.{study}.settings")
    kind: Any = next(
        x for x in vars(module).values() if is_dataclass(x) and x.__module__ == module.__name__
    )
    out = getattr(module, "OUT", _QUESTIONS / study)
    options: list[Any] = [("out", _option(Path, _OUT), field(default=out))]
    if hasattr(kind, "from_toml"):
        options.append(("config", _option(Path | None, _CONFIG), field(default=None)))

    def call(command: Any) -> int:
        return _answered(study, _settings(command, kind), command.out)

    command = make_dataclass(
        study, options, bases=(kind,), frozen=True, namespace={"__call__": call}
    )
    command.__doc__ = kind.__doc__
    return command


def _option(kind: Any, about: str) -> Any:
    return Annotated[kind, tyro.conf.arg(help=about)]


def _answered(study: str, settings: Any, out: Path) -> int:
    """Run a study, with a bar of its progress; print what it says, and return the exit code."""
    run_study = import_module(f"{studies.__name__}.{study}.study").run
    with Progress(console=console(stderr=True), transient=True) as bar:
        task = bar.add_task(study.replace("_", " "))
        text, code = run_study(
            settings, out, lambda done, total: bar.update(task, completed=done, total=total)
        )
    print(text)
    return int(code)


def _settings(command: Any, kind: type[_S]) -> _S:
    """Return the settings among a command's options."""
    return kind(**{f.name: getattr(command, f.name) for f in fields(kind)})


def _print(checks: dict[str, Check]) -> None:
    rows = [[name, c.status, c.criterion, c.observed] for name, c in checks.items()]
    print_table(
        TextTable(("check", "status", "criterion", "observed"), rows), width=120, unbroken=1
    )


def _from_file(args: list[str]) -> dict[str, Any]:
    """Read the settings in the TOML file that --config names, to be the options' defaults."""
    for i, arg in enumerate(args):
        name, equals, path = arg.partition("=")
        if name == "--config" and (equals or i + 1 < len(args)):
            settings = Settings.from_toml(Path(path or args[i + 1]))
            return {f.name: getattr(settings, f.name) for f in fields(Settings)}
    return {}


def main(args: list[str] | None = None) -> int:
    """Parse the command line and run the command; return the exit code."""
    return run(lambda: _main(sys.argv[1:] if args is None else args))


def _main(args: list[str]) -> int:
    defaults = _from_file(args)
    commands = {
        "check": CheckCommand(**defaults),
        "bench": Bench(),
        "sweep": SweepCommand(),
        **{spelled(study): _command_of(study) for study in _studies()},
    }
    commands |= {
        name: of(**defaults if issubclass(of, Settings) else {})
        for name, of in commands.items()
        if isinstance(of, type)
    }
    about = {name: inspect.getdoc(command) or "" for name, command in commands.items()}
    chosen: Any = tyro.extras.subcommand_type_from_defaults(commands, about, prefix_names=False)
    prog = "python -m simulations"
    command: Any = parsed(lambda: tyro.cli(chosen, prog=prog, args=args), prog)
    return command()


if __name__ == "__main__":
    leave(main)
