"""How long a command will take, stage by stage, told before it begins, and what can be left out.

The counts are exact; what one step, one answer and one gradient take is measured here, on the
networks' images, in about a second each. Attacks are counted as if every image stood: one that
breaks costs less.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from nn_experiments import models
from nn_experiments.attacks import reference
from nn_experiments.attacks.networks import Networks
from nn_experiments.data.images import DataSet, Images, batch_size
from nn_experiments.flow import measure
from nn_experiments.flow.plan import Plan
from nn_experiments.flow.workspace import Workspace
from nn_experiments.measures.measure import Measure, Pace
from nn_experiments.models.evaluating import frozen
from nn_experiments.specs import RunSpec
from nn_experiments.study import Study
from nn_experiments.training import resolve
from nn_experiments.training.device import computing
from nn_experiments.training.grid import over_already
from nn_experiments.training.step import Stepper
from nn_experiments.updates import optimizers
from theory.common.errors import UserError, told
from theory.common.tables import TextTable

NETWORKS = "training networks"
_SECONDS, _MOST_TIMED = 0.7, 5  # of one kind of work


@dataclass(frozen=True)
class Part:
    """One kind of work of a command.

    Attributes:
        stage: that it belongs to, as progress calls it.
        what: is done.
        number: how often.
        seconds: that all of it takes, in one process; None where it is not foretold.
        without: the option that leaves it out, or less of it.

    """

    stage: str
    what: str
    number: int
    seconds: float | None
    without: str = ""


def table_of(plan: Plan) -> TextTable:
    """Return what a command will do, and about how long it takes, as a table."""
    return table(estimate(plan), plan.workspace, plan.study.training_budget)


def estimate(plan: Plan) -> list[Part]:
    """Return what a command will do, and about how long each part takes in one process.

    What is over already is not counted, and what a rule has chosen is as it was chosen.

    Raises:
        UserError: a network cannot take the steps or give the answers that are timed.

    """
    place, command = plan.workspace, plan.command
    settled = plan.foreseen()
    study, base = settled.study, settled.study.base
    data = place.loader(base.data)
    pace = measured(study, data, resolve(place.device), place.cpu_threads)
    parts = list[Part]()
    if command in ("compare", "train"):
        # Rates as they were before a rule chose, on the images that it chose.
        tried = [replace(run, data=base.data) for run in plan.definition.trials(plan.settings)]
        parts += trying(_not_over(tried, place), data, pace)
        parts += trainings(study, _not_over(study.specs(), place), data, pace, bool(tried))
    if command in ("compare", "evaluate"):
        parts += measuring(missing(study, place), data, pace) + drawing(study, pace)
    return parts


def _not_over(runs: Sequence[RunSpec], place: Workspace) -> list[RunSpec]:
    return [run for run in runs if over_already(run, place.runs) is None]


def missing(study: Study, place: Workspace) -> list[Measure]:
    """Return what is to be measured of the networks, without what is there."""
    return [
        found
        for cell, run in study.runs(study.all_grids()[0])
        for found in study.measures(cell)
        if not (measure.kept_in(place.runs, run) / found.file).exists()
    ]


def kind(run: RunSpec) -> str:
    """Return what tells trainings apart whose steps may take another time."""
    batch = run.training.batch_size
    return f"{run.model} {run.optimizer.title} {batch} {run.training.precision}"


def trying(runs: Sequence[RunSpec], data: DataSet, pace: Pace) -> list[Part]:
    """Return the trainings that a rule chooses learning rates by."""
    if not runs:
        return []
    seconds = sum(training_seconds(run, data, pace) for run in runs)
    what = "trying learning rates"
    return [Part("preparing", what, len(runs), seconds, "--sweep, with fewer")]


def trainings(
    study: Study, runs: Sequence[RunSpec], data: DataSet, pace: Pace, are_tried: bool = False
) -> list[Part]:
    """Return the trainings among ``runs``, grid by grid.

    The first seed's networks are among those that a rule tries, if it does.
    """
    parts, grids = [], study.all_grids()
    for grid in grids:
        tried = are_tried and grid == grids[0]
        todo = [
            run
            for _, run in study.runs(grid)
            if run in runs and not (tried and run.seed == study.seeds[0])
        ]
        if todo:
            seconds = sum(training_seconds(run, data, pace) for run in todo)
            parts.append(Part("training", grid.what, len(todo), seconds, grid.without))
    return parts


def training_seconds(run: RunSpec, data: DataSet, pace: Pace) -> float:
    """Return what one training takes: its steps, and answers to all images at its end."""
    images = len(data.train)
    steps = run.training.epochs * images / min(run.training.batch_size, images)
    validation = len(data.validation) if data.validation else 0
    answers = images + len(data.test) + validation
    return steps * pace.step[kind(run)] + answers * pace.answer


def measuring(todo: Sequence[Measure], data: DataSet, pace: Pace) -> list[Part]:
    """Return what is to be measured of all networks; attacks as if every image stood."""
    parts: dict[str, Part] = {}
    for found in todo:
        if found.cost is None or not (cost := found.cost(len(data.test), pace)).number:
            continue
        known = parts.get(cost.what, Part("measuring", cost.what, 0, 0.0, cost.without))
        seconds = None if cost.seconds is None else (known.seconds or 0.0) + cost.seconds
        parts[cost.what] = replace(known, number=known.number + cost.number, seconds=seconds)
    return list(parts.values())


def drawing(study: Study, pace: Pace) -> list[Part]:
    """Return what the figures of images take."""
    costs = study.shown.images_cost(pace)
    return [Part("describing", c.what, c.number, c.seconds, c.without) for c in costs]


def measured(study: Study, data: DataSet, device: torch.device, threads: int) -> Pace:
    """Measure what the work consists of, on this machine as busy as it is."""
    runs = {kind(run): run for run in reversed(study.specs())}
    base, seed = study.base, study.seeds[0]
    images = data.test.first(min(batch_size(device), reference.BATCH)).to(device)
    most = min(max(run.training.batch_size for run in runs.values()), len(data.train))
    with computing(device, threads, seed), _told(base.model.name, most):
        steps = {name: _seconds(_stepping(run, data, device)) for name, run in runs.items()}
        model = models.build(base.model, data.shape, data.classes, seed).to(device)
        networks, x, n = Networks([frozen(model)], stacked=False), images.floats(), len(images)
        owner = torch.zeros(n, dtype=torch.int64, device=device)

        def losses(logits: Tensor, rows: Tensor) -> Tensor:
            return functional.cross_entropy(logits, images.labels[rows], reduction="none")

        def answer() -> None:
            networks.logits(x, owner, n).sum().item()  # waits for the device

        def gradient() -> None:
            networks.gradients(x, owner, losses, n)[2].sum().item()

        return Pace(steps, _seconds(answer) / n, _seconds(gradient) / n)


@contextmanager
def _told(model: str, images: int) -> Iterator[None]:
    """Say in one line what a network cannot do."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"model {model}: expected it to take a step on {images} images and to answer as many, "
            f"got {told(error)}. Mend its forward, or choose another training.batch_size or device."
        ) from error


def _stepping(run: RunSpec, data: DataSet, device: torch.device) -> Callable[[], None]:
    batch: Images = data.train.first(run.training.batch_size).to(device)
    model = models.build(run.model, batch.shape, batch.classes, run.seed).to(device)
    stepper = Stepper(run, model, optimizers.build(run.optimizer, model.parameters()), batch)

    def step() -> None:
        stepper.begin(0)
        stepper.advance(0)
        stepper.losses.tolist()

    return step


def _seconds(work: Callable[[], None]) -> float:
    """Return the median time of a piece of work, called a few times for about a second."""
    began, times = time.perf_counter(), list[float]()
    while len(times) < 1 + _MOST_TIMED:
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
        if time.perf_counter() - began > _SECONDS:
            break
    return statistics.median(times[1:] or times)  # the first also warms up


def table(parts: Sequence[Part], place: Workspace, budget: float | None = None) -> TextTable:
    """Return the parts and their sum, as time on the clock with as many jobs as there are.

    Args:
        parts: of a command.
        place: how many work at once; pictures are drawn by one.
        budget: seconds that all trainings of networks may take, if they are limited: all
            trainings are then on as many images as that allows.

    """
    seconds = [_on_the_clock(part, place) for part in parts]
    networks = sum(s or 0.0 for s, p in zip(seconds, parts, strict=True) if p.what == NETWORKS)
    share = min(1.0, budget / networks) if budget is not None and networks else 1.0
    rows, total = [], 0.0
    for part, whole in zip(parts, seconds, strict=True):
        trains = part.stage in ("preparing", "training")
        taken = whole if whole is None or not trains else whole * share
        total += taken or 0.0
        rows.append([part.stage, part.what, f"{part.number:,}", duration(taken), part.without])
    untold = ", ".join(part.what for part in parts if part.seconds is None)
    rows.append(["in all", f"without {untold}" if untold else "", "", duration(total), ""])
    return TextTable(["stage", "what", "how many", "about", "less with"], rows)


def _on_the_clock(part: Part, place: Workspace) -> float | None:
    if part.seconds is None:
        return None
    at_once = place.jobs if part.stage != "describing" else 1
    return part.seconds / max(1, min(at_once, part.number))


def duration(seconds: float | None) -> str:
    """Return a time in words, to two digits or so: ``"6.5 days"``."""
    if seconds is None:
        return "not foretold"
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} seconds" if seconds >= 0.1 else "no time"
