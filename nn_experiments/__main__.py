"""Commands: ``python -m nn_experiments compare | train | evaluate | … | data | bench``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import tyro

from nn_experiments import definition as studies
from nn_experiments import presets
from nn_experiments.definition import Definition
from nn_experiments.specs import Command
from nn_experiments.studies import DEFAULT
from theory.common.cluster import Cluster, require
from theory.common.command import BAD_INPUT, leave, run
from theory.common.console import print_table
from theory.common.errors import UserError
from theory.common.files import ensure_writable_file, write_json
from theory.common.plurals import counted
from theory.common.usage import parsed, runs

if TYPE_CHECKING:
    from nn_experiments.flow.workspace import Workspace

_RESULTS = Path("results/nn_experiments")
_MOST_AT_ONCE = 4096  # more than any machine has cores
_PRESET_COMMANDS: dict[Command, str] = {
    "compare": "Train, evaluate, judge and draw: the whole comparison.",
    "train": "Train the networks only.",
    "evaluate": "Measure the networks that are trained, then judge and draw.",
    "frequency": "Measure what trained networks do with frequencies only (Observation II).",
    "lipschitz": "Bound the Lipschitz constants of trained networks only.",
    "tables": "Write the tables again, from what was measured.",
    "figures": "Draw the figures again, from what was measured and the trained networks.",
}


S = TypeVar("S")
C = TypeVar("C")


@dataclass(frozen=True)
class Options(Generic[S, C]):
    """Where and how."""

    settings: Annotated[S, tyro.conf.arg(name="")]
    """The preset's fields: each is an option."""
    shortcuts: Annotated[C, tyro.conf.arg(name="")]
    """Options of the study that change several of them."""
    out: Path | None = None
    """Folder of the comparison; results/nn_experiments/PRESET if none is named."""
    data_dir: Path | None = None
    """Folder of data sets, to look in first and to download to; or set THEORY_FIRST_DATA."""
    download: bool = True
    """Download a data set that is not found."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1, …"""
    jobs: int | None = None
    """How many processes train or measure at once; on a CPU as many as it has cores, else 1."""
    threads: int | None = None
    """CPU threads of each; results depend on their number. One, if several work at once; of a
    queued training 4."""
    cluster: Cluster | None = None
    """Queue the trainings as an array of jobs, and wait for them."""
    cluster_minutes: int = 240
    """Time limit of a queued training."""
    cluster_gpus: int = 1
    """GPUs of a queued training."""
    cluster_memory_gb: int = 16
    """Main memory of a queued training."""
    cluster_partition: str = ""
    """Partition to queue in."""
    plan: bool = False
    """Say what would take how long here, stage by stage, and stop; nothing is written. For
    compare, train and evaluate."""


@dataclass(frozen=True)
class Data:
    """List the data sets: how many images, and where they were found; or read one, to check it."""

    name: Annotated[str, tyro.conf.Positional] = ""
    """Data set to read (and download, if it is not found); folder:PATH or idx:PATH for your own."""
    data_dir: Path | None = None
    """Folder of data sets, to look in first and to download to; or set THEORY_FIRST_DATA."""
    download: bool = True
    """Download the data set if it is not found."""
    energy: Path | None = None
    """File, FILE.json, to write the mean squared DCT coefficients of the images to train on to;
    python -m simulations sweep --set spectrum=measured:FILE.json takes them as a spectrum."""

    def __call__(self) -> int:
        """Run the command; return the exit code."""
        from nn_experiments import data
        from nn_experiments.specs import DataSpec

        self._check_energy()
        if not self.name:
            print_table(data.describe(self.data_dir))
            return 0
        found = data.load(DataSpec(self.name), data_dir=self.data_dir, download=self.download)
        channels, height, width = found.shape
        classes = f"{found.classes} class{'' if found.classes == 1 else 'es'}"
        print(
            f"{found.name}: {counted(len(found.train), 'image')} to train on, "
            f"{len(found.test):,} to test on, "
            f"{height} × {width} pixels, {counted(channels, 'channel')}, {classes}.\n"
            f"From: {data.source(self.name, self.data_dir)}"
        )
        if self.energy is not None:
            from nn_experiments.frequency.energy import spectrum

            write_json(self.energy, spectrum(found))
            print(f"Energy of {height * width:,} frequencies: {self.energy}")
        return 0

    def _check_energy(self) -> None:
        if self.energy is None:
            return
        if not self.name:
            raise UserError("--energy: expected a data set to measure, got no NAME.")
        if self.energy.suffix.lower() != ".json":
            raise UserError(f"--energy: expected a file FILE.json, got {self.energy}.")
        ensure_writable_file(self.energy)


@dataclass(frozen=True)
class Bench:
    """Measure training and attacks against plain ways to do the same, and memory, as ratios.

    Prints a table for each, with the median and the spread of the times; writes no file.
    """

    repeats: int = 5
    """Measurements of each."""
    device: str = "auto"
    """Where to run: auto, cpu or cuda."""
    data_dir: Path | None = None
    """Folder of data sets, to look in first and to download to; or set THEORY_FIRST_DATA."""

    def __call__(self) -> int:
        """Run the command; return the exit code."""
        from nn_experiments.bench import tables as bench
        from nn_experiments.data.loader import Loader

        if self.repeats < 1:
            raise UserError(f"--repeats: expected 1 or more, got {self.repeats}.")
        for title, table in bench.tables(self.repeats, self.device, Loader(self.data_dir)):
            print(f"\n{title}")
            print_table(table)
        return 0


def _run_preset(
    command: Command, name: str, settings: Any, options: Options[Any, Any], study: Definition
) -> int:
    from nn_experiments import data
    from nn_experiments.flow.run import foretold
    from nn_experiments.flow.run import run as carry_out

    workspace = _workspace(name, options)
    if options.cluster is not None:
        require(options.cluster)
    if command != "tables":
        images = study.built(settings).base.data.name
        found = data.source(images, options.data_dir, options.download)
        print(f"{images}: {found}", file=sys.stderr)
    if not options.plan:
        return carry_out(command, study, settings, workspace)
    if command not in ("compare", "train", "evaluate"):
        raise UserError(f"--plan: expected compare, train or evaluate, got {command}.")
    print_table(foretold(command, study, settings, workspace))
    return 0


def _workspace(name: str, options: Options[Any, Any]) -> Workspace:
    from nn_experiments.data.loader import Loader
    from nn_experiments.flow.workspace import Workspace
    from nn_experiments.training import resolve
    from nn_experiments.training.cluster import Resources

    on_cpu = resolve(options.device).type == "cpu"
    jobs = options.jobs if options.jobs is not None else (_cores() if on_cpu else 1)
    for option, number in (("--jobs", jobs), ("--threads", options.threads)):
        if number is not None and number < 1:
            raise UserError(f"{option}: expected 1 or more, got {number}.")
        if number is not None and number > _MOST_AT_ONCE:
            raise UserError(f"{option}: expected at most {_MOST_AT_ONCE}, got {number}.")
    resources = (
        Resources(
            minutes=options.cluster_minutes,
            cpus=options.threads or Resources.cpus,
            gpus=options.cluster_gpus,
            memory_gb=options.cluster_memory_gb,
            partition=options.cluster_partition,
        )
        if options.cluster
        else None
    )
    return Workspace(
        options.out or _RESULTS / (Path(name).stem or Path(name).resolve().stem),
        Loader(options.data_dir, options.download),
        options.device,
        jobs,
        options.threads,
        options.cluster,
        resources,
        name=shlex.quote(name),
    )


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _usage() -> str:
    commands = [f"  {name:<10} {text}" for name, text in _PRESET_COMMANDS.items()]
    return "\n".join(
        [
            "usage: python -m nn_experiments COMMAND PRESET [OPTIONS]",
            "       python -m nn_experiments data [NAME] | bench",
            "",
            "Do the linear predictions carry over to networks?",
            "",
            *commands,
            f"  {'data':<10} {(Data.__doc__ or '').splitlines()[0]}",
            f"  {'bench':<10} {(Bench.__doc__ or '').splitlines()[0]}",
            "",
            f"presets: {', '.join(presets.names())},",
            "the path of a TOML file of your own, or of a folder with a study of your own",
            "options: python -m nn_experiments COMMAND PRESET --help",
            "",
            "Exit codes: 0 done; 1 done, but a training diverged; 2 bad input, or a run that could",
            "not be trained (the others were); 130 interrupted: the same command goes on.",
        ]
    )


def main(args: list[str] | None = None) -> int:
    """Parse the command line and run the command; return the exit code."""
    args = sys.argv[1:] if args is None else args
    match args:
        case [] | ["-h" | "--help", *_]:
            print(_usage())
            return 0 if args else BAD_INPUT
        case ["data", *rest]:
            return run(_alone(Data, "data", rest))
        case ["bench", *rest]:
            return run(_alone(Bench, "bench", rest))
        case [name, *rest] if (command := _known(name)) is not None:
            return run(partial(_parsed, command, rest), resumes=True)
    print(f"error: expected a command, got {args[0]!r}.\n\n{_usage()}", file=sys.stderr)
    return BAD_INPUT


def _known(name: str) -> Command | None:
    return next((command for command in _PRESET_COMMANDS if command == name), None)


def _parsed(command: Command, args: list[str]) -> int:
    if not args or args[0].startswith("-"):
        if args and args[0] in ("-h", "--help"):
            study = studies.definition(DEFAULT)
            _parsed_options(command, "PRESET", study, study.settings(), args)
        raise UserError(
            f"{command}: expected a preset ({', '.join(presets.names())}, or a .toml file) first."
        )
    name, *rest = args
    try:
        study, base = presets.found(name)
        options = _parsed_options(command, name, study, base, rest)
        settings = study.chosen(options.settings, base, options.shortcuts)
    except ValueError as error:
        raise UserError(f"{error}.") from error
    return _run_preset(command, name, settings, options, study)


def _parsed_options(
    command: Command, name: str, study: Definition, settings: Any, args: list[str]
) -> Options[Any, Any]:
    """Return the options of a command; prints them and leaves, if that is asked for."""
    prog = f"python -m nn_experiments {command} {name}"

    def parse() -> Options[Any, Any]:
        return tyro.cli(
            Options[study.settings, study.shortcuts],  # type: ignore[name-defined]
            prog=prog,
            description=_PRESET_COMMANDS[command],
            default=Options(settings, study.shortcuts()),
            args=args,
        )

    return parsed(parse, prog)


def _alone(kind: type[Data] | type[Bench], name: str, args: list[str]) -> Callable[[], int]:
    """Return what runs a command that takes no preset, once its options are parsed."""
    prog = f"python -m nn_experiments {name}"
    return runs(lambda: tyro.cli(kind, prog=prog, args=args), prog)


if __name__ == "__main__":
    leave(main)
