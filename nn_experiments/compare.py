"""A comparison from its preset to its verdict, stage by stage; what was done is not repeated."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from nn_experiments import (
    drawing,
    kept_settings,
    lipschitz,
    measure,
    models,
    optimizers,
    pieces,
)
from nn_experiments.cluster import Cluster, Resources, submit_all
from nn_experiments.frequency import bands
from nn_experiments.kept_settings import Command
from nn_experiments.loading import Loader
from nn_experiments.specs import OptimizerSpec, Preset, RunSpec
from nn_experiments.training import (
    RunRecord,
    folder_name,
    load_model,
    read_record,
    resolve,
    train_all,
)
from nn_experiments.training.budget import images_within_budget
from nn_experiments.training.device import hardware
from nn_experiments.training.sweep import choose_learning_rates
from nn_experiments.verdict import evidence, report, tables
from nn_experiments.verdict import measurements as kept
from nn_experiments.verdict.comparisons import measures_of
from nn_experiments.verdict.judging import judge, summarise
from nn_experiments.verdict.measurements import KINDS, Measurements
from nn_experiments.verdict.rules import PARTS, Rules
from theory.artefacts import ensure_writable, environment, read_json, write_json, write_text
from theory.errors import UserError
from theory.tables import TextTable

Advance = Callable[[str, float], None]
"""Is given what is being done, and how much of the stage's work was just completed, 0 to 1."""

_DRAWN = 11  # figures of a comparison of which every part is measured


@dataclass(frozen=True)
class Place:
    """Where a comparison runs and what it leaves behind.

    Attributes:
        out: its folder: ``runs/`` for the trainings, results beside it.
        loader: reads the images.
        device: where to compute.
        jobs: how many processes train or measure at once, on a CPU.
        threads: of a CPU operation in each; if None, the cores shared out.
        cluster: where trainings are queued, if not here.
        resources: what each queued training gets.

    """

    out: Path
    loader: Loader
    device: str = "auto"
    jobs: int = 1
    threads: int | None = None
    cluster: Cluster | None = None
    resources: Resources | None = None

    @property
    def runs(self) -> Path:
        """Folder of the runs' folders."""
        return self.out / "runs"

    @property
    def cpu_threads(self) -> int:
        """Threads of a CPU operation in each process."""
        return self.threads or max(1, torch.get_num_threads() // self.jobs)


def settled(preset: Preset, place: Place, command: Command, advance: Advance) -> Preset:
    """Return the preset with what it leaves to a rule: the number of images, the learning rates.

    Raises:
        UserError: data are missing, a rule cannot be followed, or the folder holds networks of
            other settings.

    """
    ensure_writable(place.out)
    if preset.training_budget is not None:
        data = place.loader(preset.data)
        estimate = images_within_budget(
            preset,
            data,
            place.device,
            jobs=place.jobs,
            threads=place.cpu_threads,
            record=place.out / "budget.json",
        )
        preset = replace(preset, data=replace(preset.data, train_images=estimate.images))
    _require_kept(replace(preset, optimizers=_tried(preset, place)), place, command)
    choice = choose_learning_rates(
        preset,
        place.loader,
        place.runs,
        place.device,
        place.jobs,
        _epochs(preset, len(preset.optimizers) * len(preset.sweep), advance),
        threads=place.cpu_threads,
    )
    preset = replace(preset, optimizers=choice.optimizers)
    _require_kept(preset, place, command)
    return preset


def require_room(preset: Preset, place: Place, command: Command) -> None:
    """Refuse a folder of other settings, before anything is timed, trained or written.

    Raises:
        UserError: so it is.

    """
    earlier = _earlier(place)
    if earlier is not None:
        _require_kept(kept_settings.with_choices(preset, earlier), place, command)


def recalled(preset: Preset, place: Place, command: Command) -> Preset:
    """Return the preset with what was left to a rule, as it was when the networks were trained.

    Raises:
        UserError: nothing was trained, or with other settings.

    """
    earlier = _earlier(place)
    if earlier is None:
        raise _untrained(place)
    preset = kept_settings.with_choices(preset, earlier)
    _require_kept(preset, place, command)
    return preset


def note(preset: Preset, place: Place) -> None:
    """Write down which settled preset the folder's networks are of."""
    kept_settings.note(preset, place.out)


def require_begun(place: Place) -> None:
    """Refuse a folder in which no training has begun, before anything is written there.

    Raises:
        UserError: so it is.

    """
    if not _has_begun(place):
        raise _untrained(place)


def _has_begun(place: Place) -> bool:
    return any(place.runs.glob("*/run.json"))


def _untrained(place: Place) -> UserError:
    return UserError(
        f"expected trained networks in {place.runs}, found none of this preset. "
        "Run `python -m nn_experiments train` with the same options first."
    )


def _earlier(place: Place) -> dict[str, Any] | None:
    """Return the preset of the networks or results that are there, if there are any."""
    if not (_has_begun(place) or _measured(place).exists()):
        return None
    return kept_settings.noted(place.out)


def _require_kept(preset: Preset, place: Place, command: Command) -> None:
    earlier = _earlier(place)
    if earlier is not None:
        is_measured = _measured(place).exists()
        kept_settings.require_kept(preset, earlier, command, place.out, measured=is_measured)


def _tried(preset: Preset, place: Place) -> tuple[OptimizerSpec, ...]:
    """Return the optimizers before a sweep, with the rates that an earlier one chose."""
    earlier = _earlier(place)
    if earlier is None:
        return preset.optimizers
    return kept_settings.with_choices(preset, earlier).optimizers


def train(preset: Preset, place: Place, advance: Advance) -> list[RunRecord]:
    """Train every run of a preset that is settled; one that fails is reported by its record.

    Raises:
        UserError: data are missing.

    """
    runs = preset.all_runs()
    if place.cluster is not None:
        return submit_all(
            runs,
            place.loader,
            place.runs,
            place.device,
            cluster=place.cluster,
            resources=place.resources,
        )
    return train_all(
        runs,
        place.loader,
        place.runs,
        place.device,
        place.jobs,
        _epochs(preset, len(runs), advance),
        threads=place.cpu_threads,
    )


def require_possible(preset: Preset, place: Place) -> None:
    """Build once what every run builds, so that a mistake in it is told before anything is done.

    Raises:
        UserError: data are missing, of one class or fewer than classes, there is no such model or
            optimizer, more bands are asked for than the images' spectrum has frequencies, or
            Lipschitz bounds are wanted of a model for which none are known.

    """
    data = place.loader(preset.data)
    if data.classes < 2:
        raise UserError(
            f"{preset.data.name}: expected images of two classes or more, got {data.classes}: "
            "there is nothing to tell apart. Use other images."
        )
    if len(data.train) < data.classes:
        raise UserError(
            f"train_images: expected at least {data.classes}, one of each class, got "
            f"{len(data.train)}. Train on more."
        )
    _, height, width = data.shape
    bands.masks(height, width, preset.frequency.bands)
    model = models.build(preset.model, data.shape, data.classes, preset.seeds[0])
    if preset.lipschitz:
        lipschitz.require_known(model, data.shape)
    for optimizer in preset.optimizers:
        optimizers.build(optimizer, model.parameters())


def _epochs(preset: Preset, runs: int, advance: Advance) -> Callable[..., None]:
    def tell(spec: RunSpec, line: Mapping[str, Any]) -> None:
        loss = line.get("train_loss", line.get("loss"))
        shown = f", loss {loss:.3g}" if isinstance(loss, float) else ""
        doing = f"{spec.optimizer.title} seed {spec.seed}, epoch {line.get('epoch')}{shown}"
        advance(doing, 1 / (runs * preset.training.epochs))

    return tell


def records(preset: Preset, place: Place) -> list[RunRecord]:
    """Return what became of the trainings so far.

    Raises:
        UserError: none of them has begun.

    """
    found = [
        read_record(folder)
        for run in preset.all_runs()
        if (folder := place.runs / folder_name(run)).joinpath("run.json").exists()
    ]
    if not found:
        raise _untrained(place)
    return found


def evaluate(
    preset: Preset,
    place: Place,
    found: Sequence[RunRecord],
    advance: Advance,
    parts: tuple[str, ...] = pieces.PARTS,
) -> Measurements:
    """Measure the networks, and write down what was measured."""
    task = measure.Task(preset, place.runs, place.loader, place.device, place.cpu_threads, parts)
    total = measure.missing(task, found)
    measured = measure.measure_all(
        task, found, place.jobs, lambda what, weight: advance(what, weight / total)
    )
    if parts != pieces.PARTS:
        measured = measure.collect(replace(task, parts=pieces.PARTS), found)
    kept.save(measured, _measured(place))
    return measured


def describe(
    preset: Preset,
    place: Place,
    measured: Measurements,
    seconds: Callable[[], Mapping[str, float]],
    advance: Advance,
) -> None:
    """Write tables, figures, report and, with the seconds that all of it took, evidence."""
    fixed = fixed_before(place.out)
    where = environment() | {
        "torch": torch.__version__,
        "device": hardware(resolve(place.device)),
        "jobs": place.jobs,
        "threads": place.cpu_threads,
    }
    write_tables(preset, measured, place)
    names = drawing.draw_all(preset, measured, place.out / "figures", _drawing(advance), fixed)
    shown = [f"figures/{name}.png" for name in names]
    write_text(place.out / "report.md", report.report(preset, measured, where, shown, fixed))
    found = evidence.evidence(preset, measured, where, seconds(), fixed)
    write_json(place.out / "evidence.json", found)


def fixed_before(out: Path) -> Rules | None:
    """Return the margins and levels that were fixed before a comparison's results; None if new.

    Raises:
        UserError: its evidence cannot be read.

    """
    path = out / "evidence.json"
    if not path.exists():
        return None
    try:
        return _rules(read_json(path))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path}: expected the evidence of a comparison, got something else. Its margins are "
            "fixed there: put the file back, or delete it and judge by what the preset has now."
        ) from error


def _rules(earlier: dict[str, Any]) -> Rules:
    # Evidence that an earlier version wrote has the preset alone.
    found = (
        earlier["fixed_before_results"]
        if "fixed_before_results" in earlier
        else (earlier["preset"])
    )
    return {part: dict(found[part]) for part in PARTS}


def write_tables(preset: Preset, measured: Measurements, place: Place) -> list[str]:
    """Write the tables in Markdown, CSV and LaTeX; return their names."""
    folder = place.out / "tables"
    verdicts = judge(preset, measured, fixed_before(place.out))
    found: dict[str, TextTable] = {
        "verdict": tables.summary_table(summarise(verdicts)),
        "comparisons": tables.verdict_table(verdicts),
        "accuracy": tables.accuracies(preset, measured),
        "trainings": tables.training_table(preset, measured),
    }
    if any(run.lipschitz for run in measured.runs):
        found["lipschitz"] = tables.lipschitz_and_robustness([(preset, measured)])
        found["local_bounds"] = tables.local_bounds_table(preset, measured)
    if any(run.gradient_energy for run in measured.runs):
        found["gradient_energy"] = tables.gradients_table(preset, measured)
    for name, table in found.items():
        write_text(folder / f"{name}.md", table.markdown() + "\n")
        write_text(folder / f"{name}.csv", table.csv())
        write_text(folder / f"{name}.tex", table.latex())
    return list(found)


def draw_images(
    preset: Preset, place: Place, found: Sequence[RunRecord], advance: Advance
) -> list[str]:
    """Draw the data, and images perturbed for the first network of each optimizer."""
    device = resolve(place.device)
    models = {}
    for record in found:
        title = record.spec.optimizer.title
        is_network = record.spec in preset.runs()
        if record.finished and is_network and title not in models:
            models[title] = load_model(place.runs / folder_name(record.spec), device)[0]
    data = place.loader(preset.data).to(device)
    return drawing.draw_images(preset, data, models, place.out / "figures", _drawing(advance))


def _drawing(advance: Advance) -> drawing.Tell:
    return lambda name: advance(f"drawing {name}", 1 / _DRAWN)


def draw_again(preset: Preset, place: Place, measured: Measurements, advance: Advance) -> list[str]:
    """Draw every figure; return their names."""
    fixed = fixed_before(place.out)
    drawn = drawing.draw_all(preset, measured, place.out / "figures", _drawing(advance), fixed)
    return drawn + draw_images(preset, place, records(preset, place), advance)


class Clock:
    """Seconds that each stage took, over all calls that worked on a comparison."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.seconds: dict[str, float] = _seconds(path) if path.exists() else {}
        self._began: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of a block to a stage, also if it is interrupted."""
        self._began[name] = time.perf_counter()
        try:
            yield
        finally:
            self.seconds = self.so_far()
            del self._began[name]
            write_json(self._path, self.seconds)

    def so_far(self) -> dict[str, float]:
        """Return the seconds by stage, with those of a stage that goes on."""
        now = time.perf_counter()
        going = {
            name: round(self.seconds.get(name, 0.0) + now - began, 1)
            for name, began in self._began.items()
        }
        return self.seconds | going


def _seconds(path: Path) -> dict[str, float]:
    found = read_json(path)
    if not isinstance(found, dict) or not all(
        isinstance(value, int | float) for value in found.values()
    ):
        raise UserError(
            f"{path}: expected seconds by stage, got something else. Delete the file; what stages "
            "took is then counted from now on."
        )
    return found


def summary(preset: Preset, measured: Measurements, place: Place) -> TextTable:
    """Return one row for each prediction."""
    return tables.summary_table(summarise(judge(preset, measured, fixed_before(place.out))))


def load_measurements(preset: Preset, place: Place) -> Measurements:
    """Read what was measured.

    Raises:
        UserError: nothing was, or other levels than the preset's: their numbers, in the tables and
            figures that are there, would be lost for dashes.

    """
    path = _measured(place)
    if not path.exists():
        raise UserError(
            f"expected measurements in {path}, found none. "
            "Run `python -m nn_experiments evaluate` with the same options first."
        )
    measured = kept.load(path)
    present = {measure for run in measured.runs for measure in run.correct}
    for kind in KINDS:
        levels = {m for m in present if m.startswith(f"{kind}/")}
        missing = [m for m in measures_of(preset, kind) if m not in levels]
        if levels and missing:
            raise UserError(
                f"expected measured levels, got {', '.join(missing)}; measured are "
                f"{', '.join(sorted(levels))}. Run `python -m nn_experiments evaluate` with the "
                "same options first."
            )
    return measured


def _measured(place: Place) -> Path:
    return place.out / "measurements.safetensors"
